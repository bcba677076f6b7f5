"""How fast the RAM beside the cards is."""

from PySide6.QtCore import Qt

from app.core.language import tr
from app.planning.build import RAM_PRESETS
from app.ui.gpus.board import FleetBoard
from app.ui.look import Look
from app.ui.widgets import ChoiceBox


class RamChoice(ChoiceBox):
    """Shows and changes the board's."""

    def __init__(self, look: Look, board: FleetBoard, name: str) -> None:
        super().__init__(look)
        self.setObjectName(name)
        self.setAccessibleName(tr("RAM beside the cards"))
        self.setToolTip(tr("What the processor reads of the model comes at the speed of this RAM."))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._board = board
        for preset in RAM_PRESETS:
            speed = f"{preset.bytes_per_second / 1e9:.0f} GB/s"
            self.addItem(
                tr("{label}, {speed}", label=preset.label, speed=speed), preset.bytes_per_second
            )
        self.activated.connect(lambda _: board.set_ram(int(self.currentData())))
        board.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        at = self.findData(self._board.ram_bytes_per_second)
        if at >= 0:
            self.setCurrentIndex(at)
