"""Files that come and go are noticed; what a download writes all the time is not."""

import os
import threading
from pathlib import Path

import pytest
from watchdog.observers import api

from app.library.watch import MAX_FOLDERS, Watcher
from tests.library.trees import put


class Bell:
    def __init__(self) -> None:
        self.rung = threading.Event()
        self.count = 0

    def __call__(self) -> None:
        self.count += 1
        self.rung.set()

    def wait(self) -> bool:
        rung = self.rung.wait(10)
        self.rung.clear()
        return rung


def test_files_that_come_and_go_are_told(tmp_path: Path) -> None:
    bell = Bell()
    watcher = Watcher(bell)
    assert watcher.start([tmp_path, tmp_path / "gone"], 1)
    try:
        path = put(tmp_path / "A.gguf", b"x")
        assert bell.wait()
        path.unlink()
        assert bell.wait()
        (tmp_path / "new").mkdir()
        assert bell.wait()
    finally:
        watcher.stop()
    put(tmp_path / "B.gguf", b"x")
    watcher.stop()


def test_a_running_download_is_quiet(tmp_path: Path) -> None:
    part = put(tmp_path / "A.gguf.glm-part", b"x")
    bell = Bell()
    watcher = Watcher(bell)
    assert watcher.start([tmp_path], 1)
    try:
        for number in range(50):
            with part.open("ab") as file:
                file.write(b"more")
                file.flush()
                os.fsync(file.fileno())
            journal = put(tmp_path / "A.gguf.glm-part.journal.new", b"%d" % number)
            journal.replace(tmp_path / "A.gguf.glm-part.journal")
        put(tmp_path / "end.gguf", b"x")
        assert bell.wait()
    finally:
        watcher.stop()
    assert bell.count <= 2


def test_what_cannot_be_watched_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    watcher = Watcher(lambda: None)
    assert not watcher.start([tmp_path], MAX_FOLDERS + 1)

    def full(*_: object) -> None:
        raise OSError(28, "inotify watch limit reached")

    monkeypatch.setattr(api.BaseObserver, "start", full)
    assert not watcher.start([tmp_path], 1)
    watcher.stop()
