"""A Placement as the C structs that llama.cpp takes."""

import ctypes
from collections.abc import Callable
from typing import Any

from app.core.errors import KnownError
from app.core.language import tr
from app.core.placement import Placement, TensorOverride
from app.engine.bindings import lib
from app.engine.devices import buffer_type, device_handle
from app.engine.threads import physical_cores

_BF16 = 30  # of ggml_type; the module does not name it
_KV_TYPES = {
    "f32": lib.GGML_TYPE_F32,
    "f16": lib.GGML_TYPE_F16,
    "bf16": _BF16,
    "q8_0": lib.GGML_TYPE_Q8_0,
    "q5_1": lib.GGML_TYPE_Q5_1,
    "q5_0": lib.GGML_TYPE_Q5_0,
    "q4_1": lib.GGML_TYPE_Q4_1,
    "q4_0": lib.GGML_TYPE_Q4_0,
    "iq4_nl": lib.GGML_TYPE_IQ4_NL,
}
_UNQUANTIZED = ("f32", "f16", "bf16")
_FLASH_ATTENTION = {
    "auto": lib.LLAMA_FLASH_ATTN_TYPE_AUTO,
    "on": lib.LLAMA_FLASH_ATTN_TYPE_ENABLED,
    "off": lib.LLAMA_FLASH_ATTN_TYPE_DISABLED,
}
_SPLIT_MODES = {
    "none": lib.LLAMA_SPLIT_MODE_NONE,
    "layer": lib.LLAMA_SPLIT_MODE_LAYER,
    "row": lib.LLAMA_SPLIT_MODE_ROW,
}
_LOAD_MODES = {
    (False, False): lib.LLAMA_LOAD_MODE_NONE,
    (True, False): lib.LLAMA_LOAD_MODE_MMAP,
    (False, True): lib.LLAMA_LOAD_MODE_MLOCK,
    (True, True): lib.LLAMA_LOAD_MODE_MMAP_MLOCK,
}
_INT32_MAX = 2**31 - 1


class _BufferOverride(ctypes.Structure):
    _fields_ = (("pattern", ctypes.c_char_p), ("buffer_type", ctypes.c_void_p))


class ModelParams:
    """`struct` holds pointers into this object: keep it until the model is loaded.

    on_progress gets fractions from 0 to 1 on the loading thread and stops the load with False.
    dry: only the metadata is loaded, and every allocation is simulated.
    """

    def __init__(
        self,
        placement: Placement,
        on_progress: Callable[[float], bool] | None = None,
        *,
        dry: bool = False,
    ) -> None:
        struct = lib.llama_model_default_params()
        self._kept: list[Any] = []
        if placement.devices is not None:
            struct.devices = self._devices(placement.devices)
        if placement.tensor_overrides:
            struct.tensor_buft_overrides = self._overrides(placement.tensor_overrides)
        if placement.tensor_split:
            struct.tensor_split = self._split(placement.tensor_split)
        layers = placement.gpu_layers
        struct.n_gpu_layers = -1 if layers is None else min(max(layers, 0), _INT32_MAX)
        struct.split_mode = _SPLIT_MODES[placement.split_mode]
        struct.main_gpu = placement.main_gpu
        struct.use_extra_bufts = placement.repack
        struct.load_mode = _LOAD_MODES[placement.mmap, placement.mlock]
        if dry:
            struct.no_alloc = True
            struct.load_mode = lib.LLAMA_LOAD_MODE_NONE
        if on_progress is not None:
            struct.progress_callback = self._keep(
                lib.llama_progress_callback(lambda fraction, _user_data: on_progress(fraction))
            )
        self.struct = struct

    def _keep(self, value: Any) -> Any:  # noqa: ANN401 - any ctypes object
        self._kept.append(value)
        return value

    def _devices(self, names: tuple[str, ...]) -> int:
        handles = [device_handle(name) for name in names]
        array = self._keep((ctypes.c_void_p * (len(handles) + 1))(*handles, None))
        return ctypes.addressof(array)

    def _overrides(self, overrides: tuple[TensorOverride, ...]) -> int:
        entries = [
            _BufferOverride(self._keep(entry.pattern.encode()), buffer_type(entry.device))
            for entry in overrides
        ]
        array = self._keep((_BufferOverride * (len(entries) + 1))(*entries, _BufferOverride()))
        return ctypes.addressof(array)

    def _split(self, proportions: tuple[float, ...]) -> Any:  # noqa: ANN401 - a ctypes array
        room = lib.LLAMA_MAX_DEVICES
        if len(proportions) > room:
            raise KnownError(
                tr(
                    "The model cannot be split over {proportions} devices.",
                    proportions=len(proportions),
                ),
                tr("This build of the engine knows {room} at most.", room=room),
                tr("Give fewer proportions."),
            )
        return self._keep((ctypes.c_float * room)(*proportions))


def context_params(placement: Placement) -> Any:  # noqa: ANN401 - a ctypes struct
    """Raises KnownError for settings that exclude each other."""
    if placement.flash_attention == "off" and placement.kv_type_v not in _UNQUANTIZED:
        raise KnownError(
            tr(
                "The V cache cannot be {kv_type_v} without flash attention.",
                kv_type_v=placement.kv_type_v,
            ),
            tr("A quantized V cache needs it, and flash attention is turned off."),
            tr("Set flash attention to auto or on, or the V cache to f16."),
        )
    struct = lib.llama_context_default_params()
    struct.n_ctx = min(max(placement.context_tokens, 0), _INT32_MAX)
    struct.n_batch = max(placement.batch_tokens, 1)
    struct.n_ubatch = min(max(placement.ubatch_tokens, 1), struct.n_batch)
    struct.n_threads = placement.threads or physical_cores()
    struct.n_threads_batch = placement.batch_threads or struct.n_threads
    struct.type_k = _KV_TYPES[placement.kv_type_k]
    struct.type_v = _KV_TYPES[placement.kv_type_v]
    struct.flash_attn_type = _FLASH_ATTENTION[placement.flash_attention]
    struct.offload_kqv = placement.kv_offload
    struct.op_offload = placement.op_offload
    struct.no_perf = True
    # Only the last token's logits are ever read: room for more rows of a large vocabulary would
    # cost hundreds of megabytes.
    struct.n_outputs_max = 1
    return struct
