"""Typing, sending, stopping, and the chips beside it."""

import pytest
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.ui.chat.composer import Composer
from app.ui.chat.context.words import Fill
from app.ui.chat.model_state import Ability
from app.ui.look import Look


@pytest.fixture
def composer(qtbot: QtBot, look: Look) -> Composer:
    made = Composer(look)
    qtbot.addWidget(made)
    made.resize(720, 700)
    made.show()
    made.set_state(ready=True, busy=False, stopping=False, hint="Ask")
    return made


def test_enter_sends_and_shift_enter_breaks_the_line(composer: Composer) -> None:
    asked: list[str] = []
    composer.asked.connect(asked.append)
    QTest.keyClicks(composer.edit, "one")
    QTest.keyClick(composer.edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClicks(composer.edit, "two")
    assert asked == []
    QTest.keyClick(composer.edit, Qt.Key.Key_Return)
    QTest.keyClick(composer.edit, Qt.Key.Key_Enter)
    assert asked == ["one\ntwo", "one\ntwo"]


def test_blank_text_is_not_sent(composer: Composer) -> None:
    asked: list[str] = []
    composer.asked.connect(asked.append)
    assert not composer.send.isEnabled()
    QTest.keyClicks(composer.edit, "   ")
    QTest.keyClick(composer.edit, Qt.Key.Key_Return)
    assert asked == []


def test_send_becomes_stop_and_typing_goes_on(composer: Composer) -> None:
    asked: list[str] = []
    stops: list[bool] = []
    composer.asked.connect(asked.append)
    composer.stop_wanted.connect(lambda: stops.append(True))
    composer.set_state(ready=True, busy=True, stopping=False, hint="Ask")
    assert composer.send.text() == "Stop"
    QTest.keyClicks(composer.edit, "the next question")
    assert composer.wait.isVisibleTo(composer)
    QTest.keyClick(composer.edit, Qt.Key.Key_Return)
    assert asked == ["the next question"], "whoever takes it lets it wait"
    assert composer.text() == "the next question"
    composer.wait.click()
    assert len(asked) == 2
    composer.send.click()
    QTest.keyClick(composer.edit, Qt.Key.Key_Escape)
    assert len(stops) == 2
    composer.set_state(ready=True, busy=True, stopping=True, hint="Ask")
    assert not composer.send.isEnabled()


def test_it_grows_with_the_text_up_to_a_limit(composer: Composer) -> None:
    one = composer.edit.height()
    composer.set_text("a\nb\nc")
    three = composer.edit.height()
    composer.set_text("\n".join("x" * 40))
    most = composer.edit.height()
    composer.set_text("")
    assert one < three < most < 20 * one
    assert composer.edit.height() == one


def test_chips_say_why_they_are_off(composer: Composer) -> None:
    reason = "This model’s template has no switch for thinking."
    composer.set_abilities(Ability(False, reason), Ability(True), 2)
    assert not composer.thinking.isEnabled()
    assert composer.thinking.toolTip() == reason
    assert composer.thinking.accessibleDescription() == reason
    assert composer.tools.isEnabled()
    assert composer.tools.text() == "Tools · 2"


def test_pasting_takes_plain_text_only(composer: Composer) -> None:
    data = QMimeData()
    data.setHtml("<b>bold</b>")
    data.setText("bold\0")
    composer.edit.insertFromMimeData(data)
    assert composer.text() == "bold"


def test_the_gauge_tells_tokens(composer: Composer) -> None:
    gauge = composer.gauge
    gauge.show_fill(Fill(1904, 32768))
    assert gauge.shown_text == "1,904 of 32,768"
    assert "1,904 of 32,768 tokens" in gauge.accessibleDescription()
    gauge.show_fill(Fill(32_000, 32768, "high", exact=False))
    assert gauge.shown_text == "about 32,000 of 32,768 · nearly full"
    gauge.set_compact(True)
    assert gauge.shown_text == "98% · nearly full"
    gauge.show_fill(None)
    assert gauge.isHidden()
