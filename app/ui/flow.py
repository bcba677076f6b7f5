"""Small widgets one after another, in as many lines as they need."""

from collections.abc import Sequence

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

_GAP = 6
_LINE_GAP = 8


class Flow(QWidget):
    """gap: between widgets, and between lines up to 8, in pixels. Those of a line are centred."""

    def __init__(self, gap: int = _GAP, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._gap = gap
        self._widgets: list[QWidget] = []
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def replace(self, widgets: Sequence[QWidget]) -> None:
        """Others than before."""
        for widget in self._widgets:
            widget.hide()
            widget.deleteLater()
        self._widgets = []
        self.arrange(widgets)

    def arrange(self, widgets: Sequence[QWidget]) -> None:
        """Those among them that were there before stay, the others go."""
        for widget in self._widgets:
            if widget not in widgets:
                widget.hide()
                widget.deleteLater()
        self._widgets = list(widgets)
        for widget in self._widgets:
            widget.setParent(self)
            widget.show()
        self.lay_out()

    def hold(self, *widgets: QWidget) -> None:
        """These for good; each says itself whether it is shown, and `lay_out` has to be told."""
        self._widgets = list(widgets)
        for widget in widgets:
            widget.setParent(self)

    def lay_out(self) -> None:
        self._place(self.width(), move=True)
        self.updateGeometry()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._place(width, move=False)

    def sizeHint(self) -> QSize:
        return QSize(240, self._place(max(240, self.width()), move=False))

    def minimumSizeHint(self) -> QSize:
        return QSize(60, 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place(self.width(), move=True)

    def _place(self, width: int, *, move: bool) -> int:
        top = height = 0
        for line in self._lines(width):
            top += height + min(self._gap, _LINE_GAP) if height else 0
            height = max(widget.sizeHint().height() for widget in line)
            left = 0
            for widget in line:
                size = widget.sizeHint()
                if move:
                    down = top + (height - size.height()) // 2
                    widget.setGeometry(left, down, min(size.width(), width), size.height())
                left += size.width() + self._gap
        return top + height

    def _lines(self, width: int) -> list[list[QWidget]]:
        lines: list[list[QWidget]] = []
        left = 0
        for widget in self._widgets:
            if widget.isHidden():
                continue
            wide = widget.sizeHint().width()
            if not lines or left + wide > width:
                lines.append([])
                left = 0
            lines[-1].append(widget)
            left += wide + self._gap
        return lines
