"""Which hosts were contacted, why, when, and how much came from them: the person may look."""

import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from app.core.errors import KnownError
from app.core.json import JsonValue
from app.core.language import tr

MAX_CONTACTS = 500
_SAVE_SECONDS = 10.0
_HOST_CHARACTERS, _WHY_CHARACTERS = 253, 60
_MAX_FILE_BYTES = 1_000_000
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Contact:
    """One host and one reason. first and last: UTC."""

    host: str
    why: str
    first: datetime
    last: datetime
    times: int = 0
    received_bytes: int = 0


_Key = tuple[str, str]
_Table = dict[_Key, Contact]


class Contacts:
    """Thread-safe. A host is written down as it is first contacted, further numbers seconds later;
    `note` and `close` may block for a small file, so not on the GUI thread.

    Several programs may share the file: what is new is added to what it says by then. The hosts
    that were contacted longest ago go when there are more than MAX_CONTACTS.
    """

    def __init__(
        self,
        file: Path,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._file, self._now, self._monotonic = file, now, monotonic
        self._lock = threading.Lock()
        self._new: _Table = {}
        self._known: set[_Key] = set()
        self._saved_at = monotonic()

    def note(self, host: str, why: str) -> None:
        """Before the host is contacted. why: for people, such as "Fetching a page"."""
        self._add(host, why, times=1, received_bytes=0)

    def add_bytes(self, host: str, why: str, received_bytes: int) -> None:
        """What came of it."""
        if received_bytes > 0:
            self._add(host, why, times=0, received_bytes=received_bytes)

    def all(self) -> tuple[Contact, ...]:
        """The latest first. Reads the file; never raises for a broken one."""
        with self._lock:
            return _latest_first(_merged(self._read(), self._new))

    def clear(self) -> None:
        """Raises KnownError when the file cannot be removed."""
        with self._lock:
            self._new.clear()
            self._known.clear()
            try:
                self._file.unlink(missing_ok=True)
            except OSError as error:
                raise KnownError(
                    tr("The list could not be cleared."),
                    tr(
                        "The file {name} could not be removed: {strerror}.",
                        name=self._file.name,
                        strerror=error.strerror,
                    ),
                    tr("Check the folder {parent}.", parent=self._file.parent),
                    repr(error),
                ) from error

    def close(self) -> None:
        """Write down what is not yet."""
        with self._lock:
            self._save()

    def _add(self, host: str, why: str, *, times: int, received_bytes: int) -> None:
        key = host.lower()[:_HOST_CHARACTERS], why[:_WHY_CHARACTERS]
        moment = self._now()
        with self._lock:
            before = self._new.get(key) or Contact(*key, moment, moment)
            self._new[key] = replace(
                before,
                last=moment,
                times=before.times + times,
                received_bytes=before.received_bytes + received_bytes,
            )
            if key not in self._known or self._monotonic() - self._saved_at >= _SAVE_SECONDS:
                self._known.add(key)
                self._save()

    def _save(self) -> None:
        if not self._new:
            return
        self._saved_at = self._monotonic()
        kept = _latest_first(_merged(self._read(), self._new))[:MAX_CONTACTS]
        beside = self._file.with_name(f"{self._file.name}.{os.getpid()}.new")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            text = json.dumps([_to_json(one) for one in kept])
            handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            beside.replace(self._file)
        except OSError as error:  # what was asked for does not fail for its record's sake
            _log.warning("The list of contacted hosts could not be written: %r", error)
            return
        self._new.clear()

    def _read(self) -> _Table:
        try:
            if self._file.stat().st_size > _MAX_FILE_BYTES:
                return {}
            entries = json.loads(self._file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError) as error:
            _log.warning("The list of contacted hosts could not be read: %r", error)
            return {}
        found = (_from_json(entry) for entry in entries) if isinstance(entries, list) else ()
        return {(one.host, one.why): one for one in found if one is not None}


_current: Contacts | None = None


def use_contacts(contacts: Contacts | None) -> None:
    """Where contacts are noted from now on, on every thread; None: nowhere."""
    global _current  # noqa: PLW0603 - one record for the whole program
    _current = contacts


@contextmanager
def contacts_in(file: Path) -> Iterator[Contacts]:
    """The record for as long as this lasts, written down at its end."""
    contacts = Contacts(file)
    use_contacts(contacts)
    try:
        yield contacts
    finally:
        use_contacts(None)
        contacts.close()


def note_contact(host: str, why: str) -> None:
    """To be called by whatever is about to contact a host; as Contacts.note."""
    if _current is not None:
        _current.note(host, why)


def note_received(host: str, why: str, received_bytes: int) -> None:
    """What came of it; as Contacts.add_bytes."""
    if _current is not None:
        _current.add_bytes(host, why, received_bytes)


def _merged(old: _Table, new: _Table) -> Iterable[Contact]:
    table = dict(old)
    for key, one in new.items():
        before = table.get(key)
        table[key] = one if before is None else _sum(before, one)
    return table.values()


def _sum(before: Contact, after: Contact) -> Contact:
    return replace(
        before,
        first=min(before.first, after.first),
        last=max(before.last, after.last),
        times=before.times + after.times,
        received_bytes=before.received_bytes + after.received_bytes,
    )


def _latest_first(contacts: Iterable[Contact]) -> tuple[Contact, ...]:
    return tuple(sorted(contacts, key=lambda one: one.last, reverse=True))


def _to_json(contact: Contact) -> JsonValue:
    return {
        "host": contact.host,
        "why": contact.why,
        "first": contact.first.isoformat(),
        "last": contact.last.isoformat(),
        "times": contact.times,
        "received_bytes": contact.received_bytes,
    }


def _from_json(entry: JsonValue) -> Contact | None:
    """None for what is no contact."""
    try:
        match entry:
            case {
                "host": str(host),
                "why": str(why),
                "first": str(first),
                "last": str(last),
                "times": int(times),
                "received_bytes": int(received),
            } if times >= 0 and received >= 0:
                return Contact(
                    host[:_HOST_CHARACTERS],
                    why[:_WHY_CHARACTERS],
                    datetime.fromisoformat(first).astimezone(UTC),
                    datetime.fromisoformat(last).astimezone(UTC),
                    times,
                    received,
                )
    except (ValueError, OverflowError):
        pass
    return None
