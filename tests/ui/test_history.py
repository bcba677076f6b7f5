"""Chats are kept: asked, answered, listed, opened again, renamed, thrown away and taken back."""

import threading
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from app.chat.events import (
    MessageAdded,
    RoundFinished,
    RoundStarted,
    ToolFinished,
    ToolStarted,
)
from app.chat.record import TurnError
from app.chat.store.store import ChatStore
from app.core.errors import KnownError
from app.core.messages import Message, TextPart, ToolCallPart, ToolResultPart
from app.dialect.events import ReasoningClosed, ReasoningDelta, TextDelta, ToolCallDone
from app.ui.chat.entries import Answer, Failure, Footer, Notice, Question, Thinking, ToolUse
from app.ui.chat.history.rows import Heading
from tests.ui.kept import Kept, answer, kept_window
from tests.ui.scripted import STATS, Step

CALL = ToolCallPart("c1", "calculator", {"expression": "37 * 24"})


def _ids(chats: ChatStore) -> list[int]:
    chats.written().result(10)
    return [head.id for head in chats.read.conversations()]


def test_a_chat_is_on_the_list_and_on_the_disk(kept: Kept, chats: ChatStore) -> None:
    kept.ask("What is quantization?", answer("Fewer bits."))
    kept.wait_listed("What is quantization?")
    (name,) = _ids(chats)
    stored = chats.read.history(name)
    assert [one.message.role for one in stored] == ["user", "assistant"]
    assert stored[1].message.text == "Fewer bits."
    assert stored[1].state == "complete"
    whole = chats.read.message(stored[1].id)
    assert whole.making is not None
    assert whole.making.model == "Demo model"
    assert whole.making.timings["generated_tokens"] == STATS.generated_tokens
    assert isinstance(kept.panel.shown[0], Heading)


def test_the_question_is_on_the_disk_before_the_engine_sees_it(
    kept: Kept, chats: ChatStore, gate: threading.Event
) -> None:
    kept.ask("Are you there?", [gate, *answer("Yes.")], wait=False)
    kept.wait(lambda: bool(kept.backend.histories))
    (name,) = [head.id for head in chats.read.conversations()]
    assert [one.message.text for one in chats.read.history(name)] == ["Are you there?"]
    gate.set()
    kept.wait(lambda: not kept.desktop.session.busy)


def test_opened_again_it_goes_on(kept: Kept, chats: ChatStore) -> None:
    call_round = Message("assistant", (CALL,))
    result = ToolResultPart("c1", "calculator", "888", seconds=0.1)
    final = Message("assistant", (TextPart("It is **888**."),))
    steps: list[Step] = [
        RoundStarted(0), ReasoningDelta("A sum."), ReasoningClosed(True), ToolCallDone(0, CALL),
        RoundFinished(call_round, "end", STATS), MessageAdded(call_round),
        ToolStarted(CALL), ToolFinished(result), MessageAdded(Message("tool", (result,))),
        RoundStarted(1), TextDelta(final.text), RoundFinished(final, "end", STATS),
        MessageAdded(final),
    ]  # fmt: skip
    kept.ask("What is 37 times 24?", steps)
    kept.ask("And twice that?", answer("1776"))
    (name,) = _ids(chats)
    kept.desktop.session.new_chat()
    assert kept.entries(Question) == []
    kept.page.open_conversation(name)
    kept.wait(lambda: len(kept.entries(Question)) == 2)
    assert [entry.text for entry in kept.entries(Answer)] == ["It is **888**.", "1776"]
    (use,) = kept.entries(ToolUse)
    assert (use.state, use.result, use.arguments) == ("done", "888", CALL.arguments)
    assert [entry.answer for entry in kept.entries(Footer)] == ["It is **888**.", "1776"]
    assert kept.page.header.title.text() == "What is 37 times 24?"
    kept.ask("Thanks.", answer("You are welcome."))
    told = kept.backend.histories[-1]
    assert [message.role for message in told] == [
        "user", "assistant", "tool", "assistant", "user", "assistant", "user",
    ]  # fmt: skip
    assert len(_ids(chats)) == 1
    assert len(chats.read.history(name)) == 8
    kept.wait_listed("What is 37 times 24?")


