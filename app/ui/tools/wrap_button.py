"""A button whose words may take several lines."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QPushButton, QWidget

from app.ui.widgets import label

_SIDE, _TOP = 12, 6
_LEAST = 32


class WrapButton(QPushButton):
    def __init__(self, text: str, object_name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self.setProperty("kind", "plain")
        self.setAccessibleName(text)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._label = label(text, name=f"{object_name}-text", wrap=True)
        self._label.setParent(self)
        self._label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def fit(self, width: int) -> None:
        """At most so wide, and as high as its words then need."""
        self.ensurePolished()
        wide = self._label.fontMetrics().horizontalAdvance(self._label.text()) + 2 * _SIDE + 4
        taken = min(wide, width)
        height = self._label.heightForWidth(taken - 2 * _SIDE) + 2 * _TOP
        self.setFixedSize(taken, max(_LEAST, height))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._label.setGeometry(_SIDE, _TOP, self.width() - 2 * _SIDE, self.height() - 2 * _TOP)
