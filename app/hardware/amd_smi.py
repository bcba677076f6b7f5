"""What AMD's management library adds to sysfs, where its Python package is installed with ROCm.

`python -m app.hardware.amd_smi` prints it as one JSON line, so that the library stays in a child.
"""

import importlib
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from app.hardware.codec import to_json
from app.hardware.nvml_calls import plain_text, positive
from app.hardware.nvml_probe import claim_stdout
from app.hardware.pci import normalize_bus_id
from app.hardware.types import Gpu

PACKAGE = "amdsmi"
_MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class AmdSmiGpu:
    pci_bus_id: str
    name: str | None = None
    total_bytes: int | None = None
    used_bytes: int | None = None
    memory_bus_bits: int | None = None
    bandwidth_bytes_per_second: int | None = None


@dataclass(frozen=True)
class AmdSmiReport:
    gpus: tuple[AmdSmiGpu, ...] = ()
    error: str = ""


def probe_amdsmi(module: object) -> AmdSmiReport:
    """Asks a module with amdsmi's functions, each figure apart. Never raises."""
    call = _Caller(module)
    if not call.succeeds("amdsmi_init"):
        return AmdSmiReport(error=call.error)
    try:
        handles = call("amdsmi_get_processor_handles")
        if not isinstance(handles, list | tuple):
            return AmdSmiReport(error=call.error)
        found = (_read(call, handle) for handle in handles)
        return AmdSmiReport(tuple(gpu for gpu in found if gpu is not None))
    finally:
        call("amdsmi_shut_down")


def add_amdsmi(gpus: Sequence[Gpu], report: AmdSmiReport) -> tuple[Gpu, ...]:
    """Fills what sysfs left open, by PCI bus id; a bandwidth is the driver's word."""
    known = {gpu.pci_bus_id: gpu for gpu in report.gpus}
    return tuple(_add(gpu, known.get(gpu.pci_bus_id or "")) for gpu in gpus)


def _add(gpu: Gpu, more: AmdSmiGpu | None) -> Gpu:
    if more is None or gpu.vendor != "AMD" or gpu.state == "no driver":
        return gpu
    gpu = replace(gpu, name=more.name or gpu.name)
    if gpu.unified:
        return gpu
    if gpu.total_bytes is None and more.total_bytes is not None:
        used = more.used_bytes if (more.used_bytes or 0) <= more.total_bytes else None
        free = None if used is None else more.total_bytes - used
        gpu = replace(gpu, total_bytes=more.total_bytes, used_bytes=used, free_bytes=free)
    bits = gpu.memory_bus_bits or more.memory_bus_bits
    if more.bandwidth_bytes_per_second is None:
        return replace(gpu, memory_bus_bits=bits)
    rate = more.bandwidth_bytes_per_second
    return replace(
        gpu, memory_bus_bits=bits, bandwidth_bytes_per_second=rate, bandwidth_source="driver"
    )


class _Caller:
    """amdsmi's functions; None for one that fails, with the last reason kept."""

    def __init__(self, module: object) -> None:
        self._module = module
        kind = getattr(module, "AmdSmiException", None)
        own = (kind,) if isinstance(kind, type) and issubclass(kind, Exception) else ()
        self._failures = (*own, AttributeError, TypeError, ValueError, KeyError, OSError)
        self.error = ""

    def __call__(self, name: str, *arguments: object) -> object:
        try:
            function: Callable[..., object] = getattr(self._module, name)
            return function(*arguments)
        except self._failures as error:
            self.error = str(error) or type(error).__name__
            return None

    def succeeds(self, name: str) -> bool:
        self.error = ""
        self(name)
        return not self.error


def _read(call: _Caller, handle: object) -> AmdSmiGpu | None:
    bus_id = normalize_bus_id(plain_text(call("amdsmi_get_gpu_device_bdf", handle)))
    if bus_id is None:
        return None
    asic = _mapping(call("amdsmi_get_gpu_asic_info", handle))
    vram = _mapping(call("amdsmi_get_gpu_vram_info", handle))
    usage = _mapping(call("amdsmi_get_gpu_vram_usage", handle))
    rate = positive(vram.get("vram_max_bandwidth"))
    return AmdSmiGpu(
        bus_id,
        plain_text(asic.get("market_name")),
        _mebibytes(usage.get("vram_total")) or _mebibytes(vram.get("vram_size")),
        _mebibytes(usage.get("vram_used")),
        positive(vram.get("vram_bit_width")),
        None if rate is None else rate * 10**9,
    )


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _mebibytes(value: object) -> int | None:
    number = positive(value)
    return None if number is None else number * _MEBIBYTE


def main() -> int:
    with claim_stdout() as out:
        try:
            module = importlib.import_module(PACKAGE)
        except Exception as error:  # noqa: BLE001 - it looks for its library while it is imported
            report = AmdSmiReport(error=f"{type(error).__name__}: {error}")
        else:
            report = probe_amdsmi(module)
        print(json.dumps(to_json(report)), file=out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
