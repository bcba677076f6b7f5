"""Questions for the calculator, with the expression each of them asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conversations import Call, Step, Turn

if TYPE_CHECKING:
    from random import Random


@dataclass(frozen=True)
class Sum:
    question: str
    expression: str


_WORDS: dict[str, dict[str, tuple[str, ...]]] = {
    "en": {
        "+": (
            "What is {a} plus {b}?",
            "Add {a} and {b}.",
            "What is the sum of {a} and {b}?",
            "How much is {a} plus {b}?",
            "{a} plus {b}",
        ),
        "-": (
            "What is {a} minus {b}?",
            "Subtract {b} from {a}.",
            "What is the difference between {a} and {b}?",
            "How much is {a} minus {b}?",
            "{a} minus {b}",
        ),
        "*": (
            "What is {a} times {b}?",
            "Multiply {a} by {b}.",
            "What is the product of {a} and {b}?",
            "How much is {a} multiplied by {b}?",
            "{a} times {b}",
        ),
        "/": (
            "What is {a} divided by {b}?",
            "Divide {a} by {b}.",
            "How much is {a} divided by {b}?",
            "{a} divided by {b}",
            "{a} over {b}",
        ),
        "**": (
            "What is {a} to the power of {b}?",
            "Raise {a} to the power of {b}.",
            "{a} to the power of {b}",
        ),
    },
    "zh": {
        "+": ("{a}加{b}等于多少？", "{a}加{b}是多少？", "{a}和{b}的和是多少？", "把{a}和{b}相加"),
        "-": ("{a}减{b}等于多少？", "{a}减去{b}是多少？", "{a}和{b}的差是多少？"),
        "*": ("{a}乘以{b}等于多少？", "{a}乘{b}是多少？", "{a}和{b}的积是多少？", "{a}乘以{b}"),
        "/": ("{a}除以{b}等于多少？", "{a}除以{b}是多少？", "{a}除以{b}"),
        "**": ("{a}的{b}次方是多少？", "{a}的{b}次方等于多少？"),
    },
}
_FRAMES = {
    "en": (
        "{e}",
        "What is {e}?",
        "Calculate {e}.",
        "Calculate {e}",
        "How much is {e}?",
        "{e} = ?",
        "{e}=",
        "Work out {e}.",
        "Compute {e}",
        "Can you calculate {e}?",
        "What's {e}?",
    ),
    "zh": (
        "{e}",
        "{e}等于多少？",
        "计算{e}",
        "请计算 {e}",
        "{e} = ?",
        "{e}是多少？",
        "帮我算一下{e}",
    ),
}
_ROOTS = {
    "en": ("What is the square root of {a}?", "Square root of {a}", "sqrt({a})"),
    "zh": ("{a}的平方根是多少？", "求{a}的平方根", "sqrt({a})"),
}
_SQUARES = {"en": ("What is {a} squared?", "{a} squared"), "zh": ("{a}的平方是多少？",)}
_PERCENT = {
    "en": ("What is {a}% of {b}?", "{a}% of {b}", "How much is {a} percent of {b}?"),
    "zh": ("{b}的{a}%是多少？", "{b}的百分之{a}是多少？"),
}
_SPELLINGS = {"*": ("*", "*", "x", "×"), "/": ("/", "/", "÷"), "**": ("**", "^")}
_CHAIN: dict[str, dict[str, tuple[str, ...]]] = {
    "en": {
        "+": ("Add {b} to that.", "Now add {b}.", "And plus {b}?"),
        "-": ("Subtract {b} from that.", "Now subtract {b}.", "And minus {b}?"),
        "*": ("Multiply that by {b}.", "Now times {b}.", "And times {b}?"),
        "/": ("Divide that by {b}.", "Now divide it by {b}.", "And divided by {b}?"),
    },
    "zh": {
        "+": ("再加{b}呢？", "再加上{b}"),
        "-": ("再减{b}呢？", "再减去{b}"),
        "*": ("再乘以{b}呢？", "再乘以{b}"),
        "/": ("再除以{b}呢？", "再除以{b}"),
    },
}
_BEFORE = {
    "en": "This is arithmetic. The calculator does it exactly.",
    "zh": "这是算术题，用计算器可以得到准确结果。",
}
_AFTER = {
    "en": "The calculator has answered, so I pass its result on.",
    "zh": "计算器给出了结果，我直接告诉用户。",
}
_FAILED = {
    "en": "The calculator reported an error, so I say what it was.",
    "zh": "计算器报告了错误，我说明原因。",
}
ERRORS = (
    "division by zero",
    "the result is too large",
    "the expression is empty",
    "{e} is not an arithmetic expression; write it like (12 + 7) * 3 / 4",
    "one arithmetic expression is expected",
    "the expression has too many operations or brackets; split it up",
    "a negative number has no real square root",
    "only arithmetic with numbers is known",
    "the number {e} is out of range",
    "the calculator took longer than {n} seconds",
)


def error(rng: Random, expression: str) -> str:
    reason = rng.choice(ERRORS).format(e=expression, n=rng.randint(1, 60))
    return f"Error: {reason}"


def number(rng: Random) -> str:
    digits = rng.choice((1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 6))
    text = str(rng.randint(10 ** (digits - 1) if digits > 1 else 1, 10**digits - 1))
    if rng.random() < 0.1:
        text += "." + str(rng.randint(1, 99))
    return text


def _two(rng: Random, language: str) -> Sum:
    operator = rng.choice(("+", "-", "*", "/", "+", "-", "*", "/", "**"))
    a = number(rng)
    b = number(rng) if operator != "**" else str(rng.randint(2, 12))
    question = rng.choice(_WORDS[language][operator]).format(a=a, b=b)
    return Sum(question, f"{a} {operator} {b}")


def _written(rng: Random, language: str) -> Sum:
    """An expression that the person typed as one: it is passed on, tidied."""
    count = rng.choice((2, 2, 2, 3, 3, 4))
    space = rng.choice((" ", " ", ""))
    bracket = rng.randint(0, count - 2) if count > 2 and rng.random() < 0.5 else None
    typed, tidy = [], []
    for index in range(count):
        open_here, close_here = bracket == index, bracket is not None and bracket + 1 == index
        value = number(rng)
        operator = rng.choice("+-*/+-*/+-*/^") if index else ""
        if operator == "^":
            operator, value = "**", str(rng.randint(2, 12))
        if index:
            spelled = rng.choice(_SPELLINGS.get(operator, (operator,)))
            typed.append(f"{space}{spelled}{space}")
            tidy.append(f" {operator} ")
        text = ("(" if open_here else "") + value + (")" if close_here else "")
        typed.append(text)
        tidy.append(text)
    return Sum(rng.choice(_FRAMES[language]).format(e="".join(typed)), "".join(tidy))


def question(rng: Random, language: str) -> Sum:
    draw = rng.random()
    if draw < 0.5:
        return _two(rng, language)
    if draw < 0.88:
        return _written(rng, language)
    a, b = number(rng), number(rng)
    if draw < 0.92:
        return Sum(rng.choice(_ROOTS[language]).format(a=a), f"sqrt({a})")
    if draw < 0.95:
        return Sum(rng.choice(_SQUARES[language]).format(a=a), f"{a} ** 2")
    return Sum(rng.choice(_PERCENT[language]).format(a=a, b=b), f"{b} * {a} / 100")


def result(rng: Random) -> str:
    """Any number: the model is to copy the tool's result, never to work it out."""
    digits = rng.choice((1, 2, 3, 3, 4, 4, 5, 6, 7, 8, 10, 12))
    text = str(rng.randint(0, 10**digits))
    if rng.random() < 0.3:
        text += "." + "".join(rng.choices("0123456789", k=rng.choice((1, 1, 2, 3, 8, 14))))
    return ("-" if rng.random() < 0.12 else "") + text


