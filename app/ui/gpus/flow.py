"""Small widgets in a row that goes on in the next line."""

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget


class Row(QWidget):
    """gap: between widgets and between lines, in pixels."""

    def __init__(self, *widgets: QWidget, gap: int = 8, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._gap = gap
        self._widgets = widgets
        for widget in widgets:
            widget.setParent(self)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._place(width, move=False)

    def sizeHint(self) -> QSize:
        return QSize(240, self._place(max(240, self.width()), move=False))

    def minimumSizeHint(self) -> QSize:
        return QSize(60, 24)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.lay_out()

    def lay_out(self) -> None:
        height = self._place(self.width(), move=True)
        if height != self.height():
            self.setFixedHeight(height)

    def _place(self, width: int, *, move: bool) -> int:
        lines: list[list[QWidget]] = []
        left = 0
        for widget in self._widgets:
            if widget.isHidden():
                continue
            wide = widget.sizeHint().width()
            if not lines or (left and left + wide > width):
                lines.append([])
                left = 0
            lines[-1].append(widget)
            left += wide + self._gap
        top = 0
        for line in lines:
            tallest = max(widget.sizeHint().height() for widget in line)
            left = 0
            for widget in line:
                size = widget.sizeHint()
                if move:
                    down = top + (tallest - size.height()) // 2
                    widget.setGeometry(left, down, min(size.width(), width), size.height())
                left += size.width() + self._gap
            top += tallest + self._gap
        return max(0, top - self._gap)
