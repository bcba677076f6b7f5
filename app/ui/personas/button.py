"""The header's button for who the model is to be: which persona, and its menu."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QPushButton, QWidget

from app.core.language import mark, tr
from app.core.personas import NO_PERSONA, Persona
from app.ui.commands.command import command
from app.ui.look import Look
from app.ui.widgets import plain_tip, restyle

_WIDEST_NAME = 140
_GROUP = mark("Persona")


class PersonaButton(QPushButton):
    """`chosen` brings the key of a persona for the chat."""

    chosen = Signal(str)
    instructions_wanted = Signal()
    manage_wanted = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._name, self._differs, self._compact = "", False, False
        self.setObjectName("personaButton")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setIconSize(QSize(18, 18))
        self._menu = QMenu(tr("Persona"), self)
        self._menu.setObjectName("personaMenu")
        self._menu.setToolTipsVisible(True)
        self._group = QActionGroup(self)
        self._choices: list[QAction] = []
        self._shown: tuple[object, ...] = ()
        self._line = self._menu.addSeparator()
        self.instructions = command(
            self._menu,
            tr("Instructions of this chat…"),
            "openInstructions",
            self.instructions_wanted.emit,
            ["Ctrl+I"],
            group=tr(_GROUP),
        )
        self.manage = command(
            self._menu,
            tr("Manage personas…"),
            "managePersonas",
            self.manage_wanted.emit,
            group=tr(_GROUP),
        )
        self.setMenu(self._menu)
        self.show_state("", differs=False, told="")
        look.changed.connect(self._tint)

    def set_personas(self, personas: Sequence[Persona], current: str) -> None:
        """current: the key of the chat's own."""
        shown = (tuple((one.key, one.label, one.note) for one in personas), current)
        if shown == self._shown:
            return
        self._shown = shown
        for action in self._choices:
            self._group.removeAction(action)
            self._menu.removeAction(action)
            action.deleteLater()
        self._choices = [self._choice(persona, persona.key == current) for persona in personas]
        self._menu.insertActions(self._line, self._choices)

    def show_state(self, name: str, *, differs: bool, told: str) -> None:
        """name: of the chat's persona or what else stands for it, "" for nothing of the kind.
        differs: it was changed for the chat. told: in sentences, what the chat has of it."""
        self._name, self._differs = name, differs
        shown = " · ".join((name, tr("changed"))) if differs else name
        self.setAccessibleName(tr("Persona: {name}", name=shown) if name else tr("Persona: none"))
        self.setAccessibleDescription(told)
        self.setToolTip(plain_tip(told or tr("Instructions for the model, under a name")))
        self._write()

    def set_compact(self, compact: bool) -> None:
        """Only the sign, where there is little room."""
        self._compact = compact
        self._write()

    def _write(self) -> None:
        restyle(self, "kind", "icon" if self._compact else "plain")
        self._tint()
        metrics = self.fontMetrics()
        name = self._name or tr("Persona")
        shown = metrics.elidedText(name, Qt.TextElideMode.ElideRight, _WIDEST_NAME)
        mark = " •" if self._differs else ""
        self.setText("" if self._compact else f"{shown}{mark}".replace("&", "&&"))

    def _choice(self, persona: Persona, checked: bool) -> QAction:
        label = tr(persona.label) if persona.builtin else persona.label
        made = command(
            self._menu,
            label.replace("&", "&&"),
            f"persona-{persona.key}",
            partial(self.chosen.emit, persona.key),
            group=tr(_GROUP),
            full_title=label
            if persona.key == NO_PERSONA.key
            else tr("Persona: {name}", name=label),
        )
        made.setCheckable(True)
        made.setChecked(checked)
        made.setToolTip(plain_tip(tr(persona.note) or first_words(persona.system_prompt)))
        self._group.addAction(made)
        return made

    def _tint(self) -> None:
        """In colour where the name cannot tell that there is one."""
        shown = self._compact and bool(self._name)
        self.setIcon(self._look.icon("persona", "accent" if shown else "muted"))


def first_words(text: str, most: int = 160) -> str:
    """Of instructions, in one line."""
    words = " ".join(text[: 4 * most].split())
    return words if len(words) <= most else f"{words[:most].rstrip()}…"
