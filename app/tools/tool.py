"""What a tool is, and what it may touch."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, Protocol

from app.core.cancel import CancelToken
from app.core.json import JsonObject
from app.core.messages import ToolSpec

Choice = Literal["once", "chat", "always", "deny"]
ALL_CHOICES: tuple[Choice, ...] = ("once", "chat", "always", "deny")
"""once: this call. chat: this tool and scope in this chat. always: in every chat."""
Effect = Literal["none", "reads", "writes", "network", "runs code", "asks"]
"""none: nothing outside the program, so nobody is asked. reads: files and the like on this machine.
writes: changes something. network: fetches something and changes nothing there. runs code: a
program, or a server of which nothing is known. asks: puts a question to the person."""

SIDE_BY_SIDE: frozenset[Effect] = frozenset({"none", "reads", "network"})
_LONGEST_ARGUMENT = 50_000


class ToolFailure(Exception):  # noqa: N818 - an ordinary answer of a tool, told to the model
    """The tool cannot do what was asked; the message is for the model and for the person."""


@dataclass(frozen=True)
class Question:
    """What a tool with the effect "asks" puts to the person; the answer is its result. choices:
    answers to pick from, besides one in the person's own words."""

    text: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """A call that was understood and has not been run.

    scope: what exactly it touches (a host, a folder, a server's name), so that "always" can be
    limited to it; "" when there is nothing to tell apart. lines: what it will do, for the person.
    diff: a unified diff of what it would write. choices: what the person may answer. grant: a
    folder that is not open to tools yet and that "always" would open, "" where there is none; then
    no permission given before counts. question: for a tool with the effect "asks", in place of run.
    """

    run: Callable[[CancelToken], str]
    scope: str = ""
    lines: tuple[str, ...] = ()
    diff: str = ""
    choices: tuple[Choice, ...] = ALL_CHOICES
    grant: str = ""
    question: Question | None = None


def _no_scope(_arguments: JsonObject) -> str:
    return ""


def argument_lines(arguments: JsonObject) -> tuple[str, ...]:
    """`name: value`, one line each; what tools say of a call that have no better words."""
    return tuple(f"{name}: {_written(value)}" for name, value in arguments.items())


def _written(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_ARGUMENT else f"{text[:_LONGEST_ARGUMENT]}…"


def _available() -> str:
    return ""


@dataclass(frozen=True)
class Tool:
    """run gets arguments that fit the schema and returns plain text.

    It is called on a thread of its own, should look at the token when it takes long, and raises
    ToolFailure (or KnownError) with a readable sentence when it cannot answer.

    scope, describe: as in Plan, from the arguments alone. plan: instead of these for tools whose
    question needs a look at the world (a diff); called as run is, before anybody is asked, and must
    not change anything. Arguments come from the model: none of them is to be believed.
    unavailable: why the tool cannot be offered now, "" when it can; any thread, at once.
    title: what people call it. source: the server it comes from, "" for the program's own.
    timeout_seconds: None for the runner's own.
    """

    spec: ToolSpec
    run: Callable[[JsonObject, CancelToken], str]
    effect: Effect = "none"
    scope: Callable[[JsonObject], str] = _no_scope
    describe: Callable[[JsonObject], tuple[str, ...]] = argument_lines
    plan: Callable[[JsonObject, CancelToken], Plan] | None = None
    unavailable: Callable[[], str] = _available
    title: str = ""
    source: str = field(default="", kw_only=True)
    timeout_seconds: float | None = field(default=None, kw_only=True)

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def foreign(self) -> bool:
        """Its results come from outside and are marked so in the prompt."""
        return self.effect not in ("none", "asks")

    def planned(self, arguments: JsonObject, cancel: CancelToken) -> Plan:
        """Raises ToolFailure, KnownError."""
        if self.plan is not None:
            return self.plan(arguments, cancel)
        run = partial(self.run, arguments)
        return Plan(run, self.scope(arguments), self.describe(arguments))


def planning_tool(
    spec: ToolSpec,
    effect: Effect,
    plan: Callable[[JsonObject, CancelToken], Plan],
    *,
    title: str = "",
    unavailable: Callable[[], str] = _available,
) -> Tool:
    """A tool that is its plan."""

    def run(arguments: JsonObject, cancel: CancelToken) -> str:
        return plan(arguments, cancel).run(cancel)

    return Tool(spec, run, effect, plan=plan, title=title, unavailable=unavailable)


class ToolSource(Protocol):
    """Tools that come and go, such as those of a server."""

    def tools(self) -> Sequence[Tool]:
        """What there is now. Any thread; returns at once."""

    def prepare(self, cancel: CancelToken) -> None:
        """Called on the turn's thread before the first prompt of a turn with tools, so that a
        server can be started. Blocks no longer than it must; raises nothing but Cancelled."""
