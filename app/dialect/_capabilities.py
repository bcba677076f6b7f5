"""What a template can do, found by rendering it with and without."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from app.core.errors import KnownError
from app.core.json import JsonObject
from app.core.language import mark
from app.core.prompt import Prompt
from app.dialect._lexer import CALL, KEY, THINK, THINK_END
from app.dialect.events import Family

_TAGS: Final = (THINK, THINK_END)
_SYSTEM: Final = "Probe system text"
_REASONING: Final = "Probe reasoning"
_RESULT: Final = "Probe result"
_TOOL: Final = "probe_tool_name"

_QUESTION: Final[JsonObject] = {"role": "user", "content": "Probe question"}
_ANSWER: Final[JsonObject] = {
    "role": "assistant",
    "content": "Probe answer",
    "reasoning_content": _REASONING,
}
_CALL: Final[JsonObject] = {
    "role": "assistant",
    "content": "",
    "reasoning_content": _REASONING,
    "tool_calls": [
        {
            "id": "probe0001",
            "type": "function",
            "function": {"name": _TOOL, "arguments": {"probe": "value"}},
        }
    ],
}
_RESPONSE: Final[JsonObject] = {
    "role": "tool",
    "tool_call_id": "probe0001",
    "name": _TOOL,
    "content": _RESULT,
}
_SPEC: Final[JsonObject] = {
    "type": "function",
    "function": {
        "name": _TOOL,
        "description": "A probe",
        "parameters": {
            "type": "object",
            "properties": {"probe": {"type": "string", "description": "A probe"}},
            "required": ["probe"],
        },
    },
}


@dataclass(frozen=True)
class Capability:
    """reason: why not, one sentence for a person; "" when supported."""

    supported: bool
    reason: str = ""


@dataclass(frozen=True)
class Capabilities:
    """thinking: the template speaks of thinking at all. thinking_switch: it can be turned off.
    keep_reasoning: reasoning of earlier turns can stay in the prompt. answer_now: the thinking of
    an answer can be ended from outside.
    family: how a reader has to read this model's answers.
    """

    thinking: Capability
    thinking_switch: Capability
    tools: Capability
    system_prompt: Capability
    keep_reasoning: Capability
    answer_now: Capability
    family: Family


class TemplateLimitError(KnownError):
    """The template asked for more time or memory than it may have."""


class Renderer(Protocol):
    def render_openai(
        self,
        messages: Sequence[JsonObject],
        tools: Sequence[JsonObject] = (),
        *,
        thinking: bool = True,
        keep_reasoning: bool = False,
    ) -> Prompt: ...


class _Prober:
    """Renders until the template shows that it does not even keep its limits."""

    def __init__(self, template: Renderer) -> None:
        self._template = template
        self._stopped = False
        self.reason = ""

    def text(self, *messages: JsonObject, **options: Any) -> str | None:  # noqa: ANN401
        if self._stopped:
            return None
        try:
            return self._template.render_openai(list(messages), **options).text
        except KnownError as error:
            self._stopped = isinstance(error, TemplateLimitError)
            self.reason = f"{error.what} {error.why}".strip()
            return None


def probe(template: Renderer) -> Capabilities:
    """Never raises for what the template does."""
    prober = _Prober(template)
    on = prober.text(_QUESTION)
    if on is None:
        nothing = Capability(False, prober.reason)
        return Capabilities(nothing, nothing, nothing, nothing, nothing, nothing, "plain")
    off = prober.text(_QUESTION, thinking=False)
    history = prober.text(_QUESTION, _CALL, _RESPONSE, tools=[_SPEC])
    offered = prober.text(_QUESTION, tools=[_SPEC])
    system = prober.text({"role": "system", "content": _SYSTEM}, _QUESTION)
    earlier = prober.text(_QUESTION, _ANSWER, _QUESTION)
    kept = prober.text(_QUESTION, _ANSWER, _QUESTION, keep_reasoning=True)

    family = _family(history or "", offered or "")
    switch = off is not None and off != on
    speaks = any(
        word in text
        for text in (on, off, history, earlier)
        if text
        for word in (THINK, THINK_END, _REASONING)
    )
    return Capabilities(
        thinking=_capability(
            switch or speaks, mark("This model's chat template knows nothing of thinking.")
        ),
        thinking_switch=_capability(
            switch,
            mark("This model always thinks: its chat template has no switch.")
            if speaks
            else mark("This model's chat template knows nothing of thinking."),
        ),
        tools=_tools(offered, history, family),
        system_prompt=_capability(
            _SYSTEM in (system or ""), mark("This model's chat template takes no system prompt.")
        ),
        keep_reasoning=_capability(
            kept is not None and kept != earlier and _REASONING in kept,
            mark("This model's chat template does not let the reasoning of earlier turns stay."),
        ),
        answer_now=_capability(
            any(word in text for text in (on, off, history, earlier) if text for word in _TAGS),
            mark("This model's thinking has no end that the program knows."),
        ),
        family=family,
    )


def _capability(supported: bool, reason: str) -> Capability:
    return Capability(supported, "" if supported else reason)


def _tools(offered: str | None, history: str | None, family: Family) -> Capability:
    if _TOOL not in (offered or ""):
        return Capability(False, mark("This model's chat template offers no tools."))
    if _RESULT not in (history or ""):
        return Capability(False, mark("This model's chat template takes no tool results."))
    if family == "plain":
        return Capability(False, mark("The way in which this model calls tools is not supported."))
    return Capability(True)


def _family(history: str, offered: str) -> Family:
    if KEY in history or KEY in offered:
        return "glm"
    if re.search(re.escape(CALL) + r"\s*\{", history):
        return "json"
    return "plain"
