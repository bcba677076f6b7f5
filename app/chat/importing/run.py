"""Taking conversations into the store, one after the other."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.chat.importing.files import Problem, conversations_in
from app.chat.store.commands import ConversationCommands
from app.chat.store.types import NotSavedError
from app.core.cancel import CancelToken
from app.core.errors import KnownError


@dataclass(frozen=True)
class Report:
    """conversations: the ids of the new ones. known: how many were there already. problems: what
    was not taken in; each conversation is taken in whole or not at all."""

    conversations: tuple[int, ...] = ()
    known: int = 0
    problems: tuple[Problem, ...] = ()


def import_from(
    commands: ConversationCommands,
    path: Path,
    cancel: CancelToken,
    on_progress: Callable[[int], None] = lambda _done: None,
) -> Report:
    """Blocks. Importing the same again changes nothing.

    Raises KnownError when the path cannot be read or the disk refuses, and Cancelled; what was
    taken in by then stays.
    """
    new: list[int] = []
    problems: list[Problem] = []
    known = 0
    for number, found in enumerate(conversations_in(path), 1):
        cancel.raise_if_cancelled()
        if isinstance(found, Problem):
            problems.append(found)
        else:
            try:
                conversation = commands.take_in_by_and_by(found)
            except NotSavedError:
                raise
            except KnownError as error:
                problems.append(Problem(found.title, str(error)))
                continue
            if conversation is None:
                known += 1
            else:
                new.append(conversation)
        on_progress(number)
    return Report(tuple(new), known, tuple(problems))
