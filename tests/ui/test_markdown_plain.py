"""Answers as plain text, footnotes, and code that wraps."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QTextCharFormat
from pytestqt.qtbot import QtBot

from app.ui.chat.entries import Footer
from app.ui.chat.views.footer_view import FooterView
from app.ui.look import Look
from app.ui.markdown.code_view import CodeView
from app.ui.markdown.markdown_view import MarkdownView
from app.ui.markdown.plain import plain_text
from app.ui.markdown.prose_view import ProseView


def _view(qtbot: QtBot, look: Look, text: str) -> MarkdownView:
    view = MarkdownView(look)
    qtbot.addWidget(view)
    view.set_text(text, finished=True)
    view.height_for(720)
    return view


def _prose(view: MarkdownView) -> ProseView:
    shown = view.segments[0]
    assert isinstance(shown, ProseView)
    return shown


def test_plain_text_keeps_the_order_and_drops_the_signs() -> None:
    text = (
        "# Head\n\nSome **bold** [link](https://e.org).\n\n- one\n- two\n  1. three\n\n"
        "```py\nx = 1\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nNote[^1].\n\n[^1]: Said.\n"
    )
    assert plain_text(text) == (
        "Head\n\nSome bold link (https://e.org).\n\n- one\n- two\n  1. three\n\n"
        "x = 1\n\na\tb\n1\t2\n\nNote[1].\n\n1. Said.\n"
    )


def test_footnotes_are_raised_and_their_text_is_shown(qtbot: QtBot, look: Look) -> None:
    shown = _prose(_view(qtbot, look, "Said[^1], like [^a-z].\n\n[^1]: By *nobody*.\n"))
    assert shown.toPlainText() == "Said1, like [^a-z].\n1. By nobody."
    cursor = shown.textCursor()
    cursor.setPosition(5)
    raised = QTextCharFormat.VerticalAlignment.AlignSuperScript
    assert cursor.charFormat().verticalAlignment() == raised


def test_paragraphs_have_their_own_direction(qtbot: QtBot, look: Look) -> None:
    document = _prose(_view(qtbot, look, "English.\n\nשלום עולם\n\nمرحبا\n")).document()
    directions = [document.findBlockByNumber(number).textDirection() for number in range(3)]
    right = Qt.LayoutDirection.RightToLeft
    assert directions == [Qt.LayoutDirection.LeftToRight, right, right]


def test_long_code_wraps_when_wanted_and_stays_so(qtbot: QtBot, look: Look) -> None:
    view = _view(qtbot, look, "```py\n" + "x = 1; " * 100 + "\n")
    code = view.segments[0]
    assert isinstance(code, CodeView)
    before = view.height_for(720)
    with qtbot.waitSignal(view.resized):
        code.wrap.click()
    assert view.height_for(720) > before + 60
    view.set_text(view.text + "y = 2\n```\n", finished=True)
    assert view.height_for(720) > before + 60
    code.wrap.click()
    assert view.height_for(720) < before + 60


def test_short_code_needs_no_wrapping(qtbot: QtBot, look: Look) -> None:
    code = _view(qtbot, look, "```py\nx\n```\n").segments[0]
    assert isinstance(code, CodeView)
    assert code.wrap.isHidden()


def test_the_footer_copies_in_both_ways(qtbot: QtBot, look: Look) -> None:
    holder = MarkdownView(look)
    qtbot.addWidget(holder)
    view = FooterView(look, Footer("6 tokens/s", running=False, answer="**a**"), holder)
    assert view.height_for(720) == 24
    view.menu.aboutToShow.emit()
    for action, wanted in zip(view.menu.actions(), ("**a**", "a\n"), strict=True):
        action.trigger()
        assert QGuiApplication.clipboard().text() == wanted
