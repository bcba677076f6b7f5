"""What a machine is put together from: cards and their numbers, RAM, processor."""

from dataclasses import replace

from PySide6.QtCore import QRegularExpression, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QCompleter,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from app.core.language import mark, tr
from app.hardware.nominal import Nominal, table
from app.planning.build import RAM_PRESETS, Build
from app.planning.fleet import MOST_DEVICES, RAM_SIZES_GIB
from app.ui.gpus.build_board import BuildBoard
from app.ui.gpus.build_words import about_machine
from app.ui.look import Look
from app.ui.widgets import ChoiceBox, IconButton, WholeSpin, label

_CUSTOM = -1
_PCIE = (3, 4, 5, 6)
_REMOVE = QRegularExpression("^buildRemove-")
_CORES_TIP = mark(
    "Kept in the description of the machine. Answers from RAM are bound by its "
    "bandwidth, so the prediction does not depend on the number of cores."
)


class RamSpin(WholeSpin):
    """Arrows go to the next size that modules add up to; any other can be typed."""

    def stepBy(self, steps: int) -> None:
        for _ in range(abs(steps)):
            value = self.value()
            larger = [size for size in RAM_SIZES_GIB if size > value]
            smaller = [size for size in RAM_SIZES_GIB if size < value]
            if steps > 0:
                self.setValue(larger[0] if larger else value + 512)
            else:
                self.setValue(smaller[-1] if smaller else max(1, value // 2))


class PartsCard(QFrame):
    """Shows and changes the board's build."""

    def __init__(self, look: Look, board: BuildBoard, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("buildParts")
        self.setProperty("card", "true")
        self._look, self._board = look, board
        self._shown: Build | None = None
        self._showing = False
        self._gpus = _by_label()
        self.add = self._adder()
        self._rows = QVBoxLayout()
        self._rows.setSpacing(6)
        self.counts: dict[str, WholeSpin] = {}
        self.ram = self._spin("buildRam", tr("RAM"), 1, 16_384, " GB", RamSpin)
        self.preset = self._box("buildRamSpeed", tr("Speed of the RAM"))
        for number, preset in enumerate(RAM_PRESETS):
            self.preset.addItem(preset.label, number)
        self.preset.addItem(tr("Other…"), _CUSTOM)
        self.channels = self._spin("buildChannels", tr("Memory channels"), 1, 48, tr(" channels"))
        self.transfers = self._spin("buildTransfers", tr("Transfers"), 400, 20_000, " MT/s")
        self.transfers.setSingleStep(400)
        self.cores = self._spin("buildCores", tr("Processor cores"), 1, 1024, tr(" cores"))
        self.cores.setToolTip(tr(_CORES_TIP))
        self.pcie = self._box("buildPcie", tr("PCI Express of the first slot"))
        for generation in _PCIE:
            self.pcie.addItem(tr("PCIe {generation}.0 x16", generation=generation), generation)
        self.pcie.setToolTip(
            tr("How fast weights in RAM reach the first card while it reads a prompt.")
        )
        self._about = label("", "small", name="buildAbout", wrap=True)
        self._lay_out()
        self._connect()
        board.changed.connect(self._show)
        self._show()

    def _adder(self) -> ChoiceBox:
        box = ChoiceBox(self._look)
        box.setObjectName("buildAdd")
        box.setAccessibleName(tr("Add a GPU or choose a whole machine"))
        box.setEditable(True)
        box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(12)
        box.setMaxVisibleItems(14)
        for text in self._gpus:
            box.addItem(text)
        box.setCurrentIndex(-1)
        edit, completer = box.lineEdit(), box.completer()
        if edit is not None:
            edit.setPlaceholderText(tr("Add a GPU: RTX 4090, M3 Ultra…"))
            edit.setAccessibleName(tr("Add a GPU or choose a whole machine"))
            edit.setObjectName("buildAddEdit")
        if completer is not None:
            completer.setFilterMode(Qt.MatchFlag.MatchContains)
            completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
            completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        return box

    def _spin(
        self,
        name: str,
        accessible: str,
        low: int,
        high: int,
        suffix: str,
        kind: type[WholeSpin] = WholeSpin,
    ) -> WholeSpin:
        spin = kind(self._look)
        spin.setObjectName(name)
        spin.setAccessibleName(accessible)
        spin.setRange(low, high)
        spin.setSuffix(suffix)
        spin.setKeyboardTracking(False)
        spin.setGroupSeparatorShown(True)
        spin.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        return spin

    def _box(self, name: str, accessible: str) -> ChoiceBox:
        box = ChoiceBox(self._look)
        box.setObjectName(name)
        box.setAccessibleName(accessible)
        box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        return box

    def _connect(self) -> None:
        self.add.activated.connect(lambda _: self._add())
        edit = self.add.lineEdit()
        if edit is not None:
            edit.returnPressed.connect(self._add_typed)
        self.ram.valueChanged.connect(lambda value: self._change(ram_gib=value))
        self.cores.valueChanged.connect(lambda value: self._change(cores=value))
        self.channels.valueChanged.connect(lambda value: self._change(channels=value))
        self.transfers.valueChanged.connect(lambda value: self._change(megatransfers=value))
        self.pcie.activated.connect(
            lambda _: self._change(pcie_generation=int(self.pcie.currentData()))
        )
        self.preset.activated.connect(lambda _: self._choose_preset())

    # -- what the person does --------------------------------------------------------------------

    def _add(self) -> None:
        gpu = self._gpus.get(self.add.currentText())
        self.add.setCurrentIndex(-1)
        self.add.clearEditText()
        if gpu is not None:
            have = next((c.count for c in self._board.build.cards if c.gpu == gpu), 0)
            self._board.try_change(lambda build: build.with_count(gpu, have + 1))

    def _add_typed(self) -> None:
        """What was typed is nearly a name: the shortest one that has all its words."""
        words = self.add.currentText().lower().split()
        found = [text for text in self._gpus if all(word in text.lower() for word in words)]
        if words and found:
            self.add.setCurrentText(min(found, key=len))
            self._add()

    def _change(self, **values: int) -> None:
        if not self._showing:
            self._board.try_change(lambda build: replace(build, **values))  # type: ignore[arg-type]

    def _choose_preset(self) -> None:
        number = int(self.preset.currentData())
        self._custom.setVisible(number == _CUSTOM)
        if number != _CUSTOM:
            chosen = RAM_PRESETS[number]
            self._change(channels=chosen.channels, megatransfers=chosen.megatransfers)
        else:
            self.channels.setFocus()

    def _set_count(self, gpu: Nominal, count: int) -> None:
        if not self._showing:
            self._board.try_change(lambda build: build.with_count(gpu, count))

    # -- what is shown ---------------------------------------------------------------------------

    def _show(self) -> None:
        build = self._board.build
        refused = self._board.problem is not None
        if build == self._shown and not refused:
            return
        self._showing = True
        self._shown = build
        self._show_parts(build)
        self.ram.setValue(build.ram_gib)
        self.cores.setValue(build.cores)
        self.channels.setValue(build.channels)
        self.transfers.setValue(build.megatransfers)
        self.pcie.setCurrentIndex(self.pcie.findData(build.pcie_generation))
        self._show_preset(build)
        for widget in self._own_ram:
            widget.setEnabled(build.whole is None)
        self._about.setText(about_machine(build))
        self._showing = False

    def _show_preset(self, build: Build) -> None:
        number = next(
            (
                number
                for number, preset in enumerate(RAM_PRESETS)
                if (preset.channels, preset.megatransfers) == (build.channels, build.megatransfers)
            ),
            _CUSTOM,
        )
        self.preset.setCurrentIndex(self.preset.findData(number))
        self._custom.setVisible(number == _CUSTOM)

    def _show_parts(self, build: Build) -> None:
        """Rows stay where they are, so that the focus does not jump while a number is changed."""
        wanted = [(part.gpu, part.count) for part in build.cards]
        if build.whole is not None:
            wanted = [(build.whole, 1)]
        names = [gpu.name for gpu, _ in wanted]
        if names != list(self.counts):
            if any(part.hasFocus() for part in self.findChildren(QWidget, _REMOVE)):
                self.add.setFocus()
            while (item := self._rows.takeAt(0)) is not None:
                widget = item.widget()
                if widget is not None:
                    widget.hide()
                    widget.deleteLater()
            self.counts.clear()
            for number, (gpu, _) in enumerate(wanted):
                self._rows.addWidget(self._part(gpu, number))
        for gpu, count in wanted:
            self.counts[gpu.name].setValue(count)
        self._none.setVisible(not wanted)

    def _part(self, gpu: Nominal, number: int) -> QWidget:
        frame = QWidget()
        row = QHBoxLayout(frame)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        name = label(gpu.name, "strong", name=f"buildPart-{number}", wrap=True)
        row.addWidget(name, 1)
        most = 1 if gpu.kind == "unified" else MOST_DEVICES
        spin = self._spin(
            f"buildCount-{number}", tr("How many {name}", name=gpu.name), 1, most, " ×"
        )
        spin.setFixedWidth(84)
        spin.setVisible(gpu.kind != "unified")
        spin.valueChanged.connect(lambda value: self._set_count(gpu, value))
        row.addWidget(spin)
        self.counts[gpu.name] = spin
        row.addWidget(
            IconButton(
                self._look,
                "cross",
                tr("Take out {name}", name=gpu.name),
                f"buildRemove-{number}",
                kind="mini",
                on_click=lambda: self._set_count(gpu, 0),
            )
        )
        return frame

    def _lay_out(self) -> None:
        self._none = label(tr("No GPU: the processor does all of it."), "muted", name="buildNoGpu",
                           wrap=True)  # fmt: skip
        self._custom = QWidget()
        custom = QHBoxLayout(self._custom)
        custom.setContentsMargins(0, 0, 0, 0)
        custom.setSpacing(8)
        custom.addWidget(self.channels)
        custom.addWidget(self.transfers)
        speed = QWidget()
        both = QVBoxLayout(speed)
        both.setContentsMargins(0, 0, 0, 0)
        both.setSpacing(8)
        both.addWidget(self.preset)
        both.addWidget(self._custom)
        self._own_ram = (self.ram, self.preset, self._custom, self.cores, self.pcie)
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        fields: tuple[tuple[str, QWidget], ...] = (
            (tr("RAM"), self.ram),
            (tr("Its speed"), speed),
            (tr("Processor"), self.cores),
            (tr("Slot"), self.pcie),
        )
        for row, (text, widget) in enumerate(fields):
            told = label(text, "muted")
            told.setBuddy(widget)
            grid.addWidget(told, row, 0, Qt.AlignmentFlag.AlignTop)
            told.setFixedHeight(32)
            grid.addWidget(widget, row, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(12)
        column.addWidget(label(tr("Parts"), "title"))
        column.addWidget(self.add)
        column.addWidget(self._none)
        column.addLayout(self._rows)
        column.addWidget(_line())
        column.addLayout(grid)
        column.addWidget(self._about)
        column.addStretch(1)


def _line() -> QFrame:
    line = QFrame()
    line.setProperty("line", True)
    return line


def _by_label() -> dict[str, Nominal]:
    """What the list offers: those with more memory first."""
    order = sorted(table(), key=lambda gpu: (-gpu.memory_gb, gpu.name))
    return {f"{gpu.vendor} {gpu.name} · {gpu.memory_gb:g} GB": gpu for gpu in order}
