"""CUDA_VISIBLE_DEVICES as CUDA reads it; NVML lists every GPU all the same."""

import pytest

from app.hardware.cuda_visibility import apply_visibility
from app.hardware.types import Gpu, MigSlice

FIRST = "GPU-aaaa1111-0000-0000-0000-000000000000"
SECOND = "GPU-aaaa2222-0000-0000-0000-000000000000"
THIRD = "GPU-bbbb3333-0000-0000-0000-000000000000"
SLICES = (MigSlice("MIG-1111"), MigSlice("MIG-GPU-bbbb3333/2/0"))


def cards(*names: str) -> tuple[Gpu, ...]:
    uuids = (FIRST, SECOND, THIRD)
    return tuple(Gpu("NVIDIA", name, index=i, uuid=uuids[i]) for i, name in enumerate(names))


ALIKE = cards("RTX 3090", "RTX 3090", "RTX 3090")
MIXED = cards("GTX 1080", "RTX 3090", "RTX 3090")


def visible(gpus: tuple[Gpu, ...], value: str | None, **other: str) -> list[bool | None]:
    environ = other if value is None else {"CUDA_VISIBLE_DEVICES": value, **other}
    return [gpu.visible for gpu in apply_visibility(gpus, environ)]


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        (None, [True, True, True]),
        ("", [False, False, False]),
        ("-1", [False, False, False]),
        ("NoDevFiles", [False, False, False]),
        ("0", [True, False, False]),
        (" 2 , 0 ", [True, False, True]),
        ("1,-1,0", [False, True, False]),
        ("1,7,0", [False, True, False]),
        ("1,x,0", [False, True, False]),
        ("99999999999999999999", [False, False, False]),
        (SECOND, [False, True, False]),
        (f"{THIRD},0", [True, False, True]),
        ("GPU-bbbb", [False, False, True]),
        ("gpu-bbbb", [False, False, False]),
        ("GPU-aaaa", [False, False, False]),
        ("GPU-", [False, False, False]),
        ("GPU-cccc,0", [False, False, False]),
        ("0,0,1", [True, False, False]),
        ("²", [False, False, False]),
    ],
)
def test_cards_of_one_kind(value: str | None, seen: list[bool]) -> None:
    assert visible(ALIKE, value) == seen


def test_an_index_among_different_cards_is_cudas_own_affair() -> None:
    assert visible(MIXED, "0") == [None, None, None]
    assert visible(MIXED, "0,1,2") == [True, True, True]
    assert visible(MIXED, "0", CUDA_DEVICE_ORDER="PCI_BUS_ID") == [True, False, False]
    assert visible(MIXED, SECOND) == [False, True, False]
    assert visible(MIXED, "") == [False, False, False]
    assert visible(MIXED, f"{SECOND},0") == [None, True, None]


def sliced() -> tuple[Gpu, ...]:
    return (Gpu("NVIDIA", "H100", 0, uuid=THIRD, mig_enabled=True, mig_slices=SLICES),)


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        (None, [True, False]),
        ("0", [True, False]),
        ("MIG-1111", [True, False]),
        ("MIG-GPU-bbbb3333/2/0", [False, True]),
        ("MIG-GPU-bbbb3333/2/0,MIG-1111", [False, True]),
        ("MIG-9999", [False, False]),
        ("", [False, False]),
    ],
)
def test_of_a_mig_card_one_slice_at_most(value: str | None, seen: list[bool]) -> None:
    environ = {} if value is None else {"CUDA_VISIBLE_DEVICES": value}
    (gpu,) = apply_visibility(sliced(), environ)
    assert [part.visible for part in gpu.mig_slices] == seen
    assert gpu.visible is any(seen)
