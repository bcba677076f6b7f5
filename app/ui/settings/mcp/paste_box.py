"""A block of servers from elsewhere: pasted, shown, and only then taken over."""

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from app.core.cancel import CancelToken
from app.core.language import tr
from app.core.tasks import TaskRunner
from app.core.units import count
from app.tools.mcp.elsewhere import Elsewhere, servers_elsewhere
from app.tools.mcp.paste import MAX_CHARACTERS, Block, read_block
from app.tools.mcp.servers import McpServer
from app.ui.flow import Flow
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
_CHIP_HEIGHT = 26


class PasteBox(QWidget):
    """done: gets what is to be added; nothing when it was given up. elsewhere: what other programs
    on this machine have; reads files."""

    def __init__(
        self,
        tasks: TaskRunner,
        done: Callable[[tuple[McpServer, ...]], None],
        elsewhere: Callable[[CancelToken], Sequence[Elsewhere]] = servers_elsewhere,
    ) -> None:
        super().__init__()
        self.setObjectName("mcpPaste")
        self._tasks, self._done, self._elsewhere = tasks, done, elsewhere
        self._block = Block()
        self._others = Flow(8)
        self._others.setObjectName("mcpElsewhere")
        self._others.hide()
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
        column.addWidget(self._others)
        column.addWidget(self._text)
        column.addWidget(self._found)
        column.addWidget(self._wrong)
        column.addLayout(buttons)
        self._read()

    def begin(self) -> None:
        self._text.clear()
        self._text.setFocus()
        self._tasks.run(self._elsewhere, self._show_others)

    def _show_others(self, found: Sequence[Elsewhere]) -> None:
        chips = [self._chip(number, one) for number, one in enumerate(found)]
        lead = label(tr("Found on this machine:"), "muted")
        lead.setMinimumHeight(_CHIP_HEIGHT)
        self._others.arrange([lead, *chips])
        self._others.setVisible(bool(chips))
        self._others.lay_out()

    def _chip(self, number: int, one: Elsewhere) -> QPushButton:
        text = tr("{program} · {number}", program=one.program, number=count(len(one.block.servers)))
        said = tr("Show the servers of {program}", program=one.program)
        return button(
            text,
            f"mcpElsewhere-{number}",
            "chip",
            accessible=said,
            tooltip=said,
            on_click=lambda: self._show_block(one.block),
        )

    def _show_block(self, block: Block) -> None:
        """Not in the field, where its values would be seen."""
        self._text.blockSignals(True)
        self._text.clear()
        self._text.blockSignals(False)
        self._show(block)
        self._add.setFocus()

    def _read(self) -> None:
        self._show(read_block(self._text.toPlainText()[: MAX_CHARACTERS + 1]))

    def _show(self, block: Block) -> None:
        self._block = block
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
        if found or block.complaints:
            announce(self, self._wrong.text() or words)

    def _take(self) -> None:
        self._done(self._block.servers)


def _described(server: McpServer) -> str:
    names = [name for name, _ in (*server.environment, *server.headers)]
    more = tr(" · with {names}", names=", ".join(names)) if names else ""
    return f"{command_text(server)}{more}"
