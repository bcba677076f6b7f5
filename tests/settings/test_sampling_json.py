import json
import math
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core.json import JsonValue
from app.core.sampling import BUILTIN_PRESETS, DEFAULT_ORDER, Sampling, declarations
from app.settings.sampling_json import sampling_from_json, sampling_to_json

# A busy machine is no failure.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _values(name: str) -> st.SearchStrategy[Any]:
    special: dict[str, st.SearchStrategy[Any]] = {
        "seed": st.none() | st.integers(0, 4_294_967_294),
        "stop": st.lists(st.text(), max_size=3).map(tuple),
        "dry_sequence_breakers": st.lists(st.text(), max_size=3).map(tuple),
        "logit_bias": st.lists(
            st.tuples(st.integers(0, 200_000), st.floats(-100, 100) | st.just(-math.inf)),
            max_size=3,
        ).map(tuple),
        "order": st.permutations(DEFAULT_ORDER).map(tuple),
    }
    if name in special:
        return special[name]
    bounds = declarations()[name].range
    assert bounds is not None
    if isinstance(getattr(Sampling(), name), int):
        return st.integers(int(bounds.minimum), int(bounds.maximum))
    return st.floats(bounds.minimum, bounds.maximum)


@unhurried
@given(st.fixed_dictionaries({item.name: _values(item.name) for item in fields(Sampling)}))
def test_every_sampling_survives_the_way_through_json(values: dict[str, Any]) -> None:
    sampling = Sampling(**values)
    text = json.dumps(sampling_to_json(sampling), allow_nan=False)
    assert sampling_from_json(json.loads(text)) == (sampling, [])


@pytest.mark.parametrize("preset", BUILTIN_PRESETS, ids=lambda preset: preset.key)
def test_the_built_in_presets_lie_within_the_ranges(preset: Any) -> None:
    everything = {item.name: getattr(preset.sampling, item.name) for item in fields(Sampling)}
    assert sampling_from_json(json.loads(json.dumps(everything))) == (preset.sampling, [])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", "hot"),
        ("temperature", True),
        ("temperature", None),
        ("temperature", -1),
        ("temperature", math.nan),
        ("temperature", math.inf),
        ("temperature", 10**400),
        ("top_k", 1.5),
        ("top_k", "40"),
        ("mirostat", 3),
        ("seed", -1),
        ("seed", 1.0),
        ("seed", True),
        ("stop", "text"),
        ("stop", ["a", 1]),
        ("order", ["top_k", "top_k"]),
        ("order", ["nonsense"]),
        ("logit_bias", {"1": 2}),
        ("logit_bias", [[1]]),
        ("logit_bias", [["1", 2]]),
        ("logit_bias", [[-1, 2]]),
        ("logit_bias", [[1, "much"]]),
        ("logit_bias", [[1, True]]),
        ("logit_bias", [[1, math.nan]]),
    ],
)
def test_a_wrong_value_leaves_its_default_and_is_reported(name: str, value: JsonValue) -> None:
    sampling, [problem] = sampling_from_json({name: value, "min_p": 0.05})
    assert sampling == Sampling(min_p=0.05)
    assert declarations()[name].label in problem


def test_whole_numbers_are_fine_where_fractions_are() -> None:
    sampling, problems = sampling_from_json({"temperature": 1, "top_p": 0})
    assert problems == []
    assert isinstance(sampling.temperature, float)


def test_unknown_names_are_ignored() -> None:
    assert sampling_from_json({"from_the_future": 1}) == (Sampling(), [])


@pytest.mark.parametrize("value", [None, [], "x", 5])
def test_something_else_is_reported(value: JsonValue) -> None:
    sampling, problems = sampling_from_json(value)
    assert sampling == Sampling()
    assert len(problems) == 1
