"""Commands for the last question and its answer: by key, and from the palette."""

from collections.abc import Callable
from functools import partial

from PySide6.QtWidgets import QWidget

from app.core.language import mark, tr
from app.ui.chat.actions import Action
from app.ui.chat.aimed import AimedActions
from app.ui.chat.entries import Footer, Question
from app.ui.chat.session import ChatSession
from app.ui.chat.transcript_view import TranscriptView
from app.ui.commands.command import command

_NOTHING = mark("Nothing has been asked in this chat yet.")
_WHOLE = mark("The last answer is whole: there is nothing to continue.")


class LastTurn:
    """tell: what is not possible now, and why."""

    def __init__(
        self,
        page: QWidget,
        session: ChatSession,
        transcript: TranscriptView,
        aimed: AimedActions,
        tell: Callable[[str], None],
    ) -> None:
        self._session, self._transcript = session, transcript
        self._aimed, self._tell = aimed, tell
        commands: tuple[tuple[Action, str, str], ...] = (
            ("edit", tr("Edit the last question"), "Ctrl+Shift+E"),
            ("again", tr("Answer again"), "Ctrl+Shift+R"),
            ("continue", tr("Continue the answer"), "Ctrl+Shift+G"),
            ("branch", tr("New chat from here"), ""),
        )
        for action, title, keys in commands:
            command(
                page,
                title,
                f"last-{action}",
                partial(self.act, action),
                [keys] if keys else (),
                group=tr("Chat"),
            )

    def act(self, action: Action) -> None:
        kind = Question if action == "edit" else Footer
        found = (e for e in reversed(self._session.transcript.entries) if isinstance(e, kind))
        entry = next(found, None)
        ability = self._session.revision.ability(action, entry) if entry is not None else None
        if entry is None or ability is None:
            self._tell(tr(_WHOLE if action == "continue" and entry is not None else _NOTHING))
        elif not ability.available:
            self._tell(ability.reason)
        elif isinstance(entry, Question):
            self._transcript.edit_question(entry)
        else:
            self._aimed.act(action, entry)
