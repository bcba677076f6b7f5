"""Machines as files: what is written is read back, what is broken is refused in plain words."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import KnownError
from app.hardware.codec import MAX_FILE_BYTES, dump_machine, machine_from_json, machine_to_json
from app.hardware.recorded import load_machine, shipped_machines
from app.hardware.types import Cpu, Gpu, Machine, Memory, Platform, Probe
from tests.hardware.fake_nvml import GIB

FULL = json.loads(
    next(p for p in shipped_machines() if p.stem == "mig-slice").read_text(encoding="utf-8")
)


def least(**other: object) -> dict[str, object]:
    head = {"format": "glm-launcher-machine", "version": 1}
    return {**head, "platform": {"system": "Linux"}, "memory": {}, "cpu": {}, **other}


def refused(value: object) -> str:
    with pytest.raises(KnownError) as caught:
        machine_from_json(value)
    assert caught.value.what
    assert caught.value.next_step
    return str(caught.value)


def test_the_least_machine_is_one_of_which_nothing_is_known() -> None:
    machine = machine_from_json(least())
    assert machine == Machine(Platform("Linux"), Memory(), Cpu())
    assert machine.memory.effective_total_bytes is None


def test_unknown_keys_are_passed_over() -> None:
    gpu = {"vendor": "NVIDIA", "name": "X", "colour": "green"}
    assert machine_from_json(least(future=[1], gpus=[gpu])).gpus == (Gpu("NVIDIA", "X"),)


@pytest.mark.parametrize(
    "value", [None, [], "x", 1, {}, {"format": "other"}, {"format": "glm-launcher-machine"}]
)
def test_what_is_no_machine(value: object) -> None:
    refused(value)


@pytest.mark.parametrize("version", [0, -1, "1", None, True, 1.0])
def test_odd_versions(version: object) -> None:
    refused(least(version=version))


def test_a_newer_version_asks_for_an_update() -> None:
    assert "newer version" in refused(least(version=2))


@pytest.mark.parametrize(
    ("place", "change"),
    [
        ("gpus[0].total_bytes", {"gpus": [{"vendor": "NVIDIA", "name": "X", "total_bytes": 0}]}),
        ("gpus[0].total_bytes", {"gpus": [{"vendor": "AMD", "name": "X", "total_bytes": -1}]}),
        ("gpus[0].total_bytes", {"gpus": [{"vendor": "AMD", "name": "X", "total_bytes": "8"}]}),
        ("gpus[0].total_bytes", {"gpus": [{"vendor": "AMD", "name": "X", "total_bytes": 8.5}]}),
        ("gpus[0].total_bytes", {"gpus": [{"vendor": "AMD", "name": "X", "total_bytes": 2**63}]}),
        (
            "gpus[0].free_bytes",
            {"gpus": [{"vendor": "AMD", "name": "X", "total_bytes": 8, "free_bytes": 9}]},
        ),
        ("gpus[0].vendor", {"gpus": [{"vendor": "Matrox", "name": "X"}]}),
        ("gpus[0].name", {"gpus": [{"vendor": "AMD"}]}),
        ("gpus[0].name", {"gpus": [{"vendor": "AMD", "name": "\x1b[2J"}]}),
        ("gpus[0].name", {"gpus": [{"vendor": "AMD", "name": "\ud800"}]}),
        ("gpus[0].unified", {"gpus": [{"vendor": "AMD", "name": "X", "unified": 1}]}),
        ("gpus", {"gpus": {}}),
        ("gpus", {"gpus": [{"vendor": "AMD", "name": "X"}] * 5000}),
        ("memory.available_bytes", {"memory": {"total_bytes": 8, "available_bytes": 9}}),
        ("memory.total_bytes", {"memory": {"total_bytes": 0}}),
        ("memory.limit", {"memory": {"limit": {"limit_bytes": 0, "source": "x"}}}),
        ("cpu.logical_cores", {"cpu": {"logical_cores": 0}}),
        ("cpu.quota_cores", {"cpu": {"quota_cores": float("inf")}}),
        ("disks[0].free_bytes", {"disks": [{"path": "/", "total_bytes": 1, "free_bytes": 2}]}),
        ("environment[0]", {"environment": [["A", "B", "C"]]}),
        ("platform", {"platform": None}),
    ],
)
def test_values_that_make_no_sense_are_named(place: str, change: dict[str, object]) -> None:
    assert place in refused(least(**change))


def test_files(tmp_path: Path) -> None:
    machine = Machine(
        Platform("Linux"), Memory(8 * GIB, 4 * GIB), Cpu("Zen"), probes=(Probe("ram"),), name="mine"
    )
    path = tmp_path / "machine.json"
    path.write_text("\ufeff" + dump_machine(machine), encoding="utf-8")
    assert load_machine(path).memory == machine.memory
    assert load_machine(path).name == "mine"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe\x00",
        b"GGUF\x03\x00\x00\x00",
        b"[" * 100_000,
        b'{"format": "glm-launcher-machine", "format": "glm-launcher-machine"}',
        b'{"format": "glm-launcher-machine", "version": NaN}',
        b'{"format": "glm-launcher-machine", "version": ' + b"9" * 5000 + b"}",
    ],
)
def test_broken_files(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "machine.json"
    path.write_bytes(content)
    with pytest.raises(KnownError):
        load_machine(path)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(KnownError, match="cannot be read"):
        load_machine(tmp_path / "missing.json")
    with pytest.raises(KnownError):
        load_machine(tmp_path)
    large = tmp_path / "large.json"
    with large.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    with pytest.raises(KnownError, match="too large"):
        load_machine(large)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)


def paths(value: object, prefix: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [prefix] if prefix else []
    if isinstance(value, dict):
        for key, item in value.items():
            found += paths(item, (*prefix, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            found += paths(item, (*prefix, index))
    return found


PATHS = paths(FULL)


@given(st.sampled_from(PATHS), JSON)
def test_any_value_in_any_place_is_read_or_refused(place: tuple[Any, ...], value: object) -> None:
    changed = json.loads(json.dumps(FULL))
    target = changed
    for step in place[:-1]:
        target = target[step]
    target[place[-1]] = value
    try:
        machine = machine_from_json(changed)
    except KnownError:
        return
    assert machine_from_json(json.loads(json.dumps(machine_to_json(machine)))) == machine
