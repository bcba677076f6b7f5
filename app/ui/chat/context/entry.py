"""What the transcript shows in the place where messages are not sent any more."""

from dataclasses import dataclass
from typing import Literal

OmittedState = Literal["left out", "writing", "summary"]


@dataclass(eq=False)
class Omitted:
    """messages: how many of the first ones the model does not get. text: the summary that it gets
    in place of the first `summarized` of them. progress: how far reading is."""

    messages: int
    state: OmittedState = "left out"
    text: str = ""
    summarized: int = 0
    cut_off: bool = False
    progress: str = ""
    editing: bool = False
    message: int | None = None
