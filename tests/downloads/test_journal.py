"""What the journal claims can be believed, or is not believed."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.downloads import hashing
from app.downloads.hashing import HashState, new_digest
from app.downloads.journal import Identity, Journal, Picture
from app.downloads.ranges import RangeSet
from app.downloads.restore import open_partial
from app.downloads.storage import Place

SIZE = 50_000_000_000
ME = Identity("a/b", "Q/m.gguf", SIZE, "5" * 64, "c" * 40)
STATE = HashState(6400, bytes(range(32)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "m.glm-part.journal"


def _written(path: Path, *pictures: Picture) -> None:
    journal = Journal(path, ME)
    journal.start(Picture(RangeSet()))
    for picture in pictures:
        journal.append(picture)
    journal.close()


FIRST = Picture(RangeSet([(0, 10_000)]), STATE)
SECOND = Picture(RangeSet([(0, 20_000), (40_000, 41_000)]), STATE)


def test_the_last_picture_counts(path: Path) -> None:
    _written(path, FIRST, SECOND)
    assert Journal(path, ME).load() == SECOND


def test_no_journal_and_another_files_journal(path: Path) -> None:
    assert Journal(path, ME).load() is None
    _written(path, FIRST)
    other = Identity(ME.repo, ME.path, SIZE, "6" * 64, ME.commit)
    assert Journal(path, other).load() is None
    moved = Identity("mirror/b", "m.gguf", SIZE, ME.sha256, "d" * 40)
    assert Journal(path, moved).load() == FIRST


def test_cut_anywhere_it_claims_no_more_than_was_written(path: Path) -> None:
    _written(path, FIRST, SECOND)
    whole = path.read_bytes()
    lines = whole.split(b"\n")
    end_of_first = len(lines[0]) + len(lines[1]) + len(lines[2]) + 3
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        picture = Journal(path, ME).load()
        if picture is not None and picture.trusted and picture.ranges:
            assert picture == FIRST
            assert length >= end_of_first
    path.write_bytes(whole[:-1])
    assert Journal(path, ME).load() == FIRST


@given(st.data())
def test_a_flipped_byte_is_never_trusted(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("journal") / "j"
    _written(path, FIRST, SECOND)
    raw = bytearray(path.read_bytes())
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(raw)

    picture = Journal(path, ME).load()

    if picture is not None and picture.trusted:
        # Only the newline at the very end can be lost without harm, like a torn write.
        assert picture == FIRST
        assert not raw.endswith(b"\n")
    elif picture is not None:
        assert picture.hash_state is None
        assert picture.ranges.total <= SECOND.ranges.total


@pytest.mark.parametrize(
    "line",
    [
        '{"ranges":[[0,99999999999999]],"hash":null}',
        '{"ranges":[[5,3]],"hash":null}',
        '{"ranges":[[-1,3]],"hash":null}',
        '{"ranges":"all","hash":null}',
        '{"ranges":[[0,100]],"hash":[128,"00"]}',
        '{"ranges":[[64,6400]],"hash":[6400,"' + "00" * 32 + '"]}',
        "[]",
        "[" * 100_000,
    ],
)
def test_a_line_that_claims_nonsense_is_not_believed(path: Path, line: str) -> None:
    import zlib

    _written(path, FIRST)
    with path.open("ab") as file:
        file.write(b"%08x %s\n" % (zlib.crc32(line.encode()), line.encode()))

    picture = Journal(path, ME).load()

    assert picture is not None
    believed = picture.trusted and picture.hash_state is not None
    assert not believed
    assert picture.ranges.total <= 10_000


def test_it_stays_small(path: Path) -> None:
    journal = Journal(path, ME)
    journal.start(Picture(RangeSet()))
    for step in range(1, 200):
        scattered = [(n * 10_000_000, n * 10_000_000 + step) for n in range(1, 200)]
        journal.append(Picture(RangeSet([(0, 10_000), *scattered]), STATE))
        assert path.stat().st_size < 300_000
    journal.close()
    loaded = Journal(path, ME).load()
    assert loaded is not None
    assert loaded.ranges.total == 10_000 + 199 * 199


def test_a_preallocated_file_never_counts_as_complete(tmp_path: Path) -> None:
    place = Place(tmp_path / "m.glm-part", tmp_path / "m", tmp_path / "m")
    with place.part.open("wb") as file:
        file.truncate(SIZE)
    partial = open_partial(place, ME)
    try:
        assert partial.picture.ranges.total == 0
        assert partial.file.length == 0
    finally:
        partial.close()


def test_a_lost_journal_of_a_full_file_is_read_again(tmp_path: Path) -> None:
    place = Place(tmp_path / "m.glm-part", tmp_path / "m", tmp_path / "m")
    me = Identity("a/b", "m.gguf", 1000, "5" * 64, "c" * 40)
    place.part.write_bytes(bytes(1000))
    place.journal.write_bytes(b"rubbish\n")
    partial = open_partial(place, me)
    try:
        assert partial.picture == Picture(RangeSet([(0, 1000)]), None)
    finally:
        partial.close()


def test_a_journal_does_not_claim_more_than_the_file_holds(tmp_path: Path) -> None:
    place = Place(tmp_path / "m.glm-part", tmp_path / "m", tmp_path / "m")
    _written(place.journal, SECOND)
    place.part.write_bytes(bytes(5000))
    partial = open_partial(place, ME)
    try:
        assert partial.picture == Picture(RangeSet([(0, 5000)]), None)
    finally:
        partial.close()


@given(st.binary(max_size=700), st.binary(max_size=700))
def test_a_digest_taken_over_is_the_same(first: bytes, second: bytes) -> None:
    head = bytearray(first[: len(first) // 64 * 64])
    digest = new_digest()
    digest.update(memoryview(head))
    state = digest.state()
    assert state is not None, "this Python's OpenSSL gives no hash state"

    later = new_digest(state)
    later.update(memoryview(bytearray(second)))

    assert later.hexdigest() == hashlib.sha256(bytes(head) + second).hexdigest()


def test_the_state_counts_beyond_four_gigabytes() -> None:
    """The length is in bits and in two words."""
    state = HashState(5 * 2**30, bytes(range(32)))
    digest = new_digest(state)
    assert digest.state() == state
    assert digest.length == 5 * 2**30


def test_without_openssl_it_still_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing, "_library", lambda: None)
    digest = new_digest(STATE)
    assert digest.length == 0
    digest.update(memoryview(bytearray(b"abc" * 100)))
    assert digest.state() is None
    assert digest.hexdigest() == hashlib.sha256(b"abc" * 100).hexdigest()
