"""The palette (Ctrl+K): type a few letters, Enter does it."""

from collections.abc import Sequence

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from app.core.language import tr
from app.ui.commands.match import score
from app.ui.commands.sources import CHATS, Choice
from app.ui.look import Look
from app.ui.look.look import SMALL_PX
from app.ui.markdown.links import with_hidden_shown
from app.ui.painting import paint_text
from app.ui.widgets import LeavableEdit, announce, label

Index = QModelIndex | QPersistentModelIndex
_WIDTH, _TOP, _ROW, _ROWS = 560, 64, 38, 9
_MOST = 200
_CHATS_UNASKED = 5


class _Field(LeavableEdit):
    moved = Signal(int)
    taken = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Up: -1,
            Qt.Key.Key_Down: 1,
            Qt.Key.Key_PageUp: -_ROWS + 1,
            Qt.Key.Key_PageDown: _ROWS - 1,
        }
        if event.key() in steps:
            self.moved.emit(steps[Qt.Key(event.key())])
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.taken.emit()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() not in (
            Qt.FocusReason.ActiveWindowFocusReason,
            Qt.FocusReason.PopupFocusReason,
        ):
            self.left.emit()


class _Found(QAbstractListModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.choices: list[Choice] = []

    def show(self, choices: list[Choice]) -> None:
        self.beginResetModel()
        self.choices = choices
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self.choices)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        choice = self.choices[index.row()]
        if role == Qt.ItemDataRole.UserRole:
            return choice
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return ", ".join(filter(None, (choice.title, choice.group, choice.keys)))
        return None


class _Rows(QStyledItemDelegate):
    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: ARG002
        return QSize(0, self._look.scale.row(_ROW))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        choice = index.data(Qt.ItemDataRole.UserRole)
        if not isinstance(choice, Choice):
            return
        look, colors = self._look, self._look.colors
        rect: QRect = option.rect
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        state: QStyle.StateFlag = option.state
        selected = bool(state & QStyle.StateFlag.State_Selected)
        if selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colors.accent_soft))
            painter.drawRoundedRect(rect.adjusted(0, 1, 0, -1), 8, 8)
        inner = rect.adjusted(12, 0, -12, 0)
        small, right = look.font(SMALL_PX), Qt.AlignmentFlag.AlignRight
        side = QRect(inner.right() - 210, inner.top(), 210, inner.height())
        shown = f"{choice.group}   {choice.keys}" if choice.keys else choice.group
        taken = paint_text(painter, side, shown, small, colors.muted, right)
        title = with_hidden_shown(choice.title)
        ink = colors.accent_text if selected else colors.text
        paint_text(painter, inner.adjusted(0, 0, -taken - 16, 0), title, look.font(), ink)
        painter.restore()


class Palette(QFrame):
    """Above everything in its window while it is open."""

    def __init__(self, look: Look, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("palette")
        self.setProperty("card", "true")
        self._look, self._window = look, window
        self._choices: list[Choice] = []
        self._before: QWidget | None = None
        self.field = _Field()
        self.field.setObjectName("paletteField")
        self.field.setAccessibleName(tr("What do you want to do?"))
        self.field.setPlaceholderText(tr("What do you want to do?"))
        self.field.setMaxLength(200)
        self.found = _Found(self)
        self.view = QListView()
        self.view.setObjectName("paletteList")
        self.view.setAccessibleName(tr("What can be done"))
        self.view.setProperty("bare", "true")
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setModel(self.found)
        self.view.setItemDelegate(_Rows(look, self.view))
        self._none = label(
            tr("Nothing is called that. Try another word."), "muted", name="paletteNone"
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        column.addWidget(self.field)
        column.addWidget(self.view)
        column.addWidget(self._none)
        self.field.textChanged.connect(lambda _: self._search())
        self.field.moved.connect(self._move)
        self.field.taken.connect(lambda: self._take(self.view.currentIndex()))
        self.field.left.connect(self.leave)
        self.view.clicked.connect(self._take)
        self.hide()

    def begin(self, choices: Sequence[Choice]) -> None:
        """Open it with these, the usual ones first."""
        if not self.isVisible():
            self._before = QApplication.focusWidget()
        self._choices = list(choices)
        self.field.clear()
        self._search()
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def add(self, choices: Sequence[Choice]) -> None:
        """More of them, while it is open."""
        self._choices += choices
        self._search()

    def leave(self) -> None:
        """Close it; the focus goes back to where it was."""
        if not self.isVisible():
            return
        had_focus = self.field.hasFocus()
        self.hide()
        before, self._before = self._before, None
        if had_focus and before is not None and before.isVisible():
            before.setFocus()

    def place(self) -> None:
        """To be called when the window has another size."""
        window = self._window
        scale = self._look.scale
        width = min(scale.text(_WIDTH), window.width() - 32)
        rows = max(1, min(_ROWS, len(self.found.choices)))
        top = min(_TOP, max(8, (window.height() - 320) // 3))
        self.view.setFixedHeight(
            min(rows * scale.row(_ROW) + 4, max(60, window.height() - top - 100))
        )
        self.setFixedWidth(width)
        self.adjustSize()
        self.move((window.width() - width) // 2, top)

    def _search(self) -> None:
        query = self.field.text()
        ranked: list[tuple[int, int, Choice]] = []
        chats = 0
        for number, choice in enumerate(self._choices):
            if not query.strip():
                chats += choice.group == tr(CHATS)
                if choice.group != tr(CHATS) or chats <= _CHATS_UNASKED:
                    ranked.append((0, number, choice))
                continue
            points = score(query, choice.title, f"{choice.group} {choice.words}")
            if points is not None:
                ranked.append((-points, number, choice))
        ranked.sort(key=lambda one: one[:2])
        self.found.show([choice for *_, choice in ranked[:_MOST]])
        some = bool(self.found.choices)
        self.view.setVisible(some)
        self._none.setVisible(not some)
        if some:
            self._select(0)
        self.place()

    def _move(self, steps: int) -> None:
        count = len(self.found.choices)
        if count:
            row = self.view.currentIndex().row() + steps
            self._select(row % count if abs(steps) == 1 else min(count - 1, max(0, row)))

    def _select(self, row: int) -> None:
        index = self.found.index(row)
        self.view.setCurrentIndex(index)
        said = str(index.data(Qt.ItemDataRole.DisplayRole))
        self.field.setAccessibleDescription(said)
        if self.isVisible():
            announce(self.field, said)

    def _take(self, index: QModelIndex) -> None:
        choice = index.data(Qt.ItemDataRole.UserRole) if index.isValid() else None
        if isinstance(choice, Choice):
            self.leave()
            choice.run()
