"""Text of strangers without what nobody sees: it shall not speak to a model behind their back."""

import re

# Controls, soft hyphens, zero-width signs but those that letters need, bidirectional overrides,
# and "tags", with which whole sentences can be hidden.
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    r"\U000e0000-\U000e0fff]"
)
_LINE_END = re.compile(r"\r\n?|[\x85\u2028\u2029]")


def visible(text: str) -> str:
    """Lines end in "\\n"."""
    return _UNSEEN.sub("", _LINE_END.sub("\n", text))
