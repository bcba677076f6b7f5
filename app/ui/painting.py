"""What is drawn alike in tables, lists and charts: texts, chips and hairlines."""

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter

_CHIP_HEIGHT = 26
_CHIP_PADDING = 10


def paint_text(
    painter: QPainter,
    rect: QRect,
    text: str,
    font: QFont,
    color: str,
    alignment: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
) -> int:
    """Elided to the rectangle; the width it took."""
    metrics = QFontMetrics(font)
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
    painter.setFont(font)
    painter.setPen(QColor(color))
    flags = alignment | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
    painter.drawText(rect, int(flags), shown)
    return metrics.horizontalAdvance(shown)


def paint_chip(
    painter: QPainter, rect: QRect, text: str, font: QFont, background: str, color: str
) -> None:
    metrics = QFontMetrics(font)
    width = min(rect.width(), metrics.horizontalAdvance(text) + 2 * _CHIP_PADDING)
    height = min(float(rect.height()), max(_CHIP_HEIGHT, metrics.height() + 8.0))
    top = rect.top() + (rect.height() - height) / 2
    shape = QRectF(rect.left(), top, width, height)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(background))
    painter.drawRoundedRect(shape, height / 2, height / 2)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    inner = shape.adjusted(_CHIP_PADDING, 0, -_CHIP_PADDING + 1, 0).toRect()
    paint_text(painter, inner, text, font, color)


def text_width(text: str, font: QFont) -> int:
    return QFontMetrics(font).horizontalAdvance(text)


def chip_width(text: str, font: QFont) -> int:
    return text_width(text, font) + 2 * _CHIP_PADDING


def paint_line(painter: QPainter, rect: QRect, color: str) -> None:
    """A hairline at the bottom."""
    painter.setPen(QColor(color))
    bottom = rect.bottom() + 0.5
    painter.drawLine(QPointF(rect.left(), bottom), QPointF(rect.right() + 1, bottom))
