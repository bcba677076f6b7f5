"""Benchmarks as bars: one group for each test, one bar for each set of results."""

from dataclasses import dataclass

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.catalog.cards import BenchmarkSet, Result
from app.core.language import tr
from app.ui.look import Look
from app.ui.look.look import SMALL_PX
from app.ui.painting import paint_text
from app.ui.widgets import announce

_TOKENS = ("gpu", "kv", "work", "ram")
_BAR = 10
_BAR_GAP = 4
_GROUP_GAP = 16
_LABELS = 176
_FIGURES = 92
_LINE = 22


@dataclass(frozen=True)
class Group:
    """A test, and what each of the sets has for it."""

    name: str
    results: tuple[tuple[int, Result], ...]


def groups(sets: tuple[BenchmarkSet, ...]) -> tuple[Group, ...]:
    """Those that several sets have come first."""
    names = list(dict.fromkeys(result.name for made in sets for result in made.results))
    found = [
        Group(name, tuple((at, one) for at, made in enumerate(sets) if (one := made.find(name))))
        for name in names
    ]
    return tuple(sorted(found, key=lambda group: -len(group.results)))


def figure(result: Result) -> str:
    return f"{result.value:.1f}{'%' if result.unit == '%' else ''}"


def told(group: Group, sets: tuple[BenchmarkSet, ...]) -> str:
    """A test in a sentence."""
    parts = []
    for at, result in group.results:
        values = {"figure": figure(result), "title": _in_a_sentence(tr(sets[at].title))}
        parts.append(
            tr("{figure} {title} ({note})", **values, note=tr(result.note))
            if result.note
            else tr("{figure} {title}", **values)
        )
    return tr("{name}: {parts}.", name=group.name, parts=tr("; ").join(parts))


def _in_a_sentence(title: str) -> str:
    return title[:1].lower() + title[1:]


class BenchmarkChart(QWidget):
    """`current_changed` brings the sentence of the test that the keys or the mouse are on."""

    current_changed = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("benchmarkChart")
        self._look = look
        self._sets: tuple[BenchmarkSet, ...] = ()
        self._groups: tuple[Group, ...] = ()
        self._at = -1
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        look.changed.connect(self.update)

    @property
    def current(self) -> str:
        return told(self._groups[self._at], self._sets) if self._at >= 0 else ""

    def show_sets(self, sets: tuple[BenchmarkSet, ...]) -> None:
        self._sets, self._groups, self._at = sets, groups(sets), -1
        self.setAccessibleName(tr("Benchmarks, {groups} tests", groups=len(self._groups)))
        self.setAccessibleDescription(" ".join(told(group, sets) for group in self._groups))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(560, self._height())

    def minimumSizeHint(self) -> QSize:
        return QSize(320, self._height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}
        if event.key() in steps and self._groups:
            event.accept()
            at = min(len(self._groups) - 1, max(0, self._at + steps[Qt.Key(event.key())]))
            self._go(at)
            return
        super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if self._at < 0 and self._groups:
            self._go(0)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        for at, rect in enumerate(self._rects()):
            if rect.contains(event.position().toPoint()):
                self._go(at)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_legend(painter)
        for at, (group, rect) in enumerate(zip(self._groups, self._rects(), strict=True)):
            self._paint_group(painter, group, rect, current=at == self._at)
        painter.end()

    def _go(self, at: int) -> None:
        if at != self._at:
            self._at = at
            self.update()
            self.current_changed.emit(self.current)
            if self.hasFocus():
                announce(self, self.current)

    def _height(self) -> int:
        legend = _LINE * len(self._sets) + 8
        return legend + sum(self._group_height(group) + _GROUP_GAP for group in self._groups)

    @staticmethod
    def _group_height(group: Group) -> int:
        return max(_LINE, len(group.results) * (_BAR + _BAR_GAP) - _BAR_GAP + 4)

    def _rects(self) -> list[QRect]:
        top, found = _LINE * len(self._sets) + 8, []
        for group in self._groups:
            height = self._group_height(group)
            found.append(QRect(0, top, self.width(), height))
            top += height + _GROUP_GAP
        return found

    def _paint_legend(self, painter: QPainter) -> None:
        colors, small = self._look.colors, self._look.font(SMALL_PX)
        for at, made in enumerate(self._sets):
            top = at * _LINE
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(getattr(colors, _TOKENS[at % len(_TOKENS)])))
            painter.drawRoundedRect(QRectF(0, top + 6, 10, 10), 2, 2)
            rect = QRect(18, top, self.width() - 18, _LINE)
            paint_text(painter, rect, tr(made.title), small, colors.text)

    def _paint_group(self, painter: QPainter, group: Group, rect: QRect, *, current: bool) -> None:
        colors, look = self._look.colors, self._look
        small = look.font(SMALL_PX)
        if current:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colors.hover))
            painter.drawRoundedRect(rect.adjusted(0, -5, 0, 5), 6, 6)
            if self.hasFocus():
                painter.setPen(QPen(QColor(colors.accent), 2))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(rect.adjusted(1, -4, -1, 4), 6, 6)
        names = QRect(rect.left() + 8, rect.top(), _LABELS - 16, rect.height())
        paint_text(painter, names, group.name, small, colors.text)
        room = max(40, rect.width() - _LABELS - _FIGURES)
        used = len(group.results) * (_BAR + _BAR_GAP) - _BAR_GAP
        top = rect.top() + (rect.height() - used) / 2
        for at, result in group.results:
            full = QRectF(_LABELS, top, room, _BAR)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colors.track))
            painter.drawRoundedRect(full, 3, 3)
            painter.setBrush(QColor(getattr(colors, _TOKENS[at % len(_TOKENS)])))
            share = min(1.0, max(0.0, result.value / 100))
            painter.drawRoundedRect(QRectF(_LABELS, top, max(4.0, room * share), _BAR), 3, 3)
            text = QRect(round(_LABELS + room + 8), round(top) - 4, _FIGURES - 8, _BAR + 8)
            paint_text(painter, text, figure(result), look.mono_font(SMALL_PX), colors.muted)
            top += _BAR + _BAR_GAP
