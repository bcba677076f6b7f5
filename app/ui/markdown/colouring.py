"""Colours a text document line by line, a few milliseconds at a time."""

import time
from collections.abc import Iterator

from PySide6.QtCore import QObject
from PySide6.QtGui import QColor, QTextBlock, QTextCharFormat, QTextDocument, QTextLayout

from app.ui.look import Look
from app.ui.markdown.highlight import Span, line_spans
from app.ui.widgets import single_shot

_STEP_SECONDS = 0.008
# A text that grows is coloured again from its start; this keeps that to a fifth of the time.
_REST_FACTOR = 5.0


class Colouring(QObject):
    """The first step is taken at once, so that short code never flickers."""

    def __init__(self, document: QTextDocument, look: Look, parent: QObject) -> None:
        super().__init__(parent)
        self._document = document
        self._look = look
        self._text = ""
        self._language = ""
        self._lines: list[tuple[Span, ...]] = []
        self._job: Iterator[tuple[Span, ...]] | None = None
        self._job_text = ""
        self._at = 0
        self._spent = 0.0
        self._timer = single_shot(self, 0, self._go_on)

    def set_text(self, text: str, language: str) -> None:
        """The document shows `text` by now."""
        grown = language == self._language and text.startswith(self._text)
        self._text, self._language = text, language
        if not grown:
            self._job = None
            self._lines.clear()
            self._timer.stop()
        if not self._timer.isActive():
            self._go_on()

    def redraw(self) -> None:
        """In the colours now in force."""
        block = self._document.begin()
        for line in self._lines:
            self._apply(block, line)
            block = block.next()
        self._document.markContentsDirty(0, self._document.characterCount())

    def _go_on(self) -> None:
        if self._job is None:
            self._job, self._job_text = line_spans(self._text, self._language), self._text
            self._at, self._spent = 0, 0.0
        started = time.monotonic()
        finished = self._step(self._job, started + _STEP_SECONDS)
        self._spent += time.monotonic() - started
        if not finished:
            self._timer.start(0)
            return
        self._job = None
        if self._job_text != self._text:
            self._timer.start(round(1000 * self._spent * _REST_FACTOR))

    def _step(self, job: Iterator[tuple[Span, ...]], until: float) -> bool:
        """True when the last line is done."""
        block = self._document.findBlockByNumber(self._at)
        dirty: QTextBlock | None = None
        for line in job:
            changed = self._at >= len(self._lines) or self._lines[self._at] != line
            if changed:
                self._lines[self._at : self._at + 1] = [line]
                self._apply(block, line)
                dirty = dirty or block
            self._at += 1
            if time.monotonic() > until:
                break
            block = block.next()
        else:
            self._mark(dirty, block)
            return True
        self._mark(dirty, block)
        return False

    def _mark(self, first: QTextBlock | None, last: QTextBlock) -> None:
        if first is not None:
            end = last.position() + last.length() if last.isValid() else 0
            total = self._document.characterCount()
            self._document.markContentsDirty(
                first.position(), max(1, (end or total) - first.position())
            )

    def _apply(self, block: QTextBlock, line: tuple[Span, ...]) -> None:
        if not block.isValid():
            return
        ranges = []
        for span in line:
            part = QTextLayout.FormatRange()
            part.start, part.length = span.start, span.length
            style = QTextCharFormat()
            style.setForeground(QColor(str(getattr(self._look.colors, span.token))))
            part.format = style
            ranges.append(part)
        block.layout().setFormats(ranges)
