"""What is installed: looks through every place and remembers what it learnt."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from app.core.cancel import CancelToken
from app.core.tasks import TimedOut, run_bounded
from app.library.headers import HeaderNotes, Reading, apply, read_model
from app.library.listing import distinct, models_of
from app.library.ollama import ollama_models
from app.library.records import FileRecord, Records, read_json, write_json
from app.library.types import InstalledModel, Problem, Snapshot, Source, Verified
from app.library.walk import Walk

_SOURCE_TIMEOUT_SECONDS = 20.0
_TELL_SECONDS = 0.5
_log = logging.getLogger(__name__)

Sources = Callable[[], Sequence[Source]]


class Library:
    """Blocking; usable from worker threads, one scan at a time. Costs nothing until it is asked.

    sources: asked anew for every scan. records_file: what is remembered of the person's files.
    cache_file: headers that were read, which may be thrown away at any time.
    """

    def __init__(
        self,
        sources: Sources,
        cache_file: Path,
        records_file: Path,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        source_timeout_seconds: float = _SOURCE_TIMEOUT_SECONDS,
    ) -> None:
        self._sources = sources
        self._cache_file = cache_file
        self.records = Records(records_file)
        self._now = now
        self._timeout = source_timeout_seconds
        self._scanning = threading.Lock()
        self._lock = threading.Lock()
        self._snapshot = Snapshot()
        self._folders: tuple[str, ...] = ()

    @property
    def snapshot(self) -> Snapshot:
        """Of the last scan; empty before the first."""
        with self._lock:
            return self._snapshot

    @property
    def folders(self) -> tuple[str, ...]:
        """Every folder that the last scan went through, for whoever watches them."""
        with self._lock:
            return self._folders

    def scan(
        self,
        on_found: Callable[[Snapshot], None] = lambda _: None,
        cancel: CancelToken | None = None,
    ) -> Snapshot:
        """on_found gets the list as soon as names are known, and again as headers are read.

        Raises Cancelled. What cannot be read is told in the snapshot, never raised.
        """
        token = cancel or CancelToken()
        with self._scanning:
            notes = HeaderNotes(read_json(self._cache_file).get("headers"))
            listed, snapshot = self._list(token)
            models = [self._known(model, notes) for model in listed]
            snapshot = replace(snapshot, models=tuple(filter(None, models)))
            if snapshot.unread:
                on_found(snapshot)
                snapshot = self._read(snapshot, notes, on_found, token)
            if notes.changed:
                write_json(self._cache_file, {"version": 1, "headers": notes.stored()})
            snapshot = replace(snapshot, finished=True)
            with self._lock:
                self._snapshot = snapshot
            on_found(snapshot)
            return snapshot

    def find(self, path: Path) -> InstalledModel | None:
        """The model in the last snapshot that this file is a part of."""
        for model in self.snapshot.models:
            if any(path in (file.path, file.content) for file in model.files):
                return model
        return None

    def note_used(self, path: Path) -> None:
        """A model was loaded from this file, its first shard."""
        self.records.note_used(path, self._now())

    def note_downloaded(self, files: Iterable[tuple[Path, str | None]], repo: str) -> None:
        """(path, sha256) of files that this program fetched and verified while they arrived."""
        verified = Verified(self._now(), "sha256")
        kept: list[tuple[Path, FileRecord]] = []
        for path, sha256 in files:
            try:
                content = path.resolve()
                status = content.stat()
            except OSError:
                continue
            proof = verified if sha256 is not None else None
            kept.append(
                (
                    content,
                    FileRecord(status.st_size, status.st_mtime_ns, sha256, proof, True, repo),
                )
            )
        self.records.keep(kept)

    def refreshed(self, model: InstalledModel) -> InstalledModel:
        """With what is remembered of it now."""
        return replace(
            model,
            verified=self.records.verified(model),
            last_used=self.records.last_used(model),
            owned=model.source.kind == "own" or self.records.owned(model),
        )

    def _list(self, cancel: CancelToken) -> tuple[list[InstalledModel], Snapshot]:
        models: list[InstalledModel] = []
        present: list[Source] = []
        problems: list[Problem] = []
        folders: list[str] = []
        for source in self._sources():
            walk = Walk(source)
            try:
                found = run_bounded(partial(_look, walk), cancel, self._timeout)
            except TimedOut:
                problems.append(Problem(source, _slow(source)))
                present.append(source)
                continue
            if found is None:
                if source.kind == "folder":
                    problems.append(Problem(source, f"The folder {source.folder} does not exist."))
                continue
            present.append(source)
            models += found
            folders += walk.folders
            problems += [Problem(source, text) for text in _complaints(walk)]
        with self._lock:
            self._folders = tuple(dict.fromkeys(folders))
        return distinct(models), Snapshot((), tuple(present), tuple(problems))

    def _known(self, model: InstalledModel, notes: HeaderNotes) -> InstalledModel | None:
        reading = notes.find(model) if not model.read else None
        if reading is not None:
            if reading.kind == "other":
                return None
            model = apply(model, reading)
        return self.refreshed(model)

    def _read(
        self,
        snapshot: Snapshot,
        notes: HeaderNotes,
        on_found: Callable[[Snapshot], None],
        cancel: CancelToken,
    ) -> Snapshot:
        models: list[InstalledModel | None] = list(snapshot.models)
        slow: set[Source] = set()
        told = time.monotonic()
        try:
            for index, model in enumerate(snapshot.models):
                if model.read:
                    continue
                cancel.raise_if_cancelled()
                if model.source in slow:
                    reading = Reading("broken", _slow(model.source), slow=True)
                else:
                    reading = read_model(model, cancel)
                if reading.slow:
                    slow.add(model.source)
                notes.keep(model, reading)
                models[index] = apply(model, reading) if reading.kind == "model" else None
                if time.monotonic() - told > _TELL_SECONDS:
                    told = time.monotonic()
                    on_found(replace(snapshot, models=tuple(filter(None, models))))
        finally:
            # Cancelled or not: what was read need not be read again.
            if notes.changed:
                write_json(self._cache_file, {"version": 1, "headers": notes.stored()})
                notes.changed = False
        return replace(snapshot, models=tuple(filter(None, models)))


def _look(walk: Walk, cancel: CancelToken) -> list[InstalledModel] | None:
    """None when there is no such folder."""
    if not walk.source.folder.is_dir():
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
    return f"The folder {source.folder} does not answer; the disk or network may be away."


def _complaints(walk: Walk) -> list[str]:
    found = []
    if walk.unreadable:
        rest = len(walk.unreadable) - 1
        more = f" and {rest} more" if rest else ""
        found.append(f"This user may not read {walk.unreadable[0]}{more}.")
    if walk.cut_short:
        found.append(f"{walk.source.folder} holds too many files; only a part was looked through.")
    return found
