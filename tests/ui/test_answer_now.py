"""The thinking is ended from its row or by a key."""

import threading
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.chat.events import MessageAdded, RoundFinished, RoundStarted, ThinkingEnded
from app.chat.store.store import ChatStore
from app.core.messages import Message, ReasoningPart, TextPart
from app.dialect.events import ReasoningClosed, ReasoningDelta, TextDelta
from app.ui.chat.entries import Answer, Thinking
from app.ui.chat.model_state import Ability
from app.ui.chat.path import PathMessage
from app.ui.chat.stored_entries import stored_entries
from app.ui.chat.views.thinking_view import ThinkingView
from tests.ui.conftest import Driver
from tests.ui.kept import Kept, answer
from tests.ui.scripted import STATS, Step, model

ANSWER = Message("assistant", (ReasoningPart("Hm", 3.0, ended_by="person"), TextPart("Because.")))


def thinks(gate: threading.Event, by: str = "person") -> list[Step]:
    return [
        RoundStarted(0),
        ReasoningDelta("Hm"),
        gate,
        ThinkingEnded("budget" if by == "budget" else "person"),
        ReasoningClosed(True),
        TextDelta("Because."),
        RoundFinished(ANSWER, "end", STATS),
    ]


def view(driver: Driver) -> ThinkingView:
    [entry] = driver.entries(Thinking)
    shown = driver.page.transcript.view_of(entry)
    assert isinstance(shown, ThinkingView)
    return shown


def begin(driver: Driver, gate: threading.Event, by: str = "person") -> ThinkingView:
    driver.ask("Why?", thinks(gate, by), wait=False)
    driver.wait_for(Thinking)
    return view(driver)


def wished(driver: Driver) -> bool:
    return driver.backend.options[-1].answer_now.cancelled


def test_the_button_ends_the_thinking(driver: Driver, gate: threading.Event) -> None:
    driver.load()
    shown = begin(driver, gate)
    assert shown.answer.isVisible()
    assert "Ctrl+Shift+A" in shown.answer.toolTip()
    assert not wished(driver)
    QTest.mouseClick(shown.answer, Qt.MouseButton.LeftButton)
    assert wished(driver)
    assert shown.toggle.text().startswith("Ending the thinking…")
    assert not shown.answer.isEnabled()
    gate.set()
    driver.wait(lambda: not driver.desktop.session.busy)
    assert shown.toggle.text() == "Thought for 3.0 s, then you asked for the answer"
    assert not shown.answer.isVisible()


def test_the_key_ends_the_thinking(driver: Driver, gate: threading.Event) -> None:
    driver.load()
    begin(driver, gate)
    modifiers = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(driver.page.composer.edit, Qt.Key.Key_A, modifiers)
    assert wished(driver)
    gate.set()
    driver.wait(lambda: not driver.desktop.session.busy)
    QTest.keyClick(driver.page.composer.edit, Qt.Key.Key_A, modifiers)
    assert view(driver).toggle.text().startswith("Thought for"), "nothing is there to be ended"


def test_each_turn_has_a_wish_of_its_own(driver: Driver, gate: threading.Event) -> None:
    driver.load()
    shown = begin(driver, gate)
    shown.answer.click()
    gate.set()
    driver.wait(lambda: not driver.desktop.session.busy)
    driver.ask("And?", [TextDelta("So.")])
    assert not wished(driver)


def test_a_model_that_cannot_be_ended_says_why(driver: Driver, gate: threading.Event) -> None:
    reason = "This model's thinking has no end that the program knows."
    driver.backend.loads["/m.gguf"] = replace(model("/m.gguf"), answer_now=Ability(False, reason))
    driver.load("/m.gguf")
    shown = begin(driver, gate)
    assert shown.answer.isVisible()
    assert not shown.answer.isEnabled()
    assert shown.answer.toolTip() == reason


def test_a_used_up_budget_is_shown(driver: Driver, gate: threading.Event) -> None:
    driver.load()
    shown = begin(driver, gate, "budget")
    gate.set()
    driver.wait(lambda: not driver.desktop.session.busy)
    assert shown.toggle.text() == "Thought for 3.0 s, until its budget was used up"


def test_a_running_budget_is_counted(driver: Driver, gate: threading.Event) -> None:
    driver.load()
    shown = begin(driver, gate)
    [entry] = driver.entries(Thinking)
    entry.budget, entry.tokens = 4096, 340
    shown.refresh()
    assert "about 340 of 4,096 tokens" in shown.toggle.accessibleName()


