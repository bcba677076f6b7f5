"""What nobody sees is not passed on; what letters need is."""

import pytest

from app.tools.web.visible import visible


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\x00b\x1b[31mc\x7f", "ab[31mc"),
        ("a\r\nb\rc\x85d\u2028e", "a\nb\nc\nd\ne"),
        ("co\xadop\u200berate\ufeff\u2060", "cooperate"),
        ("\u202eabc\u202c \u2066x\u2069\u200f", "abc x"),
        ("hi" + "".join(chr(0xE0000 + ord(sign)) for sign in "obey me"), "hi"),
        ("x" + chr(0xE0100), "x"),
        ("می\u200cخواهم 👩\u200d💻 ✔\ufe0f \t", "می\u200cخواهم 👩\u200d💻 ✔\ufe0f \t"),
    ],
)
def test_unseen_signs(text: str, expected: str) -> None:
    assert visible(text) == expected
