"""The main window: the rail and its pages, shortcuts, files dropped on it, an orderly end."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QByteArray, QMimeData, Qt, QTimer, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QKeySequence,
    QResizeEvent,
    QShortcut,
)
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.core.language import tr
from app.core.paths import demo_model_path
from app.core.tasks import TaskRunner
from app.settings.declared import LAST_MODEL, THEME, WINDOW_GEOMETRY
from app.settings.exchange import ENDING
from app.settings.setting import Setting
from app.settings.store import SettingsStore
from app.ui.appearance import follow_settings, step_text_size
from app.ui.chat.chat_settings import follow_chat_settings
from app.ui.chat.history.panel import HistoryPanel
from app.ui.chat.model_state import Ready
from app.ui.chat.page import ChatPage
from app.ui.chat.session import ChatSession
from app.ui.commands.commander import Commander
from app.ui.drops import Drop, Drops, sorted_drop
from app.ui.library.offer import DropOffer
from app.ui.look import Look, ThemeChoice
from app.ui.notice_bar import NoticeBar
from app.ui.personas.files_row import PersonaFilesRow, dropped_file
from app.ui.personas.room import PersonaRoom
from app.ui.picker import Picker
from app.ui.rail import Rail
from app.ui.settings.page import SettingsPage
from app.ui.shell import CHAT, FIRST_START, MODELS, PLACES, SETTINGS, Builders, GettingRoom, Shell
from app.ui.widgets import label

T = TypeVar("T")

_SAVE_MS = 400
_SMALLEST = (480, 420)


class MainWindow(QMainWindow):
    """`closing` comes once, when the program ends with the window; `gone` also when another window
    takes its place."""

    closing = Signal()
    gone = Signal()

    def __init__(
        self,
        look: Look,
        session: ChatSession,
        settings: SettingsStore,
        tasks: TaskRunner,
        builders: Builders,
        getting: GettingRoom | None = None,
    ) -> None:
        super().__init__()
        self.setObjectName("mainWindow")
        self.setWindowTitle(tr("GLM Launcher"))
        self.setMinimumSize(*_SMALLEST)
        self.setAcceptDrops(True)
        self._look, self._session, self._settings, self._tasks = look, session, settings, tasks
        filters = (tr("GGUF files (*.gguf)"), tr("All files (*)"))
        self._picker = Picker(self, tr("Open a GGUF file"), "openFileDialog", filters)
        self._picker.picked.connect(self.open_model)
        self._closed = self._quitting = False
        self.may_close = _always
        self._save = QTimer(self)
        self._save.setSingleShot(True)
        self._save.setInterval(_SAVE_MS)
        self._save.timeout.connect(self._save_settings)
        self._ends = list(follow_settings(look, settings))
        history = HistoryPanel(look, tasks, session.chats) if session.chats is not None else None
        self.page = ChatPage(look, session, self, history)
        self.shell = Shell(look, tasks, settings, session.models, self, getting)
        self._builders = builders
        self._pages: dict[str, QWidget] = {CHAT.key: self.page}
        self._places = [place for place in PLACES if place is CHAT or place.key in builders]
        self._lay_out()
        self.commands = Commander(look, self, self, self._places, tasks, session.chats)
        self.personas = PersonaRoom(
            look, session, settings, self.page, self._save.start, self.show_personas
        )
        self._drop = self._drop_hint()
        self._drops = Drops(tasks, self.drop_offer.take, self.page.attachments.add_files)
        self._restore()
        self._connect()
        escape = QShortcut(QKeySequence("Esc"), self)
        escape.activated.connect(self._escape)

    @property
    def current(self) -> str:
        """The key of the page that is shown."""
        shown = self._stack.currentWidget()
        return next(key for key, page in self._pages.items() if page is shown)

    def go(self, key: str) -> None:
        """Builds the page when it is the first time."""
        if key not in self._pages:
            self._pages[key] = page = self._builders[key](self.shell)
            self._stack.addWidget(page)
        self._stack.setCurrentWidget(self._pages[key])
        self.rail.show_current(CHAT.key if key == FIRST_START else key)
        if key == CHAT.key:
            self.page.composer.edit.setFocus()

    def tell(self, text: str) -> None:
        self.notice.say(text)

    def set_badge(self, key: str, text: str) -> None:
        self.rail.set_badge(key, text)

    def settings_changed(self) -> None:
        self._save.start()

    def keys(self) -> Sequence[tuple[str, str]]:
        return self.commands.keys()

    def chats_changed(self, *, all_gone: bool = False) -> None:
        if all_gone:
            self.page.new_chat()
        self.page.chats_changed()

    def session_ends(self) -> None:
        """The person logs out: nothing is asked when the system closes the window next."""
        self._quitting = True

    def quit(self) -> None:
        """The end, whatever is going on."""
        self._quitting = True
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self._closed and not self._quitting and not self.may_close():
            event.ignore()
            return
        if not self._closed:
            self._end()
            self.hide()
            self.closing.emit()
        super().closeEvent(event)

    def retire(self) -> None:
        """Another window takes its place; what is behind it goes on."""
        self._end()

    def take_over(self, old: "MainWindow") -> None:
        """What is not kept anywhere else."""
        self.page.composer.set_text(old.page.composer.text())
        self.page.attachments.take_over(old.page.attachments)
        self.setWindowState(old.windowState())

    def _end(self) -> None:
        self._closed = True
        self._save.stop()
        for end in self._ends:
            end()
        geometry = bytes(self.saveGeometry().toBase64().data()).decode("ascii")
        self._settings.set(WINDOW_GEOMETRY, geometry)
        self.gone.emit()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        drop = self._sorted(event.mimeData())
        personas = self._dropped_personas(event.mimeData())
        hint = tr("Drop to import personas") if personas else drop.hint if drop else ""
        if hint:
            event.acceptProposedAction()
            self._drop.setText(hint)
            self._drop.setGeometry(self.rect().adjusted(24, 24, -24, -24))
            self._drop.raise_()
            self._drop.show()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._drop.hide()
        super().dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        self._drop.hide()
        personas = self._dropped_personas(event.mimeData())
        drop = self._sorted(event.mimeData())
        if personas is not None:
            event.acceptProposedAction()
            self.show_personas(personas)
        elif drop is not None:
            event.acceptProposedAction()
            self._drops.take(drop)

    def _sorted(self, data: QMimeData) -> Drop | None:
        return sorted_drop(data, asking=self.page.composer.isVisible())

    def open_file(self) -> None:
        self._picker.pick()

    def _restore(self) -> None:
        geometry = self._settings.get(WINDOW_GEOMETRY)
        restored = bool(geometry) and self.restoreGeometry(
            QByteArray.fromBase64(QByteArray(geometry.encode("ascii", "ignore")))
        )
        if not restored:
            self.resize(1280, 800)
        self._set_theme(self._settings.get(THEME))
        self.page.header.set_recent(self._settings.get(LAST_MODEL))
        self.page.composer.edit.setFocus()

    def _connect(self) -> None:
        page, header, panel = self.page, self.page.header, self.page.model_panel
        for signal in (header.open_file, panel.open_wanted):
            signal.connect(self.open_file)
        for signal in (header.open_demo, panel.demo_wanted):
            signal.connect(self.open_demo)
        header.open_recent.connect(self.open_model)
        header.models_wanted.connect(lambda: self.go(MODELS.key))
        header.persona.manage.setVisible(SETTINGS.key in self._builders)
        header.models_action.setVisible(MODELS.key in self._builders)
        self.rail.chosen.connect(self.go)
        self.rail.chosen.connect(lambda key: page.attention.show() if key == CHAT.key else None)
        page.note_wanted.connect(self.tell)
        self.closing.connect(page.drafts.keep)
        self.closing.connect(page.attachments.kept.keep)
        page.undo_offered.connect(self.notice.offer)
        header.theme_chosen.connect(self._theme_chosen)
        self._ends += follow_chat_settings(page, self._session, self._settings, self._save.start)
        self._ends += [
            self._settings.subscribe(THEME, self._set_theme),
            self.personas.close,
        ]
        header.quit_action.triggered.connect(self.quit)
        self.addAction(header.quit_action)  # on every page, the header is on the chat's alone
        header.first_steps.connect(lambda: self.go(FIRST_START))
        header.first_steps_action.setVisible(FIRST_START in self._builders)
        page.model_shown.connect(self._model_shown)
        page.title_changed.connect(self._show_title)
        page.attention.asking.connect(
            lambda text: self.set_badge(CHAT.key, tr("Asks") * bool(text))
        )
        page.tools_chip.manage_wanted.connect(self.show_tools)

    def step_text_size(self, steps: int) -> None:
        """Larger (1), smaller (-1) or usual (0)."""
        step_text_size(self._settings, steps)
        self._save.start()

    def show_setting(self, query: str) -> None:
        """The settings, with what is looked for."""
        self.go(SETTINGS.key)
        page = self._pages[SETTINGS.key]
        if isinstance(page, SettingsPage):
            page.look_for(query)

    def show_tools(self) -> None:
        """What they may touch and what they did, on their page of the settings."""
        self.go(SETTINGS.key)
        page = self._pages[SETTINGS.key]
        if isinstance(page, SettingsPage):
            page.show_page("Tools")

    def show_personas(self, file: Path | None = None) -> None:
        """All of them, on their page of the settings; those in the file are imported."""
        self.go(SETTINGS.key)
        page = self._pages[SETTINGS.key]
        if isinstance(page, SettingsPage):
            page.show_page("Personas")
        row = page.findChild(PersonaFilesRow)
        if row is not None and file is not None:
            row.take(str(file))

    def _dropped_personas(self, data: QMimeData) -> Path | None:
        return dropped_file(data, ENDING) if SETTINGS.key in self._builders else None

    def open_chat(self, conversation: int) -> None:
        self.go(CHAT.key)
        self.page.open_conversation(conversation)

    @property
    def shown_page(self) -> QWidget:
        return self._pages[self.current]

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.commands.palette.place()

    def _escape(self) -> None:
        if self.current == CHAT.key:
            self.page.escape()
        elif self.current == FIRST_START:
            self.go(CHAT.key)

    def _lay_out(self) -> None:
        self.rail = Rail(self._look, self._places)
        self.rail.show_current(CHAT.key)
        self.notice = NoticeBar(self._look)
        self.drop_offer = DropOffer(
            self._tasks, self._settings, self.open_model, self.tell, self.settings_changed
        )
        self._stack = QStackedWidget()
        self._stack.setObjectName("pages")
        self._stack.addWidget(self.page)
        body, column = QWidget(), QVBoxLayout()
        body.setObjectName("windowBody")
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.notice)
        column.addWidget(self.drop_offer)
        column.addWidget(self._stack, 1)
        row = QHBoxLayout(body)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.rail)
        row.addLayout(column, 1)
        self.setCentralWidget(body)

    def open_demo(self) -> None:
        self.open_model(str(demo_model_path()))

    def open_model(self, path: str) -> None:
        """Plan a file and let the person choose, on the chat page."""
        self.go(CHAT.key)
        self._session.models.open(path)

    def _model_shown(self) -> None:
        state = self._session.model
        if not isinstance(state, Ready):
            return
        if not state.model.demo:
            self.page.header.set_recent(state.model.info.path)
        self._remember(LAST_MODEL, "" if state.model.demo else state.model.info.path)

    def _show_title(self, title: str) -> None:
        # Qt replaces a lone "[*]" in a window title.
        self.setWindowTitle(title.replace("[*]", "[*][*]") or tr("GLM Launcher"))

    def _theme_chosen(self, choice: ThemeChoice) -> None:
        self._remember(THEME, choice)

    def _set_theme(self, choice: ThemeChoice) -> None:
        self._look.choose(choice)
        self.page.header.set_theme(choice)

    def _remember(self, setting: Setting[T], value: T) -> None:
        self._settings.set(setting, value)
        self._save.start()

    def _save_settings(self) -> None:
        if self._settings.dirty and not self._settings.read_only:
            self._tasks.run(
                lambda _: self._settings.save(),
                on_error=lambda error: self.tell(str(error)),
            )

    def _drop_hint(self) -> QLabel:
        hint = label("", "display", name="dropHint")
        hint.setParent(self)
        hint.setProperty("card", "drop")
        hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        hint.hide()
        return hint


def _always() -> bool:
    return True
