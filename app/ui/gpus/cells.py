"""What stands in a table: cells as data, without a word about how they are drawn."""

from dataclasses import dataclass, field
from typing import Literal

CELL_ROLE = 0x0100
"""Under which a model hands out its cells (Qt.ItemDataRole.UserRole)."""

Tone = Literal["text", "muted", "ok", "warn", "bad"]
Align = Literal["left", "right"]


@dataclass(frozen=True)
class Bar:
    """segments: token of the theme and bytes. What exceeds the capacity is hatched."""

    segments: tuple[tuple[str, int], ...]
    capacity_bytes: int

    @property
    def total_bytes(self) -> int:
        return sum(size for _, size in self.segments)


@dataclass(frozen=True)
class Cell:
    """note: smaller, behind the text. chip: the note as a chip of this kind. sort: what the column
    is ordered by; unlike ones are never compared."""

    text: str = ""
    note: str = ""
    tone: Tone = "text"
    strong: bool = False
    chip: str = ""
    bar: Bar | None = None
    sort: float | str = ""


@dataclass(frozen=True)
class Line:
    """One row. key: tells it from the others, whatever the order. spoken: for a screen reader."""

    key: str
    cells: tuple[Cell, ...]
    tip: str = ""
    spoken: str = ""
    marked: bool = False


@dataclass(frozen=True)
class Column:
    """width: in pixels. fold: the higher, the earlier it goes when there is no room; 0 stays.
    stretch: its share of what is left over."""

    title: str
    width: int
    fold: int = 0
    stretch: int = 0
    align: Align = "left"
    tip: str = field(default="", compare=False)
    descending: bool = False
