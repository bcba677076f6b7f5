"""A Markdown text as it grows: runs of prose, code blocks and tables below each other."""

from itertools import count

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app.core.language import tr
from app.core.units import count as number_text
from app.ui.look import Look
from app.ui.markdown.blocks import Block, MarkdownBlocks
from app.ui.markdown.code_view import CodeView
from app.ui.markdown.formula_view import FormulaView
from app.ui.markdown.prose_view import ProseView
from app.ui.markdown.table_view import TableView
from app.ui.widgets import button, single_shot

_GAP = 12
_PROSE_RUN = 48
# So much is shown at first, and so much more with each press of the button.
SHOWN_STEP = 100_000
# No step of the event loop takes up more than so many characters.
_TAKEN_STEP = 4_096
# And of no more lines and cells, which take longer than letters do.
_MARKS_STEP = 256
_HURRIED_STEPS = 16

Segment = ProseView | CodeView | TableView | FormulaView
_numbers = count(1)


class MarkdownView(QWidget):
    """Laid out by hand: `height_for` places the segments. `resized` asks for a new height."""

    resized = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(f"markdown-{next(_numbers)}")
        self._look = look
        self._parsed = MarkdownBlocks()
        self._text = ""
        self._limit = SHOWN_STEP
        self._taken = 0
        self._finished = False
        self._go_on = single_shot(self, 0, self._take_more)
        self._groups: list[tuple[Block, ...]] = []
        self.segments: list[Segment] = []
        self._more = button(
            tr("Show more"), f"{self.objectName()}-showMore", on_click=self.show_more, parent=self
        )
        self._more.hide()
        if look.formulas is not None:
            look.formulas.drawn.connect(self._formulas_drawn)

    @property
    def text(self) -> str:
        return self._text

    @property
    def unfolded(self) -> int:
        """Characters shown beyond the usual number."""
        return self._limit - SHOWN_STEP

    def unfold(self, characters: int) -> None:
        """To be called before the text is set."""
        self._limit = SHOWN_STEP + characters

    def set_text(self, text: str, *, finished: bool = False) -> None:
        """The whole text so far. finished: no more will come. Much text is taken bit by bit."""
        if not text.startswith(self._text[: self._taken]):
            self._taken = 0
        self._text, self._finished = text, finished
        self._take()

    @property
    def is_complete(self) -> bool:
        """False while there is text that is still to be taken."""
        return self._taken >= min(len(self._text), self._limit)

    def hurry(self) -> None:
        """Take what is still to come at once, unless it is very much: somebody waits for it."""
        for _ in range(_HURRIED_STEPS):
            if self.is_complete:
                break
            self._take_more()

    def _take(self) -> None:
        part = self._part()
        self._taken = min(len(part), self._taken + _step(part, self._taken))
        complete = self._taken == len(part)
        self._parsed.update(part[: self._taken])
        if complete and self._finished:
            self._parsed.finish()
        self._build()
        if not complete:
            self._go_on.start()

    def _take_more(self) -> None:
        self._take()
        self.resized.emit()

    def redraw(self) -> None:
        for segment in self.segments:
            segment.redraw()

    def show_more(self) -> None:
        self._limit += SHOWN_STEP
        self.set_text(self._text, finished=True)
        self.resized.emit()

    def height_for(self, width: int) -> int:
        top = 0
        for segment in self.segments:
            height = segment.height_for(width)
            segment.setGeometry(0, top, width, height)
            top += height + _GAP
        if not self._more.isHidden():
            self._more.setGeometry(0, top, min(width, self._more.sizeHint().width()), 32)
            top += 32 + _GAP
        if not self.is_complete and self._taken:
            # What is still to come keeps about the room that it will take.
            top += round(top * (min(len(self._text), self._limit) / self._taken - 1))
        return max(0, top - _GAP)

    def _part(self) -> str:
        hidden = len(self._text) - self._limit
        self._more.setVisible(hidden > 0)
        if hidden <= 0:
            return self._text
        self._more.setText(tr("Show more ({hidden} characters left)", hidden=number_text(hidden)))
        self._more.setAccessibleName(self._more.text())
        return self._text[: self._limit]

    def _build(self) -> None:
        groups = _grouped(self._parsed.blocks)
        for index, group in enumerate(groups):
            if index == len(self.segments):
                self._add(group)
            elif not _fits(self.segments[index], group):
                for segment in self.segments[index:]:
                    segment.hide()
                    segment.deleteLater()
                del self.segments[index:]
                self._add(group)
            if index >= len(self._groups) or self._groups[index] != group:
                self._fill(self.segments[index], group)
        for segment in self.segments[len(groups) :]:
            segment.hide()
            segment.deleteLater()
        del self.segments[len(groups) :]
        self._groups = groups

    def _add(self, group: tuple[Block, ...]) -> None:
        made: Segment
        if group[0].kind == "code":
            made = CodeView(self._look, self)
            made.resized.connect(self.resized)
        elif group[0].kind == "table":
            made = TableView(self._look, self)
        elif group[0].kind == "formula":
            made = FormulaView(self._look, self)
        else:
            made = ProseView(self._look, self)
        self.segments.append(made)
        made.show()
        self._groups = self._groups[: len(self.segments) - 1]

    def _formulas_drawn(self) -> None:
        changed = [
            segment.look_up()
            for segment in self.segments
            if isinstance(segment, FormulaView | ProseView)
        ]
        if any(changed):
            self.resized.emit()

    def _fill(self, segment: Segment, group: tuple[Block, ...]) -> None:
        if isinstance(segment, CodeView):
            segment.set_code(group[0].code, group[0].language)
        elif isinstance(segment, TableView):
            segment.set_block(group[0])
        elif isinstance(segment, FormulaView):
            segment.set_tex(group[0].code, finished=group[0].closed)
        else:
            segment.set_blocks(group)


def _step(text: str, start: int) -> int:
    """How much is taken at once from there."""
    end = start + _TAKEN_STEP
    marks = text.count("\n", start, end) + text.count("|", start, end)
    return _TAKEN_STEP * _MARKS_STEP // max(marks, _MARKS_STEP)


def _fits(segment: Segment, group: tuple[Block, ...]) -> bool:
    kinds = {"code": CodeView, "table": TableView, "prose": ProseView, "formula": FormulaView}
    return isinstance(segment, kinds[group[0].kind])


def _grouped(blocks: list[Block]) -> list[tuple[Block, ...]]:
    """Neighbouring prose goes together, a limited number of blocks at a time."""
    groups: list[list[Block]] = []
    for block in blocks:
        joins = (
            groups and block.kind == groups[-1][0].kind == "prose" and len(groups[-1]) < _PROSE_RUN
        )
        if joins:
            groups[-1].append(block)
        else:
            groups.append([block])
    return [tuple(group) for group in groups]
