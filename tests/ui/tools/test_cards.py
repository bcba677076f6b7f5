"""The cards that ask, and the menu of tools."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QToolButton, QWidget

from app.chat.store.store import ChatStore
from app.ui.chat.entries import Footer
from app.ui.tools.folded_text import FoldedText
from tests.chat.scripted import call
from tests.ui.tool_window import DONE, Fetching, ToolDriver, fetch


def test_the_badge_and_the_footer_say_that_it_waits(window: ToolDriver) -> None:
    window.say("Weather?", fetch(), DONE)
    assert window.card.isVisible()
    rail = window.desktop.window.rail
    chat = rail.findChild(type(rail._buttons["chat"]), "rail-chat")
    assert chat is not None
    window.wait(lambda: chat.accessibleName() == "Chat, Asks")
    [footer] = window.entries(Footer)
    assert footer.text == "Waits for your answer above"
    window.press("once")
    window.done()
    window.wait(lambda: chat.accessibleName() == "Chat")


def test_the_card_takes_the_focus_only_from_an_empty_field(window: ToolDriver) -> None:
    window.say("Weather?", fetch(), fetch("b.org"), DONE)
    card = window.card
    window.wait(card.hasFocus)
    window.page.composer.edit.setFocus()
    window.page.composer.set_text("While I wri")
    window.press("once")
    second = window.card
    assert not second.hasFocus()
    assert window.page.composer.edit.hasFocus()
    window.press("deny")
    window.done()
    assert window.page.composer.text() == "While I wri"


def test_keys_answer_from_wherever_one_types(window: ToolDriver, fetching: Fetching) -> None:
    window.say("Weather?", fetch(), fetch("b.org"), DONE)
    first = window.card
    edit = window.page.composer.edit
    edit.setFocus()
    QTest.keyClick(edit, Qt.Key.Key_1, Qt.KeyboardModifier.AltModifier)
    window.wait(lambda: window.card is not first)
    QTest.keyClick(edit, Qt.Key.Key_4, Qt.KeyboardModifier.AltModifier)
    window.done()
    assert fetching.fetched == ["example.org"]
    assert window.page.composer.text() == ""


def test_keys_that_were_on_their_way_press_nothing(window: ToolDriver, fetching: Fetching) -> None:
    window.say("Weather?", fetch(), DONE)
    card = window.card
    window.wait(card.hasFocus)
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Space, Qt.Key.Key_1):
        QTest.keyClick(card, key)
    assert fetching.fetched == []
    assert window.card is card
    window.press("deny")
    window.done()


def test_what_was_typed_outlives_the_card(window: ToolDriver) -> None:
    window.say("Weather?", fetch(), DONE)
    word = window.card.findChild(QLineEdit)
    assert word is not None
    word.setText("because")
    assert window.uses[0].draft == "because"
    window.press("deny")
    window.done()


def test_nothing_in_a_card_is_rich_text(window: ToolDriver) -> None:
    window.say("Weather?", fetch("<b>bold</b>.org"), DONE)
    labels = window.card.findChildren(QLabel)
    assert labels
    assert all(one.textFormat() == Qt.TextFormat.PlainText for one in labels)
    window.press("deny")
    window.done()


def test_a_tool_is_switched_off_for_one_chat(window: ToolDriver, chats: ChatStore) -> None:
    menu = window.page.tools_chip.menu
    menu.fill()
    action = next(one for one in menu.actions() if one.objectName() == "tool-fetch")
    assert action.isChecked()
    action.trigger()
    before = window.page.composer.tools.text()
    window.say("Weather?", DONE)
    window.done()
    assert '"name": "fetch"' not in window.tools.prompts[0]
    assert before.startswith("Tools · ")
    conversation = window.desktop.session.conversation
    assert conversation is not None
    window.wait(lambda: chats.read.details(conversation).settings == {"tools_off": ["fetch"]})
    window.page.new_chat()
    assert "fetch" not in window.desktop.session.tools.off


def test_the_demo_model_is_offered_what_it_knows(window: ToolDriver) -> None:
    window.load("/models/demo.gguf")
    menu = window.page.tools_chip.menu
    window.wait(lambda: window.page.composer.tools.text() == "Tools · 2")
    menu.fill()
    usable = [one.objectName() for one in menu.actions() if one.isCheckable() and one.isEnabled()]
    assert usable == ["tool-current_time", "tool-calculator"]


def test_what_a_chat_allows_is_taken_back_in_its_menu(
    window: ToolDriver, fetching: Fetching, chats: ChatStore
) -> None:
    window.say("Weather?", fetch(), DONE)
    window.press("chat")
    window.done()
    menu = window.page.tools_chip.menu
    menu.fill()
    given = next(one for one in menu.actions() if one.objectName() == "toolGiven-1")
    assert given.text() == "fetch with example.org"
    given.trigger()
    conversation = window.desktop.session.conversation
    assert conversation is not None
    window.wait(lambda: chats.read.details(conversation).settings == {"permissions": []})
    window.say("Again?", fetch(), DONE)
    window.press("deny")
    window.done()
    assert fetching.fetched == ["example.org"]


ASK = "<think></think>" + call(
    "ask_person",
    question="Which one?",
    choices='["The short one", "The long one, with all the figures of last year and more words"]',
)


@pytest.mark.parametrize("said", [fetch("averylongname." * 14 + "example.org"), ASK])
@pytest.mark.parametrize("width", [480, 640, 1000])
def test_a_card_fits_and_every_part_of_it_can_be_used(
    window: ToolDriver, said: str, width: int
) -> None:
    window.desktop.window.resize(width, 700)
    window.say("Well?", said, DONE)
    card = window.card
    window.wait(lambda: card.width() > 0 and card.height() > 100)
    room = card.rect()
    for part in card.findChildren(QWidget):
        if part.isVisible() and part.parentWidget() is card:
            assert room.contains(part.geometry()), part.objectName()
            if isinstance(part, QLabel):
                words = part.fontMetrics().boundingRect(
                    part.rect(), Qt.TextFlag.TextWordWrap, part.text()
                )
                assert words.width() <= part.width(), part.text()
    used = [*card.findChildren(QPushButton), *card.findChildren(QLineEdit)]
    parts = [part for part in used if part.isVisible()]
    assert len({part.objectName() for part in parts}) == len(parts) >= 4
    for part in parts:
        assert part.accessibleName(), part.objectName()
        assert part.height() >= 24
        assert part.focusPolicy() & Qt.FocusPolicy.TabFocus
    window.page.stop()
    window.done()


def test_a_theme_that_changes_takes_nothing_from_the_card(window: ToolDriver) -> None:
    window.say("Weather?", fetch(), DONE)
    word = window.card.findChild(QLineEdit)
    assert word is not None
    word.setText("because")
    before = window.card
    window.desktop.look.choose("dark")
    window.wait(lambda: window.card is not before)
    again = window.card.findChild(QLineEdit)
    assert again is not None
    assert again.text() == "because"
    window.press("deny")
    window.done()
    assert "because" in window.uses[0].result


def test_what_it_would_do_can_be_seen_whole(window: ToolDriver) -> None:
    host = "\n".join(f"line {number}" for number in range(60))
    window.say("Well?", fetch(host), DONE)
    [shown] = window.card.findChildren(FoldedText)
    assert "line 59" not in shown.shown
    more = next(one for one in window.card.findChildren(QPushButton) if "more" in one.objectName())
    assert more.text() == "Show all (60 lines)"
    height = window.card.height()
    more.click()
    assert "line 59" in shown.shown
    window.wait(lambda: window.card.height() > height)
    window.press("deny")
    window.done()


def test_the_rail_leads_to_what_waits(window: ToolDriver) -> None:
    window.say("Weather?", fetch(), DONE)
    card = window.card
    window.page.composer.set_text("While I wri")
    window.page.composer.edit.setFocus()
    rail = window.desktop.window.rail.findChild(QToolButton, "rail-chat")
    assert isinstance(rail, QToolButton)
    rail.click()
    assert card.hasFocus()
    window.press("deny")
    window.done()
    window.page.composer.edit.setFocus()
    rail.click()
    assert window.page.composer.edit.hasFocus()
