"""Questions that wait while an answer runs."""

import threading
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.chat.store.store import ChatStore
from app.core.errors import KnownError
from app.core.messages import AttachmentPart, TextPart
from app.ui.chat.entries import Question
from app.ui.chat.waiting import KEY, MOST
from app.ui.chat.waiting_bar import WaitingBar, WaitingRow
from tests.ui.kept import Kept, answer, kept_window


def waits(kept: Kept) -> list[str]:
    return [one.text for one in kept.desktop.session.queue.questions]


def bar(kept: Kept) -> WaitingBar:
    return kept.page.asking.bar


def row(kept: Kept, place: int) -> WaitingRow:
    return bar(kept).row(kept.desktop.session.queue.questions[place].number)


def told(kept: Kept) -> str:
    return bar(kept)._told.text()


def asked(kept: Kept) -> list[str]:
    return [entry.text for entry in kept.entries(Question)]


def stored(kept: Kept, chats: ChatStore, conversation: int | None = None) -> list[str]:
    chats.written().result(10)
    name = conversation or kept.desktop.session.conversation
    assert name is not None
    value = chats.read.details(name).settings.get(KEY)
    items = value if isinstance(value, list) else []
    return [str(item["parts"][-1]["text"]) for item in items]  # type: ignore[index,call-overload]


def begin(kept: Kept, gate: threading.Event, *texts: str) -> None:
    """An answer runs, and these wait."""
    kept.ask("First?", [gate, *answer("One.")], wait=False)
    kept.wait(lambda: bool(kept.backend.histories))
    for text in texts:
        kept.page.composer.set_text(text)
        QTest.keyClick(kept.page.composer.edit, Qt.Key.Key_Return)


def idle(kept: Kept) -> None:
    kept.wait(lambda: not kept.desktop.session.busy)


def test_enter_lets_it_wait_and_it_is_asked_in_order(
    kept: Kept, chats: ChatStore, gate: threading.Event
) -> None:
    begin(kept, gate, "Second?", "Third?")
    assert kept.page.composer.text() == ""
    assert waits(kept) == ["Second?", "Third?"]
    assert bar(kept).isVisible()
    assert told(kept) == "2 questions wait · sent when the answer is done"
    assert stored(kept, chats) == ["Second?", "Third?"]
    kept.backend.turns += [answer("Two."), answer("Three.")]
    gate.set()
    kept.wait_answers("One.", "Two.", "Three.")
    idle(kept)
    assert asked(kept) == ["First?", "Second?", "Third?"]
    assert not bar(kept).isVisible()
    assert stored(kept, chats) == []


def test_the_button_lets_it_wait(kept: Kept, gate: threading.Event) -> None:
    begin(kept, gate)
    assert not kept.page.composer.wait.isVisible()
    kept.page.composer.set_text("Second?")
    assert kept.page.composer.wait.isVisible()
    kept.page.composer.wait.click()
    assert waits(kept) == ["Second?"]
    assert not kept.page.composer.wait.isVisible()


def test_stop_pauses_and_says_so(kept: Kept, gate: threading.Event) -> None:
    begin(kept, gate, "Second?")
    kept.page.composer.send.click()
    idle(kept)
    assert told(kept) == "1 question waits · Paused, because you stopped the answer"
    assert waits(kept) == ["Second?"]
    assert len(kept.backend.histories) == 1
    kept.backend.turns.append(answer("Two."))
    bar(kept).resume.click()
    idle(kept)
    assert asked(kept) == ["First?", "Second?"]
    assert waits(kept) == []


def test_a_failed_answer_pauses(kept: Kept, gate: threading.Event) -> None:
    kept.ask("First?", [gate, KnownError("The engine failed.")], wait=False)
    kept.wait(lambda: bool(kept.backend.histories))
    kept.page.ask("Second?")
    gate.set()
    idle(kept)
    assert "because the answer failed" in told(kept)
    assert waits(kept) == ["Second?"]


def test_without_a_model_it_waits(kept: Kept, gate: threading.Event) -> None:
    begin(kept, gate, "Second?")
    kept.desktop.session.models.unload()
    kept.wait(lambda: kept.desktop.session.ready is None)
    gate.set()
    idle(kept)
    bar(kept).resume.click()
    assert "because no model is open" in told(kept)
    assert waits(kept) == ["Second?"]


def test_what_is_asked_while_it_is_paused_goes_first(kept: Kept, gate: threading.Event) -> None:
    begin(kept, gate, "Later?")
    kept.page.composer.send.click()
    idle(kept)
    kept.ask("Now?", answer("Now."))
    assert asked(kept) == ["First?", "Now?"]
    assert waits(kept) == ["Later?"]
    assert "you stopped" in told(kept)


