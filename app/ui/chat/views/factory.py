"""Which view shows an entry, and how tall it is likely to be before anybody has made it."""

from PySide6.QtWidgets import QWidget

from app.ui.chat.attachments.chip import WIDTH as CHIP_WIDTH
from app.ui.chat.attachments.sent_files import GUESSED_ROW
from app.ui.chat.context.entry import Omitted
from app.ui.chat.context.omitted_view import OmittedView
from app.ui.chat.entries import (
    Answer,
    Entry,
    Failure,
    Footer,
    Notice,
    Question,
    Thinking,
    ToolUse,
)
from app.ui.chat.views.answer_view import AnswerView
from app.ui.chat.views.entry_view import EntryView
from app.ui.chat.views.footer_view import FooterView
from app.ui.chat.views.message_views import FailureView, NoticeView
from app.ui.chat.views.question_view import QuestionView
from app.ui.chat.views.thinking_view import ThinkingView
from app.ui.chat.views.tool_view import ToolView
from app.ui.look import Look

_LINE = 21
_LETTER = 7


def view_class(entry: Entry) -> type[EntryView]:
    match entry:
        case Question():
            return QuestionView
        case Thinking():
            return ThinkingView
        case ToolUse():
            return ToolView
        case Answer():
            return AnswerView
        case Footer():
            return FooterView
        case Notice():
            return NoticeView
        case Failure():
            return FailureView
        case Omitted():
            return OmittedView


def make_view(entry: Entry, look: Look, parent: QWidget) -> EntryView:
    match entry:
        case Question():
            return QuestionView(look, entry, parent)
        case Thinking():
            return ThinkingView(look, entry, parent)
        case ToolUse():
            return ToolView(look, entry, parent)
        case Answer():
            return AnswerView(look, entry, parent)
        case Footer():
            return FooterView(look, entry, parent)
        case Notice():
            return NoticeView(look, entry, parent)
        case Failure():
            return FailureView(look, entry, parent)
        case Omitted():
            return OmittedView(look, entry, parent)


def guessed_height(entry: Entry, width: int) -> int:
    """Pixels, from the length of the text alone; 0 for what is surely not shown."""
    match entry:
        case Question(text=text, attachments=files):
            rows = -(-len(files) // max(1, width // CHIP_WIDTH))
            return 30 + _lines(text[:4_000], int(width * 0.66)) * _LINE + rows * GUESSED_ROW
        case Answer(text=text):
            # Paragraphs, headings and code bars take about half a line each.
            return _lines(text, width) * _LINE + text.count("\n\n") * _LINE // 2
        case Thinking():
            return 40
        case ToolUse(result=result):
            return 50 + min(6, _lines(result[:600], width)) * 18
        case Footer():
            return 24 if entry.text or entry.running or entry.answer or entry.message else 0
        case Notice(text=text):
            return 20 + _lines(text, width) * _LINE
        case Failure():
            return 140
        case Omitted(text=text):
            return 44 + _lines(text, width) * _LINE


def _lines(text: str, width: int) -> int:
    if not text:
        return 0
    return max(1, len(text) * _LETTER // max(1, width)) + text.count("\n") * 2 // 3
