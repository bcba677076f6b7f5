"""Who the model is to be: chosen in a new chat, in the header and beside the chat."""

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from app.chat.store.store import ChatStore
from app.core.personas import CODE, MOST_INSTRUCTIONS, NO_PERSONA, WRITING, Persona, use_of
from app.core.sampling import GLM_CODE, GLM_GENERAL, GREEDY, Sampling
from app.settings.declared import OWN_PERSONAS, PERSONA
from app.settings.of_thinking import THINKING
from app.settings.personas import add_persona, change_persona, remove_persona
from app.settings.store import SettingsStore
from app.ui.chat.entries import Answer
from app.ui.chat.model_state import Ability
from app.ui.personas.asking import Asking
from app.ui.personas.panel import InstructionsPanel
from tests.ui.conftest import Driver
from tests.ui.kept import Kept, answer, kept_window
from tests.ui.scripted import DEMO, model


@pytest.fixture
def asking(driver: Driver) -> Asking:
    return driver.desktop.window.personas.asking


@pytest.fixture
def panel(driver: Driver) -> InstructionsPanel:
    driver.load()
    driver.desktop.window.personas.show_instructions()
    return driver.desktop.window.personas.instructions


def _chip(driver: Driver, key: str) -> QPushButton:
    found = driver.page.empty.findChild(QPushButton, f"personaChip-{key}")
    assert found is not None
    return found


def _action(driver: Driver, name: str) -> QAction:
    found = driver.page.header.persona.findChild(QAction, name)
    assert found is not None
    return found


def _load(driver: Driver, path: str) -> None:
    models = driver.desktop.session.models
    models.open(path, ask=False)
    driver.wait(lambda: models.ready is not None and models.ready.info.path == path)


def test_a_chip_in_a_new_chat_decides_how_it_is_asked(driver: Driver) -> None:
    driver.load()
    assert _chip(driver, NO_PERSONA.key).isChecked()
    _chip(driver, WRITING.key).click()
    assert not _chip(driver, NO_PERSONA.key).isChecked()
    driver.ask("A poem.", answer("Roses."))
    options = driver.backend.options[0]
    assert options.system_prompt == WRITING.system_prompt
    assert options.sampling == GLM_GENERAL.sampling
    assert driver.page.header.persona.text() == "Writing"
    driver.page.new_chat()
    assert driver.page.header.persona.text() == "Persona"
    assert _chip(driver, NO_PERSONA.key).isChecked()


def test_the_chosen_chip_stays_chosen_when_it_is_clicked_again(driver: Driver) -> None:
    chip = _chip(driver, CODE.key)
    chip.click()
    chip.click()
    assert chip.isChecked()


def test_the_headers_menu_gives_a_running_chat_another_persona(driver: Driver) -> None:
    driver.load()
    driver.ask("One?", answer("1"))
    _action(driver, f"persona-{CODE.key}").trigger()
    assert _action(driver, f"persona-{CODE.key}").isChecked()
    driver.ask("Two?", answer("2"))
    assert [one.sampling for one in driver.backend.options] == [Sampling(), GLM_CODE.sampling]
    assert "GLM code" in driver.page.header.persona.accessibleName()


def test_a_persona_sets_thinking_and_tools_visibly(
    driver: Driver, settings: SettingsStore, asking: Asking
) -> None:
    driver.load()
    quiet = add_persona(settings, Persona("", "Quiet", thinking=False, tools=False))
    asking.choose(quiet.key)
    composer = driver.page.composer
    assert (composer.thinking.isChecked(), composer.tools.isChecked()) == (False, False)
    composer.thinking.click()
    assert asking.differs
    assert driver.page.header.persona.text() == "Quiet •"
    asking.choose(NO_PERSONA.key)
    assert (composer.thinking.isChecked(), composer.tools.isChecked()) == (True, True)


