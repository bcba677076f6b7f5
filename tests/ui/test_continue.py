"""An answer that broke off goes on in the same message."""

import threading
from dataclasses import replace

from PySide6.QtWidgets import QPushButton

from app.chat.events import MessageAdded, RoundFinished, RoundStarted
from app.chat.record import TurnError
from app.chat.store.store import ChatStore
from app.core.errors import KnownError
from app.core.messages import Message, Part, ReasoningPart, TextPart, ToolCallPart, ToolResultPart
from app.dialect.events import ReasoningClosed, ReasoningDelta, TextDelta
from app.engine.protocol import FinishReason
from app.ui.chat.entries import Answer, Failure, Footer, Notice, Question, Thinking
from app.ui.chat.views.footer_view import FooterView
from tests.ui.kept import Kept, answer
from tests.ui.scripted import STATS, Step


def _round(*parts: Part, reason: FinishReason = "end", raw: str = "") -> list[Step]:
    message = Message("assistant", parts)
    return [RoundFinished(message, reason, STATS, raw), MessageAdded(message)]


def _cut(text: str, raw: str = "") -> list[Step]:
    return [
        RoundStarted(0),
        TextDelta(text),
        *_round(TextPart(text), reason="max_tokens", raw=raw),
    ]


def _button(kept: Kept) -> QPushButton:
    view = kept.page.transcript.view_of(kept.entries(Footer)[-1])
    assert isinstance(view, FooterView)
    return view._continue


def _go_on(kept: Kept, *steps: Step) -> None:
    kept.backend.turns.append(list(steps))
    kept.wait(lambda: _button(kept).isVisible() and _button(kept).isEnabled())
    _button(kept).click()
    kept.wait(lambda: not kept.desktop.session.busy)


def _texts(kept: Kept) -> list[str]:
    return [entry.text for entry in kept.entries(Answer)]


def _stored(chats: ChatStore, kept: Kept) -> list[Message]:
    chats.written().result(10)
    name = kept.desktop.session.conversation
    assert name is not None
    return [one.message for one in chats.read.history(name)]


def test_a_whole_answer_has_nothing_to_go_on_with(kept: Kept) -> None:
    kept.ask("One?", answer("1"))
    assert _button(kept).isHidden()
    assert not kept.desktop.session.revision.go_on(kept.page.options)


def test_an_answer_that_was_too_long_goes_on(kept: Kept, chats: ChatStore) -> None:
    kept.ask("Tell me.", _cut("Once upon", raw="\nOnce upon"))
    message = kept.entries(Answer)[0].message
    whole = "Once upon a time."
    _go_on(kept, RoundStarted(0), TextDelta(" a time."), *_round(TextPart(whole)))
    assert _texts(kept) == [whole]
    assert kept.entries(Answer)[0].message == message
    assert kept.entries(Footer)[0].answer == whole
    assert len(kept.entries(Footer)) == 1
    begun = kept.backend.options[-1].begun
    assert begun is not None
    assert (begun.message.text, begun.raw) == ("Once upon", "\nOnce upon")
    assert [one.text for one in kept.backend.histories[-1]] == ["Tell me."]
    assert [one.text for one in _stored(chats, kept)] == ["Tell me.", whole]
    assert _button(kept).isHidden()
    kept.ask("Thanks.", answer("Yes."))
    told = [one.text for one in kept.backend.histories[-1]]
    assert told == ["Tell me.", whole, "Thanks."]


def test_the_figures_are_of_both_goes(kept: Kept, chats: ChatStore) -> None:
    kept.ask("Tell me.", _cut("Once upon"))
    _go_on(kept, RoundStarted(0), TextDelta(" a time."), *_round(TextPart("Once upon a time.")))
    message = kept.entries(Answer)[0].message
    assert message is not None
    chats.written().result(10)
    making = chats.read.message(message).making
    assert making is not None
    assert making.timings["generated_tokens"] == 2 * STATS.generated_tokens
    assert making.reason == "end"


def test_open_thinking_goes_on_as_thinking(kept: Kept, gate: threading.Event) -> None:
    kept.ask("Why?", [RoundStarted(0), ReasoningDelta("Let me"), gate], wait=False)
    kept.wait(lambda: bool(kept.entries(Thinking)))
    partial = Message("assistant", (ReasoningPart("Let me", 2.0, finished=False),))
    kept.backend.turns.append([])
    kept.desktop.session.stop()
    kept.wait(lambda: not kept.desktop.session.busy)
    assert kept.entries(Thinking)[0].state == "unfinished"
    leaf = kept.desktop.session.path.leaf
    assert leaf is not None
    kept.desktop.session.path.messages[-1] = replace(leaf, message=partial)
    kept.backend.turns.clear()
    whole = (ReasoningPart("Let me see.", 3.0), TextPart("Because."))
    _go_on(
        kept,
        RoundStarted(0),
        ReasoningDelta(" see."),
        ReasoningClosed(True),
        TextDelta("Because."),
        *_round(*whole),
    )
    (thinking,) = kept.entries(Thinking)
    assert (thinking.text, thinking.state, thinking.seconds) == ("Let me see.", "done", 3.0)
    assert _texts(kept) == ["Because."]


