"""An answer while it is written: what arrives is on disk a moment later."""

import sqlite3
import threading
from collections.abc import Sequence
from concurrent.futures import Future

from app.chat.store import tree
from app.chat.store.part_codec import Row, clean, close_piece, merged, to_row
from app.chat.store.types import FinalState, Making
from app.chat.store.writer import Writer
from app.core.messages import Part
from app.dialect.events import (
    ReasoningClosed,
    ReasoningDelta,
    StreamEvent,
    TextDelta,
    ThinkingFound,
    ToolCallDone,
    ToolCallRejected,
)

_RESTART = Row("restart", "", "{}")
FLUSH_SECONDS = 0.12
"""How long text may wait for more of it before it is written."""


class AnswerStream:
    """From any thread; every method returns at once.

    Text is appended as rows of its own: nothing that is there already is written again until
    `finish` turns the rows into parts. It is on disk at most 250 ms after it was given: it waits
    FLUSH_SECONDS, the rest is for the commit and for a busy machine.
    """

    def __init__(self, writer: Writer, message: int) -> None:
        self._writer = writer
        self.message = message
        self._lock = threading.Lock()
        self._pieces: list[tuple[str, str, str | None]] = []

    def feed(self, event: StreamEvent) -> None:
        """Events that carry nothing to be kept are passed over."""
        if type(event) is TextDelta:  # nearly all of them
            self._put(("text", event.text, None))
            return
        match event:
            case ReasoningDelta(text):
                self.reasoning(text)
            case ReasoningClosed(finished):
                self._put(close_piece(finished))
            case ThinkingFound(text):
                self._restart(text)
            case ToolCallDone(_, call):
                self.part(call)
            case ToolCallRejected(_, _, part, _):
                self.part(part)
            case _:
                pass

    def text(self, text: str) -> None:
        self._put(("text", text, None))

    def reasoning(self, text: str) -> None:
        self._put(("reasoning", text, None))

    def part(self, part: Part) -> None:
        """A whole part, after what was streamed so far."""
        row = to_row(part)
        # A part without data would be taken for more of the text before it.
        self._put(row if row.data is not None else row._replace(data="{}"))

    def finish(
        self,
        state: FinalState = "complete",
        *,
        parts: Sequence[Part] | None = None,
        making: Making | None = None,
        raw: str | None = None,
    ) -> Future[None]:
        """The answer is over. parts: what it consists of, in place of what was streamed.

        Also after a failure or a stop; only once.
        """

        def work(connection: sqlite3.Connection) -> None:
            tree.place_of(connection, self.message)
            if parts is None:
                tree.fold_pieces(connection, self.message)
            else:
                tree.replace_parts(connection, self.message, [to_row(part) for part in parts])
                tree.drop_pieces(connection, self.message)
            tree.set_state(connection, self.message, state)
            if making is not None or raw is not None:
                tree.set_making(connection, self.message, making or Making(), raw)

        return self._writer.submit(work)

    def _put(self, piece: tuple[str, str, str | None]) -> None:
        with self._lock:
            first = not self._pieces
            self._pieces.append(piece)
        if first:
            self._writer.submit(_Flush(self), within_seconds=FLUSH_SECONDS)

    def _restart(self, thinking: str) -> None:
        self._put(_RESTART)
        if thinking:
            self.reasoning(thinking)
            self._put(close_piece(True))

    def take(self) -> list[Row]:
        """What has gathered since the last time; for the store thread."""
        with self._lock:
            pieces, self._pieces = self._pieces, []
        return [Row(*piece) for piece in pieces]


class _Flush:
    """Writes what has gathered; the same again when it has to be repeated."""

    def __init__(self, stream: AnswerStream) -> None:
        self._stream = stream
        self._taken: list[Row] = []

    def __call__(self, connection: sqlite3.Connection) -> None:
        self._taken = merged([*self._taken, *self._stream.take()])
        message, rows = self._stream.message, self._taken
        if _RESTART in rows:
            tree.drop_pieces(connection, message)
            rows = rows[len(rows) - rows[::-1].index(_RESTART) :]
        connection.executemany(
            "INSERT INTO piece(message, kind, text, data) VALUES(?, ?, ?, ?)",
            [(message, row.kind, clean(row.text), row.data) for row in rows],
        )
