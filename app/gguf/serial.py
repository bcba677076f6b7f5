"""A header as JSON values and back, in columns, for the cache."""

from dataclasses import astuple
from typing import Any

from app.gguf.quants import QuantType, quant_type
from app.gguf.types import ArraySkipped, MetadataValue, ModelHeader, ShardInfo, TensorInfo


def header_to_json(header: ModelHeader) -> dict[str, Any]:
    """Everything but `raw`."""
    shapes = list(dict.fromkeys(tensor.shape for tensor in header.tensors))
    places = {shape: place for place, shape in enumerate(shapes)}
    tensors = header.tensors
    return {
        "version": header.version,
        "byte_order": header.byte_order,
        "alignment": header.alignment,
        "metadata": [[key, _value_to_json(value)] for key, value in header.metadata.items()],
        "shards": [list(astuple(shard)) for shard in header.shards],
        "shapes": shapes,
        "tensors": {
            "name": [t.name for t in tensors],
            "shape": [places[t.shape] for t in tensors],
            "type": [t.type.id for t in tensors],
            "size": [t.size_bytes for t in tensors],
            "shard": [t.shard for t in tensors],
            "offset": [t.offset for t in tensors],
        },
    }


def header_from_json(value: dict[str, Any]) -> ModelHeader:
    """Raises ValueError, KeyError, TypeError or IndexError for anything else than was written."""
    columns = value["tensors"]
    shapes = [tuple(shape) for shape in value["shapes"]]
    types: dict[int, QuantType] = {id_: quant_type(id_) for id_ in set(columns["type"])}
    rows = zip(
        columns["name"],
        [shapes[place] for place in columns["shape"]],
        [types[id_] for id_ in columns["type"]],
        columns["size"],
        columns["shard"],
        columns["offset"],
        strict=True,
    )
    return ModelHeader(
        metadata={key: _value_from_json(item) for key, item in value["metadata"]},
        tensors=tuple(map(TensorInfo._make, rows)),
        shards=tuple(ShardInfo(*fields) for fields in value["shards"]),
        version=value["version"],
        byte_order=value["byte_order"],
        alignment=value["alignment"],
    )


def _value_to_json(value: MetadataValue) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, ArraySkipped):
        return {"skipped": [value.type, value.count, value.offset, value.size_bytes]}
    return list(value) if isinstance(value, tuple) else value


def _value_from_json(value: Any) -> MetadataValue:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        return ArraySkipped(*value["skipped"])
    if isinstance(value, list):
        return tuple(value)
    scalar: bool | int | float | str = value
    return scalar
