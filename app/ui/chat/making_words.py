"""What made an answer, in words."""

from app.chat.store.types import Making
from app.core.language import tr
from app.core.sampling import BUILTIN_PRESETS, Sampling, declarations
from app.settings.sampling_json import sampling_from_json, sampling_to_json

_MOST_NAMED = 6


def made_text(making: Making | None) -> str:
    """The model, then the preset or what was set; "" when nothing is known."""
    if making is None or not making.model:
        return ""
    model = ", ".join(part for part in (making.model, making.quantization) if part)
    sampling, _ = sampling_from_json(making.sampling)
    lines = [model, _sampling(sampling)]
    if making.seed is not None:
        lines.append(tr("seed {seed}", seed=making.seed))
    return " · ".join(filter(None, lines))


def _sampling(sampling: Sampling) -> str:
    for preset in BUILTIN_PRESETS:
        if preset.sampling == sampling:
            return preset.label
    labels = declarations()
    set_here = [
        f"{labels[name].label} {value}"
        for name, value in sampling_to_json(sampling).items()
        if isinstance(value, int | float | str)
    ]
    if len(set_here) > _MOST_NAMED:
        set_here[_MOST_NAMED:] = [tr("and more")]
    return ", ".join(set_here)
