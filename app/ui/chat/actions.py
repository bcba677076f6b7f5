"""What can be done with what stands in the transcript. No Qt."""

from collections.abc import Callable
from typing import Literal

from app.core.language import mark
from app.ui.chat.entries import Entry
from app.ui.chat.model_state import Ability

Action = Literal["earlier", "later", "edit", "continue", "again", "branch", "delete", "answer_now"]

Possible = Callable[[Action, Entry], Ability | None]
"""Whether it can be done now, and why not; None where it makes no sense at all."""


def nothing_possible(action: Action, entry: Entry) -> None:
    """Of a transcript that is only read."""


# Of a question, of an answer.
NAMES: dict[Action, tuple[str, str]] = {
    "earlier": (mark("Earlier version"), mark("Earlier version")),
    "later": (mark("Later version"), mark("Later version")),
    "edit": (mark("Edit the question"), ""),
    "continue": ("", mark("Continue the answer")),
    "again": (mark("Answer again"), mark("Answer again")),
    "branch": (mark("New chat from here"), mark("New chat from here")),
    "delete": (mark("Delete with all replies"), mark("Delete with all replies")),
    "answer_now": ("", mark("Answer now")),
}
ICONS: dict[Action, str] = {
    "earlier": "chevron-left",
    "later": "chevron-right",
    "edit": "pencil",
    "continue": "play",
    "again": "retry",
    "branch": "branch",
    "delete": "trash",
    "answer_now": "play",
}
