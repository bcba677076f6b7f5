"""How long the thinking of a turn may go on, and what an answer that was interrupted adds up to."""

from dataclasses import dataclass, replace

from app.core.cancel import CancelToken
from app.core.messages import ThinkingEnd
from app.engine.protocol import Stats


@dataclass
class ThinkingLimit:
    """Of one turn, with all its rounds. budget_tokens: 0 for no limit. wish: set when the person
    wants the answer now. used_tokens: of the rounds that are over.

    Once one of them has ended the thinking, the rounds that follow answer without any.
    """

    budget_tokens: int
    wish: CancelToken
    used_tokens: int = 0

    def end(self, thought_tokens: int) -> ThinkingEnd | None:
        """What ends the thinking of a round that has so many tokens by now; None: nothing yet."""
        if self.wish.cancelled:
            return "person"
        if self.budget_tokens and self.used_tokens + thought_tokens >= self.budget_tokens:
            return "budget"
        return None


def together(first: Stats, second: Stats) -> Stats:
    """The figures of an answer that was generated in two goes: the second goes on where the first
    was stopped, so what it read again does not count."""
    return replace(
        second,
        prompt_tokens=first.prompt_tokens,
        cached_tokens=first.cached_tokens,
        generated_tokens=first.generated_tokens + second.generated_tokens,
        prefill_tokens_per_second=first.prefill_tokens_per_second,
        decode_tokens_per_second=_mean_rate(first, second),
        first_token_seconds=first.first_token_seconds
        if first.first_token_seconds is not None
        else second.first_token_seconds,
        seed=first.seed,
    )


def _mean_rate(first: Stats, second: Stats) -> float | None:
    goes = [
        (stats.generated_tokens, stats.decode_tokens_per_second)
        for stats in (first, second)
        if stats.decode_tokens_per_second and stats.generated_tokens
    ]
    seconds = sum(tokens / rate for tokens, rate in goes if rate)
    return sum(tokens for tokens, _ in goes) / seconds if seconds else None
