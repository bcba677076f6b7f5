"""The first start on the real services."""

from functools import partial

from app.chat.services import Services
from app.core.cancel import CancelToken
from app.core.units import gigabytes
from app.downloads.storage import free_bytes
from app.library.library import Library
from app.planning.offers import remote_offers
from app.settings.declared import FIRST_START_DONE
from app.ui.first_start.advice import Advice
from app.ui.first_start.page import FirstStart
from app.ui.first_start.scout import LocalModel, Scout
from app.ui.getting.finders import Lister, by_name
from app.ui.shell import CHAT, HARDWARE, MODELS, GettingRoom, Shell


def first_start_page(
    shell: Shell, room: GettingRoom, services: Services, lister: Lister, *, has_more: bool
) -> FirstStart:
    scout = Scout(
        shell.tasks,
        services.loader.machine_for_next_load,
        lambda repo, cancel, told: remote_offers(
            repo, hub=services.hub, cancel=cancel, on_progress=told
        ),
        partial(local_models, services.library),
        services.default_target,
        free_bytes,
        recorded=services.loader.recorded,
    )
    page = FirstStart(scout, has_more=has_more)
    connect(page, shell, room, lister)
    return page


def local_models(library: Library, cancel: CancelToken) -> tuple[LocalModel, ...]:
    """Complete ones, the largest first: that is what somebody has taken trouble with."""
    snapshot = library.snapshot
    if not snapshot.finished:
        snapshot = library.scan(cancel=cancel)
    complete = [one for one in snapshot.models if one.state == "complete" and one.path is not None]
    complete.sort(key=lambda one: -one.size_bytes)
    return tuple(
        LocalModel(one.title, gigabytes(one.size_bytes), one.path)
        for one in complete
        if one.path is not None
    )


def connect(page: FirstStart, shell: Shell, room: GettingRoom, lister: Lister) -> None:
    window = shell.window

    def leave() -> None:
        shell.settings.set(FIRST_START_DONE, True)
        window.settings_changed()
        window.go(CHAT.key)

    def get(advice: Advice) -> None:
        leave()
        finder = by_name(lister, advice.repo, advice.quant, advice.title)
        room.flow.find_and_chat(finder, advice.title)

    def open_model(path: str) -> None:
        leave()
        window.open_model(path)

    page.hidden.connect(lambda: shell.settings.set(FIRST_START_DONE, True))
    page.left.connect(leave)
    page.get_wanted.connect(get)
    page.model_wanted.connect(open_model)
    page.file_wanted.connect(window.open_file)
    page.demo_wanted.connect(leave)
    page.demo_wanted.connect(window.open_demo)
    page.find_wanted.connect(partial(window.go, MODELS.key))
    page.more_wanted.connect(partial(window.go, HARDWARE.key))
