"""The tools of one server, with a switch each."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.core.language import tr
from app.tools.mcp.servers import McpServer
from app.tools.mcp.types import Listing, McpTool
from app.ui.look import Look
from app.ui.settings.mcp.words import hint_words
from app.ui.settings.switch import SwitchBox
from app.ui.widgets import label, plain_tip

_LONGEST = 160


class ToolList(QWidget):
    """switched: gets a tool's name and whether it is on now."""

    def __init__(self, look: Look, name: str, switched: Callable[[str, bool], None]) -> None:
        super().__init__()
        self.setObjectName(name)
        self._look, self._name, self._switched = look, name, switched
        self._shown: tuple[McpTool, ...] | None = None
        self._switches: dict[str, SwitchBox] = {}
        self._rows: list[QWidget] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)

    def show_tools(self, server: McpServer, listing: Listing | None) -> None:
        tools = listing.tools if listing is not None else ()
        if tools != self._shown:
            self._rebuild(tools, listing.left_out if listing is not None else 0)
        for tool, switch in self._switches.items():
            on = tool not in server.off
            switch.blockSignals(True)
            switch.setChecked(on)
            switch.setText(tr("On") if on else tr("Off"))
            switch.blockSignals(False)

    def _rebuild(self, tools: tuple[McpTool, ...], left_out: int) -> None:
        self._shown = tools
        self._switches.clear()
        for row in self._rows:
            row.hide()
            row.deleteLater()
        self._rows = [self._row(number, tool) for number, tool in enumerate(tools)]
        if not tools:
            self._rows.append(label(tr("It has no tools."), "muted"))
        if left_out:
            text = tr("{number} more are left out: that many cannot be offered.", number=left_out)
            self._rows.append(label(text, "muted", wrap=True))
        for row in self._rows:
            self._column.addWidget(row)

    def _row(self, number: int, tool: McpTool) -> QWidget:
        row = QWidget()
        title = label(tool.title or tool.name, wrap=True)
        hint = hint_words(tool)
        about = [part for part in (tool.name if tool.name != tool.title else "", hint) if part]
        text = tool.description.replace("\n", " ")
        short = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(title)
        if about:
            words.addWidget(label(" · ".join(about), "small", wrap=True))
        described = label(short, "muted", wrap=True)
        described.setToolTip(plain_tip(tool.description))
        if short:
            words.addWidget(described)
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(12)
        line.addLayout(words, 1)
        if tool.why_not:
            words.addWidget(label(tr("Left out. {why}", why=tool.why_not), "bad", wrap=True))
            return row
        switch = SwitchBox(self._look)
        switch.setObjectName(f"{self._name}-{number}")
        switch.setAccessibleName(tr("Offer {tool}", tool=tool.title or tool.name))
        switch.toggled.connect(lambda on, name=tool.name: self._switched(name, on))
        self._switches[tool.name] = switch
        line.addWidget(switch, 0, Qt.AlignmentFlag.AlignTop)
        return row
