"""Reading files, and every way out of the opened folders."""

import os
from pathlib import Path

import pytest

from app.tools.files_text import MAX_BYTES
from app.tools.folders import Folder, Folders
from app.tools.opening import Opener
from app.tools.runner import RESULT_CHARACTERS
from app.tools.tool import Choice, ToolFailure
from tests.tools.files_desk import POSIX, Desk


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


@POSIX
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


@POSIX
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


@POSIX
def test_a_write_into_a_folder_swapped_for_a_link_goes_nowhere(desk: Desk) -> None:
    folder = desk.opened / "sub"
    folder.mkdir()

    def swap() -> None:
        folder.rename(desk.opened / "away")
        folder.symlink_to(desk.secret)

    desk.while_asked = swap
    assert desk.write("sub/key", "overwritten").failed
    assert (desk.secret / "key").read_text() == "the secret"


@POSIX
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
