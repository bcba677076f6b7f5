"""Formulas are drawn in the background; their source stands there until then, or for good."""

from collections.abc import Iterator

import pytest
from PySide6.QtGui import QTextCursor
from pytestqt.qtbot import QtBot

from app.core.tasks import TaskRunner
from app.ui.look import Look
from app.ui.main_thread import MainThread
from app.ui.markdown.formula import draw
from app.ui.markdown.formula_book import FormulaBook
from app.ui.markdown.formula_view import FormulaView
from app.ui.markdown.markdown_view import MarkdownView
from app.ui.markdown.prose_view import ProseView

_OBJECT = "\ufffc"


@pytest.mark.parametrize(
    "tex",
    [r"E = mc^2", r"\frac{a}{b}", r"\sum_{i=1}^{n} x_i", "中 + x",
     r"\begin{pmatrix} a & b \\ c & d \end{pmatrix}"],
)  # fmt: skip
def test_usual_formulas_are_drawn(tex: str) -> None:
    drawing = draw(tex, 16)
    assert drawing is not None
    assert drawing.width > 5
    assert drawing.ascent > 5
    assert b"#ff0000" in drawing.tinted("#ff0000")
    assert b"<image" not in drawing.tinted("#ff0000")


@pytest.mark.parametrize(
    "tex",
    ["", "x^{", r"\undefined{x}", r"\href{file:///etc/passwd}{x}", r"\includegraphics{x}",
     "a" * 2_000, "{" * 500, r"\frac{" * 200 + "1" + "}{2}" * 200, r"\begin{matrix}", "\\", "$"],
)  # fmt: skip
def test_what_cannot_be_drawn_is_left_as_it_is(tex: str) -> None:
    drawing = draw(tex, 16)
    assert drawing is None or "href" not in drawing.svg.replace("xlink:href", "")


@pytest.fixture
def book(look: Look, qtbot: QtBot) -> Iterator[FormulaBook]:  # noqa: ARG001
    main_thread = MainThread()
    tasks = TaskRunner(main_thread.post)
    look.formulas = FormulaBook(tasks)
    yield look.formulas
    assert tasks.close()
    main_thread.close()


def _view(qtbot: QtBot, look: Look, text: str) -> MarkdownView:
    view = MarkdownView(look)
    qtbot.addWidget(view)
    view.set_text(text, finished=True)
    view.height_for(720)
    return view


def test_a_formula_of_its_own_line(qtbot: QtBot, look: Look, book: FormulaBook) -> None:
    text = "Before\n\n$$\\frac{a}{b}$$\n\nafter"
    with qtbot.waitSignal(book.drawn):
        view = _view(qtbot, look, text)
        formula = view.segments[1]
        assert isinstance(formula, FormulaView)
        assert not formula.drawn
        before = formula.height_for(720)
        assert not formula._source.isHidden()
    assert formula.height_for(720) > before, "it is drawn"
    assert formula._source.isHidden()
    assert formula.accessibleName() == r"Formula: \frac{a}{b}"
    formula.resize(720, 40)
    assert not formula.grab().isNull()
    assert formula.height_for(40) > 0
    assert not formula._source.isHidden(), "too narrow to be read"


def test_one_that_is_still_written_is_not_drawn(
    qtbot: QtBot, look: Look, book: FormulaBook
) -> None:
    view = _view(qtbot, look, "$$\\frac{a}{b}")
    formula = view.segments[0]
    assert isinstance(formula, FormulaView)
    assert not book._running
    with qtbot.waitSignal(book.drawn):
        view.set_text("$$\\frac{a}{b}$$", finished=True)
    assert formula.drawn


def test_formulas_within_a_line_and_what_is_copied_of_them(
    qtbot: QtBot, look: Look, book: FormulaBook
) -> None:
    view = _view(qtbot, look, "So $x^2$ and $\\frac{a}{b}$ stay, $\\nothing{a}$ does not.")
    prose = view.segments[0]
    assert isinstance(prose, ProseView)
    assert _OBJECT not in prose.toPlainText()
    drawn = f"So {_OBJECT} and {_OBJECT} stay, \\nothing{{a}} does not."
    qtbot.waitUntil(lambda: prose.toPlainText() == drawn)
    assert not book._waiting
    cursor = prose.textCursor()
    cursor.select(QTextCursor.SelectionType.Document)
    prose.setTextCursor(cursor)
    copied = prose.createMimeDataFromSelection()
    assert copied.text() == "So $x^2$ and $\\frac{a}{b}$ stay, \\nothing{a} does not."
    assert not copied.hasHtml()
    look.choose("dark")
    view.redraw()
    assert _OBJECT in prose.toPlainText()
    assert not prose.grab().isNull()


def test_a_selection_is_not_disturbed(qtbot: QtBot, look: Look, book: FormulaBook) -> None:
    with qtbot.waitSignal(book.drawn):
        view = _view(qtbot, look, "A formula $x^2$ here.")
        prose = view.segments[0]
        assert isinstance(prose, ProseView)
        cursor = prose.textCursor()
        cursor.select(QTextCursor.SelectionType.Document)
        prose.setTextCursor(cursor)
    assert prose.textCursor().hasSelection()
    assert prose.toPlainText() == "A formula x^2 here."


def test_without_a_book_the_source_is_shown(qtbot: QtBot, look: Look) -> None:
    look.formulas = None
    view = _view(qtbot, look, "$$x^2$$\n\nand $y$")
    assert [type(segment) for segment in view.segments] == [FormulaView, ProseView]
    assert view.height_for(720) > 0
