"""Pictures of the real window for the README: `python tests/screenshots.py OUT_DIR`.

Offscreen, with the real demo model. Waits on conditions, never for a time.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from app.chat.store.store import ChatStore
    from app.hardware.types import Machine
    from app.ui.application import Desktop
    from app.ui.look import ThemeChoice
    from app.ui.models.page import ModelsPage
    from app.ui.shell import Builders, Shell

os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ.setdefault("QT_SCALE_FACTOR", "1")
sys.path.insert(0, str(Path(__file__).parents[1]))

_FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
<include ignore_missing="yes">/etc/fonts/fonts.conf</include>
<alias binding="strong"><family>sans-serif</family><prefer><family>Inter</family>
<family>Noto Sans CJK SC</family></prefer></alias>
<alias binding="strong"><family>Sans Serif</family><prefer><family>Inter</family>
<family>Noto Sans CJK SC</family></prefer></alias>
<alias binding="strong"><family>monospace</family><prefer><family>JetBrains Mono</family></prefer>
</alias></fontconfig>"""
_TIMEOUT_SECONDS = 120.0
_MACHINE = "workstation-256gb-3090"
_EARLIER = ("写一封感谢信", "Rust lifetimes, explained", "Regex for invoice numbers")
_QUESTIONS = ("What is 37 times 24?", "Write hello world in Python")


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary)
        fonts = home / "fonts.conf"
        fonts.write_text(_FONTS, encoding="utf-8")
        os.environ["FONTCONFIG_FILE"] = str(fonts)
        for variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
            os.environ[variable] = str(home / variable)
        os.environ["HF_ENDPOINT"] = "http://127.0.0.1:9"
        _draw(folder)
        _draw_hardware(folder)
        _draw_load_panel(folder, home)
        _draw_models(folder)
        _draw_downloads(folder, home)
        _draw_first_start(folder, home)
        _draw_gpus(folder)


def _draw(folder: Path) -> None:
    from app.bootstrap import build
    from app.core.paths import demo_model_path
    from app.ui.application import Desktop, application
    from app.ui.backend import EngineBackend

    app = application()
    services = build()
    services.chats.start()
    _earlier_chats(services.chats)
    desktop = Desktop(
        app, EngineBackend(services), services.settings, _whole({}), chats=services.chats
    )
    window, session = desktop.window, desktop.session
    try:
        window.resize(1280, 800)
        window.show()
        session.models.open(str(demo_model_path()))
        _wait(app, lambda: session.ready is not None, "the demo model to load")
        for question in _QUESTIONS:
            window.page.ask(question)
            _wait(app, lambda: not session.busy, f"the answer to {question!r}")
        window.page.composer.edit.clearFocus()
        history = window.page.history
        assert history is not None
        wanted = len(_EARLIER) + 1
        _wait(app, lambda: sum(hasattr(i, "title") for i in history.shown) == wanted, "the list")
        _save(desktop, folder, "chat")
    finally:
        window.close()
        services.close()


def _draw_load_panel(folder: Path, temporary: Path) -> None:
    """A GLM-4.6 of full size (without its weights) on a recorded workstation."""
    from app.bootstrap import build
    from app.hardware.recorded import load_machine, shipped_machines
    from app.ui.application import Desktop, application
    from app.ui.backend import EngineBackend
    from app.ui.chat.model_state import Choosing
    from tests.gguf.glm46 import GLM_46, write_model

    app = application()
    machine = next(path for path in shipped_machines() if path.stem == _MACHINE)
    services = build(load_machine(machine))
    desktop = Desktop(app, EngineBackend(services), services.settings, _whole({}))
    window, models = desktop.window, desktop.session.models
    try:
        window.resize(1280, 800)
        window.show()
        models.open(str(write_model(temporary, GLM_46, "UD-Q2_K_XL")))
        _wait(app, lambda: isinstance(models.state, Choosing), "the plan")
        _save(desktop, folder, "load")
    finally:
        window.close()
        services.close()


