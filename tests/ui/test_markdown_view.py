"""Markdown on the screen: what is written, written again, and never loaded or opened."""

from typing import Any

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QTextDocument
from pytestqt.qtbot import QtBot

from app.ui.look import Look
from app.ui.markdown import links
from app.ui.markdown.code_view import CodeView
from app.ui.markdown.formula_view import FormulaView
from app.ui.markdown.markdown_view import SHOWN_STEP, MarkdownView
from app.ui.markdown.prose_view import ProseView
from app.ui.markdown.table_view import TableView
from app.ui.markdown.text_view import TextView

SAMPLE = """# Title

Some **bold**, *italic*, ~~gone~~ and `code`, and $x^2$.

- one
  - two
    1. three
- four
  ```
  nested
  ```
- [ ] open
- [x] done

> quoted
>
> > twice

***

```python
def answer() -> int:
    return 42
```

| a | b |
|:--|--:|
| 1 | **2** |

$$
E = mc^2
$$

The end.
"""


def _view(qtbot: QtBot, look: Look, text: str = "", *, finished: bool = True) -> MarkdownView:
    view = MarkdownView(look)
    qtbot.addWidget(view)
    if text:
        view.set_text(text, finished=finished)
        view.height_for(720)
    return view


def _content(view: MarkdownView) -> list[object]:
    """Text and formats of everything shown."""
    result: list[object] = []
    for segment in view.segments:
        if isinstance(segment, CodeView):
            result.append((segment.code, segment._language))
            continue
        if isinstance(segment, FormulaView):
            result.append(segment.tex)
            continue
        block = segment.document().begin()
        while block.isValid():
            style = {
                key: value
                for key, value in block.blockFormat().properties().items()
                if key != 0  # the list's own number differs, its place does not
            }
            style = {key: str(value) for key, value in style.items()}
            result.append((block.text(), style, block.textList() is not None))
            block = block.next()
        result.append(segment.toHtml())
    return result


def test_a_stream_ends_as_the_whole_text_does(qtbot: QtBot, look: Look) -> None:
    streamed = _view(qtbot, look)
    for end in range(0, len(SAMPLE), 3):
        streamed.set_text(SAMPLE[:end])
    streamed.set_text(SAMPLE, finished=True)
    assert _content(streamed) == _content(_view(qtbot, look, SAMPLE))


def test_only_the_end_is_written_again(qtbot: QtBot, look: Look) -> None:
    text = "\n\n".join(f"Paragraph {number}." for number in range(30)) + "\n\n"
    view = _view(qtbot, look, text, finished=False)
    prose = view.segments[0]
    assert isinstance(prose, ProseView)
    before = prose.written_blocks
    for end in range(1, 21):
        view.set_text(text + "A new sentence grows"[:end])
    assert prose.written_blocks - before <= 40  # the new block, and at most the one before it


def test_a_selection_survives_the_stream(qtbot: QtBot, look: Look) -> None:
    view = _view(qtbot, look, "First paragraph.\n\nSecond", finished=False)
    prose = view.segments[0]
    assert isinstance(prose, ProseView)
    cursor = prose.textCursor()
    cursor.setPosition(0)
    cursor.setPosition(5, cursor.MoveMode.KeepAnchor)
    prose.setTextCursor(cursor)
    view.set_text("First paragraph.\n\nSecond grows\n\nThird")
    assert prose.textCursor().selectedText() == "First"


def test_code_keeps_its_text_and_copies_it(qtbot: QtBot, look: Look) -> None:
    view = _view(qtbot, look, "```sql\nSELECT 1;\n```\n")
    code = view.segments[0]
    assert isinstance(code, CodeView)
    assert code.code == "SELECT 1;\n"
    code._copy.click()
    assert qtbot and _clipboard() == "SELECT 1;\n"


def _clipboard() -> str:
    from PySide6.QtGui import QGuiApplication

    return QGuiApplication.clipboard().text()


def test_code_is_coloured_with_the_theme(qtbot: QtBot, look: Look) -> None:
    view = _view(qtbot, look, "```python\nimport 😀os\n```\n")
    code = view.segments[0]
    assert isinstance(code, CodeView)
    formats = code._text.document().firstBlock().layout().formats()
    colours = {part.format.foreground().color().name().upper() for part in formats}
    assert look.colors.syntax_keyword in colours


def test_a_table_has_its_cells_and_takes_no_stray_line(qtbot: QtBot, look: Look) -> None:
    view = _view(qtbot, look, "| a | b |\n|---|---|\n| 1 | 2 |\n")
    table = view.segments[0]
    assert isinstance(table, TableView)
    assert [text for text in table.toPlainText().split("\n") if text] == ["a", "b", "1", "2"]
    assert table.height_for(720) < 80


def test_a_theme_change_redraws_in_its_colours(qtbot: QtBot, look: Look) -> None:
    view = _view(qtbot, look, "[link](https://a.example)\n")
    prose = view.segments[0]
    assert look.colors.accent_text.lower() in prose.toHtml().lower()  # type: ignore[union-attr]
    look.choose("dark")
    view.redraw()
    assert look.colors.accent_text.lower() in prose.toHtml().lower()  # type: ignore[union-attr]


