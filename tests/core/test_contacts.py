"""The record of contacted hosts: true, bounded, shared, and never in the way."""

import json
import stat
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.core.contacts import MAX_CONTACTS, Contact, Contacts
from app.core.errors import KnownError

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "contacts.json"


def open_contacts(file: Path, clock: Clock) -> Contacts:
    return Contacts(file, clock.now, clock.monotonic)


def test_a_host_is_written_down_as_it_is_contacted(file: Path, clock: Clock) -> None:
    open_contacts(file, clock).note("Example.org", "Fetching a page")
    assert open_contacts(file, clock).all() == (
        Contact("example.org", "Fetching a page", START, START, 1, 0),
    )


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of Unix")
def test_the_list_is_for_the_person_alone(file: Path, clock: Clock) -> None:
    open_contacts(file, clock).note("a.example", "why")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_numbers_add_up_and_the_latest_comes_first(file: Path, clock: Clock) -> None:
    contacts = open_contacts(file, clock)
    contacts.note("a.example", "Fetching a page")
    clock.seconds = 3
    contacts.note("b.example", "Searching the web")
    clock.seconds = 5
    contacts.note("a.example", "Fetching a page")
    contacts.add_bytes("a.example", "Fetching a page", 1_000)
    contacts.add_bytes("a.example", "Fetching a page", 24)
    first, second = contacts.all()
    assert (first.host, first.times, first.received_bytes) == ("a.example", 2, 1_024)
    assert (first.first, first.last) == (START, START + timedelta(seconds=5))
    assert second.host == "b.example"
    contacts.close()
    assert open_contacts(file, clock).all() == (first, second)


def test_the_same_host_for_another_reason_is_another_line(file: Path, clock: Clock) -> None:
    contacts = open_contacts(file, clock)
    contacts.note("a.example", "one")
    contacts.note("a.example", "two")
    assert len(contacts.all()) == 2


def test_many_contacts_do_not_write_each_time(file: Path, clock: Clock) -> None:
    contacts = open_contacts(file, clock)
    contacts.note("a.example", "why")
    file.unlink()
    contacts.note("a.example", "why")
    assert not file.exists()
    clock.seconds = 11
    contacts.note("a.example", "why")
    assert json.loads(file.read_text())[0]["times"] == 2


def test_two_programs_share_the_file(file: Path, clock: Clock) -> None:
    window, terminal = open_contacts(file, clock), open_contacts(file, clock)
    window.note("a.example", "why")
    terminal.note("a.example", "why")
    terminal.note("b.example", "why")
    window.note("a.example", "why")
    window.close()
    terminal.close()
    found = {one.host: one.times for one in open_contacts(file, clock).all()}
    assert found == {"a.example": 3, "b.example": 1}


def test_the_oldest_go_when_there_are_too_many(file: Path, clock: Clock) -> None:
    contacts = open_contacts(file, clock)
    for number in range(MAX_CONTACTS + 3):
        clock.seconds += 1
        contacts.note(f"host{number}.example", "why")
    kept = open_contacts(file, clock).all()
    assert len(kept) == MAX_CONTACTS
    assert kept[-1].host == "host3.example"


def test_clearing_forgets_everything_and_goes_on(file: Path, clock: Clock) -> None:
    contacts = open_contacts(file, clock)
    contacts.note("a.example", "why")
    contacts.add_bytes("a.example", "why", 5)
    contacts.clear()
    assert contacts.all() == ()
    contacts.close()
    assert not file.exists()
    contacts.note("a.example", "why")
    assert open_contacts(file, clock).all()[0].times == 1


def test_clearing_what_cannot_be_removed_is_said(file: Path, clock: Clock) -> None:
    file.mkdir(parents=True)
    with pytest.raises(KnownError, match="could not be cleared"):
        open_contacts(file, clock).clear()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "{}",
        "[1, null, [], {}]",
        '[{"host": 1, "why": "x"}]',
        '[{"host": "a", "why": "b", "first": "x", "last": "y", "times": 1, "received_bytes": 1}]',
        "[" * 100_000,
        "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
    ],
)
def test_a_broken_file_is_as_good_as_none(file: Path, clock: Clock, text: str) -> None:
    file.parent.mkdir()
    file.write_text(text, encoding="latin-1")
    contacts = open_contacts(file, clock)
    assert contacts.all() == ()
    contacts.note("a.example", "why")
    assert [one.host for one in open_contacts(file, clock).all()] == ["a.example"]


def test_a_disk_that_takes_nothing_stops_nobody(file: Path, clock: Clock) -> None:
    file.parent.write_text("in the way")
    contacts = open_contacts(file, clock)
    contacts.note("a.example", "why")
    assert [one.host for one in contacts.all()] == ["a.example"]


def test_any_thread_may_note(file: Path, clock: Clock) -> None:
    contacts = open_contacts(file, clock)

    def work() -> None:
        for _ in range(50):
            contacts.note("a.example", "why")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert contacts.all()[0].times == 200
