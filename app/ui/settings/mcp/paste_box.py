"""A block of servers from elsewhere: pasted, shown, and only then taken over."""

from collections.abc import Callable

from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from app.core.language import tr
from app.tools.mcp.paste import MAX_CHARACTERS, Block, read_block
from app.tools.mcp.servers import McpServer
from app.ui.settings.mcp.words import command_text
from app.ui.widgets import announce, button, label

_EXAMPLE = """{
  "mcpServers": {
    "files": {
      "command": "npx",
      "args": ["-y", "@modelcontextprotocol/server-filesystem", "/home/me/notes"]
    }
  }
}"""
_HEIGHT = 150


class PasteBox(QWidget):
    """done: gets what is to be added; nothing when it was given up."""

    def __init__(self, done: Callable[[tuple[McpServer, ...]], None]) -> None:
        super().__init__()
        self.setObjectName("mcpPaste")
        self._done = done
        self._block = Block()
        self._text = QPlainTextEdit()
        self._text.setObjectName("mcpPasteText")
        self._text.setAccessibleName(tr("Servers as JSON"))
        self._text.setPlaceholderText(_EXAMPLE)
        self._text.setTabChangesFocus(True)
        self._text.setFixedHeight(_HEIGHT)
        self._text.setProperty("field", "true")
        self._text.textChanged.connect(self._read)
        self._found = label("", name="mcpPasteFound", wrap=True)
        self._wrong = label("", "bad", name="mcpPasteWrong", wrap=True)
        self._add = button("", "mcpPasteAdd", "primary", on_click=self._take)
        self._cancel = button(tr("Cancel"), "mcpPasteCancel", on_click=lambda: self._done(()))
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self._add)
        buttons.addWidget(self._cancel)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        intro = tr(
            "Paste the block that a server's instructions give for Claude, Cursor or another "
            "program. You see what is in it before it is added, and nothing runs by that."
        )
        column.addWidget(label(intro, "muted", wrap=True))
        column.addWidget(self._text)
        column.addWidget(self._found)
        column.addWidget(self._wrong)
        column.addLayout(buttons)
        self._read()

    def begin(self) -> None:
        self._text.clear()
        self._text.setFocus()

    def _read(self) -> None:
        text = self._text.toPlainText()
        self._block = block = read_block(text[: MAX_CHARACTERS + 1])
        found = [f"{server.name}\n    {_described(server)}" for server in block.servers]
        self._found.setText("\n".join([*found, *block.notes]))
        self._found.setVisible(bool(found))
        self._wrong.setText("\n".join(block.complaints))
        self._wrong.setVisible(bool(block.complaints))
        number = len(block.servers)
        words = tr("Add {number} servers", number=number) if number > 1 else tr("Add this server")
        self._add.setText(words)
        self._add.setAccessibleName(words)
        self._add.setEnabled(number > 0)
        if text:
            announce(self, self._wrong.text() or words)

    def _take(self) -> None:
        self._done(self._block.servers)


def _described(server: McpServer) -> str:
    names = [name for name, _ in (*server.environment, *server.headers)]
    more = tr(" · with {names}", names=", ".join(names)) if names else ""
    return f"{command_text(server)}{more}"
