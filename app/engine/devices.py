"""The devices that this build of the engine can use. `python -m app.engine.devices` prints them as
JSON, for whoever does not want a driver loaded into its own process.
"""

import ctypes
import json
import socket
import sys
from dataclasses import asdict, dataclass
from typing import Literal

from app.core.contacts import note_contact
from app.core.errors import KnownError
from app.core.language import mark, tr
from app.engine.bindings import ggml, lib, text
from app.engine.log import llama_log

DeviceKind = Literal["cpu", "gpu", "igpu", "accel", "other"]
_KINDS: dict[int, DeviceKind] = {0: "cpu", 1: "gpu", 2: "igpu", 3: "accel"}


class _Props(ctypes.Structure):
    """ggml_backend_dev_props; the capabilities at its end are five booleans."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("description", ctypes.c_char_p),
        ("memory_free", ctypes.c_size_t),
        ("memory_total", ctypes.c_size_t),
        ("type", ctypes.c_int),
        ("device_id", ctypes.c_char_p),
        ("capabilities", ctypes.c_bool * 5),
    )


_count = ggml("ggml", "ggml_backend_dev_count", ctypes.c_size_t)
_get = ggml("ggml", "ggml_backend_dev_get", ctypes.c_void_p, ctypes.c_size_t)
_name = ggml("ggml-base", "ggml_backend_dev_name", ctypes.c_char_p, ctypes.c_void_p)
_props_p = ctypes.POINTER(_Props)
_get_props = ggml("ggml-base", "ggml_backend_dev_get_props", None, ctypes.c_void_p, _props_p)
_buffer_type = ggml("ggml-base", "ggml_backend_dev_buffer_type", ctypes.c_void_p, ctypes.c_void_p)
_buffer_type_name = ggml("ggml-base", "ggml_backend_buft_name", ctypes.c_char_p, ctypes.c_void_p)
_register = ggml("ggml", "ggml_backend_register", None, ctypes.c_void_p)

_rpc_endpoints: list[str] = []


@dataclass(frozen=True)
class EngineDevice:
    """name is ggml's (`CUDA0`, `Vulkan1`, `CPU`). For the CPU, ggml reports all memory as free.
    pci_bus_id: lower case `0000:01:00.0`, None where ggml does not know it."""

    name: str
    description: str
    kind: DeviceKind
    free_bytes: int
    total_bytes: int
    pci_bus_id: str | None = None


def start_backends() -> None:
    """Make the backends known; may load drivers. Cheap when it has been called before."""
    llama_log.install()
    lib.llama_backend_init()


def list_devices() -> tuple[EngineDevice, ...]:
    start_backends()
    return tuple(_describe(handle) for handle in _handles())


def device_handle(name: str) -> int:
    """Raises KnownError when this build or machine has no device of that name."""
    names = {text(_name(handle)): handle for handle in _handles()}
    if name not in names:
        raise KnownError(
            tr("The device {name} is not there.", name=name),
            tr("The engine can use: {value}.", value=", ".join(names)),
            tr("Choose another device, or check the driver and the cable of this one."),
        )
    return names[name]


def buffer_type(device: str) -> int:
    """The buffer type of a device's own memory. Raises KnownError as `device_handle`."""
    return int(_buffer_type(device_handle(device)))


def buffer_names() -> dict[str, str]:
    """The log's name for each device's own memory -> the device's name. They differ for workers on
    other machines (`RPC0[10.0.0.2:50052]`)."""
    return {
        text(_buffer_type_name(_buffer_type(handle))): text(_name(handle)) for handle in _handles()
    }


def add_rpc_server(endpoint: str) -> None:
    """Add the devices of a worker at `host:port`, for this process. They count as GPUs.

    A worker is trusted: it sees the weights and the conversation, unencrypted.
    Raises KnownError when it does not answer or this build has no RPC backend.
    """
    start_backends()
    if endpoint in _rpc_endpoints:
        return
    _knock(endpoint)
    try:
        add = ggml("ggml-rpc", "ggml_backend_rpc_add_server", ctypes.c_void_p, ctypes.c_char_p)
    except AttributeError as error:
        raise KnownError(
            tr("This build of the engine cannot use other machines."),
            tr("It was built without the RPC backend."),
            tr("Build the engine again with GGML_RPC on."),
        ) from error
    registry = add(endpoint.encode())
    if not registry:
        raise KnownError(
            tr("The worker at {endpoint} has no devices.", endpoint=endpoint),
            next_step=tr("Start it again there."),
            details=llama_log.tail(),
        )
    _register(registry)
    _rpc_endpoints.append(endpoint)


def rpc_endpoints() -> tuple[str, ...]:
    return tuple(_rpc_endpoints)


def _knock(endpoint: str) -> None:
    """llama.cpp ends the process when nobody listens, so look first."""
    host, _, port = endpoint.rpartition(":")
    note_contact(host, mark("A worker of the engine"))
    try:
        socket.create_connection((host, int(port)), timeout=5).close()
    except (OSError, ValueError) as error:
        raise KnownError(
            tr("The worker at {endpoint} does not answer.", endpoint=endpoint),
            next_step=tr("Start it there, and check the address and the firewall."),
            details=repr(error),
        ) from error


def _handles() -> list[int]:
    return [int(_get(index)) for index in range(_count())]


def _describe(handle: int) -> EngineDevice:
    props = _Props()
    _get_props(handle, ctypes.byref(props))
    return EngineDevice(
        text(props.name),
        text(props.description),
        _KINDS.get(props.type, "other"),
        props.memory_free,
        props.memory_total,
        text(props.device_id) or None,
    )


def main() -> int:
    json.dump([asdict(device) for device in list_devices()], sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
