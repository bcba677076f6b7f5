"""The calculator: simpleeval walks the expression, exact numbers do the arithmetic."""

import ast
import math
import operator
import warnings
from collections.abc import Callable
from decimal import InvalidOperation
from fractions import Fraction
from typing import Any

from simpleeval import SimpleEval  # type: ignore[import-untyped]

from app.core.cancel import CancelToken
from app.core.json import JsonObject
from app.core.language import mark
from app.core.messages import ToolSpec
from app.tools._arithmetic import (
    Number,
    exactly,
    literal,
    power,
    round_half_up,
    settle,
    shown,
    square_root,
    whole,
)
from app.tools._notation import to_python
from app.tools.tool import Tool, ToolFailure

MAX_CHARACTERS = 1_000
_MAX_DEPTH = 120
_MAX_FACTORIAL = 1_000
_NODES = (ast.Expr, ast.BinOp, ast.UnaryOp, ast.Call, ast.Name, ast.Constant)
_EPSILON = 2.0**-52


def evaluate(expression: str) -> str:
    """The value as text. Whole numbers and decimals are exact, and so is everything that + - * /
    // % ** make of them; what has no end (1 / 3, sqrt(2)) is rounded to 15 digits.

    `^` is a power, `20%` is 0.2, log is the natural logarithm. Takes a bounded time on any input.
    Raises ToolFailure with the reason.
    """
    if len(expression) > MAX_CHARACTERS:
        raise ToolFailure(f"the expression is longer than {MAX_CHARACTERS:,} characters")
    source = to_python(expression)
    node = _parse(source, expression)
    try:
        value = _Evaluator(source).eval(source, previously_parsed=node)
    except ZeroDivisionError:
        raise ToolFailure("division by zero") from None
    except OverflowError:
        raise ToolFailure("the result is too large") from None
    return shown(value)


def _parse(source: str, as_written: str) -> ast.Expr:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about "2(3)", refused below in our own words
            body = ast.parse(source, mode="exec").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise ToolFailure(
            f"{_short(as_written)} is not an arithmetic expression; write it like (12 + 7) * 3 / 4"
        ) from None
    if len(body) != 1 or not isinstance(body[0], ast.Expr):
        raise ToolFailure("one arithmetic expression is expected")
    _check(body[0])
    return body[0]


def _check(root: ast.Expr) -> None:
    level: list[ast.AST] = [root]
    for _ in range(_MAX_DEPTH):
        for node in level:
            _check_node(node)
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return
    raise ToolFailure("the expression has too many operations or brackets; split it up")


def _check_node(node: ast.AST) -> None:
    if isinstance(node, ast.Call):
        if not isinstance(node.func, ast.Name):
            raise ToolFailure("write * between the factors of a product")
        if node.func.id not in _FUNCTIONS:
            raise ToolFailure(
                f"there is no function {_short(node.func.id)}; there are {', '.join(_FUNCTIONS)}"
            )
        if node.keywords:
            raise ToolFailure("functions take plain arguments")
    elif isinstance(node, ast.Name):
        if node.id not in _FUNCTIONS and node.id not in _NAMES:
            raise ToolFailure(f"{_short(node.id)} is not known; only numbers, pi and e are")
    elif isinstance(node, ast.operator | ast.unaryop):
        if type(node) not in _OPERATORS:
            raise ToolFailure("only + - * / // % and ** are known")
    elif not isinstance(node, (*_NODES, ast.expr_context)):
        raise ToolFailure("only arithmetic with numbers is known")


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:60] + "…"


class _Evaluator(SimpleEval):  # type: ignore[misc]
    nodes: dict[type[ast.AST], Callable[..., Any]]

    def __init__(self, source: str) -> None:
        super().__init__(operators=_OPERATORS, functions=_FUNCTIONS, names=_NAMES)
        self._source = source
        self.nodes = {
            **{kind: self.nodes[kind] for kind in _NODES},
            ast.Constant: self._literal,
            ast.Call: self._call,
            ast.Name: self._name,
        }

    def _literal(self, node: ast.Constant) -> Fraction:
        """From the source text: Python's own constant for 0.1 is not 0.1 any more."""
        text = ast.get_source_segment(self._source, node) or ""
        try:
            return literal(text)
        except InvalidOperation:
            raise ToolFailure(f"{_short(text)} is not a number") from None

    def _call(self, node: ast.Call) -> Number:
        try:
            return settle(self._eval_call(node))
        except (TypeError, ValueError):
            name = node.func.id if isinstance(node.func, ast.Name) else "the function"
            raise ToolFailure(f"{name} cannot be computed for these arguments") from None

    def _name(self, node: ast.Name) -> Number:
        value = _NAMES.get(node.id)
        if value is None:
            raise ToolFailure(f"{node.id} is a function; give it its argument in brackets")
        return value


