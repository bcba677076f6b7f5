"""The taught exchanges, read from `exchanges/*.toml`, and the ways of asking for them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from random import Random

FOLDER = Path(__file__).parent / "exchanges"
LANGUAGES = ("en", "zh")
TERM_FRAMES = {
    "en": (
        "What is {t}?",
        "What does {t} mean?",
        "Explain {t}.",
        "Tell me about {t}.",
        "Can you explain {t}?",
        "{t}?",
        "{t}",
    ),
    "zh": ("什么是{t}？", "{t}是什么？", "{t}是什么意思？", "解释一下{t}", "请介绍一下{t}", "{t}"),
}


@dataclass(frozen=True)
class Exchange:
    key: str
    language: str
    asks: tuple[str, ...]
    think: str
    answer: str
    more: str = ""


@dataclass(frozen=True)
class Teaching:
    exchanges: tuple[Exchange, ...]
    phrases: dict[str, Any]

    def find(self, key: str, language: str) -> Exchange | None:
        for exchange in self.exchanges:
            if exchange.key == key and exchange.language == language:
                return exchange
        return None


def _read(key: str, language: str, entry: dict[str, Any]) -> Exchange:
    asks = list(entry.get("ask", ()))
    for term in entry.get("terms", ()):
        asks.extend(frame.format(t=term) for frame in TERM_FRAMES[language])
    asks = [text[0].upper() + text[1:] for text in asks]
    unique = tuple(dict.fromkeys(asks))
    more = entry.get("more", "").strip()
    return Exchange(key, language, unique, entry["think"].strip(), entry["answer"].strip(), more)


def load(folder: Path = FOLDER) -> Teaching:
    """Raises ValueError when two exchanges claim the same question."""
    found: list[Exchange] = []
    for path in sorted(folder.glob("*.toml")):
        if path.name == "phrases.toml":
            continue
        for key, entry in tomllib.loads(path.read_text(encoding="utf-8")).items():
            found.extend(
                _read(key, language, entry[language]) for language in LANGUAGES if language in entry
            )
    claimed: dict[str, str] = {}
    for exchange in found:
        for ask in exchange.asks:
            folded = "".join(ask.lower().split()).rstrip("?？.。")
            owner = claimed.setdefault(folded, exchange.key)
            if owner != exchange.key:
                raise ValueError(f"{ask!r} is claimed by {owner} and by {exchange.key}")
    phrases = tomllib.loads((folder / "phrases.toml").read_text(encoding="utf-8"))
    return Teaching(tuple(found), phrases)


_OPENINGS = {
    "en": ("please ", "Please ", "hey, ", "Hi, ", "ok, ", "so ", "um, ", "Sorry, ", "And "),
    "zh": ("请问", "你好，", "那么", "请问一下，", "嗯，", "麻烦你，"),
}
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def vary(rng: Random, text: str, language: str) -> str:
    """The same question as hurried people type it."""
    if rng.random() < 0.25 and len(text) > 4:
        text = text.rstrip("?？.。!！")
    if language == "en":
        draw = rng.random()
        if draw < 0.3:
            text = text.lower()
        elif draw < 0.34:
            text = text.upper()
        if rng.random() < 0.12:
            text = text.replace("What is", "What's").replace("what is", "whats")
        if rng.random() < 0.12 and len(text) > 8:
            text = _typo(rng, text)
    else:
        if rng.random() < 0.15:
            text = text.replace("？", "?").replace("，", ",")
        if rng.random() < 0.06 and not text.endswith(("?", "？")):
            text += "呢"
    if rng.random() < 0.1:
        opening = rng.choice(_OPENINGS[language])
        text = opening + (text[0].lower() + text[1:] if language == "en" else text)
    if rng.random() < 0.06:
        text += rng.choice((" ", "  ", "!", "...", " please" if language == "en" else "。", "??"))
    return text


def _typo(rng: Random, text: str) -> str:
    places = [i for i in range(1, len(text) - 1) if text[i].isalpha() and text[i].isascii()]
    if not places:
        return text
    at = rng.choice(places)
    draw = rng.random()
    if draw < 0.35:
        return text[:at] + text[at + 1 :]
    if draw < 0.6:
        return text[:at] + text[at] + text[at:]
    if draw < 0.85:
        return text[: at - 1] + text[at] + text[at - 1] + text[at + 1 :]
    return text[:at] + rng.choice(_LETTERS) + text[at + 1 :]