def test_new_chats_begin_with_the_persona_of_the_settings(
    driver: Driver, settings: SettingsStore
) -> None:
    settings.set(PERSONA, WRITING.key)
    assert _chip(driver, WRITING.key).isChecked(), "nobody has touched this chat yet"
    driver.page.new_chat()
    assert driver.page.header.persona.text() == "Writing"
    _chip(driver, CODE.key).click()
    settings.set(PERSONA, NO_PERSONA.key)
    assert _chip(driver, CODE.key).isChecked(), "chosen for this chat"


def test_instructions_are_typed_beside_the_chat_and_sent(
    driver: Driver, panel: InstructionsPanel
) -> None:
    assert panel.isVisible()
    assert panel.text.hasFocus()
    QTest.keyClicks(panel.text, "Be brief. ")
    assert "tokens" in panel.counted.text()
    driver.ask("Why?", answer("So."))
    assert driver.backend.options[0].system_prompt == "Be brief."
    assert driver.page.header.persona.text() == "Instructions"
    assert panel.text.toPlainText() == "Be brief. ", "as it was typed"
    panel.text.setFocus()
    QTest.keyClick(panel.text, Qt.Key.Key_Escape)
    assert not panel.isVisible()


def test_ctrl_i_opens_the_instructions(driver: Driver) -> None:
    action = _action(driver, "openInstructions")
    assert action.shortcut().toString() == "Ctrl+I"
    driver.page.header.sampling.setChecked(True)
    action.trigger()
    room = driver.desktop.window.personas
    assert room.instructions.isVisible()
    assert not room.sampling.isVisible()
    assert not driver.page.header.sampling.isChecked()
    driver.page.header.sampling.click()
    assert room.sampling.isVisible()
    assert not room.instructions.isVisible()


def test_a_template_without_a_system_prompt_says_so(
    driver: Driver, panel: InstructionsPanel
) -> None:
    panel.text.setPlainText("Be brief.")
    reason = "This template has no place for it."
    driver.backend.loads["/models/other.gguf"] = model(
        "/models/other.gguf", demo=False, instructions=Ability(False, reason)
    )
    _load(driver, "/models/other.gguf")
    assert not panel.text.isEnabled()
    assert panel.unusable.isVisible()
    assert reason in panel.unusable.text()
    assert "not sent" in panel.unusable.text()
    assert reason in driver.page.header.persona.toolTip()
    driver.ask("Why?", answer("So."))
    assert driver.backend.options[0].system_prompt == ""
    _load(driver, DEMO)
    assert panel.text.isEnabled()
    assert panel.text.toPlainText() == "Be brief."
    driver.ask("Why?", answer("So."))
    assert driver.backend.options[1].system_prompt == "Be brief."


def test_too_much_is_said_and_does_not_replace_what_there_was(
    driver: Driver, panel: InstructionsPanel, asking: Asking
) -> None:
    panel.text.setPlainText("Be brief.")
    panel.text.setPlainText("x" * (MOST_INSTRUCTIONS + 1))
    assert "100,001 characters" in panel.counted.text()
    assert asking.manner.system_prompt == "Be brief."
    driver.page.composer.thinking.click()
    assert len(panel.text.toPlainText()) == MOST_INSTRUCTIONS + 1, "what was typed stays"
    driver.page.new_chat()
    assert panel.text.toPlainText() == ""


def test_a_chat_is_saved_as_a_persona(
    driver: Driver, panel: InstructionsPanel, settings: SettingsStore, asking: Asking
) -> None:
    panel.text.setPlainText("Rhyme.")
    driver.page.composer.thinking.click()
    panel.save_as.trigger()
    panel.naming.field.setText("glm CODE")
    panel.naming.field.returnPressed.emit()
    assert "already" in panel.message.text()
    assert panel.naming.isVisible()
    panel.naming.field.setText("Poet")
    panel.naming.field.returnPressed.emit()
    [poet] = settings.get(OWN_PERSONAS)
    assert (poet.label, poet.system_prompt, poet.thinking) == ("Poet", "Rhyme.", False)
    assert panel.persona.currentText() == "Poet"
    assert not asking.differs
    panel.text.setPlainText("Rhyme twice.")
    assert panel.persona.currentText() == "Poet · changed"
    panel.save.trigger()
    assert settings.get(OWN_PERSONAS)[0].system_prompt == "Rhyme twice."
    panel.text.setPlainText("Do not rhyme.")
    panel.back.trigger()
    assert panel.text.toPlainText() == "Rhyme twice."
    assert driver.desktop.window._save.isActive()


