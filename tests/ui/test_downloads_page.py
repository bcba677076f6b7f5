"""The downloads page as a person uses it."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from app.catalog.names import RepoFile
from app.catalog.quantizations import group
from app.core.cancel import CancelToken
from app.core.errors import KnownError
from app.downloads.types import JobState, JobStatus, Target
from app.settings.declared import DOWNLOAD_BYTES_PER_SECOND, DOWNLOAD_CONNECTIONS, MODELS_FOLDER
from app.settings.store import SettingsStore
from app.ui.application import Desktop, application
from app.ui.downloads.page import DownloadsPage
from app.ui.getting.finders import Listed
from app.ui.getting.room import Downloads
from app.ui.shell import Shell
from tests.ui.conftest import TIMEOUT_MS
from tests.ui.fake_queue import FOLDER, GB, FakeQueue, every_state, job
from tests.ui.scripted import ScriptedBackend
from tests.ui.test_access import _ours as ours

COMMIT = "a" * 40


@dataclass
class Bench:
    """The page in its window, on a queue of the test's own."""

    desktop: Desktop
    queue: FakeQueue
    qtbot: QtBot
    files: dict[str, Sequence[RepoFile] | KnownError] = field(default_factory=dict)
    applied: list[int] = field(default_factory=list)
    listing: threading.Event = field(default_factory=threading.Event)

    @property
    def page(self) -> DownloadsPage:
        page = self.desktop.window._pages["downloads"]
        assert isinstance(page, DownloadsPage)
        return page

    def wait(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition, timeout=TIMEOUT_MS)

    def show(self, *jobs: JobStatus) -> None:
        self.queue.put(*jobs)
        self.wait(lambda: self.board_has(jobs))

    def board_has(self, jobs: Sequence[JobStatus]) -> bool:
        room = self.desktop.getting
        assert room is not None
        return set(jobs) <= set(room.board.jobs)

    def built(self, job_id: str) -> bool:
        slot = self.page.queue.slot_of(job_id)
        return slot is not None and slot.view is not None

    def press(self, name: str) -> None:
        self.wait(lambda: self._button(name) is not None)
        found = self._button(name)
        assert found is not None
        found.click()

    def _button(self, name: str) -> QAbstractButton | None:
        found = self.page.findChild(QAbstractButton, name)
        return found if isinstance(found, QAbstractButton) and found.isVisible() else None

    def text(self, name: str) -> str:
        found = self.page.findChild(QLabel, name)
        return found.text() if isinstance(found, QLabel) and found.isVisible() else ""

    def list_files(self, repo: str, cancel: CancelToken, revision: str = "") -> Listed:
        cancel.on_cancel(self.listing.set)
        self.listing.wait(20)
        found = self.files[repo]
        if isinstance(found, KnownError):
            raise found
        return Listed(repo, group(found), revision or "main")


@pytest.fixture
def bench(qtbot: QtBot, settings: SettingsStore, tmp_path: Path) -> Iterator[Bench]:
    queue = FakeQueue()
    made: list[Bench] = []

    def page(shell: Shell) -> QWidget:
        assert shell.getting is not None
        return DownloadsPage(
            shell,
            shell.getting,
            target=lambda: Target("folder", FOLDER),
            lister=made[0].list_files,
            free=lambda _: 812 * GB,
        )

    downloads = Downloads(
        queue,
        lambda: Target("folder", FOLDER),
        tmp_path / "wish.json",
        apply_limits=lambda: made[0].applied.append(1),
    )
    builders = {"downloads": page, "models": lambda _: QLabel("models")}
    desktop = Desktop(application(), ScriptedBackend(), settings, builders, downloads)
    desktop.window.resize(1000, 900)
    desktop.window.show()
    qtbot.addWidget(desktop.window)
    made.append(Bench(desktop, queue, qtbot))
    desktop.window.go("downloads")
    made[0].listing.set()
    yield made[0]
    desktop.window.quit()
    assert desktop.close()


def test_an_empty_list_says_one_sentence_and_leads_to_the_models(bench: Bench) -> None:
    assert bench.text("downloadsEmptyText") == "Nothing is being downloaded."
    bench.press("downloadsToModels")
    assert bench.desktop.window.current == "models"


def test_every_state_is_drawn_with_its_figures(bench: Bench) -> None:
    bench.show(*every_state())
    bench.wait(lambda: bench.text("jobTitle-run") == "GLM-4.6 UD-Q3_K_XL")
    assert bench.text("jobProgress-run") == "66.4 of 158 GB · 42% · 60.0 GB verified"
    assert bench.text("jobPace-run") == "48.2 MB/s · about 32 min left"
    assert bench.text("jobState-run") == "Running"
    assert "in the queue" in bench.text("downloadsSummary")


