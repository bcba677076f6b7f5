"""What is installed: looks through every place and remembers what it learnt."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from app.catalog.hub import Hub, UnreachableError
from app.catalog.names import RepoFile
from app.core.cancel import CancelToken
from app.core.errors import KnownError
from app.core.hub_access import HubAccess
from app.core.tasks import TimedOut, run_bounded
from app.downloads.types import DownloadRequest, JobStatus, Target
from app.library.headers import HeaderNotes, Reading, apply, read_model
from app.library.listing import distinct, models_of
from app.library.ollama import ollama_models
from app.library.records import FileRecord, Records, read_json, write_json
from app.library.remove import Removal, Removed, Trash, plan_removal, remove, to_trash
from app.library.repair import completion, repair
from app.library.types import InstalledModel, ModelFile, Problem, Snapshot, Source, Verified
from app.library.verify import ListFiles, Verification, VerifyProgress, verify
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
        hub: HubAccess | None = None,
        list_files: ListFiles | None = None,
        trash: Trash = to_trash,
    ) -> None:
        self._sources = sources
        self._cache_file = cache_file
        self.records = Records(records_file)
        self._now = now
        self._hub = hub or HubAccess()
        self._list_files = list_files or self._ask_hub
        self._trash = trash
        self._loaded: Path | None = None
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

    def verify(
        self,
        model: InstalledModel,
        on_progress: Callable[[VerifyProgress], None] = lambda _: None,
        cancel: CancelToken | None = None,
    ) -> Verification:
        """See `verify.verify`; the snapshot knows of it afterwards."""
        result = verify(
            model,
            self.records,
            self._now,
            on_progress=on_progress,
            cancel=cancel,
            list_files=self._list_files,
        )
        self._replace(model)
        return result

    def repair(
        self,
        model: InstalledModel,
        on_verify: Callable[[VerifyProgress], None] = lambda _: None,
        on_download: Callable[[JobStatus], None] = lambda _: None,
        cancel: CancelToken | None = None,
    ) -> Verification:
        """Finds out what is wrong and fetches it again; gives how it stands afterwards. Raises
        Cancelled, KnownError."""
        self._refuse_loaded(model, "repaired")
        found = self.verify(model, on_verify, cancel)
        wrong = tuple(one.file for one in found.wrong)
        if not wrong:
            return found
        repair(
            model,
            wrong,
            self.records,
            self._hub,
            self._list_files,
            on_progress=on_download,
            cancel=cancel,
        )
        files = tuple(renewed(file) for file in model.files)
        return self.verify(replace(model, files=files, state="complete"), on_verify, cancel)

    def completion(self, model: InstalledModel) -> tuple[DownloadRequest, Target]:
        """What to give to the downloads so that a partial model becomes whole. Asks the Hub."""
        return completion(model, self.records, self._list_files)

    def plan_removal(self, model: InstalledModel) -> Removal:
        """What deleting would do, with what it frees. Raises KnownError when it is in use."""
        self._refuse_loaded(model, "deleted")
        return plan_removal(model, self.snapshot)

    def delete(
        self, removal: Removal, *, confirmed_foreign: bool = False, permanently: bool = False
    ) -> Removed:
        """Raises ForeignError or NoTrashError when another question has to be asked first,
        KnownError when the model is in use or the system refuses."""
        self._refuse_loaded(removal.model, "deleted")
        removed = remove(
            removal,
            permanently=permanently,
            confirmed_foreign=confirmed_foreign,
            trash=self._trash,
        )
        self.records.forget(file.content for file in removal.model.files)
        with self._lock:
            left = tuple(m for m in self._snapshot.models if m.key != removal.model.key)
            self._snapshot = replace(self._snapshot, models=left)
        return removed

    def find(self, path: Path) -> InstalledModel | None:
        """The model in the last snapshot that this file is a part of."""
        for model in self.snapshot.models:
            if any(path in (file.path, file.content) for file in model.files):
                return model
        return None

    def model_at(self, path: Path) -> InstalledModel:
        """Of any file, in no list. Raises KnownError when it is no model file."""
        walk = Walk(Source("folder", "Your folder", path.parent), max_depth=0)
        walk.run(CancelToken())
        for model in models_of(walk):
            if any(file.path == path for file in model.files):
                return self.refreshed(apply(model, read_model(model, CancelToken())))
        raise KnownError(
            f"{path.name} is no model file.", "Its name does not end in .gguf.", "Choose another."
        )

    def note_used(self, path: Path) -> None:
        """A model was loaded from this file, its first shard; until it is unloaded or another one
        is loaded, its files are neither deleted nor repaired."""
        self._loaded = path.resolve()
        self.records.note_used(path, self._now())

    def note_unloaded(self) -> None:
        self._loaded = None

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
        return replace(model, **self._remembered(model))

    def _remembered(self, model: InstalledModel) -> dict[str, Any]:
        return {
            "verified": self.records.verified(model),
            "last_used": self.records.last_used(model),
            "owned": model.source.kind == "own" or self.records.owned(model),
        }

    def _ask_hub(self, repo: str, revision: str | None) -> Iterable[RepoFile]:
        """Commits can be gone from a repository; its newest files are then all there is to ask."""
        hub = Hub(self._hub)
        try:
            return hub.repository(repo, revision).gguf_files
        except UnreachableError:
            raise
        except KnownError:
            if revision is None:
                raise
        return hub.repository(repo).gguf_files

    def _refuse_loaded(self, model: InstalledModel, what: str) -> None:
        if self._loaded is not None and any(f.content == self._loaded for f in model.files):
            raise KnownError(
                f"{model.title} is loaded and cannot be {what} now.",
                "",
                "Unload it or open another model first.",
            )

    def _replace(self, model: InstalledModel) -> None:
        with self._lock:
            models = tuple(
                self.refreshed(one) if one.key == model.key else one
                for one in self._snapshot.models
            )
            self._snapshot = replace(self._snapshot, models=models)

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
        if reading is None:
            return self.refreshed(model)
        return None if reading.kind == "other" else apply(model, reading, **self._remembered(model))

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


def renewed(file: ModelFile) -> ModelFile:
    """As it lies on the disk now. Raises KnownError when it is gone."""
    try:
        status = file.content.stat()
    except OSError as error:
        raise KnownError(f"{file.name} is gone.", "", "Look for models again.") from error
    return replace(
        file,
        size_bytes=status.st_size,
        done_bytes=status.st_size,
        mtime_ns=status.st_mtime_ns,
        identity=(status.st_dev, status.st_ino),
        partial=False,
    )


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
