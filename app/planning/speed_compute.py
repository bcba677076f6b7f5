"""A GPU's peak arithmetic by its name (`resources/gpu_compute.csv`)."""

import csv
import functools
import re
from pathlib import Path

from app.core.errors import KnownError
from app.core.language import tr
from app.core.paths import resources_dir

# Words that make a name another chip: an entry without them does not stand for a device with them.
_VARIANTS = frozenset(
    {"laptop", "mobile", "max", "pro", "ultra", "ti", "super", "d", "xt", "xtx", "gre", "ada",
     "blackwell", "q", "pcie", "nvl"}
)  # fmt: skip


@functools.lru_cache(maxsize=1024)
def peak_flops(device_name: str) -> float | None:
    """FP32 FLOPS per second without matrix units; None when the name is not in the table."""
    return _lookup(device_name, _table(resources_dir() / "gpu_compute.csv"))


def read_compute_table(path: Path) -> dict[tuple[str, ...], float]:
    """Words of the name -> two operations per shader and clock. Raises KnownError."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return {
                _words(row["name"]): 2.0 * int(row["shaders"]) * int(row["boost_mhz"]) * 1e6
                for row in csv.DictReader(file)
            }
    except (OSError, ValueError, KeyError, TypeError, AttributeError, csv.Error) as error:
        raise KnownError(
            tr("The table of graphics cards cannot be used."),
            tr("It is missing or damaged."),
            tr("Install GLM Launcher again."),
            f"{path}: {type(error).__name__}: {error}",
        ) from error


_table = functools.cache(read_compute_table)


def _lookup(device_name: str, table: dict[tuple[str, ...], float]) -> float | None:
    words = _words(device_name)
    for length in range(len(words), 0, -1):
        for start in range(len(words) - length + 1):
            found = words[start : start + length]
            if found in table:
                others = set(words[:start] + words[start + length :])
                return None if others & _VARIANTS else table[found]
    return None


def _words(name: str) -> tuple[str, ...]:
    plain = re.sub(r"\((r|tm)\)", " ", name.lower())
    return tuple(re.findall(r"[a-z0-9]+", plain))
