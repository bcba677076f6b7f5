"""The top of the page: the model in three lines, and the machine it is looked at for."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.catalog.cards import Card
from app.core.language import mark, tr
from app.hardware.types import Machine
from app.ui.flow import Flow
from app.ui.look import Look
from app.ui.look.look import SMALL_PX
from app.ui.models import model_words
from app.ui.widgets import button, card, chip, label, plain_tip

_LEGEND = (
    ("gpu", mark("weights on GPU")),
    ("ram", mark("weights in RAM")),
    ("kv", mark("context")),
    ("work", mark("work")),
)
_SWATCH = 9
_MACHINE_WIDTH = 392


class Head(QWidget):
    """`machine_wanted`: back to this machine."""

    machine_wanted = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("modelHead")
        self.name = label("", "display", name="modelName", wrap=True)
        self.line = label("", "muted", name="modelLine", wrap=True)
        self._tags = Flow()
        self._count = label("", "small", name="modelDownloads", wrap=True)
        left = QVBoxLayout()
        left.setSpacing(8)
        left.addWidget(self.name)
        left.addWidget(self.line)
        left.addWidget(self._tags)
        left.addWidget(self._count)
        left.addStretch(1)
        self._look = look
        self.machine = MachineCard(look)
        self.machine.back.clicked.connect(lambda *_: self.machine_wanted.emit())
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(24)
        self._row.addLayout(left, 1)
        self._row.addWidget(self.machine, 0, Qt.AlignmentFlag.AlignTop)

    def set_stacked(self, on: bool) -> None:
        """One below the other."""
        way = QBoxLayout.Direction.TopToBottom if on else QBoxLayout.Direction.LeftToRight
        self._row.setDirection(way)
        self._row.setSpacing(12 if on else 24)
        if on:
            self._row.setAlignment(self.machine, Qt.AlignmentFlag(0))
            self.machine.setMinimumWidth(0)
            self.machine.setMaximumWidth(16_777_215)
        else:
            self._row.setAlignment(self.machine, Qt.AlignmentFlag.AlignTop)
            self.machine.setFixedWidth(self._look.scale.text(_MACHINE_WIDTH))

    def show_model(self, title: str, made: Card | None, repo: str) -> None:
        self.name.setText(title)
        self.line.setText(model_words.subtitle(made) if made is not None else repo)
        tip = model_words.subtitle_tip(made) if made is not None else ""
        self.line.setToolTip(plain_tip(tip))
        self.line.setAccessibleDescription(tip)
        tags: list[QWidget] = [
            chip(tr(tag), "outline", name=f"modelTag-{tag}") for tag in (made.tags if made else ())
        ]
        self._tags.replace(tags)
        self.show_downloads("")

    def show_downloads(self, text: str) -> None:
        self._count.setText(text)
        self._count.setVisible(bool(text))


class MachineCard(QWidget):
    """What is planned for, and what the colours of the bars mean."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("machineCard")
        frame = card(name="machineFrame")
        self._title = label(tr("This machine"), "small", name="machineTitle")
        self.back = button(tr("Back to this machine"), "machineBack", "quiet")
        self.back.hide()
        self._main = label("", "strong", name="machineMain", wrap=True)
        self._rest = label("", name="machineRest", wrap=True)
        self._note = label("", "small", name="machineNote", wrap=True)
        self._note.hide()
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self._title, 1)
        head.addWidget(self.back)
        column = QVBoxLayout(frame)
        column.setContentsMargins(16, 10, 16, 10)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self._main)
        column.addWidget(self._rest)
        column.addSpacing(4)
        column.addWidget(Legend(look))
        column.addWidget(self._note)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(frame)

    def show_machine(self, machine: Machine | None, elsewhere: str, problem: str) -> None:
        """elsewhere: the name of another machine, "" for this one."""
        self._title.setText(elsewhere or tr("This machine"))
        self.back.setVisible(bool(elsewhere))
        main, rest = model_words.machine_parts(machine) if machine is not None else ("", "")
        if machine is None:
            main = tr("Cannot be planned for") if problem else tr("Looking at it…")
        self._main.setText(main)
        self._rest.setText(rest)
        self._rest.setVisible(bool(rest))
        note = problem or (model_words.unused_gpus(machine) if machine and not elsewhere else "")
        self._note.setText(note)
        self._note.setVisible(bool(note))
        self.setAccessibleName(" ".join(filter(None, (self._title.text(), main, rest, note))))


class Legend(QWidget):
    """Painted, so that it costs no rich text; told to whoever listens as one sentence."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("barLegend")
        self._look = look
        told = tr(", ").join(tr(text) for _, text in _LEGEND)
        self.setAccessibleName(tr("The bars show {told}, as parts of what is free.", told=told))
        self.setToolTip(
            tr("Each part of a bar is one memory; its length is what is free there now.")
        )
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        look.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(self._look.font(SMALL_PX))
        width = sum(_SWATCH + 19 + metrics.horizontalAdvance(tr(text)) for _, text in _LEGEND)
        return QSize(width, metrics.height() + 6)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colors = self._look.colors
        painter.setFont(self._look.font(SMALL_PX))
        metrics = painter.fontMetrics()
        left = 0
        for token, named in _LEGEND:
            text = tr(named)
            top = (self.height() - _SWATCH) / 2
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(getattr(colors, token)))
            painter.drawRoundedRect(QRectF(left, top, _SWATCH, _SWATCH), 2, 2)
            left += _SWATCH + 5
            painter.setPen(QColor(colors.text))
            base = (self.height() + metrics.ascent() - metrics.descent()) // 2
            painter.drawText(left, base, text)
            left += metrics.horizontalAdvance(text) + 14
        painter.end()
