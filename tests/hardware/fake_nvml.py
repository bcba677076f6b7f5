"""NVML replaced at the function boundary: pynvml's names, its error codes, a script per function
and device. A value answers; `fail(code)` raises pynvml's kind of error; a list is used up in turn.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

MIB = 1 << 20
GIB = 1 << 30

TEXTS = {
    1: "Uninitialized",
    2: "Invalid Argument",
    3: "Not Supported",
    4: "Insufficient Permissions",
    5: "Already Initialized",
    6: "Not Found",
    7: "Insufficient Size",
    8: "Insufficient External Power",
    9: "Driver Not Loaded",
    10: "Timeout",
    11: "Interrupt Request Issue",
    12: "NVML Shared Library Not Found",
    13: "Function Not Found",
    14: "Corrupted infoROM",
    15: "GPU is lost",
    16: "GPU requires restart",
    17: "The operating system has blocked the request.",
    18: "RM has detected an NVML/RM version mismatch.",
    20: "Insufficient Memory",
    999: "Unknown Error",
}


class NVMLError(Exception):
    """As pynvml's: the code in `value`, a text for some codes."""

    def __init__(self, value: int) -> None:
        super().__init__(value)
        self.value = value

    def __str__(self) -> str:
        return TEXTS.get(self.value, f"NVML Error with code {self.value}")


class NVMLLibraryMismatchError(Exception):
    """As pynvml's: no NVMLError, raised where an unversioned function is not there."""


@dataclass(frozen=True)
class Fail:
    code: int


def fail(code: int) -> Fail:
    return Fail(code)


def memory(total: int, used: int, reserved: int | None = None) -> SimpleNamespace:
    numbers = SimpleNamespace(total=total, used=used, free=total - used - (reserved or 0))
    if reserved is not None:
        numbers.reserved = reserved
    return numbers


def processes(*pairs: tuple[int, int | None]) -> list[SimpleNamespace]:
    return [SimpleNamespace(pid=pid, usedGpuMemory=size) for pid, size in pairs]


Script = dict[str, Any]


def card(
    name: str | bytes,
    *,
    total: int,
    bus: str,
    used: int = 0,
    reserved: int = 0,
    bits: int = 384,
    clock: int = 10501,
    level: tuple[int, int] = (8, 9),
    generation: int = 4,
    display: bool = False,
    uuid: str = "",
    **other: Any,
) -> Script:
    """A healthy graphics card on Linux; `other` overrides any function's answer."""
    number = int(bus.split(":")[1], 16)
    script: Script = {
        "nvmlDeviceGetName": name,
        "nvmlDeviceGetUUID": uuid or f"GPU-{number:08x}-5a1d-4e6b-9c2f-00000000{number:04x}",
        "nvmlDeviceGetPciInfo": SimpleNamespace(busId=f"0000{bus}".upper().encode()),
        "memory_v2": memory(total, used, reserved),
        "memory_v1": memory(total, used + reserved),
        "nvmlDeviceGetMemoryBusWidth": bits,
        "nvmlDeviceGetMaxClockInfo": clock,
        "nvmlDeviceGetCudaComputeCapability": level,
        "nvmlDeviceGetCurrPcieLinkGeneration": 1,
        "nvmlDeviceGetCurrPcieLinkWidth": 16,
        "nvmlDeviceGetMaxPcieLinkGeneration": generation,
        "nvmlDeviceGetMaxPcieLinkWidth": 16,
        "nvmlDeviceGetDisplayActive": int(display),
        "nvmlDeviceGetDisplayMode": int(display),
        "nvmlDeviceGetDriverModel": fail(3),
        "nvmlDeviceGetMigMode": fail(3),
        "nvmlDeviceGetComputeRunningProcesses": [],
        "nvmlDeviceGetGraphicsRunningProcesses": [],
        "nvmlDeviceGetUtilizationRates": SimpleNamespace(gpu=3, memory=1),
        "nvmlDeviceGetTemperature": 41,
        "nvmlDeviceGetPowerUsage": 22_500,
        "nvmlDeviceGetFanSpeed": 30,
    }
    return {**script, **other}


