"""How large llama.cpp's compute buffers will be, estimated from the model's dimensions.

The forms were read off dry runs of GLM-4.6, GLM-4.5-Air, GLM-4-32B and GLM-4.7-Flash at contexts of
4K to 128K, ubatches of 512 and 2048, one to three devices; docs/accuracy.md has the comparison.
Everything grows with the ubatch; sizes below are floats per token of it unless said otherwise.
"""

from dataclasses import dataclass, replace

from app.planning.shape import ModelShape, row_bytes
from app.planning.speed import Backend
from app.planning.types import Choice

_FLOAT = 4
# ggml schedules this many copies of every input when GPUs work in a pipeline.
_PIPELINE_COPIES = 4
# Their flash attention turns a layer's keys and values to f16 first, inside the compute buffer
# (ggml_cuda_flash_attn_ext_get_alloc_size), unless they are kept so.
_CONVERTS_KV: frozenset[Backend] = frozenset({"cuda", "rocm"})


@dataclass(frozen=True)
class Part:
    """What one device does. pipeline: several GPUs hold the whole model with no overrides, so
    llama.cpp lets them work on different ubatches at once, at the price of copied inputs.

    attention, experts, dense: it computes such layers. gpus: how many GPUs take part.
    upload_bytes: the largest matrix in RAM that is copied here to read a prompt with (op offload;
    one at a time, ggml-backend.cpp).
    """

    attention: bool
    experts: bool
    dense: bool
    cpu: bool = False
    gpus: int = 0
    first: bool = True
    pipeline: bool = False
    backend: Backend = "cpu"
    upload_bytes: int = 0


def compute_bytes(shape: ModelShape, choice: Choice, cells: int, part: Part) -> int:
    """An estimate of one device's compute buffer, in bytes.

    cells: KV cells. Assumes that logits are asked for one token at a time, as this engine does.
    """
    ubatch = min(choice.ubatch_tokens, choice.batch_tokens, cells)
    mask = _mask_bytes(choice, cells) * ubatch
    copies = _PIPELINE_COPIES if part.pipeline else 1
    if part.cpu and not (part.attention or part.experts or part.dense):
        inputs = 5 if part.pipeline else 2
        return copies * mask + inputs * shape.embedding * _FLOAT * ubatch
    if not (part.attention or part.experts or part.dense):
        # The output alone, for the one token whose logits are wanted.
        return (shape.vocabulary + 2 * shape.embedding) * _FLOAT
    work = _work(shape, part) * _FLOAT * ubatch
    if part.upload_bytes:
        routed = _work(shape, replace(part, experts=shape.mixture_of_experts))
        work = max(work, routed * _FLOAT * ubatch + part.upload_bytes)
    if part.attention and choice.flash_attention != "off" and part.backend in _CONVERTS_KV:
        attention = _work(shape, replace(part, experts=False, dense=False)) * _FLOAT * ubatch
        work = max(work, attention + _half_copies(shape, choice, cells))
    if part.attention and choice.flash_attention == "off":
        work += shape.heads * cells * _FLOAT * ubatch
    if part.cpu and not part.attention and part.gpus == 1:
        # The mask reuses memory of the experts' work when there is a single GPU to feed.
        return max(work, work // 2 + mask)
    if part.pipeline:
        work += (3 if part.first else 7) * shape.embedding * _FLOAT * ubatch
    return work + copies * mask


def _half_copies(shape: ModelShape, choice: Choice, cells: int) -> int:
    """One layer's keys and values in f16, as far as they are kept as something else."""
    pairs = (
        (choice.kv_type_k, max(layer.key_elements for layer in shape.layers)),
        (choice.kv_type_v, max(layer.value_elements for layer in shape.layers)),
    )
    return sum(cells * row_bytes("f16", count) for kind, count in pairs if kind != "f16")


def _mask_bytes(choice: Choice, cells: int) -> int:
    """Of one row: the attention mask is f16 with flash attention, f32 without."""
    return cells * (4 if choice.flash_attention == "off" else 2)


def _work(shape: ModelShape, part: Part) -> int:
    """The largest set of intermediate results that live at once."""
    width = shape.embedding
    queries = shape.heads * shape.head_length
    candidates = [2 * width]
    if part.attention:
        candidates.append(3 * queries + 5 * width)
    if part.dense:
        candidates.append(3 * shape.feed_forward + 4 * width)
    if part.experts:
        used = shape.expert_used
        experts = used * width + 3 * used * shape.expert_feed_forward + 2 * width
        candidates.append(experts + (queries if part.attention else 0))
    return max(candidates)
