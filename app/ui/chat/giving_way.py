"""The middle of the chat page: it gets what room the composer leaves."""

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QStackedWidget


class GivingWay(QStackedWidget):
    """Can be of any height, whatever its pages would like: what is being written comes first."""

    def hasHeightForWidth(self) -> bool:
        return False

    def minimumSizeHint(self) -> QSize:
        return QSize(0, 0)
