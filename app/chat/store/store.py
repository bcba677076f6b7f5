"""The chats, as the rest of the program sees them."""

import sqlite3
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from app.chat.store import connect, erase, index, mend, trash
from app.chat.store.commands import ConversationCommands, MessageCommands, Now, utc_now
from app.chat.store.database_file import DatabaseFile
from app.chat.store.ids import IdMaker
from app.chat.store.reads import Connections, Reads
from app.chat.store.search import Search
from app.chat.store.types import Opening, StoreStatus
from app.chat.store.writer import Writer

FILE_NAME = "chats.sqlite3"


class ChatStore:
    """Commands return at once and give futures; `read` blocks and is for worker threads.

    Futures run their callbacks on the store thread: hand results on from there. A command that
    came before another is written before it, but `read` sees only what was written: wait for the
    future, or for `written`.
    """

    def __init__(
        self,
        folder: Path,
        *,
        now: Now = utc_now,
        on_status: Callable[[StoreStatus], None] = lambda _status: None,
    ) -> None:
        """Nothing is touched before `start`. on_status is called on the store thread."""
        self._ids = IdMaker()
        self._file = DatabaseFile(folder / FILE_NAME, self._ids)
        self._writer = Writer(self._file, idle=_idle, on_status=self._status_changed)
        self._on_status = on_status
        self._was_writable = False
        self._connections = Connections(
            self._reading, lambda error: connect.unreadable(error, self._file.path)
        )
        self.conversations = ConversationCommands(self._writer, self._ids, now)
        self.messages = MessageCommands(self._writer, self._ids, now)
        self.read = Reads(self._connections)
        self.search = Search(self._connections, now)

    @property
    def path(self) -> Path:
        """Where the data lives; the folder around it holds nothing else."""
        return self._file.path

    @property
    def status(self) -> StoreStatus:
        return self._writer.status

    def start(self) -> Future[Opening]:
        """Start the store thread, which opens the file; `close` has to be called then."""
        self._writer.start()
        return self._writer.opened

    @property
    def opening(self) -> Future[Opening]:
        """How opening the file went; done when it is over."""
        return self._writer.opened

    def written(self) -> Future[None]:
        """Done when everything that was given before is on disk."""
        return self._writer.submit(lambda _connection: None)

    def indexed(self) -> Future[None]:
        """Done when everything that was given before can be found by `search`, which otherwise
        happens when there is nothing else to write."""
        return self._writer.submit(index.catch_up)

    def check(self) -> list[str]:
        """Look through the whole file; what is wrong, in sentences for a log. Blocks, about a
        second for every 50 MB. Damage is repaired at the next start."""
        with self._connections.one() as connection:
            rows = connection.execute("PRAGMA integrity_check(100)").fetchall()
            found = [str(row[0]) for row in rows if row[0] != "ok"] or mend.problems(connection)
        if found:
            self._file.note_damage()
        return found

    def delete_everything(self) -> Future[None]:
        """All chats, folders, backups and damaged files that were kept; nothing can be restored."""
        kept = [self._file.backups, *self.path.parent.glob(f"{self.path.stem}.broken-*")]
        return self._writer.submit(
            lambda connection: erase.erase_everything(connection, kept), alone=True
        )

    def close(self, timeout_seconds: float = 5.0) -> bool:
        """Write what waits; True when everything is on disk."""
        saved = self._writer.close(timeout_seconds)
        self._connections.close()
        return saved

    def _status_changed(self, status: StoreStatus) -> None:
        if status.writable and not self._was_writable:
            self._connections.renew()  # what was read so far may have been a stand-in
        self._was_writable = status.writable
        self._on_status(status)

    def _reading(self) -> sqlite3.Connection:
        self._writer.opened.result()
        return self._file.reading()


def _idle(connection: sqlite3.Connection) -> bool:
    swept = trash.sweep(connection)
    return index.step(connection) or swept
