"""What a quantization costs: measured where somebody measured it, else read off a curve.

Rules (each answer says which applied):
- this model in this quantization, at the same bits per weight: the measured values;
- else this model's own curve over bits per weight, by kind of quantization, in logarithms;
- else the nearest sibling's curve.
Curves of whole-model single types are conservative for files that protect important tensors.
"""

import functools
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from app.core.language import mark, tr
from app.planning.quality_curves import (
    Agreement,
    Curve,
    extended,
    falling_curve,
    fit_agreement,
    joined,
)
from app.planning.quality_data import Measurement, QualityTable, shipped_measurements

Grade = Literal["indistinguishable", "very good", "good", "degraded", "emergency only"]
Kind = Literal["k", "legacy", "mixed"]

# Divergence up to which a file is worth choosing: GLM-4.6 from about 2.8 bits on, and
# GLM-4.7-Flash, an order of magnitude more sensitive, from 5 to 6 bits on.
RECOMMENDED_KLD = 0.2
_GRADES: tuple[tuple[float, Grade], ...] = (
    (0.025, "indistinguishable"),
    (0.06, "very good"),
    (0.13, "good"),
    (0.4, "degraded"),
)
_WORDS: Mapping[str, str] = {
    "indistinguishable": mark("indistinguishable"),
    "very good": mark("very good"),
    "good": mark("good"),
    "degraded": mark("degraded"),
    "emergency only": mark("emergency only"),
}
_SAME_BITS = 0.03
_FULL_PRECISION = frozenset({"BF16", "F16", "FP16", "F32"})
_Q8_BITS = 8.505
# Perplexities of the unquantized models that the table lacks (ubergarm's READMEs).
_BF16_PERPLEXITY = {"GLM-4.5-Air": 4.5704, "GLM-4.7": 3.9267}
# Model -> whose curve stands in for it: same size and architecture, or the nearest to that.
_SIBLINGS = {
    "GLM-4.5V": "GLM-4.5-Air",
    "GLM-4.6V": "GLM-4.5-Air",
    "GLM-5": "GLM-5.1",
    "GLM-5.3": "GLM-5.2",
}
_ANY_OTHER = "GLM-4.5-Air"
_FAMILY = re.compile(
    r"GLM-(?:(?:4|Z1)-(?:Rumination-)?\d+B(?:-0414)?"
    r"|\d+(?:\.\d+)?(?:V-Flash|V|-Air|-Flash)?)(?![0-9A-Za-z.])",
    re.IGNORECASE,
)
_SPELLING = {"-AIR": "-Air", "-FLASH": "-Flash", "-RUMINATION": "-Rumination"}


@dataclass(frozen=True)
class Quality:
    """Against the same model unquantized. mean_kld: nats per token, on average.

    measured: somebody measured this very quantization of this model (`measured_kld` and
    `measured_perplexity` say what); else the figures are estimates from `curve_model`.
    at_most: better than the measurements reach, so the divergence is an upper bound.
    beyond_data: fewer bits than anything measured, so it is worse than said.
    ppl_change_pct: None where this model's perplexity says nothing (it falls as the model breaks).
    """

    mean_kld: float
    top1_agreement_pct: float
    ppl_change_pct: float | None
    measured_kld: bool
    measured_perplexity: bool
    curve_model: str
    source: str
    at_most: bool = False
    beyond_data: bool = False
    notes: tuple[str, ...] = ()

    @property
    def measured(self) -> bool:
        return self.measured_kld or self.measured_perplexity

    @property
    def score(self) -> float:
        """For ranking a model's files: 100 unquantized, falling with the divergence."""
        return 100.0 * math.exp(-math.sqrt(self.mean_kld))

    @property
    def grade(self) -> Grade:
        return next((name for kld, name in _GRADES if self.mean_kld <= kld), "emergency only")

    @property
    def grade_word(self) -> str:
        """The grade, in the language of the person."""
        return tr(_WORDS[self.grade])

    @property
    def recommended(self) -> bool:
        return self.mean_kld <= RECOMMENDED_KLD and not self.beyond_data


