"""One server, written by hand."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app.core.language import tr
from app.tools.mcp.lines import UnclosedError, join_line, split_line
from app.tools.mcp.servers import McpServer, problem
from app.ui.look import Look
from app.ui.settings.editors import folder_dialog
from app.ui.settings.mcp.pairs import PairsEdit
from app.ui.widgets import ChoiceBox, button, label

_PROGRAM, _ADDRESS = "stdio", "http"


class ServerForm(QWidget):
    """name: what the object names begin with. taken: names of other servers. done: gets a sound
    server, or None when it was given up."""

    def __init__(
        self,
        look: Look,
        name: str,
        taken: Callable[[], Iterable[str]],
        done: Callable[[McpServer | None], None],
    ) -> None:
        super().__init__()
        self.setObjectName(name)
        self._taken, self._done = taken, done
        self._server = McpServer("", "stdio")
        self._dialog: QFileDialog | None = None
        self._title = self._line(f"{name}Name", tr("Name"), tr("for example: my files"), 60)
        self._kind = ChoiceBox(look)
        self._kind.setObjectName(f"{name}Kind")
        self._kind.setAccessibleName(tr("Kind of server"))
        self._kind.addItem(tr("A program on this machine"), _PROGRAM)
        self._kind.addItem(tr("An address on the network"), _ADDRESS)
        self._kind.currentIndexChanged.connect(lambda _: self._show_kind())
        self._command = self._line(
            f"{name}Command",
            tr("Command with its arguments"),
            "npx -y @modelcontextprotocol/server-filesystem /home/me/notes",
            8_000,
        )
        self._folder = self._line(f"{name}Folder", tr("Folder it runs in"), tr("your home folder"))
        self._choose = button(
            tr("Choose…"),
            f"{name}Choose",
            accessible=tr("Choose the folder it runs in"),
            on_click=self._ask_folder,
        )
        self._variables = PairsEdit(look, f"{name}Variables", tr("Variable"), tr("Add a variable"))
        self._url = self._line(f"{name}Url", tr("Address"), "https://example.org/mcp", 8_000)
        self._headers = PairsEdit(look, f"{name}Headers", tr("Header"), tr("Add a header"))
        self._wrong = label("", "bad", name=f"{name}Wrong", wrap=True)
        self._save = button(tr("Save"), f"{name}Save", "primary", on_click=self._finish)
        self._cancel = button(tr("Cancel"), f"{name}Cancel", on_click=lambda: self._done(None))
        self._lay_out()
        for edit in (self._title, self._command, self._folder, self._url):
            edit.returnPressed.connect(self._finish)
        self.edit(self._server)

    def edit(self, server: McpServer) -> None:
        self._server = server
        self._title.setText(server.name)
        self._kind.setCurrentIndex(self._kind.findData(server.transport))
        words = (server.command, *server.arguments) if server.command else ()
        self._command.setText(join_line(words))
        self._folder.setText(server.folder)
        self._variables.show_pairs(server.environment)
        self._url.setText(server.url)
        self._headers.show_pairs(server.headers)
        self._tell("")
        self._show_kind()

    def begin(self) -> None:
        """The keyboard is wanted here."""
        self._title.setFocus()

    def written(self) -> tuple[McpServer | None, str]:
        """What is in the fields, or what is wrong with it."""
        name = " ".join(self._title.text().split())
        if name.casefold() in {one.casefold() for one in self._taken()} - {
            self._server.name.casefold()
        }:
            return None, tr("There is another server of that name.")
        try:
            words = split_line(self._command.text())
        except UnclosedError:
            return None, tr("A quote in the command is not closed.")
        program = self._kind.currentData() == _PROGRAM
        server = replace(
            self._server,
            name=name,
            transport="stdio" if program else "http",
            command=words[0] if program and words else "",
            arguments=tuple(words[1:]) if program else (),
            environment=self._variables.pairs if program else (),
            folder=self._folder.text().strip() if program else "",
            url="" if program else self._url.text().strip(),
            headers=() if program else self._headers.pairs,
        )
        wrong = problem(server)
        return (None, wrong) if wrong else (server, "")

    def _finish(self) -> None:
        server, wrong = self.written()
        self._tell(wrong)
        if server is not None:
            self._done(server)

    def _tell(self, wrong: str) -> None:
        self._wrong.setText(wrong)
        self._wrong.setVisible(bool(wrong))

    def _show_kind(self) -> None:
        program = self._kind.currentData() == _PROGRAM
        self._program_part.setVisible(program)
        self._network_part.setVisible(not program)

    def _ask_folder(self) -> None:
        self._dialog = folder_dialog(self, self._folder.text())
        self._dialog.fileSelected.connect(self._folder.setText)
        self._dialog.open()

    def _line(self, name: str, accessible: str, placeholder: str, most: int = 1_000) -> QLineEdit:
        edit = QLineEdit()
        edit.setObjectName(name)
        edit.setAccessibleName(accessible)
        edit.setPlaceholderText(placeholder)
        edit.setMaxLength(most)
        edit.setMinimumWidth(120)
        return edit

    def _lay_out(self) -> None:
        folder = QWidget()
        row = QHBoxLayout(folder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self._folder, 1)
        row.addWidget(self._choose)
        self._program_part = _fields(
            (tr("Command"), self._command),
            (tr("Folder"), folder),
            (tr("Variables"), self._variables),
        )
        self._network_part = _fields((tr("Address"), self._url), (tr("Headers"), self._headers))
        where = tr(
            "Values are not shown again. They lie in the settings file, which only you can read."
        )
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self._save)
        buttons.addWidget(self._cancel)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(_fields((tr("Name"), self._title), (tr("Kind"), self._kind)))
        column.addWidget(self._program_part)
        column.addWidget(self._network_part)
        column.addWidget(label(where, "small", wrap=True))
        column.addWidget(self._wrong)
        column.addLayout(buttons)


def _fields(*fields: tuple[str, QWidget]) -> QWidget:
    holder = QWidget()
    grid = QGridLayout(holder)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(12)
    grid.setVerticalSpacing(8)
    grid.setColumnMinimumWidth(0, 76)
    grid.setColumnStretch(1, 1)
    for number, (text, widget) in enumerate(fields):
        name = label(text, "muted")
        name.setMinimumHeight(32)
        name.setBuddy(widget)
        grid.addWidget(name, number, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(widget, number, 1)
    return holder
