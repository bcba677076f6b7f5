"""From services to a running program with a window, and back out again."""

import logging
import signal
import socket
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from PySide6.QtCore import QSocketNotifier, QTimer
from PySide6.QtWidgets import QApplication

from app.chat.services import Services
from app.chat.store.store import ChatStore
from app.chat.store.types import Opening
from app.chat.toolbox import Toolbox
from app.core.errors import KnownError
from app.core.language import tr
from app.core.paths import APP_ID, demo_model_path, resources_dir
from app.core.tasks import Task, TaskRunner, TaskScope
from app.hardware.findings import gpu_banner
from app.hardware.types import Finding, Machine
from app.settings.declared import (
    CONTEXT_FULL,
    FIRST_START_DONE,
    LAST_MODEL,
)
from app.settings.store import SettingsStore
from app.tools.mcp.host import McpHost
from app.ui.backend import EngineBackend
from app.ui.chat.model_loads import known
from app.ui.chat.session import ChatSession
from app.ui.chat.session_ports import Backend
from app.ui.collecting import collect_seldom
from app.ui.downloads.board import Queue
from app.ui.getting.room import Downloads, furnish, make_room, taken_up_text
from app.ui.getting.wish import in_library
from app.ui.language import LanguageInForce
from app.ui.look import Look
from app.ui.look.icons import app_icon
from app.ui.main_thread import MainThread
from app.ui.markdown.formula_book import FormulaBook
from app.ui.markdown.highlight import warm_up
from app.ui.pages import page_builders
from app.ui.shell import FIRST_START, Builders
from app.ui.tools.servers.offers import ServerOffers
from app.ui.window import MainWindow

if TYPE_CHECKING:
    from app.ui.presence.watch import Presence

# How long the end of the program waits for work that was cancelled.
_CLOSE_SECONDS = 0.6
_log = logging.getLogger(__name__)


def application(arguments: list[str] | None = None) -> QApplication:
    """The one QApplication, named and with its icon."""
    existing = QApplication.instance()
    app = (
        existing if isinstance(existing, QApplication) else QApplication(arguments or sys.argv[:1])
    )
    app.setApplicationName("glm-launcher")
    app.setApplicationDisplayName(tr("GLM Launcher"))
    app.setDesktopFileName(APP_ID)
    app.setWindowIcon(app_icon(resources_dir() / "icons", APP_ID))
    return app


