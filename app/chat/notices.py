"""What a turn says when it does not simply end with an answer: to the person and to the model."""

from collections.abc import Mapping

from app.chat.round import RoundResult
from app.core.messages import Message, ReasoningPart
from app.core.sampling import Sampling
from app.core.units import count
from app.engine.protocol import FinishReason

TOO_MANY_ROUNDS = (
    "The model kept calling tools without coming to an answer, so the turn was ended. Ask it to "
    "answer with what it has."
)
NOT_RUN_ROUNDS = "not run, because too many calls were made for one question; answer now"
NOT_RUN_FAILED = "not run, because the engine failed"
NOT_RUN: Mapping[FinishReason, str] = {
    "cancelled": "not run, because the answer was stopped",
    "max_tokens": "not run, because the answer reached its longest allowed length",
    "context_full": "not run, because the context is full",
}
REPEATED = (
    "[The same call gave the same result before. Do not repeat it; answer with what there is.]"
)


def repeated_call(name: str) -> str:
    tool = f"the tool {name}" if name else "a tool"
    return (
        f"The model called {tool} again and again with the same arguments and the same result, so "
        "the turn was ended. Ask it to answer with what it has, or put the question differently."
    )


def cut_off(result: RoundResult, sampling: Sampling) -> str:
    """For an answer that did not end by itself; a stopped one needs no words."""
    if result.reason == "max_tokens":
        return (
            f"The answer stopped at its longest allowed length ({count(sampling.max_tokens)} "
            "tokens, thinking included). Raise “Longest answer” in the sampling panel, or ask the "
            "model to go on."
        )
    if result.reason == "context_full":
        size = f" ({count(result.stats.context_total_tokens)} tokens)" if result.stats else ""
        return (
            f"The context is full{size}, so the answer had to stop. Start a new conversation, or "
            "load the model with a larger context."
        )
    return ""


def empty(message: Message) -> str:
    """For an answer that ended by itself but says nothing."""
    if message.text.strip():
        return ""
    last = message.parts[-1] if message.parts else None
    if isinstance(last, ReasoningPart) and not last.finished:
        return (
            "The model stopped before its thinking had ended and gave no answer. Let it answer now "
            "from what there is, or ask again."
        )
    if message.reasoning.strip():
        return (
            "The model stopped after thinking and gave no answer. Ask again, or turn Thinking off."
        )
    return "The model gave an empty answer. Ask again, or put the question differently."