def test_progress_changes_the_same_widgets(bench: Bench) -> None:
    bench.show(job("a", done=0.42))
    bench.wait(lambda: bench.built("a"))
    slot = bench.page.queue.slot_of("a")
    assert slot is not None
    before = slot.findChildren(QWidget)
    bench.show(job("a", done=0.5))
    bench.wait(lambda: bench.text("jobProgress-a") == "79.0 of 158 GB · 50%")
    assert slot.findChildren(QWidget) == before


def test_many_events_are_one_picture(bench: Bench) -> None:
    room = bench.desktop.getting
    assert room is not None
    seen: list[int] = []
    stop = room.board.listen(lambda changes: seen.append(len(changes)))
    for step in range(50):
        bench.queue.put(job("a", done=step / 100))
    bench.wait(lambda: room.board.jobs[:1] == (job("a", done=0.49),))
    assert len(seen) == 1
    stop()


def test_a_hidden_page_does_nothing_and_comes_back_up_to_date(bench: Bench) -> None:
    bench.show(job("a", done=0.1))
    bench.wait(lambda: bench.built("a"))
    bench.desktop.window.go("chat")
    bench.show(job("a", done=0.5))
    slot = bench.page.queue.slot_of("a")
    assert slot is not None
    assert slot.job.done_bytes == job("a", done=0.1).done_bytes
    bench.desktop.window.go("downloads")
    bench.wait(lambda: bench.text("jobProgress-a") == "79.0 of 158 GB · 50%")


def test_pause_resume_and_retry(bench: Bench) -> None:
    bench.show(job("a"))
    bench.press("pause-a")
    bench.wait(lambda: bench.text("jobState-a") == "Paused")
    bench.press("pause-a")
    bench.wait(lambda: bench.text("jobState-a") == "Queued")
    bench.show(job("a", JobState.FAILED, error=KnownError("It broke.", "Because.", "Try again.")))
    bench.wait(lambda: bench.text("errorWhat-a") == "It broke.")
    assert bench.text("errorWhy-a") == "Because."
    assert bench.text("errorNext-a") == "Try again."
    bench.press("resume-a")
    assert bench.queue.commands == [("pause", "a"), ("resume", "a"), ("resume", "a")]


def test_cancelling_says_what_is_lost_and_asks(bench: Bench) -> None:
    bench.show(job("a", done=0.42))
    bench.press("cross-a")
    bench.wait(lambda: "26.9 GB of unfinished files are thrown" in bench.text("askText-a"))
    bench.press("keep-a")
    assert bench.queue.commands == []
    assert bench.text("askText-a") == ""
    bench.press("cross-a")
    bench.press("throw-a")
    assert bench.queue.commands == [("cancel", "a")]
    bench.wait(lambda: bench.page.queue.slot_of("a") is None)


def test_what_has_not_begun_is_cancelled_without_a_question(bench: Bench) -> None:
    bench.show(job("a", JobState.QUEUED, 0.0))
    bench.press("cross-a")
    assert bench.queue.commands == [("cancel", "a")]


def test_a_changed_file_is_a_question_with_two_answers(bench: Bench) -> None:
    changed = next(one for one in every_state() if one.state is JobState.CHANGED)
    bench.show(changed)
    bench.press("ask-changed")
    bench.wait(lambda: bench.text("askTitle-changed") == "Cancel this download?")
    bench.press("keep-changed")
    bench.press("accept-changed")
    assert bench.queue.commands == [("accept", "changed")]


def test_a_finished_one_is_loaded_shown_or_taken_off(bench: Bench) -> None:
    bench.show(job("a", JobState.DONE, 1.0))
    bench.press("chat-a")
    bench.wait(lambda: bench.desktop.session.ready is not None)
    assert bench.desktop.window.current == "chat"
    bench.desktop.window.go("downloads")
    bench.press("cross-a")
    assert bench.queue.commands == [("remove", "a")]


