"""Finding things again, in any script."""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.chat.store.search import Found
from app.chat.store.store import ChatStore
from app.chat.store.words import find, fold, phrases
from app.core.messages import (
    AttachmentPart,
    Message,
    Part,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from tests.chat.store.helpers import answer, ask, database, done, opened


def _say(store: ChatStore, *parts: Part) -> int:
    chat = done(store.conversations.create("Chat"))
    return done(store.messages.add(chat, None, Message("assistant", parts)))


def _find(store: ChatStore, query: str) -> Found:
    store.indexed().result(30)
    return store.search.find(query)


def _messages(store: ChatStore, query: str) -> list[int]:
    return [hit.message for hit in _find(store, query).hits]


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("The quick brown fox", "fox"),
        ("The quick brown fox", "QUICK brown"),
        ("The quick brown fox", "fox qu"),
        ("The quick brown fox", '"quick brown"'),
        ("Crème brûlée à la carte", "creme brulee"),
        (unicodedata.normalize("NFD", "Crème brûlée"), "brûlée"),
        ("creme brulee", unicodedata.normalize("NFD", "Brûlée")),
        ("Łódź and Øresund", "lodz oresund"),
        ("ＧＬＭ－４ｘ", "glm"),
        ("今天天气很好，我们去公园。", "天气"),
        ("今天天气很好，我们去公园。", "气"),
        ("今天天气很好，我们去公园。", "天气 公园"),
        ("我用GLM模型写代码", "glm模型"),
        ("東京タワーは赤い", "タワー"),
        ("안녕하세요 세계", "하세"),
        ("สวัสดีชาวโลก", "ชาว"),
        ("नमस्ते दुनिया", "दुनिया"),
        ("Привет, Мир", "мир прив"),
        ("שלום עולם", "עולם"),
        ("def read_file(path): return path", "read_file"),
        ("C++ and 3.14", "3.14"),
        ("tab\tand\nline", "line"),
    ],
)
def test_it_is_found_and_marked(store: ChatStore, text: str, query: str) -> None:
    message = _say(store, TextPart(text))
    (hit,) = _find(store, query).hits
    assert hit.message == message
    assert hit.matches
    assert hit.offset == hit.matches[0][0]
    start, end = hit.matches[0]
    marked = unicodedata.normalize("NFC", hit.snippet[start:end])
    assert fold(marked)[0] in unicodedata.normalize("NFC", fold(query))


@pytest.mark.parametrize(
    "query",
    [
        "",
        "   ",
        '""',
        "++",
        "elephant",
        "fox elephant",
        '"brown quick"',
        "天",
        "\0",
        "*",
        "NEAR(",
        ":",
    ],
)
def test_what_is_not_there_is_not_found(store: ChatStore, query: str) -> None:
    _say(store, TextPart("The quick brown fox by the river"))
    assert _messages(store, query) == []


def test_every_kind_of_part_is_searched(store: ChatStore) -> None:
    message = _say(
        store,
        ReasoningPart("alpha"),
        TextPart("beta"),
        ToolCallPart("c1", "weather_report", {"city": "Göteborg"}),
        ToolResultPart("c1", "weather_report", "delta"),
        AttachmentPart("quarterly-figures.csv", "epsilon"),
    )
    places = {"alpha": 0, "beta": 1, "goteborg": 2, "delta": 3, "epsilon": 4, "quarterly": 4}
    for query, ordinal in places.items():
        (hit,) = _find(store, query).hits
        assert (hit.message, hit.ordinal) == (message, ordinal)
    assert {hit.kind for hit in _find(store, "weather").hits} == {"tool_call", "tool_result"}


def test_the_snippet_leads_to_the_place(store: ChatStore) -> None:
    text = "A long beginning. " * 200 + "Here is the needle,\nin one line. " + "And an end. " * 200
    _say(store, TextPart("nothing"), TextPart(text))
    (hit,) = _find(store, "needle").hits
    assert hit.ordinal == 1
    assert text[hit.offset :].startswith("needle")
    (match,) = hit.matches
    assert hit.snippet[match[0] : match[1]] == "needle"
    assert "needle, in one line" in hit.snippet
    assert hit.cut_before
    assert hit.cut_after


def test_visible_versions_come_first_and_others_are_found(store: ChatStore) -> None:
    chat = done(store.conversations.create("Versions"))
    question = ask(store, chat, None, "A question")
    old = answer(store, chat, question, "zebra zebra zebra")
    new = answer(store, chat, question, "one zebra among many other words of this answer")
    hits = _find(store, "zebra").hits
    assert [(hit.message, hit.visible) for hit in hits] == [(new, True), (old, False)]
    store.messages.show(old).result(30)
    assert _messages(store, "zebra") == [old, new]


def test_titles_are_found_and_follow_their_changes(store: ChatStore) -> None:
    chat = done(store.conversations.create("Réunion du lundi"))
    (hit,) = _find(store, "reunion").titles
    assert (hit.conversation, hit.matches) == (chat, ((0, 7),))
    store.conversations.set_title(chat, "周一会议").result(30)
    assert _find(store, "reunion").titles == ()
    assert [hit.conversation for hit in _find(store, "会议").titles] == [chat]
    store.conversations.purge(chat).result(30)
    assert _find(store, "会议").titles == ()


def test_what_is_in_the_trash_is_not_found_until_it_is_restored(store: ChatStore) -> None:
    chat = done(store.conversations.create("Bin"))
    question = ask(store, chat, None, "the walrus")
    deletion = done(store.messages.delete(question))
    assert _messages(store, "walrus") == []
    store.messages.undo_delete(deletion).result(30)
    assert _messages(store, "walrus") == [question]
    store.conversations.trash(chat).result(30)
    assert _messages(store, "walrus") == []
    assert _find(store, "bin").titles == ()
    store.conversations.restore(chat).result(30)
    assert _messages(store, "walrus") == [question]
    store.conversations.purge(chat).result(30)
    assert _messages(store, "walrus") == []


def test_an_answer_that_goes_on_is_found_by_all_of_it(store: ChatStore) -> None:
    chat = done(store.conversations.create())
    stream = done(store.messages.begin_answer(chat, ask(store, chat, None, "go")))
    stream.text("the first half")
    stream.finish("stopped").result(30)
    assert _messages(store, "half") == [stream.message]
    more = done(store.messages.continue_answer(stream.message))
    more.text(" and the second part")
    more.finish().result(30)
    assert _messages(store, "first second") == [stream.message]


def test_the_index_holds_exactly_what_is_there(tmp_path: Path) -> None:
    """Taking out what was put in differently would leave words behind."""
    with opened(tmp_path) as store:
        for text in ("Ångström 天气 naïve", "ＷＩＤＥ\0nul", "Straße ﬁnd İstanbul"):
            chat = done(store.conversations.create(text))
            ask(store, chat, None, text)
            store.indexed().result(30)
            store.conversations.purge(chat).result(30)
        store.indexed().result(30)
    with database(tmp_path) as connection:
        connection.execute("CREATE VIRTUAL TABLE temp.v USING fts5vocab(main, part_index, row)")
        connection.execute("CREATE VIRTUAL TABLE temp.t USING fts5vocab(main, title_index, row)")
        assert connection.execute("SELECT term FROM v").fetchall() == []
        assert connection.execute("SELECT term FROM t").fetchall() == []


@given(st.text(max_size=40))
def test_folding_keeps_positions(text: str) -> None:
    assert len(fold(text)) == len(text)
    for start, end in find(phrases(text), text):
        assert 0 <= start < end <= len(text)
