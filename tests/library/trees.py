"""Trees as the programs write them, with tiny files."""

import hashlib
import json
import os
import zlib
from pathlib import Path

from app.gguf.write import Typed, Value
from app.library.library import Library
from app.library.sources import Places, default_sources
from app.library.types import InstalledModel, Snapshot, Source
from tests.gguf.makers import BASE, file_bytes, header, new_tensors

COMMIT = "c" * 40
OLDER = "d" * 40


def gguf(name: str = "Tiny", **metadata: Value) -> bytes:
    more = {key.replace("__", "."): value for key, value in metadata.items()}
    return file_bytes({**BASE, "general.name": name, "general.file_type": 15, **more})


def shards(count: int = 3) -> list[bytes]:
    """A small model split like llama-gguf-split does."""
    tensors = new_tensors()
    share = -(-len(tensors) // count)
    made = []
    for number in range(count):
        split: dict[str, Value] = {
            "split.no": Typed("uint16", number),
            "split.tensors.count": Typed("int32", len(tensors)),
            "split.count": Typed("uint16", count),
        }
        own = tensors[number * share : (number + 1) * share]
        data, size = header({**BASE, **split} if number == 0 else split, own)
        made.append(data + bytes(size - len(data)))
    return made


def shard_files(stem: str, count: int = 3) -> dict[str, bytes]:
    return {
        f"{stem}-{number:05d}-of-{count:05d}.gguf": data
        for number, data in enumerate(shards(count), 1)
    }


def put(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def hub_file(cache: Path, repo: str, path: str, data: bytes, commit: str = COMMIT) -> Path:
    """A file as huggingface_hub stores it; the path in the snapshot."""
    folder = cache / f"models--{repo.replace('/', '--')}"
    blob = folder / "blobs" / sha256(data)
    if not blob.exists():
        put(blob, data)
    link = folder.joinpath("snapshots", commit, *path.split("/"))
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(os.path.relpath(blob, link.parent))
    put(folder / "refs" / "main", COMMIT.encode())
    return link


def journal(
    part: Path, repo: str, path: str, size: int, done: int, hash_: str, commit: str = COMMIT
) -> None:
    """As app.downloads writes it."""
    lines = [
        {
            "version": 1,
            "repo": repo,
            "path": path,
            "size": size,
            "sha256": hash_,
            "commit": commit,
        },
        {"ranges": [[0, done]], "hash": None},
    ]
    texts = [json.dumps(line, separators=(",", ":")).encode() for line in lines]
    data = b"".join(b"%08x %s\n" % (zlib.crc32(text), text) for text in texts)
    put(part.with_name(part.name + ".journal"), data)


def ollama_model(root: Path, names: str, data: bytes, file_type: str = "Q4_K_M") -> Path:
    """names: `registry.ollama.ai/library/glm4/9b`. The blob."""
    config = json.dumps({"model_format": "gguf", "file_type": file_type}).encode()
    put(root / "blobs" / f"sha256-{sha256(config)}", config)
    blob = put(root / "blobs" / f"sha256-{sha256(data)}", data)
    manifest = {
        "schemaVersion": 2,
        "config": {"digest": f"sha256:{sha256(config)}", "size": len(config)},
        "layers": [
            {
                "mediaType": "application/vnd.ollama.image.model",
                "digest": f"sha256:{sha256(data)}",
                "size": len(data),
            },
            {"mediaType": "application/vnd.ollama.image.license", "digest": "sha256:0", "size": 1},
        ],
    }
    put(root.joinpath("manifests", *names.split("/")), json.dumps(manifest).encode())
    return blob


def library(home: Path, *sources: Source, **options: float) -> Library:
    """With its own files below `home`; without sources, those that a Linux machine has there."""
    places = Places(home, {}, "linux")
    return Library(
        lambda: sources or default_sources(places=places),
        home / "cache.json",
        home / "records.json",
        **options,  # type: ignore[arg-type]
    )


def folder(path: Path) -> Source:
    return Source("folder", "Your folder", path)


def own(path: Path) -> Source:
    return Source("own", "GLM Launcher", path)


def hub(path: Path) -> Source:
    return Source("hub-cache", "Hugging Face cache", path)


def only(snapshot: Snapshot) -> InstalledModel:
    assert len(snapshot.models) == 1, [model.title for model in snapshot.models]
    return snapshot.models[0]


class Trash:
    """A trash folder of the test's own; `full` refuses."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.full = False
        self.names: list[str] = []

    def __call__(self, path: Path) -> None:
        if self.full:
            raise OSError(28, "No space left on device")
        self.folder.mkdir(exist_ok=True)
        self.names.append(path.name)
        path.rename(self.folder / f"{len(self.names)}-{path.name}")