def test_the_keyboard_does_everything(bench: Bench) -> None:
    bench.show(job("a"), job("b", JobState.QUEUED, 0.2), job("c", JobState.QUEUED, 0.2))
    bench.wait(lambda: bench.built("c"))
    bench.desktop.window.activateWindow()
    queue = bench.page.queue
    first = queue.slot_of("a")
    assert first is not None
    first.setFocus()
    QTest.keyClick(first, Qt.Key.Key_Space)
    assert ("pause", "a") in bench.queue.commands
    QTest.keyClick(first, Qt.Key.Key_Return)
    bench.wait(lambda: bench.text("fileName-a-0").endswith("-00001-of-00004.gguf"))
    QTest.keyClick(first, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert ("move", "a", 1) in bench.queue.commands
    bench.wait(lambda: list(queue._slots) == ["b", "a", "c"])
    QTest.keyClick(first, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    bench.wait(lambda: list(queue._slots) == ["a", "b", "c"])
    QTest.keyClick(first, Qt.Key.Key_Down)
    second = queue.slot_of("b")
    assert second is not None
    bench.wait(second.hasFocus)
    QTest.keyClick(second, Qt.Key.Key_Delete)
    keep = bench.page.findChild(QAbstractButton, "keep-b")
    assert isinstance(keep, QAbstractButton)
    bench.wait(keep.hasFocus)
    QTest.keyClick(keep, Qt.Key.Key_Escape)
    bench.wait(lambda: bench.text("askText-b") == "")
    assert ("cancel", "b") not in bench.queue.commands


def test_a_row_is_dragged_to_its_new_place(bench: Bench) -> None:
    bench.show(*(job(key, JobState.QUEUED, 0.2) for key in "abc"))
    bench.wait(lambda: bench.built("c"))
    queue = bench.page.queue
    grip, last = bench.page.findChild(QLabel, "grip-a"), queue.slot_of("c")
    assert isinstance(grip, QLabel)
    assert last is not None
    where = grip.mapFromGlobal(last.mapToGlobal(QPoint(40, last.height() - 4)))
    QTest.mousePress(grip, Qt.MouseButton.LeftButton, pos=QPoint(8, 8))
    QTest.mouseMove(grip, QPoint(8, 40))
    QTest.mouseMove(grip, where)
    QTest.mouseRelease(grip, Qt.MouseButton.LeftButton, pos=where)
    bench.wait(lambda: ("move", "a", 2) in bench.queue.commands)
    bench.wait(lambda: list(queue._slots) == ["b", "c", "a"])


def test_all_at_once(bench: Bench) -> None:
    bench.show(job("a"), job("b", JobState.QUEUED, 0.0), job("f", JobState.FAILED))
    bench.press("pauseAll")
    assert bench.queue.commands == [("pause", "b"), ("pause", "a")]
    bench.queue.commands.clear()
    bench.wait(lambda: "nothing is running" in bench.text("downloadsSummary"))
    bench.press("resumeAll")
    assert bench.queue.commands == [("resume", "a"), ("resume", "b")]


def test_what_is_finished_is_cleared(bench: Bench) -> None:
    bench.show(job("a"), job("d", JobState.DONE, 1.0), job("e", JobState.DONE, 1.0))
    bench.press("clearFinished")
    bench.wait(lambda: list(bench.page.queue._slots) == ["a"])
    assert bench.queue.commands == [("remove", "d"), ("remove", "e")]


@pytest.mark.parametrize("width", [640, 1280])
def test_everything_has_a_name_and_is_reached_by_tab(bench: Bench, width: int) -> None:
    bench.desktop.window.resize(width, 2000)
    bench.show(*every_state())
    bench.wait(lambda: all(bench.built(one.job_id) for one in every_state()))
    slot = bench.page.queue.slot_of("run")
    assert slot is not None
    assert slot.view is not None
    slot.view.toggle_files()
    bench.wait(lambda: bench.text("fileName-run-0") != "")
    controls = [one for one in ours(bench.page) if one.isVisibleTo(bench.page) and one.isEnabled()]
    names = [one.objectName() for one in controls]
    assert all(names)
    assert len(names) == len(set(names))
    assert [one.objectName() for one in controls if not one.accessibleName()] == []
    buttons = [one for one in controls if isinstance(one, QAbstractButton)]
    small = [one.objectName() for one in buttons if min(one.width(), one.height()) < 24]
    assert small == []
    right = bench.page.queue.viewport().width()
    for one in buttons:
        if bench.page.queue.isAncestorOf(one):
            assert one.mapTo(bench.page.queue, one.rect().topRight()).x() <= right, one.objectName()
    bench.desktop.window.activateWindow()
    bench.page.address.edit.setFocus()
    reached: set[str] = set()
    for _ in range(2 * len(controls)):
        focus = QApplication.focusWidget()
        assert focus is not None
        reached.add(focus.objectName())
        QTest.keyClick(focus, Qt.Key.Key_Tab)
    missed = [one.objectName() for one in buttons if one.objectName() not in reached]
    assert missed == []


def test_only_rows_near_the_viewport_are_built(bench: Bench) -> None:
    jobs = [job(f"j{number}", JobState.QUEUED, 0.1) for number in range(200)]
    bench.show(*jobs)
    bench.wait(lambda: bench.built("j0"))
    built = [key for key in bench.page.queue._slots if bench.built(key)]
    assert 5 <= len(built) <= 30
    bar = bench.page.queue.verticalScrollBar()
    bar.setValue(bar.maximum())
    bench.wait(lambda: bench.built("j199"))
    assert not bench.built("j100")


def test_limits_hold_at_once(bench: Bench, settings: SettingsStore) -> None:
    bench.page.controls.connections.setValue(3)
    bench.page.controls.rate.setValue(2.5)
    assert settings.get(DOWNLOAD_CONNECTIONS) == 3
    assert settings.get(DOWNLOAD_BYTES_PER_SECOND) == 2_500_000
    assert len(bench.applied) == 2
    settings.set(DOWNLOAD_CONNECTIONS, 3)
    assert len(bench.applied) == 2
    settings.set(DOWNLOAD_CONNECTIONS, 5)  # as the settings page does
    assert len(bench.applied) == 3


def test_where_files_go_and_what_is_free(bench: Bench, settings: SettingsStore) -> None:
    bench.wait(lambda: bench.text("downloadsFree") == "812 GB free")
    assert bench.text("downloadsFolder") == str(FOLDER)
    bench.show(job("a", done=0.5))
    bench.wait(lambda: bench.text("downloadsFree") == "812 GB free, 79.0 GB to come")
    bench.show(job("b", JobState.QUEUED, 0.0, size=800 * GB))
    bench.wait(lambda: bench.text("downloadsFree") == "! 812 GB free, 879 GB to come")
    bench.page.folder_chosen("/elsewhere")
    assert settings.get(MODELS_FOLDER) == "/elsewhere"


def test_a_file_by_its_address(bench: Bench) -> None:
    bench.files["a/b-GGUF"] = [RepoFile("m-Q4_K_M.gguf", 3 * GB, "f" * 64, COMMIT)]
    bench.page.address.edit.setText("https://huggingface.co/a/b-GGUF")
    bench.press("addressGet")
    bench.wait(lambda: len(bench.queue.added) == 1)
    request, target = bench.queue.added[0]
    assert (request.repo, request.title, target.folder) == ("a/b-GGUF", "b Q4_K_M", FOLDER)
    assert bench.text("addressTold") == "b Q4_K_M is in the queue (3.0 GB)."


def test_an_address_with_a_branch_means_that_branch(bench: Bench) -> None:
    bench.files["a/b-GGUF"] = [RepoFile("m-Q4_K_M.gguf", 3 * GB, "f" * 64, COMMIT)]
    bench.page.address.edit.setText("https://huggingface.co/a/b-GGUF/tree/refs%2Fpr%2F1")
    bench.press("addressGet")
    bench.wait(lambda: len(bench.queue.added) == 1)
    assert bench.queue.added[0][0].ref == "refs/pr/1"


def test_several_quantizations_are_a_choice(bench: Bench) -> None:
    bench.files["a/b"] = [
        RepoFile(f"m-{quant}.gguf", size * GB, "f" * 64, COMMIT)
        for quant, size in (("Q4_K_M", 3), ("Q8_0", 6), ("IQ4_KSS", 2))
    ]
    bench.page.address.edit.setText("a/b")
    bench.press("addressGet")
    bench.wait(lambda: "Which one?" in bench.text("addressTold"))
    assert "1 more cannot be loaded." in bench.text("addressTold")
    bench.page.address._choice.setCurrentIndex(1)
    bench.press("addressAdd")
    bench.wait(lambda: bool(bench.queue.added))
    assert bench.queue.added[0][0].files[0].path == "m-Q8_0.gguf"


def test_an_address_that_leads_nowhere_is_told(bench: Bench) -> None:
    bench.page.address.edit.setText("https://example.org/model.gguf")
    bench.press("addressGet")
    assert "example.org is not the Hub." in bench.text("addressTold")
    bench.files["a/b"] = KnownError("There is no repository a/b.", "", "Check the name.")
    bench.page.address.edit.setText("a/b")
    bench.press("addressGet")
    bench.wait(lambda: "There is no repository a/b." in bench.text("addressTold"))
    assert bench.queue.added == []


def test_asking_the_hub_can_be_stopped(bench: Bench) -> None:
    bench.listing.clear()
    bench.files["a/b"] = []
    bench.page.address.edit.setText("a/b")
    bench.press("addressGet")
    assert "Asking the Hub" in bench.text("addressTold")
    bench.press("addressGet")
    assert bench.text("addressTold") == ""


def test_the_same_files_are_not_fetched_twice(bench: Bench) -> None:
    bench.show(job("a"))
    bench.page.add(job("a").request)
    assert bench.queue.added == []
    assert "in the list already" in bench.desktop.window.notice.text.text()
