"""What every page gets to work with, and which pages there are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from PySide6.QtWidgets import QWidget

from app.core.tasks import TaskRunner
from app.settings.store import SettingsStore
from app.ui.chat.model_loads import ModelLoads
from app.ui.look import Look
from app.ui.rail import Place

CHAT = Place("chat", "Chat", "chat", "Ctrl+1")
MODELS = Place("models", "Models", "models", "Ctrl+2")
DOWNLOADS = Place("downloads", "Downloads", "downloads", "Ctrl+3")
HARDWARE = Place("hardware", "Hardware", "hardware", "Ctrl+4")
SETTINGS = Place("settings", "Settings", "settings", "Ctrl+5", low=True)
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

    def settings_changed(self) -> None:
        """Save the settings soon."""


@dataclass(frozen=True)
class Shell:
    """models: opens files and knows the open one. tasks: background work, results on the GUI
    thread."""

    look: Look
    tasks: TaskRunner
    settings: SettingsStore
    models: ModelLoads
    window: Window


Builders = Mapping[str, Callable[[Shell], QWidget]]
"""By the key of the place. A page is built when it is first opened; what it does only while it is
seen belongs into its showEvent and hideEvent."""