def test_typed_instructions_that_a_persona_replaces_come_back(
    driver: Driver, panel: InstructionsPanel, asking: Asking
) -> None:
    offers: list[Any] = []
    driver.page.undo_offered.connect(lambda _, undo: offers.append(undo))
    panel.text.setPlainText("Typed.")
    asking.choose(WRITING.key)
    offers[0]()
    assert panel.text.toPlainText() == "Typed."
    assert asking.label == ""
    asking.choose(WRITING.key)
    asking.choose(CODE.key)
    assert len(offers) == 2, "what a persona says is not lost"
    driver.ask("Why?", answer("So."))
    offers[1]()
    assert panel.text.toPlainText() == "Typed.", "it is the same chat"
    driver.page.new_chat()
    offers[1]()
    assert panel.text.toPlainText() == "", "it is another chat"


def test_escape_gives_up_naming_before_it_closes(panel: InstructionsPanel) -> None:
    panel.save_as.trigger()
    panel.escape()
    assert not panel.naming.isVisible()
    assert panel.isVisible()
    panel.escape()
    assert not panel.isVisible()


def test_a_built_in_persona_is_not_saved_over(panel: InstructionsPanel, asking: Asking) -> None:
    asking.choose(CODE.key)
    panel.text.setPlainText("Be brief.")
    assert asking.differs
    assert not panel.save.isEnabled()
    assert panel.back.isEnabled()


def test_a_persona_that_is_changed_or_deleted_changes_no_chat(
    driver: Driver, panel: InstructionsPanel, settings: SettingsStore, asking: Asking
) -> None:
    poet = add_persona(settings, Persona("", "Poet", "Rhyme.", use_of(GLM_CODE)))
    asking.choose(poet.key)
    change_persona(settings, Persona(poet.key, "Poet", "Do not rhyme."))
    assert asking.differs
    remove_persona(settings, poet.key)
    driver.ask("Why?", answer("So."))
    options = driver.backend.options[0]
    assert (options.system_prompt, options.sampling) == ("Rhyme.", GLM_CODE.sampling)
    assert panel.persona.currentText() == "Poet (deleted)"
    assert driver.page.header.persona.text() == "Poet"
    assert not asking.differs


def test_the_sampling_panel_follows_the_persona_and_tells_whose_it_is(
    driver: Driver, asking: Asking
) -> None:
    driver.load()
    driver.page.header.sampling.setChecked(True)
    sampling = driver.desktop.window.personas.sampling
    assert sampling.scope.text() == "As in all new chats"
    asking.choose(CODE.key)
    assert sampling.parameters.fields["top_k"].editor.value() == 40
    assert sampling.scope.text() == "For this chat"
    sampling.as_all.click()
    assert sampling.parameters.fields["top_k"].editor.value() == 0
    assert sampling.scope.text() == "As in all new chats"


def test_sampling_of_a_chat_becomes_that_of_new_ones(driver: Driver) -> None:
    driver.load()
    room = driver.desktop.window.personas
    driver.page.header.sampling.setChecked(True)
    room.asking.choice.set_value("top_k", 7)
    driver.page.new_chat()
    assert room.asking.sampling.top_k == 0
    room.asking.choice.set_value("top_k", 9)
    room.sampling.for_all.click()
    assert room.sampling.scope.text() == "As in all new chats"
    driver.page.new_chat()
    driver.ask("Why?", answer("So."))
    assert driver.backend.options[0].sampling.top_k == 9


