"""All personas, one line each: edited, duplicated, deleted and taken back in place."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from app.core.errors import KnownError
from app.core.language import mark, tr
from app.core.personas import NO_PERSONA, Persona
from app.settings.declared import OWN_PERSONAS, OWN_PRESETS
from app.settings.personas import (
    RemovedPersona,
    add_persona,
    change_persona,
    duplicate_persona,
    personas,
    put_persona_back,
    remove_persona,
)
from app.settings.store import SettingsStore
from app.ui.look import Look
from app.ui.personas.button import first_words
from app.ui.personas.editor import PersonaEditor
from app.ui.personas.words import persona_lines
from app.ui.settings.rows import Row
from app.ui.widgets import IconButton, button, label, plain_tip

_WORDS = mark(
    "personas instructions system prompt role character assistant new edit duplicate delete"
)
_LONGEST_TIP = 1_000


class PersonaLine(QFrame):
    """One of them. Built-in ones can be duplicated, not changed."""

    edit_wanted = Signal(str)
    copy_wanted = Signal(str)
    export_wanted = Signal(str)
    delete_wanted = Signal(str)

    def __init__(self, look: Look, persona: Persona) -> None:
        super().__init__()
        self.key = persona.key
        self.setObjectName(f"personaLine-{persona.key}")
        name = tr(persona.label) if persona.builtin else persona.label
        told = tr(persona.note) if persona.note else first_words(persona.system_prompt)
        told = " · ".join(filter(None, (told, *persona_lines(persona) * (not persona.note))))
        words = QVBoxLayout()
        words.setSpacing(2)
        title = label(name, "strong", name=f"personaLabel-{persona.key}", wrap=True)
        title.setToolTip(plain_tip(persona.system_prompt[:_LONGEST_TIP]))
        words.addWidget(title)
        words.addWidget(label(told or tr("No instructions."), "small", wrap=True))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 8, 0, 8)
        row.setSpacing(4)
        row.addLayout(words, 1)
        self.buttons: dict[str, IconButton] = {}
        actions: list[tuple[str, str, str, Callable[[], None]]] = [
            ("copy", "duplicate", tr("Duplicate “{name}”", name=name), self._copy),
        ]
        if not persona.builtin:
            actions = [
                ("pencil", "edit", tr("Edit “{name}”", name=name), self._edit),
                *actions,
                ("external", "export", tr("Export “{name}”…", name=name), self._export),
                ("trash", "delete", tr("Delete “{name}”", name=name), self._delete),
            ]
        for icon, what, told, call in actions:
            made = IconButton(look, icon, told, f"persona-{what}-{persona.key}", on_click=call)
            self.buttons[what] = made
            row.addWidget(made, 0, Qt.AlignmentFlag.AlignTop)

    def _edit(self) -> None:
        self.edit_wanted.emit(self.key)

    def _copy(self) -> None:
        self.copy_wanted.emit(self.key)

    def _export(self) -> None:
        self.export_wanted.emit(self.key)

    def _delete(self) -> None:
        self.delete_wanted.emit(self.key)


class PersonaListRow(Row):
    """saved: to be called after every change. `export_wanted` brings a key."""

    export_wanted = Signal(str)

    def __init__(self, look: Look, settings: SettingsStore, saved: Callable[[], None]) -> None:
        super().__init__(tr("Personas {words}", words=_WORDS))
        self.setObjectName("settingRow-personas")
        self.setProperty("card", "true")
        self._look, self._settings, self._saved = look, settings, saved
        self.lines: dict[str, PersonaLine] = {}
        self.editor: PersonaEditor | None = None
        self._removed: RemovedPersona | None = None
        self._dropped: Persona | None = None
        self.new = button(tr("New persona"), "personaNew", on_click=self._new)
        self._message = label("", "small", name="personaListMessage", wrap=True)
        self._undo = button(tr("Undo"), "personaUndo", "quiet", on_click=self._put_back)
        head = QHBoxLayout()
        head.addWidget(label(tr("All personas"), "strong"), 1)
        head.addWidget(self.new)
        told = QHBoxLayout()
        told.addWidget(self._message, 1)
        told.addWidget(self._undo)
        text = tr(
            "Instructions for the model under a name, with sampling, thinking and tools. A chat "
            "keeps a copy: changing or deleting a persona changes no chat."
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 12, 12)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(label(text, "muted", wrap=True))
        column.addLayout(told)
        self._lines = QVBoxLayout()
        self._lines.setSpacing(0)
        column.addLayout(self._lines)
        self._say("")
        ends = [
            settings.subscribe(OWN_PERSONAS, lambda _: self._rebuild()),
            settings.subscribe(OWN_PRESETS, lambda _: self._rebuild()),
        ]
        self.destroyed.connect(partial(end_all, ends))
        self._rebuild()

    def _rebuild(self) -> None:
        """An open editor stays open."""
        for line in self.lines.values():
            line.hide()
            line.deleteLater()
        while self._lines.count():
            self._lines.takeAt(0)
        self.lines = {}
        for persona in personas(self._settings):
            if persona.key == NO_PERSONA.key:
                continue
            self.lines[persona.key] = line = PersonaLine(self._look, persona)
            line.edit_wanted.connect(self._edit)
            line.copy_wanted.connect(self._copy)
            line.export_wanted.connect(self.export_wanted)
            line.delete_wanted.connect(self._delete)
            self._lines.addWidget(line)
        if self.editor is not None:
            self._place(self.editor)

    def _new(self) -> None:
        self._open(Persona("", ""))

    def _edit(self, key: str) -> None:
        found = next(one for one in personas(self._settings) if one.key == key)
        self._open(found)

    def _open(self, persona: Persona, filled: Persona | None = None) -> None:
        """What is in an open editor is not lost: it is offered again."""
        self._close()
        self.editor = editor = PersonaEditor(self._look, self._settings, persona, filled)
        editor.setProperty("persona", persona.key)
        editor.saved.connect(self._save)
        editor.dropped.connect(lambda _: self._close())
        self._place(editor)
        editor.name.setFocus()
        QTimer.singleShot(0, editor, editor.reveal)

    def _place(self, editor: PersonaEditor) -> None:
        """In the place of its persona's line, a new one above all."""
        key = str(editor.property("persona"))
        line = self.lines.get(key)
        at = self._lines.indexOf(line) if line is not None else 0
        if line is not None:
            line.hide()
        self._lines.insertWidget(at, editor)
        editor.show()

    def _close(self) -> None:
        editor, self.editor = self.editor, None
        if editor is None:
            return
        self._dropped = editor.persona if editor.changed else None
        line = self.lines.get(str(editor.property("persona")))
        if line is not None:
            line.show()
        self._lines.removeWidget(editor)
        editor.hide()
        editor.deleteLater()
        self._removed = None
        self._say(tr("What you had changed was not saved.") if self._dropped else "", undo=True)
        self.new.setFocus()

    def _save(self, persona: Persona) -> None:
        if self.editor is None:
            return
        try:
            if persona.key:
                made = change_persona(self._settings, persona)
            else:
                made = add_persona(self._settings, persona)
        except KnownError as error:
            self.editor.refuse(str(error))
            return
        self._close()
        self._dropped = None
        self._rebuild()
        self._say(tr("Saved “{name}”.", name=made.label))
        self._saved()
        self._focus(made.key, "edit")

    def _copy(self, key: str) -> None:
        try:
            made = duplicate_persona(self._settings, key)
        except KnownError as error:
            self._say(str(error))
            return
        self._removed = self._dropped = None
        self._say(tr("Made “{name}”.", name=made.label))
        self._saved()
        self._focus(made.key, "edit")

    def _delete(self, key: str) -> None:
        self._close()
        self._removed, self._dropped = remove_persona(self._settings, key), None
        text = tr("Deleted “{name}”. Its chats stay as they are.", name=self._removed.persona.label)
        self._say(text, undo=True)
        self._saved()
        self._undo.setFocus()

    def _put_back(self) -> None:
        if self._dropped is not None:
            dropped, self._dropped = self._dropped, None
            self._say("")
            kept = next((one for one in personas(self._settings) if one.key == dropped.key), None)
            self._open(kept or Persona("", ""), dropped)
        elif self._removed is not None:
            put = put_persona_back(self._settings, self._removed)
            self._removed = None
            self._say("")
            self._saved()
            self._focus(put.key, "edit")

    def _focus(self, key: str, what: str) -> None:
        line = self.lines.get(key)
        if line is not None and what in line.buttons:
            line.buttons[what].setFocus()

    def _say(self, text: str, *, undo: bool = False) -> None:
        self._message.setText(text)
        self._message.setVisible(bool(text))
        self._undo.setVisible(undo and bool(text))


def end_all(ends: list[Callable[[], None]], _gone: QWidget | None = None) -> None:
    """The settings outlive the page."""
    for end in ends:
        end()
