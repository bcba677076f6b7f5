"""The window on a scripted backend: what a person sees and does."""

import threading

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from app.chat.events import Progress, RoundStarted, ToolFinished, ToolStarted
from app.chat.record import TurnError
from app.core.errors import KnownError
from app.core.messages import Message, TextPart, ToolCallPart, ToolResultPart
from app.dialect.events import ReasoningClosed, ReasoningDelta, TextDelta, ToolCallDone
from app.settings.declared import TOOLS, WINDOW_GEOMETRY
from app.ui.chat.entries import Answer, Failure, Footer, Question, Thinking, ToolUse, Transcript
from app.ui.chat.views.footer_view import FooterView
from app.ui.chat.views.thinking_view import ThinkingView
from app.ui.chat.views.tool_view import ToolView
from tests.ui.conftest import Driver
from tests.ui.scripted import Step, round_finished

CALL = ToolCallPart("c1", "calculator", {"expression": "37 * 24", "digits": 3})


def _answer(text: str) -> list[Step]:
    return [RoundStarted(0), TextDelta(text), round_finished(text)]


def test_ask_and_read(driver: Driver) -> None:
    driver.load()
    driver.ask("What can you do?", _answer("I answer **questions**."))
    assert [entry.text for entry in driver.entries(Answer)] == ["I answer **questions**."]
    assert driver.page.composer.text() == ""
    assert driver.page.header.title.text() == "What can you do?"
    roles = [message.role for message in driver.desktop.session.messages]
    assert roles == ["user", "assistant"]


def test_the_second_question_brings_the_first(driver: Driver) -> None:
    driver.load()
    driver.ask("One?", _answer("1"))
    driver.ask("Two?", _answer("2"))
    assert [message.text for message in driver.backend.histories[1]] == ["One?", "1", "Two?"]


def test_a_suggestion_asks(driver: Driver) -> None:
    driver.load()
    driver.backend.turns.append(_answer("888"))
    suggestion = driver.page.empty.findChild(QPushButton, "suggestion-2")
    assert suggestion is not None
    suggestion.click()
    driver.wait(lambda: not driver.desktop.session.busy)
    assert driver.entries(Question)[0].text == "What is 37 times 24?"
    assert driver.page.stack.currentWidget() is driver.page.transcript


def test_thinking_lives_then_closes_itself(driver: Driver, gate: threading.Event) -> None:
    done = threading.Event()
    driver.load()
    steps: list[Step] = [
        RoundStarted(0),
        ReasoningDelta("First the units."),
        Progress(40, 90, 6.4),
        gate,
        ReasoningClosed(True),
        TextDelta("Done."),
        done,
        round_finished("Done."),
    ]
    driver.ask("Why?", steps, wait=False)
    driver.wait(lambda: any(entry.tokens for entry in driver.entries(Thinking)))
    view = driver.page.transcript.view_of(driver.entries(Thinking)[0])
    assert isinstance(view, ThinkingView)
    assert view.toggle.text().startswith("Thinking…")
    QTest.keyClick(view.toggle, Qt.Key.Key_Space)
    assert view._text.isVisible()
    assert view._text.toPlainText() == "First the units."
    gate.set()
    driver.wait_for(Answer)
    assert not view._text.isVisible()
    assert view.toggle.text() == "Thought for a moment"
    assert "40 tokens" in view.toggle.accessibleName()
    QTest.keyClick(view.toggle, Qt.Key.Key_Return)
    assert view.is_open
    done.set()
    driver.wait(lambda: not driver.desktop.session.busy)
    assert view.is_open  # opened by hand, so it stays


def test_a_tool_card(driver: Driver) -> None:
    driver.load()
    long = "\n".join(f"line {number}" for number in range(200))
    steps: list[Step] = [
        ToolCallDone(0, CALL),
        ToolStarted(CALL),
        ToolFinished(ToolResultPart("c1", "calculator", long, seconds=0.002)),
        *_answer("888"),
    ]
    driver.ask("37 times 24?", steps)
    view = driver.page.transcript.view_of(driver.entries(ToolUse)[0])
    assert isinstance(view, ToolView)
    assert view._state.text() == "✓ done"
    assert view._arguments.text() == 'expression = "37 * 24", digits = 3'
    assert view._time.text() == "2 ms"
    folded = view.height_for(720)
    view._more.click()
    assert view.height_for(720) > 3 * folded


def test_stop_keeps_what_was_said(driver: Driver, gate: threading.Event) -> None:
    driver.load()
    driver.ask("Count.", [RoundStarted(0), TextDelta("One, two"), gate], wait=False)
    driver.wait_for(Answer)
    driver.page.composer.set_text("Next")
    QTest.keyClick(driver.page.composer.edit, Qt.Key.Key_Escape)
    driver.wait(lambda: not driver.desktop.session.busy)
    assert driver.entries(Answer)[0].text == "One, two"
    assert driver.entries(Footer)[0].text == "Stopped"
    assert driver.page.composer.text() == "Next"
    assert driver.page.composer.send.text() == "Send"


def test_a_failed_turn_can_be_tried_again(driver: Driver) -> None:
    driver.load()
    error = KnownError("It broke.", "The driver stopped.", "Try again.", "error 719")
    driver.ask("Why?", [RoundStarted(0), error])
    view = driver.page.transcript.view_of(driver.entries(Failure)[0])
    retry = view.findChild(QPushButton, f"retry-{view.number}")
    assert retry is not None
    driver.backend.turns.append(_answer("Because."))
    retry.click()
    driver.wait(lambda: not driver.desktop.session.busy)
    assert not driver.entries(Failure)
    assert len(driver.entries(Question)) == 1
    assert driver.entries(Answer)[0].text == "Because."
    assert [message.text for message in driver.backend.histories[1]] == ["Why?"]


