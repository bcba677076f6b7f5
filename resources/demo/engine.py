"""Greedy decoding through llama.cpp, as little of it as verification needs."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING

import llama_cpp.llama_cpp as llama
import numpy as np

if TYPE_CHECKING:
    from pathlib import Path


@llama.llama_log_callback
def _quiet(_level: int, _text: bytes, _data: ctypes.c_void_p) -> None:
    pass


class Engine:
    def __init__(
        self, path: Path, context: int = 4096, threads: int = 1, exact: bool = False
    ) -> None:
        """`exact` keeps the KV cache in F32 and flash attention off, to compare with PyTorch."""
        llama.llama_log_set(_quiet, ctypes.c_void_p(0))
        llama.llama_backend_init()
        parameters = llama.llama_model_default_params()
        self._model = llama.llama_model_load_from_file(str(path).encode(), parameters)
        if not self._model:
            raise RuntimeError(f"llama.cpp cannot load {path}")
        self._vocabulary = llama.llama_model_get_vocab(self._model)
        self.vocabulary_size = int(llama.llama_vocab_n_tokens(self._vocabulary))
        settings = llama.llama_context_default_params()
        settings.n_ctx = settings.n_batch = context
        settings.n_threads = settings.n_threads_batch = threads
        if exact:
            settings.type_k = settings.type_v = 0  # GGML_TYPE_F32
            settings.flash_attn_type = 0
        self._context = llama.llama_init_from_model(self._model, settings)
        if not self._context:
            raise RuntimeError("llama.cpp cannot make a context")

    def tokenize(self, text: str) -> list[int]:
        data = text.encode()
        room = (llama.llama_token * (len(data) + 8))()
        count = llama.llama_tokenize(
            self._vocabulary, data, len(data), room, len(room), False, True
        )
        if count < 0:
            raise RuntimeError("llama.cpp cannot tokenize this text")
        return list(room[:count])

    def _decode(self, ids: list[int]) -> None:
        room = (llama.llama_token * len(ids))(*ids)
        if llama.llama_decode(self._context, llama.llama_batch_get_one(room, len(ids))) != 0:
            raise RuntimeError("llama.cpp cannot evaluate this")

    def _logits(self) -> np.ndarray:
        pointer = llama.llama_get_logits_ith(self._context, -1)
        return np.ctypeslib.as_array(pointer, shape=(self.vocabulary_size,))

    def start(self, prompt: str) -> np.ndarray:
        """Reads the prompt from scratch; gives the logits behind its last token."""
        llama.llama_memory_clear(llama.llama_get_memory(self._context), True)
        self._decode(self.tokenize(prompt))
        return self._logits()

    def _piece(self, token: int) -> bytes:
        room = ctypes.create_string_buffer(64)
        count = llama.llama_token_to_piece(self._vocabulary, token, room, len(room), 0, True)
        return room.raw[: max(count, 0)]

    def greedy(self, prompt: str, limit: int = 1600) -> str:
        """The raw output up to the token that ends it; that token is left out."""
        logits = self.start(prompt)
        said = b""
        for _ in range(limit):
            token = int(logits.argmax())
            if llama.llama_vocab_is_eog(self._vocabulary, token):
                return said.decode(errors="replace")
            said += self._piece(token)
            self._decode([token])
            logits = self._logits()
        return said.decode(errors="replace") + "[no end]"

    def close(self) -> None:
        llama.llama_free(self._context)
        llama.llama_model_free(self._model)
