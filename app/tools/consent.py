"""Whether a call may run: what was allowed before, else what the person says now.

Nothing that a model or a tool writes can say yes. A decision comes from a `Person`, which is the
window or the terminal, or from a permission that the person has given there before.
"""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from app.core.cancel import CancelToken
from app.core.messages import ToolCallPart
from app.tools.tool import Choice, Effect, Plan, Question, Tool, ToolFailure

How = Literal["", "once", "chat", "always", "denied", "standing", "reads"]
"""How a call came to run or not: "" nobody needed to be asked; once, chat, always, denied: the
person said so just now; standing: by a permission given before; reads: reading is allowed without
asking."""

LONGEST_SCOPE = 500
"""What touches more than can be read is asked about each time."""


@dataclass(frozen=True)
class Permission:
    """For one tool, and within it for one scope."""

    tool: str
    scope: str = ""


@dataclass(frozen=True)
class ConsentRequest:
    """title, source, effect: of the tool. choices: what the person may say. grant: the folder that
    "always" opens, "" when it means this tool and scope."""

    call: ToolCallPart
    title: str
    source: str
    effect: Effect
    scope: str
    lines: tuple[str, ...]
    diff: str
    choices: tuple[Choice, ...]
    grant: str = ""


@dataclass(frozen=True)
class QuestionRequest:
    """A tool asks the person something."""

    call: ToolCallPart
    question: Question


Request = ConsentRequest | QuestionRequest


@dataclass(frozen=True)
class Decision:
    """word: what the person tells the model when it is denied, may be ""."""

    choice: Choice
    word: str = ""


class Person(Protocol):
    """Who is asked. Both block until there is an answer; on the turn's thread. They raise Cancelled
    when the turn is stopped, and ToolFailure where there is nobody to ask."""

    def decide(self, request: ConsentRequest, cancel: CancelToken) -> Decision: ...

    def reply(self, request: QuestionRequest, cancel: CancelToken) -> str: ...


class Permissions:
    """A set of permissions that can be asked and changed from any thread. changed: gets all of
    them after every change, on the thread that made it."""

    def __init__(
        self,
        given: Iterable[Permission] = (),
        changed: Callable[[tuple[Permission, ...]], None] | None = None,
    ) -> None:
        self._lock = threading.Lock()
        self._given = dict.fromkeys(given)
        self._changed = changed

    @property
    def given(self) -> tuple[Permission, ...]:
        with self._lock:
            return tuple(self._given)

    def __contains__(self, permission: Permission) -> bool:
        with self._lock:
            return permission in self._given

    def add(self, permission: Permission) -> None:
        with self._lock:
            self._given[permission] = None
        self._tell()

    def revoke(self, permission: Permission) -> None:
        with self._lock:
            self._given.pop(permission, None)
        self._tell()

    def replace(self, given: Iterable[Permission]) -> None:
        """All of them, without telling."""
        with self._lock:
            self._given = dict.fromkeys(given)

    def _tell(self) -> None:
        if self._changed is not None:
            self._changed(self.given)


class Nobody:
    """Where there is no person to ask."""

    def decide(self, request: ConsentRequest, cancel: CancelToken) -> Decision:  # noqa: ARG002
        raise ToolFailure("not run, because there is nobody who could allow it")

    def reply(self, request: QuestionRequest, cancel: CancelToken) -> str:  # noqa: ARG002
        raise ToolFailure("there is nobody to ask")


class Policy(Protocol):
    """What holds in every chat."""

    @property
    def always(self) -> Permissions: ...

    def reads_allowed(self) -> bool:
        """Reading in folders that are open to tools needs no asking."""

    def open_folder(self, folder: str, *, write: bool) -> None:
        """The person opens a folder to tools."""


class StrictPolicy:
    """Nothing is allowed beforehand, and no folder can be opened."""

    def __init__(self) -> None:
        self.always = Permissions()

    def reads_allowed(self) -> bool:
        return False

    def open_folder(self, folder: str, *, write: bool) -> None:  # noqa: ARG002
        raise ToolFailure("folders cannot be opened here")


@dataclass(frozen=True)
class Verdict:
    """word: what the model is told of a refusal."""

    how: How
    word: str = ""

    @property
    def allowed(self) -> bool:
        return self.how != "denied"


class Gate:
    """For the calls of one turn. chat: what was allowed in this conversation."""

    def __init__(self, person: Person, policy: Policy, chat: Permissions) -> None:
        self._person, self._policy, self._chat = person, policy, chat

    def verdict(
        self,
        tool: Tool,
        plan: Plan,
        call: ToolCallPart,
        asking: Callable[[Request], None],
        cancel: CancelToken,
    ) -> Verdict:
        """Blocks while the person is asked, which is told to `asking` first. Raises Cancelled, and
        ToolFailure where there is nobody to ask."""
        if len(plan.scope) > LONGEST_SCOPE:
            plan = replace(plan, choices=("once", "deny"))
        before = self._before(tool, plan)
        if before is not None:
            return Verdict(before)
        request = ConsentRequest(
            call,
            tool.title or tool.name,
            tool.source,
            tool.effect,
            plan.scope,
            plan.lines,
            plan.diff,
            plan.choices,
            plan.grant,
        )
        asking(request)
        decision = self._person.decide(request, cancel)
        if decision.choice == "deny" or decision.choice not in request.choices:
            return Verdict("denied", decision.word)
        permission = Permission(tool.name, plan.scope)
        if decision.choice == "chat":
            self._chat.add(permission)
        elif decision.choice == "always" and plan.grant:
            self._policy.open_folder(plan.grant, write=tool.effect == "writes")
        elif decision.choice == "always":
            self._policy.always.add(permission)
        return Verdict(decision.choice)

    def reply(
        self, request: QuestionRequest, asking: Callable[[Request], None], cancel: CancelToken
    ) -> str:
        """Raises as `verdict` does."""
        asking(request)
        return self._person.reply(request, cancel)

    def _before(self, tool: Tool, plan: Plan) -> How | None:
        """How it was allowed before it was asked for; None when it was not."""
        if tool.effect == "none":
            return ""
        if plan.grant:
            return None
        permission = Permission(tool.name, plan.scope)
        if "chat" in plan.choices and permission in self._chat:
            return "standing"
        if "always" in plan.choices and permission in self._policy.always:
            return "standing"
        own_reading = tool.effect == "reads" and not tool.source
        return "reads" if own_reading and self._policy.reads_allowed() else None


def closed_gate() -> Gate:
    """Lets through what touches nothing."""
    return Gate(Nobody(), StrictPolicy(), Permissions())
