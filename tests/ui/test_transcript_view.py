"""A long transcript: few widgets, nothing jumps, nothing that was unfolded folds again."""

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QTextEdit

from app.ui.chat.entries import Answer, Entry, Footer, Question, Thinking, ToolUse, Transcript
from app.ui.chat.transcript_view import TranscriptView
from app.ui.chat.views.answer_view import AnswerView
from app.ui.chat.views.thinking_view import ThinkingView

_TURNS = 1_000


def _turn(number: int) -> list[Entry]:
    text = f"Answer {number}.\n\n" + "It has some **words** in it. " * (number % 17)
    return [
        Question(f"Question {number}? " * (1 + number % 5)),
        Thinking(0.0, f"Thought {number}.\n" * 30, 40, 3.0, "done"),
        ToolUse("calculator", "done", result=f"{number}\n" * (number % 4)),
        Answer(text, finished=True),
        Footer("6.4 tokens/s", running=False, answer=text),
    ]


@pytest.fixture
def transcript() -> Transcript:
    made = Transcript()
    for number in range(_TURNS):
        for entry in _turn(number):
            made.add(entry)
    return made


def _on_screen(view: TranscriptView, entry: Entry) -> int:
    """Where it stands in the viewport."""
    return view.view_of(entry).mapTo(view.viewport(), QPoint(0, 0)).y()


def test_only_what_is_near_exists_as_widgets(view: TranscriptView, transcript: Transcript) -> None:
    assert view.verticalScrollBar().value() == view.verticalScrollBar().maximum()
    assert 5 < view.shown_views < 60
    last = transcript.entries[-1]
    assert 0 < _on_screen(view, last) < view.viewport().height()


def test_scrolling_through_leaves_few_widgets_behind(
    view: TranscriptView, transcript: Transcript
) -> None:
    bar = view.verticalScrollBar()
    for step in range(40, -1, -1):
        bar.setValue(bar.maximum() * step // 40)
        assert view.shown_views < 60
        top = view.viewport().childAt(450, 300)
        assert top is not None
    assert bar.value() == 0
    assert _on_screen(view, transcript.entries[0]) == 22


def test_what_is_read_stays_where_it_is_while_text_streams(
    view: TranscriptView, transcript: Transcript
) -> None:
    view.show_entry(transcript.entries[2_500])
    before = _on_screen(view, transcript.entries[2_500])
    assert abs(before) <= 40
    answer = Answer("")
    transcript.add(answer)
    for number in range(50):
        answer.text += f"More text, number {number}.\n\n"
        transcript.touch(answer)
        view.show_transcript(transcript)
        assert _on_screen(view, transcript.entries[2_500]) == before
    view.follow()
    assert view.verticalScrollBar().value() == view.verticalScrollBar().maximum()
    assert _on_screen(view, answer) < view.viewport().height()


def test_scrolling_up_a_little_moves_by_just_that_much(
    view: TranscriptView, transcript: Transcript
) -> None:
    """Heights above turn out to be others than guessed; what is on screen must not jump."""
    bar = view.verticalScrollBar()
    view.show_entry(transcript.entries[3_000])
    for _ in range(120):
        entry = next(e for e in transcript.entries[2_000:] if 0 <= _shown_at(view, e) < 600)
        before = _on_screen(view, entry)
        bar.setValue(bar.value() - 60)
        assert _on_screen(view, entry) == before + 60


def _shown_at(view: TranscriptView, entry: Entry) -> int:
    made = view._views.get(id(entry))
    return -1 if made is None else made.mapTo(view.viewport(), QPoint(0, 0)).y()


def test_another_width_keeps_the_place(view: TranscriptView, transcript: Transcript) -> None:
    entry = transcript.entries[2_003]
    view.show_entry(entry)
    before = _on_screen(view, entry)
    for width in (500, 1300, 700):
        view.resize(width, 700)
        assert _on_screen(view, entry) == before


def test_what_was_unfolded_stays_so(view: TranscriptView, transcript: Transcript) -> None:
    thinking = transcript.entries[2_501]
    assert isinstance(thinking, Thinking)
    view.show_entry(thinking)
    shown = view.view_of(thinking)
    assert isinstance(shown, ThinkingView)
    shown.toggle.click()
    view.show_entry(transcript.entries[0])
    assert id(thinking) not in view._views
    view.show_entry(thinking)
    again = view.view_of(thinking)
    assert isinstance(again, ThinkingView)
    assert again.is_open
    assert again.height() > 400


def test_a_selection_is_kept_alive(view: TranscriptView, transcript: Transcript) -> None:
    answer = transcript.entries[2_503]
    view.show_entry(answer)
    shown = view.view_of(answer)
    assert isinstance(shown, AnswerView)
    edit = shown.findChild(QTextEdit)
    assert edit is not None
    cursor = edit.textCursor()
    cursor.select(QTextCursor.SelectionType.Document)
    edit.setTextCursor(cursor)
    view.show_entry(transcript.entries[0])
    assert view._views[id(answer)] is shown
    edit.moveCursor(QTextCursor.MoveOperation.Start)
    view.show_entry(transcript.entries[100])
    assert id(answer) not in view._views


def test_entries_that_go_take_their_places_with_them(
    view: TranscriptView, transcript: Transcript
) -> None:
    transcript.remove_after(transcript.entries[9])
    view.show_transcript(transcript)
    assert len(view._column) == 10
    assert _on_screen(view, transcript.entries[0]) < 700
    transcript.clear()
    view.show_transcript(transcript)
    assert view.shown_views == 0
    for entry in _turn(5):
        transcript.add(entry)
    view.show_transcript(transcript)
    assert _on_screen(view, transcript.entries[0]) == 22


def test_what_is_made_again_is_laid_out_again(view: TranscriptView, transcript: Transcript) -> None:
    def texts() -> list[tuple[int, int]]:
        made = view.view_of(transcript.entries[-2]).findChildren(QTextEdit)
        return [(text.width(), text.height()) for text in made]

    before, bar = texts(), view.verticalScrollBar()
    assert before[0][0] > 500
    bar.setValue(0)
    bar.setValue(bar.maximum())
    assert texts() == before
