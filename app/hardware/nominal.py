"""Nominal memory bandwidth by name: `resources/gpus.csv`, each row with its own source."""

import csv
import re
from dataclasses import dataclass
from functools import cache

from app.core.paths import resources_dir

_GB = 10**9
_NOISE = re.compile(
    r"\b(nvidia|amd|ati|intel|apple|corporation|graphics|gpu|tesla|radv|geforce)\b"
    r"|\((r|tm|c)\)|[®™©]",
    re.IGNORECASE,
)
_SIZE = re.compile(r"\b(\d+) ?(gb|gib)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Nominal:
    vendor: str
    name: str
    memory_gb: float
    bytes_per_second: int
    kind: str
    source: str
    released: int


@cache
def table() -> tuple[Nominal, ...]:
    """The shipped table. The packaged file is ours: a broken one is a bug and raises."""
    path = resources_dir() / "gpus.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(
            Nominal(
                row["vendor"],
                row["name"],
                float(row["memory_gb"]),
                round(float(row["bandwidth_gbs"]) * _GB),
                row["kind"],
                row["source"],
                int(row["released"]),
            )
            for row in csv.DictReader(file)
        )


def nominal(vendor: str, name: str | None, total_bytes: int | None = None) -> Nominal | None:
    """The row for a name as a driver writes it; the memory size decides between variants.

    None when no row is for that GPU, or when rows with different bandwidths are.
    """
    rows = [row for row in table() if row.vendor == vendor]
    exact = {_key(name or "")} - {()}
    found = [row for row in rows if _key(row.name) in exact]
    if not found:
        asked = {_key(form) for form in _forms(name or "")} - {()}
        found = [row for row in rows if asked & {_key(form) for form in _forms(row.name)}]
    if not found:
        return None
    if total_bytes is not None and len(found) > 1:
        gb = total_bytes / 2**30
        nearest = min(abs(row.memory_gb - gb) for row in found)
        found = [row for row in found if abs(row.memory_gb - gb) == nearest]
    if len({row.bytes_per_second for row in found}) != 1:
        return None
    return found[0]


def _forms(name: str) -> list[str]:
    """A name, the name without what is in brackets, and each name in brackets."""
    outside = re.sub(r"\(.*?\)", " ", name)
    return [name, outside, *re.findall(r"\(([^\d)][^)]*)\)", name)]


def _key(name: str) -> tuple[str, ...]:
    """The words that tell one GPU from another, in any order."""
    text = _SIZE.sub(" ", _NOISE.sub(" ", name))
    return tuple(sorted(word for word in re.split(r"[\s,()\[\]/-]+", text.lower()) if word))
