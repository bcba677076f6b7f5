"""Getting a model: the queue of downloads, and the first start."""

from pathlib import Path

from app.downloads.types import Target
from app.planning.offers import DEFAULT_REPOSITORY, shipped_offers
from app.settings.store import SettingsStore
from app.ui.application import Desktop, application
from app.ui.downloads.page import DownloadsPage
from app.ui.first_start.page import FirstStart
from app.ui.first_start.scout import Scout
from app.ui.getting.finders import Listed
from app.ui.getting.room import Downloads
from app.ui.shell import FIRST_START, Shell
from tests.pictures.stage import WORKSTATION, machine, save, wait, whole, written_window
from tests.ui.fake_queue import GB, FakeQueue, every_state
from tests.ui.scripted import ScriptedBackend


def draw_downloads(folder: Path, place: Path) -> None:
    """A queue in many states; its figures are examples."""
    queue, target = FakeQueue(), Target("folder", Path("/models"))
    place.mkdir(parents=True, exist_ok=True)

    def page(shell: Shell) -> DownloadsPage:
        assert shell.getting is not None
        return DownloadsPage(
            shell,
            shell.getting,
            target=lambda: target,
            lister=lambda repo, *_: Listed(repo, ()),
            free=lambda _: 812 * GB,
        )

    downloads = Downloads(queue, lambda: target, place / "wish.json")
    settings = SettingsStore(place / "downloads-settings.json")
    desktop = Desktop(
        application(), ScriptedBackend(), settings, whole({"downloads": page}), downloads
    )
    window = desktop.window
    with written_window(desktop):
        window.go("downloads")
        queue.put(*every_state())
        made = window._pages["downloads"]
        assert isinstance(made, DownloadsPage)

        def built() -> bool:
            slot = made.queue.slot_of("run")
            return slot is not None and slot.view is not None

        wait(built, "the queue")
        slot = made.queue.slot_of("run")
        assert slot is not None
        assert slot.view is not None
        slot.view.toggle_files()
        made.address.edit.clearFocus()
        save(desktop, folder, "downloads")


def draw_first_start(folder: Path, place: Path) -> None:
    """On a recorded machine, with the list that ships with the program."""
    here, offers = machine(WORKSTATION), shipped_offers(DEFAULT_REPOSITORY)
    place.mkdir(parents=True, exist_ok=True)
    assert offers is not None
    target = Target("folder", Path("/models"))

    def page(shell: Shell) -> FirstStart:
        scout = Scout(
            shell.tasks,
            lambda: here,
            lambda *_: offers,
            lambda _: (),
            lambda: target,
            lambda _: 10**12,
            recorded=True,
        )
        return FirstStart(scout)

    downloads = Downloads(FakeQueue(), lambda: target, place / "wish.json")
    settings = SettingsStore(place / "first-settings.json")
    desktop = Desktop(
        application(), ScriptedBackend(), settings, whole({FIRST_START: page}), downloads
    )
    window = desktop.window
    with written_window(desktop):
        window.go(FIRST_START)
        made = window._pages[FIRST_START]
        assert isinstance(made, FirstStart)
        wait(lambda: not made._scout.state.checking, "the recommendation")
        save(desktop, folder, "first-start")
