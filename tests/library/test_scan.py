"""What a scan makes of files: whole, cut off, half there, doubled, odd, gone."""

import os
import sys
import threading
from pathlib import Path

import pytest

from app.core.cancel import CancelToken
from app.core.errors import Cancelled
from app.library import headers
from app.library import scan as scan_module
from app.library.types import InstalledModel, Snapshot
from app.library.walk import Walk
from tests.library.trees import (
    OLDER,
    folder,
    gguf,
    hub,
    hub_file,
    journal,
    library,
    only,
    own,
    put,
    sha256,
    shard_files,
)


def test_shards_are_one_model_and_missing_ones_are_named(tmp_path: Path) -> None:
    models = tmp_path / "models"
    for name, data in shard_files("GLM-4.6-Q2_K").items():
        put(models / name, data)
    shelf = library(tmp_path, folder(models))
    model = only(shelf.scan())
    assert (model.state, len(model.files), model.title) == ("complete", 3, "GLM-4.6 Q2_K")
    assert model.path == models / "GLM-4.6-Q2_K-00001-of-00003.gguf"
    (models / "GLM-4.6-Q2_K-00002-of-00003.gguf").unlink()
    model = only(shelf.scan())
    assert (model.state, model.path) == ("partial", None)
    assert model.missing == ("GLM-4.6-Q2_K-00002-of-00003.gguf",)
    assert model.why == "1 of its 3 files is missing: GLM-4.6-Q2_K-00002-of-00003.gguf."


def test_broken_files_say_why(tmp_path: Path) -> None:
    models = tmp_path / "models"
    put(models / "cut-Q4_0.gguf", gguf()[:-100])
    put(models / "empty-Q4_0.gguf", b"")
    put(models / "text-Q4_0.gguf", b"hello world")
    found = {model.model: model for model in library(tmp_path, folder(models)).scan().models}
    assert {model.state for model in found.values()} == {"broken"}
    assert "Its tensors need" in found["cut"].why
    assert "The file is empty" in found["empty"].why
    assert "not a GGUF file" in found["text"].why
    assert all(model.path is None for model in found.values())


def test_mixed_up_shards_are_broken(tmp_path: Path) -> None:
    models = tmp_path / "models"
    for name, data in shard_files("M-Q2_K").items():
        put(models / name, data)
    second = models / "M-Q2_K-00002-of-00003.gguf"
    second.write_bytes((models / "M-Q2_K-00003-of-00003.gguf").read_bytes())
    model = only(library(tmp_path, folder(models)).scan())
    assert model.state == "broken"
    assert "does not belong" in model.why


def test_files_for_other_programs_are_foreign(tmp_path: Path) -> None:
    data = bytearray(gguf())
    # IQ2_K of ik_llama.cpp, in place of Q4_K.
    at = data.index(b"token_embd.weight") + len(b"token_embd.weight") + 4 + 16
    data[at : at + 4] = (137).to_bytes(4, "little")
    put(tmp_path / "m" / "GLM-IQ2_K.gguf", bytes(data))
    model = only(library(tmp_path, folder(tmp_path / "m")).scan())
    assert model.state == "foreign"
    assert "ik_llama.cpp" in model.why


def test_projectors_are_attached_and_adapters_no_models(tmp_path: Path) -> None:
    models = tmp_path / "m"
    put(models / "GLM-4.6V-Q4_K_M.gguf", gguf())
    put(models / "mmproj-GLM-4.6V-F16.gguf", gguf("p"))
    put(models / "imatrix_unsloth.gguf", gguf("i"))
    put(models / "eyes.gguf", gguf("e", general__type="mmproj"))
    model = only(library(tmp_path, folder(models)).scan())
    assert sorted(file.name for file in model.attached) == [
        "imatrix_unsloth.gguf",
        "mmproj-GLM-4.6V-F16.gguf",
    ]


@pytest.mark.parametrize(
    "name",
    [
        "GLM-Q4_0.gguf.glm-part", "downloading_GLM-Q4_0.gguf.part", "GLM-Q4_0.gguf.incomplete",
        "incomplete-GLM-Q4_0.gguf", "GLM-Q4_0.gguf.downloadInProgress", "GLM-Q4_0.gguf.tmp",
        "GLM-Q4_0.gguf.crdownload",
    ],
)  # fmt: skip
def test_half_files_are_partial(tmp_path: Path, name: str) -> None:
    put(tmp_path / "m" / name, gguf())
    model = only(library(tmp_path, folder(tmp_path / "m")).scan())
    assert (model.state, model.title, model.path) == ("partial", "GLM Q4_0", None)
    assert "has not been finished" in model.why


