"""The tabs about GPUs on the models page: what is chosen there is what they are about."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from app.settings.store import SettingsStore
from app.ui.application import Desktop, application
from app.ui.gpus.best_view import BestView
from app.ui.gpus.build_view import BuildView
from app.ui.gpus.gpus_view import GpusView
from app.ui.models.page import ModelsPage
from app.ui.models.whole import page_on
from tests.planning.made import shipped
from tests.ui.conftest import TIMEOUT_MS
from tests.ui.model_source import FakeSource
from tests.ui.scripted import ScriptedBackend

V = TypeVar("V", bound=QObject)


@pytest.fixture
def desktop(qtbot: QtBot, settings: SettingsStore, tmp_path: Path) -> Iterator[Desktop]:
    del tmp_path
    source = FakeSource(here=shipped("rtx4090-192gb"))
    builders = {"models": lambda shell: page_on(shell, source)}
    desktop = Desktop(application(), ScriptedBackend(), settings, builders)
    desktop.window.resize(1280, 860)
    desktop.window.show()
    qtbot.addWidget(desktop.window)
    desktop.window.go("models")
    page = desktop.window._pages["models"]
    assert isinstance(page, ModelsPage)
    qtbot.waitUntil(lambda: bool(page.view.quants.table.quant), timeout=TIMEOUT_MS)
    yield desktop
    desktop.window.close()
    assert desktop.close(), "background work did not end in time"


def page_of(desktop: Desktop) -> ModelsPage:
    page = desktop.window._pages["models"]
    assert isinstance(page, ModelsPage)
    return page


def opened(desktop: Desktop, key: str, kind: type[V]) -> V:
    page_of(desktop).view.show_tab(key)
    found = page_of(desktop).findChild(kind)
    assert found is not None
    return found


def title(view: QObject, name: str) -> str:
    found = view.findChild(QLabel, name)
    assert isinstance(found, QLabel)
    return found.text()


def wait(qtbot: QtBot, condition: Callable[[], bool]) -> None:
    qtbot.waitUntil(condition, timeout=TIMEOUT_MS)


def test_what_is_selected_is_what_the_gpus_are_for(desktop: Desktop, qtbot: QtBot) -> None:
    page = page_of(desktop)
    quant = page.view.quants.table.quant
    view = opened(desktop, "gpus", GpusView)
    wait(qtbot, lambda: view._board.current)
    assert f"GLM-4.6 in {quant}" in title(view, "gpusTitle")
    page.view.show_tab("quantizations")
    assert page.board is not None
    page.board.ask(8192, "q8_0")
    wait(qtbot, lambda: "8,192 tokens of context kept as q8_0" in title(view, "gpusAbout"))
    assert not view._board.computing
    page.view.show_tab("gpus")
    wait(qtbot, lambda: view._board.current)


def test_from_the_best_gpu_to_a_machine_to_its_plan(desktop: Desktop, qtbot: QtBot) -> None:
    page = page_of(desktop)
    best = opened(desktop, "best", BestView)
    wait(qtbot, lambda: best._board.current)
    best.build.click()
    assert page.view.tab == "build"
    build = page.findChild(BuildView)
    assert build is not None
    wait(qtbot, lambda: build._board.current)
    name = build._board.build.name
    build.plan.click()
    assert page.view.tab == "quantizations"
    wait(qtbot, lambda: page.board is not None and page.board.table is not None)
    assert page.board is not None
    assert page.board.elsewhere is not None
    assert page.board.elsewhere.label == name
    assert page.board.machine is not None
    assert page.board.machine.gpus[0].name == build._board.build.machine().gpus[0].name
