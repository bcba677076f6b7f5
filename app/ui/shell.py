"""What every page gets to work with, and which pages there are."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from PySide6.QtWidgets import QWidget

from app.core.language import mark
from app.core.tasks import TaskRunner
from app.settings.store import SettingsStore
from app.ui.chat.model_loads import ModelLoads
from app.ui.downloads.board import DownloadBoard
from app.ui.getting.flow import GetAndChat
from app.ui.look import Look
from app.ui.rail import Place

CHAT = Place("chat", mark("Chat"), "chat", "Ctrl+1")
MODELS = Place("models", mark("Models"), "models", "Ctrl+2")
DOWNLOADS = Place("downloads", mark("Downloads"), "downloads", "Ctrl+3")
HARDWARE = Place("hardware", mark("Hardware"), "hardware", "Ctrl+4")
SETTINGS = Place("settings", mark("Settings"), "settings", "Ctrl+5", low=True)
FIRST_START = "first-start"
"""The key of the page that is shown at the first start; it is not on the rail."""
PLACES = (CHAT, MODELS, DOWNLOADS, HARDWARE, SETTINGS)


class Window(Protocol):
    """What a page may ask of the window. For the GUI thread."""

    def go(self, key: str) -> None:
        """Show the page with this key."""

    def tell(self, text: str) -> None:
        """A sentence in the notice bar, above whatever page is shown."""

    def set_badge(self, key: str, text: str) -> None:
        """A few characters at a page's place on the rail; "" for none."""

    def open_model(self, path: str) -> None:
        """Plan a file and let the person choose, on the chat page."""

    def open_file(self) -> None:
        """Let the person choose a file, then as `open_model`."""

    def open_demo(self) -> None:
        """The demo model, on the chat page."""

    def settings_changed(self) -> None:
        """Save the settings soon."""

    def keys(self) -> Sequence[tuple[str, str]]:
        """Every key that is a command, and what it does."""

    def chats_changed(self, *, all_gone: bool = False) -> None:
        """The chats on disk are others now; all_gone: the open one is not there any more either."""


@dataclass(frozen=True)
class Shell:
    """models: opens files and knows the open one. tasks: background work, results on the GUI
    thread. getting: from one click to a chat, with the queue; None where nothing is downloaded."""

    look: Look
    tasks: TaskRunner
    settings: SettingsStore
    models: ModelLoads
    window: Window
    getting: "GettingRoom | None" = None


@dataclass(frozen=True)
class GettingRoom:
    """board: the queue of downloads. flow: download, verify, load, chat."""

    board: DownloadBoard
    flow: GetAndChat


Builders = Mapping[str, Callable[[Shell], QWidget]]
"""By the key of the place. A page is built when it is first opened; what it does only while it is
seen belongs into its showEvent and hideEvent."""
