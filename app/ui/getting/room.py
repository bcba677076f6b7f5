"""Puts the queue, the flow and the window together."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from app.core.language import tr
from app.core.paths import demo_model_path
from app.core.tasks import TaskRunner
from app.downloads.types import Target
from app.settings.declared import DOWNLOAD_BYTES_PER_SECOND, DOWNLOAD_CONNECTIONS
from app.settings.store import SettingsStore
from app.ui.chat.model_state import Choosing, Loading, Planning
from app.ui.chat.session import ChatSession
from app.ui.downloads.board import DownloadBoard, Queue
from app.ui.downloads.words import files_text
from app.ui.getting.card import GetCard
from app.ui.getting.flow import Elsewhere, GetAndChat, Hooks
from app.ui.getting.state import Step
from app.ui.getting.wish import wish_path
from app.ui.look import Look
from app.ui.presence.taskbar import TaskbarProgress, taskbar_progress
from app.ui.presence.tray import SystemTray, Tray
from app.ui.presence.watch import Presence
from app.ui.shell import CHAT, GettingRoom
from app.ui.window import MainWindow


@dataclass(frozen=True)
class Downloads:
    """What the window needs for downloading. target: where new ones go. apply_limits: the settings
    of the line may have changed. tray, taskbar: None for the desktop's own."""

    queue: Queue
    target: Callable[[], Target]
    wish: Path = field(default_factory=wish_path)
    apply_limits: Callable[[], None] = lambda: None
    elsewhere: Elsewhere = lambda *_: None
    tray: Tray | None = None
    taskbar: TaskbarProgress | None = None


def make_room(downloads: Downloads, session: ChatSession, tasks: TaskRunner) -> GettingRoom:
    board = DownloadBoard(downloads.queue, tasks)
    flow = GetAndChat(
        board, session.models, tasks, downloads.target, downloads.wish, downloads.elsewhere
    )
    return GettingRoom(board, flow)


def furnish(
    room: GettingRoom,
    downloads: Downloads,
    window: MainWindow,
    session: ChatSession,
    look: Look,
    settings: SettingsStore,
) -> Presence:
    """Connects the window with the queue; what closing means is decided there."""

    def open_chat() -> None:
        if session.transcript.entries:
            session.new_chat()
        window.go(CHAT.key)

    room.flow.hooks = Hooks(lambda: disturbed(session), lambda: window.go(CHAT.key), open_chat)
    window.page.model_shown.connect(room.flow.model_changed)
    card = GetCard(look, room.flow, "chat")
    window.page.empty.add_card(card)
    window.gone.connect(room.flow.listen(_Teller(room.flow, window.tell, card.isVisible)))
    for limit in (DOWNLOAD_CONNECTIONS, DOWNLOAD_BYTES_PER_SECOND):
        # Whoever changes it: a running download follows.
        end = settings.subscribe(limit, lambda _: downloads.apply_limits())
        window.gone.connect(end)
    taskbar = downloads.taskbar
    presence = Presence(
        window,
        window,
        room.board,
        settings,
        downloads.tray or SystemTray(window.windowIcon(), window),
        lambda: taskbar or taskbar_progress(int(window.winId())),
    )
    window.may_close = presence.may_close
    return presence


class _Teller:
    """Says on whatever page what the person is waited for with, unless it is seen already."""

    def __init__(
        self, flow: GetAndChat, tell: Callable[[str], None], seen: Callable[[], bool]
    ) -> None:
        self._flow, self._tell, self._seen = flow, tell, seen
        self._told: tuple[str, Step] | None = None

    def __call__(self) -> None:
        state = self._flow.state
        waits = state is not None and (state.step is Step.WAITING or state.problem is not None)
        if state is None or not waits:
            self._told = None
        elif self._told != (state.title, state.step):
            self._told = state.title, state.step
            if self._seen():
                return
            self._tell(
                tr(
                    "{title}: {sentence} Downloads has what can be done.",
                    title=state.title,
                    sentence=state.sentence,
                )
            )


def disturbed(session: ChatSession) -> str:
    """The model that somebody works with, or is about to; "" when another may take its place."""
    state, ready = session.model, session.ready
    if isinstance(state, Loading | Planning | Choosing) and not _is_demo(state.path):
        return state.name
    if ready is None or (ready.demo and not session.busy):
        return ""
    return ready.name


def _is_demo(path: str) -> bool:
    return Path(path).name == demo_model_path().name


def taken_up_text(board: DownloadBoard) -> str:
    """What a restart says of downloads that go on, or ""."""
    going_on = board.going_on
    if not going_on:
        return ""
    if len(going_on) == 1:
        job = going_on[0]
        return tr(
            "The download of {title} goes on where it stopped.",
            title=job.request.title or job.request.repo,
        )
    total = sum(len(job.request.files) for job in going_on)
    return tr(
        "{going_on} downloads ({total}) go on where they stopped.",
        going_on=len(going_on),
        total=files_text(total),
    )
