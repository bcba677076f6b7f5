"""A loaded model: its weights, its vocabulary, what it says of itself."""

import ctypes
from collections.abc import Callable
from pathlib import Path

from app.core.cancel import CancelToken
from app.core.errors import Cancelled
from app.core.placement import Placement
from app.engine import explain
from app.engine.bindings import encoded_path, lib, text
from app.engine.devices import start_backends
from app.engine.log import llama_log
from app.engine.params import ModelParams
from app.engine.protocol import BufferUse, ModelInfo
from app.engine.vocab import Vocab

_SHORT = 4096
_TEMPLATE_KEY = "tokenizer.chat_template"


class Model:
    """Owns a llama_model. Used by one thread; `close` frees everything, contexts first."""

    def __init__(
        self,
        path: Path,
        placement: Placement,
        cancel: CancelToken,
        on_progress: Callable[[float], None] = lambda _fraction: None,
        *,
        dry: bool = False,
    ) -> None:
        """Raises KnownError when llama.cpp refuses the file, Cancelled."""

        def keep_going(fraction: float) -> bool:
            on_progress(fraction)
            return not cancel.cancelled

        self.path = path
        start_backends()
        params = ModelParams(placement, keep_going, dry=dry)
        with llama_log.collect() as lines:
            handle = lib.llama_model_load_from_file(encoded_path(str(path)), params.struct)
        if not handle:
            cancel.raise_if_cancelled()
            raise explain.load_failure(path, lines)
        self.handle: int = handle
        if cancel.cancelled:
            self.close()
            raise Cancelled
        self.vocab = Vocab(lib.llama_model_get_vocab(handle))
        # Encoders and diffusion models do not continue a text token by token.
        self.has_encoder: bool = lib.llama_model_has_encoder(
            handle
        ) or lib.llama_model_is_diffusion(handle)
        self.forgets_only_all: bool = lib.llama_model_is_recurrent(
            handle
        ) or lib.llama_model_is_hybrid(handle)
        self.size_bytes: int = lib.llama_model_size(handle)
        self.trained_context_tokens: int = lib.llama_model_n_ctx_train(handle)

    def close(self) -> None:
        if self.handle:
            lib.llama_model_free(self.handle)
            self.handle = 0

    def info(self, context_tokens: int, buffers: tuple[BufferUse, ...]) -> ModelInfo:
        metadata = self._metadata()
        template = lib.llama_model_chat_template(self.handle, None)
        description = ctypes.create_string_buffer(256)
        lib.llama_model_desc(self.handle, description, len(description))
        return ModelInfo(
            path=str(self.path),
            name=metadata.get("general.name") or self.path.stem,
            architecture=metadata.get("general.architecture", ""),
            description=text(description.value),
            size_bytes=self.size_bytes,
            parameters=lib.llama_model_n_params(self.handle),
            context_tokens=context_tokens,
            trained_context_tokens=self.trained_context_tokens,
            chat_template=None if template is None else text(template),
            special_tokens=self.vocab.special_tokens(),
            adds_bos=self.vocab.adds_bos,
            bos_text=self.vocab.bos_text(),
            eos_text=self.vocab.eos_text(),
            buffers=buffers,
            metadata=metadata,
        )

    def _metadata(self) -> dict[str, str]:
        """Scalars only; long texts are cut, and the chat template has a field of its own."""
        key, value = ctypes.create_string_buffer(256), ctypes.create_string_buffer(_SHORT)
        found: dict[str, str] = {}
        for index in range(lib.llama_model_meta_count(self.handle)):
            lib.llama_model_meta_key_by_index(self.handle, index, key, len(key))
            name = text(key.value)
            if not name.startswith(_TEMPLATE_KEY):
                lib.llama_model_meta_val_str_by_index(self.handle, index, value, len(value))
                found[name] = text(value.value)
        return found