@contextmanager
def _model_page(
    height: int,
) -> "Iterator[tuple[QApplication, Desktop, ModelsPage, Machine]]":
    """The window with the model page on a recorded workstation, from what ships with the program.
    height: of the window, in pixels."""
    from app.bootstrap import build
    from app.hardware.recorded import load_machine, shipped_machines
    from app.ui.application import Desktop, application
    from app.ui.backend import EngineBackend
    from app.ui.models.whole import page_on
    from tests.ui.model_source import FakeSource

    app = application()
    machine = load_machine(next(path for path in shipped_machines() if path.stem == _MACHINE))
    services = build(machine)
    made: list[ModelsPage] = []

    def builder(shell: "Shell") -> "ModelsPage":
        made.append(page_on(shell, FakeSource(here=machine), lambda _: None))
        return made[0]

    desktop = Desktop(app, EngineBackend(services), services.settings, _whole({"models": builder}))
    window = desktop.window
    try:
        window.resize(1280, height)
        window.show()
        window.go("models")
        page = made[0]
        _wait(app, lambda: page.board is not None and bool(page.board.contexts), "the table")
        yield app, desktop, page, machine
    finally:
        window.close()
        services.close()


def _draw_models(folder: Path) -> None:
    with _model_page(height=800) as (_, desktop, page, _):
        _save(desktop, folder, "models")
        page.view.show_tab("about")
        _save(desktop, folder, "model-about")


def _draw_downloads(folder: Path, temporary: Path) -> None:
    """A queue in many states; its figures are examples."""
    from app.downloads.types import Target
    from app.settings.store import SettingsStore
    from app.ui.application import Desktop, application
    from app.ui.downloads.page import DownloadsPage
    from app.ui.getting.finders import Listed
    from app.ui.getting.room import Downloads
    from app.ui.shell import Shell
    from tests.ui.fake_queue import GB, FakeQueue, every_state
    from tests.ui.scripted import ScriptedBackend

    app, queue = application(), FakeQueue()
    target = Target("folder", Path("/models"))

    def page(shell: Shell) -> DownloadsPage:
        assert shell.getting is not None
        return DownloadsPage(
            shell,
            shell.getting,
            target=lambda: target,
            lister=lambda repo, *_: Listed(repo, ()),
            free=lambda _: 812 * GB,
        )

    downloads = Downloads(queue, lambda: target, temporary / "wish.json")
    settings = SettingsStore(temporary / "downloads-settings.json")
    desktop = Desktop(
        application(), ScriptedBackend(), settings, _whole({"downloads": page}), downloads
    )
    window = desktop.window
    try:
        window.resize(1280, 800)
        window.show()
        window.go("downloads")
        queue.put(*every_state())
        made = window._pages["downloads"]
        assert isinstance(made, DownloadsPage)

        def built() -> bool:
            slot = made.queue.slot_of("run")
            return slot is not None and slot.view is not None

        _wait(app, built, "the queue")
        slot = made.queue.slot_of("run")
        assert slot is not None
        assert slot.view is not None
        slot.view.toggle_files()
        made.address.edit.clearFocus()
        _save(desktop, folder, "downloads")
    finally:
        window.quit()
        desktop.close()


def _draw_first_start(folder: Path, temporary: Path) -> None:
    """On a recorded machine, with the list that ships with the program."""
    from app.downloads.types import Target
    from app.hardware.recorded import load_machine, shipped_machines
    from app.planning.offers import DEFAULT_REPOSITORY, shipped_offers
    from app.settings.store import SettingsStore
    from app.ui.application import Desktop, application
    from app.ui.first_start.page import FirstStart
    from app.ui.first_start.scout import Scout
    from app.ui.getting.room import Downloads
    from app.ui.shell import FIRST_START, Shell
    from tests.ui.fake_queue import FakeQueue
    from tests.ui.scripted import ScriptedBackend

    app = application()
    machine = load_machine(next(path for path in shipped_machines() if path.stem == _MACHINE))
    offers = shipped_offers(DEFAULT_REPOSITORY)
    assert offers is not None
    target = Target("folder", Path("/models"))

    def page(shell: Shell) -> FirstStart:
        scout = Scout(
            shell.tasks,
            lambda: machine,
            lambda *_: offers,
            lambda _: (),
            lambda: target,
            lambda _: 10**12,
            recorded=True,
        )
        return FirstStart(scout)

    downloads = Downloads(FakeQueue(), lambda: target, temporary / "wish.json")
    settings = SettingsStore(temporary / "first-settings.json")
    desktop = Desktop(app, ScriptedBackend(), settings, _whole({FIRST_START: page}), downloads)
    window = desktop.window
    try:
        window.resize(1280, 800)
        window.show()
        window.go(FIRST_START)
        made = window._pages[FIRST_START]
        assert isinstance(made, FirstStart)
        _wait(app, lambda: not made._scout.state.checking, "the recommendation")
        _save(desktop, folder, "first-start")
    finally:
        window.quit()
        desktop.close()


