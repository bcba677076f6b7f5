"""How large text is, and how much room is left around it."""

from dataclasses import dataclass

from app.settings.setting import Density, TextSize

_COMPACT = 0.86
# Smaller ones cannot be hit.
_LEAST_CONTROL = 24


@dataclass(frozen=True)
class Scale:
    """All lengths are pixels at text of 100% in a comfortable window, before the screen's own
    scaling."""

    text_size: TextSize = "100"
    density: Density = "comfortable"

    @property
    def factor(self) -> float:
        return int(self.text_size) / 100

    def text(self, length: float) -> int:
        """A size of letters, or the height of a line of them."""
        return round(length * self.factor)

    def control(self, length: float) -> int:
        """The height of something that holds one line and can be clicked."""
        wanted = round(length * self.factor * self._room)
        return max(wanted, min(_LEAST_CONTROL, round(length)))

    def row(self, length: float) -> int:
        """The height of a row of a list or table."""
        return round(length * self.factor * self._room)

    def gap(self, length: float) -> int:
        """Room between things."""
        return round(length * self._room)

    @property
    def _room(self) -> float:
        return _COMPACT if self.density == "compact" else 1.0
