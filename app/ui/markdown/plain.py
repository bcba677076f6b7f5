"""An answer as plain text: what it says, without the signs of Markdown. No Qt."""

from collections.abc import Sequence

from markdown_it.token import Token

from app.ui.markdown.parser import parser

_BREAKS = {"softbreak": " ", "hardbreak": "\n"}


def plain_text(markdown: str) -> str:
    """Lists keep their bullets and numbers, tables become columns between tabs."""
    writer = _Writer()
    for token in parser().parse(markdown):
        writer.take(token)
    return "\n".join(writer.lines).strip("\n") + "\n"


class _Writer:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self._lists: list[int | None] = []
        self._mark = ""
        self._row: list[str] | None = None

    def take(self, token: Token) -> None:
        match token.type:
            case "inline" if self._row is not None:
                self._row.append(_inline(token.children or ()))
            case "inline":
                self._write(_inline(token.children or ()))
            case "fence" | "code_block" | "math_block":
                self._write(token.content.removesuffix("\n"))
                self._gap()
            case "bullet_list_open":
                self._lists.append(None)
            case "ordered_list_open":
                start = token.attrGet("start")
                self._lists.append(start if isinstance(start, int) else 1)
            case "list_item_open":
                self._mark = self._next_mark()
            case "footnote_reference_open":
                self._mark = f"{token.meta.get('label', '')}. "
            case "bullet_list_close" | "ordered_list_close":
                self._lists.pop()
                if not self._lists:
                    self._gap()
            case "paragraph_close" if not token.hidden:
                self._gap()
            case "heading_close" | "table_close":
                self._gap()
            case "hr":
                self._write("---")
                self._gap()
            case "tr_open":
                self._row = []
            case "tr_close":
                self.lines.append("\t".join(self._row or ()))
                self._row = None

    def _next_mark(self) -> str:
        number = self._lists[-1]
        if number is None:
            return "- "
        self._lists[-1] = number + 1
        return f"{number}. "

    def _write(self, text: str) -> None:
        indent = "  " * max(0, len(self._lists) - 1)
        mark, self._mark = self._mark, ""
        rest = " " * len(mark) if mark else "  " * bool(self._lists)
        for number, line in enumerate(text.split("\n")):
            self.lines.append(f"{indent}{rest if number else mark or rest}{line}")

    def _gap(self) -> None:
        if self.lines and self.lines[-1]:
            self.lines.append("")


def _inline(tokens: Sequence[Token]) -> str:
    parts: list[str] = []
    target = ""
    for token in tokens:
        if token.type == "link_open":
            target = str(token.attrGet("href") or "")
        elif token.type == "link_close":
            if target and parts[-1:] != [target]:
                parts.append(f" ({target})")
        elif token.type == "footnote_ref":
            parts.append(f"[{token.content}]")
        else:
            parts.append(_BREAKS.get(token.type, token.content))
    return "".join(parts)