def _modulo(left: float, right: float) -> float:
    return left - right * math.floor(left / right)


def _logarithm(value: Number, base: Number | None = None) -> Number:
    _positive(value)
    if base is None:
        return _log(value) if value != 1 else Fraction(0)
    _positive(base)
    result = _log(value) / _log(base)
    near = Fraction(round(result))
    exact = isinstance(value, Fraction) and abs(result - near) < 1e-9
    return near if exact and power(base, near) == value else result


def _log(value: Number) -> float:
    if isinstance(value, Fraction):  # numerator and denominator may be beyond a float
        return math.log(value.numerator) - math.log(value.denominator)
    return math.log(value)


def _positive(value: Number) -> None:
    if value <= 0:
        raise ToolFailure("the logarithm is defined for positive numbers only")


def _trigonometric(function: Callable[[float], float]) -> Callable[[Number], Number]:
    """A result that rounding of the argument alone explains, such as sin(pi), is zero."""

    def apply(value: Number) -> Number:
        angle = float(value)
        result = function(angle)
        return Fraction(0) if abs(result) <= 2 * _EPSILON * abs(angle) < 1 else result

    return apply


def _tangent(value: Number) -> Number:
    cosine = _trigonometric(math.cos)(value)
    if not cosine:
        raise ToolFailure("the tangent is not defined there")
    sine = _trigonometric(math.sin)(value)
    return math.tan(float(value)) if sine else Fraction(0)


def _exponential(value: Number) -> Number:
    return math.exp(value) if value else Fraction(1)


def _factorial(value: Number) -> Number:
    number = whole(value, "factorial")
    if not 0 <= number <= _MAX_FACTORIAL:
        raise ToolFailure(f"factorial takes whole numbers from 0 to {_MAX_FACTORIAL:,}")
    return Fraction(math.factorial(number))


_OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: exactly(operator.add, operator.add),
    ast.Sub: exactly(operator.sub, operator.sub),
    ast.Mult: exactly(operator.mul, operator.mul),
    ast.Div: exactly(operator.truediv, operator.truediv),
    ast.FloorDiv: exactly(lambda a, b: Fraction(a // b), operator.floordiv),
    ast.Mod: exactly(operator.mod, _modulo),
    ast.Pow: power,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
_FUNCTIONS: dict[str, Callable[..., Number]] = {
    "sqrt": square_root,
    "sin": _trigonometric(math.sin),
    "cos": _trigonometric(math.cos),
    "tan": _tangent,
    "asin": math.asin,
    "acos": math.acos,
    "atan": math.atan,
    "log": _logarithm,
    "ln": _logarithm,
    "log10": lambda value: _logarithm(value, Fraction(10)),
    "log2": lambda value: _logarithm(value, Fraction(2)),
    "exp": _exponential,
    "abs": abs,
    "round": round_half_up,
    "floor": lambda value: Fraction(math.floor(value)),
    "ceil": lambda value: Fraction(math.ceil(value)),
    "min": lambda *values: min(values),
    "max": lambda *values: max(values),
    "factorial": _factorial,
}
_NAMES: dict[str, Number] = {"pi": math.pi, "e": math.e}


def _run(arguments: JsonObject, _cancel: CancelToken) -> str:
    return evaluate(str(arguments["expression"]))


CALCULATOR = Tool(
    ToolSpec(
        "calculator",
        "Evaluates an arithmetic expression exactly.",
        {
            "type": "object",
            "properties": {
                "expression": {
                    "type": "string",
                    "description": "For example (12 + 7) * 3 / 4, sqrt(2) or 2 ** 10.",
                }
            },
            "required": ["expression"],
        },
    ),
    _run,
    title=mark("Calculator"),
)
