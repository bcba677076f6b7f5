"""What stands above the question in the composer: as tall as it is, up to a share of the window,
then it scrolls."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

_SHARE = 0.45
_GAP = 12


class _Content(QWidget):
    def __init__(self, owner: "AboveArea") -> None:
        super().__init__()
        self.setObjectName("aboveQuestion")
        self._owner = owner
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(_GAP)

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._owner.fit()
        return done


class AboveArea(QScrollArea):
    """Takes no room while nothing in it is shown."""

    def __init__(self, widgets: list[QWidget]) -> None:
        super().__init__()
        self.setObjectName("aboveQuestionScroll")
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidgetResizable(True)
        self._widgets = widgets
        self._content = _Content(self)
        self._window: QWidget | None = None
        for widget in widgets:
            self._content.column.addWidget(widget)
            widget.installEventFilter(self)
        self.setWidget(self._content)
        self.fit()

    def fit(self) -> None:
        some = not all(widget.isHidden() for widget in self._widgets)
        if some:
            height = self._content.column.totalHeightForWidth(self.viewport().width())
            self.setFixedHeight(min(height, round(_SHARE * self.window().height())))
        self.setVisible(some)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._window is not self.window():
            self._window = self.window()
            self._window.installEventFilter(self)
        self.fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.fit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if watched is self._window:
            if kind == QEvent.Type.Resize:
                self.fit()
        elif kind in (QEvent.Type.ShowToParent, QEvent.Type.HideToParent):
            self.fit()
        return super().eventFilter(watched, event)
