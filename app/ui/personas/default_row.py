"""Which persona a new chat begins with."""

from collections.abc import Callable
from functools import partial

from PySide6.QtWidgets import QVBoxLayout

from app.core.language import tr
from app.settings.declared import OWN_PERSONAS, PERSONA
from app.settings.personas import default_persona, personas
from app.settings.store import SettingsStore
from app.ui.look import Look
from app.ui.personas.list_row import end_all
from app.ui.settings.rows import Row
from app.ui.widgets import ChoiceBox, label

_WIDTH = 260


class DefaultPersonaRow(Row):
    """saved: to be called after every change."""

    def __init__(self, look: Look, settings: SettingsStore, saved: Callable[[], None]) -> None:
        super().__init__(
            tr("{label} {help} default persona start", label=PERSONA.label, help=PERSONA.help)
        )
        self.setObjectName(f"settingRow-{PERSONA.key}")
        self.setProperty("card", "true")
        self._settings, self._saved = settings, saved
        self.box = ChoiceBox(look)
        self.box.setObjectName(f"setting-{PERSONA.key}")
        self.box.setAccessibleName(tr(PERSONA.label))
        self.box.setAccessibleDescription(tr(PERSONA.help))
        self.box.setFixedWidth(_WIDTH)
        self.box.activated.connect(lambda at: self._choose(self.box.itemData(at)))
        title = label(tr(PERSONA.label), "strong")
        title.setBuddy(self.box)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 12, 14)
        column.setSpacing(4)
        column.addWidget(title)
        column.addWidget(label(tr(PERSONA.help), "muted", wrap=True))
        column.addSpacing(4)
        column.addWidget(self.box)
        ends = [settings.subscribe(PERSONA, lambda _: self._show())]
        ends.append(settings.subscribe(OWN_PERSONAS, lambda _: self._show()))
        self.destroyed.connect(partial(end_all, ends))
        self._show()

    def _show(self) -> None:
        self.box.clear()
        for persona in personas(self._settings):
            self.box.addItem(tr(persona.label) if persona.builtin else persona.label, persona.key)
        self.box.setCurrentIndex(self.box.findData(default_persona(self._settings).key))

    def _choose(self, key: str) -> None:
        self._settings.set(PERSONA, key)
        self._saved()
