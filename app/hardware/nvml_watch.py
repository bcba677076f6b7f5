"""Live figures of NVIDIA GPUs from a process that stays: one JSON line per line asked.

NVML is started once and its handles kept. A lost GPU is never asked again; when NVML as a whole
fails, the next question starts it anew, at whatever pace the asker chooses.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TextIO

from app.core.language import mark
from app.hardware import nvml_codes as codes
from app.hardware.codec import to_json
from app.hardware.live_types import LiveGpu, LiveGpus
from app.hardware.nvml_calls import Device, Nvml, plain_text, positive
from app.hardware.nvml_gpu import is_integrated, read_memory

_TEMPERATURE_SENSOR = 0


@dataclass
class _Watched:
    device: Device
    last: LiveGpu


class NvmlWatch:
    """One running NVML session."""

    def __init__(self, module: object) -> None:
        self._module = module
        self._nvml = Nvml(module)
        self._watched: list[_Watched] | None = None

    def sample(self) -> LiveGpus:
        """Never raises."""
        if self._module is None:
            return LiveGpus(error=mark("The Python package nvidia-ml-py is not installed."))
        if self._watched is None:
            error = self._start()
            if error:
                return LiveGpus(error=error)
        gpus = tuple(self._refresh(watched) for watched in self._watched or ())
        if gpus and all(gpu.error and gpu.state != "lost" for gpu in gpus):
            self._stop()
        return LiveGpus(gpus)

    def _start(self) -> str:
        self._nvml = Nvml(self._module)
        init = self._nvml.call("nvmlInit")
        count = self._nvml.call("nvmlDeviceGetCount") if init.ok else init
        if not count.ok:
            return codes.init_status(count.code, count.text)[1]
        self._watched = [self._open(index) for index in range(positive(count.value) or 0)]
        return ""

    def _stop(self) -> None:
        self._nvml.call("nvmlShutdown")
        self._watched = None

    def _open(self, index: int) -> _Watched:
        nvml = self._nvml
        device = Device(nvml, lambda: nvml.call("nvmlDeviceGetHandleByIndex", index))
        uuid = plain_text(device.ask("nvmlDeviceGetUUID").value)
        name = plain_text(device.ask("nvmlDeviceGetName").value)
        return _Watched(device, LiveGpu(index=index, uuid=uuid, name=name))

    def _refresh(self, watched: _Watched) -> LiveGpu:
        device, last = watched.device, watched.last
        device.notes.clear()
        device.unread.clear()
        memory = read_memory(device, unified=is_integrated(last.name))
        load = device.ask("nvmlDeviceGetUtilizationRates")
        values = LiveGpu(
            index=last.index,
            uuid=last.uuid,
            name=last.name,
            total_bytes=memory.total,
            used_bytes=memory.used,
            free_bytes=memory.free,
            load_percent=_percent(getattr(load.value, "gpu", None)),
            memory_load_percent=_percent(getattr(load.value, "memory", None)),
            temperature_celsius=_temperature(device),
            power_watts=_power(device),
            fan_percent=_percent(device.ask("nvmlDeviceGetFanSpeed").value),
            state=device.state,
        )
        if device.notes:
            error = " ".join(device.notes)
            return replace(last, state=device.state, stale=True, error=error)
        watched.last = values
        return values


def watch(module: object, questions: Iterable[str], out: TextIO) -> int:
    """Answers until the asker closes its end."""
    session = NvmlWatch(module)
    for _ in questions:
        print(json.dumps(to_json(session.sample())), file=out, flush=True)
    return 0


def _percent(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= 100 else None


def _temperature(device: Device) -> int | None:
    degrees = positive(device.ask("nvmlDeviceGetTemperature", _TEMPERATURE_SENSOR).value)
    return degrees if degrees is not None and degrees < 200 else None


def _power(device: Device) -> float | None:
    milliwatts = positive(device.ask("nvmlDeviceGetPowerUsage").value)
    return milliwatts / 1000 if milliwatts is not None else None