def test_typing_in_a_field_is_not_disturbed_by_its_own_change(driver: Driver) -> None:
    driver.page.header.sampling.setChecked(True)
    field = driver.desktop.window.personas.sampling.parameters.fields["stop"].editor
    edit = field.focusProxy()
    assert edit is not None
    QTest.keyClicks(edit, "END")
    QTest.keyClick(edit, Qt.Key.Key_Return)
    QTest.keyClicks(edit, "STOP")
    assert driver.page.sampling.stop == ("END", "STOP")


def test_switching_chats_switches_how_they_are_asked(kept: Kept, chats: ChatStore) -> None:
    room = kept.desktop.window.personas
    room.show_instructions()
    composer = kept.page.composer
    room.asking.choose(CODE.key)
    room.instructions.text.setPlainText("First.")
    kept.ask("One?", answer("1"))
    kept.page.new_chat()
    composer.thinking.click()
    kept.ask("Two?", answer("2"))
    room.instructions.text.setPlainText("Second, typed after.")
    first, second = kept.page, kept.desktop.session.conversation
    one = next(head for head in _heads(chats) if head != second)
    first.open_conversation(one)
    kept.wait_answers("1")
    assert room.instructions.text.toPlainText() == "First."
    assert composer.thinking.isChecked()
    assert kept.page.header.persona.text() == "GLM code •"
    assert kept.page.sampling == GLM_CODE.sampling
    assert second is not None
    first.open_conversation(second)
    kept.wait_answers("2")
    assert room.instructions.text.toPlainText() == "Second, typed after."
    assert not composer.thinking.isChecked()
    assert kept.page.header.persona.text() == "Instructions"
    assert kept.page.sampling == kept.desktop.window.personas.asking.choice.of_new_chats.values
    assert kept.entries(Answer)[0].text == "2"


def _heads(chats: ChatStore) -> list[int]:
    chats.written().result(10)
    return [head.id for head in chats.read.conversations()]


def test_it_is_all_there_after_a_restart(qtbot: QtBot, chats: ChatStore, tmp_path: Path) -> None:
    """What is typed too, when the window is closed at once."""
    conversation: int | None = None
    for kept in kept_window(qtbot, chats, tmp_path):
        room = kept.desktop.window.personas
        room.asking.choose(WRITING.key)
        room.asking.choice.set_value("top_k", 3)
        kept.page.composer.tools.click()
        kept.ask("One?", answer("1"))
        room.show_instructions()
        room.instructions.text.setPlainText("Typed at last.")
        conversation = kept.desktop.session.conversation
    assert conversation is not None
    for kept in kept_window(qtbot, chats, tmp_path):
        assert kept.page.header.persona.text() == "Persona"
        kept.page.open_conversation(conversation)
        kept.wait_answers("1")
        kept.ask("Two?", answer("2"))
        options = kept.backend.options[0]
        assert options.system_prompt == "Typed at last."
        assert (options.sampling.top_k, options.tools_enabled) == (3, False)
        assert kept.page.header.persona.text() == "Writing •"


def test_what_was_chosen_for_a_new_chat_waits_for_it(
    qtbot: QtBot, chats: ChatStore, tmp_path: Path
) -> None:
    """Like its draft: while another chat is open, and over the end of the program."""
    for kept in kept_window(qtbot, chats, tmp_path):
        kept.ask("Old?", answer("old"))
        old = kept.desktop.session.conversation
        assert old is not None
        kept.page.new_chat()
        room = kept.desktop.window.personas
        room.asking.choose(CODE.key)
        room.show_instructions()
        room.instructions.text.setPlainText("Typed for the new one.")
        kept.page.open_conversation(old)
        kept.wait_answers("old")
        assert room.instructions.text.toPlainText() == ""
        kept.page.new_chat()
        assert room.instructions.text.toPlainText() == "Typed for the new one."
        kept.page.new_chat()
        assert room.instructions.text.toPlainText() == "Typed for the new one.", "it is that one"
    for kept in kept_window(qtbot, chats, tmp_path):
        room = kept.desktop.window.personas
        assert room.asking.manner.system_prompt == "Typed for the new one."
        assert kept.page.header.persona.text() == "GLM code •"
        assert kept.page.sampling == GLM_CODE.sampling
        kept.ask("New?", answer("new"))
        assert kept.backend.options[0].system_prompt == "Typed for the new one."
        kept.page.new_chat()
        assert room.asking.manner.system_prompt == "", "it is sent"
    for kept in kept_window(qtbot, chats, tmp_path):
        assert kept.desktop.window.personas.asking.manner.system_prompt == ""


