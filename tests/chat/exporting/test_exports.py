"""Chats written out, and read back."""

import json
import zipfile
from pathlib import Path

import pytest

from app.chat.exporting.bundle import load
from app.chat.exporting.files import all_conversations, export_many, export_one, file_name, rendered
from app.chat.importing.run import import_from
from app.chat.store.reads import Reads
from app.chat.store.store import ChatStore
from app.chat.store.types import Making
from app.core.cancel import CancelToken
from app.core.errors import Cancelled, KnownError
from app.core.messages import (
    AttachmentPart,
    MalformedCallPart,
    Message,
    Part,
    ReasoningPart,
    TextPart,
)
from tests.chat.importing import samples
from tests.chat.store.helpers import answer, ask, done, opened, texts
from tests.chat.store.test_conversations import EVERY_PART

EVIL = "<script>alert(1)</script> ![x](http://evil/x.png) [y](javascript:alert(1)) \"&' \x07"


def _chat(store: ChatStore, title: str = "Trees / and: more?") -> int:
    folder = done(store.conversations.create_folder("Work"))
    chat = done(store.conversations.create(title, folder))
    store.conversations.set_title(chat, title)
    store.conversations.set_system_prompt(chat, "Be brief.")
    store.conversations.set_settings(chat, {"thinking": True})
    store.conversations.set_draft(chat, "half")
    store.conversations.set_persona(chat, "coder")
    question = ask(store, chat, None, "Which | tree?")
    answer(store, chat, question, "Oak")
    making = Making("GLM-4.6", "Q4_K_M", {"temperature": 1.0}, 7, {"tokens": 3}, "end")
    stream = done(store.messages.begin_answer(chat, question))
    stream.finish("stopped", parts=EVERY_PART, making=making, raw="<think>想").result(30)
    return chat


def _everything(reads: Reads, chat: int) -> object:
    bundle = load(reads, chat)
    head = bundle.details.head
    return (
        (head.title, head.title_origin, head.created, head.changed, head.pinned),
        bundle.folder_name,
        (bundle.details.persona, bundle.details.system_prompt, bundle.details.settings),
        (bundle.details.draft, bundle.details.leaf),
        bundle.messages,
        bundle.path,
    )


def test_json_holds_everything_and_is_recognised(store: ChatStore, tmp_path: Path) -> None:
    chat = _chat(store)
    target = tmp_path / "chat.json"
    export_one(store.read, chat, target, "json")
    again = import_from(store.conversations, target, CancelToken())
    assert (again.conversations, again.known, again.problems) == ((), 1, ())
    with opened(tmp_path / "elsewhere") as other:
        report = import_from(other.conversations, target, CancelToken())
        assert report.conversations == (chat,)
        assert _everything(other.read, chat) == _everything(store.read, chat)
        assert import_from(other.conversations, target, CancelToken()).known == 1
        later = ask(other, chat, other.read.details(chat).leaf, "And then?")
        assert texts(other, chat)[-1] == "And then?"
        assert later > max(message.id for message in load(store.read, chat).messages)


def test_everything_as_one_archive_and_back(store: ChatStore, tmp_path: Path) -> None:
    first, second = _chat(store, "Same"), _chat(store, "same")
    store.conversations.archive(second).result(30)
    chats = all_conversations(store.read)
    assert sorted(chats) == [first, second]
    target = tmp_path / "all.zip"
    seen: list[tuple[int, int]] = []
    assert (
        export_many(
            store.read, [*chats, 12345], target, "json", CancelToken(), lambda *n: seen.append(n)
        )
        == 2
    )
    assert seen[-1] == (3, 3)
    with zipfile.ZipFile(target) as archive:
        assert sorted(archive.namelist()) == [
            "Work/Same.json",
            "Work/same (2).json",
            "manifest.json",
        ]
        manifest = json.loads(archive.read("manifest.json"))
        assert {entry["file"] for entry in manifest["conversations"]} < set(archive.namelist())
    with opened(tmp_path / "elsewhere") as other:
        report = import_from(other.conversations, target, CancelToken())
        assert sorted(report.conversations) == [first, second]
        assert report.problems == ()
        assert [folder.name for folder in other.read.folders()] == ["Work"]
        for chat in chats:
            assert _everything(other.read, chat) == _everything(store.read, chat)


@pytest.mark.parametrize("form", ["markdown", "html", "text"])
def test_what_is_visible_is_in_every_form(store: ChatStore, form: str) -> None:
    chat = _chat(store)
    text = rendered(load(store.read, chat), form)  # type: ignore[arg-type]
    for piece in (
        "Which | tree?",
        "想一想",
        "Answer with half",
        "# Notes",
        "It failed.",
        "GLM-4.6",
    ):
        assert piece in text
    assert "Oak" not in text
    without = rendered(load(store.read, chat), form, thinking=False)  # type: ignore[arg-type]
    assert "想一想" not in without


def test_the_page_loads_and_runs_nothing(store: ChatStore) -> None:
    chat = done(store.conversations.create(EVIL))
    question = ask(store, chat, None, EVIL)
    message = Message("assistant", (TextPart(EVIL), *EVERY_PART))
    done(store.messages.add(chat, question, message))
    page = rendered(load(store.read, chat), "html")
    assert "<script" not in page
    assert "<img" not in page
    assert 'href="javascript' not in page
    assert "src=" not in page
    assert "default-src 'none'" in page
    assert "@media print" in page


