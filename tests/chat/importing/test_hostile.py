"""Files that mean harm or are broken: said, bounded, and nothing half taken in."""

import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.chat.importing import chatgpt, files, jan, lm_studio, open_webui, own
from app.chat.importing.files import Problem, conversations_in
from app.chat.importing.run import import_from
from app.chat.importing.tree import ForeignTree, Node
from app.chat.store.store import ChatStore
from app.core.cancel import CancelToken
from app.core.errors import KnownError
from app.core.messages import TextPart
from tests.chat.importing import samples

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.chat.store.types import NewConversation
    from app.core.json import JsonObject, JsonValue

_TEXTS = (
    b"",
    b"{",
    b"null",
    b"[]",
    b"\xff\xfe\x00",
    b"[" * 200_000,
    b'{"mapping": ' + b"1" * 10_000 + b"}",
    b'{"mapping": 3, "chat": [], "messages": {"versions": 1}}',
    b'{"object": "thread"}',
)


@pytest.mark.parametrize("data", _TEXTS)
def test_what_is_no_chat_is_named(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "strange.json"
    path.write_bytes(data)
    found = list(conversations_in(path))
    assert all(isinstance(item, Problem) for item in found)
    assert len(found) == 1


def test_a_missing_file_and_a_broken_archive_are_said(tmp_path: Path) -> None:
    with pytest.raises(KnownError):
        list(conversations_in(tmp_path / "nothing.json"))
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("conversations.json", json.dumps([samples.CHATGPT]) * 50)
    data = bytearray(path.read_bytes())
    data[60:100] = b"\x00" * 40
    path.write_bytes(data)
    with pytest.raises(KnownError):
        list(conversations_in(path))


def test_an_archive_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MOST_BYTES", 100_000)
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("conversations.json", b" " * 200_000)
    with pytest.raises(KnownError) as caught:
        list(conversations_in(path))
    assert "too large" in caught.value.what


def test_circles_and_deep_trees_end() -> None:
    tree = ForeignTree()
    tree.add("x", Node("y", "user", (TextPart("circle"),)))
    tree.add("y", Node("x", "user", (TextPart("circle"),)))
    for number in range(20_000):
        parent = str(number - 1) if number else None
        tree.add(str(number), Node(parent, "user", (TextPart("deep"),)))
    messages, shown = tree.ordered("19999")
    assert len(messages) == 20_000
    assert shown == 19_999


def test_details_that_never_end_are_read_quickly() -> None:
    message: JsonValue = {"role": "assistant", "content": "<details type=" * 200_000}
    chat: JsonObject = {"chat": {"history": {"messages": {"a": message}}}}
    (stored,) = open_webui.read(chat).messages
    assert stored.message.text.count("<details") == 200_000


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=10,
)


def _changed(data: st.DataObject, value: Any) -> Any:
    """A sample with some of its values replaced by anything."""
    if data.draw(st.integers(0, 11)) == 0:
        return data.draw(_VALUES)
    if isinstance(value, dict):
        return {key: _changed(data, item) for key, item in value.items()}
    if isinstance(value, list):
        return [_changed(data, item) for item in value]
    return value


@given(st.data())
def test_no_reader_trips_over_any_value(data: st.DataObject) -> None:
    readers: dict[str, tuple[Callable[[JsonObject], NewConversation], JsonObject]] = {
        "chatgpt": (chatgpt.read, samples.CHATGPT),
        "lm_studio": (lm_studio.read, samples.LM_STUDIO),
        "open_webui": (open_webui.read, samples.OPEN_WEBUI),
        "jan": (lambda thread: jan.read(thread, samples.JAN_MESSAGES), samples.JAN_THREAD),
        "own": (own.read, {"version": 1, "id": "7", "messages": [{"id": "8", "role": "user"}]}),
    }
    read, sample = readers[data.draw(st.sampled_from(sorted(readers)))]
    changed = {key: _changed(data, value) for key, value in sample.items()}
    try:
        found = read(changed)
    except KnownError:
        return
    for message in found.messages:
        assert message.parent is None or message.parent < message.id


def test_a_conversation_that_fails_leaves_nothing_behind(tmp_path: Path, store: ChatStore) -> None:
    """Two messages with one id: refused as a whole, the others are taken in."""
    twice = {
        "format": "glm-launcher-conversation",
        "version": 1,
        "id": "77",
        "title": "Twice",
        "messages": [{"id": "8", "role": "user"}, {"id": "8", "role": "user"}],
    }
    path = tmp_path / "both.json"
    path.write_text(json.dumps([twice, samples.CHATGPT]), encoding="utf-8")
    report = import_from(store.conversations, path, CancelToken())
    assert len(report.conversations) == 1
    assert [problem.name for problem in report.problems] == ["Twice"]
    assert [head.title for head in store.read.conversations()] == ["Prime numbers"]
