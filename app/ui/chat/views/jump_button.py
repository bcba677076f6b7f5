"""The way to the newest text, when it is not followed."""

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from app.core.language import tr
from app.ui.look import Look
from app.ui.widgets import IconButton

_SIDE = 34


class JumpButton(IconButton):
    def __init__(self, look: Look, on_click: Callable[[], None], parent: QWidget) -> None:
        name = tr("Go to the newest text")
        super().__init__(look, "arrow-down", name, "goToEnd", on_click=on_click, parent=parent)
        self.setProperty("kind", "plain")
        self.hide()

    def place(self, wanted: bool, width: int, height: int) -> None:
        """In the middle of the lower edge."""
        self.setVisible(wanted)
        self.setGeometry((width - _SIDE) // 2, height - _SIDE - 8, _SIDE, _SIDE)
        self.raise_()
