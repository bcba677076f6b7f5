"""The list of repositories that ships with the program, for when the Hub does not answer."""

import functools
import json
from dataclasses import dataclass
from typing import Any

from app.core.paths import resources_dir


@dataclass(frozen=True)
class ListedFile:
    """size_bytes: decimal GB as the Hub shows them, unless exact."""

    quant: str
    size_bytes: int
    exact: bool


@dataclass(frozen=True)
class ListedRepo:
    """base: the model, without its maker (`GLM-4.6`). usable: with llama.cpp."""

    repo: str
    base: str
    usable: bool
    files: tuple[ListedFile, ...]


@dataclass(frozen=True)
class Catalogue:
    """generated: the day it was collected, ISO 8601."""

    generated: str
    repos: tuple[ListedRepo, ...]

    def find(self, repo: str) -> ListedRepo | None:
        return next((entry for entry in self.repos if entry.repo.lower() == repo.lower()), None)

    def search(self, text: str) -> tuple[ListedRepo, ...]:
        """Usable repositories whose name holds every word of the text."""
        words = text.lower().split()
        return tuple(
            entry
            for entry in self.repos
            if entry.usable and entry.files and all(word in entry.repo.lower() for word in words)
        )

    def of_model(self, base: str) -> ListedRepo | None:
        """The repository of this model with the most files."""
        own = [entry for entry in self.repos if entry.base == base and entry.usable and entry.files]
        return max(own, key=lambda entry: len(entry.files), default=None)


@functools.cache
def shipped_catalogue() -> Catalogue:
    text = (resources_dir() / "catalogue.json").read_text(encoding="utf-8")
    value = json.loads(text)
    return Catalogue(value["generated"], tuple(_repo(entry) for entry in value["repos"]))


def _repo(entry: dict[str, Any]) -> ListedRepo:
    files = (
        ListedFile(file["quant"], size, file["size_kind"] == "exact")
        for file in entry["files"]
        if (size := _size(file))
    )
    return ListedRepo(
        entry["repo"],
        entry["base"].rpartition("/")[2],
        entry["runtime"].startswith("llama.cpp"),
        tuple(files),
    )


def _size(file: dict[str, Any]) -> int:
    if file["size_bytes"]:
        return int(file["size_bytes"])
    return round((file["size_gb"] or 0) * 10**9)
