"""The arrow keys in the composer bring back what was asked before."""

import threading

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.ui.chat.composer import QuestionEdit
from tests.ui.kept import Kept, answer


def edit(kept: Kept) -> QuestionEdit:
    return kept.page.composer.edit


def up(kept: Kept) -> None:
    QTest.keyClick(edit(kept), Qt.Key.Key_Up)


def down(kept: Kept) -> None:
    QTest.keyClick(edit(kept), Qt.Key.Key_Down)


def text(kept: Kept) -> str:
    return edit(kept).toPlainText()


def test_up_and_down_in_this_chat(kept: Kept) -> None:
    kept.ask("First?", answer("One."))
    kept.ask("Second?\nin two lines", answer("Two."))
    edit(kept).setFocus()
    up(kept)
    assert text(kept) == "Second?\nin two lines"
    up(kept)
    assert text(kept) == "First?", "the lines of what was brought back are passed over"
    down(kept)
    assert text(kept) == "Second?\nin two lines"
    down(kept)
    assert text(kept) == ""


def test_what_was_typed_is_not_lost(kept: Kept) -> None:
    kept.ask("First?", answer("One."))
    edit(kept).setFocus()
    QTest.keyClicks(edit(kept), "half a question")
    up(kept)
    assert text(kept) == "First?"
    down(kept)
    assert text(kept) == "half a question"
    up(kept)
    edit(kept).undo()
    assert text(kept) == "half a question", "it is one step to be undone"


def test_other_chats_follow(kept: Kept) -> None:
    kept.ask("In the other chat?", answer("Yes."))
    kept.page.new_chat()
    edit(kept).setFocus()
    kept.wait(lambda: edit(kept).hasFocus())
    up(kept)
    kept.wait(lambda: text(kept) == "In the other chat?")
    edit(kept).clear()
    kept.ask("Here?", answer("Yes."))
    up(kept)
    assert text(kept) == "Here?"

    def further() -> bool:
        up(kept)
        return text(kept) == "In the other chat?"

    kept.wait(further)


def test_within_several_lines_the_cursor_moves(kept: Kept) -> None:
    kept.ask("First?", answer("One."))
    edit(kept).setFocus()
    kept.page.composer.set_text("one\ntwo")
    up(kept)
    assert text(kept) == "one\ntwo"
    assert edit(kept).textCursor().blockNumber() == 0
    up(kept)
    assert text(kept) == "First?"
    down(kept)
    assert text(kept) == "one\ntwo"
    down(kept)
    assert text(kept) == "one\ntwo"


def test_with_a_modifier_the_keys_are_others(kept: Kept) -> None:
    kept.ask("First?", answer("One."))
    edit(kept).setFocus()
    QTest.keyClick(edit(kept), Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert text(kept) == ""


def test_what_runs_now_can_be_brought_back(kept: Kept, gate: threading.Event) -> None:
    kept.ask("Running?", [gate, *answer("Yes.")], wait=False)
    kept.wait(lambda: bool(kept.backend.histories))
    edit(kept).setFocus()
    up(kept)
    assert text(kept) == "Running?"
