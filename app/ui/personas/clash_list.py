"""Names in a file that are taken here: what is to become of each."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from app.core.language import mark, tr
from app.core.units import count
from app.settings.taking_in import Answer, Clash
from app.ui.look import Look
from app.ui.widgets import ChoiceBox, button, label

_MOST = 20
_ANSWERS: tuple[tuple[Answer, str], ...] = (
    ("both", mark("Keep both")),
    ("replace", mark("Replace mine")),
    ("skip", mark("Leave it out")),
)
_KINDS = {"persona": mark("Persona “{name}”"), "preset": mark("Preset “{name}”")}


class ClashList(QWidget):
    """`answered` and `given_up` end it. More than a few get one answer together."""

    answered = Signal()
    given_up = Signal()

    def __init__(self, look: Look, clashes: Sequence[Clash]) -> None:
        super().__init__()
        self.setObjectName("personaClashes")
        self._boxes: list[tuple[Sequence[Clash], ChoiceBox]] = []
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(0, 1)
        groups: list[tuple[str, Sequence[Clash]]] = [
            (tr(_KINDS[one.kind], name=one.label), (one,)) for one in clashes[:_MOST]
        ]
        rest = clashes[_MOST:]
        if rest:
            groups.append((tr("{count} others", count=count(len(rest))), rest))
        for number, (text, some) in enumerate(groups):
            box = self._box(look, number, text, some)
            self._boxes.append((some, box))
            grid.addWidget(label(text, wrap=True), number, 0)
            grid.addWidget(box, number, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addStretch(1)
        buttons.addWidget(button(tr("Cancel"), "personaClashCancel", on_click=self.given_up.emit))
        self.take = button(
            tr("Import"), "personaClashImport", "primary", on_click=self.answered.emit
        )
        buttons.addWidget(self.take)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(8)
        told = tr("These names are taken here already, by something else.")
        column.addWidget(label(told, wrap=True))
        column.addLayout(grid)
        column.addLayout(buttons)

    @property
    def answers(self) -> Mapping[Clash, Answer]:
        return {one: box.currentData() for some, box in self._boxes for one in some}

    def focus_first(self) -> None:
        self._boxes[0][1].setFocus()

    def _box(self, look: Look, number: int, text: str, some: Sequence[Clash]) -> ChoiceBox:
        box = ChoiceBox(look)
        box.setObjectName(f"personaClash-{number}")
        box.setAccessibleName(text)
        replaceable = any(one.replaceable for one in some)
        for answer, words in _ANSWERS:
            if answer != "replace" or replaceable:
                box.addItem(tr(words), answer)
        return box
