"""Any tree becomes bounded text."""

import lxml.html
from hypothesis import given
from hypothesis import strategies as st

from app.tools.web.markdown import MAX_CHARACTERS, to_markdown

_TAGS = ("a", "b", "br", "blockquote", "code", "div", "h1", "h2", "hr", "img", "li", "ol", "p")
_MORE = ("pre", "script", "span", "table", "td", "tr", "ul")
_PIECES = st.one_of(
    st.sampled_from(
        [f"<{tag}>" for tag in (*_TAGS, *_MORE)] + [f"</{tag}>" for tag in (*_TAGS, *_MORE)]
    ),
    st.sampled_from(['<a href="/x">', '<a href="http://[">', "<!-- c -->", "<?pi x?>", "&amp;"]),
    st.text(max_size=8),
)


@given(st.lists(_PIECES, max_size=40))
def test_any_page(pieces: list[str]) -> None:
    source = "<html><body>x" + "".join(pieces).replace("\0", "") + "</body></html>"
    root = lxml.html.document_fromstring(source.encode("utf-8", "replace"))
    text = to_markdown(root, "https://example.org/")
    assert len(text) <= MAX_CHARACTERS
    assert text == text.strip()
    assert "\n\n\n" not in text or "```" in text
