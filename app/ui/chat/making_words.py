"""What made an answer, in words."""

from app.chat.store.types import Making
from app.core.json import JsonObject
from app.core.language import tr
from app.core.sampling import BUILTIN_PRESETS, Sampling, declarations
from app.settings.sampling_json import sampling_from_json, sampling_to_json
from app.ui.chat import figures

_MOST_NAMED = 6
_LONGEST = 120


def made_text(making: Making | None) -> str:
    """The model, then the preset and what it sets; "" when nothing is known."""
    if making is None or not making.model:
        return ""
    sampling, _ = sampling_from_json(making.sampling)
    lines = [_model(making), _sampling(sampling)]
    if making.seed is not None:
        lines.append(tr("seed {seed}", seed=making.seed))
    return " · ".join(filter(None, lines))


def made_line(making: Making | None) -> str:
    """The model and how fast it was, for the line under an answer; "" when nothing is known."""
    if making is None or not making.model:
        return ""
    speed = _number(making.timings, "decode_tokens_per_second")
    return " · ".join(filter(None, (_model(making), figures.rate(speed) if speed else "")))


def _model(making: Making) -> str:
    """Whatever an imported file says, it is one bearable line."""
    parts = (" ".join(part.split())[:_LONGEST] for part in (making.model, making.quantization))
    return ", ".join(filter(None, parts))


def _sampling(sampling: Sampling) -> str:
    said = _values(sampling)
    for preset in BUILTIN_PRESETS:
        if preset.sampling == sampling:
            return f"{tr(preset.label)} ({said})"
    return said


def _values(sampling: Sampling) -> str:
    """Temperature always, and what differs from the neutral rest."""
    labels = declarations()
    set_here = {"temperature": sampling.temperature, **sampling_to_json(sampling)}
    named = [
        f"{labels[name].label} {value:g}"
        if isinstance(value, int | float)
        else f"{labels[name].label} {value}"
        for name, value in set_here.items()
        if isinstance(value, int | float | str) and name != "seed"
    ]
    if len(named) > _MOST_NAMED:
        named[_MOST_NAMED:] = [tr("and more")]
    return ", ".join(named)


def _number(values: JsonObject, name: str) -> float | None:
    found = values.get(name)
    is_number = isinstance(found, int | float) and not isinstance(found, bool)
    return float(found) if is_number and isinstance(found, int | float) and found > 0 else None