def quality(model: str, quant: str, bits_per_weight: float) -> Quality:
    """model: as the Hub or the file names it (`unsloth/GLM-4.6-GGUF`, `GLM-4.6`). quant: as in the
    file's name. bits_per_weight: of the whole file. Raises ValueError unless it is positive."""
    return table_quality(shipped_measurements(), model, quant, bits_per_weight)


def table_quality(table: QualityTable, model: str, quant: str, bits_per_weight: float) -> Quality:
    if not (math.isfinite(bits_per_weight) and bits_per_weight > 0):
        raise ValueError(f"bits per weight are {bits_per_weight}")
    family = model_family(model)
    if quant.upper() in _FULL_PRECISION:
        return Quality(0.0, 100.0, 0.0, True, True, family, "unquantized")
    curve_model = _curve_model(table, family)
    exact = [row for row in table.rows if _is_exactly(row, family, quant, bits_per_weight)]
    kld_row = next((row for row in exact if row.mean_kld), None)
    top1_row = next((row for row in exact if row.top1_agreement_pct is not None), None)
    curve = _divergence_curve(table, curve_model, quant_kind(quant))
    kld = math.exp(curve.at(bits_per_weight))
    if kld_row is not None and kld_row.mean_kld:
        kld = kld_row.mean_kld
    change, ppl_row = _perplexity_change(table, curve_model, exact, bits_per_weight)
    top1 = _agreement(table).top1_pct(kld)
    if top1_row is not None and top1_row.top1_agreement_pct is not None:
        top1 = top1_row.top1_agreement_pct
    outside = kld_row is None and not curve.covers(bits_per_weight)
    above = bits_per_weight > curve.measured_to
    source_row = kld_row or ppl_row or _source_row(table, curve_model)
    return Quality(
        kld,
        top1,
        change,
        measured_kld=kld_row is not None,
        measured_perplexity=ppl_row is not None,
        curve_model=family if kld_row is not None else curve_model,
        source=source_row.source,
        at_most=outside and above,
        beyond_data=outside and not above,
        notes=_notes(family, curve_model, kld_row, outside, above),
    )


def model_family(model: str) -> str:
    """`GLM-4.5-Air` of `bartowski/zai-org_GLM-4.5-Air-GGUF`; the name itself if it is no GLM."""
    name = re.sub(r"[ _]", "-", model.rsplit("/", 1)[-1])
    found = _FAMILY.search(name)
    if found is None:
        return name
    family = found.group().upper()
    for loud, proper in _SPELLING.items():
        family = family.replace(loud, proper)
    return f"{family}-REAP" if "REAP" in name.upper() else family


def quant_kind(quant: str) -> Kind:
    """Which measured types a file is made of: K-quants, the old blocks of 32, or a mix of many
    (IQ types, Unsloth's dynamic files)."""
    name = quant.upper()
    if re.fullmatch(r"Q\d_K(_[SMLX]+)?", name):
        return "k"
    return "legacy" if re.fullmatch(r"Q[45]_[01]", name) else "mixed"


def _is_exactly(row: Measurement, family: str, quant: str, bits: float) -> bool:
    return (
        row.recipe != "foreign"
        and row.model == family
        and row.quant.upper() == quant.upper()
        and row.bits_per_weight is not None
        and abs(row.bits_per_weight - bits) <= _SAME_BITS
    )


def _curve_model(table: QualityTable, family: str) -> str:
    known = {row.model for row in table.rows if row.mean_kld and row.recipe != "foreign"}
    for name in (family, _SIBLINGS.get(family), family.removesuffix("-REAP"), _ANY_OTHER):
        if name in known:
            return name
    raise ValueError(f"no divergence was measured for {family} or a sibling")


def _source_row(table: QualityTable, model: str) -> Measurement:
    return next(row for row in table.rows if row.model == model and row.mean_kld)


