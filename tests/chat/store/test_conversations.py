"""Conversations, folders and their lists."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.chat.store.store import ChatStore
from app.chat.store.types import Making, NewConversation, StoredMessage
from app.core.errors import KnownError
from app.core.messages import (
    AttachmentPart,
    ErrorPart,
    MalformedCallPart,
    Message,
    NoticePart,
    Part,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from tests.chat.store.helpers import Stores, answer, ask, database, done, opened, texts

EVERY_PART: tuple[Part, ...] = (
    ReasoningPart("想一想", 1.5, finished=False),
    ReasoningPart("long enough", 60.0, ended_by="budget"),
    TextPart("Answer with half a pair \U0001f600"),
    ToolCallPart("c1", "clock", {"zone": "Asia/Shanghai", "deep": [1, {"x": None}]}),
    ToolResultPart(
        "c1", "clock", "12:00", failed=True, seconds=0.25, foreign=True, decision="denied"
    ),
    MalformedCallPart("<tool_call>", "cut off"),
    AttachmentPart("notes.md", "# Notes", "text/markdown", 7),
    AttachmentPart("log.txt", "12:00 start", excerpt="lines 1–9 of 80"),
    ErrorPart("It failed.", "No disk.", "Buy one.", "ENODISK"),
    NoticePart("The context is full."),
)


def test_every_kind_of_part_comes_back_as_it_was(store: ChatStore) -> None:
    chat = done(store.conversations.create("Parts"))
    message = done(store.messages.add(chat, None, Message("assistant", EVERY_PART)))
    assert store.read.parts([message]) == {message: EVERY_PART}


def test_half_a_surrogate_pair_is_replaced(store: ChatStore) -> None:
    chat = done(store.conversations.create("a\ud800b"))
    message = ask(store, chat, None, "x\udc00y")
    assert store.read.parts([message]) == {message: (TextPart("x�y"),)}
    assert store.read.details(chat).head.title == "a�b"


def test_the_list_has_pinned_ones_first_then_the_latest(store: ChatStore) -> None:
    first, second, third = (done(store.conversations.create(name)) for name in "abc")
    store.conversations.pin(second).result(30)
    assert [head.id for head in store.read.conversations()] == [second, third, first]
    store.conversations.archive(third).result(30)
    store.conversations.trash(first).result(30)
    assert [head.id for head in store.read.conversations()] == [second]
    assert [head.id for head in store.read.conversations("archived")] == [third]
    (trashed,) = store.read.conversations("trash")
    assert trashed.id == first
    assert trashed.trashed is not None
    store.conversations.restore(first).result(30)
    assert store.read.count() == 2
    assert [head.id for head in store.read.conversations(offset=1, limit=1)] == [first]


def test_a_question_moves_its_conversation_up(tmp_path: Path, stores: Stores) -> None:
    moments = iter(datetime(2026, 1, day, tzinfo=UTC) for day in range(1, 9))
    store = stores(tmp_path, now=lambda: next(moments))
    store.start().result(30)
    old = done(store.conversations.create("old"))
    done(store.conversations.create("new"))
    ask(store, old, None, "still there?")
    heads = store.read.conversations()
    assert [head.title for head in heads] == ["old", "new"]
    assert heads[0].created == datetime(2026, 1, 1, tzinfo=UTC)
    assert heads[0].changed == datetime(2026, 1, 3, tzinfo=UTC)
    assert store.close(30)


def test_the_title_of_a_person_is_not_replaced_by_the_model(store: ChatStore) -> None:
    chat = done(store.conversations.create("What is the time in Shanghai?"))
    assert store.read.details(chat).head.title_origin == "automatic"
    assert store.conversations.set_title(chat, " Time\n zones ", "model").result(30)
    assert store.read.details(chat).head.title == "Time zones"
    assert store.conversations.set_title(chat, "Mine").result(30)
    assert not store.conversations.set_title(chat, "Theirs", "model").result(30)
    head = store.read.details(chat).head
    assert (head.title, head.title_origin) == ("Mine", "person")


def test_folders_keep_their_order_and_their_chats_outlive_them(store: ChatStore) -> None:
    work = done(store.conversations.create_folder("Work"))
    home = done(store.conversations.create_folder("Home"))
    chat = done(store.conversations.create("Budget", work))
    loose = done(store.conversations.create("Loose"))
    store.conversations.order_folders([home, work]).result(30)
    store.conversations.rename_folder(work, "Office").result(30)
    assert [folder.name for folder in store.read.folders()] == ["Home", "Office"]
    assert [head.id for head in store.read.conversations(folder=work)] == [chat]
    assert [head.id for head in store.read.conversations(folder=None)] == [loose]
    store.conversations.move(chat, home).result(30)
    assert store.read.count(folder=home) == 1
    store.conversations.remove_folder(home).result(30)
    assert store.read.count(folder=None) == 2


def test_what_belongs_to_a_conversation_is_kept(store: ChatStore) -> None:
    chat = done(store.conversations.create())
    store.conversations.set_draft(chat, "half a quest")
    store.conversations.set_persona(chat, "coder")
    store.conversations.set_system_prompt(chat, "Be brief.")
    store.conversations.set_settings(chat, {"thinking": True, "tools": ["clock"]})
    question = ask(store, chat, None, "Hello")
    details = store.read.details(chat)
    assert details.draft == "half a quest"
    assert details.persona == "coder"
    assert details.system_prompt == "Be brief."
    assert details.settings == {"thinking": True, "tools": ["clock"]}
    assert details.leaf == question


def test_one_setting_of_a_conversation_is_changed_without_the_others(store: ChatStore) -> None:
    chat = done(store.conversations.create())
    store.conversations.set_settings(chat, {"thinking": True})
    store.conversations.set_setting(chat, "context", [{"messages": 2}])
    store.conversations.set_setting(chat, "thinking", False).result(30)
    kept = {"context": [{"messages": 2}], "thinking": False}
    assert store.read.details(chat).settings == kept
    store.conversations.set_setting(chat, "context", None).result(30)
    assert store.read.details(chat).settings == {"thinking": False}
    store.conversations.purge(chat)
    gone = store.conversations.set_setting(chat, "context", 1)
    assert isinstance(gone.exception(30), KnownError)


def test_what_was_asked_lately_in_all_chats(store: ChatStore) -> None:
    first, second, trashed = (done(store.conversations.create(name)) for name in "abc")
    one = ask(store, first, None, "one")
    ask(store, second, None, "two")
    ask(store, trashed, None, "in the trash")
    answer(store, first, one, "an answer")
    gone = ask(store, first, one, "deleted")
    ask(store, second, None, "x" * 101)
    store.conversations.trash(trashed)
    store.messages.delete(gone)[1].result(30)
    assert store.read.recent_questions(longest=100) == ("two", "one")
    assert store.read.recent_questions(limit=1, longest=100) == ("two",)


def test_questions_that_wait_stay_with_the_chat_they_were_asked_in(store: ChatStore) -> None:
    chat = done(store.conversations.create())
    store.conversations.set_settings(chat, {"queue": ["next"], "thinking": False})
    store.conversations.set_setting(chat, "permissions", [{"tool": "fetch", "scope": ""}])
    copy = done(store.conversations.duplicate(chat))
    assert store.read.details(copy).settings == {"thinking": False}
    kept = store.read.details(chat).settings
    assert kept.keys() == {"queue", "permissions", "thinking"}


def test_how_an_answer_was_made_is_kept_with_it(store: ChatStore) -> None:
    chat = done(store.conversations.create())
    question = ask(store, chat, None, "Hello")
    making = Making("GLM-4.6", "Q4_K_M", {"temperature": 1.0}, 7, {"generated_tokens": 3}, "end")
    stream, begun = store.messages.begin_answer(chat, question, making)
    begun.result(30)
    stream.text("Hi")
    stream.finish(making=making, raw="<think></think>Hi").result(30)
    stored = store.read.message(stream.message)
    assert stored.making == making
    assert stored.raw == "<think></think>Hi"
    assert stored.state == "complete"


def test_duplicate_has_all_branches_and_branch_has_one(store: ChatStore) -> None:
    chat = done(store.conversations.create("Trees"))
    question = ask(store, chat, None, "Which tree?")
    first = answer(store, chat, question, "Oak")
    answer(store, chat, question, "Ash")
    store.messages.show(first).result(30)
    ask(store, chat, first, "Why?")

    copy = done(store.conversations.duplicate(chat, "Copy"))
    assert texts(store, copy) == ["Which tree?", "Oak", "Why?"]
    assert len(store.read.tree(copy)) == 4
    assert store.read.path(copy)[1].versions != store.read.path(chat)[1].versions
    assert len(store.read.path(copy)[1].versions) == 2

    branch = done(store.conversations.branch(first))
    assert texts(store, branch) == ["Which tree?", "Oak"]
    assert len(store.read.tree(branch)) == 2
    ask(store, branch, store.read.details(branch).leaf, "And now?")
    assert texts(store, chat) == ["Which tree?", "Oak", "Why?"]


def test_purging_leaves_nothing(store: ChatStore) -> None:
    chat = done(store.conversations.create("Secret"))
    question = ask(store, chat, None, "The password is swordfish")
    answer(store, chat, question, "swordfish, noted")
    store.conversations.trash(chat).result(30)
    assert store.conversations.empty_trash().result(30) == 1
    with pytest.raises(KnownError):
        store.read.details(chat)
    assert store.read.path(chat) == ()
    assert store.read.parts([question]) == {}
    with pytest.raises(KnownError):
        ask(store, chat, None, "Still there?")


def test_it_is_all_there_after_a_restart(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        chat = done(store.conversations.create("Kept"))
        question = ask(store, chat, None, "Do you remember?")
        answer(store, chat, question, "I do.")
    with opened(tmp_path) as store:
        assert texts(store, chat) == ["Do you remember?", "I do."]
        later = done(store.conversations.create("Later"))
        assert later > chat


def _long(count: int) -> NewConversation:
    when = datetime(2026, 1, 1, tzinfo=UTC)
    said = Message("user", (TextPart("something long ago"),))
    messages = [
        StoredMessage(n, n - 1 if n else None, "complete", when, said) for n in range(count)
    ]
    return NewConversation("Long", when, when, tuple(messages), source="test:long")


def test_a_long_conversation_comes_and_goes_in_pieces(store: ChatStore, tmp_path: Path) -> None:
    chat = store.conversations.take_in_by_and_by(_long(1000))
    assert chat is not None
    assert store.conversations.take_in_by_and_by(_long(1000)) is None
    assert len(store.read.path(chat)) == 1000
    store.indexed().result(30)
    assert store.search.find("ago").found == 1000
    store.conversations.purge(chat).result(30)
    with pytest.raises(KnownError):
        store.read.details(chat)
    assert store.read.count("trash") == 0
    assert store.search.find("ago").hits == ()
    with pytest.raises(KnownError):
        ask(store, chat, None, "Still there?")
    assert isinstance(store.conversations.restore(chat).exception(30), KnownError)
    again = store.conversations.take_in_by_and_by(_long(10))
    assert again is not None
    assert store.close(30)
    # The rest of the rows goes while nothing else is written, after a restart as well.
    with opened(tmp_path / "chats") as store:
        while store.written().result(30) is None and _rows(tmp_path / "chats") > 10:
            pass
        assert texts(store, again) == ["something long ago"] * 10


def _rows(folder: Path) -> int:
    with database(folder) as connection:
        return int(connection.execute("SELECT count(*) FROM message").fetchone()[0])


def test_what_was_not_taken_in_completely_is_removed(tmp_path: Path, stores: Stores) -> None:
    store = stores(tmp_path)
    store.start().result(30)
    good = _long(300)
    bad = replace(good, messages=(*good.messages, replace(good.messages[0], id=999, parent=-5)))
    with pytest.raises(KeyError):
        store.conversations.take_in_by_and_by(bad)
    store.written().result(30)
    assert store.read.conversations() == ()
    assert store.conversations.take_in_by_and_by(good) is not None
    assert store.close(30)
    with database(tmp_path) as connection:
        connection.execute("UPDATE conversation SET trashed = -1")
    with opened(tmp_path) as again:
        assert again.read.conversations() == ()
        assert again.read.count("trash") == 0
