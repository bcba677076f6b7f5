"""Each format, taken apart."""

import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path

from app.chat.importing.files import Problem, conversations_in
from app.chat.store.types import NewConversation
from app.core.json import JsonValue
from app.core.messages import (
    AttachmentPart,
    ErrorPart,
    NoticePart,
    Part,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from tests.chat.importing import samples


def _write(path: Path, value: JsonValue) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def _only(path: Path) -> NewConversation:
    (found,) = conversations_in(path)
    assert isinstance(found, NewConversation), found
    return found


def _parts(conversation: NewConversation) -> list[tuple[int | None, str, tuple[Part, ...]]]:
    return [(m.parent, m.message.role, m.message.parts) for m in conversation.messages]


def test_chatgpt(tmp_path: Path) -> None:
    found = _only(_write(tmp_path / "conversations.json", [samples.CHATGPT]))
    assert found.title == "Prime numbers"
    assert found.source == "chatgpt:6609a7c0-0000-4000-8000-000000000001"
    assert found.created == datetime(2024, 4, 1, 19, 33, 20, 500000, tzinfo=UTC)
    assert _parts(found) == [
        (None, "user", (TextPart("Is 91 prime?"),)),
        (0, "assistant", (TextPart("Yes."),)),
        (0, "assistant", (ReasoningPart("Dividing\n91 = 7 * 13"), TextPart("No: 7 × 13."))),
        (
            2,
            "user",
            (
                AttachmentPart("primes.txt", "", size_bytes=40),
                TextPart("And this one?"),
                NoticePart(_image()),
            ),
        ),
        (3, "assistant", (ToolCallPart("n6", "python", {"input": "97 % 7"}),)),
    ]
    assert found.chosen == 4
    assert found.messages[2].making is not None
    assert found.messages[2].making.model == "o3"


def _image() -> str:
    return "An image or a recording was here; it is not part of the import."


def test_chatgpt_as_the_archive_that_it_sends(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("conversations.json", json.dumps([samples.CHATGPT]))
        archive.writestr("user.json", json.dumps({"id": "user-1"}))
        archive.writestr("chat.html", "<html></html>")
    assert _only(path).title == "Prime numbers"


def test_lm_studio(tmp_path: Path) -> None:
    found = _only(_write(tmp_path / "1735000000000.conversation.json", samples.LM_STUDIO))
    assert (found.title, found.pinned, found.system_prompt) == ("Haiku", True, "Write poems.")
    assert found.created == datetime(2024, 12, 24, 0, 26, 40, tzinfo=UTC)
    assert _parts(found) == [
        (
            None,
            "user",
            (TextPart("A haiku about rain"), AttachmentPart("rain.txt", "", size_bytes=12)),
        ),
        (0, "assistant", (TextPart("Drops, drops"),)),
        (0, "assistant", (ReasoningPart("Five, seven, five."), TextPart("Rain on the old roof"))),
        (2, "user", (TextPart("Once more"),)),
    ]
    making = found.messages[2].making
    assert making is not None
    assert making.model == "zai-org/glm-4.6"
    assert making.timings == {"tokensPerSecond": 11.5}


def test_jan(tmp_path: Path) -> None:
    folder = tmp_path / "threads" / "01J"
    _write(folder / "thread.json", samples.JAN_THREAD)
    lines = [json.dumps(message) for message in samples.JAN_MESSAGES]
    (folder / "messages.jsonl").write_text("\n".join(lines) + '\n{"half a li', encoding="utf-8")
    for path in (tmp_path, folder, folder / "thread.json", folder / "messages.jsonl"):
        found = _only(path)
        assert (found.title, found.system_prompt) == ("Bread", "Be warm.")
        assert _parts(found) == [
            (None, "user", (TextPart("How long to bake?"),)),
            (0, "assistant", (ReasoningPart("A loaf."), TextPart("40 minutes."))),
            (1, "assistant", (ReasoningPart("Or less?"), TextPart("Maybe 35."))),
        ]
        assert [message.state for message in found.messages] == ["complete", "complete", "stopped"]
        assert found.messages[1].making is not None
        assert found.messages[1].making.model == "qwen3-8b"


def test_open_webui(tmp_path: Path) -> None:
    found = _only(_write(tmp_path / "chat-export.json", [samples.OPEN_WEBUI]))
    assert (found.title, found.pinned, found.system_prompt) == ("Time in Tokyo", True, "Be exact.")
    assert _parts(found) == [
        (
            None,
            "user",
            (AttachmentPart("zones.csv", "JST,+9"), TextPart("What time is it in Tokyo?")),
        ),
        (0, "assistant", (ErrorPart("Model not found"),)),
        (
            0,
            "assistant",
            (
                ReasoningPart("UTC & 9 hours.\nAdd them.", 3.0),
                ToolCallPart("call_1", "clock", {"zone": "Asia/Tokyo"}),
                ToolResultPart("call_1", "clock", "09:00"),
                TextPart("It is 9 in the morning."),
            ),
        ),
    ]
    assert found.chosen == 2
    assert [message.state for message in found.messages] == ["complete", "failed", "complete"]


def test_one_bad_conversation_does_not_spoil_the_others(tmp_path: Path) -> None:
    bad: JsonValue = {"title": "Bad", "mapping": {"a": {"parent": "b"}, "b": {"parent": "a"}}}
    future: JsonValue = {"format": "glm-launcher-conversation", "version": 99, "title": "Future"}
    found = list(
        conversations_in(_write(tmp_path / "a.json", [bad, samples.CHATGPT, future, 7, "x"]))
    )
    assert [type(item).__name__ for item in found] == ["Problem", "NewConversation", "Problem"]
    assert found[0] == Problem("Bad", "There are no messages in it.")
    assert isinstance(found[2], Problem)
    assert "newer version" in found[2].why
