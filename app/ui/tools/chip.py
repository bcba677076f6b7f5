"""The composer's chip for tools: how many, which, and why not."""

from PySide6.QtCore import QPoint, Signal
from PySide6.QtWidgets import QWidget

from app.ui.chat.composer import Composer
from app.ui.chat.session import ChatSession
from app.ui.tools.menu import ToolsMenu


class ToolsChip(QWidget):
    """Keeps the chip in step with the session. manage_wanted: as of ToolsMenu."""

    manage_wanted = Signal()

    def __init__(self, composer: Composer, session: ChatSession) -> None:
        super().__init__(composer)
        self.hide()
        self._composer, self._session = composer, session
        self.menu = ToolsMenu(session.tools, self._demo, composer)
        self.menu.manage_wanted.connect(self.manage_wanted)
        composer.tools_menu_wanted.connect(self._open)
        self.refresh()

    def refresh(self) -> None:
        """What is offered may be another."""
        has_tools = self._session.tools.toolbox is not None
        self._composer.tools_more.setVisible(has_tools)
        ready = self._session.ready
        if has_tools and ready is not None:
            self._composer.set_tool_count(self._session.tools.count(demo=ready.demo))

    def _demo(self) -> bool:
        ready = self._session.ready
        return ready is not None and ready.demo

    def _open(self) -> None:
        corner = self._composer.tools_more
        self.menu.popup(corner.mapToGlobal(QPoint(0, corner.height())))
