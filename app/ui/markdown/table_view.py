"""A table: header in quiet letters, hairlines between rows, scrolling sideways when too wide."""

from markdown_it.token import Token
from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextFrameFormat,
    QTextLength,
    QTextTable,
    QTextTableCellFormat,
    QTextTableFormat,
)
from PySide6.QtWidgets import QWidget

from app.core.language import tr
from app.ui.look import Look
from app.ui.look.look import SMALL_PX
from app.ui.markdown.blocks import Block
from app.ui.markdown.inline import InlineWriter
from app.ui.markdown.text_view import TextView
from app.ui.markdown.writer import LINE_HEIGHT

_PADDING = 7
_ALIGN = {"right": Qt.AlignmentFlag.AlignRight, "center": Qt.AlignmentFlag.AlignHCenter}
_LEAST_COLUMN = 72

_Row = list[tuple[Token, Token | None]]


class TableView(TextView):
    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(tr("Table"), parent)
        self._look = look
        self._block: Block | None = None
        self._columns = 0
        self._table: QTextTable | None = None
        self._sources: list[tuple[str, ...]] = []
        self._links = 0
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)

    def set_block(self, block: Block) -> None:
        """Only rows that differ are written again."""
        if block == self._block:
            return
        self._block = block
        rows = _rows(block)
        same = 0
        for old, new in zip(self._sources, map(_source, rows), strict=False):
            if old != new:
                break
            same += 1
        if self._table is None or same == 0 or len(rows[0]) != self._columns:
            self.redraw()
        else:
            self._write(rows, same)

    def redraw(self) -> None:
        if self._block is None:
            return
        rows = _rows(self._block)
        self.document().clear()
        self._columns = max(len(row) for row in rows)
        self._table = QTextCursor(self.document()).insertTable(1, self._columns, self._format())
        # Qt keeps a paragraph after every table; it must not take room.
        last = QTextBlockFormat()
        last.setLineHeight(0.0, QTextBlockFormat.LineHeightTypes.FixedHeight.value)
        self.end_cursor().setBlockFormat(last)
        self._links = 0
        self._write(rows, 0)

    def _write(self, rows: list[_Row], first: int) -> None:
        """Rows from `first` on; those before it stand."""
        table = self._table
        if table is None:
            return
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        spare = table.rows() - len(rows)
        if spare > 0:
            table.removeRows(len(rows), spare)
        elif spare < 0:
            table.appendRows(-spare)
        inline = InlineWriter(cursor, self._look)
        for number, row in enumerate(rows[first:], first):
            for column, (token, content) in enumerate(row[: self._columns]):
                self._fill(table, number, column, token, content, inline)
        cursor.endEditBlock()
        self._sources = [_source(row) for row in rows]
        self._links += inline.links
        self.set_has_links(self._links > 0)

    def height_for(self, width: int) -> int:
        wide = self._columns * _LEAST_COLUMN > width
        height = super().height_for(max(width, self._columns * _LEAST_COLUMN))
        return height + (self.horizontalScrollBar().sizeHint().height() if wide else 0)

    def _format(self) -> QTextTableFormat:
        style = QTextTableFormat()
        style.setBorder(0)
        style.setBorderCollapse(True)
        style.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_None)
        style.setCellPadding(0)
        style.setCellSpacing(0)
        style.setHeaderRowCount(1)
        style.setWidth(QTextLength(QTextLength.Type.PercentageLength, 100))
        return style

    def _fill(
        self,
        table: QTextTable,
        number: int,
        column: int,
        token: Token,
        content: Token | None,
        inline: InlineWriter,
    ) -> None:
        cell = table.cellAt(number, column)
        scale = self._look.scale
        style = QTextTableCellFormat()
        style.setTopPadding(_PADDING)
        style.setBottomPadding(_PADDING)
        style.setLeftPadding(10)
        style.setRightPadding(10)
        style.setBottomBorder(1)
        style.setBottomBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
        style.setBottomBorderBrush(QBrush(QColor(self._look.colors.border)))
        cell.setFormat(style)
        cursor = cell.firstCursorPosition()
        cursor.setPosition(cell.lastPosition(), QTextCursor.MoveMode.KeepAnchor)
        cursor.removeSelectedText()
        block = QTextBlockFormat()
        block.setLineHeight(
            scale.text(LINE_HEIGHT) - 1, QTextBlockFormat.LineHeightTypes.MinimumHeight.value
        )
        align = str(token.attrGet("style") or "").removeprefix("text-align:")
        block.setAlignment(_ALIGN.get(align, Qt.AlignmentFlag.AlignLeft))
        cursor.setBlockFormat(block)
        char = QTextCharFormat()
        if token.type == "th_open":
            char.setForeground(inline.color("muted"))
            char.setProperty(QTextCharFormat.Property.FontPixelSize, scale.text(SMALL_PX))
            char.setFontWeight(500)
        if content is not None:
            inline.write_at(cursor, content.children or [], char)


def _source(row: _Row) -> tuple[str, ...]:
    return tuple(
        f"{token.attrGet('style')} {content.content if content else ''}" for token, content in row
    )


def _rows(block: Block) -> list[_Row]:
    rows: list[_Row] = []
    for index, token in enumerate(block.tokens):
        if token.type == "tr_open":
            rows.append([])
        elif token.type in ("th_open", "td_open"):
            following = block.tokens[index + 1]
            rows[-1].append((token, following if following.type == "inline" else None))
    return rows
