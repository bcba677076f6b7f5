"""Models in an earlier place: what is found of them, and how they move."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import pytest

from app.bootstrap import note_downloaded
from app.catalog.names import RepoFile
from app.core.cancel import CancelToken
from app.core.errors import KnownError
from app.downloads.storage import place_of
from app.downloads.types import MIB, JobState, Target
from app.library.library import Library
from app.library.relocating import Moving, Outcome, Relocation
from app.library.types import Source
from tests.downloads.helpers import HeldClock, Rig, assert_whole, offer
from tests.hub.content import PatternContent
from tests.hub.faults import Fault
from tests.hub.server import HubServer
from tests.library.moves import NoQueue, downloaded, files_below, is_whole
from tests.library.trees import COMMIT, folder, gguf, library, put, sha256, shard_files

REPO = "unsloth/GLM-4.6-GGUF"
Kind = Literal["hub-cache", "folder"]
KINDS: tuple[tuple[Kind, Kind], ...] = (
    ("hub-cache", "folder"),
    ("folder", "hub-cache"),
    ("folder", "folder"),
)


class Killed(BaseException):
    """As if the process had been killed just here."""


@pytest.fixture
def shelf(tmp_path: Path) -> Library:
    return library(tmp_path, folder(tmp_path / "old"), folder(tmp_path / "new"))


@pytest.fixture
def other_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def rename(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "rename", rename)
    monkeypatch.setattr(Path, "hardlink_to", rename)


def _move(shelf: Library, new: Target, cancel: CancelToken | None = None) -> Outcome:
    relocation = Relocation(shelf, NoQueue())
    (place,) = relocation.places(new)
    return relocation.move(place, new, lambda _: None, cancel or CancelToken())


@pytest.mark.parametrize(("old", "new"), KINDS)
def test_what_was_downloaded_moves_with_what_is_known_of_it(
    tmp_path: Path, shelf: Library, old: Kind, new: Kind
) -> None:
    before = Target(old, tmp_path / "old")
    after = Target(new, tmp_path / "new")
    big = downloaded(shelf, before, REPO, shard_files("Q4/GLM-4.6-Q4_K_M"))
    small = downloaded(shelf, before, "o/Tiny-GGUF", {"Tiny-Q4_0.gguf": gguf("t")})
    mine = put(tmp_path / "old" / "mine.gguf", gguf("mine"))
    used = datetime(2026, 1, 2, tzinfo=UTC)
    shelf.records.note_used(place_of(small, small.files[0], before).location, used)
    relocation = Relocation(shelf, NoQueue())
    (place,) = relocation.places(after)
    assert (place.models, place.downloads, place.needed_bytes) == (2, 0, 0)
    assert place.size_bytes == big.size_bytes + small.size_bytes
    assert {one.title for one in place.sets} == {"GLM-4.6 Q4_K_M", "Tiny Q4_0"}
    seen: list[Moving] = []
    outcome = relocation.move(place, after, seen.append, CancelToken())
    assert (len(outcome.moved), outcome.problems, outcome.cancelled) == (2, (), False)
    assert seen[-1].done_bytes == seen[-1].size_bytes == place.size_bytes
    assert is_whole(big, after)
    assert is_whole(small, after)
    assert files_below(before.folder) == [mine]
    assert relocation.places(after) == ()
    now = place_of(small, small.files[0], after).location
    old_path = place_of(small, small.files[0], before).location
    assert outcome.path_now(str(old_path)) == str(now)
    assert outcome.path_now("/elsewhere.gguf") == "/elsewhere.gguf"
    again = _shelf_on(tmp_path, new)
    found = {model.model: model for model in again.scan().models}
    tiny = found["Tiny"]
    assert tiny.owned
    assert tiny.verified is not None
    assert tiny.last_used == used
    # And back again.
    (place,) = relocation.places(before)
    assert len(relocation.move(place, before, seen.append, CancelToken()).moved) == 2
    assert is_whole(big, before)


def test_others_files_are_never_offered(tmp_path: Path) -> None:
    theirs = tmp_path / "lmstudio"
    shelf = library(tmp_path, Source("lm-studio", "LM Studio", theirs), folder(tmp_path / "old"))
    put(tmp_path / "old" / "mine.gguf", gguf("mine"))
    completed = Target("folder", theirs / "o" / "Tiny-GGUF")
    downloaded(shelf, completed, "o/Tiny-GGUF", {"Tiny-Q4_0.gguf": gguf("t")})
    old = Target("folder", tmp_path / "old")
    ours = downloaded(shelf, old, REPO, {"A-Q4_0.gguf": gguf("A"), "B-Q4_0.gguf": gguf("B")})
    replaced = place_of(ours, ours.files[1], old).location
    replaced.write_bytes(b"GGUF, but of somebody else")
    (place,) = Relocation(shelf, NoQueue()).places(Target("folder", tmp_path / "new"))
    assert [one.title for one in place.sets] == ["A Q4_0"]


def test_a_projector_is_no_model_of_its_own(tmp_path: Path, shelf: Library) -> None:
    old = Target("folder", tmp_path / "old")
    downloaded(shelf, old, REPO, {"A-Q4_0.gguf": gguf("A"), "mmproj-F16.gguf": gguf("p")})
    (place,) = Relocation(shelf, NoQueue()).places(Target("folder", tmp_path / "new"))
    assert (place.models, place.others) == (1, 1)


@pytest.mark.usefixtures("other_disk")
@pytest.mark.parametrize(("old", "new"), KINDS)
def test_a_stopped_move_loses_nothing_and_can_be_put_back(
    tmp_path: Path, shelf: Library, monkeypatch: pytest.MonkeyPatch, old: Kind, new: Kind
) -> None:
    monkeypatch.setattr("app.library.relocating._TELL_SECONDS", 0.0)
    before = Target(old, tmp_path / "old")
    after = Target(new, tmp_path / "new")
    first = downloaded(shelf, before, "a/A-GGUF", {"A-Q4_0.gguf": gguf("A" * 999)})
    second = downloaded(shelf, before, REPO, shard_files("GLM-4.6-Q4_K_M"))
    cancel, relocation = CancelToken(), Relocation(shelf, NoQueue())
    (place,) = relocation.places(after)
    begin = first.size_bytes + second.files[0].size_bytes

    def stop(now: Moving) -> None:
        if now.done_bytes >= begin:
            cancel.cancel()

    assert place.sets[0].title == "A Q4_0"
    outcome = relocation.move(place, after, stop, cancel)
    assert outcome.cancelled
    assert [one.title for one in outcome.moved] == ["A Q4_0"]
    assert [one.title for one in outcome.split] == ["GLM-4.6 Q4_K_M"]
    assert is_whole(first, after)
    assert not is_whole(second, before)
    back = relocation.put_back(outcome.split, after, lambda _: None, CancelToken())
    assert len(back.moved) == 1
    assert is_whole(second, before)
    assert len(_move(shelf, after).moved) == 1
    assert is_whole(second, after)


@pytest.mark.parametrize(("old", "new"), KINDS)
def test_a_killed_move_is_found_and_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: Kind, new: Kind
) -> None:
    """Before each change of the disk once."""
    for moment in range(1, 40):
        home = tmp_path / str(moment)
        before = Target(old, home / "old")
        after = Target(new, home / "new")
        shelf = library(home, folder(home / "old"))
        request = downloaded(shelf, before, REPO, shard_files("GLM-4.6-Q4_K_M", 2))
        killed = _move_killed(shelf, after, monkeypatch, moment)
        fresh = library(home, folder(home / "old"))
        for place in Relocation(fresh, NoQueue()).places(after):
            relocation = Relocation(fresh, NoQueue())
            relocation.move(place, after, lambda _: None, CancelToken())
        assert is_whole(request, after)
        # Which commit a branch was at is nothing that takes room.
        assert [one for one in files_below(before.folder) if "refs" not in one.parts] == []
        assert Relocation(fresh, NoQueue()).places(after) == ()
        model = _shelf_on(home, new).scan()
        assert [one.owned for one in model.models] == [True]
        if not killed:
            return
    raise AssertionError("it never ended")


def _shelf_on(home: Path, new: Kind) -> Library:
    """That looks at the new place, with what is remembered."""
    sources = (Source(new, "", home / "new"),)
    return Library(lambda: sources, home / "cache2.json", home / "records.json")


def _move_killed(shelf: Library, new: Target, monkeypatch: pytest.MonkeyPatch, moment: int) -> bool:
    calls = 0

    def guard(change: Callable[..., Any]) -> Callable[..., Any]:
        def guarded(*arguments: Any, **options: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls >= moment:
                raise Killed
            return change(*arguments, **options)

        return guarded

    with monkeypatch.context() as patched:
        for name in ("replace", "unlink", "symlink_to", "rmdir"):
            patched.setattr(Path, name, guard(getattr(Path, name)))
        patched.setattr(os, "rename", guard(os.rename))
        try:
            _move(shelf, new)
        except Killed:
            return True
    return False


def test_the_loaded_model_stays_and_the_others_move(tmp_path: Path, shelf: Library) -> None:
    old, new = Target("folder", tmp_path / "old"), Target("folder", tmp_path / "new")
    used = downloaded(shelf, old, "a/A-GGUF", {"A-Q4_0.gguf": gguf("A")})
    other = downloaded(shelf, old, "b/B-GGUF", {"B-Q4_0.gguf": gguf("B")})
    shelf.note_used(place_of(used, used.files[0], old).location)
    outcome = _move(shelf, new)
    assert "A Q4_0 is loaded and cannot be moved now" in str(outcome.problems[0])
    assert is_whole(used, old)
    assert is_whole(other, new)
    shelf.note_unloaded()
    assert len(_move(shelf, new).moved) == 1


def test_a_name_that_is_taken_and_no_room(
    tmp_path: Path, shelf: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = Target("folder", tmp_path / "old"), Target("folder", tmp_path / "new")
    one = downloaded(shelf, old, "a/A-GGUF", {"A-Q4_0.gguf": gguf("A")})
    theirs = put(new.folder / "A-Q4_0.gguf", b"another")
    outcome = _move(shelf, new)
    assert "not overwritten" in str(outcome.problems[0])
    assert theirs.read_bytes() == b"another"
    assert is_whole(one, old)
    theirs.unlink()
    monkeypatch.setattr("app.library.earlier._device", lambda _: -1)
    monkeypatch.setattr("app.downloads.move.free_bytes", lambda _: 3)
    with pytest.raises(KnownError, match="no room"):
        _move(shelf, new)
    assert is_whole(one, old)


def test_a_folder_that_refuses_is_said(
    tmp_path: Path, shelf: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = Target("folder", tmp_path / "old"), Target("folder", tmp_path / "new")
    one = downloaded(shelf, old, "a/A-GGUF", {"A-Q4_0.gguf": gguf("A")})

    def refuse(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    with monkeypatch.context() as patched:
        patched.setattr(os, "rename", refuse)
        outcome = _move(shelf, new)
    assert "Read-only file system" in str(outcome.problems[0])
    assert is_whole(one, old)


def test_a_cache_needs_the_version_and_asks_for_it(tmp_path: Path) -> None:
    """Of models that an older version of the program has noted."""
    data, asked = gguf("A"), []

    def listed(repo: str, revision: str | None) -> list[RepoFile]:
        asked.append((repo, revision))
        return [RepoFile("A-Q4_0.gguf", len(data), sha256(data), COMMIT)]

    shelf = Library(
        lambda: [folder(tmp_path / "old")],
        tmp_path / "cache.json",
        tmp_path / "records.json",
        list_files=listed,
    )
    old, cache = Target("folder", tmp_path / "old"), Target("hub-cache", tmp_path / "cache")
    request = downloaded(shelf, old, "a/A-GGUF", {"A-Q4_0.gguf": data}, with_commit=False)
    other = downloaded(shelf, old, "b/B-GGUF", {"B-Q4_0.gguf": gguf("B")}, with_commit=False)
    outcome = _move(shelf, cache)
    assert is_whole(request, cache)
    assert "Nothing tells which version" in str(outcome.problems[0])
    assert is_whole(other, old)
    # Back into a folder it goes without a question.
    asked.clear()
    (place, *_) = Relocation(shelf, NoQueue()).places(Target("folder", tmp_path / "third"))
    assert place.models == 1
    assert asked == []


def test_a_branch_that_has_moved_on_stays(tmp_path: Path, shelf: Library) -> None:
    old, cache = Target("folder", tmp_path / "old"), Target("hub-cache", tmp_path / "cache")
    request = downloaded(shelf, old, "a/A-GGUF", {"A-Q4_0.gguf": gguf("A")})
    ref = put(cache.folder / "models--a--A-GGUF/refs/main", b"e" * 40)
    _move(shelf, cache)
    assert is_whole(request, cache)
    assert ref.read_bytes() == b"e" * 40


def test_a_running_download_pauses_moves_and_goes_on(tmp_path: Path, shelf: Library) -> None:
    with HubServer() as hub:
        paths = [f"m-0000{n}-of-00002.gguf" for n in (1, 2)]
        size = 2 * MIB + 5
        request = offer(hub, {path: PatternContent(size, n) for n, path in enumerate(paths)})
        hub.misbehave(paths[1], Fault(stall_after=MIB), times=None)
        old, new = Target("folder", tmp_path / "old"), Target("hub-cache", tmp_path / "new")
        with Rig(hub, old.folder, clock=HeldClock(), connections=1) as rig:
            rig.manager.add(request, old)
            rig.seen.wait_for(lambda s: s.done_bytes >= size + MIB // 2)
            relocation = Relocation(shelf, rig.manager)
            (place,) = relocation.places(new)
            assert (place.models, place.downloads) == (0, 1)
            hub.faults.clear()
            sent = hub.sent_bytes
            outcome = relocation.move(place, new, lambda _: None, CancelToken())
            assert len(outcome.moved) == 1
            done = rig.seen.wait_for(lambda s: s.state is JobState.DONE and s.target == new)
            assert_whole(done)
        assert hub.sent_bytes - sent <= size
        assert files_below(old.folder) == []


def test_a_finished_download_in_the_list_opens_the_moved_file(
    tmp_path: Path, shelf: Library
) -> None:
    with HubServer() as hub:
        request = offer(hub, {"m.gguf": PatternContent(MIB, 1)})
        old, new = Target("folder", tmp_path / "old"), Target("hub-cache", tmp_path / "new")
        with Rig(hub, old.folder, clock=HeldClock()) as rig:
            done = rig.get(request)
            assert_whole(done)
            note_downloaded(shelf, done)
            relocation = Relocation(shelf, rig.manager)
            (place,) = relocation.places(new)
            assert (place.models, place.downloads) == (1, 0)
            relocation.move(place, new, lambda _: None, CancelToken())
            job = rig.seen.wait_for(lambda s: s.target == new)
            assert job.state is JobState.DONE
            assert job.files[0].location == place_of(request, request.files[0], new).location
            assert_whole(job)
            assert relocation.places(new) == ()
