"""Published measurements of quantized models (`resources/quality_by_quant.csv`)."""

import csv
import functools
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from app.core.errors import KnownError
from app.core.language import tr
from app.core.paths import resources_dir

# pure: every tensor in one type; mix: a file as people download it; foreign: another program's
# format or text, not comparable with a GGUF.
Recipe = Literal["pure", "mix", "foreign"]


@dataclass(frozen=True)
class Measurement:
    """One row. mean_kld: nats per token against `baseline`; perplexity on the author's text.

    bits_per_weight is None for a few rows that give none.
    """

    model: str
    quant: str
    bits_per_weight: float | None
    perplexity: float | None
    mean_kld: float | None
    top1_agreement_pct: float | None
    baseline: str
    recipe: Recipe
    method: str
    source: str


@dataclass(frozen=True, eq=False)
class QualityTable:
    """All rows; compared and hashed by identity, so that curves are built once per table."""

    rows: tuple[Measurement, ...]


def read_measurements(path: Path) -> QualityTable:
    """Raises KnownError when the file is missing, lacks a column or holds an impossible number."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = tuple(_measurement(row) for row in csv.DictReader(file))
        if not rows:
            raise ValueError("no rows")
        return QualityTable(rows)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, csv.Error) as error:
        raise KnownError(
            tr("The table of measured quality cannot be used."),
            tr("It is missing or damaged."),
            tr("Install GLM Launcher again."),
            f"{path}: {type(error).__name__}: {error}",
        ) from error


@functools.cache
def shipped_measurements() -> QualityTable:
    """Raises KnownError as `read_measurements` does."""
    return read_measurements(resources_dir() / "quality_by_quant.csv")


def _measurement(row: dict[str, str]) -> Measurement:
    method = row["method"]
    recipe: Recipe = "mix"
    if method.startswith("pure quant"):
        recipe = "pure"
    elif "MLX" in method:
        recipe = "foreign"
    return Measurement(
        row["model"],
        row["quant"],
        _number(row["bpw"]),
        _number(row["ppl"]),
        _number(row["mean_kld"]),
        _number(row["top1_agreement_pct"]),
        row["baseline"],
        recipe,
        method,
        row["source"],
    )


def _number(text: str) -> float | None:
    if not text:
        return None
    value = float(text)
    if not math.isfinite(value) or value < 0:
        raise ValueError(f"{text} is not a possible value")
    return value
