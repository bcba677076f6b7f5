"""Files that belong together: one model for each quantization, by names alone."""

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from app.catalog.quantizations import quantization_name
from app.core.language import tr
from app.gguf.shards import shard_names
from app.library.journals import PartialInfo, read_journal
from app.library.types import InstalledModel, ModelFile, Source, readable
from app.library.walk import Found, Walk, blob_hash, parts

_SHARD = re.compile(r"-\d{5}-of-\d{5}$")
_ENDING = re.compile(r"\.gguf$", re.IGNORECASE)
# Beside a model: what reads images, drafts tokens, or was measured to quantize it.
ATTACHED = re.compile(r"mmproj|imatrix|(?:^|[-_.])(?:draft|lora|vocab)(?:[-_.]|$)", re.IGNORECASE)
_SHA256 = re.compile(r"[0-9a-f]{64}")
_QUANTIZATION = re.compile(r"(?:UD-)?I?Q\d\w*|BF16|F(?:P)?(?:16|32)", re.IGNORECASE)
_GENERIC = re.compile(r"(?:ggml-)?model(?:\b|$)", re.IGNORECASE)


@dataclass(frozen=True)
class _Origin:
    """Where in the Hub a file is from, as far as its place tells."""

    publisher: str = ""
    repo: str = ""
    commit: str | None = None


@dataclass
class _Group:
    source: Source
    folder: str
    origin: _Origin
    files: dict[str, ModelFile] = field(default_factory=dict)


def models_of(walk: Walk) -> list[InstalledModel]:
    """The models of one place, unread; files with other content under the same name apart."""
    groups: dict[tuple[str, str], _Group] = {}
    attached: dict[str, list[ModelFile]] = {}
    for found in walk.found:
        told = read_journal(Path(found.path)) if found.path.endswith(".glm-part") else None
        name, folder, origin = _place(walk.source, found, told)
        if not found.name and told is None and "gguf" not in origin.repo.lower():
            continue  # some other file of the Hub
        file = _file(found, told)
        if ATTACHED.search(name):
            attached.setdefault(folder, []).append(file)
            continue
        names = shard_names(name)
        group = groups.setdefault(
            (folder, names[0] if names else name), _Group(walk.source, folder, origin)
        )
        # A whole file counts for more than what is left of its download.
        if name not in group.files or group.files[name].partial:
            group.files[name] = file
    made = sorted((_model(first, group) for (_, first), group in groups.items()), key=_order)
    if not attached:
        return made
    return [replace(one, attached=tuple(attached.get(str(one.folder), ()))) for one in made]


def _order(model: InstalledModel) -> tuple[bool, str, str]:
    """By name; whole files before links, which may be their other names."""
    file = model.files[0]
    return file.path != file.content, model.title.lower(), model.key


def distinct(models: Iterable[InstalledModel]) -> list[InstalledModel]:
    """The same files met by several ways (links, other snapshots) once, as met first."""
    seen: set[tuple[tuple[int, int], ...]] = set()
    kept: list[InstalledModel] = []
    for model in models:
        identities = tuple(file.identity for file in model.files)
        if identities not in seen:
            seen.add(identities)
            kept.append(model)
    return kept


def _place(source: Source, found: Found, told: PartialInfo | None) -> tuple[str, str, _Origin]:
    """The file's own name, the folder that it belongs to, and where it is from."""
    inside = source.kind in ("hub-cache", "lm-studio")
    below = tuple(parts(source.folder, found.path)) if inside else ()
    if source.kind == "hub-cache" and below and below[0].startswith("models--"):
        owner, _, repo = below[0].removeprefix("models--").partition("--")
        commit = below[2] if len(below) > 3 and below[1] == "snapshots" else None
        if told is not None:
            *folders, name = told.path.split("/")
            home = source.folder.joinpath(below[0], "snapshots", told.commit, *folders)
            return name, str(home), _Origin(owner, repo, told.commit)
        return found.name or found.path, found.folder, _Origin(owner, repo, commit)
    if told is not None:
        publisher, _, repo = told.repo.partition("/")
        return told.path.rpartition("/")[2], found.folder, _Origin(publisher, repo, told.commit)
    if source.kind == "lm-studio" and len(below) >= 3:
        return found.name, found.folder, _Origin(below[0], below[1])
    return found.name or found.path, found.folder, _Origin()


def _file(found: Found, told: PartialInfo | None) -> ModelFile:
    path = Path(found.path)
    content = Path(os.path.realpath(found.path)) if found.link else path
    if found.partial:
        sha256 = told.sha256 if told is not None else blob_hash(path.name)
        size = told.size_bytes if told is not None else None
        done = told.done_bytes if told is not None else found.size_bytes
    else:
        sha256 = content.name if found.link and _SHA256.fullmatch(content.name) else None
        size = done = found.size_bytes
    return ModelFile(
        path, content, size, done, found.mtime_ns, found.identity, sha256, found.partial
    )


def _model(first: str, group: _Group) -> InstalledModel:
    expected = shard_names(first) or (first,)
    files = tuple(group.files[name] for name in expected if name in group.files)
    missing = tuple(name for name in expected if name not in group.files)
    partial = [file for file in files if file.partial]
    model, quantization = names_of(first, group.folder, group.origin.repo)
    why = _why_partial(partial, missing, len(expected))
    return InstalledModel(
        key=f"{group.source.kind}:{group.folder}/{first}",
        title=" ".join(filter(None, (model, quantization))),
        model=model,
        quantization=quantization,
        source=group.source,
        files=files,
        state="partial" if why else "complete",
        why=why,
        path=None if why else files[0].path,
        missing=tuple(map(readable, missing)),
        publisher=group.origin.publisher,
        repo=group.origin.repo,
        commit=group.origin.commit,
        owned=group.source.kind == "own",
        read=bool(why),
    )


def names_of(first: str, folder: str, repo: str = "") -> tuple[str, str]:
    """Model and quantization, "" when the names say none, for people."""
    if not _ENDING.search(first):  # a cache's blob, known by its hash alone
        return readable(repo or Path(folder).name), ""
    stem = _SHARD.sub("", _ENDING.sub("", first))
    parent = folder.rpartition(os.sep)[2]
    plain = parent if _GENERIC.fullmatch(stem) else stem
    quantization = _quantization(stem) or _quantization(parent)
    model = plain
    if quantization and plain.lower().endswith(quantization.lower()):
        model = plain[: -len(quantization)].rstrip("-_. ") or repo or parent
    return readable(model), readable(quantization)


def _quantization(stem: str) -> str:
    found = quantization_name(stem)
    return "" if found == stem and not _QUANTIZATION.fullmatch(stem) else found


def _why_partial(partial: Sequence[ModelFile], missing: Sequence[str], count: int) -> str:
    if partial:
        done = len(partial) + len(missing)
        if count == 1:
            return tr("Its download has not been finished.")
        return tr(
            "The download of {done} of its {count} files has not been finished.",
            done=done,
            count=count,
        )
    if missing:
        shown = ", ".join(map(readable, missing[:3])) + (
            tr(" and more") if len(missing) > 3 else ""
        )
        verb = "is" if len(missing) == 1 else "are"
        return tr(
            "{missing} of its {count} files {verb} missing: {shown}.",
            missing=len(missing),
            count=count,
            verb=verb,
            shown=shown,
        )
    return ""
