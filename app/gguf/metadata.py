"""What a model file says about its language: chat template, opening and closing token, specials."""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.core.errors import KnownError
from app.gguf.read import read_header
from app.gguf.strings import iterate_strings
from app.gguf.types import ArraySkipped, ModelHeader

_CONTROL, _USER_DEFINED = 3, 4
_TYPE_CODES: Final = {"int32": "i", "uint32": "I", "int8": "b", "uint8": "B"}


@dataclass(frozen=True)
class Language:
    """chat_template: None when the file has none. special_tokens: the text of every control and
    user-defined token. bos_text and eos_text: "" when the file names none."""

    chat_template: str | None
    special_tokens: tuple[str, ...] = ()
    bos_text: str = ""
    eos_text: str = ""


def read_language(path: Path) -> Language:
    """Reads the header and the vocabulary, never the weights. Raises KnownError."""
    header = read_header(path)
    file = Path(header.shards[0].location)
    template = header.metadata.get("tokenizer.chat_template")
    if isinstance(template, ArraySkipped):
        raise KnownError(
            f"{path.name} has a chat template too large to be used.",
            f"It takes {template.size_bytes:,} bytes.",
            "Choose another file of this model.",
        )
    tokens = _tokens(header, file)
    kinds = _kinds(header, file)
    special = tuple(
        text for text, kind in zip(tokens, kinds, strict=False) if kind in (_CONTROL, _USER_DEFINED)
    )

    def named(key: str) -> str:
        index = header.integer(f"tokenizer.ggml.{key}_token_id")
        return tokens[index] if index is not None and 0 <= index < len(tokens) else ""

    text = template if isinstance(template, str) else None
    return Language(text, special, named("bos"), named("eos"))


def _tokens(header: ModelHeader, file: Path) -> tuple[str, ...]:
    value = header.metadata.get("tokenizer.ggml.tokens")
    if isinstance(value, ArraySkipped) and value.type == "string" and value.count is not None:
        length = struct.Struct(_sign(header) + "Q")
        raw = _range(file, value)
        try:
            strings = list(iterate_strings(raw, 0, value.count, length))
        except struct.error:
            raise _changed(file) from None
        return tuple(text.decode("utf-8", "replace") for text in strings)
    if isinstance(value, tuple):
        return tuple(text for text in value if isinstance(text, str))
    return ()


def _kinds(header: ModelHeader, file: Path) -> tuple[int, ...]:
    value = header.metadata.get("tokenizer.ggml.token_type")
    if isinstance(value, ArraySkipped) and value.count is not None:
        code = _TYPE_CODES.get(value.type)
        if code is None:
            return ()
        layout = struct.Struct(f"{_sign(header)}{value.count}{code}")
        raw = _range(file, value)
        if len(raw) < layout.size:
            raise _changed(file)
        return layout.unpack(raw[: layout.size])
    if isinstance(value, tuple):
        return tuple(int(kind) for kind in value if isinstance(kind, int))
    return ()


def _sign(header: ModelHeader) -> str:
    return "<" if header.byte_order == "little" else ">"


def _range(file: Path, array: ArraySkipped) -> bytes:
    try:
        with file.open("rb") as opened:
            opened.seek(array.offset)
            data = opened.read(array.size_bytes)
    except OSError as error:
        raise KnownError(
            f"{file.name} cannot be read.", str(error.strerror or ""), "Choose the file again."
        ) from error
    if len(data) < array.size_bytes:
        raise _changed(file)
    return data


def _changed(file: Path) -> KnownError:
    return KnownError(
        f"{file.name} has changed since it was read.",
        "It is shorter than before.",
        "Choose the file again.",
    )
