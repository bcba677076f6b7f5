"""The real package over a written driver library: what its wrappers make of odd answers."""

import ctypes
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app.hardware.nvml import probe_nvml
from app.hardware.nvml_calls import Nvml
from tests.hardware import fake_nvml
from tests.hardware.fake_nvml import GIB

pynvml = pytest.importorskip("pynvml")


class Library:
    """Stands for libnvidia-ml.so: C functions that fill what they are pointed at."""

    def __init__(self, **functions: Callable[..., int]) -> None:
        self._functions = functions

    def __getattr__(self, name: str) -> Callable[..., int]:
        if name.startswith("_") or name not in self._functions:
            raise AttributeError(name)
        return self._functions[name]


def ok(*_arguments: Any) -> int:
    return 0


def count(pointer: Any) -> int:
    pointer._obj.value = 1
    return 0


def device_name(_handle: Any, buffer: Any, _size: Any) -> int:
    buffer.value = b"NVIDIA \xff"
    return 0


def memory_v1(_handle: Any, pointer: Any) -> int:
    numbers = pointer._obj
    numbers.total, numbers.free, numbers.used = 8 * GIB, 5 * GIB, 3 * GIB
    return 0


def one_process(_handle: Any, number: Any, entries: Any) -> int:
    if entries is None:
        number._obj.value = 1
        return 7
    number._obj.value = 1
    entries[0].pid = 42
    entries[0].usedGpuMemory = 2**64 - 1
    return 0


@pytest.fixture
def load() -> Iterator[Callable[[Library | None], None]]:
    def put(library: Library | None) -> None:
        pynvml._nvmlGetFunctionPointer_cache.clear()
        pynvml.nvmlLib = library

    yield put
    put(None)


BASE: dict[str, Callable[..., int]] = {
    "nvmlInitWithFlags": ok,
    "nvmlShutdown": ok,
    "nvmlDeviceGetCount_v2": count,
    "nvmlDeviceGetHandleByIndex_v2": ok,
}


def test_an_old_driver_with_few_functions(load: Callable[[Library | None], None]) -> None:
    """No version 2 of memory, no version 3 of processes, a name that is not UTF-8."""
    load(
        Library(
            **BASE,
            nvmlDeviceGetName=device_name,
            nvmlDeviceGetMemoryInfo=memory_v1,
            nvmlDeviceGetComputeRunningProcesses_v2=one_process,
        )
    )
    (gpu,) = probe_nvml(pynvml).gpus
    assert gpu.name == "NVIDIA \ufffd"
    assert (gpu.total_bytes, gpu.free_bytes, gpu.reserved_bytes) == (8 * GIB, 5 * GIB, None)
    assert gpu.processes is not None
    assert [(p.pid, p.memory_bytes) for p in gpu.processes] == [(42, None)]
    assert gpu.mig_enabled is False
    assert gpu.pcie.generation is None


def test_a_driver_that_wants_another_struct(load: Callable[[Library | None], None]) -> None:
    versions: list[int] = []

    def memory_v2(_handle: Any, pointer: Any) -> int:
        versions.append(pointer._obj.version)
        return 25

    library = Library(
        **BASE, nvmlDeviceGetMemoryInfo_v2=memory_v2, nvmlDeviceGetMemoryInfo=memory_v1
    )
    load(library)
    (gpu,) = probe_nvml(pynvml).gpus
    assert gpu.total_bytes == 8 * GIB
    assert versions == [0x02000028]


@pytest.mark.parametrize("code", [4, 9, 17, 18, 19, 999, 1234])
def test_init_fails(code: int, load: Callable[[Library | None], None]) -> None:
    load(Library(nvmlInitWithFlags=lambda _flags: code))
    report = probe_nvml(pynvml)
    assert report.driver.error_code == code
    assert report.gpus == ()


def test_without_a_library(
    monkeypatch: pytest.MonkeyPatch, load: Callable[[Library | None], None]
) -> None:
    def no_library(name: str) -> object:
        raise OSError(f"{name}: cannot open shared object file")

    load(None)
    monkeypatch.setattr(pynvml, "CDLL", no_library)
    assert probe_nvml(pynvml).driver.status == "no library"
    assert Nvml(pynvml).call("nvmlDeviceGetCount").code == 1


def test_the_fake_speaks_pynvmls_codes(load: Callable[[Library | None], None]) -> None:
    load(None)
    for code, text in fake_nvml.TEXTS.items():
        assert str(pynvml.NVMLError(code)) == text == str(fake_nvml.NVMLError(code))
    assert str(fake_nvml.NVMLError(25)) == str(pynvml.NVMLError(25)) == "NVML Error with code 25"
    assert pynvml.nvmlMemory_v2 == 0x02000028
    assert fake_nvml.FakeNvml.NVML_CLOCK_MEM == pynvml.NVML_CLOCK_MEM
    assert ctypes.sizeof(pynvml.c_nvmlMemory_v2_t) == 0x28
