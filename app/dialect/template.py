"""How a conversation is written for a model: its own chat template, rendered safely."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import TypedDict

from jinja2.exceptions import SecurityError, TemplateError, TemplateSyntaxError, UndefinedError

from app.core.errors import KnownError
from app.core.json import JsonObject, JsonValue
from app.core.language import tr
from app.core.messages import Message, ReasoningPart, TextPart, ToolSpec
from app.core.prompt import Prompt
from app.dialect._capabilities import Capabilities, TemplateLimitError, probe
from app.dialect._lexer import TAGS, TURN_ENDS
from app.dialect._meter import MAX_SECONDS, TooExpensiveError
from app.dialect._neutral import (
    Guard,
    Neutralizer,
    escaped,
    free_sentinel,
    guard_value,
    strings,
    without_candidates,
)
from app.dialect._sandbox import MeteredEnvironment, RefusedByTemplate
from app.dialect.begun import BegunAnswer, Continuation, Piece, Repeat, pieces, thinking_form
from app.dialect.openai_form import QUOTED, from_messages

MAX_SOURCE_CHARS = 64 * 1024  # the longest of seventy known ones has 17,000

# For files without a template of their own: what most models have seen at some time.
FALLBACK_SOURCE = """\
{%- for message in messages %}
{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"""


class _Options(TypedDict):
    thinking: bool
    keep_reasoning: bool


class ChatTemplate:
    """A model's chat template. Rendering is thread-safe and takes about a millisecond.

    is_fallback: the model brought no template, so a plain one is used; people should be told.
    """

    def __init__(
        self,
        source: str | None,
        *,
        special_tokens: Sequence[str] = (),
        bos_text: str = "",
        eos_text: str = "",
        max_seconds: float = MAX_SECONDS,
    ) -> None:
        """special_tokens: the text of every control and user-defined token of the vocabulary.

        Raises KnownError for a template that is too large or is not valid Jinja.
        """
        self.is_fallback = source is None or not source.strip()
        self.source = FALLBACK_SOURCE if source is None or self.is_fallback else source
        self._special_tokens = tuple(special_tokens)
        self._stranger = Neutralizer(special_tokens, keep_switches=False)
        self._typist = Neutralizer(special_tokens, keep_switches=True)
        self._bos_text, self._eos_text = bos_text, eos_text
        self._max_seconds = max_seconds
        self._lock = threading.Lock()
        self._environment = MeteredEnvironment()
        if len(self.source) > MAX_SOURCE_CHARS:
            raise _unusable(f"It is {len(self.source):,} characters long.")
        try:
            tree = self._environment.prepared(self.source)
            self._template = self._environment.from_string(tree)
        except TemplateSyntaxError as error:
            raise _unusable(f"Line {error.lineno}: {error.message}.") from error
        except (TemplateError, RecursionError, MemoryError, SyntaxError, ValueError) as error:
            raise _unusable("It is not a valid Jinja template.", str(error)) from error

    @cached_property
    def capabilities(self) -> Capabilities:
        """What the template can do, found out by rendering it."""
        return probe(self)

    def render(
        self,
        messages: Sequence[Message],
        tools: Sequence[ToolSpec] = (),
        *,
        thinking: bool = True,
        keep_reasoning: bool = False,
        add_generation_prompt: bool = True,
        variables: Mapping[str, JsonValue] | None = None,
    ) -> Prompt:
        """The prompt for the conversation.

        keep_reasoning: keep the reasoning of earlier turns too, where the template can.
        variables: more names for the template, such as reasoning_effort.
        Raises KnownError when the template refuses the conversation or fails.
        """
        return self.render_openai(
            from_messages(messages),
            [tool.as_openai() for tool in tools],
            thinking=thinking,
            keep_reasoning=keep_reasoning,
            add_generation_prompt=add_generation_prompt,
            variables=variables,
        )

    def render_openai(
        self,
        messages: Sequence[JsonObject],
        tools: Sequence[JsonObject] = (),
        *,
        thinking: bool = True,
        keep_reasoning: bool = False,
        add_generation_prompt: bool = True,
        variables: Mapping[str, JsonValue] | None = None,
    ) -> Prompt:
        """As `render`, for messages and tools in the normal form of `openai_form`."""
        texts = [self.source, *strings([*messages, *tools])]
        sentinel = free_sentinel(texts)
        if not sentinel:
            messages = [_cleaned(message) for message in messages]
            tools = [_cleaned(tool) for tool in tools]
            sentinel = free_sentinel([self.source])
        guarded, typed = self._stranger.guard(sentinel), self._typist.guard(sentinel)
        names: dict[str, object] = {
            "messages": [_guarded(item, guarded, typed) for item in messages],
            "tools": [guard_value(tool, guarded) for tool in tools] or None,
            "add_generation_prompt": add_generation_prompt,
            "enable_thinking": thinking,
            "thinking": thinking,
            "bos_token": self._bos_text,
            "eos_token": self._eos_text,
            "raise_exception": _raise_exception,
            "strftime_now": _strftime_now,
        }
        if keep_reasoning:
            names["clear_thinking"] = False
        names |= dict(variables or {})
        input_chars = sum(map(len, texts))
        try:
            text = self._run(names, input_chars)
        except TemplateLimitError:
            raise
        except KnownError:
            if tools:
                raise
            # Some templates (Hermes) loop over the tools without looking whether there are any.
            text = self._run({**names, "tools": []}, input_chars)
        text = text.replace(escaped(sentinel), sentinel)
        segments = tuple(part for part in text.split(sentinel) if part)
        return Prompt(
            segments,
            add_bos=self._needs_bos(segments),
            opens_thinking=text.rstrip().endswith("<think>"),
        )

    def continued(
        self,
        messages: Sequence[Message],
        begun: BegunAnswer,
        tools: Sequence[ToolSpec] = (),
        *,
        thinking: bool = True,
        keep_reasoning: bool = False,
    ) -> Continuation:
        """The prompt with which an answer to the conversation, begun before, goes on.

        Raises KnownError as `render`.
        """

        def asked(thinking: bool) -> tuple[Prompt, Repeat]:
            options: _Options = {"thinking": thinking, "keep_reasoning": keep_reasoning}

            def repeat(reasoning: str, content: str) -> str:
                answer = Message("assistant", (ReasoningPart(reasoning), TextPart(content)))
                repeated = [*messages, answer]
                try:
                    return self.render(repeated, tools, add_generation_prompt=False, **options).text
                except KnownError:  # it takes no conversation that ends with an answer
                    return ""

            return self.render(messages, tools, **options), repeat

        base, repeat = asked(thinking or bool(begun.message.reasoning))
        family = self.capabilities.family
        found = pieces(begun, base, repeat, lambda: thinking_form(*asked(True)), family)
        return Continuation(
            replace(base, segments=self._with(base, found)), "".join(piece.text for piece in found)
        )

    def _with(self, base: Prompt, found: Sequence[Piece]) -> tuple[str, ...]:
        texts = [*base.segments, *(piece.text for piece in found)]
        sentinel = free_sentinel(texts)
        if not sentinel:
            found = [piece._replace(text=without_candidates(piece.text)) for piece in found]
            sentinel = free_sentinel(list(base.segments))
        guards = {"text": self._stranger.guard(sentinel), "model": self._own.guard(sentinel)}
        added = "".join(
            guards[piece.of](piece.text) if piece.of in guards else piece.text for piece in found
        )
        joined = sentinel.join(base.segments) + added
        return tuple(part for part in joined.split(sentinel) if part)

    @cached_property
    def _own(self) -> Neutralizer:
        """For what the model wrote itself: the tags of its own form stay tags."""
        tags = TAGS[self.capabilities.family] - TURN_ENDS
        return Neutralizer(set(self._special_tokens) - tags, keep_switches=False)

    def _needs_bos(self, segments: tuple[str, ...]) -> bool:
        start = segments[0] if segments else ""
        return bool(self._bos_text) and not start.startswith((self._bos_text, "[gMASK]"))

    def _run(self, names: dict[str, object], input_chars: int) -> str:
        pieces: list[str] = []
        try:
            with self._lock, self._environment.metered(input_chars, self._max_seconds) as meter:
                for piece in self._template.generate(names):
                    meter.charge(len(piece))
                    pieces.append(piece)
        except TooExpensiveError as error:
            raise TemplateLimitError(
                tr("The model's chat template was stopped."),
                tr("It asks for too much: {error}.", error=error),
                tr("The file may be damaged or hostile. Try a model from another source."),
            ) from error
        except RefusedByTemplate as error:
            raise KnownError(
                tr("The model's chat template refuses this conversation."),
                error.message or "",
                tr("Try it without tools or without a system prompt, or start a new conversation."),
            ) from error
        except SecurityError as error:
            raise _failed("It does something that is not allowed here.", str(error)) from error
        except UndefinedError as error:
            raise _failed("It uses something that does not exist.", str(error)) from error
        except Exception as error:
            raise _failed(
                "It stopped with an error.", f"{type(error).__name__}: {error}"
            ) from error
        return "".join(pieces)


def _cleaned(value: JsonObject) -> JsonObject:
    cleaned = guard_value(value, without_candidates)
    return cleaned if isinstance(cleaned, dict) else {}


def _guarded(message: JsonObject, stranger: Guard, typist: Guard) -> JsonValue:
    """What came in an attachment is a stranger's, whoever attached it."""
    role, quoted = message.get("role"), message.get(QUOTED)
    guard = typist if role in ("user", "system") else stranger
    rest = {key: item for key, item in message.items() if key not in ("role", QUOTED)}
    value = guard_value(rest, guard)
    if not isinstance(value, dict):
        return value
    if isinstance(quoted, str):
        value["content"] = f"{stranger(quoted)}{value.get('content') or ''}"
    return {"role": role, **value}


def _raise_exception(message: object = "") -> None:
    raise RefusedByTemplate(str(message))


def _strftime_now(format_: str) -> str:
    return datetime.now().astimezone().strftime(format_[:200])


def _unusable(why: str, details: str = "") -> KnownError:
    return KnownError(
        tr("The model's chat template cannot be used."),
        why,
        tr("Try a newer file of this model."),
        details,
    )


def _failed(why: str, details: str) -> KnownError:
    return KnownError(
        tr("The model's chat template failed."),
        why,
        tr("Try it without tools, or a newer file of this model."),
        details,
    )
