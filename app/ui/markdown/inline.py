"""Inline tokens as formatted text: emphasis, code, formulas, and links that tell the truth."""

from collections.abc import Sequence

from markdown_it.token import Token
from PySide6.QtCore import QUrl
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QTextCharFormat,
    QTextCursor,
    QTextFormat,
)

from app.core.language import tr
from app.ui.look import Look
from app.ui.look.look import BODY_PX, MONO_PX
from app.ui.markdown.inline_formula import insert_formula
from app.ui.markdown.links import BARE_ADDRESS, misleads, safe_target, shown, without_hidden


class InlineWriter:
    def __init__(self, cursor: QTextCursor, look: Look) -> None:
        self._cursor = cursor
        self._look = look
        self.links = 0
        self.waiting_formulas = 0

    def color(self, token: str) -> QColor:
        return QColor(str(getattr(self._look.colors, token)))

    def mono(self, base: QTextCharFormat | None = None) -> QTextCharFormat:
        char = QTextCharFormat(base) if base is not None else QTextCharFormat()
        char.setFontFamilies([self._look.mono_family])
        char.setFontFixedPitch(True)
        if char.intProperty(QTextFormat.Property.FontPixelSize) in (0, 14):
            char.setProperty(QTextFormat.Property.FontPixelSize, self._look.scale.text(MONO_PX))
        return char

    def write_at(self, cursor: QTextCursor, tokens: Sequence[Token], base: QTextCharFormat) -> None:
        self._cursor = cursor
        self.write(tokens, base)

    def write(self, tokens: Sequence[Token], base: QTextCharFormat) -> None:
        formats = [base]
        link: _Link | None = None
        for token in tokens:
            char = formats[-1]
            match token.type:
                case "text" | "text_special" | "html_inline":
                    self._text(token.content, char, link)
                case "softbreak":
                    self._insert(" ", char, link)
                case "hardbreak":
                    self._insert("\u2028", char, link)
                case "math_inline":
                    self._formula(token.content, char, link)
                case "code_inline":
                    self._insert(token.content, self.mono(char), link)
                case "footnote_ref":
                    self._insert(token.content, _raised(char), link)
                case "image":
                    self._image(token, char)
                case "link_open":
                    link = self._open_link(token, char)
                    formats.append(link.format)
                case "link_close":
                    formats.pop()
                    self._close_link(link, formats[-1])
                    link = None
                case "strong_open" | "em_open" | "s_open":
                    formats.append(_emphasized(token.type, char))
                case "strong_close" | "em_close" | "s_close":
                    formats.pop()

    def _text(self, text: str, char: QTextCharFormat, link: "_Link | None") -> None:
        if link is not None:
            self._insert(text, char, link)
            return
        position = 0
        for found in BARE_ADDRESS.finditer(text):
            target = safe_target(found.group())
            if target is None:
                continue
            self._insert(text[position : found.start()], char, None)
            self._insert(found.group(), self._link_format(char, target), None)
            position = found.end()
        self._insert(text[position:], char, None)

    def _insert(self, text: str, char: QTextCharFormat, link: "_Link | None") -> None:
        if link is not None:
            text = without_hidden(text)
            link.text += text
        if text:
            self._cursor.insertText(text, char)

    def _formula(self, tex: str, char: QTextCharFormat, link: "_Link | None") -> None:
        book = self._look.formulas
        size = char.intProperty(QTextFormat.Property.FontPixelSize) or self._look.scale.text(
            BODY_PX
        )
        drawing = book.get(tex, size + 1) if book is not None else None
        if drawing is None or link is not None:
            self.waiting_formulas += 1
            self._insert(tex, self.mono(char), link)
            return
        metrics = QFontMetricsF(self._cursor.document().defaultFont())
        insert_formula(self._cursor, char, tex, drawing, self.color("text").name(), metrics)

    def _image(self, token: Token, char: QTextCharFormat) -> None:
        """Pictures are not fetched: their description stands there, linked to where they are."""
        source = str(token.attrGet("src") or "")
        target = safe_target(source)
        label = tr(
            "Picture: {content}", content=without_hidden(token.content) or "without a description"
        )
        if target is None:
            self._cursor.insertText(label, char)
        else:
            self._cursor.insertText(label, self._link_format(char, target))

    def _open_link(self, token: Token, char: QTextCharFormat) -> "_Link":
        href = str(token.attrGet("href") or "")
        target = safe_target(href)
        style = char if target is None else self._link_format(char, target)
        return _Link(href, target, style)

    def _close_link(self, link: "_Link | None", char: QTextCharFormat) -> None:
        if link is None:
            return
        if link.target is None:
            aside = f" ({without_hidden(link.href)})" if link.href else ""
        elif misleads(link.text, link.target):
            aside = f" ({link.target.host()})"
        else:
            return
        muted = QTextCharFormat(char)
        muted.setForeground(self.color("muted"))
        self._cursor.insertText(aside, muted)

    def _link_format(self, base: QTextCharFormat, target: QUrl) -> QTextCharFormat:
        self.links += 1
        char = QTextCharFormat(base)
        char.setAnchor(True)
        char.setAnchorHref(shown(target))
        char.setToolTip(shown(target))
        char.setFontUnderline(True)
        char.setForeground(self.color("accent_text"))
        return char


class _Link:
    def __init__(self, href: str, target: QUrl | None, style: QTextCharFormat) -> None:
        self.href = href
        self.target = target
        self.format = style
        self.text = ""


def _raised(base: QTextCharFormat) -> QTextCharFormat:
    char = QTextCharFormat(base)
    char.setVerticalAlignment(QTextCharFormat.VerticalAlignment.AlignSuperScript)
    return char


def _emphasized(kind: str, base: QTextCharFormat) -> QTextCharFormat:
    char = QTextCharFormat(base)
    if kind == "strong_open":
        char.setFontWeight(QFont.Weight.DemiBold)
    elif kind == "em_open":
        char.setFontItalic(True)
    else:
        char.setFontStrikeOut(True)
    return char
