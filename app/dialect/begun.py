"""An answer that was begun and shall go on: the prompt then ends with what there is of it.

What was sampled for it is still in the KV cache, so the begun answer has to be spelled as the model
spelled it: `raw`, when that was kept, else in the form in which the template repeats an answer.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from app.core.messages import MalformedCallPart, Message, ReasoningPart, TextPart
from app.core.prompt import Prompt
from app.dialect._lexer import THINK, THINK_END
from app.dialect.answer import PartsBuilder
from app.dialect.events import Family
from app.dialect.reader import Reader

NOTHING = Message("assistant", ())


@dataclass(frozen=True)
class BegunAnswer:
    """message: what was read of it; its finished calls do not count. raw: as the model wrote it,
    all of it, "" when that is not known. answer_now: the thinking ends here, whether it is open or
    has not begun; nothing changes once it is over."""

    message: Message = NOTHING
    raw: str = ""
    answer_now: bool = False


@dataclass(frozen=True)
class Continuation:
    """prompt: for the engine; it ends with the begun answer. begun: that answer alone, which a
    `Reader(family, tools, prompt.opens_thinking)` has to be fed before what the model adds."""

    prompt: Prompt
    begun: str


class Form(NamedTuple):
    """What the model writes before its thinking and between the thinking and the answer."""

    opening: str
    closing: str


class Piece(NamedTuple):
    """A part of the begun answer. of: the template; the model itself, whose tags are tags; or a
    text in which a tag is but talk about the tag."""

    text: str
    of: Literal["template", "model", "text"]


Repeat = Callable[[str, str], str]
"""The prompt for the conversation and one more answer, of that reasoning and that content."""


def pieces(
    begun: BegunAnswer, base: Prompt, repeat: Repeat, form_of: Callable[[], Form], family: Family
) -> list[Piece]:
    """The begun answer as it follows `base`, the prompt that asks for it. form_of: the form of the
    thinking, where it is wanted."""
    if begun.raw:
        return _of_raw(begun, base, form_of, family)
    reasoning = [part for part in begun.message.parts if isinstance(part, ReasoningPart)]
    said = _said(begun.message)
    answer_now = begun.answer_now and not base.text.rstrip().endswith(THINK_END)
    if not reasoning and not answer_now:
        opening = content_opening(base, repeat) if said else ""
        if opening is not None:
            return [Piece(opening, "template"), *said]
    form = form_of()
    over = answer_now or bool(said) or (bool(reasoning) and reasoning[-1].finished)
    return [
        Piece(form.opening, "template"),
        *(Piece(part.text, "text") for part in reasoning),
        *([Piece(form.closing, "template")] if over else []),
        *said,
    ]


def thinking_form(base: Prompt, repeat: Repeat) -> Form:
    """How thinking is written after the prompt `base`. Templates that never repeat any get the form
    that all known models share."""
    reasoning, content = _marker(), _marker()
    before, _, rest = repeat(reasoning, content).partition(reasoning)
    closing, answered, _ = rest.partition(content)
    if answered and THINK_END in closing:
        opening = _after(base, before)
        if opening is not None:
            return Form(opening, closing)
    return Form("" if base.opens_thinking else f"{THINK}\n", f"\n{THINK_END}\n\n")


def content_opening(base: Prompt, repeat: Repeat) -> str | None:
    """What the model writes before an answer without thinking; None when it has to end the thinking
    that `base` opens."""
    content = _marker()
    before, answered, _ = repeat("", content).partition(content)
    opening = _after(base, before) if answered else None
    return opening if opening is not None or base.opens_thinking else ""


def has_thinking_tags(raw: str) -> bool:
    return THINK in raw or THINK_END in raw


def is_thinking(raw: str, family: Family, opens_thinking: bool) -> bool:
    """Whether the thinking of a begun answer has still to end, or to begin."""
    reader, builder = Reader(family, (), opens_thinking), PartsBuilder()
    builder.add_all((*reader.feed(raw), *reader.finish(complete=False)))
    parts = builder.parts()
    if not parts:
        return THINK_END not in raw
    last = parts[-1]
    return isinstance(last, ReasoningPart) and not last.finished


def _of_raw(
    begun: BegunAnswer, base: Prompt, form_of: Callable[[], Form], family: Family
) -> list[Piece]:
    raw = begun.raw
    if not begun.answer_now or not is_thinking(raw, family, base.opens_thinking):
        return [Piece(raw, "model")]
    form = form_of()
    if THINK.startswith(raw.strip()):  # nothing was thought yet
        return [Piece(form.opening + form.closing, "template")]
    return [Piece(_without_half_end(raw), "model"), Piece(form.closing, "template")]


def _without_half_end(raw: str) -> str:
    """The model was about to end its thinking itself."""
    for size in range(len(THINK_END) - 1, 1, -1):
        if raw.endswith(THINK_END[:size]):
            return raw[:-size]
    return raw


def _said(message: Message) -> list[Piece]:
    return [
        Piece(part.text, "model" if isinstance(part, MalformedCallPart) else "text")
        for part in message.parts
        if isinstance(part, TextPart | MalformedCallPart) and part.text
    ]


def _after(base: Prompt, before: str) -> str | None:
    """What `before` adds to the prompt `base`, whose last blank space it may lack."""
    if before.startswith(base.text):
        return before[len(base.text) :]
    return "" if before and before == base.text.rstrip() else None


def _marker() -> str:
    return f"begun-{secrets.token_hex(16)}"
