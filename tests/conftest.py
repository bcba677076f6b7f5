"""For every test: its own folders, no stray threads, timers or windows."""

import gc
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# As the program itself has it; else huggingface_hub would ask its server for a list at first use.
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
# A scale factor or theme of the machine that runs the tests must not change what they see.
for name in ("QT_SCALE_FACTOR", "QT_STYLE_OVERRIDE", "QT_QPA_PLATFORMTHEME"):
    os.environ.pop(name, None)

# A busy machine is no failure, and the same examples everywhere make a failure repeatable.
settings.register_profile("suite", deadline=None, derandomize=True)
settings.load_profile("suite")

_FOREIGN_THREADS = ("execnet", "pytest", "ThreadPoolExecutor-execnet")


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The person's folders, empty and of this test alone."""
    home = tmp_path_factory.mktemp("home")
    for variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(variable, str(home / variable.lower()))
    # Other programs keep models below the home folder itself.
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(home))
    return home


def _our_threads() -> set[threading.Thread]:
    return {
        thread
        for thread in threading.enumerate()
        if thread.is_alive()
        and not isinstance(thread, threading._DummyThread)
        and not thread.name.startswith(_FOREIGN_THREADS)
    }


@pytest.fixture(autouse=True)
def no_leaked_threads() -> Iterator[None]:
    before = _our_threads()
    yield
    left = _our_threads() - before
    for thread in left:
        thread.join(timeout=5)
    names = [thread.name for thread in left if thread.is_alive()]
    assert not names, f"threads left running: {names}"


@pytest.fixture(autouse=True)
def no_leaked_widgets(request: pytest.FixtureRequest) -> Iterator[None]:
    """Only for tests that use Qt: windows closed and timers stopped when they end."""
    if "qtbot" not in request.fixturenames:
        yield
        return
    request.getfixturevalue("qapp")
    before = _live_qt_objects()
    yield
    from PySide6.QtCore import QCoreApplication, QEvent

    gc.collect()
    for _ in range(3):
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        QCoreApplication.processEvents()
    left = _live_qt_objects() - before
    assert not left, f"left behind: {sorted(left)}"


def _live_qt_objects() -> set[str]:
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    windows = {
        f"window {type(widget).__name__} {widget.objectName()}"
        for widget in QApplication.topLevelWidgets()
        if widget.isVisible()
    }
    application = QApplication.instance()
    timers = {
        f"timer {timer.objectName() or hex(id(timer))}"
        for timer in (application.findChildren(QTimer) if application else ())
        if timer.isActive()
    }
    return windows | timers
