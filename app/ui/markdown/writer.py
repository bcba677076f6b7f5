"""Writes Markdown tokens into a QTextDocument through a cursor; no HTML is ever involved."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from markdown_it.token import Token
from PySide6.QtGui import (
    QFont,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextFormat,
    QTextList,
    QTextListFormat,
)

from app.ui.look import Look
from app.ui.markdown.inline import InlineWriter

# Properties of a block that the view paints: quote depth, a rule, a code background.
QUOTE = QTextFormat.Property.UserProperty + 1
RULE = QTextFormat.Property.UserProperty + 2
PANEL = QTextFormat.Property.UserProperty + 3
# 1 for an open task, 2 for a done one.
TASK = QTextFormat.Property.UserProperty + 4

LINE_HEIGHT = 21.0
PANEL_PADDING = 8.0
PANEL_INDENT = 12.0
_PARAGRAPH_GAP = 10.0
_TIGHT_GAP = 4.0
_QUOTE_INDENT = 16.0
_HEADING_PX = {"h1": 20, "h2": 17, "h3": 15}
_BULLETS = (
    QTextListFormat.Style.ListDisc,
    QTextListFormat.Style.ListCircle,
    QTextListFormat.Style.ListSquare,
)


@dataclass
class _List:
    format: QTextListFormat
    made: QTextList | None = None
    begun: bool = False


@dataclass
class _State:
    lists: list[_List] = field(default_factory=list)
    quotes: int = 0
    item_waits: bool = False
    row: list[str] | None = None
    note: str = ""


class ProseWriter:
    """Appends blocks of prose to the end of the document behind `cursor`."""

    def __init__(self, cursor: QTextCursor, look: Look) -> None:
        self._cursor = cursor
        self._look = look
        self._inline = InlineWriter(cursor, look)
        self._state = _State()
        self._first = True

    @property
    def links(self) -> int:
        return self._inline.links

    @property
    def waiting_formulas(self) -> int:
        """Written as their source, because they are not drawn yet or cannot be."""
        return self._inline.waiting_formulas

    def write(self, tokens: Sequence[Token], *, first: bool) -> None:
        """first: the document is empty, so that its one empty block is used."""
        self._state = _State()
        self._first = first
        for index, token in enumerate(tokens):
            self._token(token, tokens[index + 1] if index + 1 < len(tokens) else None)

    def _token(self, token: Token, following: Token | None) -> None:
        match token.type:
            case "paragraph_open":
                self._begin(gap=self._gap(token))
                self._mark_task(following)
                self._write_note_label()
            case "heading_open":
                self._begin(gap=16.0, char=self._heading(token.tag))
            case "inline":
                self._inline_token(token)
            case "bullet_list_open" | "ordered_list_open":
                self._open_list(token)
            case "bullet_list_close" | "ordered_list_close":
                self._state.lists.pop()
            case "list_item_open":
                self._state.item_waits = True
            case "list_item_close" if self._state.item_waits:
                self._begin(gap=_TIGHT_GAP)
            case "blockquote_open":
                self._state.quotes += 1
            case "blockquote_close":
                self._state.quotes -= 1
            case "footnote_reference_open":
                self._state.note = str(token.meta.get("label", ""))
            case "footnote_reference_close":
                self._state.note = ""
            case "hr":
                self._rule()
            case "fence" | "code_block" | "math_block":
                self._panel(token.content)
            case "tr_open":
                self._state.row = []
            case "tr_close":
                self._write_row()

    def _gap(self, paragraph: Token) -> float:
        lists = self._state.lists
        first_item = len(lists) == 1 and not lists[0].begun
        return _TIGHT_GAP if paragraph.hidden and not first_item else _PARAGRAPH_GAP

    def _heading(self, tag: str) -> QTextCharFormat:
        char = QTextCharFormat()
        char.setFontWeight(QFont.Weight.DemiBold)
        size = self._look.scale.text(_HEADING_PX.get(tag, 14))
        char.setProperty(QTextFormat.Property.FontPixelSize, size)
        return char

    def _inline_token(self, token: Token) -> None:
        if self._state.row is not None:
            self._state.row.append(token.content)
            return
        self._inline.write(token.children or [], self._cursor.blockCharFormat())

    def _open_list(self, token: Token) -> None:
        if self._state.item_waits:
            self._begin(gap=_TIGHT_GAP)
        depth = len(self._state.lists)
        style = QTextListFormat()
        style.setIndent(depth + 1)
        if token.type == "ordered_list_open":
            style.setStyle(QTextListFormat.Style.ListDecimal)
            start = token.attrGet("start")
            style.setStart(min(int(start), 2**31 - 1) if isinstance(start, int) else 1)
        else:
            style.setStyle(_BULLETS[depth % len(_BULLETS)])
        self._state.lists.append(_List(style))

    def _begin(self, *, gap: float, char: QTextCharFormat | None = None) -> None:
        state = self._state
        block = QTextBlockFormat()
        block.setLineHeight(
            self._look.scale.text(LINE_HEIGHT), QTextBlockFormat.LineHeightTypes.MinimumHeight.value
        )
        block.setTopMargin(0.0 if self._first else gap)
        if state.quotes:
            block.setLeftMargin(_QUOTE_INDENT * state.quotes)
            block.setProperty(QUOTE, state.quotes)
        if state.lists and not state.item_waits:
            block.setIndent(len(state.lists))
        char = char or QTextCharFormat()
        if state.quotes:
            char.setForeground(self._inline.color("muted"))
        if self._first:
            self._cursor.setBlockFormat(block)
            self._cursor.setBlockCharFormat(char)
        else:
            self._cursor.insertBlock(block, char)
        self._first = False
        if state.lists and state.item_waits:
            self._attach(state.lists[-1])
        state.item_waits = False

    def _attach(self, current: _List) -> None:
        current.begun = True
        if current.made is None:
            current.made = self._cursor.createList(current.format)
        else:
            current.made.add(self._cursor.block())

    def _mark_task(self, following: Token | None) -> None:
        """`[ ]` and `[x]` at the start of an item become a box."""
        if not self._state.lists or following is None or not following.children:
            return
        text = following.children[0]
        marker = text.content[:4].lower()
        if text.type == "text" and marker in ("[ ] ", "[x] "):
            text.content = text.content[4:]
            text.meta = {"task": marker == "[x] "}
        if "task" in text.meta:
            block = self._cursor.blockFormat()
            block.setProperty(TASK, 2 if text.meta["task"] else 1)
            current = self._cursor.currentList()
            if current is not None:
                # Qt deletes a list with its last item.
                if current.count() == 1:
                    self._state.lists[-1].made = None
                current.remove(self._cursor.block())
            block.setObjectIndex(-1)
            block.setIndent(len(self._state.lists))
            self._cursor.setBlockFormat(block)

    def _write_note_label(self) -> None:
        """A footnote begins with its number."""
        note, self._state.note = self._state.note, ""
        if note:
            char = QTextCharFormat(self._cursor.blockCharFormat())
            char.setForeground(self._inline.color("muted"))
            self._cursor.insertText(f"{note}. ", char)

    def _rule(self) -> None:
        self._begin(gap=_PARAGRAPH_GAP)
        block = self._cursor.blockFormat()
        block.setProperty(RULE, True)
        self._cursor.setBlockFormat(block)

    def _panel(self, text: str) -> None:
        """Code or a formula within prose, line by line in monospace on a panel."""
        char = self._inline.mono()
        self._begin(gap=_PARAGRAPH_GAP + PANEL_PADDING, char=char)
        block = self._cursor.blockFormat()
        block.setProperty(PANEL, True)
        block.setTopMargin(max(block.topMargin(), PANEL_PADDING))
        block.setBottomMargin(PANEL_PADDING + _TIGHT_GAP)
        block.setLeftMargin(block.leftMargin() + PANEL_INDENT)
        self._cursor.setBlockFormat(block)
        self._cursor.insertText(text.removesuffix("\n").replace("\n", "\u2028"), char)

    def _write_row(self) -> None:
        row, self._state.row = self._state.row, None
        self._begin(gap=_TIGHT_GAP)
        self._cursor.insertText("  |  ".join(row or ()))
