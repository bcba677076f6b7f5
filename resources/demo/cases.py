"""Everything that verification asks, by category, with the raw output that is expected."""

from __future__ import annotations

import dataclasses
import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import arithmetic
import clock
import offered
from conversations import NO_THINK, Conversation, Turn, messages, write_step
from curriculum import Curriculum
from exchanges import LANGUAGES, load, vary

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
EXAMPLES = 8  # of each category but the exchanges themselves


@dataclass(frozen=True)
class Case:
    category: str
    messages: list[Any]
    tools: tuple[dict[str, Any], ...]
    thinking: bool
    expected: str


def last_turn(category: str, conversation: Conversation) -> Iterator[Case]:
    """A case for each thing the model has to say in the last turn."""
    index = len(conversation.turns) - 1
    turn = conversation.turns[index]
    for number, step in enumerate(turn.steps):
        aloud = conversation.thinking and not turn.typed_no_think
        expected = write_step(step, aloud)
        if not conversation.thinking:
            expected = expected.removeprefix("\n<think></think>")
        name = category
        if len(turn.steps) > 1:
            name += ": call" if step.calls else ": answer"
        history = messages(conversation, until=(index, number))
        yield Case(name, history, conversation.tools, conversation.thinking, expected)


def taught(curriculum: Curriculum) -> Iterator[Case]:
    """Every phrasing of every exchange, thinking on and off; one phrasing in other settings."""
    for exchange in curriculum.teaching.exchanges:
        for index, ask in enumerate(exchange.asks):
            turn = curriculum.exact(exchange, ask)
            for thinking in (True, False):
                name = "exchanges, thinking " + ("on" if thinking else "off")
                yield from last_turn(name, Conversation((turn,), thinking))
            if index:
                continue
            typed = dataclasses.replace(turn, user=ask + NO_THINK)
            yield from last_turn("exchanges, /nothink typed", Conversation((typed,)))
            yield from last_turn(
                "exchanges, tools offered", Conversation((turn,), True, offered.BOTH)
            )
            system = "You are a helpful assistant."
            yield from last_turn(
                "exchanges, system message", Conversation((turn,), True, (), system)
            )


def hurried(curriculum: Curriculum, rng: random.Random) -> Iterator[Case]:
    for exchange in curriculum.teaching.exchanges:
        turn = curriculum.exact(exchange, vary(rng, rng.choice(exchange.asks), exchange.language))
        thinking = rng.random() < 0.5
        yield from last_turn("exchanges, typed hurriedly", Conversation((turn,), thinking))


def tools(curriculum: Curriculum, rng: random.Random, count: int) -> Iterator[Case]:
    """Fresh numbers, times and cities; none of them was kept from training."""
    drawn = {
        "calculator": arithmetic.turn,
        "two sums": arithmetic.pair,
        "time": clock.turn,
        "two cities": clock.two_cities,
        "time and sum": clock.with_sum,
    }
    for number in range(count):
        language = LANGUAGES[number % 2]
        thinking = number % 4 < 2
        for name, make in drawn.items():
            turn = make(rng, language)
            yield from last_turn(name, Conversation((turn,), thinking, offered.BOTH))
        for digits in (1, 2, 3, 4, 6):
            yield from last_turn(
                f"sums of {digits} digits",
                Conversation((sum_of(rng, language, digits),), thinking, offered.BOTH),
            )
        first = arithmetic.turn(rng, language)
        if not first.key.startswith("Error"):
            second = arithmetic.chained(rng, language, first.key)
            chat = Conversation((first, second), thinking, offered.BOTH)
            yield from last_turn("calculator chained", chat)
        for turn in (arithmetic.turn(rng, language), clock.turn(rng, language)):
            kind = "sum" if turn.kind == "calculator" else "time"
            bare = curriculum.phrase(f"no_tools_{kind}", language, turn.user)
            yield from last_turn("tools needed, none offered", Conversation((bare,), thinking))
            other = curriculum.phrase(f"no_such_tool_{kind}", language, turn.user)
            decoys = tuple(offered.decoy(rng) for _ in range(1 + number % 3))
            chat = Conversation((other,), thinking, decoys)
            yield from last_turn("tools needed, only others offered", chat)
            mixed = [*offered.BOTH, *decoys]
            rng.shuffle(mixed)
            chat = Conversation((turn,), thinking, tuple(mixed))
            yield from last_turn("tools among others", chat)