def test_who_ended_it_is_there_after_a_restart() -> None:
    [thinking, *_] = [
        entry for entry in stored_entries([PathMessage(ANSWER)]) if isinstance(entry, Thinking)
    ]
    assert thinking.ended_by == "person"
    assert thinking.state == "done"


def test_the_row_fits_a_narrow_window(driver: Driver, gate: threading.Event) -> None:
    driver.desktop.window.resize(640, 600)
    driver.load()
    shown = begin(driver, gate)
    [entry] = driver.entries(Thinking)
    entry.tokens, entry.budget = 12_345, 16_384
    shown.refresh()

    def side() -> int:
        return shown._side.mapTo(shown, shown._side.rect().bottomRight()).x()

    # It is laid out once the event loop has had its turn.
    driver.wait(lambda: side() < shown.answer.x())
    assert shown.answer.geometry().right() < shown.width()


UNFINISHED = Message("assistant", (ReasoningPart("Hm", 3.0, finished=False),))


def cut_off() -> list[Step]:
    raw = "\n<think>Hm"
    return [
        RoundStarted(0),
        ReasoningDelta("Hm"),
        RoundFinished(UNFINISHED, "max_tokens", STATS, raw),
        MessageAdded(UNFINISHED),
    ]


def answered() -> list[Step]:
    return [
        RoundStarted(0),
        ThinkingEnded("person"),
        ReasoningClosed(True),
        TextDelta("Because."),
        RoundFinished(ANSWER, "end", STATS),
        MessageAdded(ANSWER),
    ]


@pytest.mark.parametrize("reopened", [False, True])
def test_thinking_that_never_ended_is_answered_now(
    kept: Kept, chats: ChatStore, reopened: bool
) -> None:
    kept.ask("Why?", cut_off())
    name = kept.desktop.session.conversation
    assert name is not None
    if reopened:
        kept.page.new_chat()
        kept.page.open_conversation(name)
        kept.wait(lambda: bool(kept.entries(Thinking)))
    shown = view(kept)
    assert shown.toggle.text() == "Thinking was not finished"
    kept.wait(lambda: shown.answer.isVisible() and shown.answer.isEnabled())
    kept.backend.turns.append(answered())
    shown.answer.click()
    kept.wait(lambda: not kept.desktop.session.busy)
    options = kept.backend.options[-1]
    assert options.answer_now.cancelled
    assert options.begun is not None
    assert (options.begun.message, options.begun.raw) == (UNFINISHED, "\n<think>Hm")
    assert [one.text for one in kept.backend.histories[-1]] == ["Why?"]
    [entry] = kept.entries(Thinking)
    assert (entry.state, entry.ended_by) == ("done", "person")
    assert [one.text for one in kept.entries(Answer)] == ["Because."]
    assert not view(kept).answer.isVisible()
    chats.written().result(10)
    assert [one.message for one in chats.read.history(name)][1:] == [ANSWER]


def test_thinking_that_never_ended_needs_a_model(kept: Kept) -> None:
    kept.ask("Why?", cut_off())
    kept.desktop.session.models.unload()
    kept.wait(lambda: kept.desktop.session.ready is None)
    shown = view(kept)
    kept.wait(lambda: not shown.answer.isEnabled())
    assert shown.answer.toolTip() == "Open a model first."


def test_only_the_last_thinking_can_be_answered(kept: Kept) -> None:
    kept.ask("Why?", cut_off())
    kept.ask("And?", answer("So."))
    assert not view(kept).answer.isVisible()


def test_a_cut_answer_whose_thinking_was_ended_goes_on_and_says_so(kept: Kept) -> None:
    cut = Message("assistant", (*ANSWER.parts[:1], TextPart("Beca")))
    kept.ask(
        "Why?",
        [
            RoundStarted(0),
            ReasoningDelta("Hm"),
            ThinkingEnded("person"),
            ReasoningClosed(True),
            TextDelta("Beca"),
            RoundFinished(cut, "max_tokens", STATS),
            MessageAdded(cut),
        ],
    )
    rest: list[Step] = [RoundStarted(0), TextDelta("use.")]
    kept.backend.turns.append([*rest, RoundFinished(ANSWER, "end", STATS), MessageAdded(ANSWER)])
    assert kept.desktop.session.revision.go_on(kept.page.options)
    kept.wait(lambda: not kept.desktop.session.busy)
    [entry] = kept.entries(Thinking)
    assert entry.ended_by == "person"
