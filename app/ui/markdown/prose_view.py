"""Paragraphs, headings, lists and quotes in one document, so that selections can cross them."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QPainter,
    QPaintEvent,
    QPen,
    QTextBlock,
    QTextBlockFormat,
    QTextCursor,
)
from PySide6.QtWidgets import QWidget

from app.core.language import tr
from app.ui.look import Look
from app.ui.markdown.blocks import Block
from app.ui.markdown.text_view import TextView
from app.ui.markdown.writer import (
    PANEL,
    PANEL_INDENT,
    PANEL_PADDING,
    QUOTE,
    RULE,
    TASK,
    ProseWriter,
)

_DECORATED = (QUOTE, RULE, PANEL, TASK)
_BOX = 13


class ProseView(TextView):
    """Shows a run of prose blocks; only blocks that differ are written again."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(tr("Answer"), parent)
        self._look = look
        self._blocks: list[Block] = []
        self._starts: list[int] = []
        self._decorated = False
        self._waiting = 0
        self.written_blocks = 0

    def set_blocks(self, blocks: Sequence[Block]) -> None:
        same = 0
        for old, new in zip(self._blocks, blocks, strict=False):
            if old is not new and old != new:
                break
            same += 1
        if same == len(self._blocks) == len(blocks):
            return
        self._write(blocks, same)

    def look_up(self) -> bool:
        """Write it again when formulas in it may have been drawn meanwhile."""
        if not self._waiting or self.textCursor().hasSelection():
            return False
        before = self._waiting
        self._waiting = 0
        self._write(self._blocks, 0)
        return self._waiting != before

    def redraw(self) -> None:
        """Write everything again, in the colours now in force."""
        self._write(self._blocks, 0)

    def _write(self, blocks: Sequence[Block], same: int) -> None:
        cursor = self._cut(same)
        cursor.beginEditBlock()
        writer = ProseWriter(cursor, self._look)
        del self._starts[same:]
        for index, block in enumerate(blocks[same:], same):
            self._starts.append(cursor.position())
            writer.write(block.tokens, first=index == 0)
            self.written_blocks += 1
        cursor.endEditBlock()
        self._blocks = list(blocks)
        self._waiting += writer.waiting_formulas
        if writer.links:
            self.set_has_links(True)
        self._decorated = self._decorated or any(
            token.type
            in ("blockquote_open", "hr", "fence", "code_block", "math_block", "list_item_open")
            for block in blocks[same:]
            for token in block.tokens
        )

    def _cut(self, index: int) -> QTextCursor:
        cursor = QTextCursor(self.document())
        if index == 0:
            self.document().clear()
        elif index < len(self._starts):
            cursor.setPosition(self._starts[index])
            cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
            kept = QTextCursor(self.document())
            kept.setPosition(self._starts[index])
            block, char = kept.blockFormat(), kept.blockCharFormat()
            cursor.removeSelectedText()
            # An empty block (a rule, an empty item) would take the format of what was removed.
            cursor.setBlockFormat(block)
            cursor.setBlockCharFormat(char)
        cursor.movePosition(QTextCursor.MoveOperation.End)
        return cursor

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._decorated:
            painter = QPainter(self.viewport())
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            block = self.document().begin()
            while block.isValid():
                self._decorate(painter, block)
                block = block.next()
            painter.end()
        super().paintEvent(event)

    def _decorate(self, painter: QPainter, block: QTextBlock) -> None:
        style = block.blockFormat()
        if not any(style.hasProperty(key) for key in _DECORATED):
            return
        rect = self.document().documentLayout().blockBoundingRect(block)
        colors = self._look.colors
        if style.hasProperty(PANEL):
            indent = style.leftMargin() + style.indent() * self.document().indentWidth()
            left = indent - PANEL_INDENT
            panel = QRectF(left, rect.top(), self.viewport().width() - left, rect.height())
            panel.adjust(0, -PANEL_PADDING, 0, PANEL_PADDING)
            painter.setBrush(QColor(colors.code))
            painter.drawRoundedRect(panel, 8, 8)
        if style.hasProperty(RULE):
            line = QRectF(0, round(rect.center().y()), self.viewport().width(), 1)
            painter.fillRect(line, QColor(colors.border))
        if style.hasProperty(TASK):
            self._draw_task(painter, rect, style)
        following = block.next()
        joined = following.blockFormat().intProperty(QUOTE) if following.isValid() else 0
        before = block.previous()
        above = before.blockFormat().intProperty(QUOTE) if before.isValid() else 0
        for level in range(style.intProperty(QUOTE)):
            top, bottom = rect.top() + (0 if level < above else 2), rect.bottom() + 4
            if level < joined:
                bottom = self.document().documentLayout().blockBoundingRect(following).top()
            bar = QRectF(QPointF(16 * level, top), QPointF(16 * level + 3, bottom))
            painter.fillRect(bar, QColor(colors.border))

    def _draw_task(self, painter: QPainter, rect: QRectF, style: QTextBlockFormat) -> None:
        """A box before the text, with a check mark when the task is done."""
        colors = self._look.colors
        indent = style.leftMargin() + style.indent() * self.document().indentWidth()
        box = QRectF(indent - _BOX - 6.5, rect.top() + 5.5, _BOX, _BOX)
        done = style.intProperty(TASK) == 2
        painter.setPen(QPen(QColor(colors.accent if done else colors.muted), 1))
        painter.setBrush(QColor(colors.accent) if done else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box, 3, 3)
        if done:
            painter.setPen(QPen(QColor(colors.on_accent), 1.6))
            points = [box.topLeft() + QPointF(x, y) for x, y in ((3, 6.5), (5.5, 9), (10, 4))]
            painter.drawPolyline(points)
        painter.setPen(Qt.PenStyle.NoPen)
