"""Draws a row: a heading, or a title with a line of detail below it."""

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QLineEdit, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from app.core.language import tr
from app.ui.chat.history.model import ITEM_ROLE, Index
from app.ui.chat.history.rows import Heading, Line
from app.ui.look import Look
from app.ui.look.look import SMALL_PX
from app.ui.markdown.links import with_hidden_shown

_HEADING, _LINE, _SHORT = 30, 52, 36
_LEFT = 10


class HistoryDelegate(QStyledItemDelegate):
    """current: the conversation that is open."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self.current: int | None = None

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: ARG002
        item = index.data(ITEM_ROLE)
        if isinstance(item, Heading):
            return QSize(0, self._look.scale.row(_HEADING))
        return QSize(0, self._look.scale.row(_LINE if item.detail else _SHORT))

    def createEditor(
        self,
        parent: QWidget,
        option: QStyleOptionViewItem,  # noqa: ARG002
        index: Index,  # noqa: ARG002
    ) -> QWidget:
        edit = QLineEdit(parent)
        edit.setObjectName("historyRename")
        edit.setAccessibleName(tr("New title"))
        edit.setMaxLength(200)
        return edit

    def updateEditorGeometry(
        self,
        editor: QWidget,
        option: QStyleOptionViewItem,
        index: Index,  # noqa: ARG002
    ) -> None:
        rect: QRect = option.rect
        editor.setGeometry(rect.adjusted(2, 2, -2, -2))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        item, rect = index.data(ITEM_ROLE), QRect(option.rect)
        painter.save()
        if isinstance(item, Heading):
            self._heading(painter, rect, item)
        else:
            self._line(painter, rect, item, QStyle.StateFlag(option.state))
        painter.restore()

    def _heading(self, painter: QPainter, rect: QRect, item: Heading) -> None:
        painter.setFont(self._look.font(SMALL_PX, bold=True))
        painter.setPen(QColor(self._look.colors.muted))
        inner = rect.adjusted(_LEFT, 8, -8, 0)
        painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter, item.text)

    def _line(self, painter: QPainter, rect: QRect, item: Line, state: QStyle.StateFlag) -> None:
        colors = self._look.colors
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        inner = rect.adjusted(2, 1, -2, -1)
        is_open = item.conversation == self.current and item.message is None
        painter.setPen(Qt.PenStyle.NoPen)
        if is_open:
            painter.setBrush(QColor(colors.accent_soft))
            painter.drawRoundedRect(inner, 8, 8)
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(QColor(colors.hover))
            painter.drawRoundedRect(inner, 8, 8)
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QColor(colors.accent))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(inner.adjusted(0, 0, -1, -1), 8, 8)
        text = rect.adjusted(_LEFT, 0, -10, 0)
        height = text.height() // 2 if item.detail else text.height()
        title = QRect(text.left(), text.top() + (5 if item.detail else 0), text.width(), height - 5)
        if not item.detail:
            title = text
        font = self._look.font()
        painter.setFont(font)
        painter.setPen(QColor(colors.accent_text if is_open else colors.text))
        self._draw(painter, title, item.title)
        if item.detail:
            painter.setFont(self._look.font(SMALL_PX))
            painter.setPen(QColor(colors.muted))
            below = QRect(text.left(), text.top() + height, text.width(), height - 5)
            self._draw(painter, below, item.detail)

    def _draw(self, painter: QPainter, rect: QRect, text: str) -> None:
        shown = painter.fontMetrics().elidedText(
            with_hidden_shown(text), Qt.TextElideMode.ElideRight, rect.width()
        )
        painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter, shown)
