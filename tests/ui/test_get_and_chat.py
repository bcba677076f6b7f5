"""From one click to the first answer, on a queue and an engine of the test's own."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QAbstractButton, QLabel
from pytestqt.qtbot import QtBot

from app.catalog.names import RepoFile
from app.core.cancel import CancelToken
from app.core.errors import KnownError
from app.downloads.requests import request_for
from app.downloads.types import DownloadRequest, FileChange, JobState, JobStatus, Target
from app.engine.protocol import LoadProgress
from app.settings.store import SettingsStore
from app.ui.application import Desktop, application
from app.ui.chat.entries import Question
from app.ui.getting.flow import GetAndChat
from app.ui.getting.room import Downloads
from app.ui.getting.state import Getting, Step
from app.ui.getting.wish import kept_wish
from tests.ui.conftest import TIMEOUT_MS
from tests.ui.fake_queue import FakeQueue
from tests.ui.scripted import DEMO, ScriptedBackend
from tests.ui.test_load_panel import planned

NAME = "m-Q4_K_M.gguf"
FILES = (RepoFile(NAME, 1000, "f" * 64, "a" * 40),)
TITLE = "GLM-4.6 Q4_K_M"


@dataclass
class Way:
    """The window with a queue; `folder` is where downloads go."""

    qtbot: QtBot
    settings: SettingsStore
    folder: Path
    queue: FakeQueue = field(default_factory=FakeQueue)
    backend: ScriptedBackend = field(default_factory=ScriptedBackend)
    elsewhere: dict[str, Path] = field(default_factory=dict)
    desktops: list[Desktop] = field(default_factory=list)

    def open(self) -> Desktop:
        def look(request: DownloadRequest, _: CancelToken) -> Path | None:
            return self.elsewhere.get(request.repo)

        downloads = Downloads(
            self.queue,
            lambda: Target("folder", self.folder),
            self.folder / "wish.json",
            elsewhere=look,
        )
        builders = {"downloads": lambda _: QLabel("downloads")}
        desktop = Desktop(application(), self.backend, self.settings, builders, downloads)
        desktop.window.resize(1000, 800)
        desktop.window.show()
        self.qtbot.addWidget(desktop.window)
        self.desktops.append(desktop)
        return desktop

    def close(self) -> None:
        desktop = self.desktops.pop()
        desktop.window.quit()
        assert desktop.close()

    @property
    def desktop(self) -> Desktop:
        return self.desktops[-1]

    @property
    def flow(self) -> GetAndChat:
        assert self.desktop.getting is not None
        return self.desktop.getting.flow

    @property
    def state(self) -> Getting:
        assert self.flow.state is not None
        return self.flow.state

    @property
    def path(self) -> str:
        return str(self.folder / NAME)

    def wait(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition, timeout=TIMEOUT_MS)

    def start(self) -> None:
        self.flow.get_and_chat("a/b", FILES, TITLE)

    def start_download(self) -> JobStatus:
        self.start()
        self.wait(lambda: self.flow.state is not None and self.flow.state.job is not None)
        return self.queue.jobs()[0]

    def at(self, state: JobState, done: int, verified: int, **changes: object) -> None:
        """The job as it is now."""
        old = self.queue.jobs()[0]
        location = self.folder / NAME if state is JobState.DONE else None
        file = replace(old.files[0], done_bytes=done, verified_bytes=verified, location=location)
        new = replace(old, state=state, files=(file,), **changes)  # type: ignore[arg-type]
        self.queue.put(new)
        self.wait(
            lambda: self.desktop.getting is not None and new in self.desktop.getting.board.jobs
        )

    def press(self, name: str) -> None:
        found = self.desktop.window.findChild(QAbstractButton, f"{name}-chat")
        assert isinstance(found, QAbstractButton)
        self.wait(found.isVisible)
        found.click()


@pytest.fixture
def way(qtbot: QtBot, settings: SettingsStore, tmp_path: Path) -> Iterator[Way]:
    way = Way(qtbot, settings, tmp_path)
    way.open()
    yield way
    while way.desktops:
        way.close()


def _ready(way: Way) -> bool:
    ready = way.desktop.session.ready
    return ready is not None and ready.info.path == way.path


def test_download_verify_load_chat(way: Way) -> None:
    gate = threading.Event()
    way.backend.progress = [(LoadProgress(1, "loading", 0.4), gate)]
    way.start_download()
    way.desktop.window.go("downloads")
    assert way.queue.added[0][1].folder == way.folder
    way.at(JobState.RUNNING, 420, 300)
    assert (way.state.step, way.state.fraction) == (Step.DOWNLOAD, 0.42)
    assert way.state.sentence == "420 bytes of 1.0 kB · 42% · 300 bytes verified"
    way.at(JobState.RUNNING, 1000, 600)
    assert (way.state.step, way.state.fraction) == (Step.VERIFY, 0.6)
    way.at(JobState.DONE, 1000, 1000)
    way.wait(lambda: way.state.fraction == 0.4)
    assert way.state.sentence == "reading the weights · 40%"
    gate.set()
    way.wait(lambda: _ready(way))
    way.wait(lambda: way.flow.state is None)
    assert way.desktop.window.current == "chat"
    assert [load.path for load in way.backend.loaded] == [Path(way.path)]


def test_the_card_shows_the_steps(way: Way) -> None:
    way.start_download()
    way.at(JobState.RUNNING, 420, 300)

    def text(name: str) -> str:
        found = way.desktop.window.findChild(QLabel, f"{name}-chat")
        return found.text() if isinstance(found, QLabel) and found.isVisible() else ""

    way.wait(lambda: text("getTitle") == TITLE)
    assert text("getStep-download") == "Download"
    way.at(JobState.RUNNING, 1000, 600)
    way.wait(lambda: text("getStep-download") == "✓ Download")
    way.at(JobState.FAILED, 1000, 600, error=KnownError("It broke.", "", "Try again."))
    way.wait(lambda: text("getSentence") == "It broke. Try again.")
    way.press("getClose")
    assert text("getTitle") == ""


def test_what_is_on_the_disk_is_not_fetched(way: Way) -> None:
    Path(way.path).write_bytes(b"x" * 1000)
    way.start()
    way.wait(lambda: _ready(way))
    assert way.queue.added == []


def test_a_file_of_another_size_is_not_it(way: Way) -> None:
    Path(way.path).write_bytes(b"x" * 999)
    way.start_download()


def test_what_another_program_has_is_not_fetched(way: Way) -> None:
    way.elsewhere["a/b"] = Path("/elsewhere/m.gguf")
    way.start()
    way.wait(lambda: way.desktop.session.ready is not None)
    assert way.queue.added == []
    assert way.backend.loaded[0].path == Path("/elsewhere/m.gguf")


def test_a_job_that_is_there_already_is_followed(way: Way) -> None:
    way.start_download()
    way.flow.close()
    way.queue.pause("added1")
    way.start()
    way.wait(lambda: way.flow.state is not None and way.flow.state.job is not None)
    assert len(way.queue.added) == 1
    assert ("resume", "added1") in way.queue.commands


def test_a_finished_job_whose_files_have_gone_is_fetched_anew(way: Way) -> None:
    way.start_download()
    way.flow.close()
    way.at(JobState.DONE, 1000, 1000)
    way.start()
    way.wait(lambda: len(way.queue.added) == 2)
    assert ("remove", "added1") in way.queue.commands


def test_a_failed_download_is_tried_again(way: Way) -> None:
    way.start_download()
    way.at(JobState.FAILED, 420, 420, error=KnownError("It broke."))
    assert way.state.problem is not None
    way.press("getRetry")
    way.wait(lambda: way.state.problem is None and way.state.running)
    assert way.queue.commands == [("resume", "added1")]
    way.at(JobState.DONE, 1000, 1000)
    way.wait(lambda: _ready(way))


def test_stopping_keeps_what_has_come(way: Way) -> None:
    way.start_download()
    way.at(JobState.RUNNING, 420, 420)
    way.press("getCancel")
    way.wait(lambda: way.queue.jobs()[0].state is JobState.PAUSED)
    way.wait(lambda: way.state.sentence == "Stopped. The 420 bytes that have come are kept.")
    way.wait(lambda: kept_wish(way.folder / "wish.json") is None)
    way.press("getRetry")
    way.wait(lambda: way.queue.jobs()[0].state is JobState.QUEUED)
    way.wait(lambda: way.state.running)
    way.wait(lambda: kept_wish(way.folder / "wish.json") is not None)


def test_a_changed_file_is_asked_about(way: Way) -> None:
    way.start_download()
    change = FileChange(NAME, 2000, "b" * 64, "c" * 40)
    way.at(JobState.CHANGED, 420, 420, change=change)
    assert "was replaced on the server" in way.state.sentence
    way.press("getAccept")
    assert way.queue.commands == [("accept", "added1")]
    way.wait(lambda: way.state.running)


def test_no_room_and_no_network_are_told(way: Way) -> None:
    way.start_download()
    way.at(JobState.NO_SPACE, 420, 420, needed_bytes=5 * 10**9)
    assert "Needs 5.0 GB more room" in way.state.sentence
    way.at(JobState.WAITING, 420, 420, reason="No network.", retry_in_seconds=3.0)
    assert way.state.sentence == "No network. Next try in 3 s."
    assert way.state.running


def test_a_load_that_fails_is_tried_again(way: Way) -> None:
    Path(way.path).write_bytes(b"x" * 1000)
    way.backend.loads[way.path] = KnownError("Out of memory.", "", "Close something.")
    way.start()
    way.wait(lambda: way.flow.state is not None and way.flow.state.problem is not None)
    assert way.state.step is Step.LOAD
    del way.backend.loads[way.path]
    way.press("getRetry")
    way.wait(lambda: _ready(way))
    assert way.flow.state is None


def test_loading_is_stopped_and_taken_up(way: Way) -> None:
    Path(way.path).write_bytes(b"x" * 1000)
    way.backend.progress = [(LoadProgress(1, "loading", 0.1), threading.Event())]
    way.start()
    way.wait(lambda: way.flow.state is not None and way.flow.state.fraction == 0.1)
    way.press("getCancel")
    way.wait(lambda: way.state.sentence == "Loading was stopped. The file is on this disk.")
    way.backend.progress = []
    way.press("getRetry")
    way.wait(lambda: _ready(way))


def test_a_model_in_use_is_not_pushed_out(way: Way) -> None:
    way.desktop.session.models.open("/models/other.gguf")
    way.wait(lambda: way.desktop.session.ready is not None)
    Path(way.path).write_bytes(b"x" * 1000)
    way.desktop.window.go("downloads")
    way.start()
    way.wait(lambda: way.flow.state is not None and way.flow.state.step is Step.WAITING)
    assert way.state.sentence == "It is on this disk. Loading it replaces GLM-4.6."
    assert way.state.sentence in way.desktop.window.notice.text.text()
    assert not _ready(way)
    way.desktop.window.go("chat")
    way.press("getLoad")
    way.wait(lambda: _ready(way))


def test_the_idle_demo_model_makes_room(way: Way) -> None:
    way.desktop.session.models.open(DEMO)
    way.wait(lambda: way.desktop.session.ready is not None)
    Path(way.path).write_bytes(b"x" * 1000)
    way.start()
    way.wait(lambda: _ready(way))


def test_a_chat_with_another_model_is_left_for_a_new_one(way: Way) -> None:
    way.desktop.session.models.open(DEMO)
    way.wait(lambda: way.desktop.session.ready is not None)
    way.desktop.window.page.ask("Hello")
    way.wait(lambda: not way.desktop.session.busy)
    Path(way.path).write_bytes(b"x" * 1000)
    way.start()
    way.wait(lambda: _ready(way))
    entries = way.desktop.session.transcript.entries
    assert not any(isinstance(entry, Question) for entry in entries)


def test_opening_something_else_ends_the_wish(way: Way) -> None:
    Path(way.path).write_bytes(b"x" * 1000)
    way.backend.progress = [(LoadProgress(1, "loading", 0.1), threading.Event())]
    way.start()
    way.wait(lambda: way.flow.state is not None and way.flow.state.fraction == 0.1)
    way.backend.progress = []
    way.desktop.session.models.open("/models/other.gguf")
    way.wait(lambda: way.flow.state is None)


def test_a_listing_that_fails_says_so_and_is_tried_again(way: Way) -> None:
    answers: list[DownloadRequest | KnownError] = [KnownError("No network.", "", "Try again.")]

    def find(_: CancelToken) -> DownloadRequest:
        answer = answers.pop(0)
        if isinstance(answer, KnownError):
            raise answer
        return answer

    way.flow.find_and_chat(find, TITLE)
    way.wait(lambda: way.state.problem is not None)
    assert way.state.sentence == "No network. Try again."
    request = way_request()
    answers.append(request)
    way.press("getRetry")
    way.wait(lambda: bool(way.queue.added))
    assert way.queue.added[0][0] == request


def way_request() -> DownloadRequest:
    return request_for("a/b", FILES, TITLE)


def test_a_download_that_is_taken_off_the_list_is_missed(way: Way) -> None:
    way.start_download()
    way.queue.cancel("added1")
    way.wait(lambda: way.state.problem is not None)
    assert "no longer in the list" in way.state.sentence
    way.press("getRetry")
    way.wait(lambda: len(way.queue.added) == 2)


def test_a_restart_goes_on_and_opens_it(way: Way) -> None:
    way.start_download()
    way.wait(lambda: kept_wish(way.folder / "wish.json") is not None)
    way.close()
    desktop = way.open()
    desktop.take_up_downloads(way.queue)
    way.wait(lambda: way.flow.state is not None and way.flow.state.job is not None)
    assert "goes on where it stopped" in desktop.window.notice.text.text()
    way.at(JobState.DONE, 1000, 1000)
    way.wait(lambda: _ready(way))


def test_a_restart_after_the_end_of_the_download_loads_it(way: Way) -> None:
    way.start_download()
    way.wait(lambda: kept_wish(way.folder / "wish.json") is not None)
    way.close()
    Path(way.path).write_bytes(b"x" * 1000)
    way.queue.statuses.clear()
    desktop = way.open()
    desktop.take_up_downloads(way.queue)
    way.wait(lambda: _ready(way))


def test_a_restart_shows_what_has_failed_before(way: Way) -> None:
    way.start_download()
    way.at(JobState.FAILED, 420, 420, error=KnownError("It broke."))
    way.wait(lambda: kept_wish(way.folder / "wish.json") is not None)
    way.close()
    way.open().take_up_downloads(way.queue)
    way.wait(lambda: way.flow.state is not None and way.flow.state.problem is not None)
    assert way.state.sentence == "It broke."


def test_a_load_is_not_repeated_at_the_next_start(way: Way) -> None:
    way.backend.progress = [(LoadProgress(1, "loading", 0.1), threading.Event())]
    way.start_download()
    way.wait(lambda: kept_wish(way.folder / "wish.json") is not None)
    way.at(JobState.DONE, 1000, 1000)
    way.wait(lambda: way.state.fraction == 0.1)
    way.wait(lambda: kept_wish(way.folder / "wish.json") is None)


def test_without_a_plan_to_fit_the_person_decides(way: Way, tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    load = planned(model, "laptop-rtx4060-8gb")
    way.backend.plans[way.path] = replace(load, path=Path(way.path))
    Path(way.path).write_bytes(b"x" * 1000)
    way.start()
    way.wait(lambda: way.flow.state is not None and way.flow.state.step is Step.CHOOSING)
    assert way.desktop.window.current == "chat"
    way.desktop.session.models.start()
    way.wait(lambda: _ready(way))
    assert way.flow.state is None
