"""Tools for files: what they do, and every way out of the opened folders."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from app.core.cancel import CancelToken
from app.core.errors import KnownError
from app.core.messages import ToolCallPart, ToolResultPart
from app.tools.backups import MOST_FILES, Backup, Backups
from app.tools.consent import ConsentRequest, Decision, Gate, Permissions, QuestionRequest
from app.tools.files_read import reading_tools
from app.tools.files_text import MAX_BYTES
from app.tools.files_write import put_back, writing_tools
from app.tools.folders import Folder, Folders
from app.tools.opening import WALKS, Opener
from app.tools.runner import RESULT_CHARACTERS, ToolRunner
from app.tools.tool import Choice, ToolFailure

posix = pytest.mark.skipif(not WALKS, reason="this system has no directory descriptors")

Act = Callable[[], None]


class Desk:
    """Files of a person, some of them opened, and a model that calls tools."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.opened, self.secret = root / "opened", root / "secret"
        for folder in (self.opened, self.secret):
            folder.mkdir(parents=True)
        (self.secret / "key").write_text("the secret")
        self.folders = Folders([Folder(str(self.opened), write=True)])
        self.backups = Backups(root / "backups")
        self.opener = Opener(self.folders, protected=[root / "backups", Path("/proc")])
        tools = (*reading_tools(self.opener), *writing_tools(self.opener, self.backups))
        self.runner = ToolRunner(tools)
        self.choice: Choice = "once"
        self.asked: list[ConsentRequest] = []
        self.while_asked: Act = lambda: None

    def decide(self, request: ConsentRequest, _cancel: CancelToken) -> Decision:
        self.asked.append(request)
        self.while_asked()
        return Decision(self.choice)

    def reply(self, request: QuestionRequest, _cancel: CancelToken) -> str:
        raise AssertionError(request)

    @property
    def always(self) -> Permissions:
        return Permissions()

    def reads_allowed(self) -> bool:
        return False

    def open_folder(self, folder: str, *, write: bool) -> None:
        self.folders.open(folder, write=write)

    def call(self, tool: str, **arguments: str | int) -> ToolResultPart:
        gate = Gate(self, self, Permissions())
        call = ToolCallPart("1", tool, {**arguments})
        return self.runner.run(call, CancelToken(), gate)

    def read(self, path: object, **more: int) -> ToolResultPart:
        return self.call("read_file", path=str(path), **more)

    def write(self, path: object, content: str) -> ToolResultPart:
        return self.call("write_file", path=str(path), content=content)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(Path(os.path.realpath(tmp_path)))


def test_a_file_is_read_with_what_it_is(desk: Desk) -> None:
    (desk.opened / "a.txt").write_text("one\ntwo\n")
    result = desk.read("a.txt")
    assert not result.failed
    head, _, text = result.text.partition("\n\n")
    assert head == f"{desk.opened / 'a.txt'}: 8 bytes, UTF-8, lines 1 to 2 of 2"
    assert text == "one\ntwo"
    assert result.foreign
    [request] = desk.asked
    assert (request.scope, request.effect, request.grant) == (str(desk.opened), "reads", "")


def test_a_long_file_comes_in_pieces(desk: Desk) -> None:
    lines = [f"line {number}" for number in range(1, 3001)]
    (desk.opened / "long.txt").write_text("\n".join(lines))
    seen: list[str] = []
    start = 1
    while len(seen) < len(lines):
        result = desk.read("long.txt", start_line=start)
        assert len(result.text) <= RESULT_CHARACTERS
        body = result.text.partition("\n\n")[2]
        seen += [line for line in body.split("\n") if line.startswith("line ")]
        start = len(seen) + 1
    assert seen == lines


@pytest.mark.parametrize(
    ("data", "encoding", "text"),
    [
        ("grün".encode("utf-8-sig"), "UTF-8", "grün"),
        ("grün".encode("utf-16"), "UTF-16", "grün"),
        ("你好，世界".encode("gb18030"), "GB 18030", "你好，世界"),
        (b"caf\xe9", "Windows-1252", "café"),
    ],
)
def test_encodings_are_found(desk: Desk, data: bytes, encoding: str, text: str) -> None:
    (desk.opened / "a.txt").write_bytes(data)
    result = desk.read("a.txt")
    assert f", {encoding}, " in result.text
    assert result.text.endswith(text)


def test_what_is_no_text_is_not_read(desk: Desk) -> None:
    (desk.opened / "a.bin").write_bytes(bytes(range(256)))
    assert "is not a text file" in desk.read("a.bin").text


def test_a_file_that_is_too_large_is_refused(desk: Desk) -> None:
    with (desk.opened / "big").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    assert "too much to read" in desk.read("big").text


@pytest.mark.parametrize(
    "path",
    [
        "../secret/key",
        "sub/../../secret/key",
        "{opened}/../secret/key",
        "{opened}/./.././secret/key",
        "{secret}/key",
        "file:///etc/passwd",
        "link/key",
        "direct",
        "/proc/self/environ",
        "/proc/../proc/self/root/etc/passwd",
    ],
)
def test_no_path_leads_out(desk: Desk, path: str) -> None:
    (desk.opened / "sub").mkdir()
    (desk.opened / "link").symlink_to(desk.secret)
    (desk.opened / "direct").symlink_to(desk.secret / "key")
    result = desk.read(path.format(opened=desk.opened, secret=desk.secret))
    assert result.failed
    assert "the secret" not in result.text
    assert "root:" not in result.text


@pytest.mark.parametrize("choice", ["once", "chat"])
def test_a_file_outside_cannot_be_allowed_by_itself(desk: Desk, choice: Choice) -> None:
    desk.choice = choice
    result = desk.read(desk.secret / "key")
    assert result.failed
    assert "the secret" not in result.text