class Desktop:
    """A window with all that is behind it; `close` ends it in about a second at most."""

    def __init__(
        self,
        app: QApplication,
        backend: Backend,
        settings: SettingsStore,
        builders: Builders | None = None,
        downloads: Downloads | None = None,
        chats: ChatStore | None = None,
        toolbox: Toolbox | None = None,
        mcp: McpHost | None = None,
    ) -> None:
        self.main_thread = MainThread()
        self.tasks = TaskRunner(self.main_thread.post, name="ui")
        self.look = Look(app, resources_dir())
        self.look.formulas = FormulaBook(self.tasks, self.look)
        self.session = ChatSession(backend, self.tasks, chats=chats, toolbox=toolbox)
        self.session.context.leaves_out_by_itself = lambda: settings.get(CONTEXT_FULL) != "ask"
        self.getting = make_room(downloads, self.session, self.tasks) if downloads else None
        self._settings, self._builders, self._downloads = settings, builders or {}, downloads
        self._mcp = mcp
        self._closed = False
        self.log_bug = sys.excepthook
        self.presence: Presence | None = None
        self.language = LanguageInForce(
            app, settings, lambda: self.main_thread.post(self.renew_window)
        )
        self.window = self._new_window()
        if toolbox is not None:
            toolbox.policy.attach(self._keep_setting)

    def _new_window(self) -> MainWindow:
        self._window_tasks = TaskScope(self.tasks)
        window = MainWindow(
            self.look,
            self.session,
            self._settings,
            self._window_tasks,
            self._builders,
            self.getting,
        )
        if self._downloads is not None and self.getting is not None:
            self.presence = furnish(
                self.getting, self._downloads, window, self.session, self.look, self._settings
            )
            window.page.attention.asking.connect(self.presence.asks)
        if self._mcp is not None:
            ServerOffers(self.look, self._mcp, window, self.session, self._window_tasks)
        window.closing.connect(self.close)
        return window

    def renew_window(self) -> None:
        """Another window in place of this one, as it is: every word in it is said anew."""
        if self._closed:
            return
        old, shown = self.window, self.window.current
        visible, tasks = old.isVisible(), self._window_tasks
        if self.presence is not None:
            self.presence.close()
        old.retire()
        tasks.close()
        self.window = self._new_window()
        self.window.take_over(old)
        self.window.go(shown)
        self.window.setVisible(visible)
        old.hide()
        old.deleteLater()

    def _keep_setting(self, change: Callable[[], None]) -> None:
        """What was allowed on a turn's thread is kept on this one."""

        def keep() -> None:
            change()
            self.window.settings_changed()

        self.tasks.post(keep)

    def close(self) -> bool:
        """Cancels what runs and saves the settings; True when everything ended in time."""
        if self._closed:
            return True
        self._closed = True
        self.session.presenter = None
        self.language.close()
        if self.presence is not None:
            self.presence.close()
        if self.getting is not None:
            self.getting.board.close()
        self.session.close()
        if self._settings.dirty and not self._settings.read_only:
            saving = self.tasks.run(lambda _: self._save())
            saving.wait(_CLOSE_SECONDS)
        ended = self.tasks.close(_CLOSE_SECONDS)
        self.main_thread.close()
        return ended

    def look_at_machine(self, machine: Callable[[], Machine]) -> Task:
        """In the background; what keeps a GPU from being used is told in the notice bar."""

        def told(finding: Finding | None) -> None:
            # The first start says it itself.
            if finding is not None and self.window.current != FIRST_START:
                self.window.notice.show_finding(finding)

        return self.tasks.run(lambda _: gpu_banner(machine()), told)

    def take_up_downloads(self, queue: Queue) -> Task:
        """In the background; the person is told what goes on."""

        def done(_: bool) -> None:
            if self.getting is None:
                return
            self.getting.flow.take_up()
            text = taken_up_text(self.getting.board)
            if text:
                self.window.tell(text)

        return self.tasks.run(lambda _: queue.take_up(), done)

    def report_bug(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        """For sys.excepthook: what nobody caught on the GUI thread; the window stays."""
        self.log_bug(kind, error, trace)
        if not self._closed:
            self.window.notice.say(str(known(Exception())))

    def _save(self) -> None:
        try:
            self._settings.save()
        except KnownError as error:  # the window that could say so is gone
            _log.warning("%s", error)


def run(services: Services, options: Namespace) -> int:
    """Opens the window and returns the exit status when it is closed."""
    app = application()
    settings = services.settings
    downloads = Downloads(
        services.downloads,
        services.default_target,
        apply_limits=services.apply_download_limits,
        elsewhere=partial(in_library, services.library),
    )
    builders = page_builders(services)
    services.chats.start()
    backend = EngineBackend(services)
    desktop = Desktop(
        app,
        backend,
        settings,
        builders,
        downloads,
        services.chats,
        services.toolbox,
        services.mcp,
    )
    before = sys.excepthook
    sys.excepthook = desktop.report_bug
    try:
        _begin(desktop, services, getattr(options, "model", None))
        app.commitDataRequest.connect(lambda _: desktop.window.session_ends())
        with _ending_on_signals(app, desktop):
            desktop.window.show()
            collect_seldom()
            _log.info("The window is open")
            return app.exec()
    finally:
        sys.excepthook = before
        desktop.close()


def _tell_how_chats_opened(desktop: Desktop, chats: ChatStore) -> None:
    """In the background: a damaged file takes its time."""

    def told(opening: Opening) -> None:
        for problem in opening.problems:
            desktop.window.tell(problem)
        if opening.read_only_because is not None:
            desktop.window.tell(str(opening.read_only_because))

    desktop.tasks.run(
        lambda _: chats.opening.result(),
        told,
        lambda error: desktop.window.tell(str(known(error))),
    )


def _begin(desktop: Desktop, services: Services, wanted: str | None) -> None:
    for problem in services.problems:
        desktop.window.notice.say(problem)
    desktop.tasks.run(lambda _: warm_up())
    _tell_how_chats_opened(desktop, services.chats)
    desktop.look_at_machine(services.loader.machine)
    desktop.take_up_downloads(services.downloads)
    desktop.session.models.open(_first_model(wanted, services.settings), ask=False)
    settings = services.settings
    known_here = settings.get(FIRST_START_DONE) or settings.get(LAST_MODEL)
    if wanted is None and not known_here:
        desktop.window.go(FIRST_START)


def _first_model(wanted: str | None, settings: SettingsStore) -> str:
    path = wanted or settings.get(LAST_MODEL)
    return str(Path(path).absolute()) if path else str(demo_model_path())


@contextmanager
def _ending_on_signals(app: QApplication, desktop: Desktop) -> Iterator[None]:
    """Ctrl+C in the terminal and a polite kill close the window.

    Python runs its handlers only between its own instructions, so the signal also writes a byte
    that wakes Qt's event loop.
    """

    def end(*_: object) -> None:
        desktop.window.quit()
        # Closing the last window means nothing to an event loop that has not begun.
        QTimer.singleShot(0, app.quit)

    reader, writer = socket.socketpair()
    with reader, writer:
        reader.setblocking(False)
        writer.setblocking(False)
        notifier = QSocketNotifier(reader.fileno(), QSocketNotifier.Type.Read)
        notifier.activated.connect(lambda: reader.recv(64))
        wakeup = signal.set_wakeup_fd(writer.fileno())
        numbers = (signal.SIGINT, signal.SIGTERM)
        before = [signal.signal(number, end) for number in numbers]
        try:
            yield
        finally:
            notifier.setEnabled(False)
            signal.set_wakeup_fd(wakeup)
            for number, handler in zip(numbers, before, strict=True):
                signal.signal(number, handler)
