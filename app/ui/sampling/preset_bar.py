"""Choosing, saving, renaming and deleting presets, all in place."""

from collections.abc import Callable
from typing import Literal

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QVBoxLayout, QWidget

from app.core.errors import KnownError
from app.core.language import tr
from app.ui.look import Look
from app.ui.sampling.choice import Removed, SamplingChoice
from app.ui.widgets import ChoiceBox, IconButton, button, label, restyle

_Naming = Literal["", "save", "rename"]


class PresetBar(QWidget):
    """`changed`: preset or values are others now."""

    changed = Signal()
    files_wanted = Signal()

    def __init__(self, look: Look, choice: SamplingChoice) -> None:
        super().__init__()
        self.setObjectName("presetBar")
        self._choice = choice
        self._naming: _Naming = ""
        self._removed: Removed | None = None
        self.combo = ChoiceBox(look)
        self.combo.setObjectName("presetChoice")
        self.combo.setAccessibleName(tr("Preset"))
        self.combo.activated.connect(lambda index: self._choose(self.combo.itemData(index)))
        self._more = IconButton(look, "more", tr("Preset menu"), "presetMenuButton")
        self._menu = QMenu(self)
        self._menu.setObjectName("presetMenu")
        self._save = self._action(tr("Save as…"), "presetSave", lambda: self._name("save"))
        self._update = self._action(tr("Save changes"), "presetUpdate", self._update_preset)
        self._rename = self._action(tr("Rename…"), "presetRename", lambda: self._name("rename"))
        self._delete = self._action(tr("Delete"), "presetDelete", self._remove)
        self._menu.addSeparator()
        self._action(tr("Export and import…"), "presetFiles", self.files_wanted.emit)
        self._more.setMenu(self._menu)
        self._message = label("", "small", name="presetMessage", wrap=True)
        self._undo = button(tr("Undo"), "presetUndo", "quiet", on_click=self._put_back)
        self._build()
        self.refresh()

    def refresh(self) -> None:
        self.combo.blockSignals(True)
        self.combo.clear()
        for preset in self._choice.presets:
            text = tr(preset.label) if preset.builtin else preset.label
            self.combo.addItem(text, preset.key)
        preset = self._choice.preset
        self.combo.setCurrentIndex(self.combo.findData(preset.key))
        self.combo.blockSignals(False)
        self.update_actions()

    def update_actions(self) -> None:
        own = not self._choice.preset.builtin
        self._rename.setEnabled(own)
        self._delete.setEnabled(own)
        self._update.setEnabled(own and bool(self._choice.differing))

    def _choose(self, key: str) -> None:
        self._say("")
        self._choice.choose(key)
        self.changed.emit()

    def _name(self, naming: _Naming) -> None:
        self._naming = naming
        self._say("")
        self.name_field.setText(self._choice.preset.label if naming == "rename" else "")
        self._row.show()
        self.name_field.selectAll()
        self.name_field.setFocus()

    def _name_given(self) -> None:
        label_text = self.name_field.text()
        try:
            if self._naming == "rename":
                self._choice.rename(label_text)
            else:
                self._choice.save_as(label_text)
        except KnownError as error:
            self._say(str(error), tone="bad")
            return
        self.end_naming()
        self.refresh()
        self.changed.emit()

    def end_naming(self) -> bool:
        """False when nothing was being named."""
        if not self._naming:
            return False
        self._naming = ""
        self._row.hide()
        self._say("")
        self.combo.setFocus()
        return True

    def _cancel_naming(self) -> None:
        self.end_naming()

    def _update_preset(self) -> None:
        self._choice.update()
        self._say(tr("Saved to “{label}”.", label=self._choice.preset.label))
        self.changed.emit()

    def _remove(self) -> None:
        self._removed = self._choice.remove()
        self.refresh()
        self._say(tr("Deleted “{label}”.", label=self._removed.preset.label), undo=True)
        self.changed.emit()

    def _put_back(self) -> None:
        if self._removed is not None:
            self._choice.put_back(self._removed)
            self._removed = None
            self.refresh()
            self._say("")
            self.changed.emit()

    def _say(self, text: str, *, undo: bool = False, tone: str = "small") -> None:
        restyle(self._message, "tone", tone)
        self._message.setText(text)
        self._message.setVisible(bool(text))
        self._undo.setVisible(undo)

    def _action(self, text: str, name: str, call: Callable[[], None]) -> QAction:
        action = QAction(text, self._menu)
        action.setObjectName(name)
        action.triggered.connect(lambda *_: call())
        self._menu.addAction(action)
        return action

    def _build(self) -> None:
        self.name_field = QLineEdit()
        self.name_field.setObjectName("presetName")
        self.name_field.setAccessibleName(tr("Name of the preset"))
        self.name_field.setPlaceholderText(tr("Name of the preset"))
        self.name_field.setMaxLength(80)
        self.name_field.returnPressed.connect(self._name_given)
        self._row = QWidget()
        self._row.setObjectName("presetNaming")
        naming = QHBoxLayout(self._row)
        naming.setContentsMargins(0, 0, 0, 0)
        naming.setSpacing(6)
        naming.addWidget(self.name_field, 1)
        naming.addWidget(button(tr("Save"), "presetNameSave", on_click=self._name_given))
        naming.addWidget(button(tr("Cancel"), "presetNameCancel", on_click=self._cancel_naming))
        self._row.hide()
        top = QHBoxLayout()
        top.setSpacing(6)
        top.addWidget(self.combo, 1)
        top.addWidget(self._more)
        said = QHBoxLayout()
        said.addWidget(self._message, 1)
        said.addWidget(self._undo)
        self._undo.hide()
        self._message.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(top)
        column.addWidget(self._row)
        column.addLayout(said)
