"""Files dropped on the window: the one model opens, more of them are offered to be kept in view."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QMimeData
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from app.core.language import tr
from app.core.tasks import TaskRunner
from app.library.dropped import Dropped, look_at_dropped
from app.library.types import readable
from app.settings.declared import LIBRARY_FOLDERS
from app.settings.store import SettingsStore
from app.ui.chat.model_loads import known
from app.ui.widgets import announce, button, card, label

_MOST = 64


def dropped_paths(data: QMimeData) -> tuple[Path, ...]:
    """Local files and folders among which a model may be; none when anything else is there. Looks
    at names only: a disk that sleeps must not hold up the mouse."""
    urls = data.urls()[:_MOST]
    if not urls or not all(url.isLocalFile() for url in urls):
        return ()
    paths = tuple(Path(url.toLocalFile()) for url in urls)
    return paths if all(may_hold_a_model(path) for path in paths) else ()


def may_hold_a_model(path: Path) -> bool:
    """A .gguf file, or a name that a folder may have: `GLM-4.6-GGUF`, `v1.5`, not `notes.txt`."""
    ending = path.suffix.lower().removeprefix(".")
    return ending in ("", "gguf") or not ending.isalnum() or ending.isdigit()


class DropOffer(QFrame):
    """Above the page, while there is something to answer."""

    def __init__(
        self,
        tasks: TaskRunner,
        settings: SettingsStore,
        open_model: Callable[[str], None],
        tell: Callable[[str], None],
        saved: Callable[[], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("dropOffer")
        self._tasks, self._settings = tasks, settings
        self._open, self._tell, self._saved = open_model, tell, saved
        self._folders: tuple[Path, ...] = ()
        self.text = label("", name="dropOfferText", wrap=True)
        self.add = button(tr("Look through it from now on"), "dropOfferAdd", on_click=self._add)
        self.no = button(tr("No"), "dropOfferNo", on_click=self.hide)
        inner = card(name="dropOfferCard")
        row = QHBoxLayout(inner)
        row.setContentsMargins(16, 8, 16, 8)
        row.setSpacing(8)
        row.addWidget(self.text, 1)
        row.addWidget(self.no)
        row.addWidget(self.add)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 12, 24, 8)
        column.addWidget(inner)
        self.hide()

    def take(self, paths: Sequence[Path]) -> None:
        """What to do with them is found out in the background."""
        self._tasks.run(
            lambda cancel: look_at_dropped(paths, cancel),
            self._found,
            lambda error: self._tell(str(known(error))),
        )

    def _found(self, dropped: Dropped) -> None:
        if dropped.load is not None:
            self.hide()
            self._open(str(dropped.load))
            return
        self._folders = dropped.folders
        many = len(dropped.folders) > 1
        where = (
            tr("{folders} folders", folders=len(dropped.folders))
            if many
            else f"“{_name(dropped.folders[0])}”"
        )
        self.text.setText(
            tr(
                "These are {models} models, and one can be open at a time. With "
                "{where} among your folders, they are listed under “On this "
                "computer”.",
                models=dropped.models,
                where=where,
            )
        )
        self.add.setText(tr("Add folders") if many else tr("Add folder"))
        self.add.setAccessibleName(self.add.text())
        self.show()
        self.add.setFocus()
        announce(self, self.text.text())

    def _add(self) -> None:
        before = self._settings.get(LIBRARY_FOLDERS)
        added = tuple(str(folder) for folder in self._folders)
        self._settings.set(LIBRARY_FOLDERS, tuple(dict.fromkeys((*before, *added))))
        self._saved()
        self.hide()


def _name(folder: Path) -> str:
    return readable(folder.name or str(folder))
