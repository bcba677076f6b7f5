"""A model split over several files: their names, and whether they belong together."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.core.errors import KnownError
from app.core.language import tr
from app.gguf.parse import MAX_TENSORS, FileHeader
from app.gguf.types import ModelHeader, RawEntries, ShardInfo, TensorInfo

MAX_SHARDS = 1024
_SHARD_NAME = re.compile(r"(.+)-([0-9]{5})-of-([0-9]{5})\.gguf")

# The types llama.cpp asserts; it aborts the process on others.
_SPLIT_KEYS = {"split.no": "uint16", "split.count": "uint16", "split.tensors.count": "int32"}


def shard_names(name: str) -> tuple[str, ...] | None:
    """All file names of the split model that `name` is a part of, None for any other name."""
    found = _SHARD_NAME.fullmatch(name)
    if found is None:
        return None
    prefix, number, count = found[1], int(found[2]), int(found[3])
    if not 0 < number <= count <= MAX_SHARDS:
        return None
    return tuple(f"{prefix}-{part:05d}-of-{count:05d}.gguf" for part in range(1, count + 1))


@dataclass(frozen=True)
class ReadShard:
    """One file that was read; location is its path or URL."""

    name: str
    location: str
    size_bytes: int
    header: FileHeader
    revision: str | None = None


def split_count(name: str, header: FileHeader) -> int:
    """How many files the model has, by what this one says. Raises KnownError."""
    for entry in header.entries:
        if entry.key in _SPLIT_KEYS and entry.type != _SPLIT_KEYS[entry.key]:
            raise _unusable(
                name, tr("Its {key} has the wrong type, {type}.", key=entry.key, type=entry.type)
            )
    count = header.metadata.get("split.count", 0)
    if not isinstance(count, int) or count > MAX_SHARDS:
        raise _unusable(name, tr("It claims to be one of {count} files.", count=count))
    return max(count, 1)


def sibling_names(name: str, header: FileHeader) -> tuple[str, ...]:
    """The names of all files of the model, `name` among them. Raises KnownError."""
    count = split_count(name, header)
    if count == 1:
        return (name,)
    names = shard_names(name)
    if names is None or len(names) != count:
        raise KnownError(
            tr(
                "{name} is one of {count} files of a model, but is not named like one.",
                name=name,
                count=count,
            ),
            tr(
                "The other files are found by their names, which end in "
                "-00001-of-{count:05d}.gguf and so on.",
                count=count,
            ),
            tr("Give the files back the names they were downloaded with."),
        )
    return names


def missing_shards(missing: Sequence[str], count: int) -> KnownError:
    shown = ", ".join(missing[:3]) + (tr(" and more") if len(missing) > 3 else "")
    return KnownError(
        tr(
            "{missing} of the {count} files of this model are missing.",
            missing=len(missing),
            count=count,
        ),
        tr("Not found: {shown}.", shown=shown),
        tr("Download the missing files and put them all into one folder."),
    )


def join_shards(shards: Sequence[ReadShard], raw: RawEntries | None) -> ModelHeader:
    """The model as a whole, from all its files in order. Raises KnownError."""
    first = shards[0].header
    tensors: list[TensorInfo] = []
    names: set[str] = set()
    for index, shard in enumerate(shards):
        if len(shards) > 1:
            _check_member(index, len(shards), shard, first)
        for tensor in shard.header.tensors:
            if tensor.name in names:
                raise _unusable(
                    shard.name,
                    tr("It repeats the tensor {name} of another file.", name=tensor.name),
                )
            names.add(tensor.name)
        tensors += shard.header.tensors
        if len(tensors) > MAX_TENSORS:
            raise _unusable(
                shard.name,
                tr("The model has more than {max_tensors:,} tensors.", max_tensors=MAX_TENSORS),
            )
    expected = first.metadata.get("split.tensors.count")
    if len(shards) > 1 and expected != len(tensors):
        raise _mixed(
            shards[0].name,
            tr(
                "It promises {expected} tensors, and the files hold {tensors}.",
                expected=expected,
                tensors=len(tensors),
            ),
        )
    return ModelHeader(
        metadata=first.metadata,
        tensors=tuple(tensors),
        shards=tuple(_info(shard) for shard in shards),
        version=first.version,
        byte_order=first.byte_order,
        alignment=first.alignment,
        raw=raw,
    )


def _check_member(index: int, count: int, shard: ReadShard, first: FileHeader) -> None:
    header = shard.header
    if split_count(shard.name, header) != count:
        raise _mixed(
            shard.name, tr("It does not say that it is one of {count} files.", count=count)
        )
    number = header.metadata.get("split.no")
    if number != index:
        said = number + 1 if isinstance(number, int) else tr("no number at all")
        raise _mixed(
            shard.name,
            tr(
                "By its name it is file {index}, inside it says {said}.", index=index + 1, said=said
            ),
        )
    architecture = header.metadata.get("general.architecture")
    if architecture not in (None, first.metadata.get("general.architecture")):
        raise _mixed(
            shard.name,
            tr(
                "It belongs to a model of the architecture {architecture}.",
                architecture=architecture,
            ),
        )
    if (header.version, header.byte_order) != (first.version, first.byte_order):
        raise _mixed(shard.name, tr("It is written in another version of the format."))


def _info(shard: ReadShard) -> ShardInfo:
    header = shard.header
    return ShardInfo(
        name=shard.name,
        location=shard.location,
        size_bytes=shard.size_bytes,
        header_bytes=header.header_bytes,
        data_offset=header.data_offset,
        tensor_count=len(header.tensors),
        alignment=header.alignment,
        revision=shard.revision,
    )


def _mixed(name: str, why: str) -> KnownError:
    return KnownError(
        tr("{name} does not belong to the files beside it.", name=name),
        why,
        tr("Download all files of one quantization again into one folder."),
    )


def _unusable(name: str, why: str) -> KnownError:
    return KnownError(
        tr("{name} is damaged, or not a model file that can be read safely.", name=name),
        why,
        tr("Download it again, or choose another file."),
    )
