"""How a setting is shown to a person: on which page, and with what it is changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from app.core.language import mark

Page = Literal[
    "General",
    "Appearance",
    "Models and storage",
    "Performance",
    "Downloads",
    "Chat",
    "Personas",
    "Tools",
    "Network",
]


PAGE_TITLES: Mapping[str, str] = {
    "General": mark("General"),
    "Appearance": mark("Appearance"),
    "Models and storage": mark("Models and storage"),
    "Performance": mark("Performance"),
    "Downloads": mark("Downloads"),
    "Chat": mark("Chat"),
    "Personas": mark("Personas"),
    "Tools": mark("Tools"),
    "Network": mark("Network"),
    "Privacy": mark("Privacy"),
    "Shortcuts": mark("Shortcuts"),
    "About": mark("About"),
}
"""Of the pages, those included that show no setting; go through `tr` where they are shown."""


@dataclass(frozen=True)
class Switch:
    """On or off."""


@dataclass(frozen=True)
class Choice:
    """options: value and what people read."""

    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Number:
    """factor: what one of the unit is in the stored value (a megabyte, in bytes). zero: what 0 is
    called, "" when it is a number like others."""

    least: int
    most: int
    unit: str = ""
    zero: str = ""
    factor: int = 1
    step: int = 1


@dataclass(frozen=True)
class Text:
    """placeholder: what an empty one means."""

    placeholder: str = ""


@dataclass(frozen=True)
class Folder:
    """empty: what no folder means."""

    empty: str = ""


@dataclass(frozen=True)
class Folders:
    """Any number of folders."""


@dataclass(frozen=True)
class FontFamily:
    """fixed: only families whose letters are all of one width."""

    fixed: bool = False


Field = Switch | Choice | Number | Text | Folder | Folders | FontFamily


@dataclass(frozen=True)
class Shown:
    """words: what people may look for besides label and help."""

    page: Page
    field: Field
    words: str = ""
