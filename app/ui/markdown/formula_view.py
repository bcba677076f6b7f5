"""A formula of its own line: drawn in the middle, or its source until then and where that fails."""

from itertools import count
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QGuiApplication, QPainter, QPaintEvent
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QFrame, QWidget

from app.core.language import tr
from app.ui.look import Look
from app.ui.markdown.text_view import TextView
from app.ui.widgets import CopyButton

if TYPE_CHECKING:
    from app.ui.markdown.formula import Drawing

_SIZE_PX = 18
_GAP = 6
_PADDING = 12
# Smaller than this it could not be read.
_SMALLEST_SCALE = 0.6
_LONGEST_SOURCE = 2_000
_numbers = count(1)


class FormulaView(QFrame):
    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        number = next(_numbers)
        self.setObjectName(f"formula-{number}")
        self._look = look
        self._tex = ""
        self._finished = False
        self._drawing: Drawing | None = None
        self._renderer: QSvgRenderer | None = None
        self._source = TextView(tr("Formula"), self)
        self._source.setFont(look.mono_font())
        self._source.document().setDefaultFont(look.mono_font())
        self._copy = CopyButton(
            look, tr("Copy the formula as TeX"), f"copyFormula-{number}", lambda: self._tex, self
        )

    @property
    def tex(self) -> str:
        return self._tex

    @property
    def drawn(self) -> bool:
        return self._drawing is not None

    def set_tex(self, tex: str, *, finished: bool) -> None:
        """finished: its end has come, so that it can be drawn."""
        if (tex, finished) == (self._tex, self._finished):
            return
        self._tex, self._finished = tex, finished
        shown = tex if len(tex) <= _LONGEST_SOURCE else f"{tex[:_LONGEST_SOURCE]}…"
        if self._source.toPlainText() != shown:
            self._source.setPlainText(shown)
        self.setAccessibleName(tr("Formula: {tex}", tex=tex[:400]))
        self.look_up()

    def look_up(self) -> bool:
        """True when it is drawn now and was not before."""
        book = self._look.formulas
        before = self._drawing
        wanted = book is not None and self._finished
        self._drawing = (
            book.get(self._tex, self._look.scale.text(_SIZE_PX))
            if book is not None and wanted
            else None
        )
        self._paint_anew()
        return before is None and self._drawing is not None

    def redraw(self) -> None:
        self._paint_anew()

    def height_for(self, width: int) -> int:
        self._copy.setGeometry(width - 24, 0, 24, 24)
        scale, drawing = self._scale(width), self._drawing
        self._source.setVisible(scale is None)
        if scale is None or drawing is None:
            height = self._source.height_for(width - 2 * _PADDING - 24)
            self._source.setGeometry(_PADDING, _GAP, width - 2 * _PADDING - 24, height)
            return height + 2 * _GAP
        return max(24, round(drawing.height * scale) + 2 * _GAP)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        scale = self._scale(self.width())
        if self._renderer is None or self._drawing is None or scale is None:
            return
        width, height = self._drawing.width * scale, self._drawing.height * scale
        left, top = max(0.0, (self.width() - width) / 2), (self.height() - height) / 2
        painter = QPainter(self)
        if QGuiApplication.layoutDirection() == Qt.LayoutDirection.RightToLeft:
            left = self.width() - width - left
        self._renderer.render(painter, QRectF(left, top, width, height))
        painter.end()

    def _scale(self, width: int) -> float | None:
        """None when it is not drawn, or too wide to be read."""
        if self._drawing is None:
            return None
        scale = min(1.0, (width - 32) / self._drawing.width)
        return scale if scale >= _SMALLEST_SCALE else None

    def _paint_anew(self) -> None:
        drawing = self._drawing
        self._renderer = (
            QSvgRenderer(QByteArray(drawing.tinted(self._look.colors.text))) if drawing else None
        )
        self.update()
