"""Machines to JSON and back. A file may come from a stranger: all of it is checked."""

import json
import math
import types
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from app.core.errors import KnownError
from app.core.json import JsonObject, JsonValue
from app.core.language import tr
from app.hardware.types import FORMAT, FORMAT_VERSION, Gpu, Machine, MigSlice

MAX_FILE_BYTES = 4_000_000
_MAX_INT = 2**63 - 1
_MAX_ITEMS = 4096
T = TypeVar("T")


class MalformedError(ValueError):
    """A value that does not fit its field. The message names the place: `gpus[0].total_bytes`."""


def to_json(value: object) -> JsonValue:
    """Any of the hardware dataclasses as JSON data; text becomes printable on the way."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple | list):
        return [to_json(item) for item in value]
    if isinstance(value, str):
        return "".join(c if c.isprintable() else "\ufffd" for c in value)
    if value is None or isinstance(value, bool | int | float):
        return value
    raise TypeError(type(value))


def machine_to_json(machine: Machine) -> JsonObject:
    body = cast(JsonObject, to_json(machine))
    return {"format": FORMAT, "version": FORMAT_VERSION, **body}


def from_json(kind: type[T], value: object, where: str = "") -> T:
    """Reads a dataclass; unknown keys are passed over, missing ones take their default.

    Raises MalformedError."""
    return cast(T, _read(kind, value, where))


def machine_from_json(value: object, file: str = "") -> Machine:
    """Raises KnownError, which names the file, for anything that is not a machine."""
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise _broken(file, tr("It is not a machine description."))
    version = value.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise _broken(file, tr("It does not say which version of the format it is."))
    if version > FORMAT_VERSION:
        raise _broken(
            file, tr("A newer version of the program wrote it."), tr("Update the program.")
        )
    try:
        machine = from_json(Machine, value)
        _check(machine)
    except MalformedError as error:
        raise _broken(file, tr("A value does not make sense: {error}.", error=error)) from error
    return machine


def read_machine(path: Path) -> Machine:
    """Reads what `glm-launcher hardware --json` wrote. Raises KnownError."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise _broken(path.name, tr("It is far too large for a machine description."))
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise KnownError(
            tr("The machine file {name} cannot be read.", name=path.name),
            error.strerror or "",
            tr("Check the path."),
            str(error),
        ) from error
    except UnicodeDecodeError as error:
        raise _broken(path.name, tr("It is not text.")) from error
    try:
        value = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise _broken(path.name, tr("It is not valid JSON."), details=str(error)) from error
    return machine_from_json(value, path.name)


def dump_machine(machine: Machine) -> str:
    return json.dumps(machine_to_json(machine), ensure_ascii=False, indent=1) + "\n"


def _read(kind: object, value: object, where: str) -> object:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        inner = next(arm for arm in get_args(kind) if arm is not type(None))
        return None if value is None else _read(inner, value, where)
    if origin is Literal:
        return _choice(get_args(kind), value, where)
    if origin is tuple:
        return _tuple(get_args(kind), value, where)
    if is_dataclass(kind):
        return _dataclass(cast(type[Any], kind), value, where)
    return _scalar(kind, value, where)


def _dataclass(kind: type[Any], value: object, where: str) -> object:
    if not isinstance(value, dict):
        raise MalformedError(tr("{where} is not an object", where=where or "the whole"))
    hints = get_type_hints(kind)
    arguments: dict[str, object] = {}
    for field in fields(kind):
        place = f"{where}.{field.name}" if where else field.name
        if field.name in value:
            arguments[field.name] = _read(hints[field.name], value[field.name], place)
        elif _required(field):
            raise MalformedError(tr("{place} is missing", place=place))
    return kind(**arguments)


