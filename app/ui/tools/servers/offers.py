"""Resources and prompts of MCP servers: found by a few letters, put to the question."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from PySide6.QtCore import QEvent, QObject

from app.chat.attachments.reading import from_text
from app.chat.attachments.types import ReadText
from app.core.cancel import CancelToken
from app.core.errors import KnownError
from app.core.language import tr
from app.core.tasks import TaskRunner
from app.core.units import gigabytes
from app.tools.mcp.host import McpHost
from app.tools.mcp.types import McpPrompt, McpResource, ServerStatus
from app.tools.tool import ToolFailure
from app.ui.chat.model_loads import known
from app.ui.chat.session import ChatSession
from app.ui.commands.command import command
from app.ui.commands.palette import Palette
from app.ui.commands.sources import Choice
from app.ui.look import Look
from app.ui.tools.servers.prompt_bar import PromptBar
from app.ui.widgets import IconButton
from app.ui.window import MainWindow


class ServerOffers(QObject):
    """Lives as long as the window."""

    def __init__(
        self,
        look: Look,
        host: McpHost,
        window: MainWindow,
        session: ChatSession,
        tasks: TaskRunner,
    ) -> None:
        super().__init__(window)
        self._host, self._session, self._tasks = host, session, tasks
        self._page = page = window.page
        self.palette = Palette(look, window)
        self.palette.setObjectName("serverPalette")
        self.palette.field.setObjectName("serverPaletteField")
        self.palette.view.setObjectName("serverPaletteList")
        for part in (self.palette.field, self.palette.view):
            part.setAccessibleName(tr("Resources and prompts of servers"))
        self.palette.field.setPlaceholderText(tr("Which resource or prompt?"))
        self.bar = PromptBar()
        page.composer.add_above(self.bar)
        title = tr("Add from a server")
        self.button = IconButton(
            look, "chevron-down", title, "addFromServer", kind="mini", on_click=self.open
        )
        page.composer.add_beside_files(self.button)
        self._action = command(page, title, "addFromServerAction", self.open, group=tr("Chat"))
        told: Callable[[Sequence[ServerStatus]], None] = tasks.events(lambda _: self.refresh())
        end = host.subscribe(told)
        window.destroyed.connect(lambda *_: end())
        window.installEventFilter(self)
        self.refresh()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.palette.isVisible():
            self.palette.place()
        return super().eventFilter(watched, event)

    def refresh(self) -> None:
        """There may be something to add now, or nothing any more."""
        some = next(self._choices(), None) is not None
        self.button.setVisible(some)
        self._action.setVisible(some)
        self._session.tools.changed()  # their number is shown

    def open(self) -> None:
        self.palette.begin(list(self._choices()))

    def _choices(self) -> Iterator[Choice]:
        statuses = {status.name: status.listing for status in self._host.statuses()}
        for server in self._host.servers:
            listing = statuses.get(server.name)
            if listing is None or not server.enabled or not server.is_approved:
                continue
            name = server.name
            for prompt in listing.prompts:
                group = tr("Prompt · {server}", server=name)
                yield Choice(
                    prompt.title, group, partial(self._ask, name, prompt), words=prompt.description
                )
            for resource in listing.resources:
                group = tr("Resource · {server}", server=name)
                words = f"{resource.description} {resource.uri}"
                yield Choice(
                    resource.name, group, partial(self.attach, name, resource), words=words
                )

    def attach(self, server: str, resource: McpResource) -> None:
        """The resource goes with the question, read in the background."""

        def work(cancel: CancelToken) -> ReadText:
            return _read(self._host, server, resource, cancel)

        self._page.attachments.desk.add_reading(resource.name, work)
        self._page.composer.edit.setFocus()

    def insert(self, server: str, prompt: McpPrompt, values: dict[str, str]) -> None:
        """The prompt's text comes to where the cursor is, when the same chat is open by then."""
        conversation = self._session.conversation

        def done(text: str) -> None:
            if self._session.conversation != conversation:
                return
            edit = self._page.composer.edit
            edit.insertPlainText(text)
            edit.ensureCursorVisible()
            edit.setFocus()

        def failed(error: Exception) -> None:
            said = str(error) if isinstance(error, ToolFailure) else str(known(error))
            self._page.note(tr("The prompt could not be had: {why}", why=said))

        self._tasks.run(
            lambda cancel: self._host.prompt(server, prompt.name, values, cancel), done, failed
        )

    def _ask(self, server: str, prompt: McpPrompt) -> None:
        if not prompt.arguments:
            self.insert(server, prompt, {})
            return
        self.bar.ask(
            prompt,
            server,
            lambda values: self.insert(server, prompt, values),
            self._page.composer.edit.setFocus,
        )


def _read(host: McpHost, server: str, resource: McpResource, cancel: CancelToken) -> ReadText:
    """Raises KnownError."""
    try:
        found = host.resource(server, resource.uri, cancel)
    except ToolFailure as failure:
        raise KnownError(
            tr("{name} could not be had.", name=resource.name), str(failure)
        ) from failure
    if not found.is_text:
        raise KnownError(
            tr("{name} is no text.", name=resource.name),
            tr(
                "It is {kind} ({size}), which the model cannot take in.",
                kind=found.media_type,
                size=gigabytes(found.size_bytes),
            ),
        )
    read = from_text(resource.name, found.text)
    return ReadText(read.name, read.text, found.media_type, found.size_bytes)
