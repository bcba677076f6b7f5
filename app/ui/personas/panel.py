"""The instructions of the open chat, beside it."""

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QMenu,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from app.core.errors import KnownError
from app.core.language import tr
from app.core.personas import MOST_INSTRUCTIONS
from app.core.units import count
from app.ui.chat.model_state import Ability
from app.ui.chat.side_panel import SidePanel
from app.ui.look import Look
from app.ui.personas.asking import Asking
from app.ui.personas.naming import NamingRow
from app.ui.personas.words import manner_lines, size_text
from app.ui.widgets import ChoiceBox, IconButton, button, label, restyle, single_shot

_TYPING_MS = 300
_COUNTING_MS = 400


Counted = Callable[[int], None]


class InstructionsPanel(SidePanel):
    """What is typed counts from the next question on. `close_wanted`: fold the panel. counter: has
    the open model count the tokens of a text, and is told later, or never, how many."""

    close_wanted = Signal()
    persona_saved = Signal()
    sampling_wanted = Signal()
    manage_wanted = Signal()

    def __init__(
        self,
        look: Look,
        asking: Asking,
        counter: Callable[[str, Counted], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("instructionsPanel")
        self.setAccessibleName(tr("Instructions"))
        self.setProperty("bar", "side")
        self._asking = asking
        self._ability = Ability(True)
        self._counter = counter
        self._exact: tuple[str, int] | None = None
        self._asked_for = ""
        self._counting = single_shot(self, _COUNTING_MS, self._ask_for_count)
        self._typing = single_shot(self, _TYPING_MS, asking.flush)
        self._told: tuple[int | None, str] = (None, "")
        self._names: tuple[object, ...] = ()
        self.persona = ChoiceBox(look)
        self.persona.setObjectName("personaChoice")
        self.persona.setAccessibleName(tr("Persona of this chat"))
        self.persona.activated.connect(lambda at: self._choose(self.persona.itemData(at)))
        self._more = IconButton(look, "more", tr("Persona menu"), "personaPanelMenu")
        self._menu = QMenu(self)
        self._menu.setObjectName("personaPanelMenuList")
        self.save_as = self._action(tr("Save as a new persona…"), "personaSaveAs", self._name)
        self.save = self._action(tr("Save changes"), "personaSave", self._save)
        self.back = self._action(tr("Undo the changes of this chat"), "personaBack", self._back)
        self._menu.addSeparator()
        self._action(tr("Manage personas…"), "personaPanelManage", self.manage_wanted.emit)
        self._more.setMenu(self._menu)
        self.naming = NamingRow("personaPanel", tr("Name of the persona"))
        self.naming.named.connect(self._named)
        self.naming.ended.connect(lambda: self._say(""))
        self.message = label("", "small", name="personaPanelMessage", wrap=True)
        self.message.hide()
        self.text = QPlainTextEdit()
        self.text.setObjectName("instructionsText")
        self.text.setAccessibleName(tr("Instructions of this chat"))
        self.text.setProperty("field", "text")
        self.text.setTabChangesFocus(True)
        self.text.setPlaceholderText(
            tr("Who the model is, what it should know, how it should answer. Empty: nothing.")
        )
        self.text.textChanged.connect(self._typed)
        self.counted = label("", "small", name="instructionsSize", wrap=True)
        self.unusable = label("", "bad", name="instructionsUnusable", wrap=True)
        self.also = label("", "small", name="instructionsAlso", wrap=True)
        self._build(look)
        self.refresh()

    def set_ability(self, ability: Ability) -> None:
        """Whether the open model's template takes instructions."""
        self._ability = ability
        self._exact, self._asked_for = None, ""
        self.refresh()

    def refresh(self) -> None:
        """Show the chat as it is asked now."""
        asking, kept = self._asking, self._asking.manner.system_prompt
        if self._told != (asking.conversation, kept):
            self._told = (asking.conversation, kept)
            self._show_text(kept)
        self._show_personas()
        persona = asking.persona
        self.save.setEnabled(asking.differs and persona is not None and not persona.builtin)
        self.back.setEnabled(asking.differs)
        self.text.setEnabled(self._ability.available)
        self.unusable.setText(self._unusable())
        self.unusable.setVisible(not self._ability.available)
        self.also.setText("\n".join(manner_lines(asking)))
        self._count()

    def focus_first(self) -> None:
        (self.text if self._ability.available else self.persona).setFocus()

    def escape(self) -> None:
        """Give up naming, else close."""
        if not self.naming.end():
            self.close_wanted.emit()

    def _show_text(self, text: str) -> None:
        """The cursor stays where somebody types it."""
        if self.text.toPlainText() != text:
            self.text.blockSignals(True)
            self.text.setPlainText(text)
            self.text.blockSignals(False)

    def _typed(self) -> None:
        text = self.text.toPlainText()
        if len(text) > MOST_INSTRUCTIONS:
            self._count()
            return
        self._told = (self._asking.conversation, text)
        self._typing.start()
        self._asking.set_instructions(text)

    def _count(self) -> None:
        text = self.text.toPlainText()
        if len(text) > MOST_INSTRUCTIONS:
            self.counted.setText(
                tr(
                    "{count} characters, and {most} are possible. The text before still counts.",
                    count=count(len(text)),
                    most=count(MOST_INSTRUCTIONS),
                )
            )
            restyle(self.counted, "tone", "bad")
            return
        restyle(self.counted, "tone", "small")
        exact = self._exact[1] if self._exact is not None and self._exact[0] == text else None
        self.counted.setText(size_text(text, exact, asked=self._asking.has_been_asked))
        if exact is None and text.strip() and text != self._asked_for:
            self._counting.start()

    def _ask_for_count(self) -> None:
        self._asked_for = text = self.text.toPlainText()

        def told(tokens: int) -> None:
            self._exact = text, tokens
            self._count()

        self._counter(text, told)

    def _unusable(self) -> str:
        if self._ability.available:
            return ""
        kept = self.text.toPlainText().strip()
        said = tr("They stay with the chat and are not sent.") if kept else ""
        return " ".join(filter(None, (self._ability.reason, said)))

    def _show_personas(self) -> None:
        asking, box = self._asking, self.persona
        labels = tuple((one.key, one.label) for one in asking.personas)
        names = (labels, asking.manner.persona, asking.label, asking.differs)
        if names == self._names:
            return
        self._names = names
        box.blockSignals(True)
        box.clear()
        for persona in asking.personas:
            box.addItem(tr(persona.label) if persona.builtin else persona.label, persona.key)
        key = asking.manner.persona
        if asking.persona is None:
            box.addItem(tr("{name} (deleted)", name=asking.label), key)
        at = box.findData(key)
        if asking.differs:
            box.setItemText(at, " · ".join((box.itemText(at), tr("changed"))))
        box.setCurrentIndex(at)
        box.blockSignals(False)

    def _choose(self, key: str) -> None:
        self._say("")
        self._asking.choose(key)

    def _back(self) -> None:
        self._choose(self._asking.manner.persona)

    def _save(self) -> None:
        try:
            saved = self._asking.save()
        except KnownError as error:
            self._say(str(error), bad=True)
        else:
            self.persona_saved.emit()
            self._say(tr("Saved to “{name}”. Other chats stay as they are.", name=saved.label))

    def _name(self) -> None:
        self._say("")
        self.naming.begin()

    def _named(self, name: str) -> None:
        try:
            made = self._asking.save_as(name)
        except KnownError as error:
            self._say(str(error), bad=True)
            return
        self.naming.end()
        self.persona_saved.emit()
        self._say(tr("Saved as “{name}”.", name=made.label))
        self.persona.setFocus()

    def _say(self, text: str, *, bad: bool = False) -> None:
        restyle(self.message, "tone", "bad" if bad else "small")
        self.message.setText(text)
        self.message.setVisible(bool(text))

    def _action(self, text: str, name: str, call: Callable[[], object]) -> QAction:
        action = QAction(text, self._menu)
        action.setObjectName(name)
        action.triggered.connect(lambda *_: call())
        self._menu.addAction(action)
        return action

    def _build(self, look: Look) -> None:
        close = IconButton(
            look,
            "cross",
            tr("Close the instructions"),
            "closeInstructions",
            on_click=self.close_wanted.emit,
        )
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 0, 0)
        head.addWidget(label(tr("Instructions"), "title", name="instructionsTitle"), 1)
        head.addWidget(close)
        who = QHBoxLayout()
        who.setSpacing(8)
        who.addWidget(self.persona, 1)
        who.addWidget(self._more)
        sampling = button(
            tr("Sampling…"), "instructionsSampling", "quiet", on_click=self.sampling_wanted.emit
        )
        also = QHBoxLayout()
        also.setSpacing(8)
        also.addWidget(self.also, 1)
        also.addWidget(sampling, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 10, 12, 16)
        column.setSpacing(8)
        column.addLayout(head)
        column.addLayout(who)
        column.addWidget(self.naming)
        column.addWidget(self.message)
        told = tr("The model reads this first, before every answer of this chat.")
        column.addWidget(label(told, "muted", wrap=True))
        column.addWidget(self.unusable)
        column.addWidget(self.text, 1)
        column.addWidget(self.counted)
        column.addWidget(_line())
        column.addLayout(also)


def _line() -> QFrame:
    made = QFrame()
    made.setProperty("line", "true")
    return made
