"""What a person narrows the list of GPUs with: words, chips, and for the best one some limits."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from app.core.language import tr
from app.hardware.nominal import table
from app.planning.fleet_search import Filter, kind_word
from app.ui.flow import Flow
from app.ui.look import Look
from app.ui.widgets import ChoiceBox, button, label

_VENDORS = ("NVIDIA", "AMD", "Intel", "Apple", "Qualcomm")
_KINDS = ("consumer", "consumer-laptop", "workstation", "datacenter", "unified")
_MEMORIES = (8, 12, 16, 24, 32, 48, 64, 80, 96, 128, 192, 256)
_CARDS = (1, 2, 3, 4, 6, 8)


class FilterBar(QWidget):
    """`changed` comes for every change, with all of it in `wanted`."""

    changed = Signal()

    def __init__(
        self, look: Look, name: str, *, limits: bool, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._name = name
        self.search = QLineEdit()
        self.search.setObjectName(f"{name}Search")
        self.search.setAccessibleName(tr("Search for a GPU"))
        self.search.setPlaceholderText(tr("Search: RTX 6000, Apple Ultra, 2025…"))
        self.search.setClearButtonEnabled(True)
        self.search.setMaximumWidth(420)
        self.search.textChanged.connect(lambda _: self.changed.emit())
        self._search_sign = self.search.addAction(QIcon(), QLineEdit.ActionPosition.LeadingPosition)
        self._look = look
        look.changed.connect(self._tint)
        self._tint()
        self.vendors = {
            vendor: self._chip(vendor, tr("Vendor {vendor}", vendor=vendor)) for vendor in _VENDORS
        }
        self.kinds = {
            kind: self._chip(kind_word(kind).capitalize(), tr("Kind: {kind}", kind=kind_word(kind)))
            for kind in _KINDS
        }
        self.runs = self._chip(
            tr("Runs it"), tr("Only what can run it, alone or with RAM beside it")
        )
        self.with_ram = self._chip(
            tr("With RAM too"), tr("Also one card that keeps a part of the model in RAM")
        )
        self.reset = button(tr("Clear"), f"{name}Clear", "quiet", on_click=self.clear,
                            accessible=tr("Clear the filters"))  # fmt: skip
        self._limits = limits
        self.memory = self._choice(
            tr("Memory"), tr("any"), [(tr("{m} GB or more", m=m), m) for m in _MEMORIES]
        )
        years = sorted({gpu.released for gpu in table()}, reverse=True)
        self.since = self._choice(
            tr("Since"), tr("any year"), [(tr("since {y}", y=y), y) for y in years]
        )
        self.cards = self._choice(
            tr("Cards"),
            tr("any number"),
            [(tr("{n} at most", n=n) if n > 1 else tr("a single one"), n) for n in _CARDS],
        )
        self._lay_out()
        self._show_reset()
        self.changed.connect(self._show_reset)

    @property
    def wanted(self) -> Filter:
        cards = self.cards.currentData() or None
        return Filter(
            self.search.text(),
            frozenset(v for v, chip in self.vendors.items() if chip.isChecked()),
            frozenset(k for k, chip in self.kinds.items() if chip.isChecked()),
            float(self.memory.currentData() or 0),
            int(self.since.currentData() or 0),
            cards,
            with_ram=self.with_ram.isChecked() if self._limits else True,
            runs_only=self.runs.isChecked() or self._limits,
        )

    def beside(self, widget: QWidget) -> None:
        """Puts something to the right of the search."""
        self._search_row.addWidget(widget)

    def clear(self) -> None:
        """Back to everything, with one change for all of it."""
        self.blockSignals(True)
        self.search.clear()
        for chip in (*self.vendors.values(), *self.kinds.values(), self.runs, self.with_ram):
            chip.setChecked(False)
        for box in (self.memory, self.since, self.cards):
            box.setCurrentIndex(0)
        self.blockSignals(False)
        self.changed.emit()

    def _show_reset(self) -> None:
        plain = Filter(with_ram=not self._limits, runs_only=self._limits)
        self.reset.setVisible(self.wanted != plain)
        self._chips.lay_out()

    def _tint(self) -> None:
        self._search_sign.setIcon(self._look.icon("search", "muted", 16))

    def _chip(self, text: str, accessible: str) -> QPushButton:
        slug = "".join(word.capitalize() for word in text.split())
        chip = button(text, f"{self._name}{slug}", "chip", accessible=accessible)
        chip.setCheckable(True)
        chip.toggled.connect(lambda _: self.changed.emit())
        return chip

    def _choice(self, title: str, nothing: str, choices: Sequence[tuple[str, int]]) -> ChoiceBox:
        box = ChoiceBox(self._look)
        box.setObjectName(f"{self._name}{title}")
        box.setAccessibleName(title)
        box.addItem(nothing, 0)
        for text, value in choices:
            box.addItem(text, value)
        box.currentIndexChanged.connect(lambda _: self.changed.emit())
        return box

    def _lay_out(self) -> None:
        last = [self.with_ram] if self._limits else [self.runs]
        self._chips = Flow()
        self._chips.hold(*self.vendors.values(), *self.kinds.values(), *last, self.reset)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        if self._limits:
            fields = Flow(16)
            fields.hold(*(self._field(box) for box in self._boxes))
            column.addWidget(fields)
        else:
            for box in self._boxes:
                box.setParent(self)
                box.hide()
        self._search_row = QHBoxLayout()
        self._search_row.setSpacing(12)
        self._search_row.addWidget(self.search, 100_000)
        self._search_row.addStretch(1)
        column.addLayout(self._search_row)
        column.addWidget(self._chips)
        for unused in (self.runs, self.with_ram):
            if unused not in last:
                unused.setParent(self)
                unused.hide()

    @property
    def _boxes(self) -> tuple[ChoiceBox, ...]:
        return self.memory, self.cards, self.since

    def _field(self, box: ChoiceBox) -> QWidget:
        frame = QWidget()
        row = QHBoxLayout(frame)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        told: QLabel = label(box.accessibleName(), "muted")
        told.setBuddy(box)
        row.addWidget(told)
        box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        row.addWidget(box)
        return frame