def test_what_was_cut_off_by_a_crash_goes_on_after_the_next_start(
    kept: Kept, chats: ChatStore
) -> None:
    name, _ = chats.conversations.create("Cut off")
    question, _ = chats.messages.ask(name, None, [TextPart("Why?")])
    stream, _ = chats.messages.begin_answer(name, question)
    stream.reasoning("Hm.")
    stream.feed(ReasoningClosed(True))
    stream.text("Because it")
    chats.messages._writer.submit(
        lambda c: c.execute("UPDATE message SET state = 'interrupted' WHERE state = 'streaming'")
    ).result(10)
    kept.page.open_conversation(name)
    kept.wait(lambda: bool(kept.entries(Notice)))
    whole = (ReasoningPart("Hm.", finished=True), TextPart("Because it is."))
    _go_on(kept, RoundStarted(0), TextDelta(" is."), *_round(*whole))
    assert _texts(kept) == ["Because it is."]
    assert kept.entries(Notice) == [], "nothing is interrupted any more"
    assert _stored(chats, kept)[-1].parts == whole
    begun = kept.backend.options[-1].begun
    assert begun is not None
    assert begun.message.reasoning == "Hm."


def test_a_failure_while_going_on_keeps_what_there_was(kept: Kept, chats: ChatStore) -> None:
    kept.ask("Tell me.", _cut("Once upon"))
    _go_on(kept, RoundStarted(0), KnownError("The engine failed."))
    assert _texts(kept) == ["Once upon"]
    assert kept.entries(Failure)[0].error.what == "The engine failed."
    assert _stored(chats, kept)[-1].text == "Once upon"
    _go_on(kept, RoundStarted(0), TextDelta(" a time."), *_round(TextPart("Once upon a time.")))
    assert _texts(kept) == ["Once upon a time."]
    assert kept.entries(Failure) == []
    assert _stored(chats, kept)[-1].parts == (TextPart("Once upon a time."),)


def test_a_failure_before_anything_is_sent_keeps_it_too(kept: Kept, chats: ChatStore) -> None:
    kept.ask("Tell me.", _cut("Once upon"))
    _go_on(kept, KnownError("The template refuses."))
    assert _texts(kept) == ["Once upon"]
    assert _stored(chats, kept)[-1].text == "Once upon"
    _go_on(kept, RoundStarted(0), TextDelta(" a time."), *_round(TextPart("Once upon a time.")))
    assert _texts(kept) == ["Once upon a time."]


def test_half_of_the_rest_is_kept_and_goes_on_again(kept: Kept, chats: ChatStore) -> None:
    kept.ask("Tell me.", _cut("Once upon"))
    partial = Message("assistant", (TextPart("Once upon a"),))
    error = TurnError("The engine failed.", messages=(partial,))
    _go_on(kept, RoundStarted(0), TextDelta(" a"), MessageAdded(partial), error)
    assert _texts(kept) == ["Once upon a"]
    _go_on(kept, RoundStarted(0), TextDelta(" time."), *_round(TextPart("Once upon a time.")))
    assert _texts(kept) == ["Once upon a time."]
    assert len(_stored(chats, kept)) == 2


def test_a_turn_that_ended_after_its_tools_goes_on_with_a_new_round(
    kept: Kept, chats: ChatStore
) -> None:
    call = ToolCallPart("c1", "calculator", {"expression": "1+1"})
    result = ToolResultPart("c1", "calculator", "2")
    steps: list[Step] = [
        RoundStarted(0),
        *_round(TextPart("Let me compute."), call),
        MessageAdded(Message("tool", (result,))),
    ]
    kept.ask("Sum?", [RoundStarted(0), TextDelta("Let me compute."), *steps[1:]])
    _go_on(kept, RoundStarted(0), TextDelta("It is 2."), *_round(TextPart("It is 2.")))
    assert _texts(kept) == ["Let me compute.", "It is 2."]
    assert kept.entries(Footer)[0].answer == "Let me compute.\n\nIt is 2."
    assert kept.backend.options[-1].begun is None
    assert [one.role for one in _stored(chats, kept)] == ["user", "assistant", "tool", "assistant"]
    assert len(kept.entries(Question)) == 1


def test_versions_stay_as_they_are(kept: Kept) -> None:
    kept.ask("One?", _cut("Once"))
    kept.backend.turns.append(answer("1"))
    session = kept.desktop.session
    session.revision.again(kept.entries(Footer)[0].question or 0, kept.page.options)
    kept.wait(lambda: not session.busy)
    session.revision.turn_page(kept.entries(Footer)[0], -1)
    kept.wait(lambda: _texts(kept) == ["Once"] and not session.opening)
    versions = kept.entries(Footer)[0].versions
    _go_on(kept, RoundStarted(0), TextDelta(" more."), *_round(TextPart("Once more.")))
    footer = kept.entries(Footer)[0]
    assert (footer.version, footer.versions) == (versions[0], versions)
    assert session.path.messages[-1].versions == versions


def test_another_chat_opened_while_it_goes_on(
    kept: Kept, chats: ChatStore, gate: threading.Event
) -> None:
    kept.ask("One?", answer("1"))
    first = kept.desktop.session.conversation
    assert first is not None
    kept.desktop.session.new_chat()
    kept.ask("Tell me.", _cut("Once upon"))
    second = kept.desktop.session.conversation
    assert second is not None
    kept.backend.turns.append([RoundStarted(0), TextDelta(" a"), gate])
    kept.wait(lambda: _button(kept).isVisible())
    _button(kept).click()
    kept.wait(lambda: _texts(kept) == ["Once upon a"])
    kept.page.open_conversation(first)
    kept.wait(lambda: _texts(kept) == ["1"] and not kept.desktop.session.busy)
    chats.written().result(10)
    last = chats.read.history(second)[-1]
    assert (last.message.text, last.state) == ("Once upon a", "stopped")
