"""The models of the family to choose from, as a column or, where that is too wide, as one line."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from app.catalog.cards import Card
from app.core.language import tr
from app.ui.look import Look
from app.ui.look.look import SMALL_PX
from app.ui.models.model_words import billions, day
from app.ui.models.rows import Index
from app.ui.painting import paint_text
from app.ui.widgets import ChoiceBox, label, takes_escape

WIDTH = 196
INSTALLED = "installed"
_KEY = Qt.ItemDataRole.UserRole
_NOTE = Qt.ItemDataRole.UserRole + 1
_ROW = 44


class SearchField(QLineEdit):
    """`wanted` comes with Enter, and with "" when it is emptied."""

    wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("modelSearch")
        self.setPlaceholderText(tr("Search the Hub"))
        self.setAccessibleName(tr("Search the Hub for models, or give a repository as owner/name"))
        self.setToolTip(tr("A model's name, or a repository as owner/name. Enter searches."))
        self.setClearButtonEnabled(True)
        self.setMaxLength(200)
        self.returnPressed.connect(lambda: self.wanted.emit(self.text().strip()))
        self.textChanged.connect(self._changed)

    def event(self, event: QEvent) -> bool:
        """The window's own Escape waits until the field is empty."""
        return (bool(self.text()) and takes_escape(event)) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.text():
            event.accept()
            self.clear()
            return
        super().keyPressEvent(event)

    def _changed(self, text: str) -> None:
        if not text:
            self.wanted.emit("")


class Family(QFrame):
    """`chosen` brings a card's name, or `INSTALLED` for what is on this computer.

    The search field belongs to both shapes: `compact` tells which one it is in.
    """

    chosen = Signal(str)

    def __init__(
        self, look: Look, cards: Sequence[Card], *, installed: bool, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("modelFamily")
        self._look = look
        self._key = ""
        self._showing = False
        self.search = SearchField()
        self.list = QListWidget()
        self.list.setObjectName("modelList")
        self.list.setProperty("plain", True)
        self.list.setAccessibleName(tr("Models"))
        self.list.setItemDelegate(_Entries(look, self.list))
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setMouseTracking(True)
        self.list.currentItemChanged.connect(self._list_changed)
        self.box = ChoiceBox(look)
        self.box.setObjectName("modelChoice")
        self.box.setAccessibleName(tr("Model"))
        self.box.activated.connect(lambda at: self._choose(self.box.itemData(at)))
        if installed:
            self._add(tr("On this computer"), INSTALLED, tr("models on the disk"))
        for card in cards:
            size = billions(card.parameters.value) if card.parameters is not None else ""
            when = day(card.released.value) if card.released is not None else ""
            self._add(card.name, card.name, " · ".join(filter(None, (size, when))))
        self._heading = label(tr("Models"), "group", name="modelFamilyHeading")
        self._column = QVBoxLayout()
        self._column.setContentsMargins(8, 20, 8, 8)
        self._column.setSpacing(8)
        self._line = QHBoxLayout()
        self._line.setContentsMargins(16, 12, 16, 0)
        self._line.setSpacing(8)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addLayout(self._line)
        outer.addLayout(self._column, 1)
        self._column.addWidget(self._heading)
        self._column.addWidget(self.list, 1)
        self._line.addWidget(self.box, 1)
        self._compact: bool | None = None
        self.set_compact(False)

    def set_compact(self, on: bool) -> None:
        if on is self._compact:
            return
        focused = self.search.hasFocus()
        self._compact = on
        self.setProperty("bar", "" if on else "family")
        style = self.style()
        style.unpolish(self)
        style.polish(self)
        if on:
            self._line.addWidget(self.search, 1)
            self.setMinimumWidth(0)
            self.setMaximumWidth(16_777_215)
            self._line.setContentsMargins(16, 12, 16, 0)
            self._column.setContentsMargins(0, 0, 0, 0)
        else:
            self._column.insertWidget(0, self.search)
            self.setFixedWidth(WIDTH)
            self._line.setContentsMargins(0, 0, 0, 0)
            self._column.setContentsMargins(8, 20, 8, 8)
        self.box.setVisible(on)
        self.list.setVisible(not on)
        self._heading.setVisible(not on)
        if focused:
            self.search.setFocus()

    def show_current(self, key: str) -> None:
        """ "" for what is not in the list."""
        self._key = key
        self._showing = True
        found = [at for at in range(self.list.count()) if self.list.item(at).data(_KEY) == key]
        if found:
            self.list.setCurrentRow(found[0])
        else:
            self.list.setCurrentRow(-1)
            self.list.clearSelection()
        self.box.setCurrentIndex(self.box.findData(key))
        self._showing = False

    def _add(self, text: str, key: str, note: str) -> None:
        item = QListWidgetItem(text)
        item.setData(_KEY, key)
        item.setData(_NOTE, note)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{text}, {note}" if note else text)
        self.list.addItem(item)
        self.box.addItem(text, key)

    def _list_changed(self, current: QListWidgetItem | None) -> None:
        if current is not None:
            self._choose(current.data(_KEY))

    def _choose(self, key: str) -> None:
        if not self._showing and key != self._key:
            self._key = key
            self.chosen.emit(key)


class _Entries(QStyledItemDelegate):
    """A name over a note."""

    def __init__(self, look: Look, view: QListWidget) -> None:
        super().__init__(view)
        self._look, self._view = look, view

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: ARG002
        return QSize(120, self._look.scale.row(_ROW))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        colors, look = self._look.colors, self._look
        state, rect = option.state, option.rect.adjusted(0, 1, 0, -1)
        selected = bool(state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if selected:
            painter.setBrush(QColor(colors.accent_soft))
            painter.drawRoundedRect(rect, 8, 8)
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(QColor(colors.hover))
            painter.drawRoundedRect(rect, 8, 8)
        if selected and self._view.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QColor(colors.accent))
            painter.drawRoundedRect(rect.adjusted(0, 0, -1, -1), 8, 8)
        inner = rect.adjusted(10, 4, -8, -4)
        half = inner.height() // 2
        top = QRect(inner.left(), inner.top(), inner.width(), half + 1)
        bottom = QRect(inner.left(), inner.top() + half, inner.width(), half)
        name = str(index.data(Qt.ItemDataRole.DisplayRole))
        ink = colors.accent_text if selected else colors.text
        paint_text(painter, top, name, look.font(bold=selected), ink)
        paint_text(painter, bottom, str(index.data(_NOTE)), look.font(SMALL_PX), colors.muted)
        painter.restore()
