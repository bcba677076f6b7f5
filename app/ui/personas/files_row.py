"""Personas and presets go out as a file and come in as one."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout

from app.core.errors import KnownError
from app.core.language import mark, tr
from app.core.tasks import TaskRunner
from app.core.units import count
from app.settings.declared import OWN_PERSONAS, OWN_PRESETS
from app.settings.exchange import ENDING, Exchange, with_their_presets
from app.settings.exchange_files import read_file, write_file
from app.settings.store import SettingsStore
from app.settings.taking_in import Answer, Clash, TakenIn, clashes, take_in
from app.ui.chat.model_loads import known
from app.ui.look import Look
from app.ui.personas.clash_list import ClashList
from app.ui.personas.list_row import end_all
from app.ui.settings.rows import Row
from app.ui.widgets import announce, button, label, restyle

NAME = "settingRow-personaFiles"
_WORDS = mark("export import share file backup personas presets json drop")
_LONGEST_STEM = 60
_REMARKS_SHOWN = 4


def dropped_file(data: QMimeData, ending: str = ".json") -> Path | None:
    """The one local file of that ending; None when it is anything else. Looks at its name only."""
    urls = data.urls()[:2]
    if len(urls) != 1 or not urls[0].isLocalFile():
        return None
    path = Path(urls[0].toLocalFile())
    return path if path.name.lower().endswith(ending) else None


class PersonaFilesRow(Row):
    """saved: to be called after every change."""

    def __init__(
        self, look: Look, settings: SettingsStore, tasks: TaskRunner, saved: Callable[[], None]
    ) -> None:
        super().__init__(_WORDS)
        self.setObjectName(NAME)
        self.setProperty("card", "true")
        self.setAcceptDrops(True)
        self._look, self._settings, self._tasks, self._saved = look, settings, tasks, saved
        self._dialog: QFileDialog | None = None
        self._asked: tuple[Exchange, ClashList] | None = None
        self._before: Exchange | None = None
        self.export_all = button(tr("Export yours…"), "personaExport", on_click=self._ask_export)
        self._import = button(tr("Import…"), "personaImport", on_click=self._ask_import)
        self._state = label("", "muted", name="personaFilesState", wrap=True)
        self._state.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._undo = button(tr("Undo"), "personaImportUndo", "quiet", on_click=self._take_back)
        self._undo.hide()
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.export_all)
        line.addWidget(self._import)
        line.addStretch(1)
        told = QHBoxLayout()
        told.setSpacing(8)
        told.addWidget(self._state, 1)
        told.addWidget(self._undo, 0, Qt.AlignmentFlag.AlignTop)
        text = tr(
            "Your personas and sampling presets as one file, to be kept or taken to another "
            "machine. Drop such a file here to import it."
        )
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(16, 12, 12, 14)
        self._column.setSpacing(4)
        self._column.addWidget(label(tr("As a file"), "strong"))
        self._column.addWidget(label(text, "muted", wrap=True))
        self._column.addSpacing(4)
        self._column.addLayout(line)
        self._column.addLayout(told)
        self._state.hide()
        ends = [
            settings.subscribe(OWN_PERSONAS, lambda _: self._changed()),
            settings.subscribe(OWN_PRESETS, lambda _: self._changed()),
        ]
        self.destroyed.connect(partial(end_all, ends))
        self._changed()

    @property
    def _own(self) -> Exchange:
        """All that is the person's."""
        return Exchange(self._settings.get(OWN_PERSONAS), self._settings.get(OWN_PRESETS))

    def take(self, path: str) -> None:
        """Import that file; what its names mean here is asked in place."""
        self._end_asking()
        self._say(tr("Reading {name}…", name=Path(path).name[:_LONGEST_STEM]))
        self._tasks.run(
            lambda _: read_file(Path(path)), self._read, lambda error: self._fail(known(error))
        )

    def export_one(self, key: str) -> None:
        some = [one for one in self._settings.get(OWN_PERSONAS) if one.key == key]
        if some:
            self._ask_where(with_their_presets(some, self._own.presets), some[0].label)

    def export_to(self, path: str, exchange: Exchange) -> None:
        target = Path(path)
        personas, presets = len(exchange.personas), len(exchange.presets)

        def done(_: None) -> None:
            self._say(
                tr(
                    "{what} written to {name}.",
                    what=_amount(personas, presets),
                    name=target.name,
                )
            )

        self._tasks.run(
            lambda _: write_file(target, exchange), done, lambda error: self._fail(known(error))
        )

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_file(event.mimeData()) is not None:
            event.acceptProposedAction()
            restyle(self, "found", True)

    def dragLeaveEvent(self, event: object) -> None:  # noqa: ARG002
        restyle(self, "found", False)

    def dropEvent(self, event: QDropEvent) -> None:
        restyle(self, "found", False)
        path = dropped_file(event.mimeData())
        if path is not None:
            event.acceptProposedAction()
            self.take(str(path))

    def _read(self, exchange: Exchange) -> None:
        found = clashes(self._settings, exchange)
        if not found:
            self._take_in(exchange, {})
            return
        asking = ClashList(self._look, found)
        self._asked = exchange, asking
        asking.answered.connect(self._answered)
        asking.given_up.connect(self._give_up)
        self._column.addWidget(asking)
        self._say("")
        asking.focus_first()
        announce(self, tr("Some names in this file are taken."))

    def _answered(self) -> None:
        if self._asked is not None:
            exchange, asking = self._asked
            answers = asking.answers
            self._end_asking()
            self._import.setFocus()
            self._take_in(exchange, answers)

    def _give_up(self) -> None:
        self._end_asking()
        self._say(tr("Nothing was imported."))
        self._import.setFocus()

    def _end_asking(self) -> None:
        if self._asked is not None:
            _, asking = self._asked
            self._asked = None
            self._column.removeWidget(asking)
            asking.hide()
            asking.deleteLater()

    def _take_in(self, exchange: Exchange, answers: Mapping[Clash, Answer]) -> None:
        before = self._own
        try:
            took = take_in(self._settings, exchange, answers)
        except KnownError as error:
            self._fail(error)
            return
        self._say("\n".join([_told(took), *_some(exchange.remarks)]))
        if took.added or took.replaced:
            self._before = before
            self._undo.show()
            self._saved()

    def _take_back(self) -> None:
        if self._before is None:
            return
        before = self._before
        self._settings.set(OWN_PRESETS, before.presets)
        self._settings.set(OWN_PERSONAS, before.personas)
        self._saved()
        self._say(tr("All is as it was before."))
        self._import.setFocus()

    def _changed(self) -> None:
        """What came after an import is not to be lost by its undoing."""
        self._before = None
        self._undo.hide()
        has_some = bool(self._own.personas or self._own.presets)
        self.export_all.setEnabled(has_some)
        self.export_all.setToolTip(
            "" if has_some else tr("There is no persona and no preset of your own yet.")
        )

    def _fail(self, error: Exception) -> None:
        self._say(str(error), bad=True)

    def _say(self, text: str, *, bad: bool = False) -> None:
        self._state.setText(text)
        self._state.setVisible(bool(text))
        restyle(self._state, "tone", "bad" if bad else "muted")
        self._undo.setVisible(self._before is not None)

    def _ask_export(self) -> None:
        self._ask_where(self._own, "glm-launcher")

    def _ask_where(self, exchange: Exchange, name: str) -> None:
        stem = "".join(char if char.isalnum() or char in "-_ " else "-" for char in name)
        dialog = QFileDialog(self, tr("Export personas"), f"{stem[:_LONGEST_STEM]}{ENDING}")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters([tr("Personas and presets (*.json)")])
        dialog.setDefaultSuffix("json")
        dialog.fileSelected.connect(lambda path: self.export_to(path, exchange))
        self._show(dialog)

    def _ask_import(self) -> None:
        dialog = QFileDialog(self, tr("Import personas"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters([tr("Personas and presets (*.json)"), tr("All files (*)")])
        dialog.fileSelected.connect(self.take)
        self._show(dialog)

    def _show(self, dialog: QFileDialog) -> None:
        dialog.setObjectName("personaDialog")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._dialog = dialog
        dialog.open()


def _amount(personas: int, presets: int) -> str:
    parts = []
    if personas or not presets:
        parts.append(tr("1 persona") if personas == 1 else tr("{n} personas", n=count(personas)))
    if presets:
        parts.append(tr("1 preset") if presets == 1 else tr("{n} presets", n=count(presets)))
    return tr(" and ").join(parts)


def _told(took: TakenIn) -> str:
    parts = [
        tr(words, n=count(number))
        for words, number in (
            ("{n} added", took.added),
            ("{n} replaced", took.replaced),
            (tr("{n} left out"), took.skipped),
            (tr("{n} there already"), took.same),
        )
        if number
    ]
    return ", ".join(parts) + "."


def _some(remarks: tuple[str, ...]) -> list[str]:
    left = len(remarks) - _REMARKS_SHOWN
    more = [tr("{n} more remarks.", n=count(left))] if left > 0 else []
    return [*remarks[:_REMARKS_SHOWN], *more]
