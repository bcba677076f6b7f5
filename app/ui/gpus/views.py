"""The three views as one thing to put into a page: they share what was planned."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from app.core.cancel import CancelToken
from app.core.language import tr
from app.core.placement import KvType
from app.hardware.nominal import Nominal
from app.hardware.types import Machine
from app.planning.fleet import Fit
from app.planning.offers import Offers
from app.planning.types import Choice
from app.ui.gpus.best_view import BestView
from app.ui.gpus.board import FleetBoard
from app.ui.gpus.build_board import BuildBoard
from app.ui.gpus.build_view import BuildView
from app.ui.gpus.gpus_view import GpusView
from app.ui.shell import Shell

GPUS, BEST, BUILD = "gpus", "best", "build"


class GpuViews(QObject):
    """`shown` asks for a view by its key; `plan_wanted` brings a name and the `Machine` that was
    built, to plan for it elsewhere.

    machine: blocking; this machine, for the marks and to compare with. It is asked once.
    """

    shown = Signal(str)
    plan_wanted = Signal(str, object)

    def __init__(self, shell: Shell, machine: Callable[[], Machine]) -> None:
        super().__init__()
        self.fleet = FleetBoard(shell.tasks, parent=self)
        self.built = BuildBoard(
            shell.tasks, shell.settings, shell.window.settings_changed, parent=self
        )
        self.gpus = GpusView(shell.look, self.fleet)
        self.best = BestView(shell.look, self.fleet)
        self.build = BuildView(shell.look, self.built)
        self._offers: Offers | None = None
        self._given, self._quant = "", ""
        self._context = 0
        self._kv_type: KvType = "f16"
        for view in (self.gpus, self.best):
            view.build_wanted.connect(self._build)
            view.quant.chosen.connect(self._choose)
        self.build.plan_wanted.connect(self.plan_wanted)

        def look(_: CancelToken) -> Machine:
            return machine()

        shell.tasks.run(look, self._know, lambda _: None)

    @property
    def tabs(self) -> tuple[tuple[str, str, QWidget], ...]:
        """Key, title and widget of each."""
        return (
            (GPUS, tr("GPUs that can run it"), self.gpus),
            (BEST, tr("Find the best GPU"), self.best),
            (BUILD, tr("Build a machine"), self.build),
        )

    def set_subject(
        self, offers: Offers | None, quant: str, context_tokens: int, kv_type: KvType
    ) -> None:
        """What the views are about. quant: "" or one that is not offered takes the first; another
        one that was chosen in a view stays until this changes."""
        if quant != self._given:
            self._given = self._quant = quant
        self._offers, self._context, self._kv_type = offers, context_tokens, kv_type
        self._tell()

    def _tell(self) -> None:
        found = self._offers.offers if self._offers is not None else ()
        candidates = [offer.candidate for offer in found]
        chosen = next((one for one in candidates if one.quant == self._quant), None)
        if chosen is None:
            chosen = next((one for one in candidates if one.quant == self._given), None)
        chosen = chosen or next(iter(candidates), None)
        for view in (self.gpus, self.best):
            view.quant.show_candidates(candidates, chosen)
        if chosen is None:
            self.fleet.set_subject(None)
            self.built.set_subject((), self._context)
            return
        self.fleet.set_model(chosen, Choice(self._context, self._kv_type, self._kv_type))
        ours = [one for one in candidates if one.model == chosen.model]
        self.built.set_subject(ours, self._context or chosen.shape.trained_context)

    def _choose(self, quant: str) -> None:
        self._quant = quant
        self._tell()

    def _know(self, machine: Machine) -> None:
        self.fleet.set_machine(machine)
        self.built.set_machine(machine)

    def _build(self, gpu: Nominal, fit: Fit) -> None:
        self.build.start_with(gpu, fit)
        self.shown.emit(BUILD)


def gpu_views(shell: Shell, machine: Callable[[], Machine]) -> GpuViews:
    return GpuViews(shell, machine)