def _draw_hardware(folder: Path) -> None:
    """A recorded machine on the hardware page, and the settings."""
    from app.bootstrap import build
    from app.hardware.recorded import load_machine, shipped_machines
    from app.ui.application import Desktop, application
    from app.ui.backend import EngineBackend
    from app.ui.hardware.page import HardwarePage
    from app.ui.pages import page_builders
    from app.ui.settings.page import SettingsPage

    app = application()
    machine = next(path for path in shipped_machines() if path.stem == "two-3090-one-1080")
    services = build(load_machine(machine))
    desktop = Desktop(app, EngineBackend(services), services.settings, page_builders(services))
    window = desktop.window
    try:
        window.resize(1280, 800)
        window.show()
        window.go("hardware")
        hardware = window._pages["hardware"]
        assert isinstance(hardware, HardwarePage)
        _wait(app, lambda: hardware._machine is not None, "the machine")
        _save(desktop, folder, "hardware")
        window.go("settings")
        settings = window._pages["settings"]
        assert isinstance(settings, SettingsPage)
        settings.show_page("Network")
        _save(desktop, folder, "settings")
    finally:
        window.close()
        services.close()


def _draw_gpus(folder: Path) -> None:
    """The tabs about GPUs, for the file that is recommended on a recorded workstation."""
    from app.planning.build import build_of
    from app.ui.gpus.best_view import BestView
    from app.ui.gpus.build_view import BuildView
    from app.ui.gpus.gpus_view import GpusView

    with _model_page(height=860) as (app, desktop, page, machine):
        page.view.show_tab("gpus")
        gpus = page.findChild(GpusView)
        assert gpus is not None
        _wait(app, lambda: gpus._board.current, "the GPUs")
        gpus.table.selectRow(next(i for i, x in enumerate(gpus.table.cells.lines) if x.marked))
        _wait(app, lambda: not gpus._board.looking, "what each card brings")
        gpus.table.setFocus()
        _save(desktop, folder, "gpus")
        page.view.show_tab("best")
        best = page.findChild(BestView)
        assert best is not None
        best.filters.kinds["workstation"].click()
        best.filters.kinds["unified"].click()
        _save(desktop, folder, "best-gpu")
        page.view.show_tab("build")
        view = page.findChild(BuildView)
        assert view is not None
        view._board.change(build_of(machine).with_count(build_of(machine).cards[0].gpu, 2))
        _wait(app, lambda: view._board.current and view._board.here is not None, "the build")
        _save(desktop, folder, "build-machine")
        view.compare.click()
        _save(desktop, folder, "build-compared")


def _save(desktop: "Desktop", folder: Path, name: str) -> None:
    from PySide6.QtWidgets import QApplication

    themes: tuple[ThemeChoice, ...] = ("light", "dark")
    for theme in themes:
        desktop.look.choose(theme)
        for _ in range(3):
            QApplication.processEvents()
        desktop.window.grab().save(str(folder / f"{name}-{theme}.png"))


def _earlier_chats(chats: "ChatStore") -> None:
    from app.core.messages import TextPart

    for title in _EARLIER:
        conversation, _ = chats.conversations.create(title)
        chats.messages.ask(conversation, None, [TextPart(title)])


def _whole(builders: "Builders") -> "Builders":
    """With a blank page for each other place, so that the rail is as people see it."""
    from PySide6.QtWidgets import QWidget

    from app.ui.shell import CHAT, PLACES

    blank = {place.key: lambda _: QWidget() for place in PLACES if place is not CHAT}
    return {**blank, **builders}


def _wait(app: "QApplication", condition: Callable[[], bool], what: str) -> None:
    from PySide6.QtCore import QEventLoop

    end = time.monotonic() + _TIMEOUT_SECONDS
    while not condition():
        app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 50)
        if time.monotonic() > end:
            raise TimeoutError(f"waited too long for {what}")
    app.processEvents()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python tests/screenshots.py OUT_DIR")
    main(Path(sys.argv[1]))