def test_a_fence_in_a_result_does_not_end_its_block(store: ChatStore) -> None:
    chat = done(store.conversations.create("Fences"))
    message = Message("tool", (EVERY_PART[4],))
    done(store.messages.add(chat, None, message))
    inner = "````\ncode\n````"
    done(store.messages.add(chat, None, Message("user", (TextPart("x"),))))
    part = MalformedCallPart(inner, "why")
    done(store.messages.add(chat, None, Message("assistant", (part,))))
    assert f"`````\n{inner}\n`````" in rendered(load(store.read, chat), "markdown")


@pytest.mark.parametrize("form", ["markdown", "html", "text"])
def test_files_of_a_question_are_in_it(store: ChatStore, form: str) -> None:
    chat = done(store.conversations.create("Files"))
    parts: list[Part] = [
        AttachmentPart("data.csv", "a,b ```` <c>", "text/csv", excerpt="lines 1–9 of 80"),
        AttachmentPart("lost.pdf", ""),
        TextPart("What is in them?"),
    ]
    store.messages.ask(chat, None, parts)[1].result(30)
    written = rendered(load(store.read, chat), form)  # type: ignore[arg-type]
    assert "Attachment data.csv (lines 1–9 of 80)" in written
    assert ("a,b ```` &lt;c&gt;" if form == "html" else "a,b ```` <c>") in written
    assert "Attachment lost.pdf" in written
    assert "not part of this chat" in written
    assert "What is in them?" in written


def test_a_stopped_export_leaves_no_file(store: ChatStore, tmp_path: Path) -> None:
    chat = _chat(store)
    cancel = CancelToken()
    folder = tmp_path / "out"
    folder.mkdir()
    with pytest.raises(Cancelled):
        export_many(
            store.read,
            [chat, chat],
            folder / "all.zip",
            "markdown",
            cancel,
            lambda _done, _all: cancel.cancel(),
        )
    with pytest.raises(KnownError):
        export_one(store.read, chat, folder / "none" / "a.md", "markdown")
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Plain", "Plain.md"),
        ("a/b\\c:d*e", "a b c d e.md"),
        ("..", "Chat.md"),
        ("CON", "Chat CON.md"),
        ("天" * 100, "天" * 40 + ".md"),
        ("\u202eevil\n", "evil.md"),
        ("", "Chat.md"),
    ],
)
def test_names_of_files_work_everywhere(title: str, name: str) -> None:
    assert file_name(title, ".md") == name


def test_imports_of_others_are_recognised_too(store: ChatStore, tmp_path: Path) -> None:
    path = tmp_path / "conversations.json"
    path.write_text(json.dumps([samples.CHATGPT, samples.OPEN_WEBUI]), encoding="utf-8")
    report = import_from(store.conversations, path, CancelToken())
    assert len(report.conversations) == 2
    chatgpt = report.conversations[0]
    assert texts(store, chatgpt)[:2] == ["Is 91 prime?", "No: 7 × 13."]
    assert store.read.path(chatgpt)[1].versions[1] == store.read.path(chatgpt)[1].id
    store.indexed().result(30)
    assert {hit.conversation for hit in store.search.find("Tokyo").hits} == {
        report.conversations[1]
    }
    assert import_from(store.conversations, path, CancelToken()).known == 2


def test_delete_everything_leaves_nothing_on_the_disk(tmp_path: Path) -> None:
    folder = tmp_path / "chats"
    with opened(folder) as store:
        chat = done(store.conversations.create("The word is swordfish"))
        ask(store, chat, None, "swordfish " * 1000)
        store.indexed().result(30)
        (folder / "backups").mkdir()
        (folder / "backups" / "before-version-2.sqlite3").write_bytes(b"swordfish")
        (folder / "chats.broken-1.sqlite3").write_bytes(b"swordfish")
        store.delete_everything().result(30)
        assert store.read.conversations() == ()
        assert store.search.find("swordfish").hits == ()
        after = done(store.conversations.create("A new start"))
        ask(store, after, None, "hello")
        for path in folder.rglob("*"):
            assert not path.is_file() or b"swordfish" not in path.read_bytes()


def test_thinking_says_how_it_ended(store: ChatStore) -> None:
    chat = done(store.conversations.create("Thinking"))
    question = ask(store, chat, None, "Why?")
    parts: tuple[Part, ...] = (
        ReasoningPart("a", 12.3),
        ReasoningPart("b", 12.3, ended_by="budget"),
        ReasoningPart("c", ended_by="person"),
        ReasoningPart("d", 1.0, finished=False),
        ReasoningPart("e"),
    )
    done(store.messages.add(chat, question, Message("assistant", parts)))
    text = rendered(load(store.read, chat), "markdown")
    for heading in (
        "Thinking (12 s)",
        "Thinking (12 s, until its budget was used up)",
        "Thinking (until the answer was asked for)",
        "Thinking (1 s, not finished)",
    ):
        assert heading in text
