"""The page of the settings where personas are made, changed, deleted, exported and imported."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.core.errors import KnownError
from app.core.personas import CODE, NO_PERSONA, Persona, use_of
from app.core.sampling import GLM_CODE, Sampling
from app.core.tasks import TaskRunner
from app.settings.declared import OWN_PERSONAS, OWN_PRESETS, PERSONA
from app.settings.exchange import FORMAT, Exchange, write_exchange
from app.settings.exchange_files import read_file, write_file
from app.settings.personas import add_persona
from app.settings.presets import add_preset
from app.settings.store import SettingsStore
from app.ui.application import Desktop, application
from app.ui.look import Look
from app.ui.personas.default_row import DefaultPersonaRow
from app.ui.personas.files_row import PersonaFilesRow, dropped_file
from app.ui.personas.list_row import PersonaListRow
from app.ui.personas.whole import persona_rows
from app.ui.settings.page import Extra, SettingsPage
from app.ui.shell import SETTINGS, Shell
from tests.ui.scripted import ScriptedBackend


class Saves:
    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


@pytest.fixture
def saves() -> Saves:
    return Saves()


@pytest.fixture
def every(
    qtbot: QtBot, look: Look, settings: SettingsStore, saves: Saves
) -> Iterator[PersonaListRow]:
    row = PersonaListRow(look, settings, saves)
    scroll = QScrollArea()
    holder = QWidget()
    QVBoxLayout(holder).addWidget(row)
    scroll.setWidget(holder)
    scroll.setWidgetResizable(True)
    scroll.resize(700, 500)
    scroll.show()
    qtbot.addWidget(scroll)
    yield row


@pytest.fixture
def files(
    qtbot: QtBot, look: Look, settings: SettingsStore, tasks: TaskRunner, saves: Saves
) -> PersonaFilesRow:
    row = PersonaFilesRow(look, settings, tasks, saves)
    qtbot.addWidget(row)
    row.show()
    return row


def _button(row: QWidget, name: str) -> QPushButton:
    found = row.findChild(QPushButton, name)
    assert found is not None, name
    return found


def _labels(settings: SettingsStore) -> list[str]:
    return [one.label for one in settings.get(OWN_PERSONAS)]


def test_one_is_made(every: PersonaListRow, settings: SettingsStore, saves: Saves) -> None:
    every.new.click()
    editor = every.editor
    assert editor is not None
    _button(editor, "personaEditorSave").click()
    assert editor._problem.isVisible(), "it has no name yet"
    QTest.keyClicks(editor.name, "Poet")
    editor.text.setPlainText("Rhyme.")
    assert "tokens" in editor._counted.text()
    editor.tools.setCurrentIndex(2)
    at = editor.preset.findData(GLM_CODE.key)
    editor.preset.setCurrentIndex(at)
    editor.preset.activated.emit(at)
    editor.values.click()
    assert editor._fields is not None
    assert "open" in editor.values.accessibleName()
    editor._fields.fields["min_p"].editor.set_value(0.1)
    editor._fields.fields["min_p"].editor.edited.emit()
    assert editor.values.text() == "Values · 1 changed"
    _button(editor, "personaEditorSave").click()
    [poet] = settings.get(OWN_PERSONAS)
    assert (poet.label, poet.system_prompt) == ("Poet", "Rhyme.")
    assert (poet.thinking, poet.tools) == (None, False)
    assert poet.sampling is not None
    assert (poet.sampling.preset, poet.sampling.changed) == (GLM_CODE.key, frozenset({"min_p"}))
    assert poet.sampling.values.top_k == 40
    assert every.editor is None
    assert saves.count == 1


def test_one_is_changed_in_place_of_its_line(
    every: PersonaListRow, settings: SettingsStore
) -> None:
    mine = add_persona(settings, Persona("", "Mine", "Old.", use_of(GLM_CODE)))
    every.lines[mine.key].buttons["edit"].click()
    assert every.editor is not None
    assert not every.lines[mine.key].isVisible()
    every.editor.text.setPlainText("New.")
    every.editor.preset.activated.emit(0)
    every.editor.name.setText("glm code")
    _button(every.editor, "personaEditorSave").click()
    assert "already" in every.editor._problem.text()
    every.editor.name.setText("Mine")
    _button(every.editor, "personaEditorSave").click()
    [changed] = settings.get(OWN_PERSONAS)
    assert (changed.key, changed.system_prompt, changed.sampling) == (mine.key, "New.", None)


def test_what_was_typed_and_not_saved_comes_back(
    every: PersonaListRow, settings: SettingsStore
) -> None:
    mine = add_persona(settings, Persona("", "Mine", "Old."))
    every.lines[mine.key].buttons["edit"].click()
    assert every.editor is not None
    every.editor.text.setPlainText("Typed.")
    QTest.keyClick(every.editor.name, Qt.Key.Key_Escape)
    assert every.lines[mine.key].isVisible(), "the editor is gone"
    assert settings.get(OWN_PERSONAS)[0].system_prompt == "Old."
    every._undo.click()
    assert every.editor is not None
    assert every.editor.text.toPlainText() == "Typed."
    _button(every.editor, "personaEditorSave").click()
    assert settings.get(OWN_PERSONAS)[0].system_prompt == "Typed."


def test_nothing_is_said_when_nothing_was_changed(every: PersonaListRow) -> None:
    every.new.click()
    assert every.editor is not None
    _button(every.editor, "personaEditorCancel").click()
    assert not every._message.isVisible()
    assert not every._undo.isVisible()


def test_an_open_editor_outlives_changes_elsewhere(
    every: PersonaListRow, settings: SettingsStore
) -> None:
    every.new.click()
    assert every.editor is not None
    every.editor.name.setText("Typed")
    add_persona(settings, Persona("", "From elsewhere"))
    assert every.editor is not None
    assert every.editor.isVisible()
    assert every.editor.name.text() == "Typed"


def test_duplicated_deleted_and_taken_back(
    every: PersonaListRow, settings: SettingsStore, saves: Saves
) -> None:
    assert set(every.lines[CODE.key].buttons) == {"duplicate"}, "it comes with the program"
    every.lines[CODE.key].buttons["duplicate"].click()
    [copy] = settings.get(OWN_PERSONAS)
    assert copy.label == "GLM code 2"
    settings.set(PERSONA, copy.key)
    every.lines[copy.key].buttons["delete"].click()
    assert _labels(settings) == []
    assert settings.get(PERSONA) == NO_PERSONA.key
    assert "Its chats stay as they are" in every._message.text()
    every._undo.click()
    assert settings.get(OWN_PERSONAS) == (copy,)
    assert settings.get(PERSONA) == copy.key
    assert saves.count == 3


def test_the_persona_of_new_chats_is_chosen(
    qtbot: QtBot, look: Look, settings: SettingsStore, saves: Saves
) -> None:
    row = DefaultPersonaRow(look, settings, saves)
    qtbot.addWidget(row)
    mine = add_persona(settings, Persona("", "Mine"))
    at = row.box.findData(mine.key)
    assert row.box.itemText(at) == "Mine"
    row.box.activated.emit(at)
    assert settings.get(PERSONA) == mine.key
    assert saves.count == 1


def test_out_and_in_again(
    qtbot: QtBot, files: PersonaFilesRow, settings: SettingsStore, tmp_path: Path, saves: Saves
) -> None:
    assert not files.export_all.isEnabled()
    add_preset(settings, "Calm", Sampling(temperature=0.4))
    mine = add_persona(settings, Persona("", "Mine", "Be brief."))
    assert files.export_all.isEnabled()
    target = tmp_path / "out.personas.json"
    files.export_to(str(target), files._own)
    qtbot.waitUntil(lambda: "written" in files._state.text())
    assert files._state.text() == "1 persona and 1 preset written to out.personas.json."
    settings.set(OWN_PERSONAS, ())
    settings.set(OWN_PRESETS, ())
    files.take(str(target))
    qtbot.waitUntil(lambda: files._state.text() == "2 added.")
    assert settings.get(OWN_PERSONAS)[0].system_prompt == mine.system_prompt
    assert saves.count == 1
    files._undo.click()
    assert settings.get(OWN_PERSONAS) == ()
    assert settings.get(OWN_PRESETS) == ()


def test_names_that_are_taken_are_asked_about_in_place(
    qtbot: QtBot, files: PersonaFilesRow, settings: SettingsStore, tmp_path: Path
) -> None:
    add_persona(settings, Persona("", "Poet", "Mine."))
    source = tmp_path / "in.json"
    many = [Persona("", f"P{number}") for number in range(30)]
    for one in many:
        add_persona(settings, one)
    strange = [Persona("", f"P{number}", "Otherwise.") for number in range(30)]
    source.write_bytes(
        write_exchange(
            Exchange((Persona("a", "Poet", "Theirs."), Persona("b", "Writing"), *strange))
        )
    )
    files.take(str(source))
    qtbot.waitUntil(lambda: files._asked is not None)
    assert len(settings.get(OWN_PERSONAS)) == 31, "nothing happens before the answer"
    assert files._asked is not None
    boxes = files._asked[1].findChildren(QComboBox)
    assert len(boxes) == 21
    assert [boxes[0].itemText(n) for n in range(3)] == ["Keep both", "Replace mine", "Leave it out"]
    assert boxes[1].count() == 2, "what comes with the program is not replaced"
    boxes[0].setCurrentIndex(1)
    for box in boxes[2:]:
        box.setCurrentIndex(box.findData("skip"))
    files._asked[1].take.click()
    assert files._import.hasFocus()
    assert files._state.text() == "1 added, 1 replaced, 30 left out."
    assert settings.get(OWN_PERSONAS)[0].system_prompt == "Theirs."
    assert _labels(settings)[-1] == "Writing 2"
    files._undo.click()
    assert settings.get(OWN_PERSONAS)[0].system_prompt == "Mine."


def test_giving_up_imports_nothing(
    qtbot: QtBot, files: PersonaFilesRow, settings: SettingsStore, tmp_path: Path
) -> None:
    add_persona(settings, Persona("", "Poet", "Mine."))
    source = tmp_path / "in.json"
    source.write_bytes(write_exchange(Exchange((Persona("a", "Poet", "Theirs."),))))
    files.take(str(source))
    qtbot.waitUntil(lambda: files._asked is not None)
    _button(files, "personaClashCancel").click()
    assert files._state.text() == "Nothing was imported."
    assert [one.system_prompt for one in settings.get(OWN_PERSONAS)] == ["Mine."]


def test_undo_does_not_take_what_came_after(
    qtbot: QtBot, files: PersonaFilesRow, settings: SettingsStore, tmp_path: Path
) -> None:
    source = tmp_path / "in.json"
    source.write_bytes(write_exchange(Exchange((Persona("a", "Poet"),))))
    files.take(str(source))
    qtbot.waitUntil(files._undo.isVisible)
    add_persona(settings, Persona("", "Later"))
    assert not files._undo.isVisible()


def test_a_bad_file_is_told_in_words(qtbot: QtBot, files: PersonaFilesRow, tmp_path: Path) -> None:
    source = tmp_path / "in.json"
    source.write_text("<html>")
    files.take(str(source))
    qtbot.waitUntil(lambda: "not imported" in files._state.text())
    assert files._state.property("tone") == "bad"
    source.write_text(
        json.dumps({"format": FORMAT, "version": 1, "personas": [{"label": "A", "x": 1}]})
    )
    files.take(str(source))
    qtbot.waitUntil(lambda: "does not know “x”" in files._state.text())
    assert files._state.property("tone") == "muted"


def _drop(path: Path) -> QDropEvent:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    _drop.kept = data  # type: ignore[attr-defined] # the event does not own it
    return QDropEvent(
        QPoint(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip


def test_a_file_is_dropped(
    qtbot: QtBot, files: PersonaFilesRow, settings: SettingsStore, tmp_path: Path
) -> None:
    source = tmp_path / "in.json"
    source.write_bytes(write_exchange(Exchange((Persona("a", "Poet"),))))
    files.dropEvent(_drop(source))
    qtbot.waitUntil(lambda: _labels(settings) == ["Poet"])


def test_only_one_local_file_of_that_kind_can_be_dropped() -> None:
    data = QMimeData()
    for urls, found in (
        ([], None),
        (["file:///a.txt"], None),
        (["https://example.org/a.json"], None),
        (["file:///a.json", "file:///b.json"], None),
        (["file:///a.JSON"], Path("/a.JSON")),
    ):
        data.setUrls([QUrl(url) for url in urls])
        assert dropped_file(data) == found


class _Window:
    """A window with the page of the settings."""

    def __init__(self, qtbot: QtBot, settings: SettingsStore) -> None:
        def builder(shell: Shell) -> QWidget:
            rows = Extra("Personas", lambda: persona_rows(shell))
            return SettingsPage(shell.look, shell.settings, shell.window.settings_changed, (rows,))

        self.desktop = Desktop(application(), ScriptedBackend(), settings, {SETTINGS.key: builder})
        self.desktop.window.show()
        qtbot.addWidget(self.desktop.window)


@pytest.fixture
def window(qtbot: QtBot, settings: SettingsStore) -> Iterator[_Window]:
    made = _Window(qtbot, settings)
    yield made
    made.desktop.window.close()
    assert made.desktop.close()


def test_a_file_of_personas_is_known_anywhere_in_the_window(
    qtbot: QtBot, window: _Window, settings: SettingsStore, tmp_path: Path
) -> None:
    source = tmp_path / "mine.personas.json"
    source.write_bytes(write_exchange(Exchange((Persona("a", "Poet"),))))
    window.desktop.window.dropEvent(_drop(source))
    assert window.desktop.window.current == SETTINGS.key
    qtbot.waitUntil(lambda: _labels(settings) == ["Poet"])


def test_the_menu_leads_to_all_personas(window: _Window) -> None:
    window.desktop.window.page.header.persona.manage.trigger()
    page = window.desktop.window.shown_page
    assert isinstance(page, SettingsPage)
    assert page.current == "Personas"
    assert page.findChild(PersonaListRow) is not None


def test_files_are_read_within_bounds_and_written_whole(tmp_path: Path) -> None:
    target = tmp_path / "a.json"
    exchange = Exchange((Persona("a", "Poet", "Rhyme."),))
    write_file(target, exchange)
    assert read_file(target).personas[0].system_prompt == "Rhyme."
    with pytest.raises(KnownError, match="could not be read"):
        read_file(tmp_path / "missing.json")
    with pytest.raises(KnownError, match="not an ordinary file"):
        read_file(tmp_path)
    with pytest.raises(KnownError, match="not written"):
        write_file(tmp_path / "no" / "such.json", exchange)
    big = tmp_path / "big.json"
    with big.open("wb") as file:
        file.truncate(40 * 1024 * 1024)
    with pytest.raises(KnownError, match="larger than 8 MiB"):
        read_file(big)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "big.json"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names here")
def test_a_pipe_does_not_hold_up_the_program(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    with pytest.raises(KnownError, match="not an ordinary file"):
        read_file(tmp_path / "pipe.json")


def test_every_control_has_a_name_and_is_reached_by_tab(
    window: _Window, settings: SettingsStore
) -> None:
    add_persona(settings, Persona("", "Mine"))
    main = window.desktop.window
    main.personas.show_instructions()
    panel = main.personas.instructions
    main.show_personas()
    page = main.shown_page
    every = page.findChild(PersonaListRow)
    assert every is not None
    every.new.click()
    rows = [page.findChild(kind) for kind in (DefaultPersonaRow, PersonaListRow, PersonaFilesRow)]
    controls = [
        widget
        for root in (panel, main.page.header.persona, main.page.empty.personas, *rows)
        if root is not None
        for widget in root.findChildren(QWidget)
        if isinstance(widget, QAbstractButton | QComboBox | QLineEdit | QPlainTextEdit)
        and not widget.objectName().startswith("qt_")
    ]
    assert len(controls) > 20
    assert [widget for widget in controls if not widget.objectName()] == []
    assert [one.objectName() for one in controls if not one.accessibleName()] == []
    tab = Qt.FocusPolicy.TabFocus
    assert [one.objectName() for one in controls if not one.focusPolicy() & tab] == []
    names = [widget.objectName() for widget in controls if widget.isVisibleTo(page)]
    assert len(names) == len(set(names)) > 10
    small = [one.objectName() for one in controls if one.isVisible() and one.height() < 24]
    assert small == []
