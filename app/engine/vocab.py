"""Text to tokens and back."""

import ctypes
from collections.abc import Iterator

from app.core.prompt import Prompt
from app.engine.bindings import encoded_text, lib, text

_SPECIAL = lib.LLAMA_TOKEN_ATTR_CONTROL | lib.LLAMA_TOKEN_ATTR_USER_DEFINED
_LONGEST_TOKEN_BYTES = 256


class Vocab:
    """Belongs to a loaded model and must not outlive it."""

    def __init__(self, handle: int) -> None:
        self.handle = handle
        self.size: int = lib.llama_vocab_n_tokens(handle)
        self.adds_bos: bool = lib.llama_vocab_get_add_bos(handle)
        self._buffer = ctypes.create_string_buffer(_LONGEST_TOKEN_BYTES)
        self._pieces: dict[int, bytes | None] = {}

    def tokens(self, prompt: Prompt) -> list[int]:
        """Segment by segment, special tokens parsed within each, as `Prompt` says."""
        tokens = self._opening(prompt)
        for segment in prompt.segments:
            tokens += self._tokenize(encoded_text(segment))
        return tokens

    def counts(self, prompt: Prompt) -> tuple[int, tuple[int, ...]]:
        """How many tokens stand before the segments, and how many each segment has."""
        sizes = (len(self._tokenize(encoded_text(segment))) for segment in prompt.segments)
        return len(self._opening(prompt)), tuple(sizes)

    def at_least_tokens(self, prompt: Prompt) -> int:
        """A lower bound of the prompt's tokens, without tokenizing."""
        return sum(len(segment) for segment in prompt.segments) // _LONGEST_TOKEN_BYTES

    def piece(self, token: int) -> bytes | None:
        """The token as it appears in an answer, special ones included; None when it ends one."""
        try:
            return self._pieces[token]
        except KeyError:
            ends = lib.llama_vocab_is_eog(self.handle, token)
            piece = self._pieces[token] = None if ends else self._render(token)
            return piece

    def ordinary_piece(self, token: int) -> bytes | None:
        """The bytes of a token that is but text; None for a special one."""
        special = lib.llama_vocab_get_attr(self.handle, token) & _SPECIAL
        return None if special else self.piece(token)

    def bos_text(self) -> str:
        return self._text_or_empty(lib.llama_vocab_bos(self.handle))

    def eos_text(self) -> str:
        return self._text_or_empty(lib.llama_vocab_eos(self.handle))

    def special_tokens(self) -> tuple[str, ...]:
        """The text of every control and user-defined token."""
        return tuple(dict.fromkeys(entry for entry in self._special_texts() if entry))

    def suppressed(self) -> list[int]:
        """Tokens that the model's file forbids in answers."""
        count = ctypes.c_int32()
        tokens = lib.llama_vocab_get_suppress_tokens(self.handle, ctypes.byref(count))
        return [int(tokens[index]) for index in range(count.value)]

    def _special_texts(self) -> Iterator[str]:
        attributes, handle = lib.llama_vocab_get_attr, self.handle
        for token in range(self.size):
            if attributes(handle, token) & _SPECIAL:
                yield text(lib.llama_vocab_get_text(handle, token))

    def _opening(self, prompt: Prompt) -> list[int]:
        # Not left to the tokenizer, which would also append an end token where the model has that.
        bos = lib.llama_vocab_bos(self.handle)
        return [bos] if prompt.add_bos and bos != lib.LLAMA_TOKEN_NULL else []

    def _tokenize(self, data: bytes) -> list[int]:
        room = len(data) + 2
        buffer = (lib.llama_token * room)()
        count = lib.llama_tokenize(self.handle, data, len(data), buffer, room, False, True)
        if count < 0:  # more tokens than bytes: some vocabularies spell out a byte in several
            room = -count
            buffer = (lib.llama_token * room)()
            count = lib.llama_tokenize(self.handle, data, len(data), buffer, room, False, True)
        if count < 0:
            raise RuntimeError(f"llama_tokenize returned {count} for {len(data)} bytes")
        return list(buffer[:count])

    def _render(self, token: int) -> bytes:
        length = lib.llama_token_to_piece(
            self.handle, token, self._buffer, len(self._buffer), 0, True
        )
        if length < 0:
            self._buffer = ctypes.create_string_buffer(-length)
            length = lib.llama_token_to_piece(self.handle, token, self._buffer, -length, 0, True)
        return self._buffer.raw[: max(length, 0)]

    def _text_or_empty(self, token: int) -> str:
        if token == lib.LLAMA_TOKEN_NULL:
            return ""
        return text(lib.llama_vocab_get_text(self.handle, token))
