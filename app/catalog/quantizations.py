"""The quantizations of a repository or folder: which files make up which."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from app.catalog.names import RepoFile
from app.core.language import mark, tr
from app.gguf.shards import shard_names

_NAME = re.compile(
    r"(?:^|[-._])((?:UD-|smol-)?(?:I?Q\d+(?:_[A-Z0-9]+)*|TQ\d_\d|MXFP4(?:_[A-Z]+)?|NVFP4"
    r"|BF16|FP?16|FP?32))$",
    re.IGNORECASE,
)
_SHARD = re.compile(r"-\d{5}-of-\d{5}$")
_FOREIGN = re.compile(r"(?:smol-)?IQ\d+_(?:K|KS|KSS|KL|KT)(?:_R\d+)?|.*_R\d+$", re.IGNORECASE)
# Beside a model: what reads images, drafts tokens, or was measured to quantize it.
_COMPANIONS: tuple[tuple["CompanionKind", re.Pattern[str]], ...] = (
    ("projector", re.compile(r"mmproj", re.IGNORECASE)),
    ("imatrix", re.compile(r"imatrix", re.IGNORECASE)),
    ("draft", re.compile(r"(?:^|[-_.])draft(?:[-_.]|$)", re.IGNORECASE)),
    ("lora", re.compile(r"(?:^|[-_.])lora(?:[-_.]|$)", re.IGNORECASE)),
    ("vocabulary", re.compile(r"(?:^|[-_.])vocab(?:[-_.]|$)", re.IGNORECASE)),
)
# Split by hand (mradermacher): the parts have to be put together before anything can load them.
_PARTED = re.compile(r"(?i)(.*\.gguf)\.(?:part|split-?)\d*(?:of\d+|[a-z]{1,2})?$")
# Weights that the engine cannot read, by the name people know the format by.
_OTHER_FORMATS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("safetensors", re.compile(r"(?i).+\.safetensors$")),
    ("PyTorch", re.compile(r"(?i)(?:pytorch_model.*\.bin|.+\.pth)$")),
    ("ONNX", re.compile(r"(?i).+\.onnx(?:_data)?$")),
)
_FLASH = re.compile(r"GLM-4\.7-Flash", re.IGNORECASE)
_FLASH_MENDED = datetime(2026, 1, 21, tzinfo=UTC)
_FLASH_WARNING = mark(
    "Made before 21 January 2026, when an error in such files was found: the "
    "model repeats itself and goes wrong. Take a newer file."
)

_IN_PIECES = mark("It is cut into pieces that have to be joined before any program can load them.")
_OTHER_PROGRAMS = mark("Only other programs can load it (Transformers, vLLM, MLX and the like).")

CompanionKind = Literal["projector", "imatrix", "draft", "lora", "vocabulary"]


@dataclass(frozen=True)
class Quantization:
    """One way to have the model. files: in order, the first is the one to load.

    problem: why it is not offered, "" when it is. warning: what to know before it is taken.
    """

    name: str
    files: tuple[RepoFile, ...]
    problem: str = ""
    warning: str = ""

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)

    @property
    def offered(self) -> bool:
        return not self.problem


@dataclass(frozen=True)
class Companion:
    """A file that belongs to a model and is none."""

    kind: CompanionKind
    file: RepoFile


def companion_kind(name: str) -> CompanionKind | None:
    """None for what may be a model."""
    return next((kind for kind, pattern in _COMPANIONS if pattern.search(name)), None)


def companions(files: Iterable[RepoFile]) -> tuple[Companion, ...]:
    kinds = ((companion_kind(file.name), file) for file in files)
    return tuple(Companion(kind, file) for kind, file in kinds if kind is not None)


def needs_dates(repo: str) -> bool:
    """Whether the age of a file of this repository matters."""
    return _FLASH.search(repo) is not None


def with_warnings(
    repo: str, quantizations: Iterable[Quantization], dates: Mapping[str, datetime]
) -> tuple[Quantization, ...]:
    """dates: when each file was last changed, by path; nothing is said of files without one."""

    def warned(one: Quantization) -> Quantization:
        known = [dates[file.path] for file in one.files if file.path in dates]
        old = needs_dates(repo) and bool(known) and min(known) < _FLASH_MENDED
        return replace(one, warning=tr(_FLASH_WARNING)) if old else one

    return tuple(warned(one) for one in quantizations)


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
    """Smallest first; incomplete ones and those for other programs (weights in another format
    among them) say so."""
    sets: dict[tuple[str, str], dict[str, RepoFile]] = {}
    parted: dict[str, list[RepoFile]] = {}
    other: dict[tuple[str, str], list[RepoFile]] = {}
    for file in files:
        if companion_kind(file.name) is not None:
            continue
        if (found := _PARTED.fullmatch(file.path)) is not None:
            parted.setdefault(found[1], []).append(file)
            continue
        folder = file.path.rpartition("/")[0]
        if (form := _other_format(file.name)) is not None:
            other.setdefault((folder, form), []).append(file)
        if not file.name.lower().endswith(".gguf"):
            continue
        names = shard_names(file.name)
        key = folder, names[0] if names else file.name
        sets.setdefault(key, {})[file.name] = file
    made = [_quantization(first, members) for (_, first), members in sets.items()]
    made += [
        Quantization(quantization_name(p), tuple(f), tr(_IN_PIECES)) for p, f in parted.items()
    ]
    made += [Quantization(form, tuple(f), tr(_OTHER_PROGRAMS)) for (_, form), f in other.items()]
    return tuple(sorted(_distinct(made), key=lambda one: (one.size_bytes, one.name)))


def _other_format(name: str) -> str | None:
    return next((form for form, pattern in _OTHER_FORMATS if pattern.fullmatch(name)), None)


def _quantization(first: str, members: dict[str, RepoFile]) -> Quantization:
    name = quantization_name(next(iter(members.values())).path)
    expected = shard_names(first) or (first,)
    present = tuple(members[part] for part in expected if part in members)
    if len(present) < len(expected):
        lacking = len(expected) - len(present)
        problem = tr(
            "{lacking} of its {expected} files are missing there.",
            lacking=lacking,
            expected=len(expected),
        )
    elif _FOREIGN.fullmatch(name):
        problem = tr("Only ik_llama.cpp can load it.")
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
