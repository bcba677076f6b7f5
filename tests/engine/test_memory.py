"""Does it fit? Rules on made-up machines."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.core.errors import KnownError
from app.core.placement import Placement
from app.engine import memory
from app.engine.dryrun import DryRun
from app.engine.memory import require_room, system_memory_available
from app.engine.protocol import BufferUse

GB = 10**9
RUN = DryRun(
    weights_bytes=200 * GB,
    kv_bytes=10 * GB,
    kv_on_host=True,
    host_bytes=1 * GB,
    device_bytes=0,
    repacks=False,
    context_tokens=32768,
    trained_context_tokens=200_000,
    device_free_bytes=None,
)
ON_GPU = replace(RUN, kv_on_host=False, device_bytes=2 * GB, device_free_bytes=24 * GB)


@pytest.fixture(autouse=True)
def twelve_gigabytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "system_memory_available", lambda: 12 * GB)


def test_mapped_weights_may_be_larger_than_memory() -> None:
    require_room(RUN, Placement())


@pytest.mark.parametrize(
    ("run", "placement"),
    [
        (RUN, Placement(mmap=False)),
        (RUN, Placement(mlock=True)),
        (replace(RUN, repacks=True), Placement()),
        (replace(RUN, kv_bytes=12 * GB), Placement()),
        (replace(ON_GPU, kv_bytes=40 * GB), Placement()),
        (ON_GPU, Placement(mmap=False)),
    ],
)
def test_what_cannot_work_is_refused(run: DryRun, placement: Placement) -> None:
    with pytest.raises(KnownError, match="does not fit"):
        require_room(run, placement)


def test_the_memory_of_devices_counts() -> None:
    require_room(replace(ON_GPU, kv_bytes=30 * GB), Placement())


def test_what_the_previous_model_frees_counts() -> None:
    run = replace(RUN, kv_bytes=12 * GB)
    require_room(run, Placement(), [BufferUse("CPU", "kv", 2 * GB)])
    with pytest.raises(KnownError):
        require_room(run, Placement(), [BufferUse("CPU_Mapped", "weights", 100 * GB)])
    with pytest.raises(KnownError):
        require_room(run, Placement(), [BufferUse("CUDA0", "kv", 2 * GB)])


def test_the_numbers_are_said_and_a_context_that_fits() -> None:
    with pytest.raises(KnownError) as caught:
        require_room(replace(RUN, kv_bytes=23 * GB, context_tokens=65536), Placement())
    error = caught.value
    assert "65,536 tokens" in error.what
    assert "24.0 GB (23.0 GB of it for the context)" in error.why
    assert "12.0 GB are free" in error.why
    assert "32,768 tokens" in error.next_step


def test_no_context_is_suggested_beyond_what_the_model_knows() -> None:
    run = replace(RUN, kv_bytes=23 * GB, context_tokens=400_000, trained_context_tokens=8192)
    with pytest.raises(KnownError, match="8,192 tokens or less"):
        require_room(run, Placement())


def test_a_model_that_never_fits() -> None:
    with pytest.raises(KnownError, match="smaller model"):
        require_room(RUN, Placement(mmap=False))


def test_a_containers_limit_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "memory.max").write_text("1000000\n")
    (tmp_path / "memory.current").write_text("700000\n")
    (tmp_path / "memory.stat").write_text("anon 5\nactive_file 100000\ninactive_file 50000\n")
    monkeypatch.setattr(memory, "_CGROUP", tmp_path)
    assert system_memory_available() == 450_000
    (tmp_path / "memory.max").write_text("max\n")
    assert system_memory_available() > 1_000_000
