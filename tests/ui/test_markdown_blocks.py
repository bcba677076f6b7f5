"""Cutting a growing Markdown text into blocks."""

from hypothesis import given
from hypothesis import strategies as st

from app.ui.markdown.blocks import MarkdownBlocks

_PIECES = (
    "para", " ", "\n", "\n\n", "# ", "#", "- ", "  - ", "1. ", "> ", "```", "```py\n", "|", "---",
    "| a | b |\n|---|---|\n| 1 | 2 |\n", "**bold**", "*", "$$", "\\[", "\\]", "    ", "\t", "[x]",
    "[x]: https://a.example\n", "[x](https://a.example)", "&amp;", "[^1]",
    "[^1]: note", "<b>", "量化", "\r\n", "\r",
)  # fmt: skip


def _shape(blocks: MarkdownBlocks) -> list[tuple[str, str, list[tuple[str, str]]]]:
    return [
        (block.kind, block.source, [(token.type, token.content) for token in block.tokens])
        for block in blocks.blocks
    ]


@given(st.lists(st.sampled_from(_PIECES), max_size=24))
def test_growing_gives_the_same_as_all_at_once(pieces: list[str]) -> None:
    grown = MarkdownBlocks()
    text = ""
    for piece in pieces:
        text += piece
        grown.update(text)
    grown.finish()
    whole = MarkdownBlocks()
    whole.update(text)
    whole.finish()
    assert _shape(grown) == _shape(whole)


def test_settled_blocks_are_not_parsed_again() -> None:
    blocks = MarkdownBlocks()
    blocks.update("one\n\ntwo\n\nthree")
    first = blocks.blocks[0]
    assert blocks.update("one\n\ntwo\n\nthree and more\n\nfour") >= 1
    assert blocks.blocks[0] is first
    assert [block.source.strip() for block in blocks.blocks] == [
        "one", "two", "three and more", "four",
    ]  # fmt: skip


def test_a_line_that_is_not_finished_settles_nothing() -> None:
    blocks = MarkdownBlocks()
    blocks.update("text\n#")  # an empty heading so far
    blocks.update("text\n#hashtag")  # but it goes on as the paragraph
    assert [block.tokens[0].type for block in blocks.blocks] == ["paragraph_open"]


def test_kinds_and_language() -> None:
    blocks = MarkdownBlocks()
    blocks.update("para\n\n```python title=x\nprint(1)\n```\n\n| a |\n|---|\n| 1 |\n")
    assert [block.kind for block in blocks.blocks] == ["prose", "code", "table"]
    assert (blocks.blocks[1].language, blocks.blocks[1].code) == ("python", "print(1)\n")


def test_formulas_are_not_prices() -> None:
    blocks = MarkdownBlocks()
    blocks.update("It costs $5 or $6, and $x^2$ or \\(y\\) is a formula.\n\n$$\na_b*c*\n$$\n")
    inline = blocks.blocks[0].tokens[1].children or []
    assert [token.content for token in inline if token.type == "math_inline"] == ["x^2", "y"]
    assert blocks.blocks[1].tokens[0].content == "a_b*c*"


def test_an_endless_line_is_cut_and_settled() -> None:
    blocks = MarkdownBlocks()
    text = "word " * 40_000
    blocks.update(text)
    assert "".join(block.source for block in blocks.blocks).split() == text.split()
    settled = blocks.blocks[:-1]
    blocks.update(text + "more")
    assert all(old is new for old, new in zip(settled, blocks.blocks, strict=False))


def test_a_reference_defined_later_is_found_at_the_end() -> None:
    blocks = MarkdownBlocks()
    text = "see [here]\n\nmore\n\nmore\n\n[here]: https://a.example\n"
    for end in range(len(text) + 1):
        blocks.update(text[:end])
    assert blocks.finish() == 0
    children = blocks.blocks[0].tokens[1].children or []
    assert "link_open" in [token.type for token in children]