@dataclass(frozen=True)
class Handle:
    index: int
    session: int
    part: int | None = None


@dataclass
class FakeNvml:
    """Has the attributes of the module pynvml. devices: a script per index, or a failure of the
    handle itself. slices: per device index, a script or failure per MIG index."""

    devices: Sequence[Script | Fail] = ()
    init: list[Fail | None] = field(default_factory=list)
    count: Any = None
    driver: Any = "570.133.07"
    cuda: Any = 12080
    slices: Mapping[int, Sequence[Script | Fail]] = field(default_factory=dict)
    process_names: Mapping[int, str] = field(default_factory=dict)
    missing: frozenset[str] = frozenset()
    calls: list[str] = field(default_factory=list)

    NVMLError = NVMLError
    NVMLLibraryMismatchError = NVMLLibraryMismatchError
    NVML_CLOCK_MEM = 2
    session: int = 0
    running: bool = False

    def shut_down_by_another(self) -> None:
        self.running = False

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if not name.startswith("nvml") or name in self.missing:
            raise AttributeError(name)
        return lambda *arguments, **options: self._call(name, arguments, options)

    def _call(self, name: str, arguments: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
        self.calls.append(name)
        if name == "nvmlInit":
            return self._init()
        if not self.running:
            raise NVMLError(1)
        if name == "nvmlShutdown":
            self.running = False
            return None
        if name == "nvmlDeviceGetCount":
            return self._answer(len(self.devices) if self.count is None else self.count)
        if name == "nvmlSystemGetDriverVersion":
            return self._answer(self.driver)
        if name.startswith("nvmlSystemGetCudaDriverVersion"):
            return self._answer(self.cuda)
        if name == "nvmlSystemGetProcessName":
            return self.process_names.get(arguments[0], "")
        if name == "nvmlDeviceGetHandleByIndex":
            return self._handle(arguments[0])
        return self._ask(name, arguments, options)

    def _init(self) -> None:
        failure = self.init.pop(0) if self.init else None
        if failure is not None:
            raise NVMLError(failure.code)
        self.running = True
        self.session += 1

    def _handle(self, index: int) -> Handle:
        if index >= len(self.devices):
            raise NVMLError(2)
        script = self._answer(self.devices[index])
        self._answer(script.get("handle"))
        return Handle(index, self.session)

    def _ask(self, name: str, arguments: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
        handle: Handle = arguments[0]
        if handle.session != self.session:
            raise NVMLError(2)
        if name == "nvmlDeviceGetMaxMigDeviceCount":
            return len(self.slices.get(handle.index, ()))
        if name == "nvmlDeviceGetMigDeviceHandleByIndex":
            self._answer(self.slices[handle.index][arguments[1]])
            return Handle(handle.index, self.session, arguments[1])
        script = self._script(handle)
        if name == "nvmlDeviceGetMemoryInfo":
            name = "memory_v2" if options.get("version") else "memory_v1"
        if name not in script:
            raise NVMLError(3)
        return self._answer(script[name])

    def _script(self, handle: Handle) -> Script:
        script = (
            self.devices[handle.index]
            if handle.part is None
            else self.slices[handle.index][handle.part]
        )
        assert isinstance(script, dict)
        return script

    def _answer(self, value: Any) -> Any:
        if isinstance(value, Turns):
            value = value.next()
        if callable(value):
            value = value()
        if isinstance(value, Fail):
            raise NVMLError(value.code)
        if isinstance(value, Exception):
            raise value
        return value


class Turns:
    """Answers that are used up in turn; the last one stays."""

    def __init__(self, *answers: Any) -> None:
        self._answers = list(answers)

    def next(self) -> Any:
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
