"""Context, its memory, which rows are shown, and for which machine."""

import math
from typing import cast

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QWheelEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QButtonGroup,
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QSlider,
    QWidget,
)

from app.core.language import mark, tr
from app.core.placement import KvType
from app.core.units import count
from app.ui.chat.load.controls import read_tokens
from app.ui.flow import Flow
from app.ui.look import Look
from app.ui.models.words import KV_NAMES
from app.ui.widgets import ChoiceBox, button, label, restyle

SMALLEST = 4_096
_PER_OCTAVE = 8
_STEP = 1_024
_CONTEXT_TIP = mark("How many tokens a conversation may have. More takes more memory.")
_KV_TIP = mark(
    "How the context is kept. q8_0 takes about half the memory of f16 and costs "
    "next to nothing in quality; q4_0 takes about a quarter."
)


def context_stops(trained: int) -> tuple[int, ...]:
    """What the slider stops at: eight per doubling, in whole 1024, and the trained length."""
    if trained <= SMALLEST:
        return (max(1, trained),)
    octaves = math.log2(trained / SMALLEST)
    stops = [
        round(SMALLEST * 2 ** (at / _PER_OCTAVE) / _STEP) * _STEP
        for at in range(math.ceil(octaves * _PER_OCTAVE))
    ]
    return tuple(sorted({stop for stop in stops if stop < trained} | {trained}))


class ContextSlider(QSlider):
    """The page's scrolling does not change it by accident."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setObjectName("contextSlider")
        self.setAccessibleName(tr("Context in tokens"))
        self.setFixedWidth(176)
        self.setMinimumHeight(32)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        restyle(self, "ring", "true")

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        restyle(self, "ring", "")


class Choices(QWidget):
    """`edited` brings tokens and the kind of context memory; `filtered` whether only what fits is
    wanted; `impossible` a number of tokens that this model cannot have."""

    edited = Signal(int, str)
    filtered = Signal(bool)
    impossible = Signal(int)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("modelChoices")
        self._stops: tuple[int, ...] = context_stops(131_072)
        self._tokens = 0
        self._showing = False
        self.slider = ContextSlider()
        self.number = QLineEdit()
        self.number.setObjectName("contextNumber")
        self.number.setAccessibleName(tr("Context in tokens, as a number"))
        self.number.setProperty("figures", True)
        self.number.setFixedWidth(92)
        self.number.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.kv = ChoiceBox(look)
        self.kv.setObjectName("kvType")
        self.kv.setAccessibleName(tr("Context memory"))
        self.kv.setFixedWidth(96)
        for kind, text in KV_NAMES.items():
            self.kv.addItem(text, kind)
        for field, tip in (
            (self.slider, tr(_CONTEXT_TIP)),
            (self.number, tr(_CONTEXT_TIP)),
            (self.kv, tr(_KV_TIP)),
        ):
            field.setToolTip(tip)
            field.setAccessibleDescription(tip)
        self.fits = button(tr("Fits here"), "showFitting", "chip")
        self.all = button(tr("All"), "showAll", "chip")
        self.other = button(
            tr("Other machine…"), "otherMachine", "chip", tooltip=tr("Plan for another computer")
        )
        group = QButtonGroup(self)
        for which in (self.fits, self.all):
            which.setCheckable(True)
            group.addButton(which)
        self.fits.setChecked(True)
        self._lay_out()
        self.slider.valueChanged.connect(self._slid)
        self.number.editingFinished.connect(self._typed)
        self.kv.activated.connect(lambda _: self._emit())
        self.fits.toggled.connect(self.filtered)

    def show_choice(self, tokens: int, kv: KvType | None, trained: int) -> None:
        self._showing = True
        stops = context_stops(trained) if trained else self._stops
        if stops != self._stops or self.slider.maximum() != len(stops) - 1:
            self._stops = stops
            self.slider.setRange(0, len(stops) - 1)
        self._tokens = min(tokens, trained) if trained else tokens
        if not self.slider.isSliderDown():
            nearest = min(range(len(stops)), key=lambda at: abs(stops[at] - self._tokens))
            self.slider.setValue(nearest)
        if not (self.number.hasFocus() and self.number.isModified()):
            self.number.setText(count(self._tokens))
        self._tell()
        if kv is not None:
            self.kv.setCurrentIndex(max(0, self.kv.findData(kv)))
        self._showing = False

    def show_counts(self, fitting: int, total: int) -> None:
        self.fits.setText(
            tr("Fits here ({fitting})", fitting=fitting) if total else tr("Fits here")
        )
        self.all.setText(tr("All {total}", total=total) if total else tr("All"))
        for which in (self.fits, self.all):
            which.setAccessibleName(which.text())

    def show_fitting(self, on: bool) -> None:
        (self.fits if on else self.all).setChecked(True)

    def _slid(self, at: int) -> None:
        if self._showing:
            return
        self._tokens = self._stops[at]
        self.number.setText(count(self._tokens))
        self._tell()
        self._emit()

    def _typed(self) -> None:
        """Numbers as people write them; what cannot be read or had is put back."""
        if not self.number.isModified():
            return
        self.number.setModified(False)
        tokens = read_tokens(self.number.text())
        most = self._stops[-1]
        if tokens is None or tokens == self._tokens:
            self.number.setText(count(self._tokens))
            return
        self.show_choice(max(256, min(tokens, most)), None, most)
        self._emit()
        if tokens > most:
            self.impossible.emit(tokens)

    def _emit(self) -> None:
        self.edited.emit(self._tokens, cast(str, self.kv.currentData()))

    def _tell(self) -> None:
        self.slider.setAccessibleDescription(
            tr(
                "{tokens} tokens. {context_tip}",
                tokens=count(self._tokens),
                context_tip=tr(_CONTEXT_TIP),
            )
        )

    def set_stacked(self, on: bool) -> None:
        way = QBoxLayout.Direction.TopToBottom if on else QBoxLayout.Direction.LeftToRight
        self._row.setDirection(way)

    def _lay_out(self) -> None:
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(8)
        left = [label(tr("Context"), "muted", name="contextLabel"), self.slider, self.number]
        middle = [label(tr("Context memory"), "muted", name="kvLabel"), self.kv]
        for parts in (left, middle):
            for part in parts:
                part.setSizePolicy(QSizePolicy.Policy.Fixed, part.sizePolicy().verticalPolicy())
        fields = Flow(20)
        fields.replace([_pair(*left), _pair(*middle)])
        chips = QHBoxLayout()
        chips.setSpacing(8)
        for which in (self.fits, self.all, self.other):
            chips.addWidget(which)
        chips.addStretch(0)
        self._row.addWidget(fields, 1)
        self._row.addLayout(chips)


def _pair(*parts: QWidget) -> QWidget:
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(12)
    for part in parts:
        row.addWidget(part)
    return holder
