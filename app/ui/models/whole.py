"""The models page with everything that belongs into it."""

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from app.chat.services import Services
from app.core.language import mark, tr
from app.core.placement import KvType
from app.hardware.types import Machine
from app.planning.offers import Offer, Offers
from app.ui.gpus import GpuViews, gpu_views
from app.ui.gpus.views import BEST, BUILD, GPUS
from app.ui.library.page import library_view
from app.ui.models.board import Elsewhere
from app.ui.models.live import LiveSource
from app.ui.models.page import Hooks, ModelsPage
from app.ui.models.source import ModelSource
from app.ui.models.view import QUANTS, Tab
from app.ui.shell import Shell

_TITLES = {
    GPUS: mark("GPUs that can run it"),
    BEST: mark("Find the best GPU"),
    BUILD: mark("Build a machine"),
}


def models_page(
    shell: Shell, services: Services, get: Callable[[Offer], None] | None = None
) -> ModelsPage:
    """get: fetches a quantization and opens it."""
    return page_on(shell, LiveSource(services), get, lambda: library_view(shell, services))


def page_on(
    shell: Shell,
    source: ModelSource,
    get: Callable[[Offer], None] | None = None,
    library: Callable[[], QWidget] | None = None,
) -> ModelsPage:
    """library: what is on this computer."""
    gpus = _Gpus(lambda: gpu_views(shell, source.machine))
    tabs = tuple(Tab(key, tr(title), gpus.builder(key)) for key, title in _TITLES.items())
    hooks = Hooks(get=get, library=library, tabs=tabs, subject=gpus.set_subject)
    page = ModelsPage(shell, source, hooks)
    gpus.page = page
    return page


class _Gpus:
    """The views are made together, when the first of them is opened: they would slow the page
    down."""

    page: ModelsPage

    def __init__(self, make: Callable[[], GpuViews]) -> None:
        self._make = make
        self._views: GpuViews | None = None
        self._subject: tuple[Offers, str, int, KvType] | None = None

    def set_subject(self, offers: Offers, quant: str, context_tokens: int, kv: KvType) -> None:
        self._subject = (offers, quant, context_tokens, kv)
        if self._views is not None:
            self._views.set_subject(*self._subject)

    def builder(self, key: str) -> Callable[[], QWidget]:
        return lambda: next(view for name, _, view in self._made().tabs if name == key)

    def _made(self) -> GpuViews:
        if self._views is None:
            self._views = views = self._make()
            views.setParent(self.page)
            views.shown.connect(self.page.view.show_tab)
            views.plan_wanted.connect(self._plan)
            if self._subject is not None:
                views.set_subject(*self._subject)
        return self._views

    def _plan(self, label: str, machine: Machine) -> None:
        self.page.plan_for(Elsewhere(label, machine=machine))
        self.page.view.show_tab(QUANTS)
