"""By how much earlier loads were off; `app.planning.measured` finds it out."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.planning.types import TargetKind


@dataclass(frozen=True)
class Corrections:
    """compute_factor: by kind of memory. overhead_bytes: by device name. loads: how many it rests
    on; 0 corrects nothing."""

    compute_factor: Mapping[TargetKind, float] = field(default_factory=dict)
    overhead_bytes: Mapping[str, int] = field(default_factory=dict)
    loads: int = 0

    def compute(self, kind: TargetKind, size_bytes: int) -> int:
        return round(size_bytes * self.compute_factor.get(kind, 1.0))


NO_CORRECTIONS = Corrections()
