"""What takes how much room in the next prompt."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from app.chat.context.counting import TokenCounter, Tokens
from app.chat.context.omission import SUMMARY_TYPE
from app.chat.context.policy import least_answer
from app.chat.turn import TurnOptions
from app.core.messages import AttachmentPart, Message, Part, ToolSpec, user
from app.core.prompt import Prompt

Count = Callable[[Prompt], Tokens]
_PLAIN = TurnOptions()


class Renderer(Protocol):
    """What the turn runner knows of its prompts."""

    def offered(self, options: TurnOptions) -> tuple[ToolSpec, ...]: ...

    def prompt(self, history: Sequence[Message], options: TurnOptions) -> Prompt:
        """Of a turn whose history ends with the question. Raises KnownError."""


@dataclass(frozen=True)
class Breakdown:
    """Tokens of the next prompt. form: what the model's template writes around a question. history:
    earlier messages without their attachments. attachments: of all that is sent, `summary` apart;
    attached: those of the question among them.
    begun: what follows the question already. least_answer: with less room there is no use in
    asking. exact False: estimated.
    """

    context: int
    least_answer: int
    form: int = 0
    system: int = 0
    tools: int = 0
    summary: int = 0
    history: int = 0
    attachments: int = 0
    attached: int = 0
    question: int = 0
    begun: int = 0
    exact: bool = True

    @property
    def used(self) -> int:
        parts = (self.form, self.system, self.tools, self.summary, self.history)
        return sum(parts) + self.attachments + self.question + self.begun

    @property
    def room(self) -> int:
        """For the answer, thinking included."""
        return max(0, self.context - self.used)

    @property
    def fits(self) -> bool:
        return self.used + self.least_answer <= self.context


@dataclass(frozen=True)
class _Rest:
    """A breakdown without the question, and the prompt that it is one of."""

    history: tuple[Message, ...]
    options: TurnOptions
    specs: tuple[ToolSpec, ...]
    form: Tokens
    system: Tokens
    tools: Tokens
    summary: Tokens
    attachments: Tokens
    whole: Tokens


@dataclass(frozen=True)
class _Prompts:
    """What a breakdown without the question is counted from."""

    history: tuple[Message, ...]
    options: TurnOptions
    specs: tuple[ToolSpec, ...]
    plain: Prompt
    with_tools: Prompt
    whole: Prompt


class PromptMeter:
    """Measures prompts of one loaded model; thread-safe."""

    def __init__(self, renderer: Renderer, counter: TokenCounter, context_tokens: int) -> None:
        self._renderer = renderer
        self.counter = counter
        self.context_tokens = context_tokens
        self._rest: _Rest | None = None
        self._spelling = threading.Lock()
        self._prompts: _Prompts | None = None

    def tokens(self, history: Sequence[Message], options: TurnOptions) -> int:
        """Of the whole prompt; history ends with the question. Blocks; raises KnownError."""
        return self.counter.count(self._renderer.prompt(history, options))

    def breakdown(
        self,
        history: Sequence[Message],
        question: Message,
        options: TurnOptions,
        *,
        ask: bool = True,
    ) -> Breakdown:
        """history: what is sent before the question. ask False: the tokenizer is busy, so nothing
        waits for it and what is not known is estimated. Raises KnownError."""
        count: Count = self._exactly if ask else self.counter.estimate
        rest = self._rest_of(tuple(history), options, count)
        summary = self._cost((question,), _is_summary, count)
        attached = self._cost((question,), _is_attachment, count)
        asked = _less(self._alone(_without_attachments(question), count), rest.form)
        before = (rest.form, rest.system, rest.tools, rest.summary, rest.attachments)
        return Breakdown(
            context=self.context_tokens,
            least_answer=least_answer(
                self.context_tokens,
                thinking=options.thinking,
                max_tokens=options.sampling.max_tokens,
            ),
            form=rest.form.number,
            system=rest.system.number,
            tools=rest.tools.number,
            summary=rest.summary.number + summary.number,
            history=_less(rest.whole, *before).number,
            attachments=rest.attachments.number + attached.number,
            attached=attached.number,
            question=asked.number,
            exact=all(part.exact for part in (*before, rest.whole, summary, attached, asked)),
        )

    def _rest_of(self, history: tuple[Message, ...], options: TurnOptions, count: Count) -> _Rest:
        specs, known = self._renderer.offered(options), self._rest
        if known is None or not _is_of(known, history, options, specs):
            known = self._measure(history, options, specs, count)
            if known.whole.exact:  # an estimate is made anew, and takes the place of nothing
                self._rest, self._prompts = known, None
        return known

    def _measure(
        self,
        history: tuple[Message, ...],
        options: TurnOptions,
        specs: tuple[ToolSpec, ...],
        count: Count,
    ) -> _Rest:
        prompts = self._spelled(history, options, specs)
        form = self._alone(user(""), count)
        plain = count(prompts.plain)
        return _Rest(
            history,
            options,
            specs,
            form,
            system=_less(plain, form),
            tools=_less(count(prompts.with_tools), plain),
            summary=self._cost(history, _is_summary, count),
            attachments=self._cost(history, _is_attachment, count),
            whole=count(prompts.whole),
        )

    def _spelled(
        self, history: tuple[Message, ...], options: TurnOptions, specs: tuple[ToolSpec, ...]
    ) -> _Prompts:
        """A long history takes its time, and is asked for twice at once: to be estimated, and to be
        counted."""
        with self._spelling:
            known = self._prompts
            if known is None or not _is_of(known, history, options, specs):
                prompt, nothing = self._renderer.prompt, user("")
                known = self._prompts = _Prompts(
                    history,
                    options,
                    specs,
                    plain=prompt((nothing,), replace(options, tools_enabled=False)),
                    with_tools=prompt((nothing,), options),
                    whole=prompt((*history, nothing), options),
                )
            return known

    def _cost(
        self, messages: Sequence[Message], chosen: Callable[[Part], bool], count: Count
    ) -> Tokens:
        """Of the chosen parts."""
        number, exact = 0, True
        for message in messages:
            kept = tuple(part for part in message.parts if not chosen(part))
            if len(kept) < len(message.parts):
                whole = self._alone(message, count)
                cost = _less(whole, self._alone(replace(message, parts=kept), count))
                number, exact = number + cost.number, exact and cost.exact
        return Tokens(number, exact)

    def _alone(self, message: Message, count: Count) -> Tokens:
        return count(self._renderer.prompt((message,), _PLAIN))

    def _exactly(self, prompt: Prompt) -> Tokens:
        return Tokens(self.counter.count(prompt))


def _is_of(
    known: _Rest | _Prompts,
    history: tuple[Message, ...],
    options: TurnOptions,
    specs: tuple[ToolSpec, ...],
) -> bool:
    return (
        known.specs == specs
        and replace(known.options, sampling=options.sampling) == options
        and known.history == history
    )


def _is_summary(part: Part) -> bool:
    return isinstance(part, AttachmentPart) and part.media_type == SUMMARY_TYPE


def _is_attachment(part: Part) -> bool:
    return isinstance(part, AttachmentPart) and part.media_type != SUMMARY_TYPE


def _without_attachments(message: Message) -> Message:
    kept = tuple(part for part in message.parts if not isinstance(part, AttachmentPart))
    return replace(message, parts=kept)


def _less(whole: Tokens, *parts: Tokens) -> Tokens:
    number = whole.number - sum(part.number for part in parts)
    return Tokens(max(0, number), all(part.exact for part in (whole, *parts)))
