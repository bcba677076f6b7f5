"""Text that means harm: nothing is loaded, and no step of showing it is large."""

from collections.abc import Sequence

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from PySide6.QtGui import QDesktopServices, QTextDocument
from PySide6.QtWidgets import QTextEdit
from pytestqt.qtbot import QtBot

from app.ui.chat.entries import Answer, Question, Thinking, ToolUse, Transcript
from app.ui.chat.transcript_view import TranscriptView
from app.ui.look import Look
from app.ui.markdown.formula import draw
from app.ui.markdown.markdown_view import MarkdownView
from app.ui.markdown.prose_view import ProseView
from app.ui.markdown.text_view import TextView

_TABLE = f"|{'h|' * 50}\n|{'-|' * 50}\n" + f"|{'cell|' * 50}\n" * 500
CASES = {
    "pictures": "![a](file:///etc/passwd) ![b](https://e.org/x.png) ![c](//e.org/x) " * 50,
    "html": "<script>alert(1)</script>\n<img src='file:///etc/passwd'>\n<iframe src=x>\n" * 300,
    "inline styles": "<b style='background:url(https://e.org/x)'>x</b> " * 300,
    "links": "[a](javascript:alert(1)) [b](data:text/html,x) [c](file:///etc) " * 100,
    "table": _TABLE,
    "long line": "x" * 1_000_000,
    "10,000 links": "\n".join(f"[l{i}](https://e.org/{i})" for i in range(10_000)),
    "nested lists": "".join(f"{'  ' * i}- level\n" for i in range(200)),
    "nested quotes": ">" * 200 + " deep\n",
    "list in one line": "- " * 5_000 + "x",
    "brackets": "[" * 30_000,
    "pictures unclosed": "![" * 15_000,
    "link nest": "[" * 3_000 + "a" + "](b)" * 3_000,
    "stars": "*" * 100_000,
    "emphasis": "*a **b _c " * 5_000,
    "backticks": "`" * 100_000,
    "growing backticks": "".join("`" * i + " " for i in range(1, 300)),
    "unclosed fence": "```python\n" + "x = (\n" * 10_000,
    "code in one line": "```js\n" + "a={b:[1,'x']," * 5_000,
    "dollars": "$a" * 20_000,
    "formula block": "\\[a\n" * 10_000,
    "formula nest": "$$" + "\\frac{" * 300 + "$$",
    "references": "[a]: b\n" * 5_000,
    "headings": "# h\n" * 4_000,
    "rules": "***\n" * 4_000,
    "tasks": "- [ ] t\n" * 3_000,
    "short lines": "a\n" * 8_000,
    "invisible": "\u200b\u202e\u2066a" * 5_000,
    "combining": "a" + "\u0301" * 20_000,
    "terminal codes": "\x1b[31mred\x1b[0m\x07\x1b]0;title\x07 " * 500,
    "zeros": "\x00" * 20_000,
    "lone surrogates": "\ud800" * 1_000,
}
# Letters that one call of the parser may see, and cells or paragraphs written in one step.
_MOST_PARSED = 20_000
_MOST_WRITTEN = 1_500
# Code and formulas are not cut: reading on to their end is quick. Nested lists cannot be.
_UNCUT = ("unclosed fence", "code in one line", "formula block", "nested lists")


class _Watch:
    """What is asked of the parser and the outside."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.opened: list[object] = []
        self.largest_parse = 0
        self.parsed = 0
        parse = MarkdownIt.parse

        def watched(parser: MarkdownIt, text: str) -> Sequence[Token]:
            self.largest_parse = max(self.largest_parse, len(text))
            self.parsed += len(text)
            return parse(parser, text)

        def refuse(*arguments: object) -> bool:
            self.opened.append(arguments)
            return False

        monkeypatch.setattr(MarkdownIt, "parse", watched)
        monkeypatch.setattr(QDesktopServices, "openUrl", refuse)
        monkeypatch.setattr(TextView, "loadResource", refuse)


@pytest.mark.parametrize("name", CASES)
def test_every_step_is_bounded_and_nothing_is_loaded(
    name: str, qtbot: QtBot, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = _Watch(monkeypatch)
    view = MarkdownView(look)
    qtbot.addWidget(view)
    view.resize(720, 600)
    view.set_text(CASES[name][:100_000], finished=True)
    steps = 0
    most = 100_000 if name in _UNCUT else _MOST_PARSED
    while True:
        height = view.height_for(720)
        assert watch.largest_parse <= most
        # A step looks at what it takes, and again at the unfinished end before it.
        assert watch.parsed <= 4 * most
        watch.parsed = 0
        if view.is_complete:
            break
        before = _written(view)
        view._take_more()
        assert _written(view) - before < _MOST_WRITTEN
        steps += 1
        assert steps < 500
    assert height < 16_000_000
    view.grab(view.rect().adjusted(0, 0, 720, 600))
    assert not watch.opened


def _written(view: MarkdownView) -> int:
    return sum(part.written_blocks for part in view.segments if isinstance(part, ProseView))


def test_tags_are_shown_as_text(qtbot: QtBot, look: Look) -> None:
    view = MarkdownView(look)
    qtbot.addWidget(view)
    view.set_text(CASES["html"][:2_000], finished=True)
    shown = view.segments[0]
    assert isinstance(shown, ProseView)
    assert "<script>alert(1)</script>" in shown.toPlainText()
    assert shown.document().resource(QTextDocument.ResourceType.ImageResource.value, "x") is None


def test_no_link_leads_to_a_script_or_a_file(qtbot: QtBot, look: Look) -> None:
    view = MarkdownView(look)
    qtbot.addWidget(view)
    view.set_text(CASES["links"] + CASES["pictures"], finished=True)
    for text in view.findChildren(QTextEdit):
        cursor = text.textCursor()
        for position in range(1, text.document().characterCount()):
            cursor.setPosition(position)
            target = cursor.charFormat().anchorHref()
            assert not target or target.startswith("https://e.org/")


def test_the_other_entries_bear_it_too(
    qtbot: QtBot, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = _Watch(monkeypatch)
    transcript = Transcript()
    for name in ("html", "long line", "invisible", "terminal codes", "zeros"):
        text = CASES[name]
        transcript.add(Question(text))
        transcript.add(Thinking(0.0, text, 10, 1.0, "done", opened=True))
        transcript.add(ToolUse(text[:200], "done", result=text, unfolded=True))
        transcript.add(Answer(text, finished=True))
    view = TranscriptView(look)
    qtbot.addWidget(view)
    view.resize(720, 600)
    view.show()
    view.show_transcript(transcript)
    for entry in list(transcript.entries):
        view.show_entry(entry)
        for text_view in view.view_of(entry).findChildren(QTextEdit):
            assert text_view.document().characterCount() <= 110_000
    view.grab()
    assert not watch.opened


@pytest.mark.parametrize(
    "tex",
    ["x^{" * 30, "\\frac{" * 200, "a" * 100_000, "\\begin{matrix}" * 40, "\\input{/etc/passwd}"],
)
def test_a_formula_that_is_none_is_refused(tex: str) -> None:
    assert draw(tex, 15) is None
