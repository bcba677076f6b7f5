"""Top-level blocks of a growing Markdown text; only the unfinished end is parsed again."""

import re
from dataclasses import dataclass
from typing import Literal

from markdown_it.token import Token

from app.ui.markdown.parser import parser

# A line longer than this is cut into paragraphs of this size, so that no step takes long.
_LONG_PARAGRAPH = 4_096
_LONG_LINE = re.compile(rf"[^\n]{{{_LONG_PARAGRAPH}}}")
# An unfinished block that grows beyond this is cut between its lines, for the same reason.
_LARGEST_BLOCK = 8_192
# What a line costs beyond its letters, in letters.
_LINE_COST = 24
# A longer text is not parsed again for the sake of link references at its end.
_LONGEST_LOOKED_BACK = 32_768
_REFERENCE = re.compile(r"^ {0,3}\[[^\]\n]+\]:", re.MULTILINE)
_ITEM = re.compile(r"(?:[-+*]|\d{1,9}[.)])[ \t]")

BlockKind = Literal["prose", "code", "table", "formula"]


@dataclass(frozen=True)
class Block:
    """One top-level block. Blocks with the same source and kind look the same."""

    kind: BlockKind
    source: str
    tokens: tuple[Token, ...]

    @property
    def code(self) -> str:
        return self.tokens[0].content

    @property
    def closed(self) -> bool:
        """Of a formula: its end has come."""
        return bool(self.tokens[0].meta.get("closed"))

    @property
    def language(self) -> str:
        info = self.tokens[0].info.strip()
        return info.split()[0] if info else ""


class MarkdownBlocks:
    """The blocks of a text that mostly grows at its end.

    A block is settled once a later block has begun on a complete line: nothing that is appended
    can change it then, except a link reference defined later; `finish` looks for those.
    """

    def __init__(self) -> None:
        self._parser = parser()
        self._text = ""
        self._settled_chars = 0
        self._settled_blocks = 0
        # The header of a table that was cut: what follows begins with it again.
        self._header = ""
        self.blocks: list[Block] = []

    def update(self, text: str) -> int:
        """Take the whole text so far; returns the index of the first block that may differ."""
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        if not text.startswith(self._text):
            self._start_over()
            self.blocks.clear()
        self._text = text
        return self._parse_tail()

    def finish(self) -> int:
        """The text is complete; returns the index of the first block that changed."""
        if len(self._text) > _LONGEST_LOOKED_BACK or not _REFERENCE.search(self._text):
            return len(self.blocks)
        before = [(block.kind, block.source, _shape(block)) for block in self.blocks]
        self._start_over()
        self._parse_tail()
        for index, block in enumerate(self.blocks):
            if index >= len(before) or before[index] != (block.kind, block.source, _shape(block)):
                return index
        return len(self.blocks)

    def _start_over(self) -> None:
        self._settled_chars = self._settled_blocks = 0
        self._header = ""

    def _parse_tail(self) -> int:
        first = self._settled_blocks
        while self._parse_once():
            pass
        return first

    def _parse_once(self) -> bool:
        """True when an endless paragraph was cut and the rest is still to be parsed."""
        first = self._settled_blocks
        tail = self._text[self._settled_chars :]
        long = len(tail) >= _LONG_PARAGRAPH and _LONG_LINE.match(tail) is not None
        if long:
            tail = tail[:_LONG_PARAGRAPH]
        lines = _lines(self._header + tail)
        found = _cut(self._parser.parse(self._header + tail), lines)
        del self.blocks[first:]
        self.blocks.extend(block for _, block in found)
        if long:
            self._settle(len(found), self._header + tail)
            return True
        complete = len(lines) if tail.endswith("\n") else len(lines) - 1
        for index in range(len(found) - 1, 0, -1):
            start = found[index][0]
            if start < complete:
                self._settle(index, "".join(lines[:start]))
                return self._cut_large(found[index:], lines[start:])
        return self._cut_large(found, lines)

    def _settle(self, blocks: int, source: str) -> None:
        self._settled_blocks += blocks
        self._settled_chars += len(source) - len(self._header)
        self._header = ""

    def _cut_large(self, found: list[tuple[int, Block]], lines: list[str]) -> bool:
        """Settle the start of what has grown too large; True when the rest is to be parsed."""
        if sum(len(line) + _LINE_COST for line in lines) <= _LARGEST_BLOCK:
            return False
        if not found:  # references alone, which show nothing
            self._settled_chars += sum(len(line) for line in lines[:-1]) - len(self._header)
            return False
        block = found[0][1]
        if len(found) > 1 or block.kind in ("code", "formula"):
            return False
        cut = _place_to_cut(block, lines)
        if cut is None:
            return False
        header = "".join(lines[:2]) if block.kind == "table" else ""
        source = "".join(lines[:cut])
        kept = tuple(self._parser.parse(source))
        self.blocks[self._settled_blocks :] = [Block(block.kind, source, kept)]
        self._settle(1, source)
        self._header = header
        return True


def _place_to_cut(block: Block, lines: list[str]) -> int | None:
    """The first line of what begins anew: one that does not belong to an item before it."""
    size = 0
    is_list = block.tokens[0].type in ("bullet_list_open", "ordered_list_open")
    best: int | None = None
    for index, line in enumerate(lines[:-1]):
        wanted = index > 2 and (not is_list or _ITEM.match(line) is not None)
        if wanted and line.strip():
            best = index
        size += len(line) + _LINE_COST
        if size > _LARGEST_BLOCK:
            break
    return best


def _lines(text: str) -> list[str]:
    parts = text.split("\n")
    return [f"{part}\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def _cut(tokens: list[Token], lines: list[str]) -> list[tuple[int, Block]]:
    """Start line and block of every top-level block."""
    result: list[tuple[int, Block]] = []
    start = 0
    for index, token in enumerate(tokens):
        if token.level != 0 or token.nesting == 1:
            continue
        group = tuple(tokens[start : index + 1])
        start = index + 1
        first, last = group[0].map or (0, 0)
        result.append((first, Block(_kind(group[0]), "".join(lines[first:last]), group)))
    return result


def _kind(token: Token) -> BlockKind:
    if token.type in ("fence", "code_block"):
        return "code"
    if token.type == "math_block":
        return "formula"
    return "table" if token.type == "table_open" else "prose"


def _shape(block: Block) -> list[list[str]]:
    return [[child.type for child in token.children or ()] for token in block.tokens]
