"""What a setting is, and how values come out of a file."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar, get_args

from app.core.json import JsonObject, JsonValue
from app.core.sampling import Preset
from app.settings.fields import Shown
from app.settings.sampling_json import sampling_from_json, sampling_to_json

T = TypeVar("T")
Theme = Literal["system", "light", "dark", "contrast"]
Language = Literal["system", "en", "zh_CN"]
TextSize = Literal["90", "100", "115", "130", "150"]
Density = Literal["comfortable", "compact"]
THEME_CHOICES: tuple[Theme, ...] = get_args(Theme)
LANGUAGES: tuple[Language, ...] = get_args(Language)
TEXT_SIZES: tuple[TextSize, ...] = get_args(TextSize)
DENSITIES: tuple[Density, ...] = get_args(Density)


@dataclass(frozen=True)
class Setting(Generic[T]):
    """read gives the value and complaints about parts of it; it raises ValueError with the end of
    a sentence ("is not ...") when nothing of it can be used. write is its inverse.

    shown: its place among the settings, None for what the program keeps for itself.
    """

    key: str
    default: T
    label: str
    help: str
    read: Callable[[JsonValue], tuple[T, list[str]]]
    write: Callable[[T], JsonValue]
    shown: Shown | None = None


def read_choice(values: tuple[T, ...]) -> Callable[[JsonValue], tuple[T, list[str]]]:
    def read(value: JsonValue) -> tuple[T, list[str]]:
        for known in values:
            if value == known:
                return known, []
        raise ValueError(f"is not one of {', '.join(map(str, values))}")

    return read


def read_text(value: JsonValue) -> tuple[str, list[str]]:
    if not isinstance(value, str):
        raise ValueError("is not a text")
    return value, []


def read_switch(value: JsonValue) -> tuple[bool, list[str]]:
    if not isinstance(value, bool):
        raise ValueError("is neither on nor off")
    return value, []


def read_tokens(value: JsonValue) -> tuple[int, list[str]]:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 2**31 - 1:
        raise ValueError("is not a number of tokens")
    return value, []


MOST_THREADS = 1024


def read_threads(value: JsonValue) -> tuple[int, list[str]]:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_THREADS:
        raise ValueError(f"is not a number from 0 to {MOST_THREADS}")
    return value, []


def read_connections(value: JsonValue) -> tuple[int, list[str]]:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 32:
        raise ValueError("is not a number from 1 to 32")
    return value, []


def read_rate(value: JsonValue) -> tuple[int, list[str]]:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 10**12:
        raise ValueError("is not a number of bytes per second")
    return value, []


def read_folders(value: JsonValue) -> tuple[tuple[str, ...], list[str]]:
    if not isinstance(value, list):
        raise ValueError("is not a list")
    kept = dict.fromkeys(item for item in value if isinstance(item, str) and item)
    return tuple(kept), []


def read_object(value: JsonValue) -> tuple[JsonObject, list[str]]:
    if not isinstance(value, dict):
        raise ValueError("is not a description")
    return value, []


def read_presets(value: JsonValue) -> tuple[tuple[Preset, ...], list[str]]:
    if not isinstance(value, list):
        raise ValueError("is not a list")
    presets: dict[str, Preset] = {}
    complaints: list[str] = []
    for item in value:
        entry = item if isinstance(item, dict) else {}
        key, label = entry.get("key"), entry.get("label")
        if not isinstance(key, str) or not isinstance(label, str) or not key or not label:
            complaints.append("A preset of yours has no name and was left out.")
            continue
        sampling, found = sampling_from_json(entry.get("sampling"))
        complaints += [f"Preset “{label}”: {complaint}" for complaint in found]
        presets.setdefault(key, Preset(key, label, sampling, builtin=False))
    return tuple(presets.values()), complaints


def write_presets(presets: tuple[Preset, ...]) -> JsonValue:
    return [
        {"key": item.key, "label": item.label, "sampling": sampling_to_json(item.sampling)}
        for item in presets
    ]


def same(value: T) -> T:
    return value