HOSTILE = (
    "![](file:///etc/passwd)",
    "![pic](https://tracker.example/p.png)",
    '<img src="https://tracker.example/p.png">',
    '<a href="file:///etc/passwd">x</a><script>alert(1)</script>',
    "[x](javascript:alert(1))",
    "[x](file:///etc/passwd)",
    "[x](data:text/html;base64,AAAA)",
    "[x](smb://host/share)",
    "<file:///etc/passwd>",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_only_text(
    qtbot: QtBot, look: Look, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted: list[object] = []
    monkeypatch.setattr(TextView, "loadResource", lambda *args: wanted.append(args[2]))
    view = _view(qtbot, look, text)
    view.resize(720, view.height_for(720))
    view.grab()
    assert wanted == []
    segment = view.segments[0]
    assert isinstance(segment, ProseView)
    assert "<img" not in segment.toHtml()
    for href in _hrefs(segment.document()):
        assert QUrl(href).scheme() in ("http", "https", "mailto")


def test_nothing_is_ever_loaded(qtbot: QtBot) -> None:
    view = TextView("Text")
    qtbot.addWidget(view)
    kind = QTextDocument.ResourceType.ImageResource
    assert view.loadResource(kind.value, QUrl("file:///etc/passwd")) is None


def _hrefs(document: QTextDocument) -> list[str]:
    cursor_formats = document.allFormats()
    return [
        item.toCharFormat().anchorHref()
        for item in cursor_formats
        if item.isCharFormat() and item.toCharFormat().isAnchor()
    ]


def test_a_disguised_link_shows_its_real_host(qtbot: QtBot, look: Look) -> None:
    text = "[https://good\u202e.example](https://evil.example/x)"
    segment = _view(qtbot, look, text).segments[0]
    assert isinstance(segment, ProseView)
    assert "(evil.example)" in segment.toPlainText()
    assert "\u202e" not in segment.toPlainText()


def test_the_target_is_shown_in_ascii() -> None:
    target = links.safe_target("https://аррӏе.example/\u202egpj.exe")
    assert target is not None
    assert links.shown(target).isascii()
    assert "xn--" in links.shown(target)


@pytest.mark.parametrize(
    ("address", "opens"),
    [
        ("https://a.example/x?y=1#z", True),
        ("http://a.example", True),
        ("mailto:a@b.example", True),
        ("ftp://a.example", False),
        ("file:///etc/passwd", False),
        ("https://", False),
        ("javascript:alert(1)", False),
        ("//a.example", False),
    ],
)
def test_only_plain_web_and_mail_links_open(
    address: str, opens: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[QUrl] = []

    def note(url: QUrl) -> bool:
        opened.append(url)
        return True

    monkeypatch.setattr(QDesktopServices, "openUrl", note)
    assert links.open_link(QUrl(address)) is opens
    assert bool(opened) is opens


def test_bidi_controls_in_code_are_visible_but_copied_as_they_are(qtbot: QtBot, look: Look) -> None:
    code = _view(qtbot, look, "```\na\u202eb\n```\n").segments[0]
    assert isinstance(code, CodeView)
    assert "⟨U+202E⟩" in code._text.toPlainText()
    assert code.code == "a\u202eb\n"


def test_very_long_text_is_folded_until_wanted(qtbot: QtBot, look: Look) -> None:
    view = _view(qtbot, look, "x" * 250_000)
    qtbot.waitUntil(lambda: view.is_complete)
    assert _shown(view) == SHOWN_STEP
    assert not view._more.isHidden()
    view._more.click()
    qtbot.waitUntil(lambda: view.is_complete)
    assert _shown(view) == 2 * SHOWN_STEP
    view._more.click()
    qtbot.waitUntil(lambda: view.is_complete)
    assert _shown(view) == 250_000
    assert view._more.isHidden()


def _shown(view: MarkdownView) -> int:
    texts = (segment.toPlainText() for segment in view.segments if isinstance(segment, ProseView))
    return sum(text.count("x") for text in texts)


def test_long_code_is_coloured_in_steps_to_its_end(qtbot: QtBot, look: Look) -> None:
    source = "def f(x):  # comment\n    return x\n" * 200
    view = _view(qtbot, look, f"```python\n{source}")
    code = view.segments[0]
    assert isinstance(code, CodeView)
    view.set_text(f"```python\n{source}return 1\n```\n", finished=True)
    document = code._text.document()
    lines = document.blockCount()
    qtbot.waitUntil(lambda: bool(document.lastBlock().layout().formats()), timeout=10_000)
    assert lines == 401
    assert document.firstBlock().layout().formats()
    look.choose("dark")
    code.redraw()
    formats = document.lastBlock().layout().formats()
    colour = formats[0].format.foreground().color()
    assert colour.name().upper() == look.colors.syntax_keyword
    qtbot.waitUntil(lambda: not code._colouring._timer.isActive(), timeout=10_000)


def test_a_growing_table_writes_only_new_rows(
    qtbot: QtBot, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "| a | b |\n|---|---|\n" + "| one | two |\n" * 20
    view = _view(qtbot, look, text, finished=False)
    filled: list[int] = []
    fill = TableView._fill

    def counted(*args: Any) -> None:
        filled.append(args[2])
        fill(*args)

    monkeypatch.setattr(TableView, "_fill", counted)
    view.set_text(text + "| three | four |\n")
    assert set(filled) == {21}
    table = view.segments[0]
    assert isinstance(table, TableView)
    assert "three" in table.toPlainText()
