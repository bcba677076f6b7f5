"""What a model file says about its language: chat template, opening and closing token, specials."""

from dataclasses import dataclass
from pathlib import Path

from app.core.errors import KnownError
from app.core.language import tr
from app.gguf.read import read_header
from app.gguf.types import ArraySkipped
from app.gguf.vocabulary import read_tokens, token_text


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
    template = header.metadata.get("tokenizer.chat_template")
    if isinstance(template, ArraySkipped):
        raise KnownError(
            tr("{name} has a chat template too large to be used.", name=path.name),
            tr("It takes {size:,} bytes.", size=template.size_bytes),
            tr("Choose another file of this model."),
        )
    return Language(
        header.chat_template,
        tuple(token.text for token in read_tokens(header)),
        token_text(header, "tokenizer.ggml.bos_token_id") or "",
        token_text(header, "tokenizer.ggml.eos_token_id") or "",
    )