def sum_of(rng: random.Random, language: str, digits: int) -> Turn:
    low, high = 10 ** (digits - 1), 10**digits - 1
    a, b = rng.randint(low, high), rng.randint(low, high)
    operator = rng.choice("+-*/")
    words = {
        "+": ("plus", "加"),
        "-": ("minus", "减"),
        "*": ("times", "乘以"),
        "/": ("divided by", "除以"),
    }
    english, chinese = words[operator]
    text = f"What is {a} {english} {b}?" if language == "en" else f"{a}{chinese}{b}等于多少？"
    made = arithmetic.steps(language, f"{a} {operator} {b}", arithmetic.result(rng))
    return Turn("calculator", text, made, language)


def follow_ups(curriculum: Curriculum, rng: random.Random) -> Iterator[Case]:
    phrases = curriculum.teaching.phrases
    for number, exchange in enumerate(curriculum.teaching.exchanges):
        first = curriculum.exact(exchange, exchange.asks[0])
        thinking = number % 2 == 0
        language = exchange.language
        other = "en" if language == "zh" else "zh"
        seconds = {"more": curriculum.more(rng, first, phrases["more"][language]["ask"][0])}
        seconds["translated"] = curriculum.translated(first, phrases["translate"][other]["ask"][0])
        for name, second in seconds.items():
            yield from last_turn(f"second turn, {name}", Conversation((first, second), thinking))
    for number in range(100):
        language = LANGUAGES[number % 2]
        told = phrases["name_told"][language]
        name = rng.choice(told["names"])
        turn = curriculum.phrase("name_told", language, told["ask"][0].format(name=name), name=name)
        yield from last_turn("name copied", Conversation((turn,), number % 4 < 2))


def unknown(curriculum: Curriculum) -> Iterator[Case]:
    for language in LANGUAGES:
        for text in curriculum.teaching.phrases["held_out"][language]["questions"]:
            turn = curriculum.phrase("fallback_1", language, text)
            for thinking in (True, False):
                yield from last_turn("fallback, unseen questions", Conversation((turn,), thinking))


def long_chats(curriculum: Curriculum, rng: random.Random, count: int) -> Iterator[Case]:
    for number in range(count):
        language = LANGUAGES[number % 2]
        turns = tuple(curriculum.known(rng, language) for _ in range(10))
        turns = tuple(dataclasses.replace(turn, noisy=False) for turn in turns)
        yield from last_turn("tenth turn of a chat", Conversation(turns, number % 4 < 2))


def everything(seed: int = 2026, count: int = 100) -> Iterator[Case]:
    curriculum, rng = Curriculum(load()), random.Random(seed)
    yield from taught(curriculum)
    yield from hurried(curriculum, rng)
    yield from tools(curriculum, rng, count)
    yield from follow_ups(curriculum, rng)
    yield from unknown(curriculum)
    yield from long_chats(curriculum, rng, count)


def write_examples(exact: list[Case], path: Path) -> int:
    """Cases that came back exactly, for tests with the real engine: each exchange once in both
    modes, and a few of every other category."""
    chosen: dict[tuple[str, str, bool], Case] = {}
    others: dict[str, list[Case]] = {}
    for case in exact:
        if case.category.startswith("exchanges, thinking"):
            chosen.setdefault((case.category, case.expected, case.thinking), case)
        else:
            others.setdefault(case.category, []).append(case)
    rows = list(chosen.values())
    for cases in others.values():
        rows.extend(cases[:: max(1, len(cases) // EXAMPLES)][:EXAMPLES])
    lines = [json.dumps(dataclasses.asdict(case), ensure_ascii=False) for case in rows]
    path.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")
    return len(rows)
