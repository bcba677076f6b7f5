"""One declared server: how it is, what it has, and what can be done with it."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from app.core.language import tr
from app.tools.mcp.servers import McpServer
from app.tools.mcp.types import ServerStatus, State
from app.ui.look import Look
from app.ui.settings.mcp.consent import ConsentBox
from app.ui.settings.mcp.desk import McpDesk
from app.ui.settings.mcp.form import ServerForm
from app.ui.settings.mcp.tool_list import ToolList
from app.ui.settings.mcp.words import command_text, has_words, state_words
from app.ui.settings.switch import SwitchBox
from app.ui.widgets import button, chip, label, plain_tip, set_chip

_OUTPUT_HEIGHT = 160
_FOLLOW_MS = 1_000
_RUNNING = (State.READY, State.STARTING, State.WAITING)


@dataclass(frozen=True)
class CardPorts:
    """removed: the person wants it gone."""

    desk: McpDesk
    removed: Callable[[str], None]


class ServerCard(QWidget):
    def __init__(self, look: Look, server: McpServer, ports: CardPorts) -> None:
        super().__init__()
        name = f"mcp-{server.name}"
        self.setObjectName(name)
        self.server = server
        self._status = ServerStatus(server.name, State.OFF)
        self._ports, self._look, self._name = ports, look, name
        self._title = label(server.name, "strong", name=f"{name}-title", wrap=True)
        self._chip = chip(name=f"{name}-state")
        self._switch = SwitchBox(look)
        self._switch.setObjectName(f"{name}-enabled")
        self._switch.setAccessibleName(tr("Use {server}", server=server.name))
        self._switch.toggled.connect(self._enable)
        self._command = label("", "command", name=f"{name}-command", wrap=True)
        self._command.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._has = label("", "muted", name=f"{name}-has", wrap=True)
        self._reason = label("", "bad", name=f"{name}-reason", wrap=True)
        self._reason.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._consent = ConsentBox(name, self._allow)
        self._run = button("", f"{name}-run", "quiet", on_click=self._start_or_restart)
        self._stop = button(tr("Stop"), f"{name}-stop", "quiet", on_click=self._stop_it)
        self._tools_button = self._folder_button(tr("Tools"), "tools", self._show_tools)
        self._output_button = self._folder_button(tr("Output"), "output", self._show_output)
        self._edit_button = self._folder_button(tr("Edit"), "edit", self._show_form)
        self._remove = button(
            tr("Remove"),
            f"{name}-remove",
            "quiet",
            on_click=lambda: ports.removed(self.server.name),
        )
        for one in (self._run, self._stop, self._remove):
            one.setAccessibleName(f"{one.text()}: {server.name}")
        self._tools = ToolList(look, f"{name}-tool", self._switch_tool)
        self._tools.hide()
        self._output = self._output_view()
        self._follow = QTimer(self)
        self._follow.setInterval(_FOLLOW_MS)
        self._follow.timeout.connect(self._refresh_output)
        self._output.hide()
        self._form: ServerForm | None = None
        self._lay_out()

    def show_status(self, server: McpServer, status: ServerStatus) -> None:
        """Everything that may have changed."""
        self.server, self._status = server, status
        set_chip(self._chip, *state_words(status))
        self._switch.blockSignals(True)
        self._switch.setChecked(server.enabled)
        self._switch.setText(tr("On") if server.enabled else tr("Off"))
        self._switch.blockSignals(False)
        self._command.setText(command_text(server))
        self._show_words(server, status)
        asks = status.state is State.UNAPPROVED
        self._chip.setVisible(status.state is not State.OFF)  # the switch says that
        self._command.setVisible(not asks)  # it is in the question
        self._output_button.setVisible(status.state not in (State.OFF, State.UNAPPROVED))
        self._consent.frame.setVisible(asks)
        if asks:
            self._consent.show_server(server)
        self._run.setText(tr("Restart") if status.state in _RUNNING else tr("Start"))
        self._run.setAccessibleName(f"{self._run.text()}: {server.name}")
        self._run.setVisible(status.state not in (State.OFF, State.UNAPPROVED))
        self._stop.setVisible(status.state in _RUNNING)
        self._tools_button.setVisible(status.listing is not None)
        if self._tools.isVisible():
            self._tools.show_tools(server, status.listing)
        if self._output.isVisible():
            self._refresh_output()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show_output(self._output_button.isChecked())

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._follow.stop()

    def edit(self) -> None:
        """The form is opened."""
        self._edit_button.setChecked(True)

    def _show_words(self, server: McpServer, status: ServerStatus) -> None:
        has = has_words(server, status.listing) if server.enabled else ""
        if status.state is State.READY and status.program:
            has = f"{status.program}. {has}"
        self._has.setText(has)
        self._has.setVisible(bool(has))
        self._reason.setText(status.reason)
        self._reason.setVisible(bool(status.reason))

    def _enable(self, on: bool) -> None:
        self._ports.desk.enable(self.server, on)

    def _allow(self) -> None:
        self._ports.desk.allow(self.server)
        self._switch.setFocus()

    def _start_or_restart(self) -> None:
        host = self._ports.desk.host
        if self._status.state in _RUNNING:
            host.restart(self.server.name)
        else:
            host.start(self.server.name)

    def _stop_it(self) -> None:
        self._ports.desk.host.stop(self.server.name)
        self._run.setFocus()

    def _switch_tool(self, tool: str, on: bool) -> None:
        self._ports.desk.switch_tool(self.server, tool, on)

    def _show_tools(self, on: bool) -> None:
        self._tools.setVisible(on)
        if on:
            self._tools.show_tools(self.server, self._status.listing)

    def _show_output(self, on: bool) -> None:
        self._output.setVisible(on)
        if on:
            self._refresh_output()
            self._follow.start()
        else:
            self._follow.stop()

    def _refresh_output(self) -> None:
        text = self._ports.desk.host.output(self.server.name)
        if text == self._output.toPlainText():
            return
        bar = self._output.verticalScrollBar()
        place, at_end = bar.value(), bar.value() >= bar.maximum()
        self._output.setPlainText(text)
        bar.setValue(bar.maximum() if at_end else place)

    def _show_form(self, on: bool) -> None:
        if on and self._form is None:
            self._form = ServerForm(
                self._look, f"{self._name}-form", lambda: self._ports.desk.names, self._edited
            )
            self._column.addWidget(self._form)
        if self._form is not None:
            self._form.setVisible(on)
            if on:
                self._form.edit(self.server)
                self._form.begin()

    def _edited(self, server: McpServer | None) -> None:
        self._edit_button.setChecked(False)
        self._edit_button.setFocus()
        if server is not None:
            self._ports.desk.put(server, self.server.name)

    def _folder_button(self, text: str, name: str, show: Callable[[bool], None]) -> QPushButton:
        made = button(text, f"{self._name}-{name}", "quiet")
        made.setAccessibleName(f"{text}: {self.server.name}")
        made.setCheckable(True)
        made.toggled.connect(show)
        return made

    def _output_view(self) -> QPlainTextEdit:
        view = QPlainTextEdit()
        view.setObjectName(f"{self._name}-outputText")
        view.setAccessibleName(tr("Output of {server}", server=self.server.name))
        view.setPlaceholderText(tr("It has written nothing in this run of the program."))
        view.setReadOnly(True)
        view.setTabChangesFocus(True)
        view.setProperty("field", "true")
        view.setFixedHeight(_OUTPUT_HEIGHT)
        return view

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self._title, 1)
        head.addWidget(self._chip)
        head.addWidget(self._switch)
        controls = QHBoxLayout()
        controls.setSpacing(4)
        for one in (
            self._run,
            self._stop,
            self._tools_button,
            self._output_button,
            self._edit_button,
            self._remove,
        ):
            controls.addWidget(one)
        controls.addStretch(1)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        self._column.addLayout(head)
        self._column.addWidget(self._command)
        for widget in (self._has, self._reason, self._consent.frame):
            self._column.addWidget(widget)
        self._column.addLayout(controls)
        self._column.addWidget(self._tools)
        self._column.addWidget(self._output)
        self._title.setToolTip(plain_tip(self.server.name))
