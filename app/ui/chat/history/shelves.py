"""Below the list: which chats it shows (all, a folder, the archive, the trash), and the folders."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from app.chat.store.types import Folder, Shelf
from app.core.language import mark, tr
from app.ui.look import Look
from app.ui.markdown.links import with_hidden_shown
from app.ui.widgets import ChoiceBox, IconButton, LeavableEdit

_SHELVES: dict[Shelf, str] = {
    "active": mark("Chats"),
    "archived": mark("Archive"),
    "trash": mark("Trash"),
}
_LONGEST_NAME = 200


@dataclass(frozen=True)
class Place:
    """folder: only what lies in it; None: all that is on the shelf."""

    shelf: Shelf = "active"
    folder: int | None = None


class Shelves(QWidget):
    """chosen: another place. renamed, removed: of the folder that is shown."""

    chosen = Signal()
    renamed = Signal(object, str)
    removed = Signal(object)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folders: tuple[Folder, ...] = ()
        self._named: Callable[[str], None] = lambda _: None
        self.place = Place()
        self.box = ChoiceBox(look)
        self.box.setObjectName("historyShelf")
        self.box.setAccessibleName(tr("Which chats are listed"))
        self.box.activated.connect(lambda _: self.show_place(self.box.currentData()))
        self._more = IconButton(
            look, "more", tr("Rename or remove this folder"), "historyFolder", on_click=self._menu
        )
        self.name = LeavableEdit()
        self.name.setObjectName("historyFolderName")
        self.name.setAccessibleName(tr("Name of the folder"))
        self.name.setMaxLength(_LONGEST_NAME)
        self.name.returnPressed.connect(self._take_name)
        self.name.left.connect(self.name.hide)
        self.name.hide()
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.box, 1)
        row.addWidget(self._more)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.name)
        column.addLayout(row)
        self.set_folders(())

    @property
    def folders(self) -> tuple[Folder, ...]:
        return self._folders

    def set_folders(self, folders: Sequence[Folder]) -> None:
        """A folder that has gone is left for all chats."""
        if tuple(folders) == self._folders and self.box.count():
            return
        self._folders = tuple(folders)
        if self.place.folder not in {None, *(folder.id for folder in folders)}:
            self.place = Place()
            self.chosen.emit()
        self.box.clear()
        self.box.addItem(tr(_SHELVES["active"]), Place())
        for folder in folders:
            self.box.addItem(with_hidden_shown(folder.name), Place("active", folder.id))
        for shelf in ("archived", "trash"):
            self.box.addItem(tr(_SHELVES[shelf]), Place(shelf))
        self._point()

    def show_place(self, place: Place) -> None:
        self.place = place
        self._point()
        self.chosen.emit()

    def ask_name(self, what: str, named: Callable[[str], None], text: str = "") -> None:
        """Inline; Enter gives the name to `named`, Esc leaves things as they are."""
        self._named = named
        self.name.setText(text)
        self.name.setPlaceholderText(what)
        self.name.setAccessibleName(what)
        self.name.show()
        self.name.setFocus()
        self.name.selectAll()

    def _point(self) -> None:
        places = [self.box.itemData(row) for row in range(self.box.count())]
        self.box.setCurrentIndex(places.index(self.place) if self.place in places else 0)
        self._more.setVisible(self.place.folder is not None)

    def _take_name(self) -> None:
        name = " ".join(self.name.text().split())
        if name:
            self.name.hide()
            self._named(name)

    def _menu(self) -> None:
        folder = next((one for one in self._folders if one.id == self.place.folder), None)
        if folder is None:
            return
        menu = QMenu(self)
        menu.setObjectName("historyFolderMenu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        rename = menu.addAction(tr("Rename the folder…"))
        rename.setObjectName("folder-rename")
        rename.triggered.connect(
            lambda *_: self.ask_name(
                tr("Name of the folder"),
                lambda name: self.renamed.emit(folder.id, name),
                folder.name,
            )
        )
        remove = menu.addAction(tr("Remove the folder; its chats stay"))
        remove.setObjectName("folder-remove")
        remove.triggered.connect(lambda *_: self.removed.emit(folder.id))
        menu.popup(self._more.mapToGlobal(QPoint(0, -menu.sizeHint().height())))


def add_move_menu(
    menu: QMenu,
    folders: Sequence[Folder],
    inside: int | None,
    move: Callable[[int | None], None],
    make: Callable[[], None],
) -> None:
    """Where a chat can go; inside: where it lies now."""
    into = menu.addMenu(tr("Move to folder"))
    into.setObjectName("historyMove")
    for folder in folders:
        action = into.addAction(with_hidden_shown(folder.name).replace("&", "&&"))
        action.setObjectName(f"history-move-{folder.id}")
        action.setEnabled(folder.id != inside)
        action.triggered.connect(lambda *_, folder=folder: move(folder.id))
    if inside is not None:
        out = into.addAction(tr("Out of the folder"))
        out.setObjectName("history-move-out")
        out.triggered.connect(lambda *_: move(None))
    if folders:
        into.addSeparator()
    new = into.addAction(tr("New folder…"))
    new.setObjectName("history-move-new")
    new.triggered.connect(lambda *_: make())
