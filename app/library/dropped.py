"""What somebody has dropped: a model to open, or folders to look through from now on."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.core.cancel import CancelToken
from app.core.errors import KnownError
from app.core.language import mark, tr
from app.library.listing import distinct, models_of
from app.library.types import InstalledModel, Source, readable
from app.library.walk import Walk


@dataclass(frozen=True)
class Dropped:
    """load: the file to open, the first shard of its model; None when there is not exactly one
    model. folders: worth being added, with what was found in them."""

    load: Path | None
    folders: tuple[Path, ...] = ()
    models: int = 0


def look_at_dropped(paths: Sequence[Path], cancel: CancelToken) -> Dropped:
    """Files and folders, by names alone. Raises Cancelled, KnownError when no model is among
    them."""
    folders = [path for path in paths if os.path.isdir(path)]  # noqa: PTH112 - never raises
    files = [path for path in paths if path not in folders]
    found = [model for folder in folders for model in _below(folder, cancel)]
    found += _of_files(files, cancel)
    models = distinct(found)
    if not models and len(files) == 1 and files[0].suffix.lower() == ".gguf" and not folders:
        return Dropped(files[0], models=1)  # gone, or a projector: opening it says so
    if not models:
        name = readable(paths[0].name) if paths else "Nothing"
        raise KnownError(
            tr("{name} holds no model.", name=name)
            if folders
            else tr("{name} is no model file.", name=name),
            tr("Models are files whose name ends in .gguf."),
            tr("Drop such a file, all its shards, or the folder that they are in."),
        )
    if len(models) == 1:
        # What it lacks is for whoever opens it to say.
        return Dropped(models[0].files[0].path, models=1)
    places = folders + [path.parent for path in files if path.parent not in folders]
    return Dropped(None, tuple(dict.fromkeys(places)), len(models))


def _below(folder: Path, cancel: CancelToken) -> list[InstalledModel]:
    walk = Walk(Source("folder", mark("Your folder"), folder))
    walk.run(cancel)
    return models_of(walk)


def _of_files(files: Sequence[Path], cancel: CancelToken) -> list[InstalledModel]:
    """The models that these files are parts of, with the shards beside them."""
    wanted = set(files)
    found: list[InstalledModel] = []
    for folder in dict.fromkeys(path.parent for path in files):
        walk = Walk(Source("folder", mark("Your folder"), folder), max_depth=0)
        walk.run(cancel)
        found += [
            model for model in models_of(walk) if wanted & {file.path for file in model.files}
        ]
    return found