@functools.lru_cache(maxsize=256)
def _divergence_curve(table: QualityTable, model: str, kind: Kind) -> Curve:
    """Logarithms; of files as people download them where there are such, else of single types."""
    rows = [
        (row, row.bits_per_weight, row.mean_kld)
        for row in table.rows
        if row.model == model and row.recipe != "foreign" and row.bits_per_weight and row.mean_kld
    ]
    mixes = [(bits, math.log(kld)) for row, bits, kld in rows if row.recipe == "mix"]
    pure = [(row.quant.lower(), bits, kld) for row, bits, kld in rows if row.recipe == "pure"]
    chosen = [(bits, math.log(kld)) for name, bits, kld in pure if _belongs(name, bits, kind)]
    if not chosen:
        return falling_curve(mixes)
    # What a baseline of 5 or 6 bits cannot tell apart bounds everything above it.
    floor = min(math.log(kld) for _, bits, kld in pure if bits > 5)
    curve = extended(falling_curve(chosen), _Q8_BITS, floor)
    return joined(falling_curve(mixes), curve) if mixes else curve


def _belongs(name: str, bits: float, kind: Kind) -> bool:
    if re.search(r"_(r\d|bn|kv)", name) or name == "bf16":
        return False
    if name == "q8_0":
        return True
    if kind == "k":
        return bool(re.fullmatch(r"q\d_k", name))
    if kind == "legacy":
        return bool(re.fullmatch(r"q\d_[01]", name))
    return name.startswith("iq") or bits >= 5.5


def _perplexity_change(
    table: QualityTable, model: str, exact: list[Measurement], bits: float
) -> tuple[float | None, Measurement | None]:
    """Percent, and the row when it was measured for this very file."""
    for row in exact:
        base = _base_perplexity(table, row)
        if base and row.perplexity:
            return 100 * (row.perplexity / base - 1), row
    curve = _perplexity_curve(table, model)
    return (None if curve is None else 100 * max(0.0, math.expm1(curve.at(bits)))), None


@functools.lru_cache(maxsize=64)
def _perplexity_curve(table: QualityTable, model: str) -> Curve | None:
    """Logarithms of perplexity over the unquantized one's; real files before single types."""
    for recipe in ("mix", "pure"):
        points = []
        for row in table.rows:
            base = _base_perplexity(table, row) if row.model == model else None
            usable = row.recipe == recipe and row.bits_per_weight and row.perplexity
            if base and usable and row.bits_per_weight and row.perplexity:
                points.append((row.bits_per_weight, math.log(row.perplexity / base)))
        # A broken model's perplexity can fall; then it measures nothing.
        if len(points) > 2 and min(change for _, change in points) > math.log(0.97):
            return falling_curve(points)
    return None


def _base_perplexity(table: QualityTable, row: Measurement) -> float | None:
    """Of the same author on the same text."""
    if row.recipe == "mix" and row.model in _BF16_PERPLEXITY:
        return _BF16_PERPLEXITY[row.model]
    for other in table.rows:
        same = other.model == row.model and other.method == row.method
        if same and other.quant.lower() == row.baseline.lower():
            return other.perplexity
    return None


@functools.lru_cache(maxsize=8)
def _agreement(table: QualityTable) -> Agreement:
    return fit_agreement(
        [
            (row.mean_kld, row.top1_agreement_pct)
            for row in table.rows
            if row.mean_kld and row.top1_agreement_pct is not None
        ]
    )


def _notes(
    family: str, curve_model: str, kld_row: Measurement | None, outside: bool, above: bool
) -> tuple[str, ...]:
    notes = []
    if kld_row is None:
        notes.append(
            tr("Estimated from measurements of {model} at other sizes.", model=curve_model)
        )
    elif kld_row.baseline.upper() not in _FULL_PRECISION:
        notes.append(
            tr(
                "Measured against {baseline}, not against the unquantized model.",
                baseline=kld_row.baseline,
            )
        )
    if curve_model != family:
        notes.append(
            tr(
                "{family} was not measured; {model} stands in for it.",
                family=family,
                model=curve_model,
            )
        )
        if family not in _SIBLINGS:
            notes.append(tr("The two differ much, and smaller or pruned models usually lose more."))
    if outside and above:
        notes.append(tr("Better than the measurements can tell."))
    if outside and not above:
        notes.append(tr("Smaller than anything that was measured: expect worse."))
    return tuple(notes)
