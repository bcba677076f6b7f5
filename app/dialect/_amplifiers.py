"""Operations that make something large out of something small, measured before they run."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from app.core.language import tr
from app.dialect._meter import MAX_INT_BITS, Meter, TooExpensiveError

Check = Callable[..., None]

_MAX_WIDTH: Final = 10_000
_MAX_PRECISION: Final = 20
_MAX_BACKWARD_WORK: Final = 10**8

SAFE_METHODS: Final[Mapping[str, frozenset[str]]] = {
    "str": frozenset(
        """
        capitalize casefold center count endswith expandtabs find format format_map index isalnum
        isalpha isascii isdecimal isdigit isidentifier islower isnumeric isprintable isspace
        istitle isupper join ljust lower lstrip partition removeprefix removesuffix replace rfind
        rindex rjust rpartition rsplit rstrip split splitlines startswith strip swapcase title
        upper zfill
        """.split()  # noqa: SIM905 - forty names read better so
    ),
    "dict": frozenset({"copy", "get", "items", "keys", "values"}),
    "list": frozenset({"copy", "count", "index"}),
    "float": frozenset({"is_integer"}),
    "other": frozenset(),
}


def check_binop(meter: Meter, operator: str, left: Any, right: Any) -> None:  # noqa: ANN401
    if operator == "*":
        for value, times in ((left, right), (right, left)):
            if isinstance(value, str | list | tuple) and isinstance(times, int):
                unit = 1 if isinstance(value, str) else 16
                meter.afford(unit * len(value) * max(times, 0))
    elif operator == "+" and isinstance(left, str | list | tuple):
        meter.afford(len(left) + (len(right) if isinstance(right, str | list | tuple) else 0))
    elif operator == "**" and isinstance(left, int) and isinstance(right, int):
        if left.bit_length() * abs(right) > MAX_INT_BITS:
            raise TooExpensiveError(tr("a power is too large"))
    else:
        meter.step()


_PERCENT = re.compile(r"%(?:\([^)]*\))?[-+ #0]*(\d+|\*)?(?:\.(\d+|\*))?")


def check_percent_format(meter: Meter, template: str, values: object) -> None:
    widths = 0
    for match in _PERCENT.finditer(template):
        widths += sum(_width(group) for group in match.groups() if group)
    meter.afford(len(template) + widths + template.count("%") * meter.weigh(values))


def check_str_format(
    meter: Meter, template: str, values: tuple[object, ...], named: Mapping[str, object]
) -> None:
    if re.search(r"\{[^{}]*[.\[:!][^{}]*\{|\{\w*[.\[]", template):
        raise TooExpensiveError(tr("nested fields in a format string are not offered to templates"))
    widths = sum(_width(number) for number in re.findall(r"\d+", template))
    weight = meter.weigh(list(values)) + meter.weigh(dict(named))
    meter.afford(len(template) + widths + template.count("{") * weight)


def _width(text: str) -> int:
    if text == "*" or len(text) > 5 or int(text) > _MAX_WIDTH:
        raise TooExpensiveError(tr("a format asks for too wide a field"))
    return int(text)


def _padded(_meter: Meter, _value: object, width: object = 0, *_rest: object) -> None:
    if isinstance(width, int) and abs(width) > _MAX_WIDTH:
        raise TooExpensiveError(tr("a padding is too wide"))


def _tabs(meter: Meter, text: str, tabsize: int = 8) -> None:
    _padded(meter, text, tabsize)
    meter.afford(len(text) + text.count("\t") * max(tabsize, 0))


def _replaced(meter: Meter, text: object, old: object, new: object, *_count: object) -> None:
    where, what = str(text), str(old)
    hits = where.count(what) if what else len(where) + 1
    meter.afford(len(where) + hits * max(len(str(new)) - len(what), 0))


def _split(meter: Meter, text: str, sep: str | None = None, maxsplit: int = -1) -> None:
    pieces = maxsplit if maxsplit >= 0 else text.count(sep) if sep else len(text) // 2
    meter.charge(16 * (pieces + 1))


def _lines(meter: Meter, text: str, keepends: bool = False) -> None:  # noqa: ARG001
    meter.charge(16 * (text.count("\n") + text.count("\r") + 1))


def _backward(meter: Meter, text: str, needle: object = "", *_rest: object) -> None:
    """CPython searches backwards in quadratic time."""
    if isinstance(needle, str) and len(text) * len(needle) > _MAX_BACKWARD_WORK:
        raise TooExpensiveError(tr("a backward search is too long"))
    meter.step()


def _backward_split(meter: Meter, text: str, sep: str | None = None, maxsplit: int = -1) -> None:
    _backward(meter, text, sep or "")
    _split(meter, text, sep, maxsplit)


METHOD_CHECKS: Final[Mapping[str, Check]] = {
    "center": _padded,
    "expandtabs": _tabs,
    "ljust": _padded,
    "replace": _replaced,
    "rfind": _backward,
    "rindex": _backward,
    "rjust": _padded,
    "rpartition": _backward,
    "rsplit": _backward_split,
    "split": _split,
    "splitlines": _lines,
    "zfill": _padded,
}


def _spread(meter: Meter, value: object, *_rest: object, **_named: object) -> None:
    """A string is about to become a list of its characters."""
    if isinstance(value, str):
        meter.charge(16 * len(value))


def _grouped(
    _meter: Meter, _value: object, size: object = 0, *_rest: object, **named: object
) -> None:
    for number in (size, *named.values()):
        if isinstance(number, int) and abs(number) > _MAX_WIDTH:
            raise TooExpensiveError(tr("a group is too large"))


def _indented(
    meter: Meter, text: object, width: int | str = 4, *_rest: object, **_n: object
) -> None:
    size = len(width) if isinstance(width, str) else width
    _padded(meter, text, size)
    meter.afford((str(text).count("\n") + 1) * (max(size, 0) + 1))


def _rounded(
    _meter: Meter, _value: object, precision: int = 0, *_rest: object, **_n: object
) -> None:
    if not isinstance(precision, int) or abs(precision) > _MAX_PRECISION:
        raise TooExpensiveError(tr("a rounding asks for too many digits"))


def _summed(
    _meter: Meter, _values: object, _attribute: object = None, start: object = 0, **_n: object
) -> None:
    if not isinstance(start, int | float):
        raise TooExpensiveError(tr("a sum of something other than numbers is not offered"))


def _formatted(meter: Meter, template: object, *values: object, **named: object) -> None:
    check_percent_format(meter, str(template), [list(values), dict(named)])


def _worded(meter: Meter, value: object, *_rest: object, **_named: object) -> None:
    """Implemented piece by piece in Python."""
    meter.charge(64 * meter.weigh(value))


FILTER_CHECKS: Final[Mapping[str, Check]] = {
    "batch": _grouped,
    "center": _padded,
    "format": _formatted,
    "groupby": _spread,
    "indent": _indented,
    "list": _spread,
    "replace": _replaced,
    "round": _rounded,
    "slice": _grouped,
    "sort": _spread,
    "sum": _summed,
    "title": _worded,
    "unique": _spread,
    "urlencode": _worded,
    "wordcount": _worded,
}
