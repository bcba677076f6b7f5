"""A setting on the page: label, help, editor, and the way back to the default."""

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from app.core.language import tr
from app.settings.setting import Setting
from app.settings.store import SettingsStore
from app.ui.chat.model_state import Ability
from app.ui.look import Look
from app.ui.settings.editors import editor_for
from app.ui.widgets import IconButton, label, restyle


class Row(QFrame):
    """Anything on the page that can be looked for."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self._words = words.casefold()

    def add_words(self, words: str) -> None:
        self._words += f" {words.casefold()}"

    def matches(self, text: str) -> bool:
        return all(word in self._words for word in text.casefold().split())

    def mark(self, found: bool) -> None:
        restyle(self, "found", found)


class SettingRow(Row):
    """In step with the store, whoever changes the setting."""

    def __init__(
        self,
        look: Look,
        settings: SettingsStore,
        setting: Setting[Any],
        changed: Callable[[], None],
        problem: Callable[[str], str] | None = None,
    ) -> None:
        shown = setting.shown
        words = f"{setting.label} {setting.help} {shown.words if shown else ''}"
        words += f" {tr(setting.label)} {tr(setting.help)}"
        super().__init__(words)
        self.setObjectName(f"settingRow-{setting.key}")
        self.setProperty("card", "true")
        self._settings, self._setting, self._changed = settings, setting, changed
        self._mark = label("●", "dot", name=f"setting-{setting.key}-mark")
        self._mark.setToolTip(tr("Not the default"))
        self._reset = IconButton(
            look,
            "reset",
            tr("Reset “{label}” to the default", label=tr(setting.label)),
            f"setting-{setting.key}-reset",
            kind="mini",
            on_click=self.reset,
        )
        policy = self._reset.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._reset.setSizePolicy(policy)
        self.editor = editor_for(look, setting, problem)
        self.editor.edited.connect(self._edited)
        title = label(tr(setting.label), "strong", name=f"setting-{setting.key}-label")
        title.setBuddy(self.editor.focus_target)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(title)
        head.addWidget(self._mark)
        head.addStretch(1)
        head.addWidget(self._reset)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 10, 12, 14)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(label(tr(setting.help), "muted", wrap=True))
        column.addSpacing(4)
        column.addWidget(self.editor)
        self._why = label("", "muted", name=f"setting-{setting.key}-why", wrap=True)
        self._why.hide()
        column.addWidget(self._why)
        self._end = settings.subscribe(setting, lambda _: self.refresh())
        self.refresh()

    @property
    def key(self) -> str:
        return self._setting.key

    def refresh(self) -> None:
        value = self._settings.get(self._setting)
        differs = value != self._setting.default
        self.editor.show_value(value)
        self._mark.setVisible(differs)
        self._reset.setVisible(differs)

    def set_ability(self, ability: Ability) -> None:
        """Whether it can be had now; what was chosen stays chosen."""
        self.editor.setEnabled(ability.available)
        self._why.setText("" if ability.available else ability.reason)
        self._why.setVisible(not ability.available)

    def reset(self) -> None:
        self._settings.reset(self._setting)
        self._changed()
        self.editor.focus_target.setFocus()

    def stop(self) -> None:
        """To be called before it goes."""
        self._end()

    def _edited(self, value: object) -> None:
        self._settings.set(self._setting, value)
        self._changed()


class TextRow(Row):
    """Words and, below them, whatever else."""

    def __init__(self, title: str, text: str, *below: QWidget, name: str) -> None:
        super().__init__(f"{title} {text}")
        self.setObjectName(f"settingRow-{name}")
        self.setProperty("card", "true")
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 12, 14)
        column.setSpacing(4)
        column.addWidget(label(title, "strong"))
        if text:
            column.addWidget(label(text, "muted", wrap=True))
        for widget in below:
            column.addSpacing(4)
            column.addWidget(widget)
