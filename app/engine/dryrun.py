"""What a load would take, found by simulating it: metadata only, no allocation.

llama.cpp ends the process when a file breaks one of its assumptions, so this runs in a process of
its own: `python -m app.engine.dryrun`, a request as JSON on standard input, the answer on standard
output. `check.py` starts it.
"""

import json
import re
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TextIO

from app.core.cancel import CancelToken
from app.core.errors import KnownError
from app.core.language import tr
from app.core.placement import Placement, TensorOverride
from app.core.prompt import Prompt
from app.engine import devices
from app.engine.context import Context
from app.engine.log import buffers, llama_log
from app.engine.model import Model
from app.engine.protocol import BufferUse

# The bookkeeping of the cells is allocated even in a simulation, about 40 bytes for each. Beyond
# this context a first look is taken at a smaller one.
_LARGE_CONTEXT_TOKENS = 2**20
# A KV buffer reports no size in a simulation; this line has the sum.
_KV_SIZE = re.compile(r"\w+: size = +([\d.]+) MiB \(")


@dataclass(frozen=True)
class DryRun:
    """Sizes that a load would have. kv_on_host: the KV cache lies in system memory alone.
    repacks: some weights get a second copy in system memory. device_free_bytes: free memory of the
    devices that take part, without the CPU; None when there are none. buffers: those that are
    allocated for computing (weights and KV cache report no size), by the devices' names.
    """

    weights_bytes: int
    kv_bytes: int
    kv_on_host: bool
    host_bytes: int
    device_bytes: int
    repacks: bool
    context_tokens: int
    trained_context_tokens: int
    device_free_bytes: int | None
    buffers: tuple[BufferUse, ...] = ()


def request(path: Path, placement: Placement) -> str:
    return json.dumps(
        {
            "path": str(path),
            "placement": asdict(placement),
            "rpc_endpoints": devices.rpc_endpoints(),
        }
    )


def answer(text: str) -> DryRun:
    """Raises the KnownError that the answer holds, ValueError when it is none."""
    value = json.loads(text)
    if "error" in value:
        raise KnownError(*value["error"])
    used = tuple(BufferUse(**use) for use in value["run"].pop("buffers"))
    return DryRun(**value["run"], buffers=used)


def measure(path: Path, placement: Placement) -> DryRun:
    """Raises KnownError. May end the process: see above."""
    wanted = placement.context_tokens
    if wanted > _LARGE_CONTEXT_TOKENS:
        run = _measure(path, replace(placement, context_tokens=_LARGE_CONTEXT_TOKENS))
        kv_bytes = run.kv_bytes * wanted // run.context_tokens
        memory = [device.total_bytes for device in devices.list_devices()]
        if kv_bytes > sum(memory):
            return replace(run, kv_bytes=kv_bytes, context_tokens=wanted)
    return _measure(path, placement)


def _measure(path: Path, placement: Placement) -> DryRun:
    with llama_log.collect() as lines:
        model = Model(path, placement, CancelToken(), dry=True)
        try:
            # A vocabulary that cannot tokenize ends the process, better here than in the engine.
            writes = not model.has_encoder and bool(model.vocab.tokens(Prompt(("Hello",))))
            context = Context(model, placement)
            size_tokens = context.size_tokens
            writes = writes and context.remembers
            context.close()
        finally:
            model.close()
    if not writes:
        raise _not_a_chat_model(path)
    used = buffers(lines)
    host = sum(use.size_bytes for use in used if is_host(use.device))
    kv_devices = [use.device for use in used if use.kind == "kv"]
    return DryRun(
        weights_bytes=model.size_bytes,
        kv_bytes=_kv_bytes(lines),
        kv_on_host=all(is_host(device) for device in kv_devices),
        host_bytes=host,
        device_bytes=sum(use.size_bytes for use in used) - host,
        repacks=any(use.device == "CPU_REPACK" for use in used),
        context_tokens=size_tokens,
        trained_context_tokens=model.trained_context_tokens,
        device_free_bytes=_device_free_bytes(placement),
        buffers=_by_device(used),
    )


def _by_device(used: Iterable[BufferUse]) -> tuple[BufferUse, ...]:
    names = devices.buffer_names()
    return tuple(
        replace(use, device=names.get(use.device, use.device))
        for use in used
        if use.kind in ("compute", "output")
    )


def is_host(buffer: str) -> bool:
    """Whether a buffer with this name lies in system memory."""
    return buffer.startswith("CPU") or buffer.endswith("_Host")


def _not_a_chat_model(path: Path) -> KnownError:
    return KnownError(
        tr("{name} is not a model for conversations.", name=path.name),
        tr("It does not continue a text token by token."),
        tr("Choose a chat or instruct model."),
    )


def _kv_bytes(lines: Iterable[str]) -> int:
    found = (match for line in lines if (match := _KV_SIZE.match(line)))
    return sum(round(float(match[1]) * 2**20) for match in found)


def _device_free_bytes(placement: Placement) -> int | None:
    free = [
        device.free_bytes
        for device in devices.list_devices()
        if device.kind in ("gpu", "igpu")
        and (placement.devices is None or device.name in placement.devices)
    ]
    return sum(free) if free else None


def _placement(value: dict[str, Any]) -> Placement:
    chosen = value.pop("devices")
    split = tuple(value.pop("tensor_split"))
    overrides = tuple(TensorOverride(**entry) for entry in value.pop("tensor_overrides"))
    return Placement(
        **value,
        devices=None if chosen is None else tuple(chosen),
        tensor_split=split,
        tensor_overrides=overrides,
    )


def _run(text: str) -> dict[str, Any]:
    value = json.loads(text)
    try:
        devices.start_backends()
        for endpoint in value["rpc_endpoints"]:
            devices.add_rpc_server(endpoint)
        run = measure(Path(value["path"]), _placement(value["placement"]))
    except KnownError as error:
        return {"error": [error.what, error.why, error.next_step, error.details]}
    return {"run": asdict(run)}


def main(source: TextIO = sys.stdin, target: TextIO = sys.stdout) -> int:
    json.dump(_run(source.read()), target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