def test_our_partial_says_how_far_it_is(tmp_path: Path) -> None:
    part = tmp_path / "m" / "UD" / "GLM-Q4_0.gguf.glm-part"
    put(part, b"x" * 1000)
    journal(part, "unsloth/GLM-GGUF", "UD/GLM-Q4_0.gguf", 5000, 700, "a" * 64)
    file = only(library(tmp_path, own(tmp_path / "m")).scan()).files[0]
    assert (file.done_bytes, file.size_bytes, file.sha256) == (700, 5000, "a" * 64)


def test_a_partial_shard_in_the_cache_joins_its_set(tmp_path: Path) -> None:
    cache, repo = tmp_path / "hub", "unsloth/GLM-4.6-GGUF"
    files = shard_files("GLM-4.6-Q2_K")
    first, second, third = files
    hub_file(cache, repo, f"Q2_K/{first}", files[first])
    part = cache / "models--unsloth--GLM-4.6-GGUF" / "blobs" / f"{sha256(files[second])}.glm-part"
    put(part, files[second][:300])
    journal(part, repo, f"Q2_K/{second}", len(files[second]), 300, sha256(files[second]))
    model = only(library(tmp_path, hub(cache)).scan())
    assert (model.state, model.missing) == ("partial", (third,))
    assert model.why == "The download of 2 of its 3 files has not been finished."


def test_what_huggingface_hub_left_is_named_by_its_repository(tmp_path: Path) -> None:
    for repo in ("unsloth--GLM-4.6-GGUF", "stabilityai--sd3"):
        blobs = tmp_path / "hub" / f"models--{repo}" / "blobs"
        put(blobs / f"{'b' * 64}.1234abcd.incomplete", b"x" * 10)
    model = only(library(tmp_path, hub(tmp_path / "hub")).scan())
    assert (model.title, model.state) == ("GLM-4.6-GGUF", "partial")


def test_the_same_files_are_listed_once(tmp_path: Path) -> None:
    models, cache = tmp_path / "m", tmp_path / "hub"
    first = put(models / "A-Q4_0.gguf", gguf())
    os.link(first, models / "hard-Q4_0.gguf")
    (models / "soft-Q4_0.gguf").symlink_to(first)
    data = gguf("Two")
    hub_file(cache, "o/B-GGUF", "B-Q4_0.gguf", data)
    hub_file(cache, "o/B-GGUF", "B-Q4_0.gguf", data, OLDER)
    snapshot = library(tmp_path, folder(models), hub(cache)).scan()
    assert len(snapshot.models) == 2
    assert snapshot.size_bytes == len(gguf()) + len(data)


def test_links_in_circles_and_broken_links(tmp_path: Path) -> None:
    models = tmp_path / "m"
    put(models / "deep" / "A-Q4_0.gguf", gguf())
    (models / "deep" / "up").symlink_to(models)
    (models / "nowhere-Q4_0.gguf").symlink_to(tmp_path / "gone")
    assert only(library(tmp_path, folder(models)).scan()).model == "A"


def test_a_link_out_of_the_folder_counts(tmp_path: Path) -> None:
    target = put(tmp_path / "elsewhere" / "x.gguf", gguf())
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "GLM-Q4_0.gguf").symlink_to(target)
    model = only(library(tmp_path, folder(tmp_path / "m")).scan())
    assert model.files[0].content == target
    assert model.state == "complete"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems allow no such names")
def test_odd_names(tmp_path: Path) -> None:
    models = os.fsencode(tmp_path / "m")
    os.mkdir(models)  # noqa: PTH102
    for name in (b"bad-\xff\xfe-Q4_0.gguf", b"line\nbreak-Q4_0.gguf", b"x" * 250 + b".gguf"):
        with open(os.path.join(models, name), "wb") as file:  # noqa: PTH118, PTH123
            file.write(gguf(name[:3].hex()))
    shelf = library(tmp_path, folder(tmp_path / "m"))
    snapshot = shelf.scan()
    assert len(snapshot.models) == 3
    for model in snapshot.models:
        model.title.encode()
        assert model.title.isprintable()
    assert shelf.scan().models == snapshot.models


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all")
def test_a_folder_that_may_not_be_read(tmp_path: Path) -> None:
    closed = tmp_path / "m" / "closed"
    closed.mkdir(parents=True)
    put(tmp_path / "m" / "A-Q4_0.gguf", gguf())
    closed.chmod(0)
    try:
        snapshot = library(tmp_path, folder(tmp_path / "m")).scan()
    finally:
        closed.chmod(0o700)
    assert len(snapshot.models) == 1
    assert "may not read" in snapshot.problems[0].text


