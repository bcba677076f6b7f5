"""The two kinds of failure that are not bugs: the world is at fault, or the person stopped it."""

from dataclasses import astuple, dataclass

from app.core.language import sentences


@dataclass(eq=False)
class KnownError(Exception):
    """Something outside the program went wrong; said in words a person understands.

    what: what happened, one sentence. why: the cause, one sentence, or "" when `what` says it.
    next_step: what the person can do now. details: technical text for a folded section or a log.
    """

    what: str
    why: str = ""
    next_step: str = ""
    details: str = ""

    def __str__(self) -> str:
        return sentences(self.what, self.why, self.next_step)

    def __reduce__(self) -> tuple[type["KnownError"], tuple[str, ...]]:
        return type(self), astuple(self)


@dataclass(eq=False)
class DoesNotFitError(KnownError):
    """The prompt is larger than the context; nothing was computed."""


class Cancelled(Exception):  # noqa: N818 - not an error: whoever presents results ignores it
    """The person stopped the operation; nothing is to be reported."""
