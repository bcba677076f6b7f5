"""A question that does not fit: nothing is sent, nothing cut, and what the person can choose.

The scripted backend counts a token for each letter, on GLM's own template.
"""

import threading
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton

from app.chat.context.larger import LargerContext, LargerContexts
from app.chat.context.omission import KEY, SUMMARY_TYPE
from app.chat.events import MessageAdded, RoundFinished, RoundStarted
from app.chat.loading import PlannedLoad, Wanted
from app.chat.record import TurnError
from app.chat.store.store import ChatStore
from app.core.errors import DoesNotFitError, KnownError
from app.core.messages import Message, TextPart
from app.core.placement import Placement
from app.dialect.events import TextDelta
from app.planning.types import Choice, Plan
from app.settings.declared import CONTEXT_FULL
from app.ui.chat.context.entry import Omitted
from app.ui.chat.context.omitted_view import OmittedView
from app.ui.chat.entries import Answer, Failure, Question
from app.ui.chat.model_state import LoadFailed
from tests.chat.scripted import Reply
from tests.ui.context.conftest import small
from tests.ui.kept import Kept, answer
from tests.ui.scripted import DEMO, STATS, Step


def button(kept: Kept, name: str) -> QPushButton:
    found = [one for one in kept.page.context.panel.buttons if one.objectName() == name]
    assert found, f"{name} is not there"
    return found[0]


def has(kept: Kept, name: str) -> bool:
    return any(one.objectName() == name for one in kept.page.context.panel.buttons)


def view(kept: Kept) -> OmittedView:
    found = kept.page.transcript.view_of(kept.entries(Omitted)[0])
    assert isinstance(found, OmittedView)
    return found


def overflow(kept: Kept, text: str = "Next?" * 40) -> str:
    kept.page.composer.set_text(text)
    kept.page.composer.send.click()
    kept.wait(kept.page.context.panel.isVisible)
    kept.wait(lambda: has(kept, "contextDismiss"))
    return text


def stored(kept: Kept, chats: ChatStore) -> object:
    chats.written().result(10)
    name = kept.desktop.session.conversation
    assert name is not None
    return chats.read.details(name).settings.get(KEY)


def test_nothing_is_sent_and_the_numbers_are_told(full: Kept) -> None:
    text = overflow(full)
    assert len(full.backend.histories) == 4
    assert len(full.entries(Question)) == 4
    assert full.page.composer.text() == text
    panel = full.page.context.panel
    assert "does not fit" in panel._title.text()
    assert "2,048" in panel._why.text()
    assert full.page.composer.gauge.shown_text.endswith("does not fit")
    for name in ("contextLeaveOut", "contextSummarize", "contextNewChat"):
        assert has(full, name)


def test_the_page_has_one_main_button(full: Kept) -> None:
    send = full.page.composer.send
    assert send.property("kind") == "primary"
    overflow(full)
    assert button(full, "contextLeaveOut").property("kind") == "primary"
    assert send.property("kind") == "plain"
    button(full, "contextDismiss").click()
    full.wait(lambda: not full.page.context.panel.isVisible())
    assert send.property("kind") == "primary"


