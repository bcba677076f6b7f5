"""This machine and what fits it: the hardware page, the plan of a file, the models, the GPUs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.planning.build import build_of
from app.ui.application import Desktop
from app.ui.chat.model_state import Choosing
from app.ui.gpus.best_view import BestView
from app.ui.gpus.build_view import BuildView
from app.ui.gpus.gpus_view import GpusView
from app.ui.hardware.page import HardwarePage
from app.ui.models.page import ModelsPage
from app.ui.models.whole import page_on
from app.ui.settings.page import SettingsPage
from app.ui.shell import Shell
from tests.gguf.glm46 import GLM_46, write_model
from tests.pictures.stage import HEIGHT, WORKSTATION, machine, real_window, save, wait
from tests.ui.model_source import FakeSource


def draw_hardware(folder: Path, _place: Path) -> None:
    """A recorded machine on the hardware page, and the settings."""
    with real_window(machine("two-3090-one-1080")) as (desktop, _services):
        window = desktop.window
        window.go("hardware")
        hardware = window._pages["hardware"]
        assert isinstance(hardware, HardwarePage)
        wait(lambda: hardware._machine is not None, "the machine")
        save(desktop, folder, "hardware")
        window.go("settings")
        settings = window._pages["settings"]
        assert isinstance(settings, SettingsPage)
        settings.show_page("Network")
        window.setFocus()
        save(desktop, folder, "settings")


def draw_load_panel(folder: Path, place: Path) -> None:
    """A GLM-4.6 of full size (without its weights) on a recorded workstation."""
    with real_window(machine(WORKSTATION), {}) as (desktop, _):
        models = desktop.session.models
        models.open(str(write_model(place, GLM_46, "UD-Q2_K_XL")))
        wait(lambda: isinstance(models.state, Choosing), "the plan")
        save(desktop, folder, "load")


def draw_models(folder: Path, _place: Path) -> None:
    with _model_page(HEIGHT) as (desktop, page):
        save(desktop, folder, "models")
        page.view.show_tab("about")
        save(desktop, folder, "model-about")


def draw_gpus(folder: Path, _place: Path) -> None:
    """The tabs about GPUs, for the file that is recommended on a recorded workstation."""
    with _model_page(height=860) as (desktop, page):
        page.view.show_tab("gpus")
        gpus = page.findChild(GpusView)
        assert gpus is not None
        wait(lambda: gpus._board.current, "the GPUs")
        gpus.table.selectRow(next(i for i, x in enumerate(gpus.table.cells.lines) if x.marked))
        wait(lambda: not gpus._board.looking, "what each card brings")
        gpus.table.setFocus()
        save(desktop, folder, "gpus")
        page.view.show_tab("best")
        best = page.findChild(BestView)
        assert best is not None
        best.filters.kinds["workstation"].click()
        best.filters.kinds["unified"].click()
        save(desktop, folder, "best-gpu")
        page.view.show_tab("build")
        view = page.findChild(BuildView)
        assert view is not None
        build = build_of(machine(WORKSTATION))
        view._board.change(build.with_count(build.cards[0].gpu, 2))
        wait(lambda: view._board.current and view._board.here is not None, "the build")
        save(desktop, folder, "build-machine")
        view.compare.click()
        save(desktop, folder, "build-compared")


@contextmanager
def _model_page(height: int) -> Iterator[tuple[Desktop, ModelsPage]]:
    """The window with the model page on a recorded workstation, from what ships with the program.
    height: of the window, in pixels."""
    here = machine(WORKSTATION)
    made: list[ModelsPage] = []

    def builder(shell: Shell) -> ModelsPage:
        made.append(page_on(shell, FakeSource(here=here), lambda _: None))
        return made[0]

    with real_window(here, {"models": builder}, height) as (desktop, _):
        desktop.window.go("models")
        page = made[0]
        wait(lambda: page.board is not None and bool(page.board.contexts), "the table")
        yield desktop, page
