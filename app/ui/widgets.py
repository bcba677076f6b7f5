"""Small pieces that every page is made of."""

from collections.abc import Callable
from html import escape

from PySide6.QtCore import QEvent, QObject, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QGuiApplication,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QFrame,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QTableView,
    QWidget,
)

from app.core.language import tr
from app.ui.look import Look


def button(
    text: str,
    object_name: str,
    kind: str = "plain",
    *,
    accessible: str = "",
    tooltip: str = "",
    on_click: Callable[[], None] | None = None,
    parent: QWidget | None = None,
) -> QPushButton:
    """kind: primary, plain, chip, quiet, icon, mini or row, as the style sheet knows them.

    Reached by Tab; a click leaves the focus where it was, so that typing goes on.
    """
    result = QPushButton(text.replace("&", "&&"), parent)
    result.setObjectName(object_name)
    result.setProperty("kind", kind)
    result.setAccessibleName(accessible or text)
    result.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    result.setCursor(Qt.CursorShape.PointingHandCursor)
    if tooltip:
        result.setToolTip(tooltip)
        result.setAccessibleDescription(tooltip)
    if on_click is not None:
        result.clicked.connect(lambda *_: on_click())
    return result


class IconButton(QPushButton):
    """A button that is only a sign; its name is its tooltip."""

    def __init__(
        self,
        look: Look,
        icon: str,
        name: str,
        object_name: str,
        *,
        kind: str = "icon",
        tint: str = "muted",
        on_click: Callable[[], None] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._look, self._icon_name, self._tint_name = look, icon, tint
        self.setObjectName(object_name)
        self.setProperty("kind", kind)
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setIconSize(QSize(16, 16) if kind == "mini" else QSize(18, 18))
        if on_click is not None:
            self.clicked.connect(lambda *_: on_click())
        self._tint()
        look.changed.connect(self._tint)

    def set_icon(self, icon: str) -> None:
        self._icon_name = icon
        self._tint()

    def _tint(self) -> None:
        self.setIcon(self._look.icon(self._icon_name, self._tint_name, self.iconSize().width()))


class CopyButton(IconButton):
    """Copies a text and says so for a moment."""

    def __init__(
        self, look: Look, name: str, object_name: str, text: Callable[[], str], parent: QWidget
    ) -> None:
        super().__init__(look, "copy", name, object_name, kind="mini", parent=parent)
        self._name, self._text = name, text
        self._back = QTimer(self)
        self._back.setSingleShot(True)
        self._back.setInterval(1500)
        self._back.timeout.connect(self._restore)
        self.clicked.connect(self._copy)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._text())
        self.set_icon("check")
        self.setToolTip(tr("Copied"))
        self.setAccessibleName(tr("Copied"))
        self._back.start()

    def _restore(self) -> None:
        self.set_icon("copy")
        self.setToolTip(self._name)
        self.setAccessibleName(self._name)


class ChoiceBox(QComboBox):
    """A combo box with our arrow, which the page's scrolling does not change by accident."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        side = 14
        rect = QRect(self.width() - side - 8, (self.height() - side) // 2, side, side)
        self._look.icon("chevron-down", "muted", side).paint(painter, rect)
        painter.end()


def takes_escape(event: QEvent) -> bool:
    """True when it asks whose the Esc key is: it is the asker's then, not the window's."""
    if (
        event.type() == QEvent.Type.ShortcutOverride
        and isinstance(event, QKeyEvent)
        and event.key() == Qt.Key.Key_Escape
    ):
        event.accept()
        return True
    return False


class LeavableEdit(QLineEdit):
    """`left`: Esc was pressed, which here means nothing to the window."""

    left = Signal()

    def event(self, event: QEvent) -> bool:
        return takes_escape(event) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)


def draw_arrows(spin: QAbstractSpinBox, look: Look) -> None:
    painter = QPainter(spin)
    side, left = 10, spin.width() - 18
    middle = spin.height() // 2
    look.icon("chevron-up", "muted", side).paint(painter, QRect(left, middle - side, side, side))
    look.icon("chevron-down", "muted", side).paint(painter, QRect(left, middle, side, side))
    painter.end()


class WholeSpin(QSpinBox):
    """With our arrows; the page's scrolling does not change it by accident."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.lineEdit().setTextMargins(6, 0, 0, 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        draw_arrows(self, self._look)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


def label(text: str = "", tone: str = "", *, name: str = "", wrap: bool = False) -> QLabel:
    """Plain text, never rich. tone: muted, small, mono, title, display, strong, group, bad."""
    result = QLabel()
    result.setTextFormat(Qt.TextFormat.PlainText)
    result.setText(text)
    result.setWordWrap(wrap)
    if tone:
        result.setProperty("tone", tone)
    if name:
        result.setObjectName(name)
    return result


def plain_tip(text: str) -> str:
    """A tooltip that shows the text as it is; Qt takes anything like a tag for rich text."""
    return f"<span>{escape(text)}</span>" if "<" in text else text


def chip(text: str = "", kind: str = "plain", *, name: str = "") -> QLabel:
    result = label(text, name=name)
    result.setProperty("chip", kind)
    return result


def set_chip(which: QLabel, text: str, kind: str) -> None:
    which.setText(text)
    restyle(which, "chip", kind)


def card(kind: str = "true", *, name: str = "", parent: QWidget | None = None) -> QFrame:
    frame = QFrame(parent)
    frame.setProperty("card", kind)
    if name:
        frame.setObjectName(name)
    return frame


def restyle(widget: QWidget, key: str, value: object) -> None:
    """Set a property that the style sheet looks at."""
    if widget.property(key) == value:
        return
    widget.setProperty(key, value)
    style = widget.style()
    style.unpolish(widget)
    style.polish(widget)


def single_shot(parent: QObject, interval_ms: int, call: Callable[[], None]) -> QTimer:
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(interval_ms)
    timer.timeout.connect(call)
    return timer


def read_only_rows(table: QTableView) -> None:
    """Whole rows are chosen, one at a time; Tab leaves the table; nothing scrolls sideways."""
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    table.setFrameShape(QFrame.Shape.NoFrame)
    table.setShowGrid(False)
    table.setTabKeyNavigation(False)
    table.setWordWrap(False)
    table.setMouseTracking(True)
    rows = table.verticalHeader()
    rows.setObjectName(f"{table.objectName()}Rows")
    rows.setFocusPolicy(Qt.FocusPolicy.NoFocus)


def announce(source: QObject, text: str) -> None:
    """Have a screen reader say it, when one listens."""
    if QAccessible.isActive():
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(source, text))
