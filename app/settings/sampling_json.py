"""Sampling parameters as JSON: strict about types and ranges, tolerant of strangers."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from typing import Any, get_args

from app.core.json import JsonObject, JsonValue
from app.core.sampling import Declaration, Range, SamplerName, Sampling, declarations


def sampling_to_json(sampling: Sampling) -> JsonObject:
    """Only what differs from the defaults, so that a better default reaches old presets too."""
    plain = Sampling()
    return {
        item.name: _to_json(getattr(sampling, item.name))
        for item in fields(Sampling)
        if getattr(sampling, item.name) != getattr(plain, item.name)
    }


def some_to_json(sampling: Sampling, names: Iterable[str]) -> JsonObject:
    """Those parameters, whatever the defaults are."""
    return {name: _to_json(getattr(sampling, name)) for name in sorted(names)}


def sampling_from_json(value: JsonValue) -> tuple[Sampling, list[str]]:
    """The parameters and what is wrong with the rest, in sentences.

    A wrong value leaves the parameter at its default; unknown names are ignored.
    """
    if not isinstance(value, dict):
        return Sampling(), ["The sampling parameters are not a JSON object."]
    values: dict[str, Any] = {}
    problems: list[str] = []
    for name, declaration in declarations().items():
        if name not in value:
            continue
        try:
            values[name] = _READERS.get(name, _number)(value[name], declaration)
        except ValueError as error:
            problems.append(f"“{declaration.label}” {error}; its default is used.")
    return Sampling(**values), problems


def _to_json(value: object) -> JsonValue:
    if isinstance(value, tuple):
        return [_to_json(item) for item in value]
    if isinstance(value, float) and math.isinf(value):
        return "-inf" if value < 0 else "inf"
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"a sampling parameter of type {type(value).__name__}")


def _number(value: JsonValue, declaration: Declaration) -> float:
    """As an integer where the neutral value is one."""
    whole = isinstance(declaration.neutral, int)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("is not a number")
    if whole and not isinstance(value, int):
        raise ValueError("is not a whole number")
    _check_range(value, declaration.range)
    return value if whole else float(value)


def _check_range(value: float, bounds: Range | None) -> None:
    if bounds is not None and not bounds.minimum <= value <= bounds.maximum:
        raise ValueError(f"is not between {bounds.minimum:g} and {bounds.maximum:g}")


def _seed(value: JsonValue, declaration: Declaration) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("is not a whole number")
    _check_range(value, declaration.range)
    return value


def _texts(value: JsonValue, _declaration: Declaration) -> tuple[str, ...]:
    texts = [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
    if not isinstance(value, list) or len(texts) != len(value):
        raise ValueError("is not a list of texts")
    return tuple(texts)


def _order(value: JsonValue, declaration: Declaration) -> tuple[str, ...]:
    names = _texts(value, declaration)
    if not set(names) <= set(get_args(SamplerName)) or len(set(names)) != len(names):
        raise ValueError("names a filter twice or one that does not exist")
    return names


def _logit_bias(value: JsonValue, _declaration: Declaration) -> tuple[tuple[int, float], ...]:
    if not isinstance(value, list):
        raise ValueError("is not a list")
    return tuple(_bias(pair) for pair in value)


def _bias(pair: JsonValue) -> tuple[int, float]:
    token, bias = pair if isinstance(pair, list) and len(pair) == 2 else (None, None)
    if isinstance(bias, str):
        bias = {"-inf": -math.inf, "inf": math.inf}.get(bias)
    if isinstance(token, bool) or not isinstance(token, int) or token < 0:
        raise ValueError("has an entry without a token id")
    if isinstance(bias, bool) or not isinstance(bias, int | float) or math.isnan(bias):
        raise ValueError("has an entry without a bias")
    return token, float(bias)


_READERS: Mapping[str, Callable[[JsonValue, Declaration], Any]] = {
    "seed": _seed,
    "stop": _texts,
    "dry_sequence_breakers": _texts,
    "order": _order,
    "logit_bias": _logit_bias,
}
