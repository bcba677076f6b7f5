"""Colours as data: a theme is a TOML file of named tokens; nothing else names a colour."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Literal, get_args

ThemeName = Literal["light", "dark", "contrast"]
ThemeChoice = Literal["system", "light", "dark", "contrast"]
THEME_NAMES: tuple[ThemeName, ...] = get_args(ThemeName)
THEME_CHOICES: tuple[ThemeChoice, ...] = get_args(ThemeChoice)


@dataclass(frozen=True)
class Colors:
    """Every token as `#RRGGBB`. A `_soft` colour is a background for text in its strong one."""

    bg: str
    surface: str
    rail: str
    border: str
    control: str
    text: str
    muted: str
    accent: str
    accent_hover: str
    accent_soft: str
    accent_text: str
    on_accent: str
    ok: str
    ok_soft: str
    warn: str
    warn_soft: str
    bad: str
    bad_soft: str
    gpu: str
    ram: str
    kv: str
    work: str
    track: str
    hover: str
    code: str
    code_header: str
    syntax_keyword: str
    syntax_string: str
    syntax_number: str
    syntax_name: str
    syntax_comment: str


@dataclass(frozen=True)
class Theme:
    key: ThemeName
    label: str
    dark: bool
    colors: Colors


def load_theme(folder: Path, key: ThemeName) -> Theme:
    """Raises ValueError when a token is missing, unknown or no colour."""
    data = tomllib.loads((folder / f"{key}.toml").read_text(encoding="utf-8"))
    values = data["colors"]
    known = {field.name for field in fields(Colors)}
    if set(values) != known:
        raise ValueError(f"{key}.toml: tokens {sorted(set(values) ^ known)} are missing or unknown")
    for token, value in values.items():
        rgb(value, token)
    return Theme(key, data["name"], data["dark"], Colors(**values))


@dataclass(frozen=True)
class CodeTheme:
    """Colours for code, in each theme: token -> `#RRGGBB`, for any of the `syntax_` tokens."""

    key: str
    label: str
    colors: Mapping[ThemeName, Mapping[str, str]]


def load_code_themes(folder: Path) -> tuple[CodeTheme, ...]:
    """Of `code.toml`, in the order in which they stand there. Raises ValueError."""
    data = tomllib.loads((folder / "code.toml").read_text(encoding="utf-8"))
    syntax = {field.name for field in fields(Colors) if field.name.startswith("syntax_")}
    made = []
    for key, entry in data.items():
        colors: dict[ThemeName, dict[str, str]] = {name: entry[name] for name in THEME_NAMES}
        for name, tokens in colors.items():
            if set(tokens) != syntax:
                wrong = sorted(set(tokens) ^ syntax)
                raise ValueError(f"{key}, {name}: tokens {wrong} are missing or unknown")
            for token, value in tokens.items():
                rgb(value, token)
        made.append(CodeTheme(key, entry["name"], colors))
    return tuple(made)


def with_code(theme: Theme, key: str, known: Sequence[CodeTheme]) -> Colors:
    """The theme's colours, those of code replaced when there is a code theme of that key."""
    for one in known:
        if one.key == key:
            return replace(theme.colors, **one.colors[theme.key])
    return theme.colors


def rgb(value: str, what: str = "A colour") -> tuple[int, int, int]:
    """Raises ValueError unless value is `#RRGGBB`."""
    if len(value) != 7 or not value.startswith("#"):
        raise ValueError(f"{what}: {value!r} is not a colour of the form #RRGGBB")
    return int(value[1:3], 16), int(value[3:5], 16), int(value[5:7], 16)


def contrast(first: str, second: str) -> float:
    """The contrast ratio of WCAG 2, 1 to 21."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(value: str) -> float:
    def linear(channel: int) -> float:
        share = channel / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(channel) for channel in rgb(value))
    return float(0.2126 * red + 0.7152 * green + 0.0722 * blue)
