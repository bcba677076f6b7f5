"""Whether a server's program may run here, with the exact command."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout

from app.core.language import tr
from app.tools.mcp.servers import McpServer
from app.ui.settings.mcp.words import consent_lines
from app.ui.widgets import button, card, label


class ConsentBox:
    """name: what the object names begin with."""

    def __init__(self, name: str, allow: Callable[[], None]) -> None:
        self.frame = card("soft", name=f"{name}-consent")
        self._lines: list[tuple[str, str]] = []
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)
        self.allow = button(tr("Allow and start"), f"{name}-allow", "primary", on_click=allow)
        column = QVBoxLayout(self.frame)
        column.setContentsMargins(12, 10, 12, 12)
        column.setSpacing(8)
        column.addWidget(label(tr("Run this program on your machine?"), "strong", wrap=True))
        why = tr(
            "It gets your rights: it can read and change what you can, and use the network. Allow "
            "it when you know where it comes from. A changed command is asked about again."
        )
        column.addWidget(label(why, wrap=True))
        column.addLayout(self._grid)
        row = QHBoxLayout()
        row.addWidget(self.allow)
        row.addStretch(1)
        column.addLayout(row)

    def show_server(self, server: McpServer) -> None:
        lines = consent_lines(server)
        if lines == self._lines:
            return
        self._lines = lines
        while (item := self._grid.takeAt(0)) is not None:
            if widget := item.widget():
                widget.hide()
                widget.deleteLater()
        for number, (word, text) in enumerate(lines):
            value = label(text, "command", wrap=True)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._grid.addWidget(label(word, "muted"), number, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(value, number, 1)
        words = "\n".join(f"{word}: {text}" for word, text in lines)
        self.allow.setAccessibleDescription(words)
