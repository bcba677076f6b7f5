"""The whole way for real: a Hub, the downloads, the engine, the window."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from app import bootstrap
from app.bootstrap import QUEUE_NAME
from app.core.paths import data_dir, demo_model_path
from app.downloads.queue_file import SavedJob, load_queue, save_queue
from app.downloads.storage import PART_SUFFIX
from app.downloads.types import DownloadRequest, FileRequest, JobState, Target
from app.settings.declared import MODELS_FOLDER
from app.ui.application import Desktop, application
from app.ui.backend import EngineBackend
from app.ui.downloads.page import DownloadsPage
from app.ui.getting.finders import by_name, hub_lister
from app.ui.getting.room import Downloads
from app.ui.getting.wish import kept_wish, wish_path
from app.ui.pages import page_builders
from tests.hub.content import BytesContent
from tests.hub.faults import Fault
from tests.hub.server import HubServer

pytest.importorskip("llama_cpp")
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
TIMEOUT_MS = 60_000
REPO = "maker/demo-GGUF"
NAME = "tiny-Q8_0.gguf"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with HubServer() as server:
        server.world.add(REPO, {NAME: BytesContent(demo_model_path().read_bytes())})
        monkeypatch.setenv("HF_ENDPOINT", server.endpoint)
        yield server


class Program:
    """As `application.run` starts it, without its event loop."""

    def __init__(self, qtbot: QtBot, folder: Path) -> None:
        self.services = bootstrap.build()
        self.services.settings.set(MODELS_FOLDER, str(folder))
        self.desktop = Desktop(
            application(),
            EngineBackend(self.services),
            self.services.settings,
            page_builders(self.services),
            Downloads(self.services.downloads, self.services.default_target),
        )
        self.qtbot = qtbot
        qtbot.addWidget(self.desktop.window)
        self.desktop.window.show()
        self.desktop.take_up_downloads(self.services.downloads)

    def wait(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition, timeout=TIMEOUT_MS)

    def close(self) -> None:
        self.desktop.window.quit()
        self.desktop.close()
        assert self.services.close()

    def ready(self, path: Path) -> bool:
        ready = self.desktop.session.ready
        return ready is not None and ready.info.path == str(path)

    def get_and_chat(self) -> None:
        assert self.desktop.getting is not None
        finder = by_name(hub_lister(self.services.hub), REPO, "Q8_0", "Tiny Q8_0")
        self.desktop.getting.flow.find_and_chat(finder, "Tiny Q8_0")

    @property
    def jobs(self) -> tuple[object, ...]:
        return self.services.downloads.jobs()


def test_from_one_click_to_the_first_answer(hub: HubServer, qtbot: QtBot, tmp_path: Path) -> None:
    program = Program(qtbot, tmp_path)
    try:
        program.get_and_chat()
        program.wait(lambda: program.ready(tmp_path / NAME))
        assert hub.sent_bytes >= demo_model_path().stat().st_size
        assert (tmp_path / NAME).read_bytes() == demo_model_path().read_bytes()
        assert program.desktop.window.current == "chat"
        program.desktop.window.page.ask("What can you do?")
        program.wait(lambda: not program.desktop.session.busy)
        assert len(program.desktop.session.transcript.entries) > 1
    finally:
        program.close()
    assert kept_wish(wish_path()) is None


def test_the_program_ends_in_the_middle_and_goes_on(
    hub: HubServer, qtbot: QtBot, tmp_path: Path
) -> None:
    hub.misbehave(NAME, Fault(stall_after=1 << 20), times=None)
    program = Program(qtbot, tmp_path)
    try:
        program.get_and_chat()
        program.wait(hub.stalled.is_set)
        program.wait(lambda: kept_wish(wish_path()) is not None)
    finally:
        program.close()
    assert not (tmp_path / NAME).exists()
    hub.faults.clear()
    program = Program(qtbot, tmp_path)
    try:
        program.wait(lambda: program.ready(tmp_path / NAME))
        assert "goes on where it stopped" in program.desktop.window.notice.text.text()
    finally:
        program.close()


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_a_polite_kill_ends_at_once_and_loses_nothing(hub: HubServer, tmp_path: Path) -> None:
    content = BytesContent(demo_model_path().read_bytes())
    file = FileRequest(NAME, content.size, content.sha256)
    request = DownloadRequest(REPO, hub.world.repos[REPO].head, (file,), "Tiny Q8_0", "main")
    queue = data_dir() / QUEUE_NAME
    save_queue(queue, [SavedJob("one", request, Target("folder", tmp_path), JobState.RUNNING)])
    hub.misbehave(NAME, Fault(stall_after=1 << 20), times=None)
    process = subprocess.Popen(
        [sys.executable, "-m", "app"],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert hub.stalled.wait(90)
        process.send_signal(signal.SIGTERM)
        assert process.wait(90) == 0
    finally:
        process.kill()
        process.wait()
    assert [job.job_id for job in load_queue(queue)] == ["one"]
    assert not (tmp_path / NAME).exists()
    assert any(PART_SUFFIX in path.name for path in tmp_path.iterdir())


def test_an_address_is_typed_in_and_the_file_comes(
    hub: HubServer, qtbot: QtBot, tmp_path: Path
) -> None:
    program = Program(qtbot, tmp_path)
    try:
        program.desktop.window.go("downloads")
        page = program.desktop.window._pages["downloads"]
        assert isinstance(page, DownloadsPage)
        edit = page.findChild(QLineEdit, "addressEdit")
        assert isinstance(edit, QLineEdit)
        edit.setText(f"{hub.endpoint}/{REPO}/blob/main/{NAME}")
        edit.returnPressed.emit()
        program.wait((tmp_path / NAME).exists)
        program.wait(page.queue.isVisible)
    finally:
        program.close()
