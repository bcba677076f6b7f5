"""The list itself: ten thousand rows cost as much as the ten that are seen."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QListView

from app.core.language import tr
from app.ui.library.paint import RowPainter
from app.ui.library.rows import ModelRows
from app.ui.look import Look


class ModelList(QListView):
    def __init__(self, look: Look, rows: ModelRows) -> None:
        super().__init__()
        self.setObjectName("libraryList")
        self.setAccessibleName(tr("Models on this computer"))
        self.setModel(rows)
        self._painter = RowPainter(look)
        self.setItemDelegate(self._painter)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setTabKeyNavigation(False)
        self.viewport().setAutoFillBackground(False)
        look.changed.connect(self.viewport().update)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A question or a result below takes room; the row that it is about stays in sight."""
        super().resizeEvent(event)
        if self.currentIndex().isValid():
            self.scrollTo(self.currentIndex())
