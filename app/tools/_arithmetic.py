"""Arithmetic on numbers that are exact (Fraction) as long as they can be, else floats.

Every operation is bounded before it runs: big integers are computed in C without a way to stop.
"""

import math
from collections.abc import Callable
from decimal import Context, Decimal
from fractions import Fraction

from app.tools.tool import ToolFailure

Number = Fraction | float

MAX_DIGITS = 4_000
_MAX_BITS = round(MAX_DIGITS * math.log2(10))
_SHOWN_DIGITS = 15
_MAX_EXACT_DIGITS = 60
_TOO_LARGE = f"the result is too large (more than {MAX_DIGITS:,} digits)"


def literal(text: str) -> Fraction:
    """`12`, `0.1`, `1e-3`, exactly. Raises InvalidOperation on anything else."""
    value = Decimal(text)
    if value and abs(value.adjusted()) > MAX_DIGITS:
        raise ToolFailure(f"the number {text} is out of range")
    return Fraction(value)


def settle(value: Number) -> Number:
    """The value as it goes on: bounded, and a float when its fraction became unwieldy."""
    if isinstance(value, float):
        if math.isnan(value) or math.isinf(value):
            raise ToolFailure(_TOO_LARGE)
        return value
    if value.denominator.bit_length() <= _MAX_BITS >= value.numerator.bit_length():
        return value
    if value.denominator == 1:
        raise ToolFailure(_TOO_LARGE)
    return float(value)


def exactly(
    operation: Callable[[Fraction, Fraction], Fraction],
    inexact: Callable[[float, float], float],
) -> Callable[[Number, Number], Number]:
    """An operator for both kinds of numbers; one inexact operand makes the result inexact."""

    def apply(left: Number, right: Number) -> Number:
        if isinstance(left, Fraction) and isinstance(right, Fraction):
            return settle(operation(left, right))
        return settle(inexact(float(left), float(right)))

    return apply


def power(base: Number, exponent: Number) -> Number:
    """Exact for whole exponents and for roots that come out even."""
    if not base:
        if exponent < 0:
            raise ZeroDivisionError
        return Fraction(0 if exponent else 1)
    if isinstance(base, Fraction) and isinstance(exponent, Fraction):
        if exponent.denominator == 1:
            return _whole_power(base, exponent.numerator)
        if exponent.denominator == 2 and base > 0:
            root = square_root(base)
            if isinstance(root, Fraction):
                return _whole_power(root, exponent.numerator)
    if base < 0:
        raise ToolFailure("a negative number has no real power with a fractional exponent")
    return _float_power(float(base), float(exponent))


def _whole_power(base: Fraction, exponent: int) -> Number:
    if abs(base) == 1:
        return base if exponent % 2 else Fraction(1)
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if (bits - 1) * abs(exponent) <= _MAX_BITS:
        return settle(base**exponent)
    if base.denominator == 1 and exponent > 0:
        raise ToolFailure(_TOO_LARGE)
    return _float_power(float(base), float(Fraction(exponent)))


def _float_power(base: float, exponent: float) -> float:
    result = math.pow(base, exponent)
    if result == 0:
        raise ToolFailure("the result is too close to zero to be told from it")
    return result


def square_root(value: Number) -> Number:
    if value < 0:
        raise ToolFailure("a negative number has no real square root")
    if isinstance(value, Fraction):
        root = Fraction(math.isqrt(value.numerator), math.isqrt(value.denominator))
        if root * root == value:
            return root
    return math.sqrt(float(value))


def round_half_up(value: Number, digits: Number = Fraction(0)) -> Fraction:
    """To the nearest, halves away from zero, as one learns at school."""
    places = whole(digits, "round")
    if abs(places) > MAX_DIGITS:
        raise ToolFailure("round takes a reasonable number of digits")
    scale = Fraction(10) ** places
    size = Fraction(math.floor(abs(Fraction(value)) * scale + Fraction(1, 2))) / scale
    return -size if value < 0 else size


def whole(value: Number, name: str) -> int:
    """The value as an integer, or a ToolFailure that names the function."""
    if value != math.floor(value):
        raise ToolFailure(f"{name} takes whole numbers")
    return math.floor(value)


def shown(value: Number) -> str:
    """Whole numbers in full, ending decimals exactly, everything else to 15 digits."""
    if isinstance(value, Fraction):
        if value.denominator == 1:
            return str(value.numerator)
        exact = Context(prec=_MAX_EXACT_DIGITS)
        decimal = exact.divide(Decimal(value.numerator), Decimal(value.denominator))
        if Fraction(decimal) != value:
            decimal = Context(prec=_SHOWN_DIGITS).plus(decimal)
    else:
        decimal = Context(prec=_SHOWN_DIGITS).plus(Decimal(value))
    decimal = decimal.normalize()
    if not decimal:
        return "0"
    if -7 <= decimal.adjusted() <= 20:
        return f"{decimal:f}"
    return f"{decimal:e}".replace("e+", "e")