def test_a_second_start_shows_what_there_was(
    qtbot: QtBot, chats: ChatStore, tmp_path: Path
) -> None:
    for number in (1, 2):
        for kept in kept_window(qtbot, chats, tmp_path):
            kept.ask(f"Question {number}?", answer(f"Answer {number}."))
            kept.wait_count(number)
    for kept in kept_window(qtbot, chats, tmp_path):
        kept.wait_listed("Question 2?", "Question 1?")
        QTest.mouseClick(
            kept.panel.view.viewport(),
            Qt.MouseButton.LeftButton,
            pos=kept.panel.view.visualRect(kept.panel._model.index(2)).center(),
        )
        kept.wait_answers("Answer 1.")


def test_what_was_stopped_or_failed_is_kept_as_that(kept: Kept, chats: ChatStore) -> None:
    partial = Message("assistant", (TextPart("Half of"),))
    error = TurnError("The engine stopped.", "It ran out of memory.", messages=(partial,))
    steps: list[Step] = [RoundStarted(0), TextDelta("Half of"), MessageAdded(partial), error]
    kept.ask("Why?", steps)
    (name,) = _ids(chats)
    stored = chats.read.history(name)
    assert (stored[1].state, stored[1].message.text) == ("failed", "Half of")
    kept.desktop.session.new_chat()
    kept.page.open_conversation(name)
    kept.wait(lambda: bool(kept.entries(Failure)))
    assert kept.entries(Failure)[0].error.why == "It ran out of memory."
    kept.ask("Again?", answer("Done."))
    assert [message.text for message in kept.backend.histories[-1]] == ["Why?", "Half of", "Again?"]


def test_a_question_that_failed_is_asked_again_and_stands_once(
    kept: Kept, chats: ChatStore
) -> None:
    kept.ask("Why?", [KnownError("It did not work.")])
    kept.backend.turns.append(answer("Because."))
    kept.page._retry()
    kept.wait(lambda: bool(kept.entries(Answer)) and not kept.desktop.session.busy)
    (name,) = _ids(chats)
    assert [one.message.text for one in chats.read.history(name)] == ["Why?", "Because."]


def test_another_chat_opened_while_an_answer_runs(
    kept: Kept, chats: ChatStore, gate: threading.Event
) -> None:
    kept.ask("One?", answer("1"))
    (first,) = _ids(chats)
    kept.desktop.session.new_chat()
    kept.ask("Two?", [RoundStarted(0), TextDelta("It is"), gate], wait=False)
    kept.wait(lambda: bool(kept.entries(Answer)))
    kept.page.open_conversation(first)
    gate.set()
    kept.wait(lambda: [entry.text for entry in kept.entries(Answer)] == ["1"])
    kept.wait(lambda: not kept.desktop.session.busy)
    second = next(name for name in _ids(chats) if name != first)
    stored = chats.read.history(second)
    assert stored[0].message.text == "Two?"
    assert stored[-1].state == "stopped"


def test_interrupted_thinking_and_open_calls_do_not_reach_the_model(
    kept: Kept, chats: ChatStore
) -> None:
    name, _ = chats.conversations.create("Cut off")
    question, _ = chats.messages.ask(name, None, [TextPart("Time?")])
    stream, _ = chats.messages.begin_answer(name, question)
    stream.reasoning("Let me see.")
    stream.part(CALL)
    chats.written().result(10)
    kept.page.open_conversation(name)
    kept.wait(lambda: bool(kept.entries(Question)))
    assert kept.entries(ToolUse)[0].state == "stopped"
    assert kept.entries(Thinking)[0].state == "unfinished"
    kept.ask("Well?", answer("Noon."))
    history = kept.backend.histories[-1]
    assert all(not message.tool_calls for message in history)
    assert kept.entries(Notice) == []


