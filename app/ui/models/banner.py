"""What to take on this machine, with the one button of the page."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from app.core.language import tr
from app.ui.models.advice import Advice
from app.ui.widgets import announce, button, label, restyle


class Banner(QFrame):
    """`get_wanted` and `load_wanted` bring a quantization, `sibling_wanted` a model."""

    get_wanted = Signal(str)
    load_wanted = Signal(str)
    sibling_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("modelBanner")
        self._advice: Advice | None = None
        self._installed = False
        self.title = label("", "strong", name="bannerTitle", wrap=True)
        self.line = label("", "fine", name="bannerLine", wrap=True)
        self.main = button(tr("Download and chat"), "bannerMain", "primary", on_click=self._go)
        self.why = button(
            tr("Why?"), "bannerWhy", tooltip=tr("Shows the reason and what else there is")
        )
        self.why.setCheckable(True)
        self.why.toggled.connect(self._unfold)
        self.reasons = label("", "fine", name="bannerReasons", wrap=True)
        self.reasons.hide()
        texts = QVBoxLayout()
        texts.setSpacing(4)
        texts.addWidget(self.title)
        texts.addWidget(self.line)
        buttons = QHBoxLayout()
        buttons.setSpacing(12)
        buttons.addWidget(self.main)
        buttons.addWidget(self.why)
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._row.setSpacing(16)
        self._row.addLayout(texts, 1)
        self._row.addLayout(buttons)
        self._buttons = buttons
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(10)
        column.addLayout(self._row)
        column.addWidget(self.reasons)

    def set_stacked(self, on: bool) -> None:
        way = QBoxLayout.Direction.TopToBottom if on else QBoxLayout.Direction.LeftToRight
        self._row.setDirection(way)
        self._row.setSpacing(10 if on else 16)
        if on and self._buttons.count() == 2:
            self._buttons.addStretch(1)
        elif not on and self._buttons.count() == 3:
            self._buttons.takeAt(2)

    def show_advice(self, advice: Advice, *, installed: bool, get_text: str) -> None:
        """get_text: what the button says for what is not on the disk."""
        changed = self._advice is None or advice.title != self._advice.title
        self._advice, self._installed = advice, installed
        restyle(self, "banner", advice.kind)
        self.title.setText(advice.title)
        self.line.setText(advice.line)
        self.reasons.setText("\n".join(f"•  {reason}" for reason in advice.why))
        if advice.quant:
            self.main.setText(tr("Load") if installed else get_text)
            self.main.setAccessibleName(f"{self.main.text()}: {advice.quant}")
        else:
            self.main.setText(tr("See {sibling}", sibling=advice.sibling))
            self.main.setAccessibleName(self.main.text())
        self.main.setVisible(bool(advice.quant or advice.sibling))
        if changed:
            announce(self, f"{advice.title}. {advice.line}")

    def _go(self) -> None:
        advice = self._advice
        if advice is None:
            return
        if not advice.quant:
            self.sibling_wanted.emit(advice.sibling)
        elif self._installed:
            self.load_wanted.emit(advice.quant)
        else:
            self.get_wanted.emit(advice.quant)

    def _unfold(self, on: bool) -> None:
        self.reasons.setVisible(on)
        self.why.setText(tr("Hide") if on else tr("Why?"))