def test_opening_the_folder_lets_the_call_go_on(desk: Desk) -> None:
    desk.choice = "always"
    assert "the secret" in desk.read(desk.secret / "key").text
    assert desk.folders.opened[-1] == Folder(str(desk.secret), write=False)
    assert desk.write(desk.secret / "key", "x").failed is False, "asked for writing as well"
    assert desk.folders.opened[-1] == Folder(str(desk.secret), write=True)


def test_a_link_within_the_folder_is_followed(desk: Desk) -> None:
    (desk.opened / "real.txt").write_text("real")
    (desk.opened / "alias.txt").symlink_to(desk.opened / "real.txt")
    assert desk.read("alias.txt").text.endswith("real")


@posix
def test_a_file_swapped_for_a_link_while_it_is_asked_about_is_not_read(desk: Desk) -> None:
    file = desk.opened / "a.txt"
    file.write_text("harmless")

    def swap() -> None:
        file.unlink()
        file.symlink_to(desk.secret / "key")

    desk.while_asked = swap
    result = desk.read("a.txt")
    assert result.failed
    assert "it is a link" in result.text


@posix
def test_a_folder_swapped_for_a_link_is_not_walked(desk: Desk) -> None:
    folder = desk.opened / "sub"
    folder.mkdir()
    (folder / "key").write_text("harmless")

    def swap() -> None:
        folder.rename(desk.opened / "away")
        folder.symlink_to(desk.secret)

    desk.while_asked = swap
    result = desk.read("sub/key")
    assert result.failed
    assert "the secret" not in result.text


@posix
def test_a_write_into_a_folder_swapped_for_a_link_goes_nowhere(desk: Desk) -> None:
    folder = desk.opened / "sub"
    folder.mkdir()

    def swap() -> None:
        folder.rename(desk.opened / "away")
        folder.symlink_to(desk.secret)

    desk.while_asked = swap
    assert desk.write("sub/key", "overwritten").failed
    assert (desk.secret / "key").read_text() == "the secret"


@posix
def test_what_is_off_limits_is_so_by_what_it_is(tmp_path: Path) -> None:
    """A folder that is called differently, as on a file system that does not tell cases apart."""
    root = Path(os.path.realpath(tmp_path))
    hidden = root / "opened" / "Keys"
    hidden.mkdir(parents=True)
    (hidden / "id").write_text("the secret")
    folders = Folders([Folder(str(root / "opened"))])
    opener = Opener(folders, protected=[hidden])
    with pytest.raises(ToolFailure, match="off limits"):
        opener.place(str(hidden / "id"))
    with pytest.raises(ToolFailure, match="off limits"):
        opener.place(str(root / "opened" / "KEYS" / "id"))
    place = opener.place(str(root / "opened"))
    other = root / "elsewhere"
    hidden.rename(other)
    moved = Opener(folders, protected=[other])
    other.rename(root / "opened" / "innocent")
    (root / "elsewhere").symlink_to(root / "opened" / "innocent")
    with (
        pytest.raises(ToolFailure, match="off limits"),
        moved.directory(place, ("innocent",)),
    ):
        raise AssertionError("it was opened")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_pipe_is_not_waited_for(desk: Desk) -> None:
    os.mkfifo(desk.opened / "pipe")
    assert "is not a plain file" in desk.read("pipe").text
    assert desk.write("pipe", "x").failed


def test_devices_are_refused() -> None:
    opener = Opener(Folders([Folder("/dev")]))
    with pytest.raises(ToolFailure, match="off limits"):
        opener.place("/dev/zero")


@pytest.mark.parametrize("path", ["", "  ", "a\0b", "a\nb", "x" * 5000, "\ud800"])
def test_odd_paths_are_refused(desk: Desk, path: str) -> None:
    with pytest.raises(ToolFailure):
        desk.opener.place(path)


def test_a_home_or_a_system_folder_is_not_offered_to_be_opened() -> None:
    opener = Opener(Folders([]))
    home = Path(os.path.realpath(Path.home()))
    for folder in (home, home.parent, Path("/"), Path("/proc"), home / ".ssh"):
        assert not opener.may_be_opened(folder), folder


def test_a_folder_is_listed(desk: Desk) -> None:
    (desk.opened / "b.txt").write_text("x" * 1500)
    (desk.opened / "sub").mkdir()
    (desk.opened / "out").symlink_to(desk.secret)
    text = desk.call("list_folder", path=".").text
    assert text == f"{desk.opened}: 3 entries\nsub/\nb.txt (1.5 kB)\nout (link)"
    assert desk.call("list_folder").text == f"{desk.opened} (reading and writing)"


def test_files_are_searched_and_links_are_not_followed(desk: Desk) -> None:
    (desk.opened / "sub").mkdir()
    (desk.opened / "sub" / "a.txt").write_text("nothing\nthe Needle here\n")
    (desk.opened / "bin").write_bytes(b"\0\1\2needle" * 20)
    (desk.opened / ".hidden").write_text("needle")
    (desk.secret / "n.txt").write_text("needle")
    (desk.opened / "out").symlink_to(desk.secret)
    text = desk.call("search_files", text="needle", path=".").text
    assert text.split("\n")[1:] == ["sub/a.txt:2: the Needle here"]


def test_many_hits_are_cut_and_say_so(desk: Desk) -> None:
    (desk.opened / "a.txt").write_text("hit\n" * 500)
    text = desk.call("search_files", text="hit", path=".").text
    assert "only the first 60 are shown" in text
    assert text.count("a.txt:") == 60


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
