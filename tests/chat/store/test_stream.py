"""Answers while they are written."""

from pathlib import Path

import pytest

from app.chat.store.store import ChatStore
from app.chat.store.types import Making, NotSavedError
from app.core.errors import KnownError
from app.core.messages import (
    ErrorPart,
    NoticePart,
    Part,
    ReasoningPart,
    TextPart,
    ToolCallPart,
)
from app.dialect.events import (
    ReasoningClosed,
    ReasoningDelta,
    TextDelta,
    ThinkingFound,
    ToolCallDone,
)
from tests.chat.store.helpers import ask, database, done, opened

CALL = ToolCallPart("c1", "clock", {"zone": "UTC"})


def _parts(store: ChatStore, message: int) -> tuple[Part, ...]:
    store.written().result(30)
    return store.read.parts([message]).get(message, ())


def test_a_stream_can_be_read_while_it_runs_and_is_parts_when_it_ends(store: ChatStore) -> None:
    chat = done(store.conversations.create())
    stream = done(store.messages.begin_answer(chat, ask(store, chat, None, "Hello")))
    stream.feed(ReasoningDelta("Let me "))
    stream.feed(ReasoningDelta("think"))
    assert _parts(store, stream.message) == (ReasoningPart("Let me think", finished=False),)
    stream.feed(ReasoningClosed(True))
    stream.feed(TextDelta("One"))
    assert store.read.path(chat)[-1].state == "streaming"
    stream.feed(TextDelta(" two"))
    stream.feed(ToolCallDone(0, CALL))
    stream.feed(TextDelta("three"))
    expected = (ReasoningPart("Let me think"), TextPart("One two"), CALL, TextPart("three"))
    assert _parts(store, stream.message) == expected
    stream.finish("stopped").result(30)
    assert _parts(store, stream.message) == expected
    head = store.read.path(chat)[-1]
    assert head.state == "stopped"
    assert head.characters == len('Let me thinkOne two{"zone":"UTC"}three')


def test_what_was_thinking_after_all_replaces_what_came_before(store: ChatStore) -> None:
    chat = done(store.conversations.create())
    stream = done(store.messages.begin_answer(chat, ask(store, chat, None, "Hello")))
    stream.feed(TextDelta("So "))
    store.written().result(30)
    stream.feed(TextDelta("hm"))
    stream.feed(ThinkingFound("So hm"))
    stream.feed(TextDelta("Yes"))
    assert _parts(store, stream.message) == (ReasoningPart("So hm"), TextPart("Yes"))


def test_the_final_parts_win(store: ChatStore) -> None:
    chat = done(store.conversations.create())
    stream = done(store.messages.begin_answer(chat, ask(store, chat, None, "Hello")))
    stream.text("draft")
    final = (ReasoningPart("thought", 2.0), TextPart("final"))
    stream.finish(parts=final).result(30)
    assert _parts(store, stream.message) == final


def test_a_cut_answer_goes_on_where_it_ended(store: ChatStore) -> None:
    chat = done(store.conversations.create())
    stream = done(store.messages.begin_answer(chat, ask(store, chat, None, "Count")))
    stream.text("one, ")
    stream.finish("stopped").result(30)
    more, begun = store.messages.continue_answer(stream.message)
    begun.result(30)
    more.text("two")
    assert _parts(store, stream.message) == (TextPart("one, two"),)
    more.finish().result(30)
    assert _parts(store, stream.message) == (TextPart("one, two"),)
    assert store.read.path(chat)[-1].state == "complete"


def test_what_was_remarked_on_the_end_goes_when_the_answer_goes_on(store: ChatStore) -> None:
    chat = done(store.conversations.create())
    stream = done(store.messages.begin_answer(chat, ask(store, chat, None, "Count")))
    parts = (NoticePart("kept"), TextPart("one, "), NoticePart("Too long."), ErrorPart("Broken."))
    stream.finish("failed", parts=parts, making=Making("GLM"), raw="\none, ").result(30)
    more = done(store.messages.continue_answer(stream.message))
    more.text("two")
    assert _parts(store, stream.message) == (NoticePart("kept"), TextPart("one, two"))
    stored = store.read.message(stream.message)
    assert stored.making == Making("GLM")
    assert stored.raw is None, "it spells less than there is now"


def test_how_several_were_made_is_read_at_once(store: ChatStore) -> None:
    chat = done(store.conversations.create())
    question = ask(store, chat, None, "Count")
    first = done(store.messages.begin_answer(chat, question, Making("GLM", seed=3)))
    second = done(store.messages.begin_answer(chat, question, Making("Other")))
    found = store.read.makings([question, first.message, second.message])
    assert found == {first.message: Making("GLM", seed=3), second.message: Making("Other")}


def test_an_answer_that_the_program_did_not_survive_is_found_as_interrupted(
    tmp_path: Path,
) -> None:
    with opened(tmp_path) as store:
        chat = done(store.conversations.create())
        stream = done(store.messages.begin_answer(chat, ask(store, chat, None, "Hello")))
        stream.reasoning("half a thou")
    with opened(tmp_path) as store:
        assert store.read.path(chat)[-1].state == "interrupted"
        assert _parts(store, stream.message) == (ReasoningPart("half a thou", finished=False),)
    with database(tmp_path) as connection:
        assert connection.execute("SELECT count(*) FROM piece").fetchone() == (0,)


def test_an_answer_to_a_version_left_meanwhile_does_not_turn_the_page(store: ChatStore) -> None:
    chat = done(store.conversations.create())
    question = ask(store, chat, None, "Hello")
    other, begun = store.messages.edit_question(chat, question, (TextPart("Good day"),))
    begun.result(30)
    stream = done(store.messages.begin_answer(chat, question))
    stream.text("Hi")
    stream.finish().result(30)
    assert [head.id for head in store.read.path(chat)] == [other]
    store.messages.show(question).result(30)
    assert [head.id for head in store.read.path(chat)] == [question, stream.message]


def test_an_answer_to_a_question_that_is_gone_fails_in_words(store: ChatStore) -> None:
    chat = done(store.conversations.create())
    question = ask(store, chat, None, "Hello")
    done(store.messages.delete(question))
    stream, begun = store.messages.begin_answer(chat, question)
    with pytest.raises(KnownError) as caught:
        begun.result(30)
    assert not isinstance(caught.value, NotSavedError)
    stream.text("lost")
    with pytest.raises(KnownError):
        stream.finish().result(30)
