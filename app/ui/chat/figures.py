"""Sentences made of the numbers of an answer."""

from collections.abc import Sequence

from app.chat.events import Progress
from app.core.language import mark, tr
from app.core.units import count, duration
from app.engine.protocol import PromptProgress, Stats

WAITS = mark("Waits for your answer above")


def rate(tokens_per_second: float) -> str:
    """`6.4 tokens/s`, `2,150 tokens/s`."""
    digits = 1 if tokens_per_second < 100 else 0
    figure = f"{tokens_per_second:,.{digits}f}"
    return tr("{figure} tokens/s", figure=figure)


def tokens(number: int) -> str:
    return tr("1 token") if number == 1 else tr("{number} tokens", number=count(number))


def summary(rounds: Sequence[Stats]) -> str:
    """Speed and reuse are those of the last round, the wait is that of the first."""
    if not rounds:
        return ""
    first, last = rounds[0], rounds[-1]
    speeds = [item.decode_tokens_per_second for item in rounds if item.decode_tokens_per_second]
    parts = [rate(speeds[-1])] if speeds else []
    if first.first_token_seconds is not None:
        parts.append(
            tr("first token {first_token}", first_token=duration(first.first_token_seconds))
        )
    if last.cached_tokens:
        parts.append(
            tr(
                "{cached} of {prompt} prompt tokens reused",
                cached=count(last.cached_tokens),
                prompt=count(last.prompt_tokens),
            )
        )
    else:
        parts.append(tr("{prompt} prompt tokens", prompt=count(last.prompt_tokens)))
    return " · ".join(parts)


def reading(progress: PromptProgress) -> str:
    """How far it is, and what it did not have to read."""
    done, total = progress.done_tokens, progress.total_tokens
    reused = (
        tr(", {cached} reused", cached=count(progress.cached_tokens))
        if progress.cached_tokens
        else ""
    )
    read = tr(
        "{done} of {total} tokens{reused}", done=count(done), total=count(total), reused=reused
    )
    parts = [
        tr("Reading the prompt: {value}% ({read})", value=100 * done // max(1, total), read=read)
    ]
    if progress.tokens_per_second:
        parts.append(rate(progress.tokens_per_second))
        seconds = (total - done) / progress.tokens_per_second
        if seconds >= 2:
            parts.append(tr("about {seconds} left", seconds=duration(seconds)))
    return " · ".join(parts)


def answering(progress: Progress) -> str:
    parts = [tokens(progress.generated_tokens)]
    if progress.tokens_per_second:
        parts.append(rate(progress.tokens_per_second))
    return " · ".join(parts)
