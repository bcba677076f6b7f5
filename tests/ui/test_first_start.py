"""The first start: what was found, what is recommended, and the ways on."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from app.catalog.names import RepoFile
from app.catalog.quantizations import group
from app.core.cancel import CancelToken
from app.core.errors import KnownError
from app.downloads.types import Target
from app.hardware.recorded import load_machine, shipped_machines
from app.hardware.types import Machine
from app.planning.offers import DEFAULT_REPOSITORY, Offers, shipped_offers
from app.settings.declared import FIRST_START_DONE
from app.settings.store import SettingsStore
from app.ui.application import Desktop, application
from app.ui.first_start.advice import advise, sight_of
from app.ui.first_start.made import connect
from app.ui.first_start.page import FirstStart
from app.ui.first_start.scout import LocalModel, Progress, Scout
from app.ui.getting.finders import Listed
from app.ui.getting.room import Downloads
from app.ui.shell import FIRST_START, Shell
from tests.ui.conftest import TIMEOUT_MS
from tests.ui.fake_queue import FOLDER, GB, FakeQueue
from tests.ui.scripted import ScriptedBackend
from tests.ui.test_access import _ours as ours

OFFLINE = "huggingface.co cannot be reached."


def machine(name: str) -> Machine:
    return load_machine(next(path for path in shipped_machines() if path.stem == name))


def shipped() -> Offers:
    offers = shipped_offers(DEFAULT_REPOSITORY)
    assert offers is not None
    return offers


@dataclass
class Bench:
    """hub: what it answers, once `hub_open` lets it. looking: lets the machine be looked at."""

    qtbot: QtBot
    settings: SettingsStore
    machine: Machine | KnownError
    hub: Offers | KnownError
    free: int = 900 * GB
    local: Sequence[LocalModel] = ()
    queue: FakeQueue = field(default_factory=FakeQueue)
    looking: threading.Event = field(default_factory=threading.Event)
    hub_open: threading.Event = field(default_factory=threading.Event)
    told: list[tuple[int, int]] = field(default_factory=list)
    listed: list[str] = field(default_factory=list)
    desktop: Desktop = field(init=False)

    def open(self) -> "Bench":
        downloads = Downloads(
            self.queue, lambda: Target("folder", FOLDER), self.settings.path.parent / "wish.json"
        )
        builders = {
            FIRST_START: self._page,
            "models": lambda _: QLabel("models"),
            "downloads": lambda _: QLabel("downloads"),
        }
        self.desktop = Desktop(application(), ScriptedBackend(), self.settings, builders, downloads)
        self.desktop.window.resize(1000, 800)
        self.desktop.window.show()
        self.qtbot.addWidget(self.desktop.window)
        self.desktop.window.go(FIRST_START)
        return self

    def close(self) -> None:
        self.looking.set()
        self.hub_open.set()
        self.desktop.window.quit()
        assert self.desktop.close()

    def _page(self, shell: Shell) -> QWidget:
        assert shell.getting is not None
        scout = Scout(
            shell.tasks,
            self._machine,
            self._offers,
            lambda _: self.local,
            lambda: Target("folder", FOLDER),
            lambda _: self.free,
        )
        page = FirstStart(scout, has_more=False)
        connect(page, shell, shell.getting, self._list)
        return page

    def _machine(self) -> Machine:
        self.looking.wait(20)
        if isinstance(self.machine, KnownError):
            raise self.machine
        return self.machine

    def _offers(self, repo: str, cancel: CancelToken, told: Progress) -> Offers:
        assert repo == DEFAULT_REPOSITORY
        cancel.on_cancel(self.hub_open.set)
        for done, total in self.told:
            told(done, total)
        self.hub_open.wait(20)
        if isinstance(self.hub, KnownError):
            raise self.hub
        return self.hub

    def _list(self, repo: str, cancel: CancelToken, revision: str = "") -> Listed:
        assert not cancel.cancelled
        assert revision == ""
        self.listed.append(repo)
        files = [RepoFile("GLM-4.6-UD-Q2_K_XL.gguf", 135 * GB, "f" * 64, "a" * 40)]
        return Listed(repo, group(files))

    def wait(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition, timeout=TIMEOUT_MS)

    def text(self, name: str) -> str:
        found = self.desktop.window.findChild(QLabel, name)
        return found.text() if isinstance(found, QLabel) and found.isVisible() else ""

    def button(self, name: str) -> QAbstractButton:
        found = self.desktop.window.findChild(QAbstractButton, name)
        assert isinstance(found, QAbstractButton)
        return found

    def press(self, name: str) -> None:
        self.wait(lambda: self.button(name).isVisible())
        self.button(name).click()


@pytest.fixture
def bench(qtbot: QtBot, settings: SettingsStore) -> Iterator[Bench]:
    bench = Bench(qtbot, settings, machine("rtx4090-192gb"), shipped())
    bench.looking.set()
    bench.hub_open.set()
    yield bench
    bench.close()


def test_it_says_what_was_found_and_what_to_take(bench: Bench) -> None:
    bench.open()
    bench.wait(lambda: bench.text("firstAdviceTitle").startswith("GLM-4.6 "))
    assert bench.text("firstFact-0").startswith("NVIDIA GeForce RTX 4090 · 25.8 GB")
    assert bench.text("firstFact-3") == f"900 GB free in {FOLDER}"
    figures = bench.text("firstAdviceFigures")
    assert "tokens/s (" in figures
    assert "GB GPU" in figures
    assert "GB RAM" in figures
    assert bench.text("firstAdviceHead") == "Recommended here"


def test_every_stage_is_shown_as_it_comes(bench: Bench) -> None:
    bench.looking.clear()
    bench.hub_open.clear()
    bench.told = [(3, 27)]
    bench.open()
    bench.wait(lambda: bench.text("firstLooking") == "Looking at this machine…")
    assert not bench.button("firstGet").isVisible()
    bench.looking.set()
    bench.wait(lambda: bench.text("firstFact-0") != "")
    bench.wait(lambda: "(3 of 27)" in bench.text("firstAdviceRemarks"))
    assert "Sizes are those of" in bench.text("firstAdviceRemarks")
    bench.hub_open.set()
    bench.wait(lambda: "being read" not in bench.text("firstAdviceRemarks"))


def test_download_and_chat_starts_the_way_and_leaves(bench: Bench) -> None:
    bench.open()
    bench.wait(lambda: bench.text("firstAdviceTitle") == "GLM-4.6 UD-Q2_K_XL")
    bench.press("firstGet")
    assert bench.desktop.window.current == "chat"
    assert bench.settings.get(FIRST_START_DONE)
    bench.wait(lambda: len(bench.queue.added) == 1)
    assert bench.listed == [DEFAULT_REPOSITORY]
    assert bench.queue.added[0][0].title == "GLM-4.6 UD-Q2_K_XL"


def test_esc_leaves_and_the_menu_brings_it_back(bench: Bench) -> None:
    bench.open()
    assert not bench.settings.get(FIRST_START_DONE)
    bench.desktop.window.activateWindow()
    bench.wait(bench.desktop.window.isActiveWindow)
    QTest.keyClick(bench.desktop.window, Qt.Key.Key_Escape)
    assert bench.desktop.window.current == "chat"
    assert bench.settings.get(FIRST_START_DONE)
    header = bench.desktop.window.page.header
    assert header.first_steps_action.isVisible()
    header.first_steps_action.trigger()
    assert bench.desktop.window.current == FIRST_START
    bench.wait(lambda: bench.text("firstAdviceTitle").startswith("GLM-4.6 "))


def test_leaving_while_it_looks_stops_the_looking(bench: Bench) -> None:
    bench.hub_open.clear()
    bench.open()
    bench.wait(lambda: bench.text("firstAdviceTitle").startswith("GLM-4.6 "))
    bench.press("firstSkip")
    bench.wait(bench.hub_open.is_set)


def test_without_a_network_it_recommends_from_the_list_and_says_so(bench: Bench) -> None:
    bench.hub = KnownError(OFFLINE, "There is no connection.", "Check it.")
    bench.open()
    bench.wait(lambda: bench.text("firstOffline") == f"Offline: {OFFLINE}")
    bench.wait(lambda: bench.text("firstAdviceTitle").startswith("GLM-4.6 "))
    assert "Sizes are those of" in bench.text("firstAdviceRemarks")


def test_a_hub_that_cannot_be_reached_is_told_beside_the_list(bench: Bench) -> None:
    bench.hub = replace(shipped(), note=f"{OFFLINE} {shipped().note}")
    bench.open()
    bench.wait(lambda: bench.text("firstOffline") == f"Offline: {OFFLINE}")


def test_a_small_machine_gets_a_sibling(bench: Bench) -> None:
    bench.machine = machine("laptop-rtx4060-8gb")
    bench.open()
    bench.wait(lambda: bench.text("firstAdviceHead") == "Recommended here: a smaller sibling")
    assert "GLM-4.6" not in bench.text("firstAdviceTitle")
    assert "does not fit this machine" in bench.text("firstAdviceWhy")


def test_a_slow_sibling_is_better_than_none(bench: Bench) -> None:
    here = machine("container-16gb")
    slow = replace(here.ram_bandwidth, measured_bytes_per_second=4 * GB)
    bench.machine = replace(here, ram_bandwidth=slow)
    bench.open()
    bench.wait(lambda: bench.text("firstAdviceHead") == "The nearest to it here")
    assert "GLM-4-9B-0414" in bench.text("firstAdviceTitle")
    assert "slow here" in bench.text("firstAdviceWhy")


def test_a_machine_without_room_for_anything_gets_the_demo_model(bench: Bench) -> None:
    here = machine("container-16gb")
    memory = replace(here.memory, total_bytes=2 * GB, available_bytes=GB, limit=None)
    bench.machine = replace(here, memory=memory)
    bench.open()
    bench.wait(lambda: bench.text("firstAdviceTitle") == "No GLM model fits this machine")
    assert not bench.button("firstGet").isVisible()
    assert bench.button("firstDemo").property("kind") == "primary"


def test_a_sibling_without_a_known_repository_is_looked_for(bench: Bench) -> None:
    bench.machine = machine("container-16gb")
    bench.open()
    bench.wait(lambda: bench.button("firstGet").text() == "Look for it on the Hub")
    bench.press("firstGet")
    assert bench.desktop.window.current == "models"


def test_a_driver_that_does_not_work_comes_with_its_remedy(bench: Bench) -> None:
    bench.machine = machine("driver-mismatch")
    bench.open()

    def texts() -> str:
        found = bench.desktop.window.findChild(QWidget, "firstFinding-0")
        return found.accessibleName() if found is not None else ""

    bench.wait(lambda: "Restart the computer" in texts())


def test_too_little_room_on_the_disk_is_said(bench: Bench) -> None:
    bench.free = 40 * GB
    bench.open()
    bench.wait(lambda: "The disk lacks" in bench.text("firstAdviceRemarks"))


def test_what_is_on_this_disk_is_offered(bench: Bench) -> None:
    bench.local = (LocalModel("GLM-4.5-Air Q4_K_M", "73.0 GB", Path("/m/air.gguf")),)
    bench.open()
    bench.press("firstLocal-0")
    assert bench.desktop.window.current == "chat"
    bench.wait(lambda: bench.desktop.session.ready is not None)
    assert bench.desktop.session.models.path == "/m/air.gguf"


def test_the_demo_model_is_one_click_away(bench: Bench) -> None:
    bench.open()
    bench.press("firstDemo")
    assert bench.desktop.window.current == "chat"
    bench.wait(lambda: bench.desktop.session.ready is not None)


def test_a_machine_that_cannot_be_looked_at_does_not_block(bench: Bench) -> None:
    bench.machine = KnownError("The machine cannot be looked at.")
    bench.open()
    bench.wait(lambda: bench.text("firstLooking") == "The machine cannot be looked at.")
    bench.press("firstDemo")
    assert bench.desktop.window.current == "chat"


def test_a_finding_is_not_told_twice(bench: Bench) -> None:
    here = machine("driver-mismatch")
    bench.machine = here
    bench.open()
    task = bench.desktop.look_at_machine(lambda: here)
    bench.wait(lambda: task.ended and bench.text("firstFact-0") != "")
    assert not bench.desktop.window.notice.isVisible()


@pytest.mark.parametrize("width", [640, 1280])
def test_everything_has_room_a_name_and_a_place_in_the_tab_order(bench: Bench, width: int) -> None:
    bench.machine = machine("driver-mismatch")
    bench.local = (LocalModel("GLM-4.5-Air Q4_K_M", "73.0 GB", Path("/m/air.gguf")),)
    bench.open()
    window = bench.desktop.window
    window.resize(width, 1600)
    window.activateWindow()
    bench.wait(lambda: bench.button("firstLocal-0").isVisible())
    bench.wait(lambda: bench.button("firstGet").isVisible())
    page = window._pages[FIRST_START]
    controls = [one for one in ours(page) if one.isVisible() and one.isEnabled()]
    names = [one.objectName() for one in controls]
    assert len(set(names)) == len(names)
    assert "" not in names
    assert [one.objectName() for one in controls if not one.accessibleName()] == []
    buttons = [one for one in controls if isinstance(one, QAbstractButton)]
    for one in buttons:
        assert one.mapTo(page, one.rect().topRight()).x() < page.width(), one.objectName()
        assert one.width() >= one.minimumSizeHint().width(), one.objectName()
    reached: set[str] = set()
    for _ in range(3 * len(controls)):
        focus = QApplication.focusWidget()
        assert focus is not None
        reached.add(focus.objectName())
        QTest.keyClick(focus, Qt.Key.Key_Tab)
    assert {one.objectName() for one in buttons} <= reached


@pytest.mark.parametrize("path", shipped_machines(), ids=lambda path: path.stem)
def test_every_recorded_machine_gets_an_advice(path: Path) -> None:
    here = load_machine(path)
    advice = advise(shipped(), here, 10_000 * GB)
    assert advice.title
    assert advice.kind == "demo" or "GB" in advice.figures
    assert len(sight_of(here, "~", None).findings) <= 2
