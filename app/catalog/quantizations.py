"""The quantizations of a repository or folder: which files make up which."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from app.catalog.hub import RepoFile
from app.gguf.shards import shard_names

_NAME = re.compile(
    r"(?:^|[-._])((?:UD-|smol-)?(?:I?Q\d+(?:_[A-Z0-9]+)*|TQ\d_\d|MXFP4(?:_[A-Z]+)?|NVFP4"
    r"|BF16|FP?16|FP?32))$",
    re.IGNORECASE,
)
_SHARD = re.compile(r"-\d{5}-of-\d{5}$")
_FOREIGN = re.compile(r"(?:smol-)?IQ\d+_(?:K|KS|KSS|KL|KT)(?:_R\d+)?|.*_R\d+$", re.IGNORECASE)
# Beside a model: what reads images, drafts tokens, or was measured to quantize it.
_OTHER = re.compile(r"mmproj|imatrix|(?:^|[-_.])(?:draft|lora|vocab)(?:[-_.]|$)", re.IGNORECASE)


@dataclass(frozen=True)
class Quantization:
    """One way to have the model. files: in order, the first is the one to load.

    problem: why it is not offered, "" when it is.
    """

    name: str
    files: tuple[RepoFile, ...]
    problem: str = ""

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)

    @property
    def offered(self) -> bool:
        return not self.problem


def quantization_name(path: str) -> str:
    """`UD-Q4_K_XL` of `UD-Q4_K_XL/GLM-4.6-UD-Q4_K_XL-00001-of-00005.gguf`; the file's own name
    where nothing in it looks like a quantization."""
    *folders, name = path.split("/")
    stem = _SHARD.sub("", re.sub(r"\.gguf$", "", name, flags=re.IGNORECASE))
    for text in (stem, *reversed(folders)):
        if match := _NAME.search(text):
            return match[1]
    return stem


def group(files: Iterable[RepoFile]) -> tuple[Quantization, ...]:
    """Smallest first; incomplete ones and those for other programs say so."""
    sets: dict[tuple[str, str], dict[str, RepoFile]] = {}
    for file in files:
        if _OTHER.search(file.name):
            continue
        folder = file.path.rpartition("/")[0]
        names = shard_names(file.name)
        key = folder, names[0] if names else file.name
        sets.setdefault(key, {})[file.name] = file
    made = [_quantization(first, members) for (_, first), members in sets.items()]
    return tuple(sorted(_distinct(made), key=lambda one: (one.size_bytes, one.name)))


def _quantization(first: str, members: dict[str, RepoFile]) -> Quantization:
    name = quantization_name(next(iter(members.values())).path)
    expected = shard_names(first) or (first,)
    present = tuple(members[part] for part in expected if part in members)
    if len(present) < len(expected):
        lacking = len(expected) - len(present)
        problem = f"{lacking} of its {len(expected)} files are missing there."
    elif _FOREIGN.fullmatch(name):
        problem = "Only ik_llama.cpp can load it."
    else:
        problem = ""
    return Quantization(name, present, problem)


def _distinct(made: list[Quantization]) -> list[Quantization]:
    """Names that occur twice get the folder or file that tells them apart."""
    names = [one.name for one in made]
    distinct: list[Quantization] = []
    for one in made:
        if names.count(one.name) > 1:
            path = one.files[0].path
            apart = path.rpartition("/")[0] or _SHARD.sub("", path.removesuffix(".gguf"))
            label = f"{one.name} ({apart})"
            distinct.append(Quantization(label, one.files, one.problem))
        else:
            distinct.append(one)
    return distinct
