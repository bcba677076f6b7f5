"""A persona is made or changed, in place."""

from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QScrollArea,
    QVBoxLayout,
)

from app.core.language import mark, tr
from app.core.personas import LONGEST_NAME, Persona
from app.settings.store import SettingsStore
from app.ui.look import Look
from app.ui.personas.words import size_text
from app.ui.sampling.choice import SamplingChoice
from app.ui.sampling.fields import SamplingFields
from app.ui.widgets import ChoiceBox, button, label

_SWITCH = (mark("As set for new chats"), mark("On"), mark("Off"))
_VALUES = (None, True, False)
_TALL = 150


class PersonaEditor(QFrame):
    """filled: what stands in the fields, the persona as it is by default.

    `saved` brings the persona as it was filled in; whoever keeps it says what is wrong with
    `refuse`. `dropped` brings what nobody wants to keep.
    """

    saved = Signal(object)
    dropped = Signal(object)

    def __init__(
        self,
        look: Look,
        settings: SettingsStore,
        persona: Persona,
        filled: Persona | None = None,
    ) -> None:
        super().__init__()
        self.setObjectName("personaEditor")
        self._look, self._given = look, persona
        persona = filled or persona
        self._choice = SamplingChoice(settings, self._sampling_changed)
        self._own = persona.sampling is not None
        self._choice.take(persona.sampling)
        self._fields: SamplingFields | None = None
        self.name = QLineEdit(persona.label)
        self.name.setObjectName("personaEditorName")
        self.name.setMaxLength(LONGEST_NAME)
        self.name.setPlaceholderText(tr("Name"))
        self.name.setAccessibleName(tr("Name of the persona"))
        self.text = QPlainTextEdit(persona.system_prompt)
        self.text.setObjectName("personaEditorText")
        self.text.setAccessibleName(tr("Instructions"))
        self.text.setProperty("field", "text")
        self.text.setTabChangesFocus(True)
        self.text.setPlaceholderText(
            tr("Who the model is, what it should know, how it should answer. Empty: nothing.")
        )
        self.text.setFixedHeight(_TALL)
        self.text.textChanged.connect(self._count)
        self._counted = label("", "small", name="personaEditorCount")
        self.thinking = self._switch("personaEditorThinking", tr("Thinking"), persona.thinking)
        self.tools = self._switch("personaEditorTools", tr("Tools"), persona.tools)
        self.preset = ChoiceBox(look)
        self.preset.setObjectName("personaEditorPreset")
        self.preset.setAccessibleName(tr("Sampling"))
        self.preset.activated.connect(lambda at: self._choose(self.preset.itemData(at)))
        self.values = button("", "personaEditorValues", "quiet", on_click=self._fold)
        self._problem = label("", "bad", name="personaEditorProblem", wrap=True)
        self._problem.hide()
        self._build()
        self._count()
        self._show_sampling()

    @property
    def persona(self) -> Persona:
        """As it is filled in."""
        return replace(
            self._given,
            label=self.name.text(),
            system_prompt=self.text.toPlainText(),
            sampling=self._choice.use if self._own else None,
            thinking=_VALUES[self.thinking.currentIndex()],
            tools=_VALUES[self.tools.currentIndex()],
        )

    @property
    def changed(self) -> bool:
        return self.persona != self._given

    def refuse(self, why: str) -> None:
        self._problem.setText(why)
        self._problem.show()
        self.name.setFocus()

    def reveal(self) -> None:
        """Scroll so that all of it is seen, once it has its place."""
        above = self.parentWidget()
        while above is not None and not isinstance(above, QScrollArea):
            above = above.parentWidget()
        if isinstance(above, QScrollArea):
            above.ensureWidgetVisible(self, 0, 24)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._drop()
            event.accept()
            return
        super().keyPressEvent(event)

    def _choose(self, key: str | None) -> None:
        self._own = key is not None
        if key is None:
            self._choice.take(None)
            self._sampling_changed()
        else:
            self._choice.choose(key)

    def _sampling_changed(self) -> None:
        if self._fields is not None:
            self._fields.refresh()
        self._show_sampling()

    def _field_changed(self) -> None:
        self._own = True
        self._show_sampling()

    def _show_sampling(self) -> None:
        box = self.preset
        box.blockSignals(True)
        box.clear()
        box.addItem(tr(_SWITCH[0]), None)
        for preset in self._choice.presets:
            box.addItem(preset.label, preset.key)
        box.setCurrentIndex(box.findData(self._choice.preset.key) if self._own else 0)
        box.blockSignals(False)
        changed = len(self._choice.differing) if self._own else 0
        is_open = self._fields is not None and not self._fields.isHidden()
        words = tr("Values · {count} changed", count=changed) if changed else tr("Values")
        self.values.setText(words)
        state = tr("open") if is_open else tr("closed")
        self.values.setAccessibleName(f"{words}, {state}")
        self.values.setIcon(self._look.icon("chevron-down" if is_open else "chevron-right"))

    def _fold(self) -> None:
        if self._fields is None:
            self._fields = SamplingFields(self._look, self._choice)
            self._fields.changed.connect(self._field_changed)
            self._column.insertWidget(self._column.indexOf(self._problem), self._fields)
            self._fields.show()
        else:
            self._fields.setVisible(self._fields.isHidden())
        self._show_sampling()

    def _count(self) -> None:
        self._counted.setText(size_text(self.text.toPlainText(), asked=False))

    def _save(self) -> None:
        self._problem.hide()
        self.saved.emit(self.persona)

    def _drop(self) -> None:
        self.dropped.emit(self.persona)

    def _switch(self, name: str, title: str, value: bool | None) -> ChoiceBox:
        box = ChoiceBox(self._look)
        box.setObjectName(name)
        box.setAccessibleName(title)
        box.addItems([tr(text) for text in _SWITCH])
        box.setCurrentIndex(_VALUES.index(value))
        return box

    def _build(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        rows = ((tr("Sampling"), self.preset), (tr("Thinking"), self.thinking))
        for number, (title, box) in enumerate((*rows, (tr("Tools"), self.tools))):
            name = label(title)
            name.setBuddy(box)
            grid.addWidget(name, number, 0)
            grid.addWidget(box, number, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addStretch(1)
        buttons.addWidget(button(tr("Cancel"), "personaEditorCancel", on_click=self._drop))
        buttons.addWidget(button(tr("Save"), "personaEditorSave", "primary", on_click=self._save))
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 8)
        column.setSpacing(8)
        column.addWidget(self.name)
        column.addWidget(self.text)
        column.addWidget(self._counted)
        column.addLayout(grid)
        column.addWidget(self.values, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self._problem)
        column.addLayout(buttons)
