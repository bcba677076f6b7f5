"""The MCP servers on the settings page: the declared ones, and ways to get more."""

from collections.abc import Callable, Sequence

from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from app.core.language import tr
from app.core.tasks import TaskRunner
from app.settings.of_tools import MCP_SERVERS
from app.settings.store import SettingsStore
from app.tools.mcp.host import McpHost
from app.tools.mcp.servers import McpServer, resting
from app.ui.look import Look
from app.ui.settings.mcp.card import CardPorts, ServerCard
from app.ui.settings.mcp.desk import McpDesk
from app.ui.settings.mcp.form import ServerForm
from app.ui.settings.mcp.paste_box import PasteBox
from app.ui.settings.rows import Row
from app.ui.widgets import announce, button, label


class McpRow(Row):
    """Follows the host while it is seen. changed: the settings are to be saved."""

    def __init__(
        self,
        look: Look,
        settings: SettingsStore,
        host: McpHost,
        tasks: TaskRunner,
        changed: Callable[[], None],
    ) -> None:
        title = tr("MCP servers")
        about = tr(
            "Programs and services that give the model more tools, such as your files, a database "
            "or a browser. They start when they are needed, and each call is asked about as with "
            "other tools."
        )
        super().__init__(f"{title} {about} Model Context Protocol tools plugin npx json")
        self.setObjectName(f"settingRow-{MCP_SERVERS.key}")
        self.setProperty("card", "true")
        self._look, self._settings, self._host, self._tasks = look, settings, host, tasks
        self._desk = McpDesk(settings, host, changed)
        self._cards: dict[str, ServerCard] = {}
        self._lines: list[QFrame] = []
        self._undo_call: Callable[[], None] | None = None
        self._ends: list[Callable[[], None]] = []
        self._add = button(tr("Add a server…"), "mcpAdd", on_click=self._open_form)
        self._paste_button = button(tr("Paste JSON…"), "mcpPasteOpen", on_click=self._open_paste)
        self._complaints = label("", "bad", name="mcpComplaints", wrap=True)
        self._undo_text = label("", name="mcpUndoText", wrap=True)
        self._undo_button = button(tr("Undo"), "mcpUndo", on_click=self._take_back)
        self._undo = QWidget()
        self._form = ServerForm(look, "mcpNew", lambda: self._desk.names, self._added)
        self._paste = PasteBox(tasks, self._pasted)
        self._holders: dict[QWidget, QWidget] = {}
        self._list = QVBoxLayout()
        self._lay_out(title, about)
        self._refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._ends:
            told = self._tasks.events(lambda _: self._refresh())
            self._ends = [
                self._host.subscribe(told),
                self._settings.subscribe(MCP_SERVERS, lambda _: self._refresh()),
            ]
        self._refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.stop()

    def stop(self) -> None:
        """Nothing comes from the host any more."""
        for end in self._ends:
            end()
        self._ends.clear()

    def _refresh(self) -> None:
        servers = self._desk.servers
        if [server.name for server in servers] != list(self._cards):
            self._rebuild(servers)
        statuses = {status.name: status for status in self._host.statuses()}
        for server in servers:
            status = statuses.get(server.name)
            if status is not None:
                if not (server.enabled and server.is_approved):
                    status = resting(server, status.listing)  # before the host has come to it
                self._cards[server.name].show_status(server, status)
        complaints = "\n".join(self._desk.complaints)
        self._complaints.setText(complaints)
        self._complaints.setVisible(bool(complaints))

    def _rebuild(self, servers: Sequence[McpServer]) -> None:
        """Cards that stay are the same ones, with what is open in them."""
        before, self._cards = self._cards, {}
        ports = CardPorts(self._desk, self._remove)
        for line in self._lines:
            line.hide()
            line.deleteLater()
        self._lines = []
        while self._list.takeAt(0) is not None:
            pass
        for server in servers:
            card = before.pop(server.name, None) or ServerCard(self._look, server, ports)
            self._cards[server.name] = card
            line = QFrame()
            line.setProperty("line", True)
            self._lines.append(line)
            for part in (line, card):
                self._list.addWidget(part)
                part.show()
        for gone in before.values():
            gone.hide()
            gone.deleteLater()
        self.add_words(" ".join(server.name for server in servers))

    def _open_form(self) -> None:
        self._show_panel(self._form)
        self._form.edit(McpServer("", "stdio"))
        self._form.begin()

    def _open_paste(self) -> None:
        self._show_panel(self._paste)
        self._paste.begin()

    def _show_panel(self, panel: QWidget | None) -> None:
        for one, holder in self._holders.items():
            holder.setVisible(one is panel)
        self._add.setVisible(panel is None)
        self._paste_button.setVisible(panel is None)

    def _headed(self, panel: QWidget, words: str) -> QWidget:
        holder = self._holders[panel] = QWidget()
        line = QFrame()
        line.setProperty("line", True)
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(line)
        column.addWidget(label(words, "strong"))
        column.addWidget(panel)
        return holder

    def _added(self, server: McpServer | None) -> None:
        self._show_panel(None)
        self._add.setFocus()
        if server is not None:
            self._take_over((server,))

    def _pasted(self, servers: tuple[McpServer, ...]) -> None:
        self._show_panel(None)
        self._paste_button.setFocus()
        self._take_over(servers)

    def _take_over(self, servers: tuple[McpServer, ...]) -> None:
        added = self._desk.add(servers)
        if added:
            self._hide_undo()
            announce(self, tr("{number} servers added", number=len(added)))
        self._refresh()

    def _remove(self, name: str) -> None:
        self._undo_call = self._desk.remove(name)
        text = tr("“{server}” is removed.", server=name)
        self._undo_text.setText(text)
        self._undo.show()
        self._undo_button.setFocus()
        announce(self, text)
        self._refresh()

    def _take_back(self) -> None:
        if self._undo_call is not None:
            self._undo_call()
        self._hide_undo()
        self._add.setFocus()
        self._refresh()

    def _hide_undo(self) -> None:
        self._undo_call = None
        self._undo.hide()

    def _lay_out(self, title: str, about: str) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self._add)
        buttons.addWidget(self._paste_button)
        buttons.addStretch(1)
        undo = QHBoxLayout(self._undo)
        undo.setContentsMargins(0, 0, 0, 0)
        undo.setSpacing(8)
        undo.addWidget(self._undo_text, 1)
        undo.addWidget(self._undo_button)
        self._undo.hide()
        self._list.setSpacing(12)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 16)
        column.setSpacing(8)
        column.addWidget(label(title, "strong"))
        column.addWidget(label(about, "muted", wrap=True))
        column.addWidget(self._complaints)
        column.addSpacing(4)
        column.addLayout(self._list)
        column.addWidget(self._undo)
        column.addSpacing(4)
        column.addLayout(buttons)
        for panel, words in ((self._form, tr("New server")), (self._paste, tr("Servers as JSON"))):
            column.addWidget(self._headed(panel, words))
        self._show_panel(None)
