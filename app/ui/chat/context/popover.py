"""What takes how much of the context: a small window at the gauge."""

from PySide6.QtCore import QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QSizePolicy, QVBoxLayout, QWidget

from app.chat.context.breakdown import Breakdown
from app.core.language import tr
from app.core.units import count
from app.ui.chat.context import words
from app.ui.chat.context.words import Row
from app.ui.look import Look
from app.ui.widgets import label, restyle

_WIDTH = 360
_BAR = 12
_SWATCH = 10
_RADIUS = 4.0
_GAP = 6


class _Bar(QWidget):
    """The parts beside one another, against the whole context; the end of it is for the answer."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("contextParts")
        self._look = look
        self._rows: list[Row] = []
        self._total = 1
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_rows(self, rows: list[Row], total: int) -> None:
        self._rows = rows
        self._total = max(1, total, sum(row.tokens for row in rows))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, _BAR)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect, colors = QRectF(self.rect()), self._look.colors
        shape = QPainterPath()
        shape.addRoundedRect(rect, _RADIUS, _RADIUS)
        painter.setClipPath(shape)
        painter.fillRect(rect, QColor(colors.track))
        left = 0.0
        for row in self._rows:
            width = rect.width() * row.tokens / self._total
            color = QColor(getattr(colors, row.token))
            painter.fillRect(QRectF(left, 0, width, rect.height()), color)
            left += width
        painter.end()


class _Swatch(QWidget):
    def __init__(self, look: Look, token: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._look, self._token = look, token
        self.setFixedSize(_SWATCH, _SWATCH)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(getattr(self._look.colors, self._token)))
        painter.drawRoundedRect(QRectF(self.rect()), 2, 2)
        painter.end()


class ContextPopover(QFrame):
    """Goes with Esc or a click elsewhere."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("contextPopover")
        self.setProperty("popover", "true")
        self.setAccessibleName(tr("What takes the context"))
        self._look = look
        self._bar = _Bar(look, self)
        self._bar.setAccessibleName(tr("What takes the context"))
        self._title = label("", "strong", name="contextTitle", wrap=True)
        self._note = label("", "small", name="contextNote", wrap=True)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)
        self._cells: list[QWidget] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        column.addWidget(self._title)
        column.addWidget(self._bar)
        column.addLayout(self._grid)
        column.addWidget(self._note)
        self.setFixedWidth(_WIDTH)

    @property
    def told(self) -> list[str]:
        """The rows as people read them."""
        return [cell.text() for cell in self._cells if hasattr(cell, "text")]

    def show_breakdown(self, found: Breakdown, omitted: str) -> None:
        """omitted: what is not sent, in a sentence."""
        fill = words.fill_of(found)
        self._title.setText(fill.told)
        restyle(self._title, "tone", "strong" if fill.level == "normal" else "alert")
        rows = words.rows(found)
        self._bar.show_rows(rows, found.context)
        self._clear()
        for row in rows:
            self._add(row.token, row.label, row.tokens, found)
        self._add("track", tr("Room for thinking and the answer"), found.room, found)
        notes = [omitted]
        if not found.exact:
            notes.append(tr("Estimated: the tokenizer is asked once the engine has time."))
        text = " ".join(filter(None, notes))
        self._note.setText(text)
        self._note.setVisible(bool(text))
        self._bar.setAccessibleDescription(
            ", ".join(f"{row.label} {count(row.tokens)}" for row in rows)
        )
        self._fit()

    def open_above(self, gauge: QWidget) -> None:
        """Within the screen, whatever the window's place."""
        self._fit()
        corner = gauge.mapToGlobal(QPoint(gauge.width() - self.width(), -self.height() - _GAP))
        screen = gauge.screen().availableGeometry()
        left = max(screen.left() + _GAP, min(corner.x(), screen.right() - self.width() - _GAP))
        self.move(left, max(screen.top() + _GAP, corner.y()))
        self.show()

    def _fit(self) -> None:
        layout = self.layout()
        if layout is not None:
            layout.activate()
            self.setFixedHeight(layout.totalHeightForWidth(_WIDTH))

    def _add(self, token: str, text: str, tokens: int, found: Breakdown) -> None:
        row = self._grid.rowCount()
        share = words.percent(tokens, found.context)
        cells = (
            _Swatch(self._look, token, self),
            label(text, "fine"),
            label(count(tokens), "fine"),
            label(share, "small"),
        )
        for column, cell in enumerate(cells):
            side = Qt.AlignmentFlag.AlignRight if column > 1 else Qt.AlignmentFlag.AlignLeft
            self._grid.addWidget(cell, row, column, side | Qt.AlignmentFlag.AlignVCenter)
            cell.show()  # the height is asked for before Qt would do it
            self._cells.append(cell)

    def _clear(self) -> None:
        for cell in self._cells:
            self._grid.removeWidget(cell)
            cell.hide()
            cell.deleteLater()
        self._cells.clear()
