"""The pages of the rail beside the chat, on the real services."""

from PySide6.QtWidgets import QWidget

from app.chat.services import Services
from app.planning.offers import Offer
from app.ui.downloads.page import DownloadsPage
from app.ui.first_start.made import first_start_page
from app.ui.getting.finders import by_name, hub_lister
from app.ui.hardware.whole import hardware_page
from app.ui.models.whole import models_page
from app.ui.settings.whole import settings_page
from app.ui.shell import (
    DOWNLOADS,
    FIRST_START,
    HARDWARE,
    MODELS,
    SETTINGS,
    Builders,
    GettingRoom,
    Shell,
)


def page_builders(services: Services) -> Builders:
    """A place without a builder is not on the rail."""
    lister = hub_lister(services.hub)

    def models(shell: Shell) -> QWidget:
        def get(offer: Offer) -> None:
            one = offer.candidate
            title, flow = f"{one.model} {one.quant}", _room(shell).flow
            if offer.files:
                flow.get_and_chat(one.repository, offer.files, title)
            else:  # from the list that ships with the program
                flow.find_and_chat(by_name(lister, one.repository, one.quant, title), title)
            shell.window.go(DOWNLOADS.key)

        return models_page(shell, services, get)

    def downloads(shell: Shell) -> QWidget:
        return DownloadsPage(
            shell,
            _room(shell),
            target=services.default_target,
            lister=lister,
            mirror=services.hub.access.endpoint,
        )

    def hardware(shell: Shell) -> QWidget:
        return hardware_page(shell, services)

    def first_start(shell: Shell) -> QWidget:
        more = HARDWARE.key in builders
        return first_start_page(shell, _room(shell), services, lister, has_more=more)

    def settings(shell: Shell) -> QWidget:
        return settings_page(shell, services)

    builders = {
        MODELS.key: models,
        DOWNLOADS.key: downloads,
        HARDWARE.key: hardware,
        SETTINGS.key: settings,
        FIRST_START: first_start,
    }
    return builders


def _room(shell: Shell) -> GettingRoom:
    if shell.getting is None:
        raise RuntimeError("a window without downloads has no such page")
    return shell.getting
