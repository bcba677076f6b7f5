"""Asking the engine about a model that is not there: sparse twins, and what that changes."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from app.core.cancel import CancelToken
from app.core.errors import KnownError
from app.core.placement import Placement
from app.engine.check import check
from app.engine.protocol import BufferUse
from app.gguf.cache import HeaderCache
from app.gguf.read import read_header
from app.gguf.types import ModelHeader
from app.planning.dry_run import plan_by_dry_run, settle, simulated, sparse_twin
from app.planning.search import Search
from app.planning.shape import model_shape
from app.planning.types import GIB, MIB, Choice
from tests.gguf.glm46 import GLM_45_AIR, SMALL_MOE, write_model
from tests.planning.made import machine, shape_of, space


@dataclass(frozen=True)
class Answer:
    buffers: tuple[BufferUse, ...]


@dataclass
class Scripted:
    """Answers with these sizes of compute buffers, in MiB per device."""

    sizes: dict[str, int]
    asked: list[Placement] = field(default_factory=list)
    seen: list[tuple[Path, int]] = field(default_factory=list)

    def __call__(self, path: Path, placement: Placement) -> Answer:
        self.asked.append(placement)
        self.seen.append((path, path.stat().st_size if path.exists() else 0))
        return Answer(
            tuple(BufferUse(name, "compute", size * MIB) for name, size in self.sizes.items())
        )


@pytest.fixture
def small(tmp_path: Path) -> ModelHeader:
    return read_header(write_model(tmp_path, SMALL_MOE, "Q4_K_M"))


def leftovers(folder: Path) -> Iterable[Path]:
    return folder.rglob("*")


def test_the_engine_s_own_numbers_replace_the_estimate(small: ModelHeader, tmp_path: Path) -> None:
    ask = Scripted({"CPU": 77})
    folder = tmp_path / "cache"
    plan = plan_by_dry_run(small, machine(16), Choice(context_tokens=4096), ask, folder=folder)
    (cpu,) = plan.devices
    assert (cpu.compute_bytes, cpu.compute_source) == (77 * MIB, "dry run")
    assert ask.asked == [plan.placement]
    ((path, size),) = ask.seen
    assert size == pytest.approx(small.size_bytes, rel=0.001)
    assert not path.exists()
    assert list(leftovers(folder)) == []


def test_llama_cpp_itself(small: ModelHeader, tmp_path: Path) -> None:
    """The real child process: what it says is near what was estimated."""

    def ask(path: Path, placement: Placement) -> Answer:
        return Answer(check(path, placement, CancelToken()).buffers)

    choice = Choice(context_tokens=8192)
    plan = plan_by_dry_run(small, machine(16), choice, ask, folder=tmp_path / "cache")
    shape = model_shape(small)
    estimate = Search(shape, space(16), choice).best().uses[-1].compute_bytes
    assert plan.devices[0].compute_source == "dry run"
    assert plan.devices[0].compute_bytes == pytest.approx(estimate, rel=0.25)


def test_a_header_from_the_cache_is_as_good(small: ModelHeader, tmp_path: Path) -> None:
    """As that of a model which is still on the server."""
    cached = HeaderCache(tmp_path / "headers").put(["key"], small)
    assert cached.raw is not small.raw
    plan = plan_by_dry_run(cached, machine(16), Choice(context_tokens=4096), Scripted({"CPU": 9}))
    assert plan.devices[0].compute_bytes == 9 * MIB


def test_a_twin_goes_away_when_asking_fails(small: ModelHeader, tmp_path: Path) -> None:
    def refuse(path: Path, _placement: Placement) -> Answer:
        raise KnownError(f"{path.name} is refused.")

    with pytest.raises(KnownError, match="refused"):
        plan_by_dry_run(small, machine(16), Choice(context_tokens=4096), refuse, folder=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["Small-MoE-Q4_K_M.gguf"]


def test_no_folder_no_twin(small: ModelHeader, tmp_path: Path) -> None:
    blocked = tmp_path / "a file"
    blocked.write_text("x", encoding="utf-8")
    with pytest.raises(KnownError) as caught, sparse_twin(small, blocked / "cache"):
        pass
    assert "trial load" in caught.value.what


def test_an_estimate_that_was_too_small_makes_room() -> None:
    """The card is given less, until what the engine says fits as well."""
    shape, room = shape_of(GLM_45_AIR), space(200, 24)
    first = Search(shape, room, Choice()).best()
    ask = Scripted({"RPC0": 3000, "CPU": 100})
    settled = settle(shape, room, Choice(), Path("twin.gguf"), ask)
    assert settled.gpus_fit
    assert settled.uses[0].compute_bytes == 3000 * MIB
    assert len(settled.assignment.cpu_experts) > len(first.assignment.cpu_experts)
    assert settled.room == room
    assert len(ask.asked) > 1


def test_a_card_that_never_has_room_is_not_overfilled_silently() -> None:
    shape, room = shape_of(GLM_45_AIR), space(200, 24)
    settled = settle(shape, room, Choice(), Path("twin.gguf"), Scripted({"RPC0": 60_000}))
    used = settled.uses[0]
    assert used.total_bytes == 0 or used.missing_bytes > 0


def test_host_memory_of_a_card_counts_as_ram() -> None:
    shape, room = shape_of(GLM_45_AIR), space(200, 24)
    layout = Search(shape, room, Choice()).best()
    ask = Scripted({"RPC0": 500, "CPU": 10, "CUDA_Host": 20})
    told = simulated(shape, Choice(), layout, Path("twin.gguf"), ask)
    assert [use.compute_bytes for use in told.uses] == [500 * MIB, 30 * MIB]


def test_unused_cards_stay_empty() -> None:
    shape, room = shape_of(GLM_45_AIR), space(200, 200, 8)
    layout = Search(shape, room, Choice()).best()
    told = simulated(shape, Choice(), layout, Path("x"), Scripted({"RPC0": 1, "CPU": 1}))
    assert told.uses[1].total_bytes == 0
    assert replace(told, uses=layout.uses) == layout
    assert layout.uses[0].total_bytes > 50 * GIB
