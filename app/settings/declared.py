"""Every setting, declared once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar, get_args

from app.core.json import JsonObject, JsonValue
from app.core.sampling import Preset, Sampling
from app.settings.fields import Choice, Folder, Folders, Number, Shown, Switch, Text
from app.settings.sampling_json import sampling_from_json, sampling_to_json

T = TypeVar("T")
Theme = Literal["system", "light", "dark", "contrast"]

THEMES: tuple[tuple[Theme, str], ...] = (
    ("system", "Like the system"),
    ("light", "Light"),
    ("dark", "Dark"),
    ("contrast", "High contrast"),
)
MODEL_DEFAULTS = "model-defaults"
"""The key of the preset that stands for what the loaded model recommends."""


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


def _theme(value: JsonValue) -> tuple[Theme, list[str]]:
    for theme in get_args(Theme):
        if value == theme:
            return theme, []
    raise ValueError(f"is not one of {', '.join(get_args(Theme))}")


def _text(value: JsonValue) -> tuple[str, list[str]]:
    if not isinstance(value, str):
        raise ValueError("is not a text")
    return value, []


def _switch(value: JsonValue) -> tuple[bool, list[str]]:
    if not isinstance(value, bool):
        raise ValueError("is neither on nor off")
    return value, []


def _tokens(value: JsonValue) -> tuple[int, list[str]]:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 2**31 - 1:
        raise ValueError("is not a number of tokens")
    return value, []


def _connections(value: JsonValue) -> tuple[int, list[str]]:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 32:
        raise ValueError("is not a number from 1 to 32")
    return value, []


def _rate(value: JsonValue) -> tuple[int, list[str]]:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 10**12:
        raise ValueError("is not a number of bytes per second")
    return value, []


def _folders(value: JsonValue) -> tuple[tuple[str, ...], list[str]]:
    if not isinstance(value, list):
        raise ValueError("is not a list")
    kept = dict.fromkeys(item for item in value if isinstance(item, str) and item)
    return tuple(kept), []


def _object(value: JsonValue) -> tuple[JsonObject, list[str]]:
    if not isinstance(value, dict):
        raise ValueError("is not a description")
    return value, []


def _sampling(value: JsonValue) -> tuple[Sampling | None, list[str]]:
    return (None, []) if value is None else sampling_from_json(value)


def _presets(value: JsonValue) -> tuple[tuple[Preset, ...], list[str]]:
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


def _write_presets(presets: tuple[Preset, ...]) -> JsonValue:
    return [
        {"key": item.key, "label": item.label, "sampling": sampling_to_json(item.sampling)}
        for item in presets
    ]


def _same(value: T) -> T:
    return value


THEME: Setting[Theme] = Setting(
    "theme",
    "system",
    "Theme",
    "Light or dark, or whatever the system uses.",
    _theme,
    _same,
    Shown("Appearance", Choice(THEMES), "colours night high contrast"),
)
LAST_MODEL: Setting[str] = Setting(
    "last_model",
    "",
    "Model",
    "The file that is opened at the next start; empty for the demo model.",
    _text,
    _same,
)
CONTEXT_TOKENS: Setting[int] = Setting(
    "context_tokens",
    0,
    "Context",
    "How many tokens a conversation may have; more takes more memory. Counts for the next load.",
    _tokens,
    _same,
    Shown(
        "Chat",
        Number(0, 1_048_576, "tokens", "as the plan says", 1, 4096),
        "memory length KV cache",
    ),
)
THINKING: Setting[bool] = Setting(
    "thinking",
    True,
    "Thinking",
    "Lets the model reason before it answers.",
    _switch,
    _same,
    Shown("Chat", Switch(), "reasoning"),
)
TOOLS: Setting[bool] = Setting(
    "tools",
    True,
    "Tools",
    "Lets the model use the clock and the calculator.",
    _switch,
    _same,
    Shown("Chat", Switch(), "functions calls"),
)
PRESET: Setting[str] = Setting(
    "preset",
    MODEL_DEFAULTS,
    "Sampling preset",
    "The set of sampling parameters to start from.",
    _text,
    _same,
)
SAMPLING: Setting[Sampling | None] = Setting(
    "sampling",
    None,
    "Sampling",
    "The parameters in use, where they differ from the preset.",
    _sampling,
    lambda value: None if value is None else sampling_to_json(value),
)
OWN_PRESETS: Setting[tuple[Preset, ...]] = Setting(
    "presets",
    (),
    "Your presets",
    "Sets of sampling parameters of your own.",
    _presets,
    _write_presets,
)
WINDOW_GEOMETRY: Setting[str] = Setting(
    "window_geometry", "", "Window", "Where the window was and how large.", _text, _same
)
HUB_ENDPOINT: Setting[str] = Setting(
    "hub_endpoint",
    "",
    "Address of the Hub",
    "A mirror of huggingface.co. Empty means HF_ENDPOINT, or the Hub itself.",
    _text,
    _same,
    Shown("Network", Text("https://huggingface.co"), "mirror server HF_ENDPOINT"),
)
MODELS_FOLDER: Setting[str] = Setting(
    "models_folder",
    "",
    "Folder for models",
    "Where downloads go. The Hugging Face cache is shared with other programs.",
    _text,
    _same,
    Shown("Models and storage", Folder("the Hugging Face cache"), "disk place download"),
)
LIBRARY_FOLDERS: Setting[tuple[str, ...]] = Setting(
    "library_folders",
    (),
    "Folders with models",
    "Looked through for models besides those of other programs.",
    _folders,
    list,
    Shown("Models and storage", Folders(), "disk library find"),
)
EARLIER_FOLDERS: Setting[tuple[str, ...]] = Setting(
    "earlier_models_folders",
    (),
    "Earlier folders for models",
    "Looked through as well, for what was downloaded before another one was chosen.",
    _folders,
    list,
)
DOWNLOAD_CONNECTIONS: Setting[int] = Setting(
    "download_connections",
    8,
    "Connections",
    "How many connections a download uses at once.",
    _connections,
    _same,
    Shown("Downloads", Number(1, 32), "parallel"),
)
DOWNLOAD_BYTES_PER_SECOND: Setting[int] = Setting(
    "download_bytes_per_second",
    0,
    "Speed limit",
    "The most that downloads take of the line.",
    _rate,
    _same,
    Shown("Downloads", Number(0, 100_000, "MB/s", "none", 10**6), "bandwidth cap throttle"),
)
KEEP_IN_TRAY: Setting[bool] = Setting(
    "keep_in_tray",
    True,
    "Go on in the tray",
    "When the window is closed while something is downloaded, the download goes on.",
    _switch,
    _same,
    Shown("General", Switch(), "background close notification"),
)
CLOSE_ASKED: Setting[bool] = Setting(
    "close_asked",
    False,
    "Closing while downloading",
    "It has been asked whether downloads go on when the window is closed.",
    _switch,
    _same,
)
FIRST_START_DONE: Setting[bool] = Setting(
    "first_start_done", False, "First start", "The first start has been shown.", _switch, _same
)
BUILT_MACHINE: Setting[JsonObject] = Setting(
    "built_machine",
    {},
    "The machine you built",
    "Its parts, as they were left on the page for that.",
    _object,
    _same,
)
ALL: tuple[Setting[Any], ...] = (
    THEME,
    LAST_MODEL,
    CONTEXT_TOKENS,
    THINKING,
    TOOLS,
    PRESET,
    SAMPLING,
    OWN_PRESETS,
    WINDOW_GEOMETRY,
    HUB_ENDPOINT,
    MODELS_FOLDER,
    LIBRARY_FOLDERS,
    EARLIER_FOLDERS,
    DOWNLOAD_CONNECTIONS,
    DOWNLOAD_BYTES_PER_SECOND,
    KEEP_IN_TRAY,
    CLOSE_ASKED,
    FIRST_START_DONE,
    BUILT_MACHINE,
)
