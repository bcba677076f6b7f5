"""The tools a conversation offers: the program's own, and decoys with made-up names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from random import Random


def _function(
    name: str, description: str, properties: dict[str, Any], required: list[str]
) -> dict[str, Any]:
    parameters = {"type": "object", "properties": properties, "required": required}
    return {
        "type": "function",
        "function": {"name": name, "description": description, "parameters": parameters},
    }


CURRENT_TIME = _function(
    "current_time",
    "Tells the current date and time, in a given time zone or in this machine's own.",
    {
        "timezone": {
            "type": "string",
            "description": "IANA name such as Europe/Berlin or Asia/Shanghai; leave it out for "
            "this machine's own time zone.",
        }
    },
    [],
)
CALCULATOR = _function(
    "calculator",
    "Evaluates an arithmetic expression exactly.",
    {
        "expression": {
            "type": "string",
            "description": "For example (12 + 7) * 3 / 4, sqrt(2) or 2 ** 10.",
        }
    },
    ["expression"],
)
BOTH = (CURRENT_TIME, CALCULATOR)

_VERBS = ("get", "find", "read", "write", "send", "search", "list", "open", "fetch", "make", "save")
_NOUNS = (
    "weather",
    "file",
    "folder",
    "page",
    "email",
    "note",
    "contact",
    "calendar",
    "document",
    "image",
    "song",
    "map",
    "route",
    "price",
    "news",
    "task",
    "table",
    "record",
    "device",
    "web",
)
_SENTENCES = (
    "{V}s a {n} by its name.",
    "{V}s the {n} that matches the query and returns it as text.",
    "Use this to {v} a {n}. Returns an error when there is none.",
    "{V} one {n} at a time.",
    "{V}s every {n} in a folder of this machine.",
    "Lets the model {v} a {n}; the person is asked first.",
)
_PARAMETERS = ("query", "name", "path", "city", "url", "text", "limit", "language", "id", "title")
_TYPES = ("string", "string", "string", "integer", "boolean")
_HINTS = ("What to look for.", "At most 20.", "Full path.", "Optional.", "")


def decoy(rng: Random) -> dict[str, Any]:
    verb, noun = rng.choice(_VERBS), rng.choice(_NOUNS)
    sentence = rng.choice(_SENTENCES).format(v=verb, V=verb.capitalize(), n=noun)
    properties: dict[str, Any] = {}
    for parameter in rng.sample(_PARAMETERS, rng.randint(0, 2)):
        properties[parameter] = {"type": rng.choice(_TYPES)}
        if hint := rng.choice(_HINTS):
            properties[parameter]["description"] = hint
    name = rng.choice((f"{verb}_{noun}", f"{noun}_{verb}", f"{verb}{noun.capitalize()}"))
    return _function(name, sentence, properties, sorted(properties)[:1])


def offer(rng: Random) -> tuple[dict[str, Any], ...]:
    """Both tools most of the time; each alone, among decoys, or decoys only."""
    draw = rng.random()
    if draw < 0.6:
        return BOTH
    own = list(BOTH)
    if draw < 0.7:
        return (rng.choice(own),)
    count = rng.choice((1, 1, 1, 2, 2, 3, 4))
    decoys = [decoy(rng) for _ in range(count)]
    if draw < 0.78:
        return tuple(decoys)
    if draw < 0.85:
        own = [rng.choice(own)]
    tools = own + decoys
    rng.shuffle(tools)
    return tuple(tools)


def names(tools: tuple[dict[str, Any], ...]) -> set[str]:
    return {tool["function"]["name"] for tool in tools}


SYSTEMS = (
    "You are a helpful assistant.",
    "You are a helpful assistant.",
    "You are a helpful, honest assistant. Answer briefly.",
    "Answer in short, clear sentences.",
    "You are an expert who explains things simply.",
    "Be concise.",
    "Today you help a developer with a project.",
    "你是一个乐于助人的助手。",
    "请用简洁的语言回答。",
)
