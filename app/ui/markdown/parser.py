"""CommonMark with tables, strikethrough, footnotes and formulas; raw HTML stays text."""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from mdit_py_plugins.footnote.index import footnote_def

_FENCES = (("$$", "$$"), ("\\[", "\\]"))
_INLINE = (("$$", "$$"), ("\\(", "\\)"), ("\\[", "\\]"))
# `$x$` is a formula only when the dollars hug it and no digit follows, so prices stay prices.
_DOLLARS = re.compile(r"\$(?![\s$])((?:\\.|[^$\\\n])*?(?<![\s\\]))\$(?!\d)")
# Only numbers: `[^a-z]` is far more often a pattern than a footnote. Nor is it the text of a link.
_FOOTNOTE = re.compile(r"\[\^(\d{1,4})\](?!\()")


def parser() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False})
    markdown.enable(["table", "strikethrough"])
    markdown.block.ruler.before(
        "fence",
        "math_block",
        _math_block,
        {"alt": ["paragraph", "reference", "blockquote", "list"]},
    )
    markdown.inline.ruler.before("escape", "math_inline", _math_inline)
    markdown.block.ruler.before(
        "reference", "footnote_def", footnote_def, {"alt": ["paragraph", "reference"]}
    )
    markdown.inline.ruler.before("link", "footnote_ref", _footnote_ref)
    return markdown


def _math_block(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    if state.is_code_block(start_line):
        return False
    first = _line(state, start_line)
    fence = next((pair for pair in _FENCES if first.startswith(pair[0])), None)
    if fence is None:
        return False
    opening, closing = fence
    rest = first[len(opening) :].rstrip()
    lines = [rest]
    line = start_line
    if closing in rest:
        if not rest.endswith(closing) or rest.index(closing) != len(rest) - len(closing):
            return False
    else:
        while line + 1 < end_line and not lines[-1].endswith(closing):
            line += 1
            lines.append(_line(state, line).rstrip())
    if silent:
        return True
    token = state.push("math_block", "math", 0)
    token.block = True
    token.meta = {"closed": lines[-1].endswith(closing)}
    token.content = "\n".join(lines).strip().removesuffix(closing).strip("\n")
    token.map = [start_line, line + 1]
    state.line = line + 1
    return True


def _line(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]


def _math_inline(state: StateInline, silent: bool) -> bool:
    source, position = state.src, state.pos
    for opening, closing in _INLINE:
        if source.startswith(opening, position):
            end = source.find(closing, position + len(opening))
            content = source[position + len(opening) : end]
            if end > 0 and content.strip():
                return _push_math(state, content, end + len(closing), silent)
    match = _DOLLARS.match(source, position)
    if match is None:
        return False
    return _push_math(state, match.group(1), match.end(), silent)


def _footnote_ref(state: StateInline, silent: bool) -> bool:
    match = _FOOTNOTE.match(state.src, state.pos)
    if match is None:
        return False
    if not silent:
        state.push("footnote_ref", "", 0).content = match.group(1)
    state.pos = match.end()
    return True


def _push_math(state: StateInline, content: str, end: int, silent: bool) -> bool:
    if not silent:
        state.push("math_inline", "math", 0).content = content.strip()
    state.pos = end
    return True