def test_a_folder_of_the_person_that_is_gone_is_told(tmp_path: Path) -> None:
    snapshot = library(tmp_path, folder(tmp_path / "usb"), own(tmp_path / "none")).scan()
    assert [problem.text for problem in snapshot.problems] == [
        f"The folder {tmp_path / 'usb'} is not there."
    ]


def test_a_mount_that_hangs_holds_up_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()
    plain = Walk.run
    entered: list[Walk] = []

    def run(self: Walk, cancel: CancelToken) -> None:
        if self.source.folder.name == "net":
            entered.append(self)
            gate.wait(20)
        plain(self, cancel)

    monkeypatch.setattr(Walk, "run", run)
    (tmp_path / "net").mkdir()
    put(tmp_path / "m" / "A-Q4_0.gguf", gguf())
    shelf = library(
        tmp_path, folder(tmp_path / "net"), folder(tmp_path / "m"), source_timeout_seconds=0.05
    )
    for _ in range(3):
        snapshot = shelf.scan()
        assert [model.model for model in snapshot.models] == ["A"]
        assert "does not answer" in snapshot.problems[0].text
    assert len(entered) == 1
    gate.set()


def test_headers_are_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    models = tmp_path / "m"
    put(models / "A-Q4_0.gguf", gguf())
    put(models / "cut-Q4_0.gguf", gguf()[:500])
    seen: list[Snapshot] = []
    first = library(tmp_path, folder(models)).scan(seen.append)
    assert [snapshot.unread for snapshot in seen] == [2, 0]
    assert [snapshot.finished for snapshot in seen] == [False, True]

    def never(*_: object) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr(scan_module, "read_model", never)
    assert library(tmp_path, folder(models)).scan().models == first.models
    monkeypatch.undo()
    put(models / "cut-Q4_0.gguf", gguf())
    assert {model.state for model in library(tmp_path, folder(models)).scan().models} == {
        "complete"
    }


def test_files_that_vanish_during_the_scan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(tmp_path / "m" / "A-Q4_0.gguf", gguf())
    read = headers.read_model

    def late(model: InstalledModel, cancel: CancelToken, _: object) -> headers.Reading:
        path.unlink(missing_ok=True)
        return read(model, cancel)

    monkeypatch.setattr(scan_module, "read_model", late)
    model = only(library(tmp_path, folder(tmp_path / "m")).scan())
    assert "does not exist" in model.why
    assert library(tmp_path, folder(tmp_path / "m")).scan().models == ()


def test_damaged_notes_cost_nothing_but_time(tmp_path: Path) -> None:
    put(tmp_path / "m" / "A-Q4_0.gguf", gguf())
    shelf = library(tmp_path, folder(tmp_path / "m"))
    expected = shelf.scan().models
    for text in (b"", b"[", b'{"version":1,"headers":{"x":3},"files":[],"used":1}', b"\xff" * 9):
        put(tmp_path / "cache.json", text)
        put(tmp_path / "records.json", text)
        assert library(tmp_path, folder(tmp_path / "m")).scan().models == expected


def test_cancelling(tmp_path: Path) -> None:
    token = CancelToken()
    token.cancel()
    put(tmp_path / "m" / "A-Q4_0.gguf", gguf())
    with pytest.raises(Cancelled):
        library(tmp_path, folder(tmp_path / "m")).scan(cancel=token)


def test_use_and_downloads_are_remembered(tmp_path: Path) -> None:
    cache, data = tmp_path / "hub", gguf()
    path = hub_file(cache, "o/A-GGUF", "A-Q4_0.gguf", data)
    shelf = library(tmp_path, hub(cache))
    assert only(shelf.scan()).last_used is None
    shelf.note_used(path)
    shelf.note_downloaded([(path, sha256(data)), (tmp_path / "gone", None)], "o/A-GGUF")
    model = only(library(tmp_path, hub(cache)).scan())
    assert model.last_used is not None
    assert model.owned
    assert model.verified is not None
    assert model.verified.by == "sha256"
    blob = path.resolve()
    blob.write_bytes(data + b"x")
    model = only(library(tmp_path, hub(cache)).scan())
    assert model.verified is None


def test_window_and_terminal_remember_together(tmp_path: Path) -> None:
    first = put(tmp_path / "m" / "A-Q4_0.gguf", gguf())
    second = put(tmp_path / "m" / "B-Q4_0.gguf", gguf("B"))
    window, terminal = (library(tmp_path, folder(tmp_path / "m")) for _ in range(2))
    window.scan()
    terminal.scan()
    terminal.note_used(first)
    window.note_used(second)
    for shelf in (window, terminal):
        assert all(model.last_used is not None for model in shelf.scan().models)
