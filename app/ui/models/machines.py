"""The menu of other machines to plan for."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from app.core.language import mark, tr
from app.ui.models.board import Elsewhere

# By the names of the files; the language is asked where they are shown.
_EXAMPLES = {
    "arc-b580-cpu-engine": mark("Arc B580, engine for the processor"),
    "container-16gb": mark("Container with 16 GB"),
    "driver-mismatch": mark("Driver updated, old one running"),
    "eight-h100": mark("8 × H100"),
    "gb10": mark("GB10 (DGX Spark)"),
    "gpu-lost": mark("A lost GPU"),
    "jetson-orin-64gb": mark("Jetson Orin 64 GB"),
    "laptop-rtx4060-8gb": mark("Laptop with RTX 4060"),
    "m3-ultra-512gb": mark("M3 Ultra 512 GB"),
    "mig-slice": mark("MIG slice of an H100"),
    "no-gpu": mark("No GPU"),
    "rtx4090-192gb": mark("RTX 4090, 192 GB of RAM"),
    "rx7900xtx": mark("RX 7900 XTX"),
    "strix-halo-128gb": mark("Strix Halo 128 GB"),
    "two-3060-cpu-engine": mark("2 × RTX 3060, engine for the processor"),
    "two-3090-one-1080": mark("2 × RTX 3090, GTX 1080"),
    "windows-rtx5080": mark("Windows with RTX 5080"),
    "workstation-256gb-3090": mark("Workstation with RTX 3090, 256 GB of RAM"),
    "wsl-rtx4070": mark("WSL with RTX 4070"),
}


def example_label(path: Path) -> str:
    """What a recorded machine that comes with the program is called."""
    return tr(_EXAMPLES.get(path.stem, path.stem))


class MachineMenu(QObject):
    """`chosen` brings an `Elsewhere`, None for this machine."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._parent = parent
        self._dialog: QFileDialog | None = None
        self.menu = QMenu(parent)
        self.menu.setObjectName("machineMenu")
        self._add(self.menu, tr("This machine"), "machineThis", None)
        self._built = self.menu.addSeparator()
        opened = QAction(tr("Open a machine file…"), self.menu)
        opened.setObjectName("machineFile")
        opened.setToolTip(tr("As `glm-launcher hardware --json` writes it"))
        opened.triggered.connect(lambda *_: self.open_file())
        self.menu.addAction(opened)
        self._examples = self.menu.addMenu(tr("Examples"))
        self._examples.setObjectName("machineExamples")

    def set_examples(self, paths: Sequence[Path]) -> None:
        """Recorded machines that come with the program."""
        self._examples.clear()
        for path in paths:
            label = example_label(path)
            self._add(self._examples, label, f"machine-{path.stem}", Elsewhere(label, path))

    def add_built(self, built: Elsewhere) -> None:
        """One that was put together on the page for that; the newest first."""
        action = self._action(built.label, f"machineBuilt-{built.label}", built)
        self.menu.insertAction(self._built, action)

    def open_file(self) -> None:
        if self._dialog is not None:
            self._dialog.raise_()
            return
        dialog = QFileDialog(self._parent, tr("Open a machine file"))
        dialog.setObjectName("machineFileDialog")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters([tr("Machine files (*.json)"), tr("All files (*)")])
        dialog.fileSelected.connect(self._opened)
        dialog.finished.connect(self._gone)
        self._dialog = dialog
        dialog.open()

    def _opened(self, name: str) -> None:
        path = Path(name)
        self.chosen.emit(Elsewhere(path.name, path))

    def _gone(self) -> None:
        if self._dialog is not None:
            self._dialog.deleteLater()
            self._dialog = None

    def _add(self, menu: QMenu, text: str, name: str, elsewhere: Elsewhere | None) -> None:
        menu.addAction(self._action(text, name, elsewhere))

    def _action(self, text: str, name: str, elsewhere: Elsewhere | None) -> QAction:
        action = QAction(text.replace("&", "&&"), self.menu)
        action.setObjectName(name)
        action.triggered.connect(lambda *_: self.chosen.emit(elsewhere))
        return action
