"""Which tools the open chat may use: a menu at the composer's chip."""

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QMenu, QWidget

from app.core.language import tr
from app.tools.tool import Tool
from app.ui.markdown.links import with_hidden_shown
from app.ui.tools import words
from app.ui.tools.chat_tools import ChatTools
from app.ui.widgets import plain_tip

_LONGEST_NAME = 60
_LONGEST_PERMISSION = 100


class ToolsMenu(QMenu):
    """Filled each time it opens; it stays open while tools are switched. manage_wanted: the person
    wants the settings of tools."""

    manage_wanted = Signal()

    def __init__(self, tools: ChatTools, demo: Callable[[], bool], parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("toolsMenuList")
        self.setToolTipsVisible(True)
        self._tools, self._demo = tools, demo
        self.aboutToShow.connect(self.fill)

    def fill(self) -> None:
        self.clear()
        source = ""
        for tool, why in sorted(self._tools.all(demo=self._demo()), key=lambda one: one[0].source):
            if tool.source != source:
                source = tool.source
                self.addSection(with_hidden_shown(source)[:_LONGEST_NAME])
            self._add(tool, why)
        self._add_given()
        self.addSeparator()
        manage = QAction(tr("Folders, permissions and the log…"), self)
        manage.setObjectName("toolsManage")
        manage.triggered.connect(self.manage_wanted)
        self.addAction(manage)

    def _add_given(self) -> None:
        """What was allowed in this chat; taking the mark away takes it back."""
        if self._tools.given:
            self.addSection(tr("Allowed in this chat"))
        for number, one in enumerate(self._tools.given, 1):
            text = words.permission_text(one.tool, one.scope)
            action = QAction(text[:_LONGEST_PERMISSION].replace("&", "&&"), self)
            action.setObjectName(f"toolGiven-{number}")
            action.setCheckable(True)
            action.setChecked(True)
            action.setToolTip(plain_tip(text))
            action.triggered.connect(
                lambda on, one=one: self._tools.give_again(one) if on else self._tools.revoke(one)
            )
            self.addAction(action)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        action = self.actionAt(event.position().toPoint())
        if action is not None and action.isCheckable():
            if action.isEnabled():
                action.trigger()
            return
        super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        action = self.activeAction()
        keys = (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if event.key() in keys and action is not None and action.isCheckable():
            action.trigger()
            return
        super().keyPressEvent(event)

    def _add(self, tool: Tool, why: str) -> None:
        name = with_hidden_shown(tool.name)[:_LONGEST_NAME]
        title = words.tool_title(tool.title, tool.source)
        text = f"{title} ({name})" if title else name
        action = QAction(text.replace("&", "&&"), self)
        action.setObjectName(f"tool-{tool.name}")
        action.setCheckable(True)
        action.setChecked(not why and tool.name not in self._tools.off)
        action.setEnabled(not why)
        action.setToolTip(plain_tip(why or tool.spec.description[:400]))
        action.triggered.connect(lambda on: self._tools.switch(tool.name, on))
        self.addAction(action)
