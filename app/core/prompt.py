"""A rendered prompt on its way from the dialect to the engine."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Prompt:
    """The text for the model, cut where strangers' text must not form a special token.

    segments: to be tokenized one by one, special tokens parsed within each. A special token spelled
    inside a message or a tool result is split over two segments, so it stays ordinary text.
    add_bos: whether the tokenizer should prepend the model's BOS (templates that write their own
    opening, such as GLM's `[gMASK]<sop>`, must not get a second one).
    opens_thinking: the prompt ends inside a thinking block, so the answer begins as reasoning.
    """

    segments: tuple[str, ...]
    add_bos: bool = False
    opens_thinking: bool = False

    @property
    def text(self) -> str:
        return "".join(self.segments)
