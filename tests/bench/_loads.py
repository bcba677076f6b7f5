"""Loads or simulates models as told, in a process of its own, and reports what llama.cpp's log says
of where things went: `python -m … HOST:PORT …`, one request per line on standard input, one answer
per line on standard output, both as JSON."""

import json
import logging
import re
import sys
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from app.core.cancel import CancelToken
from app.core.errors import KnownError
from app.core.placement import Placement, TensorOverride
from app.engine import devices
from app.engine.client import EngineClient
from app.engine.context import Context
from app.engine.log import buffers
from app.engine.model import Model
from app.engine.protocol import BufferUse

_LAYER = re.compile(r"load_tensors: layer +(\d+) assigned to device (\S+),")
_OVERRIDE = re.compile(r"tensor (\S+) \(.*buffer type overridden to (\S+)")
_KV_LAYER = re.compile(r"\w+: layer +(\d+): dev = (\S+)")
_KV_SIZE = re.compile(r"\w+: size = +([\d.]+) MiB \( *(\d+) cells")


@dataclass
class Report:
    """layers, kv_layers: unit -> device; the unit after the last layer is the output."""

    layers: dict[int, str] = field(default_factory=dict)
    kv_layers: dict[int, str] = field(default_factory=dict)
    overridden: dict[str, str] = field(default_factory=dict)
    kv_mebibytes: float = 0.0
    cells: int = 0
    buffers: tuple[BufferUse, ...] = ()
    log: tuple[str, ...] = ()


def as_request(path: Path, placement: Placement, *, dry: bool) -> str:
    """dry: simulated; else the engine loads it as it does for a person."""
    return json.dumps({"path": str(path), "placement": asdict(placement), "dry": dry})


def as_report(line: str) -> Report:
    """Raises KnownError when the load failed."""
    value: dict[str, Any] = json.loads(line)
    if "error" in value:
        raise KnownError(value["error"])
    value["layers"] = {int(key): device for key, device in value["layers"].items()}
    value["kv_layers"] = {int(key): device for key, device in value["kv_layers"].items()}
    value["buffers"] = tuple(BufferUse(**use) for use in value["buffers"])
    value["log"] = tuple(value["log"])
    return Report(**value)


class _Lines(logging.Handler):
    """Keeps every line, the ones for developers too: they say which layer went where."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def load(path: Path, placement: Placement, *, dry: bool) -> Report:
    lines = _Lines()
    logger = logging.getLogger("llama.cpp")
    logger.setLevel(logging.DEBUG)
    logger.addHandler(lines)
    try:
        if dry:
            _simulate(path, placement)
        else:
            client = EngineClient()
            try:
                client.load(str(path), placement)
            finally:
                client.close()
    finally:
        logger.removeHandler(lines)
    return read(lines.lines)


def _simulate(path: Path, placement: Placement) -> None:
    model = Model(path, placement, CancelToken(), dry=True)
    try:
        Context(model, placement).close()
    finally:
        model.close()


def read(lines: list[str]) -> Report:
    report = Report()
    for line in lines:
        if match := _LAYER.match(line):
            report.layers[int(match[1])] = match[2]
        elif match := _OVERRIDE.match(line):
            report.overridden[match[1]] = match[2]
        elif match := _KV_LAYER.match(line):
            report.kv_layers[int(match[1])] = match[2]
        elif match := _KV_SIZE.match(line):
            report.kv_mebibytes += float(match[1])
            report.cells = int(match[2])
    names = devices.buffer_names()
    report.buffers = tuple(
        replace(use, device=names.get(use.device, use.device)) for use in buffers(lines)
    )
    report.log = tuple(line for line in lines if line.startswith(("llama_context: ", "llama_kv")))
    return report


def _placement(value: dict[str, Any]) -> Placement:
    overrides = tuple(TensorOverride(**entry) for entry in value.pop("tensor_overrides"))
    chosen, split = value.pop("devices"), tuple(value.pop("tensor_split"))
    return Placement(
        **value,
        devices=None if chosen is None else tuple(chosen),
        tensor_split=split,
        tensor_overrides=overrides,
    )


def main(endpoints: list[str]) -> None:
    devices.start_backends()
    for endpoint in endpoints:
        devices.add_rpc_server(endpoint)
    for line in sys.stdin:
        value = json.loads(line)
        try:
            report = load(Path(value["path"]), _placement(value["placement"]), dry=value["dry"])
            answer = asdict(report)
        except KnownError as error:
            answer = {"error": str(error)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
