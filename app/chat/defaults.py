"""Which sampling parameters a model gets when nobody chose any."""

from collections.abc import Mapping
from pathlib import Path

from app.core.json import JsonValue
from app.core.paths import demo_model_path
from app.core.sampling import DEFAULT_ORDER, GLM_GENERAL, GREEDY, SamplerName, Sampling
from app.engine.protocol import ModelInfo
from app.settings.sampling_json import sampling_from_json

# GGUF key -> our name; the keys are gguf's Keys.General.SAMPLING_*.
_KEYS: Mapping[str, str] = {
    "temp": "temperature",
    "top_k": "top_k",
    "top_p": "top_p",
    "min_p": "min_p",
    "xtc_probability": "xtc_probability",
    "xtc_threshold": "xtc_threshold",
    "penalty_last_n": "repeat_last_n",
    "penalty_repeat": "repeat_penalty",
    "mirostat": "mirostat",
    "mirostat_tau": "mirostat_tau",
    "mirostat_eta": "mirostat_eta",
}
# What llama.cpp calls the filters in general.sampling.sequence, where it differs from ours.
_FILTERS: Mapping[str, SamplerName] = {
    **{name: name for name in DEFAULT_ORDER},
    "typ_p": "typical_p",
    "typ-p": "typical_p",
    "typical": "typical_p",
    "temp": "temperature",
    "top-k": "top_k",
    "top-p": "top_p",
    "min-p": "min_p",
    "top-n-sigma": "top_n_sigma",
}
_PREFIX = "general.sampling."


def is_demo(model: ModelInfo) -> bool:
    """The small model that ships with the program, which is not GLM-4.6."""
    return Path(model.path).name == demo_model_path().name


def default_sampling(model: ModelInfo) -> Sampling:
    """What the file recommends; else greedy for the demo model, which knows its answers by heart,
    and the GLM makers' general advice for all others."""
    recommended = _from_metadata(model.metadata)
    if recommended is not None:
        return recommended
    return GREEDY.sampling if is_demo(model) else GLM_GENERAL.sampling


def _from_metadata(metadata: Mapping[str, str]) -> Sampling | None:
    """None when there is no recommendation; values that make no sense are passed over."""
    values: dict[str, JsonValue] = {}
    for key, name in _KEYS.items():
        number = _number(metadata.get(_PREFIX + key, ""))
        if number is not None:
            values[name] = number
    if order := _order(metadata.get(_PREFIX + "sequence", "")):
        values["order"] = order
    return sampling_from_json(values)[0] if values else None


def _number(text: str) -> int | float | None:
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return None


def _order(sequence: str) -> list[JsonValue]:
    names = [_FILTERS.get(name.strip()) for name in sequence.split(";")]
    return list(dict.fromkeys(name for name in names if name is not None))