def test_the_settings_switch_what_a_chat_has_not_chosen_itself(
    driver: Driver, settings: SettingsStore
) -> None:
    driver.load()
    composer = driver.page.composer
    settings.set(THINKING, False)
    assert not composer.thinking.isChecked()
    composer.thinking.click()
    settings.set(THINKING, True)
    settings.set(THINKING, False)
    assert composer.thinking.isChecked(), "chosen for this chat"


def test_sampling_follows_the_model_where_nobody_chose(driver: Driver) -> None:
    driver.backend.loads["/models/x.gguf"] = model(
        "/models/x.gguf", demo=False, defaults=GREEDY.sampling
    )
    _load(driver, "/models/x.gguf")
    assert driver.page.sampling == GREEDY.sampling


def test_in_a_narrow_window_signs_stand_for_words(driver: Driver, asking: Asking) -> None:
    driver.desktop.window.resize(640, 700)
    header = driver.page.header
    driver.wait(lambda: header.persona.text() == "")
    asking.choose(CODE.key)
    assert header.persona.text() == ""
    assert header.persona.accessibleName() == "Persona: GLM code"
    assert header.sampling.accessibleName() == "Sampling"
    driver.desktop.window.resize(480, 700)
    driver.wait(lambda: header.model.width() >= header.model.sizeHint().width())
    assert all(
        part.geometry().right() <= header.width()
        for part in (header.model, header.persona, header.sampling, header.more)
    )
    driver.desktop.window.resize(1200, 700)
    driver.wait(lambda: header.persona.text() == "GLM code")


def test_many_personas_leave_the_rest_to_the_menu(
    driver: Driver, settings: SettingsStore, asking: Asking
) -> None:
    made = [add_persona(settings, Persona("", f"P{number} & <b>")) for number in range(20)]
    chips = driver.page.empty.personas
    assert len(chips._chips) == 10
    assert chips._chips[-1].text() == "More…"
    asking.choose(made[-1].key)
    assert _chip(driver, made[-1].key).isChecked()
    _action(driver, f"persona-{made[10].key}").trigger()
    assert asking.label == "P10 & <b>"


def test_instructions_are_counted_by_the_model_when_it_can(
    driver: Driver, panel: InstructionsPanel
) -> None:
    panel.text.setPlainText("Be brief, and answer in sentences.")
    assert panel.counted.text().startswith("About ")
    driver.wait(lambda: not panel.counted.text().startswith("About "))
    exact = driver.backend.tokens_of("Be brief, and answer in sentences.")
    assert panel.counted.text() == f"{exact} tokens."
    panel.text.appendPlainText("And in rhymes.")
    assert panel.counted.text().startswith("About "), "it is another text"


def test_instructions_fill_the_gauge_before_anything_is_sent(
    driver: Driver, panel: InstructionsPanel
) -> None:
    measuring = driver.desktop.session.context.measuring
    driver.wait(lambda: measuring.breakdown is not None and measuring.breakdown.exact)
    assert measuring.breakdown is not None
    assert measuring.breakdown.system == 0
    panel.text.setPlainText("Be brief. " * 50)
    driver.wait(lambda: measuring.breakdown is not None and measuring.breakdown.system > 50)
