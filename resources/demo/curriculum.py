"""Draws conversations: known exchanges, tools, follow-ups and unknown questions, mixed."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import arithmetic
import clock
import offered
from conversations import NO_THINK, Conversation, Step, Turn
from exchanges import TERM_FRAMES, vary

if TYPE_CHECKING:
    from random import Random

    from exchanges import Exchange, Teaching

_SYLLABLES = [
    "ba",
    "ce",
    "di",
    "fo",
    "gu",
    "ha",
    "ki",
    "la",
    "mo",
    "ne",
    "pi",
    "ra",
    "su",
    "te",
    "vo",
    "wi",
    "xa",
    "yo",
    "za",
    "lin",
    "mar",
    "ton",
    "sel",
    "der",
    "kan",
]


class Curriculum:
    def __init__(self, teaching: Teaching) -> None:
        self.teaching = teaching
        self.by_language = {
            language: [e for e in teaching.exchanges if e.language == language]
            for language in ("en", "zh")
        }
        self._weights = {
            language: [0.6 + 0.1 * len(e.asks) for e in exchanges]
            for language, exchanges in self.by_language.items()
        }

    def draw(self, rng: Random, progress: float = 1.0) -> Conversation:
        """One conversation of one to fourteen turns; short ones first as training begins."""
        thinking = rng.random() < 0.7
        tools = offered.offer(rng) if rng.random() < 0.32 else ()
        system = rng.choice(offered.SYSTEMS) if rng.random() < 0.25 else ""
        draw = rng.random() + (0.35 if tools else 0.0)  # a list of tools is long: use it well
        count = 1 if draw < 0.6 else 2 if draw < 0.86 else rng.randint(3, 6)
        if 0.98 < draw < 1.0 and progress > 0.3:
            count = rng.randint(7, 14)
        elif progress < 0.25 and not tools:
            count = min(count, 2)
        language = rng.choice(("en", "zh"))
        turns: list[Turn] = []
        for _ in range(count):
            if rng.random() < 0.1:
                language = "en" if language == "zh" else "zh"
            turn = self._turn(rng, language, tuple(turns), offered.names(tools), bool(tools))
            if thinking and rng.random() < 0.1:
                turn = dataclasses.replace(turn, user=turn.user + rng.choice(("", " ")) + NO_THINK)
            turns.append(turn)
        return Conversation(tuple(turns), thinking, tools, system)

    def _turn(
        self, rng: Random, language: str, before: tuple[Turn, ...], names: set[str], tools: bool
    ) -> Turn:
        draw = rng.random()
        if before and draw < 0.25:
            return self._follow(rng, language, before, names)
        if draw > 0.98:
            return self.about_before(rng, language)
        draw = rng.random()
        if draw < (0.5 if names & {"calculator", "current_time"} else 0.1):
            return self._with_tools(rng, language, names, tools)
        if draw > 0.86:
            return self.fallback(rng, language, before)
        return self.known(rng, language)

    def known(self, rng: Random, language: str) -> Turn:
        (exchange,) = rng.choices(self.by_language[language], self._weights[language])
        text = vary(rng, rng.choice(exchange.asks), language)
        noisy = rng.random() < 0.12
        return dataclasses.replace(self.exact(exchange, text), noisy=noisy)

    @staticmethod
    def exact(exchange: Exchange, text: str) -> Turn:
        step = Step(exchange.think, exchange.answer)
        return Turn("exchange", text, (step,), exchange.language, exchange.key)

    def phrase(self, kind: str, language: str, user: str, **values: str) -> Turn:
        entry = self.teaching.phrases[kind][language]
        step = Step(entry["think"].format(**values), entry["answer"].format(**values))
        return Turn(kind, user, (step,), language)

    def _with_tools(self, rng: Random, language: str, names: set[str], tools: bool) -> Turn:
        draw = rng.random()
        both = {"calculator", "current_time"} <= names
        if both and draw < 0.14:
            turn, needed = clock.with_sum(rng, language), "both"
        elif "current_time" in names and draw < 0.3:
            turn, needed = clock.two_cities(rng, language), "current_time"
        elif "calculator" in names and draw < 0.36:
            turn, needed = arithmetic.pair(rng, language), "calculator"
        elif draw < 0.62:
            turn, needed = arithmetic.turn(rng, language), "calculator"
        else:
            turn, needed = clock.turn(rng, language), "current_time"
        varied = vary(rng, turn.user, language) if rng.random() < 0.4 else turn.user
        turn = dataclasses.replace(turn, user=varied)
        if needed == "both" or needed in names:
            return turn
        kind = "no_such_tool" if tools else "no_tools"
        kind += "_sum" if needed == "calculator" else "_time"
        return self.phrase(kind, language, turn.user)

    def fallback(self, rng: Random, language: str, before: tuple[Turn, ...]) -> Turn:
        """What the model was not taught; the wording changes when it comes again."""
        earlier = [turn.kind for turn in before if turn.kind.startswith("fallback")]
        number = int(earlier[-1][-1]) % 3 + 1 if earlier else 1
        text = vary(rng, self.unknown(rng, language), language)
        noisy = rng.random() < 0.3
        turn = self.phrase(f"fallback_{number}", language, text)
        return dataclasses.replace(turn, noisy=noisy)

    def unknown(self, rng: Random, language: str) -> str:
        source = self.teaching.phrases["unknown"][language]
        draw = rng.random()
        if draw < 0.4:
            word = rng.choice(source["words"])
            if draw < 0.06:
                word = made_up(rng)
            frame = rng.choice((*TERM_FRAMES[language], *source["frames"]))
            return str(frame.format(t=word, u=rng.choice(source["words"])))
        if draw < 0.9:
            frame = rng.choice(source["frames"] + source["questions"])
            words = source["words"]
            return str(frame.format(t=rng.choice(words), u=rng.choice(words)))
        joiner = " " if language == "en" else ""
        count = rng.randint(1, 7)
        return joiner.join(
            made_up(rng) if language == "en" and rng.random() < 0.3 else rng.choice(source["words"])
            for _ in range(count)
        )

    def _follow(
        self, rng: Random, language: str, before: tuple[Turn, ...], names: set[str]
    ) -> Turn:
        last = before[-1]
        phrases = self.teaching.phrases
        draw = rng.random()
        number = last.kind.startswith("calculator") and not last.key.startswith("Error")
        if number and "calculator" in names and draw < 0.8:
            return arithmetic.chained(rng, language, last.key)
        if last.kind == "exchange" and draw < 0.65:
            if draw < 0.35:
                return self.more(rng, last, rng.choice(phrases["more"][last.language]["ask"]))
            other = "en" if last.language == "zh" else "zh"
            if self.teaching.find(last.key, other):
                return self.translated(last, rng.choice(phrases["translate"][other]["ask"]))
        return self.about_before(rng, language)

    def more(self, rng: Random, last: Turn, text: str) -> Turn:
        exchange = self.teaching.find(last.key, last.language)
        assert exchange is not None
        text = vary(rng, text, last.language) if rng.random() < 0.4 else text
        if not exchange.more:
            return self.phrase("more", last.language, text)
        think = self.teaching.phrases["more"][last.language]["think_known"]
        return Turn("more", text, (Step(think, exchange.more),), last.language)

    def translated(self, last: Turn, text: str) -> Turn:
        other = "en" if last.language == "zh" else "zh"
        exchange = self.teaching.find(last.key, other)
        assert exchange is not None
        think = self.teaching.phrases["translate"][other]["think"]
        step = Step(think, exchange.answer)
        return Turn("exchange", text, (step,), other, last.key)

    def about_before(self, rng: Random, language: str) -> Turn:
        """Names and quotations, which a model this small does not keep."""
        kind = rng.choice(("recall", "name_told", "name_asked"))
        entry = self.teaching.phrases[kind][language]
        if kind != "name_told":
            return self.phrase(kind, language, rng.choice(entry["ask"]))
        name = rng.choice(entry["names"])
        if language == "en" and rng.random() < 0.4:
            name = made_up(rng).capitalize()
        return self.phrase(kind, language, rng.choice(entry["ask"]).format(name=name), name=name)


def made_up(rng: Random) -> str:
    return "".join(rng.choices(_SYLLABLES, k=rng.randint(2, 3)))
