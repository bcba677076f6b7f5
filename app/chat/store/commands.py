"""What a person does to conversations and messages. Nothing here waits: futures tell when it is on
disk, and ids are given at once."""

import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from functools import partial

from app.chat.store import conversations, draft_files, trash, tree
from app.chat.store.ids import IdMaker
from app.chat.store.part_codec import clean, to_json, to_row
from app.chat.store.stream import AnswerStream
from app.chat.store.types import FinalState, Making, NewConversation, State, TitleOrigin, to_ms
from app.chat.store.writer import Writer
from app.core.json import JsonObject, JsonValue
from app.core.messages import AttachmentPart, Message, Part, Role

_PIECE_MESSAGES = 200
Now = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


class ConversationCommands:
    """Futures fail with KnownError, NotSavedError among them when the disk refuses."""

    def __init__(self, writer: Writer, ids: IdMaker, now: Now) -> None:
        self._writer = writer
        self._ids = ids
        self._now = now

    def create(self, title: str = "", folder: int | None = None) -> tuple[int, Future[None]]:
        conversation, now = self._ids.new(), to_ms(self._now())
        return conversation, self._writer.submit(
            lambda c: conversations.create(c, conversation, title, folder, now)
        )

    def set_title(
        self, conversation: int, title: str, origin: TitleOrigin = "person"
    ) -> Future[bool]:
        """False when the person has given a title and this one is not from a person."""
        return self._writer.submit(
            lambda c: conversations.set_title(c, conversation, title, origin)
        )

    def move(self, conversation: int, folder: int | None) -> Future[None]:
        return self._set(conversation, "folder", folder)

    def pin(self, conversation: int, pinned: bool = True) -> Future[None]:
        return self._set(conversation, "pinned", int(pinned))

    def archive(self, conversation: int, archived: bool = True) -> Future[None]:
        return self._set(conversation, "archived", int(archived))

    def set_draft(self, conversation: int, draft: str) -> Future[None]:
        return self._set(conversation, "draft", clean(draft))

    def set_new_draft(self, draft: str) -> Future[None]:
        """What is typed for a chat that has not begun."""
        return self._writer.submit(lambda c: conversations.set_new_draft(c, clean(draft)))

    def set_draft_files(
        self, conversation: int | None, parts: Sequence[AttachmentPart]
    ) -> Future[None]:
        """What lies beside the question that is being written; None: of a chat not begun."""
        kept = tuple(parts)
        return self._writer.submit(lambda c: draft_files.set_draft_files(c, conversation, kept))

    def set_persona(self, conversation: int, persona: str) -> Future[None]:
        return self._set(conversation, "persona", clean(persona))

    def set_system_prompt(self, conversation: int, text: str) -> Future[None]:
        return self._set(conversation, "system_prompt", clean(text))

    def set_settings(self, conversation: int, settings: JsonObject) -> Future[None]:
        """Replaces all of them."""
        return self._set(conversation, "settings", to_json(settings))

    def set_setting(self, conversation: int, key: str, value: JsonValue) -> Future[None]:
        """One of them; the others stay. None takes it away."""
        return self._writer.submit(lambda c: conversations.set_setting(c, conversation, key, value))

    def duplicate(self, conversation: int, title: str | None = None) -> tuple[int, Future[None]]:
        """A second one with all its branches. title None: the same."""
        new, now = self._ids.new(), to_ms(self._now())
        return new, self._writer.submit(
            lambda c: conversations.duplicate(c, self._ids, conversation, new, title, now)
        )

    def branch(self, message: int, title: str | None = None) -> tuple[int, Future[None]]:
        """A new conversation that begins with everything up to and including the message."""
        new, now = self._ids.new(), to_ms(self._now())
        return new, self._writer.submit(
            lambda c: conversations.branch(c, self._ids, message, new, title, now)
        )

    def take_in(self, new: NewConversation) -> Future[int | None]:
        """Write a whole conversation at once or not at all; None when it is there already."""
        return self._writer.submit(lambda c: conversations.take_in(c, self._ids, new))

    def take_in_by_and_by(self, new: NewConversation) -> int | None:
        """As `take_in`, for long ones: in pieces, between which other writes have their turn, an
        answer that is being written above all. It is seen when it is complete, and removed at the
        next start when it never was. Blocks. Raises KnownError."""
        taking = self._writer.submit(
            lambda c: conversations.begin_taking_in(c, self._ids, new)
        ).result()
        if taking is None:
            return None
        try:
            for start in range(0, len(new.messages), _PIECE_MESSAGES):
                some = new.messages[start : start + _PIECE_MESSAGES]
                piece = partial(conversations.take_in_messages, taking=taking, messages=some)
                self._writer.submit(piece).result()
        except Exception:
            self.purge(taking.conversation)
            raise
        return self._writer.submit(lambda c: conversations.end_taking_in(c, taking, new)).result()

    def trash(self, conversation: int) -> Future[None]:
        return self._set(conversation, "trashed", to_ms(self._now()))

    def restore(self, conversation: int) -> Future[None]:
        return self._set(conversation, "trashed", None)

    def purge(self, conversation: int) -> Future[None]:
        """Delete it for good, whether it is in the trash or not."""
        return self._writer.submit(lambda c: trash.purge_conversation(c, conversation))

    def empty_trash(self, before: datetime | None = None) -> Future[int]:
        """Delete for good what was put there before that moment (None: all of it), deleted messages
        included; how many things that were."""
        moment = to_ms(before or self._now()) + (0 if before else 1)
        return self._writer.submit(lambda c: trash.purge_older(c, moment))

    def create_folder(self, name: str) -> tuple[int, Future[None]]:
        folder = self._ids.new()
        return folder, self._writer.submit(lambda c: conversations.create_folder(c, folder, name))

    def rename_folder(self, folder: int, name: str) -> Future[None]:
        return self._writer.submit(lambda c: conversations.rename_folder(c, folder, name))

    def remove_folder(self, folder: int) -> Future[None]:
        """Its conversations stay, in no folder."""
        return self._writer.submit(lambda c: conversations.remove_folder(c, folder))

    def order_folders(self, order: Sequence[int]) -> Future[None]:
        return self._writer.submit(lambda c: conversations.order_folders(c, tuple(order)))

    def _set(self, conversation: int, column: str, value: object) -> Future[None]:
        return self._writer.submit(lambda c: conversations.update(c, conversation, column, value))