def test_rename_pin_duplicate_archive(kept: Kept) -> None:
    kept.ask("First?", answer("1"))
    kept.desktop.session.new_chat()
    kept.ask("Second?", answer("2"))
    kept.wait_listed("Second?", "First?")
    first = kept.lines()[1]
    kept.panel.act("pin", first)
    kept.wait_listed("First?", "Second?")
    kept.panel._model.setData(kept.panel._model.index(3), "  A better\n title ")
    kept.wait_listed("First?", "A better title")
    assert kept.page.header.title.text() == "A better title"
    kept.panel.act("duplicate", kept.lines()[1])
    kept.wait(lambda: len(kept.titles()) == 3)
    kept.panel.act("archive", kept.lines()[0])
    kept.wait_listed("A better title", "A better title")
    kept.panel.show_shelf("archived")
    kept.wait_listed("First?")
    assert ("unarchive", "Out of the archive") in kept.panel.actions_for(kept.lines()[0])


def test_deleted_chats_come_back(kept: Kept, chats: ChatStore) -> None:
    kept.ask("Keep me?", answer("Yes."))
    kept.wait_listed("Keep me?")
    kept.panel.view.setFocus()
    kept.panel.view.setCurrentIndex(kept.panel._model.index(1))
    QTest.keyClick(kept.panel.view, Qt.Key.Key_Delete)
    kept.wait_listed()
    assert kept.entries(Question) == [], "the open chat has gone with it"
    assert kept.panel._nothing.text() == "What you ask is kept here."
    undo = kept.panel.findChild(QPushButton, "historyUndo")
    assert undo is not None
    undo.click()
    kept.wait_listed("Keep me?")
    kept.panel.act("delete", kept.lines()[0])
    kept.panel.show_shelf("trash")
    kept.wait_listed("Keep me?")
    kept.panel.act("restore", kept.lines()[0])
    kept.wait_listed()
    kept.panel.show_shelf("active")
    kept.wait_listed("Keep me?")
    kept.panel.act("delete", kept.lines()[0])
    kept.panel.show_shelf("trash")
    kept.wait_listed("Keep me?")
    kept.panel.act("purge", kept.lines()[0])
    kept.wait_listed()
    assert chats.read.count("trash") == 0


def test_search_finds_what_was_said(kept: Kept, chats: ChatStore) -> None:
    kept.ask("What is quantization?", answer("Weights with fewer bits, 量化 in Chinese."))
    kept.desktop.session.new_chat()
    kept.ask("Something else", answer("Nothing."))
    kept.wait(lambda: len(kept.titles()) == 2)
    chats.indexed().result(10)
    kept.panel.search.setText("量化")
    kept.wait_listed("What is quantization?")
    line = kept.lines()[0]
    assert "量化" in line.detail
    assert line.message is not None
    kept.panel.view.setCurrentIndex(kept.panel._model.index(1))
    QTest.keyClick(kept.panel.view, Qt.Key.Key_Return)
    kept.wait(lambda: [entry.text for entry in kept.entries(Question)] == ["What is quantization?"])
    kept.panel.search.setText("no such words anywhere")
    kept.wait_listed()
    assert "no such words" in kept.panel._nothing.text()
    kept.panel.search.clear()
    kept.wait(lambda: len(kept.titles()) == 2)


def test_in_a_narrow_window_the_list_is_behind_a_button(kept: Kept) -> None:
    kept.desktop.window.resize(700, 700)
    kept.wait(lambda: not kept.panel.isVisible())
    button = kept.page.header.findChild(QPushButton, "showHistory")
    assert button is not None
    assert button.isVisible()
    button.click()
    assert kept.panel.isVisible()
    button.click()
    assert not kept.panel.isVisible()
    kept.desktop.window.resize(1280, 800)
    kept.wait(kept.panel.isVisible)
    assert not button.isVisible()


def test_a_disk_that_refuses_is_told_and_holds_up_nobody(
    kept: Kept, chats: ChatStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    from concurrent.futures import Future

    refused: Future[None] = Future()
    refused.set_exception(KnownError("The chat is not saved yet.", "The disk is full."))
    real = chats.messages.ask
    monkeypatch.setattr(chats.messages, "ask", lambda *given: (real(*given)[0], refused))
    kept.ask("Are you there?", answer("Yes."))
    assert [entry.text for entry in kept.entries(Answer)] == ["Yes."]
    kept.wait(lambda: "The disk is full." in kept.desktop.window.notice.text.text())
