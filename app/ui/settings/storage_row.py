"""Models that lie where downloads went before: move them to where they go now, or leave them."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.core.cancel import CancelToken
from app.core.language import mark, tr
from app.downloads.types import Target
from app.library.earlier import EarlierPlace, MovingSet
from app.library.relocating import Moving, Outcome, Relocation
from app.settings.declared import LAST_MODEL, LIBRARY_FOLDERS, MODELS_FOLDER
from app.ui.chat.model_loads import known
from app.ui.downloads.parts import Elided
from app.ui.settings.rows import Row
from app.ui.settings.storage_block import place_block
from app.ui.settings.storage_words import (
    outcome_text,
    progress_text,
)
from app.ui.shell import Shell
from app.ui.widgets import announce, button, label, restyle

if TYPE_CHECKING:
    from app.core.tasks import Task

_TITLE = mark("Models in an earlier place")
_STEPS = 1000


@dataclass(frozen=True)
class _Seen:
    """left: folders whose models the person wants to stay."""

    new: Target
    places: tuple[EarlierPlace, ...]
    left: tuple[EarlierPlace, ...]


@dataclass(frozen=True)
class _Ended:
    outcome: Outcome
    last_model: str


class StorageRow(Row):
    """Hidden while there is nothing to say. All looking and moving is done on worker threads."""

    def __init__(self, shell: Shell, relocation: Relocation, target: Callable[[], Target]) -> None:
        super().__init__(tr("{title} move storage disk folder cache relocate", title=tr(_TITLE)))
        self.setObjectName("settingRow-storage")
        self.setProperty("card", "true")
        self._shell, self._relocation, self._target = shell, relocation, target
        self._task: Task | None = None
        self._looking = self._again = False
        self._wanted = self._refocus = False
        self._split: tuple[MovingSet, ...] = ()
        self._split_to = target()
        self._blocks: list[QWidget] = []
        self._build()
        settings = shell.settings
        ends = [
            settings.subscribe(MODELS_FOLDER, lambda _: self._folder_changed()),
            settings.subscribe(LIBRARY_FOLDERS, lambda _: self.look()),
        ]
        self.destroyed.connect(lambda _=None: [end() for end in ends])
        self.look()

    def setVisible(self, visible: bool) -> None:
        """As the page wants it, if there is something to show."""
        if visible and not self._wanted:
            self.look()
        self._wanted = visible
        self._apply()

    def matches(self, text: str) -> bool:
        return self._has_content and super().matches(text)

    def look(self) -> None:
        """What lies elsewhere now."""
        if self._shell.tasks.closed or self._task is not None:
            return
        if self._looking:
            self._again = True
            return
        self._looking = True
        folders = self._shell.settings.get(LIBRARY_FOLDERS)
        new = self._target()

        def work(_: CancelToken) -> _Seen:
            kept = {os.path.realpath(folder) for folder in folders}
            places = self._relocation.places(new)
            left = tuple(one for one in places if str(one.target.folder) in kept)
            return _Seen(new, places, left)

        self._shell.tasks.run(work, self._show, self._failed, self._looked)

    def move_models(self, place: EarlierPlace, new: Target) -> None:
        def work(cancel: CancelToken) -> Outcome:
            return self._relocation.move(place, new, tell, cancel)

        tell = self._shell.tasks.events(self._progress)
        self._run(work, place, new)

    def put_back(self) -> None:
        """What a move that was stopped has split."""
        split, new = self._split, self._split_to
        if not split:
            return

        def work(cancel: CancelToken) -> Outcome:
            return self._relocation.put_back(split, new, tell, cancel)

        tell = self._shell.tasks.events(self._progress)
        self._run(work, EarlierPlace(new, split, 0, None), split[0].old)

    def leave(self, place: EarlierPlace, new: Target) -> None:
        """They stay among the models on this computer."""
        before = self._shell.settings.get(LIBRARY_FOLDERS)
        folders = tuple(dict.fromkeys((*before, str(place.target.folder))))
        self._shell.settings.set(LIBRARY_FOLDERS, folders)
        self._shell.window.settings_changed()
        self._shell.tasks.run(lambda _: self._relocation.clear_copies(place, new))
        self._say(tr("They stay there and are found as before. They can still be moved later."))

    def cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._cancel.setEnabled(False)
            self._amount.setText(tr("Stopping…"))

    def _folder_changed(self) -> None:
        if self._task is None:
            self._state.hide()
        self.look()

    def _run(
        self, work: Callable[[CancelToken], Outcome], place: EarlierPlace, new: Target
    ) -> None:
        if self._task is not None:
            return
        last = self._shell.settings.get(LAST_MODEL)

        def whole(cancel: CancelToken) -> _Ended:
            outcome = work(cancel)
            return _Ended(outcome, outcome.path_now(last))

        def done(ended: _Ended) -> None:
            if self._shell.settings.get(LAST_MODEL) == last != ended.last_model:
                self._shell.settings.set(LAST_MODEL, ended.last_model)
                self._shell.window.settings_changed()
            self._split, self._split_to = ended.outcome.split, new
            self._tell_end(outcome_text(ended.outcome, place, new), ended.outcome)

        self._split = ()
        self._bar.setRange(0, 0)
        self._amount.setText(tr("Looking at the files, pausing their downloads…"))
        self._file.set_full("")
        self._busy(True)
        self._task = self._shell.tasks.run(whole, done, self._failed, self._moved)

    def _progress(self, now: Moving) -> None:
        self._bar.setRange(0, _STEPS)
        self._bar.setValue(round(_STEPS * now.done_bytes / now.size_bytes) if now.size_bytes else 0)
        if self._cancel.isEnabled():
            self._amount.setText(progress_text(now))
        self._file.set_full(f"{now.title} · {now.file}")

    def _tell_end(self, text: str, outcome: Outcome) -> None:
        self._say(text, bad=bool(outcome.problems))
        announce(self, text)
        if not self.isVisible():
            self._shell.window.tell(text)

    def _moved(self) -> None:
        self._task = None
        self._busy(False)
        self.look()

    def _looked(self) -> None:
        self._looking = False
        if self._again:
            self._again = False
            self.look()

    def _failed(self, error: Exception) -> None:
        self._say(str(known(error)), bad=True)

    def _show(self, seen: _Seen) -> None:
        if self._task is not None:
            return
        refocus = self._refocus or any(block.isAncestorOf(_focused()) for block in self._blocks)
        self._refocus = False
        for block in self._blocks:
            block.hide()
            block.deleteLater()
        self._blocks = [
            self._block(number, place, seen) for number, place in enumerate(seen.places)
        ]
        for block in self._blocks:
            self._list.addWidget(block)
        buttons = [one for block in self._blocks for one in block.findChildren(QPushButton)]
        for before, after in pairwise([self._cancel, *buttons]):
            self.setTabOrder(before, after)
        if refocus and buttons and self.isVisible():
            buttons[0].setFocus()
        self._back.setVisible(bool(self._split))
        self._apply()

    def _block(self, number: int, place: EarlierPlace, seen: _Seen) -> QWidget:
        move = partial(self.move_models, place, seen.new)
        leave = None if place in seen.left else partial(self.leave, place, seen.new)
        return place_block(number, place, seen.new, move, leave)

    def _busy(self, busy: bool) -> None:
        if busy:
            for block in self._blocks:
                block.hide()  # until it has been looked again
        else:
            self._refocus = self._cancel.hasFocus()
        self._cancel.setEnabled(busy)
        self._running.setVisible(busy)
        self._back.setVisible(not busy and bool(self._split))
        if busy:
            self._state.hide()
            self._cancel.setFocus()
        self._apply()

    @property
    def _has_content(self) -> bool:
        return bool(self._blocks or self._split or self._task or not self._state.isHidden())

    def _apply(self) -> None:
        super().setVisible(self._wanted and self._has_content)

    def _say(self, text: str, *, bad: bool = False) -> None:
        self._state.setText(text)
        self._state.show()
        restyle(self._state, "tone", "bad" if bad else "muted")
        self._apply()

    def _build(self) -> None:
        self._list = QVBoxLayout()
        self._list.setSpacing(8)
        self._state = label("", "muted", name="storageState", wrap=True)
        self._state.hide()
        self._back = button(tr("Put back"), "storageBack", on_click=self.put_back)
        self._back.hide()
        self._bar = QProgressBar()
        self._bar.setObjectName("storageBar")
        self._bar.setAccessibleName(tr("Progress of the move"))
        self._bar.setTextVisible(False)
        self._amount = label("", name="storageAmount", wrap=True)
        self._file = Elided("", "small", name="storageFile")
        self._cancel = button(tr("Cancel"), "storageCancel", on_click=self.cancel)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self._amount, 1)
        line.addWidget(self._cancel)
        self._running = QWidget()
        self._running.setObjectName("storageRunning")
        moving = QVBoxLayout(self._running)
        moving.setContentsMargins(0, 4, 0, 0)
        moving.setSpacing(8)
        moving.addLayout(line)
        moving.addWidget(self._bar)
        moving.addWidget(self._file)
        self._running.hide()
        back = QHBoxLayout()
        back.addWidget(self._back)
        back.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 12, 14)
        column.setSpacing(4)
        column.addWidget(label(tr(_TITLE), "strong"))
        column.addLayout(self._list)
        column.addWidget(self._running)
        column.addWidget(self._state)
        column.addSpacing(4)
        column.addLayout(back)


def _focused() -> QWidget:
    """Or one that is nowhere."""
    return QApplication.focusWidget() or QWidget()
