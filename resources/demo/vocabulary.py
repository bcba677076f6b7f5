"""A small byte-level BPE with GLM's special tokens behind the ordinary ones."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from tokenizers import Regex, Tokenizer, decoders, pre_tokenizers
from tokenizers.models import BPE
from tokenizers.trainers import BpeTrainer

if TYPE_CHECKING:
    from collections.abc import Iterable

CONTROL = (
    "<|endoftext|>",
    "[MASK]",
    "[gMASK]",
    "[sMASK]",
    "<sop>",
    "<eop>",
    "<|system|>",
    "<|user|>",
    "<|assistant|>",
    "<|observation|>",
    "/nothink",
)
USER_DEFINED = (
    "<think>",
    "</think>",
    "<tool_call>",
    "</tool_call>",
    "<tool_response>",
    "</tool_response>",
    "<arg_key>",
    "</arg_key>",
    "<arg_value>",
    "</arg_value>",
)
SPECIAL = CONTROL + USER_DEFINED
LONGEST_TOKEN = 16  # bytes; llama-cpp-python's detokenize drops longer ones

# The split of llama.cpp's "glm4", with digits one by one: no merge ever joins two digits, so
# llama.cpp's groups of three come apart into the same tokens.
SPLIT = (
    r"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_SPECIAL_PATTERN = re.compile("(" + "|".join(re.escape(text) for text in SPECIAL) + ")")


def _pipeline(model: BPE) -> Tokenizer:
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLIT), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


class Vocabulary:
    def __init__(self, tokens: list[str], merges: list[tuple[str, str]]) -> None:
        """`tokens` are the ordinary ones in byte-level spelling; the special ones follow them."""
        self.ordinary = tokens
        self.merges = merges
        ids = {token: index for index, token in enumerate(tokens)}
        self._plain = _pipeline(BPE(ids, merges, ignore_merges=True))
        self._noisy = _pipeline(BPE(ids, merges, dropout=0.15))
        self.special = {token: len(tokens) + index for index, token in enumerate(SPECIAL)}
        self._cache: dict[str, list[int]] = {}

    def __len__(self) -> int:
        return len(self.ordinary) + len(SPECIAL)

    @classmethod
    def train(cls, texts: Iterable[str], size: int) -> Vocabulary:
        pieces = [piece for text in texts for piece in _SPECIAL_PATTERN.split(text)]
        pieces = [piece for piece in pieces if piece and piece not in SPECIAL]
        tokenizer = _pipeline(BPE())
        trainer = BpeTrainer(
            vocab_size=size - len(SPECIAL),
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
            max_token_length=LONGEST_TOKEN,
            show_progress=False,
        )
        tokenizer.train_from_iterator(pieces, trainer)
        saved = tokenizer.get_vocab()
        ordinary = sorted(saved, key=saved.__getitem__)
        return cls(ordinary, _merges(tokenizer))

    def encode(self, text: str, noisy: bool = False) -> list[int]:
        """`noisy` leaves some merges out, so that rare tokens are met in training."""
        ids: list[int] = []
        for piece in _SPECIAL_PATTERN.split(text):
            if piece in self.special:
                ids.append(self.special[piece])
            elif noisy and piece:
                ids.extend(self._noisy.encode(piece).ids)
            elif piece:
                known = self._cache.get(piece)
                if known is None:
                    known = self._plain.encode(piece).ids
                    if len(self._cache) < 50_000:
                        self._cache[piece] = known
                ids.extend(known)
        return ids

    def decode(self, ids: list[int]) -> str:
        names = {index: token for token, index in self.special.items()}
        parts: list[str] = []
        run: list[int] = []
        for index in ids:
            if index in names:
                parts.extend((self._plain.decode(run), names[index]))
                run = []
            else:
                run.append(index)
        parts.append(self._plain.decode(run))
        return "".join(parts)

    def as_dict(self) -> dict[str, list[str]]:
        return {"tokens": self.ordinary, "merges": [" ".join(pair) for pair in self.merges]}

    @classmethod
    def from_dict(cls, saved: dict[str, list[str]]) -> Vocabulary:
        merges = [tuple(merge.split(" ")) for merge in saved["merges"]]
        return cls(saved["tokens"], [(a, b) for a, b in merges])


def _merges(tokenizer: Tokenizer) -> list[tuple[str, str]]:
    model = json.loads(tokenizer.to_str())["model"]
    return [(a, b) for a, b in model["merges"]]