def test_the_oldest_turns_are_left_out_and_the_question_goes(full: Kept, chats: ChatStore) -> None:
    text = overflow(full)
    full.backend.turns.append(answer("Next."))
    button(full, "contextLeaveOut").click()
    full.wait(lambda: len(full.backend.histories) == 5 and not full.desktop.session.busy)
    sent = full.backend.histories[-1]
    assert sent[-1].text == text
    assert 1 < len(sent) < 9
    assert sent[0].role == "user"
    (entry,) = full.entries(Omitted)
    assert entry.messages == 9 - len(sent)
    assert full.page.context.panel.isHidden()
    assert full.page.composer.text() == ""
    shown = full.desktop.session.transcript.entries
    assert shown[shown.index(entry) + 1] is full.entries(Question)[entry.messages // 2]
    assert "are not sent" in view(full)._title.text()
    assert stored(full, chats) is not None
    assert len(chats.read.history(full.desktop.session.conversation or 0)) == 10


def test_it_can_be_taken_back(full: Kept, chats: ChatStore) -> None:
    overflow(full)
    full.backend.turns.append(answer("Next."))
    button(full, "contextLeaveOut").click()
    full.wait(lambda: len(full.backend.histories) == 5 and not full.desktop.session.busy)
    view(full).undo.click()
    assert full.entries(Omitted) == []
    assert stored(full, chats) is None
    assert len(full.desktop.session.context.sent(full.desktop.session.messages)) == 10


def test_it_is_there_when_the_chat_is_opened_again(full: Kept) -> None:
    overflow(full)
    full.backend.turns.append(answer("Next."))
    button(full, "contextLeaveOut").click()
    full.wait(lambda: len(full.backend.histories) == 5 and not full.desktop.session.busy)
    session = full.desktop.session
    name, number = session.conversation, full.entries(Omitted)[0].messages
    assert name is not None
    session.new_chat()
    assert full.entries(Omitted) == []
    full.page.open_conversation(name)
    full.wait(lambda: session.conversation == name)
    (entry,) = full.entries(Omitted)
    assert entry.messages == number
    assert len(session.context.sent(session.messages)) == 10 - number


def test_the_question_can_be_changed_instead(full: Kept) -> None:
    text = overflow(full)
    button(full, "contextDismiss").click()
    assert full.page.context.panel.isHidden()
    assert full.page.composer.text() == text
    full.ask("Hi", answer("Hello."))
    assert len(full.backend.histories) == 5


def test_a_shorter_text_takes_the_choices_away(full: Kept) -> None:
    overflow(full)
    full.page.composer.set_text("Hi")
    full.wait(full.page.context.panel.isHidden)


def test_a_new_chat_takes_the_question_along(full: Kept) -> None:
    text = overflow(full)
    button(full, "contextNewChat").click()
    assert full.desktop.session.conversation is None
    assert full.page.composer.text() == text
    assert full.page.context.panel.isHidden()
    full.backend.turns.append(answer("New."))
    full.page.composer.send.click()
    full.wait(lambda: len(full.backend.histories) == 5)
    assert [one.text for one in full.backend.histories[-1]] == [text]


def test_a_question_too_long_alone_cannot_be_helped_by_leaving_out(full: Kept) -> None:
    overflow(full, "x" * 2500)
    assert not has(full, "contextLeaveOut")
    assert not has(full, "contextSummarize")
    assert "shorten it" in full.page.context.panel._why.text()


def test_a_summary_is_written_shown_and_sent(full: Kept, chats: ChatStore) -> None:
    text = overflow(full)
    full.backend.tokenizer.replies = [Reply("They asked for numbers.")]
    button(full, "contextSummarize").click()
    full.wait(lambda: has(full, "contextGoOn"))
    (entry,) = full.entries(Omitted)
    assert (entry.state, entry.text) == ("summary", "They asked for numbers.")
    assert view(full).text.toPlainText() == "They asked for numbers."
    assert len(full.backend.histories) == 4
    full.backend.turns.append(answer("Next."))
    button(full, "contextGoOn").click()
    full.wait(lambda: len(full.backend.histories) == 5 and not full.desktop.session.busy)
    first = full.backend.histories[-1][0]
    assert [part.media_type for part in first.attachments] == [SUMMARY_TYPE]
    assert full.backend.histories[-1][-1].text == text
    assert "They asked for numbers." in str(stored(full, chats))


def test_a_summary_can_be_edited_and_taken_back(full: Kept, chats: ChatStore) -> None:
    overflow(full)
    full.backend.tokenizer.replies = [Reply("Wrong.")]
    button(full, "contextSummarize").click()
    full.wait(lambda: has(full, "contextGoOn"))
    shown = view(full)
    shown.edit.click()
    assert not shown.text.isReadOnly()
    shown.text.setPlainText("Right.")
    QTest.keyClick(shown.text, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert full.entries(Omitted)[0].text == "Right."
    assert "Right." in str(stored(full, chats))
    shown.edit.click()
    shown.text.setPlainText("Nonsense")
    QTest.keyClick(shown.text, Qt.Key.Key_Escape)
    assert shown.text.toPlainText() == "Right."
    assert shown.text.isReadOnly()
    view(full).undo.click()
    assert full.entries(Omitted) == []
    assert stored(full, chats) is None


def test_a_summary_can_be_stopped(full: Kept, gate: threading.Event) -> None:
    overflow(full)

    def wait(number: int) -> None:
        if number == 1:
            gate.wait(10)

    full.backend.tokenizer.replies = [Reply("They asked for numbers.", before=wait)]
    button(full, "contextSummarize").click()
    full.wait(lambda: bool(full.entries(Omitted)) and full.entries(Omitted)[0].text != "")
    assert full.entries(Omitted)[0].state == "writing"
    assert not view(full).stop.isHidden()
    button(full, "contextStopSummary").click()
    gate.set()
    full.wait(lambda: has(full, "contextLeaveOut"))
    assert full.entries(Omitted) == []


def test_a_summary_that_fails_leaves_the_other_choices(full: Kept) -> None:
    overflow(full)
    error = KnownError("The engine failed.", "It is a test.", "Try again.")
    full.backend.tokenizer.replies = [Reply("", error=error)]
    button(full, "contextSummarize").click()
    full.wait(lambda: not full.page.context.panel._problem.isHidden())
    assert "The engine failed." in full.page.context.panel._problem.text()
    full.wait(lambda: has(full, "contextLeaveOut"))
    assert full.entries(Omitted) == []


def test_leaving_the_chat_while_a_summary_is_written(full: Kept, gate: threading.Event) -> None:
    overflow(full)

    def wait(_: int) -> None:
        gate.wait(10)

    full.backend.tokenizer.replies = [Reply("They asked.", before=wait)]
    button(full, "contextSummarize").click()
    full.wait(lambda: bool(full.entries(Omitted)))
    full.desktop.session.new_chat()
    gate.set()
    full.ask("Hi", answer("Hello."))
    assert full.entries(Omitted) == []
    assert full.page.context.panel.isHidden()


def larger(context_tokens: int) -> LargerContext:
    choice = Choice(context_tokens)
    placement = Placement(context_tokens=context_tokens)
    plan = Plan("cpu", choice, context_tokens, placement, (), None)
    return LargerContext(context_tokens, Wanted(choice), plan, plan)


def test_a_larger_context_is_loaded_and_the_question_goes(full: Kept) -> None:
    full.backend.larger = LargerContexts((larger(8192), larger(16384)))
    overflow(full)
    full.wait(lambda: has(full, "contextLarger-1"))
    full.backend.loads[DEMO] = small(context_tokens=16384)
    full.backend.plans[DEMO] = PlannedLoad(Path(DEMO), Placement())
    full.backend.turns.append(answer("Next."))
    button(full, "contextLarger-1").click()
    full.wait(lambda: len(full.backend.histories) == 5 and not full.desktop.session.busy)
    assert len(full.backend.histories[-1]) == 9
    assert full.page.context.panel.isHidden()
    assert full.page.composer.text() == ""


def test_a_larger_context_that_fails_to_load(full: Kept) -> None:
    full.backend.larger = LargerContexts((larger(8192),))
    overflow(full)
    full.wait(lambda: has(full, "contextLarger-0"))
    full.backend.loads[DEMO] = KnownError("No memory.")
    button(full, "contextLarger-0").click()
    full.wait(lambda: has(full, "contextLeaveOut"))
    assert isinstance(full.desktop.session.model, LoadFailed)
    assert len(full.backend.histories) == 4
    assert full.page.composer.text()


def test_why_there_is_no_larger_context(full: Kept) -> None:
    full.backend.larger = LargerContexts(reason="It is as large as it gets.")
    overflow(full)
    panel = full.page.context.panel
    full.wait(
        lambda: (
            "It is as large as it gets."
            in [row.text() for row in panel._rows if isinstance(row, QLabel)]
        )
    )


def test_the_settings_can_say_that_the_oldest_go_by_themselves(full: Kept) -> None:
    full.desktop._settings.set(CONTEXT_FULL, "leave out")
    full.backend.turns.append(answer("Next."))
    full.page.composer.set_text("Next?" * 40)
    full.page.composer.send.click()
    full.wait(lambda: len(full.backend.histories) == 5 and not full.desktop.session.busy)
    assert len(full.entries(Omitted)) == 1
    assert full.page.composer.text() == ""


def test_a_turn_that_the_engine_refuses_can_be_helped(full: Kept) -> None:
    error = DoesNotFitError("The conversation does not fit into the context.")
    full.ask("Hi", [error])
    full.wait(lambda: has(full, "contextLeaveOut"))
    assert len(full.entries(Failure)) == 1
    full.backend.turns.append(answer("Hello."))
    button(full, "contextLeaveOut").click()
    full.wait(lambda: len(full.backend.histories) == 6 and not full.desktop.session.busy)
    assert full.entries(Failure) == []
    assert full.backend.histories[-1][-1].text == "Hi"
    assert len(full.backend.histories[-1]) < 9


def test_a_turn_with_tools_that_does_not_fit_any_more(full: Kept) -> None:
    said = Message("assistant", (TextPart("Half"),))
    broken = TurnError("It does not fit.", messages=(said,))
    broken.__cause__ = DoesNotFitError("It does not fit.")
    full.ask("Hi", [RoundStarted(0), TextDelta("Half"), MessageAdded(said), broken])
    full.wait(lambda: has(full, "contextLeaveOut"))


def test_an_answer_that_ran_into_the_end_goes_on(full: Kept) -> None:
    cut = Message("assistant", (TextPart("b" * 300),))
    steps: list[Step] = [
        RoundStarted(0),
        TextDelta("b" * 300),
        RoundFinished(cut, "context_full", STATS),
        MessageAdded(cut),
    ]
    full.backend.reason = "context_full"
    full.ask("Hi", steps)
    full.wait(lambda: len(full.backend.histories) == 5 and not full.desktop.session.busy)
    full.backend.reason = "end"
    full.wait(lambda: has(full, "contextLeaveOut"))
    assert "had to stop" in full.page.context.panel._title.text()
    full.backend.turns.append(answer("c"))
    button(full, "contextLeaveOut").click()
    full.wait(lambda: len(full.backend.histories) == 6 and not full.desktop.session.busy)
    assert full.backend.options[-1].begun is not None
    assert full.entries(Omitted)
    assert [entry.text for entry in full.entries(Answer)][:4] == ["a" * 280] * 4


def test_what_cannot_be_measured_is_sent_and_the_turn_says_what_is_wrong(full: Kept) -> None:
    error = KnownError("The system prompt cannot be used.", "It is a test.", "Ask without one.")
    full.backend.unmeasurable = error
    full.backend.turns.append([error])
    full.page.composer.set_text("Next?" * 40)
    full.page.composer.send.click()
    full.wait_for(Failure)
    assert len(full.backend.histories) == 5
    assert full.page.composer.text() == ""
