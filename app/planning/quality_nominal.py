"""Figures that a widely copied page gives for GLM-4.6: parameters times a nominal bit count.

They are shown as that page's, beside the exact size and the measured quality, never in their place.
"""

from dataclasses import dataclass

from app.core.language import mark


@dataclass(frozen=True)
class NominalFigure:
    """size_gb: decimal GB. quality_pct: "quality retained", by no stated measurement."""

    quant: str
    bits_per_weight: float
    size_gb: float
    quality_pct: int


NOMINAL_LABEL = mark("nominal figure of a widely copied page")
NOMINAL_FIGURES = (
    NominalFigure("Q4_K_M", 4.5, 202.1, 94),
    NominalFigure("Q6_K", 6.5, 291.1, 97),
    NominalFigure("Q8_0", 8.0, 358.0, 100),
    NominalFigure("FP16", 16.0, 715.5, 100),
)


def nominal_figure(model: str, quant: str) -> NominalFigure | None:
    """Only GLM-4.6 has them. BF16 and F16 files stand for the page's FP16."""
    if model.upper() != "GLM-4.6":
        return None
    name = "FP16" if quant.upper() in ("BF16", "F16") else quant.upper()
    return next((figure for figure in NOMINAL_FIGURES if figure.quant == name), None)
