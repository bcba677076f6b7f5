"""Token texts, read on request: a header leaves the vocabulary out."""

import struct
from collections.abc import Collection
from dataclasses import dataclass

from app.core.errors import KnownError
from app.core.language import tr
from app.gguf.strings import iterate_strings
from app.gguf.types import ModelHeader

_TOKENS = "tokenizer.ggml.tokens"
_TYPES = "tokenizer.ggml.token_type"

# llama.cpp's llama_token_type.
NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = 1, 2, 3, 4, 5, 6


@dataclass(frozen=True, slots=True)
class Token:
    """type is one of this module's constants."""

    id: int
    text: str
    type: int


def read_tokens(
    header: ModelHeader, types: Collection[int] = (CONTROL, USER_DEFINED)
) -> tuple[Token, ...]:
    """The tokens of these types, special ones unless told otherwise, by id.

    A file without token types has only normal tokens. Raises KnownError when the file can no longer
    be read.
    """
    if header.raw is None or header.count(_TOKENS) is None:
        return ()
    raw = header.raw.read((_TOKENS, _TYPES))
    sign = "<" if header.byte_order == "little" else ">"
    count = header.count(_TOKENS) or 0
    kinds = _types(raw.get(_TYPES), count, sign, header.shards[0].name)
    length = struct.Struct(sign + "Q")
    texts = iterate_strings(raw[_TOKENS], _values_at(_TOKENS), count, length)
    wanted = frozenset(types)
    return tuple(
        Token(id_, text.decode(errors="replace"), kind)
        for id_, (text, kind) in enumerate(zip(texts, kinds, strict=True))
        if kind in wanted
    )


def token_text(header: ModelHeader, id_key: str) -> str | None:
    """The text of the token that e.g. `tokenizer.ggml.eos_token_id` names, None without one."""
    id_ = header.integer(id_key)
    count = header.count(_TOKENS)
    if header.raw is None or id_ is None or count is None or not 0 <= id_ < count:
        return None
    entry = header.raw.read((_TOKENS,))[_TOKENS]
    length = struct.Struct(("<" if header.byte_order == "little" else ">") + "Q")
    texts = iterate_strings(entry, _values_at(_TOKENS), id_ + 1, length)
    *_, last = texts
    return last.decode(errors="replace")


def _types(entry: bytes | None, count: int, sign: str, name: str) -> tuple[int, ...]:
    if entry is None:
        return (NORMAL,) * count
    element, listed = struct.unpack_from(f"{sign}IQ", entry, _values_at(_TYPES) - 12)
    if element not in (4, 5) or listed != count:
        raise KnownError(
            tr("The vocabulary of {name} is damaged.", name=name),
            tr("It has {count:,} tokens and {listed:,} token types.", count=count, listed=listed)
            if listed != count
            else tr("Its token types are not 32-bit numbers."),
            tr("Download the file again, or choose another one."),
        )
    return struct.unpack_from(f"{sign}{count}i", entry, _values_at(_TYPES))


def _values_at(key: str) -> int:
    """Where an array's values begin in its entry: key, type, element type and count before them."""
    return 8 + len(key) + 4 + 4 + 8
