"""A summary by the model of the oldest messages, to be sent in their place."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from app.chat.context.breakdown import PromptMeter
from app.chat.context.omission import Omission, omission, sent
from app.chat.context.policy import cuts
from app.chat.round import Engine
from app.chat.turn import TurnOptions, TurnRunner
from app.core.cancel import CancelToken
from app.core.errors import Cancelled, KnownError
from app.core.language import tr
from app.core.messages import Message, user
from app.core.units import count
from app.dialect.events import TextDelta
from app.dialect.reader import Reader
from app.engine.protocol import Finished, PromptProgress, TextChunk

_LONGEST_TOKENS = 1024
_SHARE = 8
_WORDS_PER_TOKEN = 0.5

Emit = Callable[[PromptProgress | TextDelta], None]


@dataclass(frozen=True)
class Summary:
    """omission: what is sent from then on. cut_off: it reached its longest allowed length."""

    omission: Omission
    cut_off: bool = False


class Summarizer:
    """Blocks; for worker threads. Holds nothing between calls."""

    def __init__(self, engine: Engine, runner: TurnRunner, meter: PromptMeter) -> None:
        self._engine = engine
        self._runner = runner
        self._meter = meter

    @property
    def longest_tokens(self) -> int:
        return longest_summary(self._meter.context_tokens)

    def summarize(
        self,
        messages: Sequence[Message],
        upto: int,
        before: Omission | None,
        options: TurnOptions,
        emit: Emit,
        cancel: CancelToken,
    ) -> Summary:
        """Of the first `upto` messages, in several steps when they do not fit at once. before: the
        summary that there is already, which goes into the new one.

        The prompts begin like those of the conversation, so that little of it is read again. emit
        gets the text of each step. Raises KnownError, Cancelled.
        """
        done = None
        if before is not None and before.summary and before.summarized < upto:
            done = replace(before, messages=before.summarized)
        while True:
            step = self._step(messages, upto, done, options)
            asked = (*sent(messages[:step], done), self._request())
            text, cut_off = self._write(asked, options, emit, cancel)
            done = omission(messages, step, text, step)
            if step == upto:
                return Summary(done, cut_off)

    def _step(
        self, messages: Sequence[Message], upto: int, done: Omission | None, options: TurnOptions
    ) -> int:
        """How far one summary can reach."""
        start = done.messages if done is not None else 0
        most = self._meter.context_tokens - self.longest_tokens
        possible = [cut for cut in cuts(messages) if start < cut < upto] + [upto]
        for cut in reversed(possible):
            asked = (*sent(messages[:cut], done), self._request())
            if self._meter.tokens(asked, options) <= most:
                return cut
        raise KnownError(
            tr("These messages are too long to be summarized."),
            tr(
                "One of them alone takes more than the {most} tokens that there are for it.",
                most=count(most),
            ),
            tr("Leave the oldest messages out, or load the model with a larger context."),
        )

    def _request(self) -> Message:
        words = round(self.longest_tokens * _WORDS_PER_TOKEN, -1) or 10
        return user(
            "Summarize our conversation so far. The summary will stand in place of the messages, "
            "so keep what later questions may need: names, numbers, decisions, results, code that "
            "is still in use, and what is open. Write it in the language of the conversation, in "
            f"at most {words:.0f} words, and write nothing but the summary."
        )

    def _write(
        self,
        history: Sequence[Message],
        options: TurnOptions,
        emit: Emit,
        cancel: CancelToken,
    ) -> tuple[str, bool]:
        sampling = replace(options.sampling, max_tokens=self.longest_tokens, stop=())
        asked = self._runner.spelled(history, options, answer_now=True)
        reader = self._runner.new_reader(asked.prompt, options)
        reader.feed(asked.begun)
        written: list[str] = []
        finished: Finished | None = None
        for event in self._engine.generate(asked.prompt, sampling, cancel):
            if isinstance(event, Finished):
                finished = event
            elif isinstance(event, PromptProgress):
                emit(event)
            else:
                _take(event, reader, written, emit)
        if finished is None or finished.reason == "cancelled":
            raise Cancelled
        for late in reader.finish(finished.reason in ("end", "stop_string")):
            if isinstance(late, TextDelta):
                written.append(late.text)
                emit(late)
        text = "".join(written).strip()
        if not text:
            raise KnownError(
                tr("The model wrote no summary."),
                next_step=tr("Try again, or leave the oldest messages out without one."),
            )
        return text, finished.reason != "end"


def longest_summary(context_tokens: int) -> int:
    """In tokens."""
    return max(1, min(_LONGEST_TOKENS, context_tokens // _SHARE))


def _take(event: TextChunk, reader: Reader, written: list[str], emit: Emit) -> None:
    for found in reader.feed(event.text):
        if isinstance(found, TextDelta):
            written.append(found.text)
            emit(found)
