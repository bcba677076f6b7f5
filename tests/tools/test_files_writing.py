"""Writing files, what is kept of them, and putting it back."""

import os
import threading
from pathlib import Path

import pytest

from app.core.errors import KnownError
from app.tools.backups import MOST_FILES, Backup, Backups
from app.tools.files_write import put_back
from app.tools.folders import Folder
from tests.tools.files_desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(Path(os.path.realpath(tmp_path)))


def test_a_new_file_is_made_with_its_folders(desk: Desk) -> None:
    result = desk.write("new/deep/a.txt", "hello\n")
    assert not result.failed
    assert (desk.opened / "new/deep/a.txt").read_text() == "hello\n"
    assert desk.asked[0].lines == (f"Makes {desk.opened / 'new/deep/a.txt'} (6 bytes).",)
    assert "+hello" in desk.asked[0].diff
    assert not list((desk.opened / "new/deep").glob(".*")), "nothing is left beside it"


def test_a_write_keeps_line_ends_mode_and_the_earlier_version(desk: Desk) -> None:
    file = desk.opened / "a.txt"
    file.write_bytes(b"one\r\ntwo\r\n")
    file.chmod(0o640)
    desk.write("a.txt", "one\nthree\n")
    assert file.read_bytes() == b"one\r\nthree\r\n"
    if os.name == "posix":
        assert file.stat().st_mode & 0o777 == 0o640
    [backup] = desk.backups.all()
    assert desk.backups.contents(backup) == b"one\r\ntwo\r\n"
    diff = desk.asked[0].diff
    assert [line for line in diff.split("\n")[3:] if line[:1] in "+-"] == ["-two", "+three"]


def test_a_file_that_changed_since_it_was_shown_is_left_alone(desk: Desk) -> None:
    file = desk.opened / "a.txt"
    file.write_text("one")

    def edit() -> None:
        file.write_text("edited by the person")

    desk.while_asked = edit
    result = desk.write("a.txt", "two")
    assert result.failed
    assert "changed meanwhile" in result.text
    assert file.read_text() == "edited by the person"
    assert desk.backups.all() == ()


def test_writing_where_only_reading_is_open_asks_to_open_it(desk: Desk) -> None:
    desk.folders.replace([Folder(str(desk.opened), write=False)])
    (desk.opened / "a.txt").write_text("one")
    desk.choice = "deny"
    assert desk.write("a.txt", "two").failed
    [request] = desk.asked
    assert (request.grant, request.choices) == (str(desk.opened), ("always", "deny"))
    assert "-one" in request.diff
    assert (desk.opened / "a.txt").read_text() == "one"


def test_a_file_the_person_has_not_seen_the_changes_of_is_not_replaced(desk: Desk) -> None:
    """Nothing is read from a folder that is not open, so there was no diff to see."""
    desk.choice = "always"
    result = desk.write(desk.secret / "key", "gone")
    assert result.failed
    assert "has not seen the changes" in result.text
    assert (desk.secret / "key").read_text() == "the secret"
    desk.choice = "once"
    assert not desk.write(desk.secret / "key", "gone").failed


@pytest.mark.parametrize("name", [".bashrc", ".git/hooks/pre-commit", "run.sh"])
def test_what_other_programs_obey_is_asked_about_each_time(desk: Desk, name: str) -> None:
    desk.write(name, "x")
    assert desk.asked[0].choices == ("once", "deny")


def test_changes_that_nobody_could_look_through_are_refused(desk: Desk) -> None:
    result = desk.write("a.txt", "a line of text\n" * 10_000)
    assert result.failed
    assert "too large for a person to look through" in result.text
    assert desk.asked == []
    assert not (desk.opened / "a.txt").exists()


def test_a_binary_file_is_not_replaced(desk: Desk) -> None:
    file = desk.opened / "a.bin"
    file.write_bytes(bytes(range(256)))
    assert desk.write("a.bin", "text").failed
    assert file.read_bytes() == bytes(range(256))


def test_a_full_disk_leaves_the_file_as_it_was(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    file = desk.opened / "a.txt"
    file.write_text("one")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    desk.while_asked = lambda: monkeypatch.setattr(os, "fsync", full)
    result = desk.write("a.txt", "two")
    assert result.failed
    assert "no space left on device" in result.text
    assert file.read_text() == "one"
    assert [one.name for one in desk.opened.iterdir()] == ["a.txt"]


def test_an_earlier_version_is_put_back(desk: Desk) -> None:
    file = desk.opened / "a.txt"
    file.write_text("one")
    desk.write("a.txt", "two")
    [backup] = desk.backups.all()
    put_back(desk.opener, desk.backups, backup)
    assert file.read_text() == "one"
    assert desk.backups.all() == ()


def test_a_file_that_a_tool_made_is_removed_by_putting_back(desk: Desk) -> None:
    desk.write("a.txt", "two")
    [backup] = desk.backups.all()
    put_back(desk.opener, desk.backups, backup)
    assert not (desk.opened / "a.txt").exists()


def test_what_was_changed_since_is_not_put_back(desk: Desk) -> None:
    file = desk.opened / "a.txt"
    file.write_text("one")
    desk.write("a.txt", "two")
    file.write_text("three")
    [backup] = desk.backups.all()
    with pytest.raises(KnownError, match="changed or removed since"):
        put_back(desk.opener, desk.backups, backup)
    assert file.read_text() == "three"
    assert desk.backups.all() == (backup,)


def test_backups_are_bounded(tmp_path: Path) -> None:
    backups = Backups(tmp_path / "kept")
    for number in range(MOST_FILES + 3):
        backups.keep(Path(f"/x/{number}"), b"old", "hash")
    found = backups.all()
    assert len(found) == MOST_FILES
    assert found[0].path == f"/x/{MOST_FILES + 2}"
    assert len(list((tmp_path / "kept").iterdir())) == MOST_FILES + 1


def test_an_index_that_was_meddled_with_names_no_file_elsewhere(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    backups = Backups(folder)
    backups.keep(Path("/x"), b"old", "hash")
    line = '{"id": "../../etc/passwd", "at": "", "path": "/x", "existed": true, "size_bytes": 1,'
    with (folder / "index.jsonl").open("a") as file:
        file.write(f'{line} "after": ""}}\n{{"broken\n')
    assert [one.path for one in backups.all()] == ["/x"]
    lost = Backup("00", "", "/x", True, 3, "")
    with pytest.raises(KnownError, match="not there any more"):
        backups.contents(lost)


def test_two_writes_at_once_leave_one_of_the_two(desk: Desk) -> None:
    (desk.opened / "a.txt").write_text("start")
    threads = [threading.Thread(target=desk.write, args=("a.txt", text)) for text in ("aaa", "bbb")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (desk.opened / "a.txt").read_text() in ("aaa", "bbb")
