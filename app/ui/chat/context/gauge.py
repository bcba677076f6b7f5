"""How full the context is, at the composer; opens what takes how much."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QWidget

from app.core.language import tr
from app.ui.chat.context.words import Fill
from app.ui.widgets import label, plain_tip, restyle

_SPACING = 8
_PADDING = 6


class ContextGauge(QPushButton):
    opened = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("contextGauge")
        self.setAccessibleName(tr("Context"))
        self.setProperty("kind", "quiet")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._fill: Fill | None = None
        self._compact = False
        self._changed = True
        self._text = label("", "small", name="contextUsed")
        self._bar = QProgressBar()
        self._bar.setObjectName("contextBar")
        self._bar.setProperty("gauge", "true")
        self._bar.setTextVisible(False)
        self._bar.setRange(0, 1000)
        row = QHBoxLayout(self)
        row.setContentsMargins(_PADDING, 0, _PADDING, 0)
        row.setSpacing(_SPACING)
        for part in (self._text, self._bar):
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            row.addWidget(part)
        self.clicked.connect(self.opened)
        self.show_fill(None)

    @property
    def shown_text(self) -> str:
        return self._text.text()

    def show_fill(self, fill: Fill | None) -> None:
        """None: there is no model, or nobody knows yet."""
        if fill == self._fill and fill is not None and not self._changed:
            return
        self._fill, self._changed = fill, False
        self.setVisible(fill is not None)
        if fill is None:
            return
        self._text.setText(fill.short_text if self._compact else fill.text)
        restyle(self._text, "tone", {"normal": "small", "high": "warn", "full": "bad"}[fill.level])
        self._bar.setVisible(not (self._compact and fill.word))
        self._bar.setValue(round(1000 * min(1.0, fill.used / max(1, fill.total))))
        restyle(self._bar, "level", fill.level)
        self.setToolTip(plain_tip(fill.told))
        self.setAccessibleName(tr("Context: {text}", text=fill.text))
        self.setAccessibleDescription(fill.told)
        self.updateGeometry()

    def set_compact(self, compact: bool) -> None:
        """A share instead of numbers, where there is little room."""
        if compact != self._compact:
            self._compact, self._changed = compact, True
            self.show_fill(self._fill)

    def sizeHint(self) -> QSize:
        layout = self.layout()
        inner = layout.sizeHint() if layout is not None else QSize()
        return QSize(inner.width(), 26)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()
