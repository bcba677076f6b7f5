"""The engine's own device list, asked in a child process: the word that counts."""

import re
from collections.abc import Mapping
from typing import cast

from app.core.json import JsonValue
from app.core.language import mark
from app.hardware.children import ChildAnswer, module_command
from app.hardware.nvml_calls import plain_text
from app.hardware.pci import normalize_bus_id
from app.hardware.types import Engine, EngineDevice, EngineKind, EngineStatus

COMMAND = module_command("app.engine.devices")
_KINDS = ("cpu", "gpu", "igpu", "accel")
_BACKENDS = {"mtl": "Metal", "metal": "Metal", "hip": "ROCm"}
_MISSING = re.compile(r"No module named '?(llama_cpp|app\.engine)")


def read_engine(answer: ChildAnswer) -> Engine:
    """Never raises: an engine that cannot say is an engine with a reason."""
    if answer.status != "ok":
        if _MISSING.search(answer.error):
            return Engine("missing", reason=mark("The engine is not installed."))
        status: EngineStatus = "failed" if answer.status == "skipped" else answer.status
        return Engine(status, reason=answer.error)
    entries = answer.value.get("devices") if isinstance(answer.value, dict) else answer.value
    if not isinstance(entries, list):
        return Engine("failed", reason=mark("The engine's device list is not readable."))
    devices = (_device(entry) for entry in entries if isinstance(entry, dict))
    return Engine("ok", tuple(device for device in devices if device is not None))


def _device(entry: Mapping[str, JsonValue]) -> EngineDevice | None:
    name = plain_text(entry.get("name"))
    if name is None:
        return None
    total, free = _bytes(entry.get("total_bytes")), _bytes(entry.get("free_bytes"))
    total = total or None
    kind = entry.get("kind")
    return EngineDevice(
        name=name,
        description=plain_text(entry.get("description")) or "",
        kind=cast(EngineKind, kind) if kind in _KINDS else "other",
        backend=_backend(name),
        total_bytes=total,
        free_bytes=free if total is not None and free is not None and free <= total else None,
        pci_bus_id=normalize_bus_id(plain_text(entry.get("pci_bus_id"))),
    )


def _backend(name: str) -> str | None:
    match = re.match(r"[A-Za-z]+", name)
    return _BACKENDS.get(match.group().lower(), match.group()) if match else None


def _bytes(value: JsonValue) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value < 2**62 else None
