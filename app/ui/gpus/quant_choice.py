"""Which quantization the GPUs are looked at for."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal

from app.core.language import tr
from app.core.units import gigabytes
from app.planning.recommend import Candidate
from app.ui.look import Look
from app.ui.widgets import ChoiceBox


class QuantChoice(ChoiceBox):
    """`chosen` brings the name of the quantization."""

    chosen = Signal(str)

    def __init__(self, look: Look, name: str) -> None:
        super().__init__(look)
        self.setObjectName(name)
        self.setAccessibleName(tr("Quantization"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(ChoiceBox.SizeAdjustPolicy.AdjustToContents)
        self._shown: list[tuple[str, str]] = []
        self.activated.connect(lambda _: self.chosen.emit(str(self.currentData())))

    def show_candidates(self, candidates: Sequence[Candidate], current: Candidate | None) -> None:
        offered = [(one.quant, _label(one)) for one in candidates]
        if offered != self._shown:
            self._shown = offered
            self.clear()
            for quant, text in offered:
                self.addItem(text, quant)
        self.setVisible(len(offered) > 1)
        if current is not None:
            self.setCurrentIndex(self.findData(current.quant))


def _label(candidate: Candidate) -> str:
    rough = "" if candidate.exact else "~"
    return f"{candidate.quant}, {rough}{gigabytes(candidate.size_bytes)}"
