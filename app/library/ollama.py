"""Ollama's models: manifests in JSON that name blobs by their hash."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.core.cancel import CancelToken
from app.core.language import tr
from app.library.types import InstalledModel, ModelFile, Source, readable

_DIGEST = re.compile(r"sha256[:-]([0-9a-f]{64})")
_MAX_MANIFEST_BYTES = 1_000_000
_MAX_MANIFESTS = 5_000
_MODEL = "application/vnd.ollama.image.model"
_ATTACHED = ("application/vnd.ollama.image.projector", "application/vnd.ollama.image.adapter")


def ollama_models(source: Source, cancel: CancelToken) -> list[InstalledModel]:
    """Unread. Manifests that cannot be understood are left out. Raises Cancelled, OSError when the
    folder cannot be read."""
    manifests = source.folder / "manifests"
    blobs = source.folder / "blobs"
    found = [
        model
        for path in _manifests(manifests, cancel)
        if (model := _model(source, path, path.relative_to(manifests).parts, blobs)) is not None
    ]
    named = {file.content.name.partition("-partial")[0] for one in found for file in one.files}
    return found + [_unfinished(source, part) for part in _partials(blobs, named)]


def _manifests(folder: Path, cancel: CancelToken) -> Iterator[Path]:
    left = _MAX_MANIFESTS
    for parent, _, names in os.walk(folder):
        for name in names:
            cancel.raise_if_cancelled()
            left -= 1
            if left < 0:
                return
            yield Path(parent, name)


def _model(
    source: Source, path: Path, names: tuple[str, ...], blobs: Path
) -> InstalledModel | None:
    value = _json(path)
    layers = value.get("layers")
    if len(names) < 2 or not isinstance(layers, list):
        return None
    model: list[ModelFile] = []
    attached: list[ModelFile] = []
    missing: list[str] = []
    for layer in layers:
        kind = layer.get("mediaType") if isinstance(layer, dict) else None
        if kind != _MODEL and kind not in _ATTACHED:
            continue
        digest = _DIGEST.fullmatch(str(layer.get("digest")))
        if digest is None:
            return None
        file = _blob(blobs, digest[1], layer.get("size"))
        if file is None:
            missing.append(f"sha256-{digest[1][:12]}…")
        else:
            (model if kind == _MODEL else attached).append(file)
    if not model:
        return None  # weights of another format, or a model in the cloud
    title, quantization = _title(names), _quantization(value, blobs)
    partial = any(file.partial for file in model)
    why = tr("Its download has not been finished.") if partial or missing else ""
    return InstalledModel(
        key=f"ollama:{path}",
        title=title,
        model=title,
        quantization=quantization,
        source=source,
        files=tuple(model),
        state="partial" if why else "complete",
        why=why,
        path=None if why else model[0].path,
        missing=tuple(missing),
        publisher=names[-3] if "hf.co" in names and len(names) >= 3 else "",
        repo=names[-2] if "hf.co" in names else "",
        attached=tuple(attached),
        read=bool(why),
    )


def _title(names: tuple[str, ...]) -> str:
    """`glm4:9b` for Ollama's own library, `owner/name:tag` for others."""
    *places, name, tag = names
    shown = [place for place in places if place not in ("registry.ollama.ai", "library")]
    return readable("/".join([*shown, name]) + f":{tag}")


def _quantization(manifest: dict[str, Any], blobs: Path) -> str:
    config = manifest.get("config")
    digest = _DIGEST.fullmatch(str(config.get("digest"))) if isinstance(config, dict) else None
    told = _json(blobs / f"sha256-{digest[1]}").get("file_type") if digest is not None else None
    return readable(told)[:24] if isinstance(told, str) else ""


def _blob(blobs: Path, digest: str, size: object) -> ModelFile | None:
    for name, partial in ((f"sha256-{digest}", False), (f"sha256-{digest}-partial", True)):
        path = blobs / name
        try:
            status = path.stat()
        except OSError:
            continue
        whole = size if type(size) is int else None
        return ModelFile(
            path,
            path.resolve(),
            whole if partial else status.st_size,
            min(status.st_size, status.st_blocks * 512) if _sparse(partial) else status.st_size,
            status.st_mtime_ns,
            (status.st_dev, status.st_ino),
            digest,
            partial,
        )
    return None


def _sparse(partial: bool) -> bool:
    """Ollama makes its partial files as long as they will be; only their blocks count."""
    return partial and hasattr(os.stat_result, "st_blocks")


def _partials(blobs: Path, named: set[str]) -> Iterator[ModelFile]:
    """Downloads whose manifest is not there yet."""
    try:
        names = os.listdir(blobs)  # noqa: PTH208 - names are all that is wanted
    except OSError:
        return
    for name in names:
        match = re.fullmatch(r"sha256-([0-9a-f]{64})-partial", name)
        if match is None or f"sha256-{match[1]}" in named:
            continue
        if (file := _blob(blobs, match[1], None)) is not None and file.partial:
            yield file


def _unfinished(source: Source, part: ModelFile) -> InstalledModel:
    return InstalledModel(
        key=f"ollama:{part.path}",
        title=tr("Unfinished download {hash}", hash=(part.sha256 or "")[:12]),
        model=tr("Unfinished download"),
        quantization="",
        source=source,
        files=(part,),
        state="partial",
        why=tr("Its download has not been finished."),
        read=True,
    )


def _json(path: Path) -> dict[str, Any]:
    try:
        with path.open(encoding="utf-8") as file:
            value = json.loads(file.read(_MAX_MANIFEST_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
