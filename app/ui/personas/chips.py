"""Who the model is to be in a new chat, one chip for each persona."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from app.core.language import tr
from app.core.personas import Persona
from app.ui.personas.button import first_words
from app.ui.widgets import button, plain_tip

_GAP = 8
_MOST = 9
_WIDEST = 180


class PersonaChips(QWidget):
    """`chosen` brings a key. The lines are centred. More than a few are left to the header's menu,
    which `more_wanted` opens."""

    chosen = Signal(str)
    more_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("personaChips")
        self.setAccessibleName(tr("Persona of this chat"))
        self._chips: list[QPushButton] = []
        self._shown: tuple[object, ...] = ()
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def set_personas(self, personas: Sequence[Persona], current: str) -> None:
        """current is among those that are shown, wherever it stands."""
        first = list(personas[:_MOST])
        first += [one for one in personas[_MOST:] if one.key == current]
        more = len(personas) > len(first)
        shown = (tuple((one.key, one.label) for one in first), more)
        if shown != self._shown:
            self._shown = shown
            self._build(first, more=more)
        for chip in self._chips:
            chip.setChecked(chip.property("persona") == current)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._place(width, move=False)

    def sizeHint(self) -> QSize:
        return QSize(320, self._place(max(320, self.width()), move=False))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place(self.width(), move=True)

    def _build(self, personas: Sequence[Persona], *, more: bool) -> None:
        for chip in self._chips:
            chip.hide()
            chip.deleteLater()
        self._chips = [self._chip(persona) for persona in personas]
        if more:
            self._chips.append(
                button(tr("More…"), "personaChip-more", "chip", on_click=self.more_wanted.emit)
            )
        for chip in self._chips:
            chip.setParent(self)
            chip.show()
        self._place(self.width(), move=True)
        self.updateGeometry()

    def _chip(self, persona: Persona) -> QPushButton:
        label = tr(persona.label) if persona.builtin else persona.label
        made = button("", f"personaChip-{persona.key}", "chip", accessible=label)
        shown = made.fontMetrics().elidedText(label, Qt.TextElideMode.ElideRight, _WIDEST)
        made.setText(shown.replace("&", "&&"))
        made.setCheckable(True)
        made.setProperty("persona", persona.key)
        tip = tr(persona.note) or first_words(persona.system_prompt)
        made.setToolTip(plain_tip(tip))
        made.setAccessibleDescription(tip)
        made.clicked.connect(lambda *_, key=persona.key: self._clicked(key))
        return made

    def _clicked(self, key: str) -> None:
        """A second click takes nothing away: one of them is always chosen."""
        for chip in self._chips:
            chip.setChecked(chip.property("persona") == key)
        self.chosen.emit(key)

    def _place(self, width: int, *, move: bool) -> int:
        lines: list[list[QPushButton]] = [[]]
        used = 0
        for chip in self._chips:
            size = chip.sizeHint().width()
            if lines[-1] and used + _GAP + size > width:
                lines.append([])
                used = 0
            used += size + (_GAP if lines[-1] else 0)
            lines[-1].append(chip)
        top = 0
        for line in lines:
            widths = [min(chip.sizeHint().width(), width) for chip in line]
            left = max(0, (width - sum(widths) - _GAP * max(0, len(line) - 1)) // 2)
            height = max((chip.sizeHint().height() for chip in line), default=0)
            for chip, size in zip(line, widths, strict=True):
                if move:
                    chip.setGeometry(left, top, size, height)
                left += size + _GAP
            top += height + (_GAP if line is not lines[-1] else 0)
        return top