def test_it_is_changed_in_place(kept: Kept, chats: ChatStore, gate: threading.Event) -> None:
    begin(kept, gate, "Second?")
    one = row(kept, 0)
    one._begin.click()
    assert one.edit.toPlainText() == "Second?"
    QTest.keyClicks(one.edit, " Really")
    QTest.keyClick(one.edit, Qt.Key.Key_Return)
    assert waits(kept) == ["Second? Really"]
    assert not one.edit.isVisible()
    assert stored(kept, chats) == ["Second? Really"]
    one._begin.click()
    QTest.keyClicks(one.edit, "xxx")
    QTest.keyClick(one.edit, Qt.Key.Key_Escape)
    assert waits(kept) == ["Second? Really"]
    assert kept.desktop.session.busy, "Esc in the field does not stop the answer"


def test_the_field_is_as_high_as_its_text(kept: Kept, gate: threading.Event) -> None:
    begin(kept, gate, "a long question " * 12)
    one = row(kept, 0)
    one._begin.click()

    def fits() -> bool:
        lines = int(one.edit.document().size().height())
        spacing = one.edit.fontMetrics().lineSpacing()
        return 1 < lines < 8 and one.edit.height() == lines * spacing + 4

    kept.wait(fits)
    kept.wait(lambda: one.height() == one.height_hint())


def test_the_order_is_changed(kept: Kept, gate: threading.Event) -> None:
    begin(kept, gate, "b", "c", "a")
    last = row(kept, 2)
    assert not last.down.isEnabled()
    last.up.click()
    last.up.click()
    assert waits(kept) == ["a", "b", "c"]
    assert not last.up.isEnabled()
    assert bar(kept)._column.indexOf(last) == 0
    last.down.click()
    assert waits(kept) == ["b", "a", "c"]


def test_it_is_taken_out_and_put_back(kept: Kept, chats: ChatStore, gate: threading.Event) -> None:
    begin(kept, gate, "a", "b")
    undo: list[object] = []
    bar(kept).offered.connect(lambda _, back: undo.append(back))
    row(kept, 0).remove.setFocus()
    row(kept, 0).remove.click()
    assert waits(kept) == ["b"]
    assert row(kept, 0).remove.hasFocus()
    undo[0]()  # type: ignore[operator]
    assert waits(kept) == ["a", "b"]
    row(kept, 1).remove.click()
    row(kept, 0).remove.setFocus()
    row(kept, 0).remove.click()
    assert not bar(kept).isVisible()
    assert kept.page.composer.edit.hasFocus()
    assert stored(kept, chats) == []


def test_it_is_put_back_into_a_chat_that_is_not_open(
    kept: Kept, chats: ChatStore, gate: threading.Event
) -> None:
    begin(kept, gate, "a", "b")
    name = kept.desktop.session.conversation
    undo: list[object] = []
    bar(kept).offered.connect(lambda _, back: undo.append(back))
    row(kept, 0).remove.click()
    kept.page.new_chat()
    undo[0]()  # type: ignore[operator]
    kept.wait(lambda: stored(kept, chats, name) == ["a", "b"])
    assert waits(kept) == []


def test_it_belongs_to_its_chat(kept: Kept, chats: ChatStore, gate: threading.Event) -> None:
    begin(kept, gate, "Second?")
    name = kept.desktop.session.conversation
    assert name is not None
    kept.page.new_chat()
    assert waits(kept) == []
    assert not bar(kept).isVisible()
    idle(kept)
    kept.ask("Other?", answer("Other."))
    assert asked(kept) == ["Other?"]
    kept.page.open_conversation(name)
    kept.wait(lambda: waits(kept) == ["Second?"])
    assert told(kept) == "1 question waits · Not sent yet"
    kept.backend.turns.append(answer("Two."))
    bar(kept).resume.click()
    idle(kept)
    assert asked(kept) == ["First?", "Second?"]
    assert stored(kept, chats, name) == []


def test_what_is_asked_while_another_chat_is_being_stopped_is_sent(
    kept: Kept, chats: ChatStore, gate: threading.Event
) -> None:
    begin(kept, gate)
    kept.page.new_chat()
    kept.backend.turns.append(answer("Other."))
    kept.page.composer.set_text("Other?")
    QTest.keyClick(kept.page.composer.edit, Qt.Key.Key_Return)
    kept.wait_answers("Other.")
    idle(kept)
    assert asked(kept) == ["Other?"]
    assert stored(kept, chats) == []


