"""How full the context is going to be: measured in the background, the latest wish first. No Qt."""

from collections.abc import Callable
from dataclasses import replace

from app.chat.context.breakdown import Breakdown
from app.chat.context.model import Asked
from app.chat.context.policy import least_answer
from app.core.cancel import CancelToken
from app.core.messages import AttachmentPart, Message
from app.core.tasks import Task, TaskRunner
from app.ui.chat.context.ports import ContextBackend

# What quoting adds to an attachment, at most, and what a template writes around a message.
_QUOTE_BYTES = 600
_FORM_BYTES = 64
# Before anything was measured: the built-in tools, and how few bytes make a token.
_TOOLS_TOKENS = 800
_FEW_BYTES_PER_TOKEN = 2.5

Done = Callable[[Breakdown], None]


class Measuring:
    """All methods belong on the GUI thread and return at once. One measurement at a time: the
    tokenizer is the engine's, and answers after what the engine is at."""

    def __init__(
        self, backend: ContextBackend, tasks: TaskRunner, changed: Callable[[], None]
    ) -> None:
        self._backend = backend
        self._tasks = tasks
        self._changed = changed
        self._task: Task | None = None
        self._wanted: tuple[Asked, Done, Callable[[], None]] | None = None
        self._first: tuple[Asked, Done, Callable[[], None]] | None = None
        self._estimated: Task | None = None
        self._measured: tuple[Asked, Breakdown] | None = None
        self.breakdown: Breakdown | None = None

    def want(
        self,
        asked: Asked,
        done: Done,
        *,
        first: bool = False,
        failed: Callable[[], None] = lambda: None,
    ) -> None:
        """Measure it; what waits to be measured is forgotten. done: called with the exact one;
        failed: when there is none. first: somebody waits for just this, and it is not forgotten for
        what is typed."""
        if self._tasks.closed:
            return
        found = self.exact(asked)
        if found is not None:
            self._show(found)
            done(found)
            return
        if first:
            self._first = asked, done, failed
        else:
            self._wanted = asked, done, failed
        if self._task is None:
            self._next()
        else:
            self._estimate(asked)

    def exact(self, asked: Asked) -> Breakdown | None:
        """When it was just measured."""
        if self._measured is not None and self._measured[0] == asked:
            return self._measured[1]
        return None

    def surely_fits(self, asked: Asked, context_tokens: int) -> bool:
        """Without measuring: a token is a byte at least, and what stands before the question may
        be known. Before anything was measured it is a cautious guess, which the engine checks."""
        least = least_answer(
            context_tokens,
            thinking=asked.options.thinking,
            max_tokens=asked.options.sampling.max_tokens,
        )
        if self._measured is not None and _same_before(self._measured[0], asked):
            found = self._measured[1]
            before = found.used - found.question
            return before + _bytes(asked.question) + least <= context_tokens
        total = sum(map(_bytes, asked.sent)) + len(asked.options.system_prompt.encode())
        tools = _TOOLS_TOKENS if asked.options.tools_enabled else 0
        return total / _FEW_BYTES_PER_TOKEN + tools + least <= context_tokens / 2

    def forget(self) -> None:
        """The model or the conversation is another one."""
        if self._task is not None:
            self._task.cancel()
        self._first = self._wanted = self._measured = self.breakdown = None

    def _next(self) -> None:
        wanted = self._first or self._wanted
        if wanted is None or self._tasks.closed:
            return
        asked, then, otherwise = wanted
        if self._first is not None:
            self._first = None
        else:
            self._wanted = None

        def work(cancel: CancelToken) -> Breakdown:
            cancel.raise_if_cancelled()
            return self._backend.measure(asked, ask=True)

        def done(found: Breakdown) -> None:
            if task.cancelled:
                return
            self._measured = asked, found
            if self._wanted is None:
                self._estimated = None  # one that comes later tells less
                self._show(found)
            then(found)

        def failed(_: Exception) -> None:
            """The turn will say what is wrong; here there is no figure."""
            if task.cancelled:
                return
            if self._wanted is None:
                self._show(None)
            otherwise()

        def ended() -> None:
            self._task = None
            self._next()

        task = self._task = self._tasks.run(work, done, failed, ended)
        self._estimate(asked)

    def _estimate(self, asked: Asked) -> None:
        """For as long as the tokenizer has not answered."""

        def done(found: Breakdown) -> None:
            if self._estimated is task and self._task is not None and not task.cancelled:
                self._show(found)

        task = self._estimated = self._tasks.run(
            lambda _: self._backend.measure(asked, ask=False), done, lambda _: None
        )

    def _show(self, found: Breakdown | None) -> None:
        if found != self.breakdown:
            self.breakdown = found
            self._changed()


def _same_before(one: Asked, other: Asked) -> bool:
    return (
        one.left_out == other.left_out
        and replace(one.options, sampling=other.options.sampling) == other.options
        and one.messages == other.messages
        and not one.after
        and not other.after
    )


def _bytes(message: Message) -> int:
    quoted = sum(_QUOTE_BYTES for part in message.parts if isinstance(part, AttachmentPart))
    texts = (getattr(part, "text", "") or str(part) for part in message.parts)
    return _FORM_BYTES + quoted + sum(map(_length, texts))


def _length(text: str) -> int:
    """In bytes."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
