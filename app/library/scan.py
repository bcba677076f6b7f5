"""One look through all places: names first, headers afterwards. Bounded in time everywhere."""

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial

from app.core.cancel import CancelToken
from app.core.language import tr
from app.core.tasks import TimedOut
from app.library.headers import HeaderNotes, apply, read_model
from app.library.listing import distinct, models_of
from app.library.ollama import ollama_models
from app.library.patience import Patience
from app.library.types import InstalledModel, Problem, Snapshot, Source
from app.library.walk import Walk

_TELL_SECONDS = 0.5


@dataclass(frozen=True)
class Listed:
    """models: known by name alone. snapshot: sources and problems. folders: all that were met."""

    models: list[InstalledModel]
    snapshot: Snapshot
    folders: tuple[str, ...]


def list_models(
    sources: Iterable[Source], patience: Patience, timeout_seconds: float, cancel: CancelToken
) -> Listed:
    """timeout_seconds: for one source; a network folder that hangs is told and left. Raises
    Cancelled."""
    models: list[InstalledModel] = []
    present: list[Source] = []
    problems: list[Problem] = []
    folders: list[str] = []
    for source in sources:
        walk = Walk(source)
        try:
            found = patience.run(source, partial(_look, walk), cancel, timeout_seconds)
        except TimedOut:
            problems.append(Problem(source, _slow(source)))
            present.append(source)
            continue
        if found is None:
            if source.kind == "folder":
                problems.append(
                    Problem(source, tr("The folder {folder} is not there.", folder=source.folder))
                )
            continue
        present.append(source)
        models += found
        folders += walk.folders
        problems += [Problem(source, text) for text in _complaints(walk)]
    snapshot = Snapshot((), tuple(present), tuple(problems))
    return Listed(distinct(models), snapshot, tuple(dict.fromkeys(folders)))


def read_headers(
    snapshot: Snapshot,
    notes: HeaderNotes,
    on_found: Callable[[Snapshot], None],
    patience: Patience,
    cancel: CancelToken,
) -> Snapshot:
    """Of every model that was not read yet. Raises Cancelled."""
    models: list[InstalledModel | None] = list(snapshot.models)
    told = time.monotonic()
    for index, model in enumerate(snapshot.models):
        if model.read:
            continue
        cancel.raise_if_cancelled()
        reading = read_model(model, cancel, patience)
        notes.keep(model, reading)
        models[index] = apply(model, reading) if reading.kind == "model" else None
        if time.monotonic() - told > _TELL_SECONDS:
            told = time.monotonic()
            on_found(replace(snapshot, models=tuple(filter(None, models))))
    return replace(snapshot, models=tuple(filter(None, models)))


def _look(walk: Walk, cancel: CancelToken) -> list[InstalledModel] | None:
    """None when there is no such folder, or none that this user may see."""
    if not os.path.isdir(walk.source.folder):  # noqa: PTH112 - Path.is_dir raises for some
        return None
    if walk.source.kind == "ollama":
        walk.folders += [str(walk.source.folder / name) for name in ("blobs", "manifests")]
        try:
            return ollama_models(walk.source, cancel)
        except OSError:
            walk.unreadable.append(str(walk.source.folder))
            return []
    walk.run(cancel)
    return models_of(walk)


def _slow(source: Source) -> str:
    return tr(
        "The folder {folder} does not answer; the disk or network may be away.",
        folder=source.folder,
    )


def _complaints(walk: Walk) -> list[str]:
    found = []
    if walk.unreadable:
        rest = len(walk.unreadable) - 1
        more = tr(" and {rest} more", rest=rest) if rest else ""
        found.append(
            tr(
                "This user may not read {unreadable}{more}.",
                unreadable=walk.unreadable[0],
                more=more,
            )
        )
    if walk.cut_short:
        found.append(
            tr(
                "{folder} holds too many files; only a part was looked through.",
                folder=walk.source.folder,
            )
        )
    return found