def test_a_turn_that_fails_half_way_is_kept(driver: Driver) -> None:
    driver.load()
    said = (Message("assistant", (TextPart("Half"),)),)
    driver.ask("Why?", [TextDelta("Half"), TurnError("It broke.", messages=said)])
    driver.ask("Go on", _answer("Rest"))
    assert [message.text for message in driver.backend.histories[1]] == ["Why?", "Half", "Go on"]


def test_copy_takes_the_markdown(driver: Driver) -> None:
    driver.load()
    driver.ask("Why?", _answer("Some **bold** text."))
    view = driver.page.transcript.view_of(driver.entries(Footer)[0])
    assert isinstance(view, FooterView)
    view._copy.click()
    assert QGuiApplication.clipboard().text() == "Some **bold** text."
    assert view._copy.accessibleName() == "Copied"


def test_new_chat_forgets(driver: Driver) -> None:
    driver.load()
    driver.ask("One?", _answer("1"))
    QTest.keyClick(driver.desktop.window, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    assert driver.desktop.session.messages == ()
    assert driver.page.stack.currentWidget() is driver.page.empty
    driver.ask("Two?", _answer("2"))
    assert [message.text for message in driver.backend.histories[1]] == ["Two?"]


def test_new_chat_in_the_middle_of_an_answer(driver: Driver, gate: threading.Event) -> None:
    driver.load()
    driver.ask("One?", [TextDelta("1"), gate, TextDelta("2")], wait=False)
    driver.wait_for(Answer)
    driver.page.new_chat()
    driver.wait(lambda: not driver.desktop.session.busy)
    assert driver.desktop.session.transcript.entries == []
    assert driver.desktop.session.messages == ()


def test_options_go_with_the_question(driver: Driver) -> None:
    driver.load()
    driver.page.composer.thinking.setChecked(False)
    driver.page.composer.tools.click()
    driver.ask("Why?", _answer("So."))
    options = driver.backend.options[0]
    assert (options.thinking, options.tools_enabled) == (False, False)
    # For this chat: new ones are as the settings say.
    assert driver.desktop.window._settings.get(TOOLS) is True
    driver.page.new_chat()
    assert driver.page.composer.thinking.isChecked()
    assert driver.page.composer.tools.isChecked()


def test_closing_while_an_answer_streams(driver: Driver, gate: threading.Event) -> None:
    driver.load()
    driver.ask("Count.", [TextDelta("One"), gate], wait=False)
    driver.wait_for(Answer)
    driver.desktop.window.close()
    assert driver.desktop.tasks.close(5)
    assert driver.desktop.window._settings.path.exists()


def test_the_window_comes_back_where_it_was(driver: Driver) -> None:
    driver.desktop.window.close()
    assert driver.desktop.window._settings.get(WINDOW_GEOMETRY)


def test_shortcuts_do_not_compete(driver: Driver) -> None:
    from PySide6.QtGui import QAction, QShortcut

    window = driver.desktop.window
    keys = [shortcut.key().toString() for shortcut in window.findChildren(QShortcut)]
    live = [
        action.shortcut().toString()
        for action in window.findChildren(QAction)
        if not action.shortcut().isEmpty()
    ]
    assert {"Ctrl+N", "Ctrl+O", "Ctrl+L", "Esc"} <= set(keys + live)
    assert len(keys + live) == len(set(keys + live))


def test_a_bug_is_told_and_logged_and_the_window_stays(driver: Driver) -> None:
    logged: list[BaseException] = []
    driver.desktop.log_bug = lambda kind, error, trace: logged.append(error)  # noqa: ARG005
    error = ValueError("a bug")
    driver.desktop.report_bug(ValueError, error, None)
    assert logged == [error]
    assert driver.desktop.window.notice.isVisible()
    assert "fault of the program" in driver.desktop.window.notice.text.text()


def test_settings_that_cannot_be_saved_are_told(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full() -> None:
        raise KnownError("The settings were not saved.", "The disk is full.")

    driver.load()
    monkeypatch.setattr(driver.desktop.window._settings, "save", full)
    driver.page.composer.tools.click()
    driver.wait(driver.desktop.window.notice.isVisible)
    assert (
        driver.desktop.window.notice.text.text() == "The settings were not saved. The disk is full."
    )
    driver.desktop.window.notice.clear()
    assert driver.desktop.window.notice.isHidden()


def test_a_fast_stream_is_shown_in_frames(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    driver.load()
    shown: list[int] = []
    feed = driver.page.transcript.show_transcript

    def counted(transcript: Transcript) -> None:
        shown.append(1)
        feed(transcript)

    monkeypatch.setattr(driver.page.transcript, "show_transcript", counted)
    steps: list[Step] = [TextDelta(f"word{number} ") for number in range(4000)]
    driver.ask("Go", [*steps, round_finished("x")])
    assert driver.entries(Answer)[0].text.endswith("word3999")
    assert len(shown) < 400


def test_escape_in_the_panel_closes_it(driver: Driver) -> None:
    driver.page.header.sampling.setChecked(True)
    panel = driver.desktop.window.personas.sampling
    driver.desktop.window.activateWindow()
    driver.wait(lambda: panel.isAncestorOf(QApplication.focusWidget() or driver.page))
    panel._presets._save.trigger()
    driver.page.escape()
    assert panel._presets._row.isHidden()
    assert panel.isVisible()
    driver.page.escape()
    assert panel.isHidden()
