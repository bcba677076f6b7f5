"""Conversations and how they are written for the model, piece by piece, with loss weights."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from jinja2.sandbox import ImmutableSandboxedEnvironment

NO_THINK = "/nothink"
TEMPLATE = Path(__file__).parent.parent / "templates" / "GLM-4.6.jinja"
QUESTION_WEIGHT = 0.1


@dataclass(frozen=True)
class Call:
    name: str
    arguments: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """What the model says before it hands over: an answer, or calls and what came back."""

    think: str
    answer: str = ""
    calls: tuple[Call, ...] = ()
    results: tuple[str, ...] = ()


@dataclass(frozen=True)
class Turn:
    kind: str
    user: str
    steps: tuple[Step, ...]
    language: str = "en"
    key: str = ""
    noisy: bool = False

    @property
    def answer(self) -> str:
        return self.steps[-1].answer

    @property
    def typed_no_think(self) -> bool:
        return self.user.endswith(NO_THINK)


@dataclass(frozen=True)
class Conversation:
    turns: tuple[Turn, ...]
    thinking: bool = True
    tools: tuple[dict[str, Any], ...] = ()
    system: str = ""


class Piece(NamedTuple):
    text: str
    weight: float
    noisy: bool = False


_TOOLS_BEFORE = """<|system|>
# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
"""
_TOOLS_AFTER = """</tools>

For each function call, output the function name and arguments within the following XML format:
<tool_call>{function-name}
<arg_key>{arg-key-1}</arg_key>
<arg_value>{arg-value-1}</arg_value>
<arg_key>{arg-key-2}</arg_key>
<arg_value>{arg-value-2}</arg_value>
...
</tool_call>"""


def write_step(step: Step, thinking: bool) -> str:
    """The raw output for one step, from behind `<|assistant|>` to before the stop token."""
    parts = [f"\n<think>{step.think if thinking else ''}</think>"]
    if step.answer:
        parts.append("\n" + step.answer)
    for call in step.calls:
        arguments = "".join(
            f"<arg_key>{key}</arg_key>\n<arg_value>{value}</arg_value>\n"
            for key, value in call.arguments.items()
        )
        parts.append(f"\n<tool_call>{call.name}\n{arguments}</tool_call>")
    return "".join(parts)


def pieces(conversation: Conversation) -> list[Piece]:
    """The whole conversation as the model sees it. Prompt parts weigh little or nothing."""
    result = [Piece("[gMASK]<sop>", 0.0)]
    if conversation.tools:
        listed = "".join(json.dumps(tool, ensure_ascii=False) + "\n" for tool in conversation.tools)
        result.append(Piece(_TOOLS_BEFORE + listed + _TOOLS_AFTER, 0.0))
    if conversation.system:
        result.append(Piece(f"<|system|>\n{conversation.system}", 0.0))
    follower = ""
    for index, turn in enumerate(conversation.turns):
        if follower != "<|user|>":
            result.append(Piece("<|user|>", 0.0))
        text = turn.user
        if not conversation.thinking and not turn.typed_no_think:
            text += NO_THINK
        result.append(Piece("\n" + text, 0.0 if turn.noisy else QUESTION_WEIGHT, turn.noisy))
        last = index == len(conversation.turns) - 1
        follower = ""
        for step in turn.steps:
            result.extend(_step_pieces(step, turn, conversation.thinking, last))
            follower = "<|observation|>" if step.calls else "<|user|>"
            result.append(Piece(follower, 1.0))
            result.extend(
                Piece(f"\n<tool_response>\n{response}\n</tool_response>", 0.0)
                for response in step.results
            )
    return result


def _step_pieces(step: Step, turn: Turn, thinking: bool, last: bool) -> list[Piece]:
    aloud = thinking and last and not turn.typed_no_think
    raw = write_step(step, aloud)
    if aloud or not thinking or turn.typed_no_think:
        return [Piece("<|assistant|>", 0.0), Piece(raw, 1.0)]
    # A thought of an earlier turn was taken out of the prompt: never learn to skip it.
    opening = "\n<think></think>"
    return [Piece("<|assistant|>" + opening, 0.0), Piece(raw[len(opening) :], 1.0)]


def messages(conversation: Conversation, until: tuple[int, int] | None = None) -> list[Any]:
    """As chat messages; `until` (turn, step) leaves out everything from that step on."""
    result: list[Any] = []
    if conversation.system:
        result.append({"role": "system", "content": conversation.system})
    for turn_index, turn in enumerate(conversation.turns):
        result.append({"role": "user", "content": turn.user})
        last = turn_index == len(conversation.turns) - 1
        for step_index, step in enumerate(turn.steps):
            if until == (turn_index, step_index):
                return result
            aloud = conversation.thinking and not turn.typed_no_think and last
            message: dict[str, Any] = {"role": "assistant", "content": step.answer}
            message["reasoning_content"] = step.think if aloud else ""
            if step.calls:
                message["tool_calls"] = [
                    {"type": "function", "function": {"name": c.name, "arguments": c.arguments}}
                    for c in step.calls
                ]
            result.append(message)
            result.extend({"role": "tool", "content": text} for text in step.results)
    return result


class Template:
    """GLM-4.6's own chat template, set up as transformers sets it up."""

    def __init__(self, path: Path = TEMPLATE) -> None:
        self.source = path.read_text(encoding="utf-8")
        environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
        environment.filters["tojson"] = _to_json
        self._template = environment.from_string(self.source)

    def render(
        self,
        history: list[Any],
        tools: tuple[dict[str, Any], ...] = (),
        thinking: bool = True,
        generate: bool = True,
    ) -> str:
        return self._template.render(
            messages=history,
            tools=list(tools) or None,
            enable_thinking=thinking,
            add_generation_prompt=generate,
        )


def _to_json(value: object, ensure_ascii: bool = False) -> str:
    return json.dumps(value, ensure_ascii=ensure_ascii)


def check_against_template(template: Template, conversation: Conversation) -> None:
    """Raises when what is trained on is not exactly what the program will send."""
    written = "".join(piece.text for piece in pieces(conversation)).removesuffix("<|user|>")
    expected = template.render(
        messages(conversation), conversation.tools, conversation.thinking, generate=False
    )
    if written != expected:
        raise AssertionError(f"not as the template writes it:\n{written!r}\n{expected!r}")