def _required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _tuple(arms: tuple[Any, ...], value: object, where: str) -> tuple[object, ...]:
    if not isinstance(value, list):
        raise MalformedError(tr("{where} is not a list", where=where))
    if len(value) > _MAX_ITEMS:
        raise MalformedError(tr("{where} has too many entries", where=where))
    if arms[-1] is Ellipsis:
        kinds = (arms[0],) * len(value)
    elif len(arms) == len(value):
        kinds = arms
    else:
        raise MalformedError(
            tr(
                "{where} has {value} entries instead of {arms}",
                where=where,
                value=len(value),
                arms=len(arms),
            )
        )
    pairs = zip(kinds, value, strict=True)
    return tuple(_read(kind, item, f"{where}[{i}]") for i, (kind, item) in enumerate(pairs))


def _choice(choices: tuple[Any, ...], value: object, where: str) -> object:
    if not isinstance(value, str) or value not in choices:
        raise MalformedError(
            tr("{where} is not one of {value}", where=where, value=", ".join(choices))
        )
    return value


def _scalar(kind: object, value: object, where: str) -> object:
    if kind is bool:
        if isinstance(value, bool):
            return value
        raise MalformedError(tr("{where} is not true or false", where=where))
    if kind is str:
        if isinstance(value, str) and value.isprintable():
            return value
        raise MalformedError(tr("{where} is not plain text", where=where))
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise MalformedError(tr("{where} is not a number", where=where))
    if kind is int and not isinstance(value, int):
        raise MalformedError(tr("{where} is not a whole number", where=where))
    if not math.isfinite(value) or not 0 <= value <= _MAX_INT:
        raise MalformedError(tr("{where} is out of range", where=where))
    return float(value) if kind is float else value


def _check(machine: Machine) -> None:
    memory = machine.memory
    _part("memory.available_bytes", memory.available_bytes, memory.total_bytes)
    _part("memory.swap_free_bytes", memory.swap_free_bytes, memory.swap_total_bytes)
    _positive("memory.total_bytes", memory.total_bytes)
    if memory.limit is not None:
        _positive("memory.limit.limit_bytes", memory.limit.limit_bytes)
    for name in ("physical_cores", "logical_cores", "usable_cores", "quota_cores"):
        _positive(f"cpu.{name}", getattr(machine.cpu, name))
    for i, disk in enumerate(machine.disks):
        _part(f"disks[{i}].free_bytes", disk.free_bytes, disk.total_bytes)
    for i, gpu in enumerate(machine.gpus):
        _check_gpu_memory(f"gpus[{i}]", gpu)
        for j, part in enumerate(gpu.mig_slices):
            _check_gpu_memory(f"gpus[{i}].mig_slices[{j}]", part)
    for i, device in enumerate(machine.engine.devices):
        _part(f"engine.devices[{i}].free_bytes", device.free_bytes, device.total_bytes)


def _check_gpu_memory(place: str, gpu: Gpu | MigSlice) -> None:
    _positive(f"{place}.total_bytes", gpu.total_bytes)
    for name in ("free_bytes", "used_bytes", "reserved_bytes"):
        _part(f"{place}.{name}", getattr(gpu, name, None), gpu.total_bytes)
    if isinstance(gpu, Gpu):
        _positive(f"{place}.bandwidth_bytes_per_second", gpu.bandwidth_bytes_per_second)


def _positive(place: str, value: float | None) -> None:
    if value is not None and value <= 0:
        raise MalformedError(tr("{place} is 0; leave out what is unknown", place=place))


def _part(place: str, part: int | None, whole: int | None) -> None:
    if part is not None and whole is not None and part > whole:
        raise MalformedError(tr("{place} is more than the total", place=place))


def _broken(file: str, why: str, next_step: str = "", details: str = "") -> KnownError:
    return KnownError(
        tr("The machine file {file} cannot be used.", file=file)
        if file
        else tr("This is no usable machine."),
        why,
        next_step or tr("Write one with `glm-launcher hardware --json`."),
        details,
    )


def _no_constant(text: str) -> object:
    raise ValueError(f"{text} is not a number")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a key occurs twice")
    return result
