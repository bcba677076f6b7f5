"""The list beside the chat. What it does to conversations goes to the store at once."""

from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QListView,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from app.chat.exporting.bundle import load
from app.chat.exporting.files import SUFFIXES, Format, export_one, file_name, rendered
from app.chat.store.store import ChatStore
from app.chat.store.types import Folder, Shelf
from app.core.cancel import CancelToken
from app.core.language import mark, tr
from app.core.tasks import Task, TaskRunner
from app.ui.chat.history.delegate import HistoryDelegate
from app.ui.chat.history.model import ITEM_ROLE, HistoryModel
from app.ui.chat.history.rows import Item, Line, found_items, list_items
from app.ui.chat.history.shelves import Place, Shelves, add_move_menu
from app.ui.chat.model_loads import known
from app.ui.look import Look
from app.ui.widgets import IconButton, button, label, single_shot

WIDTH = 248
_MOST = 2_000
_SEARCH_MS = 120
_FORMS: dict[Format, str] = {
    "markdown": mark("Markdown…"),
    "html": mark("HTML, to be read or printed…"),
    "json": mark("JSON, to be imported again…"),
    "text": mark("Plain text…"),
}
_EMPTY: dict[Shelf, str] = {
    "active": mark("What you ask is kept here."),
    "archived": mark("The archive is empty."),
    "trash": mark("The trash is empty."),
}


class HistoryView(QListView):
    delete_wanted = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete:
            self.delete_wanted.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            index = self.currentIndex()
            if index.isValid() and self.state() != QListView.State.EditingState:
                self.activated.emit(index)
                return
            super().keyPressEvent(event)
        else:
            super().keyPressEvent(event)


