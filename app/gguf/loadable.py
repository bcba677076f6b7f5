"""Which readable files llama.cpp will still refuse, and why, in words."""

from app.core.errors import KnownError
from app.core.language import tr
from app.gguf.types import ModelHeader


def why_not_loadable(header: ModelHeader) -> KnownError | None:
    """None when nothing in the header speaks against loading."""
    name = header.shards[0].name
    if header.byte_order == "big":
        return KnownError(
            tr("{name} is written for big-endian machines.", name=name),
            tr("llama.cpp loads only files of its own machine's byte order."),
            tr("Choose the little-endian version of this model."),
        )
    if not header.tensors:
        return KnownError(
            tr("{name} holds no tensors.", name=name),
            tr("It is a vocabulary or a list of settings, not a model."),
            tr("Choose a file with weights."),
        )
    foreign = header.foreign_types
    if foreign:
        return _foreign(name, header)
    return _gaps(name, header)


def _foreign(name: str, header: ModelHeader) -> KnownError:
    foreign = header.foreign_types
    names = ", ".join(quant.name for quant in foreign[:6])
    readers = {quant.reader for quant in foreign}
    next_step = tr("Choose a quantization made for llama.cpp, such as Q4_K_M.")
    if "unknown" in readers:
        why = tr("It uses tensor types that this program does not know ({names}).", names=names)
        next_step += tr(" A newer version of this program may know it.")
    elif "ik_llama.cpp" in readers:
        why = tr("Its quantization ({names}) can be loaded only by ik_llama.cpp.", names=names)
    else:
        why = tr("Its quantization ({names}) was given up by llama.cpp.", names=names)
    return KnownError(tr("{name} is not made for llama.cpp.", name=name), why, next_step)


def _gaps(name: str, header: ModelHeader) -> KnownError | None:
    """llama.cpp wants each shard's tensors one after the other, in the order of the header."""
    expected = {index: shard.data_offset for index, shard in enumerate(header.shards)}
    for tensor in header.tensors:
        if tensor.offset != expected[tensor.shard]:
            return KnownError(
                tr("{name} is laid out in a way that llama.cpp does not load.", name=name),
                tr(
                    "The data of tensor {name} does not follow the tensor before it.",
                    name=tensor.name,
                ),
                tr("Choose another file of this model."),
            )
        padding = -tensor.size_bytes % header.shards[tensor.shard].alignment
        expected[tensor.shard] += tensor.size_bytes + padding
    return None
