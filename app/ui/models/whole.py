"""The models page with everything that belongs into it."""

from app.chat.services import Services
from app.hardware.types import Machine
from app.ui.gpus import gpu_views
from app.ui.models.board import Elsewhere
from app.ui.models.live import LiveSource
from app.ui.models.page import Hooks, ModelsPage
from app.ui.models.view import QUANTS, Tab
from app.ui.shell import Shell


def models_page(shell: Shell, services: Services) -> ModelsPage:
    views = gpu_views(shell, services.loader.machine_for_next_load)
    tabs = tuple(Tab(*tab) for tab in views.tabs)
    page = ModelsPage(shell, LiveSource(services), Hooks(tabs=tabs, subject=views.set_subject))
    views.setParent(page)

    def plan(label: str, machine: Machine) -> None:
        page.plan_for(Elsewhere(label, machine=machine))
        page.view.show_tab(QUANTS)

    views.shown.connect(page.view.show_tab)
    views.plan_wanted.connect(plan)
    return page
