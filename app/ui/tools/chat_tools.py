"""What tools the open chat may use, and what was allowed in it. No Qt."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from app.chat.store.store import ChatStore
from app.chat.toolbox import Toolbox
from app.chat.turn import TurnOptions
from app.core.cancel import CancelToken
from app.core.json import JsonObject, JsonValue
from app.core.language import mark, tr
from app.core.tasks import TaskRunner
from app.tools.consent import Gate, Permission, Permissions
from app.tools.files_write import backup_of, put_back
from app.tools.tool import Tool
from app.ui.chat.model_loads import known
from app.ui.tools.desk import Desk

PERMISSIONS_KEY = "permissions"
OFF_KEY = "tools_off"
_MOST = 200
_Changed = Callable[[], None]
_DEMO = mark("The demo model knows the clock and the calculator only.")


class ChatTools:
    """For the GUI thread. changed: what waits or what is offered is another."""

    def __init__(self, toolbox: Toolbox | None, tasks: TaskRunner, chats: ChatStore | None) -> None:
        self.toolbox = toolbox
        self._tasks, self._chats = tasks, chats
        self.changed: _Changed = _ignored
        self.desk = Desk(lambda: tasks.post(self._changed))
        self._chat = _Chat()
        self._given = Permissions()
        self._off: frozenset[str] | None = None
        self._take(None, {})

    def _changed(self) -> None:
        self.changed()

    def options(self, options: TurnOptions, *, demo: bool) -> TurnOptions:
        """With what the chat allows. The demo model is offered what it was made for."""
        box = self.toolbox
        if box is None:
            return options
        gate = None if demo else Gate(self.desk, box.policy, self._given)
        return replace(options, tools_off=self.off, gate=gate)

    @property
    def off(self) -> frozenset[str]:
        """The names of the tools that are off in this chat."""
        if self._off is not None:
            return self._off
        return self.toolbox.off if self.toolbox is not None else frozenset()

    def switch(self, tool: str, on: bool) -> None:
        """In this chat; others go on as the settings say."""
        self._off = self.off - {tool} if on else self.off | {tool}
        self._keep_off()
        self.changed()

    def all(self, *, demo: bool) -> tuple[tuple[Tool, str], ...]:
        """Every tool, and why it cannot be used, "" where it can."""
        tools = self.toolbox.runner.tools if self.toolbox is not None else ()
        return tuple(
            (tool, tr(_DEMO) if demo and tool.effect != "none" else tool.unavailable())
            for tool in tools
        )

    def count(self, *, demo: bool) -> int:
        """How many are offered."""
        return sum(not why and tool.name not in self.off for tool, why in self.all(demo=demo))

    @property
    def given(self) -> tuple[Permission, ...]:
        """What was allowed in this chat."""
        return self._given.given

    def revoke(self, permission: Permission) -> None:
        self._given.revoke(permission)

    def give_again(self, permission: Permission) -> None:
        """What was taken back by mistake."""
        self._given.add(permission)

    def put_back(
        self, arguments: JsonObject, done: Callable[[], None], failed: Callable[[str], None]
    ) -> None:
        """Undo what a call with these arguments has written."""
        box = self.toolbox
        if box is None:
            return

        def work(_: CancelToken) -> None:
            put_back(box.opener, box.backups, backup_of(box.opener, box.backups, arguments))

        self._tasks.run(work, lambda _: done(), lambda error: failed(str(known(error))))

    # The open chat

    def left(self) -> None:
        """A new chat begins: nothing was allowed in it."""
        self._take(None, {})

    def opened(self, conversation: int, settings: JsonObject) -> None:
        self._take(conversation, settings)

    def begun(self, conversation: int | None) -> None:
        """The chat is on the disk now; what was chosen before its first question goes with it."""
        if self._chat.id is None and conversation is not None:
            self._chat.id = conversation
            if self._off is not None:
                self._keep_off()

    def _take(self, conversation: int | None, settings: JsonObject) -> None:
        chat = self._chat = _Chat(conversation)

        def changed(given: tuple[Permission, ...]) -> None:
            # From the turn's thread; the chat of that turn need not be the open one any more.
            self._tasks.post(lambda: self._keep(chat, PERMISSIONS_KEY, _as_json(given)))

        self._given = Permissions(_permissions(settings.get(PERMISSIONS_KEY)), changed)
        off = settings.get(OFF_KEY)
        self._off = frozenset(map(str, off)) if isinstance(off, list) else None
        self.changed()

    def _keep_off(self) -> None:
        off: JsonValue = None if self._off is None else [*sorted(self._off)]
        self._keep(self._chat, OFF_KEY, off)

    def _keep(self, chat: "_Chat", key: str, value: JsonValue) -> None:
        if self._chats is not None and chat.id is not None:
            self._chats.conversations.set_setting(chat.id, key, value)


@dataclass(eq=False)
class _Chat:
    """id: as it is called on the disk, None before its first question."""

    id: int | None = None


def _permissions(value: JsonValue) -> list[Permission]:
    """What makes no sense is left out: it allows nothing."""
    items = value if isinstance(value, list) else []
    entries = [item for item in items[:_MOST] if isinstance(item, dict)]
    pairs = [(entry.get("tool"), entry.get("scope")) for entry in entries]
    return [
        Permission(tool, scope)
        for tool, scope in pairs
        if isinstance(tool, str) and isinstance(scope, str)
    ]


def _as_json(given: tuple[Permission, ...]) -> JsonValue:
    return [{"tool": one.tool, "scope": one.scope} for one in given[-_MOST:]]


def _ignored() -> None:
    pass
