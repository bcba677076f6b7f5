"""What can be asked of the loaded model about its context. Blocks: for worker threads."""

from dataclasses import dataclass, replace
from typing import Protocol

from app.chat.context.breakdown import Breakdown, PromptMeter
from app.chat.context.counting import TokenCounter, Tokens
from app.chat.context.omission import Omission, omission, sent
from app.chat.context.policy import Cut, leave_out
from app.chat.context.summary import Emit, Summarizer, Summary
from app.chat.round import Engine
from app.chat.turn import TurnOptions, TurnRunner
from app.core.cancel import CancelToken
from app.core.messages import Message
from app.core.prompt import Prompt
from app.engine.protocol import Counted, ModelInfo


class CountingEngine(Engine, Protocol):
    def counted(self, prompt: Prompt) -> Counted: ...


@dataclass(frozen=True)
class Asked:
    """A question that is about to be put. messages: the conversation before it, all of it.
    left_out: what of it is not sent. after: what was said to the question already, when an answer
    was cut."""

    messages: tuple[Message, ...]
    question: Message
    options: TurnOptions
    left_out: Omission | None = None
    after: tuple[Message, ...] = ()

    @property
    def sent(self) -> tuple[Message, ...]:
        """With the question."""
        return sent((*self.messages, self.question), self.left_out)


class ModelContext:
    """For one loaded model; thread-safe. All methods raise KnownError."""

    def __init__(self, engine: CountingEngine, runner: TurnRunner, model: ModelInfo) -> None:
        def counted(prompt: Prompt) -> tuple[int, tuple[int, ...]]:
            found = engine.counted(prompt)
            return found.tokens, found.by_segment

        self.counter = TokenCounter(counted, model.special_tokens)
        self._runner = runner
        self._meter = PromptMeter(runner, self.counter, model.context_tokens)
        self._summarizer = Summarizer(engine, runner, self._meter)

    def breakdown(self, asked: Asked, *, ask: bool = True) -> Breakdown:
        """ask False: at once, estimated where it has to be."""
        *history, question = asked.sent
        found = self._meter.breakdown(history, question, asked.options, ask=ask)
        if not asked.after:
            return found
        whole = self._runner.prompt((*asked.sent, *asked.after), asked.options)
        tokens = Tokens(self.counter.count(whole)) if ask else self.counter.estimate(whole)
        begun = max(0, tokens.number - found.used)
        return replace(found, begun=begun, exact=found.exact and tokens.exact)

    def leaving_out(self, asked: Asked, breakdown: Breakdown) -> Cut | None:
        """The oldest turns that have to go so that it fits; None: it does not fit even alone."""
        already, whole = asked.left_out, (*asked.messages, asked.question, *asked.after)

        def tokens(cut: int) -> int:
            return self._meter.tokens(sent(whole, left_out_more(asked, cut)), asked.options)

        return leave_out(
            asked.messages,
            tokens,
            breakdown.context,
            breakdown.least_answer,
            already.messages if already is not None else 0,
        )

    def summarize(self, asked: Asked, upto: int, emit: Emit, cancel: CancelToken) -> Summary:
        """Of the first `upto` messages."""
        return self._summarizer.summarize(
            asked.messages, upto, asked.left_out, asked.options, emit, cancel
        )


def left_out_more(asked: Asked, cut: int) -> Omission | None:
    """The first `cut` messages are left out; a summary that there is stays."""
    before = asked.left_out
    if before is None:
        return omission(asked.messages, cut) if cut else None
    return omission(asked.messages, cut, before.summary, before.summarized)