def said(language: str, expression: str, value: str) -> str:
    if language == "zh":
        return f"`{expression}` 等于 **{value}**。"
    return f"`{expression}` is **{value}**."


def failed(language: str, error: str) -> str:
    reason = error.removeprefix("Error: ")
    if language == "zh":
        return f"工具没有成功，它报告的错误是：{reason}。请检查一下问题，换个说法再试。"
    return (
        f"The tool could not do that: {reason}. Please check the question and try it another way."
    )


def steps(language: str, expression: str, value: str) -> tuple[Step, Step]:
    call = Call("calculator", {"expression": expression})
    before = Step(_BEFORE[language], calls=(call,), results=(value,))
    if value.startswith("Error"):
        return before, Step(_FAILED[language], failed(language, value))
    return before, Step(_AFTER[language], said(language, expression, value))


def turn(rng: Random, language: str) -> Turn:
    asked = question(rng, language)
    value = error(rng, asked.expression) if rng.random() < 0.07 else result(rng)
    return Turn(
        "calculator", asked.question, steps(language, asked.expression, value), language, value
    )


def chained(rng: Random, language: str, before: str) -> Turn:
    """A second question that needs the first one's result."""
    operator = rng.choice("+-*/")
    b = number(rng)
    text = rng.choice(_CHAIN[language][operator]).format(b=b)
    value = result(rng)
    made = steps(language, f"{before} {operator} {b}", value)
    return Turn("calculator chained", text, made, language, value)


_PAIRS = {"en": ("What is {e} and what is {f}?", "{e} and {f}", "Calculate {e} and {f}."),
          "zh": ("{e}和{f}分别是多少？", "计算{e}和{f}")}  # fmt: skip


def pair(rng: Random, language: str) -> Turn:
    """Two calls in one turn."""
    values = [number(rng) for _ in range(4)]
    first = f"{values[0]} {rng.choice('+-*/')} {values[1]}"
    second = f"{values[2]} {rng.choice('+-*/')} {values[3]}"
    text = rng.choice(_PAIRS[language]).format(e=first, f=second)
    found = (result(rng), result(rng))
    calls = tuple(Call("calculator", {"expression": one}) for one in (first, second))
    answer = (" " if language == "en" else "").join(
        said(language, one, value) for one, value in zip((first, second), found, strict=True)
    )
    both = {
        "en": "There are two sums. I ask the calculator for both.",
        "zh": "这里有两道算式，我都交给计算器。",
    }
    return Turn(
        "two sums",
        text,
        (Step(both[language], calls=calls, results=found), Step(_AFTER[language], answer)),
        language,
    )