class HistoryPanel(QFrame):
    """open_wanted: a conversation and the message to jump to (None). trashed: it went away."""

    open_wanted = Signal(object, object)
    new_wanted = Signal()
    renamed = Signal(object, str)
    trashed = Signal(object)
    problem = Signal(str)

    def __init__(self, look: Look, tasks: TaskRunner, chats: ChatStore) -> None:
        super().__init__()
        self.setObjectName("historyPanel")
        self.setProperty("bar", "history")
        self._tasks, self._chats = tasks, chats
        self._task: Task | None = None
        self._undo: Callable[[], Future[Any]] | None = None
        self._dialog: QFileDialog | None = None
        self._model = HistoryModel()
        self._model.renamed.connect(self._rename)
        self.search = QLineEdit()
        self.search.setObjectName("historySearch")
        self.search.setAccessibleName(tr("Search chats"))
        self.search.setPlaceholderText(tr("Search chats"))
        self.search.setClearButtonEnabled(True)
        self._soon = single_shot(self, _SEARCH_MS, self.reload)
        self.search.textChanged.connect(lambda _: self._soon.start())
        self.view = HistoryView()
        self.view.setObjectName("historyList")
        self.view.setAccessibleName(tr("Chats"))
        self.view.setProperty("bare", "true")
        self.view.setModel(self._model)
        self._delegate = HistoryDelegate(look, self.view)
        self.view.setItemDelegate(self._delegate)
        self.view.setMouseTracking(True)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.view.customContextMenuRequested.connect(self._show_menu)
        self.view.clicked.connect(self._open)
        self.view.activated.connect(self._open)
        self.view.delete_wanted.connect(self._delete_current)
        rename = QShortcut(QKeySequence("F2"), self.view)
        rename.setContext(Qt.ShortcutContext.WidgetShortcut)
        rename.activated.connect(lambda: self.view.edit(self.view.currentIndex()))
        look.changed.connect(self.view.viewport().update)
        self.shelves = Shelves(look)
        chats_of = chats.conversations
        self.shelves.chosen.connect(self.reload)
        self.shelves.renamed.connect(
            lambda folder, name: self._after(chats_of.rename_folder(folder, name))
        )
        self.shelves.removed.connect(lambda folder: self._after(chats_of.remove_folder(folder)))
        self._build(look)

    @property
    def shown(self) -> tuple[Item, ...]:
        return self._model.items

    def set_current(self, conversation: int | None) -> None:
        """The conversation that is open."""
        self._delegate.current = conversation
        self.view.viewport().update()

    def reload(self) -> None:
        """Read the list anew, in the background; the latest reading wins."""
        text, place = self.search.text().strip(), self.shelves.place

        def work(cancel: CancelToken) -> tuple[list[Item], tuple[Folder, ...]]:
            self._chats.written().result(10)
            cancel.raise_if_cancelled()
            read = self._chats.read
            folders = read.folders()
            if text:
                return list(found_items(self._chats.search.find(text))), folders
            heads = (
                read.conversations(place.shelf, limit=_MOST)
                if place.folder is None
                else read.conversations(place.shelf, place.folder, limit=_MOST)
            )
            names = {one.id: one.name for one in folders} if place.folder is None else {}
            return list(list_items(heads, datetime.now(UTC), names)), folders

        def done(found: tuple[list[Item], tuple[Folder, ...]]) -> None:
            if self._task is task:
                self.shelves.set_folders(found[1])
                self._show(found[0], text)

        def failed(error: Exception) -> None:
            if self._task is task:
                self.problem.emit(str(known(error)))

        if self._tasks.closed:
            return
        if self._task is not None:
            self._task.cancel()
        task = self._task = self._tasks.run(work, done, failed)

    def show_shelf(self, shelf: Shelf) -> None:
        self.shelves.show_place(Place(shelf))

    def move_to(self, line: Line, folder: int | None) -> None:
        """Into a folder, or out of all; can be taken back."""
        chats, name, before = self._chats.conversations, line.conversation, line.folder
        self._after(chats.move(name, folder))
        text = tr("Moved") if folder is not None else tr("Out of the folder now")
        self._offer_undo(text, lambda: chats.move(name, before))

    def move_to_new(self, line: Line) -> None:
        """Asks for the name of the folder first."""

        def named(name: str) -> None:
            folder, made = self._chats.conversations.create_folder(name)
            self._after(made)
            self.move_to(line, folder)

        self.shelves.ask_name(tr("Name of the new folder"), named)

    def act(self, action: str, line: Line) -> None:
        """pin, unpin, archive, unarchive, duplicate, delete, restore or purge."""
        chats = self._chats.conversations
        name = line.conversation
        match action:
            case "pin" | "unpin":
                self._after(chats.pin(name, action == "pin"))
            case "archive" | "unarchive":
                archived = action == "archive"
                self._after(chats.archive(name, archived))
                if archived:
                    self._offer_undo(tr("In the archive now"), lambda: chats.archive(name, False))
            case "duplicate":
                self._after(chats.duplicate(name)[1])
            case "delete":
                self._after(chats.trash(name), lambda: self.trashed.emit(name))
                self._offer_undo(tr("In the trash now"), lambda: chats.restore(name))
            case "restore":
                self._after(chats.restore(name))
            case "purge":
                self._after(chats.purge(name))
            case _:
                raise ValueError(action)

    def _after(self, future: Future[Any], also: Callable[[], None] = lambda: None) -> None:
        def done(ended: Future[Any]) -> None:
            error = ended.exception()
            if isinstance(error, Exception):
                text = str(known(error))
                self._tasks.post(lambda: self.problem.emit(text))
            self._tasks.post(self.reload)
            self._tasks.post(also)

        future.add_done_callback(done)

    def _offer_undo(self, text: str, undo: Callable[[], Future[Any]]) -> None:
        self._undo = undo
        self._said.setText(text)
        self._back.setVisible(True)
        self._strip.show()

    def _take_back(self) -> None:
        undo, self._undo = self._undo, None
        self._strip.hide()
        if undo is not None:
            self._after(undo())

    def _show(self, items: list[Item], text: str) -> None:
        current = self.view.currentIndex().data(ITEM_ROLE)
        self._model.show(items)
        if isinstance(current, Line):
            row = self._model.row_of(current.conversation)
            if row is not None:
                self.view.setCurrentIndex(self._model.index(row))
        self._nothing.setText(
            tr("Nothing holds “{text}”.", text=text) if text else self._empty_text()
        )
        self._nothing.setVisible(not items)
        self.view.setVisible(bool(items))

    def _empty_text(self) -> str:
        place = self.shelves.place
        return tr("This folder is empty.") if place.folder is not None else tr(_EMPTY[place.shelf])

    def _open(self, index: QModelIndex) -> None:
        item = index.data(ITEM_ROLE)
        if isinstance(item, Line) and (
            self.shelves.place.shelf != "trash" or self.search.text().strip()
        ):
            self.open_wanted.emit(item.conversation, item.message)

    def _rename(self, item: Line, title: str) -> None:
        self._after(
            self._chats.conversations.set_title(item.conversation, title),
            lambda: self.renamed.emit(item.conversation, title),
        )

    def _delete_current(self) -> None:
        item = self.view.currentIndex().data(ITEM_ROLE)
        if isinstance(item, Line) and item.message is None and self.shelves.place.shelf != "trash":
            self.act("delete", item)

    def actions_for(self, line: Line) -> list[tuple[str, str]]:
        """What its menu offers: key and text."""
        if self.shelves.place.shelf == "trash" and not self.search.text().strip():
            return [("restore", tr("Restore")), ("purge", tr("Delete for good"))]
        archived = self.shelves.place.shelf == "archived"
        return [
            ("rename", tr("Rename")),
            ("unpin", tr("Unpin")) if line.pinned else ("pin", tr("Pin")),
            ("duplicate", tr("Duplicate")),
            ("unarchive", tr("Out of the archive")) if archived else ("archive", tr("Archive")),
            ("delete", tr("Delete")),
        ]

    def _show_menu(self, place: QPoint) -> None:
        index = self.view.indexAt(place)
        item = index.data(ITEM_ROLE)
        if not isinstance(item, Line):
            return
        menu = QMenu(self)
        menu.setObjectName("historyMenu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        line = item
        for key, text in self.actions_for(line):
            action = menu.addAction(text)
            action.setObjectName(f"history-{key}")
            if key == "rename":
                action.triggered.connect(lambda *_: self.view.edit(index))
            else:
                action.triggered.connect(lambda *_, key=key: self.act(key, line))
        if self.shelves.place.shelf != "trash":
            add_move_menu(
                menu,
                self.shelves.folders,
                line.folder,
                lambda folder: self.move_to(line, folder),
                lambda: self.move_to_new(line),
            )
            self._add_export(menu, line)
        menu.popup(self.view.viewport().mapToGlobal(place))

    def _add_export(self, menu: QMenu, line: Line) -> None:
        export = menu.addMenu(tr("Export"))
        export.setObjectName("historyExport")
        for form, text in _FORMS.items():
            action = export.addAction(tr(text))
            action.setObjectName(f"history-export-{form}")
            action.triggered.connect(lambda *_, form=form: self._ask_target(line, form))
        copy = export.addAction(tr("Copy as Markdown"))
        copy.setObjectName("history-copy")
        copy.triggered.connect(lambda *_: self.copy_chat(line))

    def export(self, line: Line, path: str, form: Format) -> None:
        """Write one chat to a file, in the background."""
        self._tasks.run(
            lambda _: export_one(self._chats.read, line.conversation, Path(path), form),
            lambda _: self._say(tr("Written to {name}", name=Path(path).name)),
            lambda error: self.problem.emit(str(known(error))),
        )

    def copy_chat(self, line: Line) -> None:
        self._tasks.run(
            lambda _: rendered(load(self._chats.read, line.conversation), "markdown"),
            self._copied,
            lambda error: self.problem.emit(str(known(error))),
        )

    def _copied(self, text: str) -> None:
        QGuiApplication.clipboard().setText(text)
        self._say(tr("Copied as Markdown"))

    def _ask_target(self, line: Line, form: Format) -> None:
        dialog = QFileDialog(self, tr("Export the chat"), file_name(line.title, SUFFIXES[form]))
        dialog.setObjectName("exportDialog")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda path: self.export(line, path, form))
        self._dialog = dialog
        dialog.open()

    def _say(self, text: str) -> None:
        """In the strip, without anything to take back."""
        self._undo = None
        self._said.setText(text)
        self._back.setVisible(False)
        self._strip.show()

    def _build(self, look: Look) -> None:
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.search, 1)
        head.addWidget(
            IconButton(
                look, "plus", tr("New chat (Ctrl+N)"), "historyNew", on_click=self.new_wanted.emit
            )
        )
        self._nothing = label("", "muted", name="historyNothing", wrap=True)
        self._nothing.hide()
        self._nothing.setContentsMargins(10, 8, 10, 0)
        self._said = label("", "small", name="historySaid")
        self._strip = QWidget()
        self._strip.setObjectName("historyUndoStrip")
        strip = QHBoxLayout(self._strip)
        strip.setContentsMargins(10, 0, 4, 0)
        strip.addWidget(self._said, 1)
        self._back = button(tr("Undo"), "historyUndo", "quiet", on_click=self._take_back)
        strip.addWidget(self._back)
        self._strip.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 10, 8, 10)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self._nothing)
        column.addWidget(self.view, 1)
        column.addStretch(0)
        column.addWidget(self._strip)
        column.addWidget(self.shelves)
