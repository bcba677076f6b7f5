"""How a row of the list is drawn."""

from datetime import UTC, datetime

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.core.language import tr
from app.core.units import gigabytes
from app.library.types import InstalledModel
from app.ui.library.words import STATES, Tone, origin_line, state_chip
from app.ui.look import Look
from app.ui.painting import chip_width, paint_chip, paint_line, paint_text

ROW_HEIGHT = 60
_NARROW = 620
_MARGIN = 16
_SMALL_CHIP = 20


class RowPainter(QStyledItemDelegate):
    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._take_fonts()
        look.changed.connect(self._take_fonts)

    def _take_fonts(self) -> None:
        look = self._look
        self._body, self._strong = look.font(), look.font(bold=True)
        self._small = look.font(12)
        # One column for all states, so that the sizes stand below each other.
        self._widest = max(chip_width(tr(text), self._small) for text, _ in STATES.values())

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        del option, index
        return QSize(200, self._look.scale.row(ROW_HEIGHT))

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        model = index.data(Qt.ItemDataRole.UserRole)
        if not isinstance(model, InstalledModel):
            return
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._background(painter, rect, state)
        inner = rect.adjusted(_MARGIN, 8, -_MARGIN, -8)
        narrow = rect.width() < _NARROW
        right = self._right(painter, inner, model)
        left = QRect(inner.left(), inner.top(), right - inner.left() - 16, inner.height())
        self._left(painter, left, model, narrow=narrow)
        painter.restore()

    def _background(self, painter: QPainter, rect: QRect, state: QStyle.StateFlag) -> None:
        colors = self._look.colors
        selected = bool(state & QStyle.StateFlag.State_Selected)
        hovered = bool(state & QStyle.StateFlag.State_MouseOver)
        paint_line(painter, rect, colors.border)
        if selected or hovered:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colors.accent_soft if selected else colors.hover))
            painter.drawRoundedRect(QRectF(rect).adjusted(2, 2, -2, -2), 8, 8)
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(QColor(colors.accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(rect).adjusted(3, 3, -3, -3), 8, 8)

    def _right(self, painter: QPainter, inner: QRect, model: InstalledModel) -> int:
        """Size and state; where they begin."""
        colors = self._look.colors
        text, tone = state_chip(model)
        width = chip_width(text, self._small)
        chip = QRect(inner.right() - width + 1, inner.top(), width, inner.height())
        paint_chip(painter, chip, text, self._small, *self._tones(tone))
        left = inner.right() - self._widest
        size = QRect(left - 92, inner.top(), 80, inner.height())
        right = Qt.AlignmentFlag.AlignRight
        paint_text(painter, size, gigabytes(model.size_bytes), self._body, colors.text, right)
        return size.left()

    def _left(self, painter: QPainter, rect: QRect, model: InstalledModel, *, narrow: bool) -> None:
        colors = self._look.colors
        upper = QRect(rect.left(), rect.top(), rect.width(), rect.height() // 2 + 2)
        lower = QRect(rect.left(), upper.bottom() + 1, rect.width(), rect.height() - upper.height())
        quantization = model.quantization
        chip = chip_width(quantization, self._small) + 8 if quantization else 0
        name = model.model if quantization else model.title
        room = QRect(upper.left(), upper.top(), max(40, upper.width() - chip), upper.height())
        used = min(room.width(), paint_text(painter, room, name, self._strong, colors.text))
        if quantization and upper.width() - used > chip:
            at = QRect(upper.left() + used + 8, upper.top(), chip - 8, upper.height())
            self._quantization(painter, at, quantization)
        if model.state == "complete":
            line = origin_line(model, datetime.now(UTC), short=narrow)
            paint_text(painter, lower, line, self._small, colors.muted)
        else:
            line = f"{tr(model.source.label)} · {model.why}"
            color = colors.bad if model.state == "broken" else colors.muted
            paint_text(painter, lower, line, self._small, color)

    def _quantization(self, painter: QPainter, rect: QRect, text: str) -> None:
        colors = self._look.colors
        top = rect.top() + (rect.height() - _SMALL_CHIP) / 2
        painter.setPen(QPen(QColor(colors.border), 1))
        painter.setBrush(QColor(colors.surface))
        shape = QRectF(rect.left() + 0.5, top + 0.5, rect.width() - 1, _SMALL_CHIP - 1)
        painter.drawRoundedRect(shape, _SMALL_CHIP / 2, _SMALL_CHIP / 2)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        middle = Qt.AlignmentFlag.AlignHCenter
        paint_text(painter, rect, text, self._small, colors.accent_text, middle)

    def _tones(self, tone: Tone) -> tuple[str, str]:
        colors = self._look.colors
        return {
            "ok": (colors.ok_soft, colors.ok),
            "warn": (colors.warn_soft, colors.warn),
            "bad": (colors.bad_soft, colors.bad),
            "plain": (colors.hover, colors.muted),
        }[tone]
