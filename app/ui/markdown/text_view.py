"""Selectable text that shows no more than text: no files, no pictures, no opening by itself."""

import math
import re
from itertools import count
from typing import Protocol, runtime_checkable

from PySide6.QtCore import QMargins, QMimeData, QObject, Qt, QUrl
from PySide6.QtGui import QContextMenuEvent, QTextCursor, QWheelEvent
from PySide6.QtWidgets import QFrame, QMenu, QTextBrowser, QWidget

from app.ui.markdown.inline_formula import selected_text
from app.ui.markdown.links import open_link

_numbers = count(1)
# One endless line is laid out again with every change; shorter ones are not.
_LONG_LINE = re.compile(r"[^\n]{4096}")
_USUAL_WIDTH = 720


@runtime_checkable
class AddsToMenu(Protocol):
    """What surrounds texts and has something to offer in their context menu."""

    def add_to_menu(self, menu: QMenu) -> None: ...


class TextView(QTextBrowser):
    """As tall as its text at a given width; scrolling is the page's business."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        """name: what it is, for assistive technology ("Answer", "Question")."""
        super().__init__(parent)
        self.setObjectName(f"text-{next(_numbers)}")
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setLineWrapMode(QTextBrowser.LineWrapMode.FixedPixelWidth)
        # At a width of 0 every character would get a line of its own.
        self.setLineWrapColumnOrWidth(_USUAL_WIDTH)
        self.setOpenLinks(False)
        self.setUndoRedoEnabled(False)
        self.setTabChangesFocus(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setViewportMargins(QMargins())
        self.document().setDocumentMargin(0)
        self.document().setIndentWidth(24)
        self.anchorClicked.connect(open_link)

    def loadResource(self, kind: int, name: QUrl | str) -> object:  # noqa: ARG002
        """Nothing is ever loaded, from wherever it may be."""
        return None

    def createMimeDataFromSelection(self) -> QMimeData:
        """Plain text alone: what is pasted elsewhere brings no colours and sizes of ours."""
        data = QMimeData()
        data.setText(selected_text(self.textCursor()))
        return data

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Sideways is this view's own business, everything else the page's."""
        delta = event.angleDelta()
        if abs(delta.x()) > abs(delta.y()) and self.horizontalScrollBar().maximum():
            super().wheelEvent(event)
        else:
            event.ignore()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """What can be done with the text, then what whoever shows it adds."""
        menu = self.createStandardContextMenu(event.pos())
        menu.setObjectName(f"{self.objectName()}-menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        owner: QObject | None = self.parent()
        while owner is not None and not isinstance(owner, AddsToMenu):
            owner = owner.parent()
        if isinstance(owner, AddsToMenu):
            owner.add_to_menu(menu)
        menu.popup(event.globalPos())

    def height_for(self, width: int) -> int:
        """Pixels that the text takes at `width` pixels."""
        self.ensurePolished()
        if self.lineWrapColumnOrWidth() != width:
            self.setLineWrapColumnOrWidth(width)
        return math.ceil(self.document().size().height())

    def set_has_links(self, has_links: bool) -> None:
        """Only text with links is a stop for the Tab key."""
        tab = Qt.FocusPolicy.StrongFocus if has_links else Qt.FocusPolicy.ClickFocus
        self.setFocusPolicy(tab)

    def append_text(self, text: str) -> None:
        """Add to the end without scrolling there; a selection stays."""
        self.end_cursor().insertText(text)
        if not self.textCursor().hasSelection():
            self.moveCursor(QTextCursor.MoveOperation.Start)

    def end_cursor(self) -> QTextCursor:
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        return cursor


def broken_lines(text: str) -> str:
    """For plain display: no line is so long that laying it out takes long."""
    return _LONG_LINE.sub("\\g<0>\n", text)
