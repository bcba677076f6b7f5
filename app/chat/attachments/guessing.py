"""Which encoding bytes are in that are no Unicode: told from how often its usual signs occur."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from app.core.language import mark

_MOST_STRANGE = 0.01
_CYRILLIC_RUN = re.compile(rb"[\xa8\xb8\xc0-\xff]{3,}")
_HIGH = re.compile(rb"[\x80-\xff]")


@dataclass(frozen=True)
class Guess:
    """name: as people call it, "" where the guess is as good as sure."""

    encoding: str
    name: str = ""


def guess(sample: bytes) -> Guess | None:
    """None when it may be anything: Western European is as likely as others."""
    for found, fits in _CANDIDATES:
        if fits(sample):
            return found
    return None


def _share(encoding: str, is_usual: Callable[[str], bool], least: float) -> Callable[[bytes], bool]:
    """At least so much of what is not ASCII is usual in it, and nearly all of it can be read."""

    def fits(sample: bytes) -> bool:
        signs = [sign for sign in sample.decode(encoding, "replace") if sign > "\x7f"]
        strange = signs.count("\ufffd")
        usual = sum(map(is_usual, signs))
        # The sample may end in the middle of a sign.
        enough = strange <= 1 + _MOST_STRANGE * len(signs)
        return usual > 0 and enough and usual >= least * len(signs)

    return fits


def _kana(sign: str) -> bool:
    return "\u3041" <= sign <= "\u30fe"


def _hangul(sign: str) -> bool:
    return "\uac00" <= sign <= "\ud7a3"


def _simplified(sample: bytes) -> bool:
    """Nearly all signs are in GB 2312, and most in its first, frequent half."""
    signs = [sign for sign in sample.decode("gb18030", "replace") if sign > "\x7f"]
    codes = [sign.encode("gb2312", "ignore") for sign in signs]
    known = [code for code in codes if code]
    frequent = sum(code[0] <= 0xD7 for code in known)
    return bool(signs) and len(known) >= 0.9 * len(signs) and frequent >= 0.6 * len(known)


def _traditional(sign: str) -> bool:
    """The frequent half of Big5, and its punctuation."""
    code = sign.encode("big5", "ignore")
    return bool(code) and (0xA4 <= code[0] <= 0xC6 or code[0] in (0xA1, 0xA2))


def _cyrillic(sample: bytes) -> bool:
    """Words of letters that Western European would have as words of accents, in lower case."""
    words = b"".join(_CYRILLIC_RUN.findall(sample))
    lower = sum(byte >= 0xE0 for byte in words)
    return bool(words) and (
        len(words) >= 0.8 * len(_HIGH.findall(sample)) and lower >= 0.6 * len(words)
    )


# Order matters: Korean reads as frequent Chinese, Japanese in EUC partly does.
_CANDIDATES: tuple[tuple[Guess, Callable[[bytes], bool]], ...] = (
    (Guess("cp932", mark("Japanese (Shift JIS)")), _share("cp932", _kana, 0.3)),
    (Guess("euc_jp", mark("Japanese (EUC)")), _share("euc_jp", _kana, 0.3)),
    (Guess("cp949", mark("Korean (EUC-KR)")), _share("cp949", _hangul, 0.85)),
    (Guess("gb18030"), _simplified),
    (Guess("big5hkscs", mark("Chinese (Big5)")), _share("big5", _traditional, 0.85)),
    (Guess("cp1251", mark("Cyrillic (Windows-1251)")), _cyrillic),
)
