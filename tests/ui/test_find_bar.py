"""Find in conversation: every entry is searched, the match is brought into view and marked."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QTextEdit
from pytestqt.qtbot import QtBot

from app.ui.chat.entries import Answer, Question, Thinking, Transcript
from app.ui.chat.find_bar import FindBar
from app.ui.chat.finding import Finder, Place, shown_text
from app.ui.chat.transcript_view import TranscriptView
from app.ui.look import Look
from tests.ui.conftest import Driver


@pytest.fixture
def transcript() -> Transcript:
    made = Transcript()
    for number in range(300):
        made.add(Question(f"Question {number}"))
        made.add(Answer(f"It is **{number}** and no more.\n\n" * 3, finished=True))
    made.entries[7] = Answer(
        "A **blue** heron.\n\n" + "Much text.\n\n" * 200 + "The Blue end.", True
    )
    made.entries[400] = Thinking(0.0, "a blue thought", 4, 1.0, "done")
    return made


@pytest.fixture
def bar(qtbot: QtBot, look: Look, view: TranscriptView) -> FindBar:
    made = FindBar(look, view)
    qtbot.addWidget(made)
    made.begin()
    return made


def _type(bar: FindBar, text: str) -> None:
    bar.field.setText(text)
    QTest.keyClick(bar.field, Qt.Key.Key_Return)


def _marks(view: TranscriptView) -> list[str]:
    return [
        mark.cursor.selectedText()
        for shown in view.views
        for text in shown.findChildren(QTextEdit)
        for mark in text.extraSelections()
    ]


def test_the_whole_conversation_is_searched(bar: FindBar, view: TranscriptView) -> None:
    _type(bar, "BLUE")
    assert bar.places == (Place(7, 0), Place(7, 1), Place(400, 0))
    assert bar.figure.text() == "1 of 3"
    assert view.is_visible(view.entries[7])
    assert "blue" in _marks(view)


def test_enter_goes_on_and_around_and_back(bar: FindBar, view: TranscriptView) -> None:
    _type(bar, "blue")
    start = view.verticalScrollBar().value()
    QTest.keyClick(bar.field, Qt.Key.Key_Return)
    assert bar.figure.text() == "2 of 3"
    assert view.verticalScrollBar().value() > start + 1_000
    QTest.keyClick(bar.field, Qt.Key.Key_Return)
    thinking = view.entries[400]
    assert isinstance(thinking, Thinking) and thinking.opened
    QTest.keyClick(bar.field, Qt.Key.Key_Return)
    assert bar.figure.text() == "1 of 3"
    QTest.keyClick(bar.field, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert bar.figure.text() == "3 of 3"


def test_a_match_deep_in_a_long_answer_is_gone_to_at_once(qtbot: QtBot, look: Look) -> None:
    transcript = Transcript()
    transcript.add(Answer("Some words in a paragraph.\n\n" * 600 + "A heron.", True))
    transcript.add(Question("And then?\n" * 50))
    view = TranscriptView(look)
    qtbot.addWidget(view)
    view.resize(900, 700)
    view.show()
    view.show_transcript(transcript)
    bar = FindBar(look, view)
    qtbot.addWidget(bar)
    bar.begin()
    bar.field.setText("heron")
    bar.step(1)
    assert _marks(view) == ["heron"]
    assert view.first_visible == 0
    assert view.verticalScrollBar().value() > 5_000


def test_escape_closes_it_and_takes_the_marks_away(bar: FindBar, view: TranscriptView) -> None:
    _type(bar, "blue")
    QTest.keyClick(bar.field, Qt.Key.Key_Escape)
    assert bar.isHidden()
    assert _marks(view) == []


def test_what_is_not_there_is_said(bar: FindBar) -> None:
    _type(bar, "purple")
    assert bar.figure.text() == "Not found"
    assert not bar.next.isEnabled()
    bar.field.setText("")
    QTest.keyClick(bar.field, Qt.Key.Key_Return)
    assert bar.figure.text() == ""


def test_a_growing_answer_is_searched_too(
    bar: FindBar, view: TranscriptView, transcript: Transcript, qtbot: QtBot
) -> None:
    _type(bar, "blue")
    answer = Answer("One blue")
    transcript.add(answer)
    view.show_transcript(transcript)
    qtbot.waitUntil(lambda: bar.figure.text() == "1 of 4")
    answer.text += ", two blue."
    transcript.touch(answer)
    view.show_transcript(transcript)
    qtbot.waitUntil(lambda: bar.figure.text() == "1 of 5")
    transcript.clear()
    view.show_transcript(transcript)
    qtbot.waitUntil(lambda: bar.figure.text() == "Not found")
    bar.step(1)


def test_signs_of_a_query_are_only_signs(bar: FindBar, view: TranscriptView) -> None:
    _type(bar, ".*")
    assert not bar.places
    _type(bar, "heron.")
    assert bar.places == (Place(7, 0),)
    assert view.shown_views < 60


def test_markdown_is_searched_as_it_is_shown() -> None:
    answer = Answer("# Head\n\nSome **bold** [link](https://e.org) and `code`\n\n```py\nx\n```")
    assert shown_text(answer).split() == ["Head", "Some", "bold", "link", "and", "code", "x"]


def test_what_did_not_change_is_not_searched_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def text_of(entry: Answer) -> str:
        asked.append(entry)
        return entry.text

    monkeypatch.setattr("app.ui.chat.finding.shown_text", text_of)
    entries = [Answer(f"answer {number}") for number in range(2_000)]
    finder = Finder()
    assert len(finder.search(list(entries), "answer")) == 2_000
    entries[5].text += " answer"
    assert len(finder.search(list(entries), "answer")) == 2_001
    assert len(asked) == 2_001


def test_the_shortcut_opens_it_on_the_chat_page(driver: Driver) -> None:
    page, bar = driver.page, driver.page.find_bar
    QTest.keyClick(page.composer.edit, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert bar.isHidden(), "there is nothing to search yet"
    driver.load()
    driver.ask("Where is the heron?", [])
    QTest.keyClick(page.composer.edit, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert bar.isVisible()
    _type(bar, "heron")
    assert bar.figure.text() == "1 of 1"
    QTest.keyClick(bar.field, Qt.Key.Key_Escape)
    assert bar.isHidden()