def test_what_is_sent_some_time_after_it_was_offered_leaves_the_queue_then(
    kept: Kept, chats: ChatStore, gate: threading.Event
) -> None:
    begin(kept, gate, "Second?", "Third?")
    session = kept.desktop.session
    offered: list[str] = []
    at_once = session.queue.ask

    def later(text: str, _files: object) -> bool:
        offered.append(text)
        return False

    session.queue.ask = later
    gate.set()
    idle(kept)
    assert offered == ["Second?"]
    assert waits(kept) == ["Second?", "Third?"]
    assert told(kept) == "2 questions wait · Not sent yet"
    session.queue.ask = at_once
    kept.backend.turns += [answer("Two."), answer("Three.")]
    assert session.ask("Second?", kept.page.options)
    kept.wait_answers("One.", "Two.", "Three.")
    idle(kept)
    assert asked(kept) == ["First?", "Second?", "Third?"]
    assert stored(kept, chats) == []


def test_it_outlives_the_program(
    qtbot: QtBot, chats: ChatStore, tmp_path: Path, gate: threading.Event
) -> None:
    first = kept_window(qtbot, chats, tmp_path)
    one = next(first)
    begin(one, gate, "Second?")
    file = AttachmentPart("notes.md", "# Notes", "text/markdown", 7)
    assert one.desktop.session.queue.add("With a file?", (file,))
    name = one.desktop.session.conversation
    assert name is not None
    assert next(first, None) is None
    again = kept_window(qtbot, chats, tmp_path)
    two = next(again)
    two.page.open_conversation(name)
    two.wait(lambda: waits(two) == ["Second?", "With a file?"])
    two.backend.turns += [answer("Two."), answer("Three.")]
    bar(two).resume.click()
    two.wait(lambda: len(two.backend.histories) == 2)
    idle(two)
    [question] = [m for m in two.backend.histories[1] if m.text == "With a file?"]
    assert question.parts == (file, TextPart("With a file?"))
    assert next(again, None) is None


@pytest.mark.parametrize(
    "value",
    [7, "x", [7, {}, {"parts": 3}, {"parts": [{"kind": 1}]}, {"parts": [{"kind": "text"}]}]],
)
def test_nonsense_on_the_disk_is_left_out(kept: Kept, chats: ChatStore, value: object) -> None:
    kept.ask("First?", answer("One."))
    name = kept.desktop.session.conversation
    assert name is not None
    kept.page.new_chat()
    chats.conversations.set_setting(name, KEY, value)  # type: ignore[arg-type]
    kept.page.open_conversation(name)
    kept.wait(lambda: asked(kept) == ["First?"])
    assert waits(kept) == []


def test_so_many_can_wait_and_no_more(kept: Kept, gate: threading.Event) -> None:
    notes: list[str] = []
    kept.page.note_wanted.connect(notes.append)
    begin(kept, gate, *(f"question {number}" for number in range(MOST)))
    assert bar(kept)._scroll.height() < 200
    kept.page.composer.set_text("one too many")
    QTest.keyClick(kept.page.composer.edit, Qt.Key.Key_Return)
    assert len(waits(kept)) == MOST
    assert kept.page.composer.text() == "one too many"
    assert notes == [f"At most {MOST} questions can wait."]


def test_markup_and_long_texts_are_shown_as_they_are(kept: Kept, gate: threading.Event) -> None:
    begin(kept, gate)
    kept.page.ask("<b>bold</b> " + "long " * 2000 + "\nsecond line")
    one = row(kept, 0)
    assert one.text.text().startswith("<b>bold</b>")
    assert "\n" not in one.text.text()
    assert one.text.toolTip().startswith("<span>&lt;b&gt;")
    assert one.width() <= bar(kept).width()


def test_the_row_below_the_question_fits_a_narrow_window(kept: Kept, gate: threading.Event) -> None:
    begin(kept, gate)
    composer = kept.page.composer
    kept.desktop.window.resize(640, 700)
    composer.tools_more.show()
    composer.set_tool_count(12)
    composer.set_text("Second?")
    kept.wait(lambda: composer.wait.text() == "")
    assert composer.wait.isVisible()
    assert composer.wait.accessibleName() == "Ask this when the answer is done"
    kept.wait(lambda: composer.minimumSizeHint().width() <= composer.width())
    kept.desktop.window.resize(1280, 700)
    kept.wait(lambda: composer.wait.text() == "Queue")
    composer.wait.click()
    assert waits(kept) == ["Second?"]
