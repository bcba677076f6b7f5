"""From arithmetic as people and models write it to the notation of Python's parser."""

import re

from app.tools.tool import ToolFailure

_SIGNS = str.maketrans(
    {
        **{chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},
        **dict.fromkeys("×·⋅∙✕✖∗", "*"),
        **dict.fromkeys("÷∕⁄", "/"),
        **dict.fromkeys("−–—﹣‐‑", "-"),
        **dict.fromkeys("【〔［[{", "("),
        **dict.fromkeys("】〕］]}", ")"),
        **dict.fromkeys("\u2009\u00a0\u202f\u3000\n\r\t", " "),
        "、": ",",
        "π": "pi",
        "^": "**",
        "＾": "**",
        **{power: f"**{digit}" for digit, power in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
    }
)
_NUMBER = r"(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?"
_GROUPED = re.compile(r"(?<![\w.,])\d{1,3}(?:,\d{3})+(?![\d,])")
_SPACE_GROUPED = re.compile(r"(?<![\w.,])\d{1,3}(?:[ \u2009\u00a0\u202f'’]\d{3})+(?!\d)")
_LEADING_ZEROS = re.compile(r"(?<![\w.])0+(?=\d)")
_ROOT = re.compile(rf"√\s*({_NUMBER})")
_FACTORIAL = re.compile(rf"(?<![\w.])({_NUMBER})\s*!(?!=)")
_PERCENT_OF = re.compile(rf"(?<![\w.])({_NUMBER})\s*%\s*of\b")
# `17 % 5` and `17%5` are remainders; `20%` before an operator, a bracket or the end is a share.
# Before a minus sign only the glued `20%` is one, since `17 % -5` is a remainder again.
_PERCENT = re.compile(rf"(?<![\w.])({_NUMBER})(?:\s*%(?=\s*(?:[+*/),]|$))|%(?=\s*-))")
_TIMES = re.compile(r"(?<=[\d)])\s+x\s+(?=[\d.(a-z])")
_GLUED_AND_LOOSE = re.compile(r"\d,\d{3}(?!\d).*, |, .*\d,\d{3}(?!\d)")
_DECIMAL_COMMA = re.compile(r"\d,\d")


def to_python(text: str) -> str:
    """An ASCII expression, its functions and names in lower case. Raises ToolFailure."""
    text = _SPACE_GROUPED.sub(_digits_only, text.lower())
    text = text.translate(_SIGNS).strip().rstrip("=? ")
    if not text:
        raise ToolFailure("the expression is empty")
    text = _outside_calls(text)
    text = _LEADING_ZEROS.sub("", text)
    text = _ROOT.sub(r"sqrt(\1)", text).replace("√", "sqrt")
    text = _FACTORIAL.sub(r"factorial(\1)", text)
    text = _PERCENT_OF.sub(r"(\1/100)*", text)
    text = _PERCENT.sub(r"(\1/100)", text)
    text = _TIMES.sub("*", text)
    if not text.isascii():
        strange = next(sign for sign in text if not sign.isascii())
        raise ToolFailure(f"the sign {strange} is not understood in an expression")
    return text


def _digits_only(match: re.Match[str]) -> str:
    return "".join(sign for sign in match[0] if sign.isdigit())


def _outside_calls(text: str) -> str:
    """Join `1,234` where a comma cannot separate the arguments of a function."""
    pieces: list[str] = []
    start = 0
    depth = 0
    for match in re.finditer(r"[a-z√]\w*\s*\(|[()]", text):
        opens = match[0].endswith("(")
        if depth == 0 and opens and len(match[0]) > 1:
            pieces.append(_join_groups(text[start : match.end()]))
            start, depth = match.end(), 1
        elif depth and opens:
            depth += 1
        elif depth:
            depth -= 1
            if depth == 0:
                pieces.append(_plain_arguments(text[start : match.end()]))
                start = match.end()
    pieces.append(text[start:] if depth else _join_groups(text[start:]))
    return "".join(pieces)


def _join_groups(text: str) -> str:
    text = _GROUPED.sub(_digits_only, text)
    if _DECIMAL_COMMA.search(text):
        raise ToolFailure("a comma is not clear here; write decimals with a point, as in 1.5")
    return text


def _plain_arguments(text: str) -> str:
    if _GLUED_AND_LOOSE.search(text):
        raise ToolFailure("leave out the commas inside numbers where a function has arguments")
    return text