class MessageCommands:
    """Futures fail with KnownError, NotSavedError among them when the disk refuses."""

    def __init__(self, writer: Writer, ids: IdMaker, now: Now) -> None:
        self._writer = writer
        self._ids = ids
        self._now = now

    def ask(
        self, conversation: int, parent: int | None, parts: Sequence[Part]
    ) -> tuple[int, Future[None]]:
        """Add a question below `parent`, the last message that is shown (None: it is the first).

        When the future is done, the question is on disk, synced.
        """
        return self.add(conversation, parent, Message("user", tuple(parts)))

    def edit_question(
        self, conversation: int, question: int, parts: Sequence[Part]
    ) -> tuple[int, Future[None]]:
        """Another version of the question, beside it; the old one stays with its answers."""
        new = self._ids.new()
        given, now = tuple(parts), to_ms(self._now())
        return new, self._writer.submit(
            lambda c: tree.add(
                c,
                tree.NewMessage(
                    new, conversation, tree.place_of(c, question).parent, "user", "complete", now
                ),
                given,
            )
        )

    def add(
        self,
        conversation: int,
        parent: int | None,
        message: Message,
        state: FinalState = "complete",
        making: Making | None = None,
    ) -> tuple[int, Future[None]]:
        """A message that is there as a whole."""
        new = tree.NewMessage(
            self._ids.new(), conversation, parent, message.role, state, to_ms(self._now())
        )

        def work(c: sqlite3.Connection) -> None:
            tree.add(c, new, message.parts)
            if making is not None:
                tree.set_making(c, new.id, making, None)

        return new.id, self._writer.submit(work)

    def begin_answer(
        self,
        conversation: int,
        parent: int,
        making: Making | None = None,
        role: Role = "assistant",
    ) -> tuple[AnswerStream, Future[None]]:
        """An answer below `parent`; beside the others when there are some (“again”)."""
        state: State = "streaming"
        new = tree.NewMessage(
            self._ids.new(), conversation, parent, role, state, to_ms(self._now())
        )

        def work(c: sqlite3.Connection) -> None:
            tree.add(c, new)
            if making is not None:
                tree.set_making(c, new.id, making, None)

        return AnswerStream(self._writer, new.id), self._writer.submit(work)

    def continue_answer(self, message: int) -> tuple[AnswerStream, Future[None]]:
        """Go on with an answer that was cut: what is streamed is added to what there is. What was
        remarked on its end, and how it was spelled, is of no use any more."""

        def work(c: sqlite3.Connection) -> None:
            if tree.place_of(c, message).deletion is not None:
                raise tree.gone()
            tree.fold_pieces(c, message)
            tree.reopen(c, message)

        return AnswerStream(self._writer, message), self._writer.submit(work)

    def append_part(self, message: int, part: Part) -> Future[None]:
        """Add a part at the end of a finished message, unless it ends with just that already."""
        row = to_row(part)

        def work(c: sqlite3.Connection) -> None:
            tree.place_of(c, message)
            rows = tree.part_rows(c, message)
            if rows[-1:] != [row]:
                tree.replace_parts(c, message, [*rows, row])

        return self._writer.submit(work)

    def show(self, message: int) -> Future[None]:
        """Let the visible path go through it, and on where it was left below it."""
        return self._writer.submit(lambda c: tree.show(c, message))

    def delete(self, message: int, *, alone: bool = False) -> tuple[int, Future[None]]:
        """Put a message and all replies below it in the trash; the id is for `undo_delete`.

        alone: its replies stay and hang below the message before it.
        """
        deletion, now = self._ids.new(), to_ms(self._now())
        work = trash.delete_alone if alone else trash.delete_with_replies
        return deletion, self._writer.submit(lambda c: work(c, deletion, message, now))

    def undo_delete(self, deletion: int) -> Future[None]:
        return self._writer.submit(lambda c: trash.undo(c, deletion))

    def purge_deletion(self, deletion: int) -> Future[None]:
        """Delete for good."""
        return self._writer.submit(lambda c: trash.purge_deletion(c, deletion))
