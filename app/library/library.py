"""What is installed: looks through every place and remembers what it learnt."""

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.catalog.hub import Hub, UnreachableError
from app.catalog.names import RepoFile
from app.core.cancel import CancelToken
from app.core.errors import KnownError
from app.core.hub_access import HubAccess
from app.core.language import mark, tr
from app.downloads.types import DownloadRequest, JobStatus, Target
from app.library.headers import HeaderNotes, apply, read_model
from app.library.listing import models_of
from app.library.patience import Patience
from app.library.records import FileRecord, Records, read_json, write_json
from app.library.remove import (
    Removal,
    Removed,
    Trash,
    plan_removal,
    refuse_downloading,
    remove,
    to_trash,
)
from app.library.repair import completion, repair
from app.library.scan import list_models, read_headers
from app.library.types import InstalledModel, ModelFile, Snapshot, Source, Verified
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
        self._patience = Patience()
        self._timeout = source_timeout_seconds
        self._scanning = threading.Lock()
        self._lock = threading.Lock()
        self._snapshot = Snapshot()
        self._folders: tuple[str, ...] = ()

    def sources(self) -> Sequence[Source]:
        """Where the next scan will look. May read other programs' settings files."""
        return self._sources()

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
            self.records.refresh()
            notes = HeaderNotes(read_json(self._cache_file).get("headers"))
            listed = list_models(self._sources(), self._patience, self._timeout, token)
            models = [self._known(model, notes) for model in listed.models]
            snapshot = replace(listed.snapshot, models=tuple(filter(None, models)))
            if snapshot.unread:
                on_found(snapshot)
                try:
                    snapshot = read_headers(snapshot, notes, on_found, self._patience, token)
                finally:
                    # Cancelled or not: what was read need not be read again.
                    write_json(self._cache_file, {"version": 1, "headers": notes.stored()})
            snapshot = replace(snapshot, finished=True)
            with self._lock:
                self._snapshot, self._folders = snapshot, listed.folders
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
        self._carry_over(model, files)
        return self.verify(replace(model, files=files, state="complete"), on_verify, cancel)

    def completion(self, model: InstalledModel) -> tuple[DownloadRequest, Target]:
        """What to give to the downloads so that a partial model becomes whole. Asks the Hub."""
        return completion(model, self.records, self._list_files)

    def plan_removal(self, model: InstalledModel) -> Removal:
        """What deleting would do, with what it frees. Raises KnownError when it is in use."""
        self._refuse_loaded(model, "deleted")
        refuse_downloading(model)
        return plan_removal(model, self.snapshot)

    def delete(
        self, removal: Removal, *, confirmed_foreign: bool = False, permanently: bool = False
    ) -> Removed:
        """Raises ForeignError or NoTrashError when another question has to be asked first,
        KnownError when the model is in use or the system refuses."""
        self._refuse_loaded(removal.model, "deleted")
        refuse_downloading(removal.model)
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

    def list_repository(self, repo: str) -> tuple[RepoFile, ...]:
        """Its newest model files; asks the Hub. Raises KnownError."""
        return tuple(self._list_files(repo, None))

    def find(self, path: Path) -> InstalledModel | None:
        """The model in the last snapshot that this file is a part of."""
        for model in self.snapshot.models:
            if any(path in (file.path, file.content) for file in model.files):
                return model
        return None

    def model_at(self, path: Path) -> InstalledModel:
        """Of any file, in no list. Raises KnownError when it is no model file."""
        walk = Walk(Source("folder", mark("Your folder"), path.parent), max_depth=0)
        walk.run(CancelToken())
        for model in models_of(walk):
            if any(file.path == path for file in model.files):
                return self.refreshed(apply(model, read_model(model, CancelToken())))
        raise KnownError(
            tr("{name} is no model file.", name=path.name),
            tr("Its name does not end in .gguf."),
            tr("Choose another."),
        )

    def note_used(self, path: Path) -> None:
        """A model was loaded from this file, its first shard; until it is unloaded or another one
        is loaded, its files are neither deleted nor repaired."""
        self._loaded = path.resolve()
        self.records.note_used(path, self._now())

    def note_unloaded(self) -> None:
        self._loaded = None

    def note_downloaded(
        self,
        files: Iterable[tuple[Path, str | None]],
        repo: str,
        *,
        commit: str = "",
        ref: str = "",
        paths: Sequence[str] = (),
    ) -> None:
        """(path, sha256) of files that this program fetched and verified while they arrived.
        paths: of the same files in the repository, at that commit."""
        verified = Verified(self._now(), "sha256")
        kept: list[tuple[Path, FileRecord]] = []
        inside = iter(paths)
        for path, sha256 in files:
            name = next(inside, "")
            try:
                content = path.resolve()
                status = content.stat()
            except OSError:
                continue
            proof = verified if sha256 is not None else None
            record = FileRecord(status.st_size, status.st_mtime_ns, sha256, proof, True, repo)
            kept.append((content, replace(record, commit=commit, path=name, ref=ref)))
        self.records.keep(kept)

    def refreshed(self, model: InstalledModel) -> InstalledModel:
        """With what is remembered of it now."""
        return replace(model, **self._remembered(model))

    def _remembered(self, model: InstalledModel) -> dict[str, Any]:
        known: dict[str, Any] = {
            "verified": self.records.verified(model),
            "last_used": self.records.last_used(model),
            "owned": model.source.kind == "own" or self.records.owned(model),
        }
        if model.state == "complete" and (damaged := self.records.damaged(model)):
            why = tr("Its verification found damage in {files}.", files=", ".join(damaged[:3]))
            known |= {"state": "broken", "why": why, "path": None}
        return known

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

    def _carry_over(self, before: InstalledModel, files: Sequence[ModelFile]) -> None:
        """What is remembered of files holds for what has taken their places."""
        kept: list[tuple[Path, FileRecord]] = []
        for old, new in zip(before.files, files, strict=True):
            record = self.records.at(old.content)
            if record is not None:
                size, mtime = new.done_bytes, new.mtime_ns
                record = replace(
                    record, size_bytes=size, mtime_ns=mtime, verified=None, damaged=False
                )
                kept.append((new.content, record))
        self.records.keep(kept)

    def _refuse_loaded(self, model: InstalledModel, what: str) -> None:
        self.refuse_loaded(model.title, (file.content for file in model.files), what)

    def refuse_loaded(self, title: str, contents: Iterable[Path], what: str) -> None:
        """Raises KnownError when a model is loaded from one of these files."""
        if self._loaded is not None and self._loaded in contents:
            raise KnownError(
                tr("{title} is loaded and cannot be {what} now.", title=title, what=what),
                "",
                tr("Unload it or open another model first."),
            )

    def _replace(self, model: InstalledModel) -> None:
        with self._lock:
            models = tuple(
                self.refreshed(one) if one.key == model.key else one
                for one in self._snapshot.models
            )
            self._snapshot = replace(self._snapshot, models=models)

    def _known(self, model: InstalledModel, notes: HeaderNotes) -> InstalledModel | None:
        reading = notes.find(model) if not model.read else None
        if reading is None:
            return self.refreshed(model)
        return None if reading.kind == "other" else apply(model, reading, **self._remembered(model))


def renewed(file: ModelFile) -> ModelFile:
    """As it lies on the disk now. Raises KnownError when it is gone."""
    try:
        status = file.content.stat()
    except OSError as error:
        raise KnownError(
            tr("{name} is gone.", name=file.name), "", tr("Look for models again.")
        ) from error
    return replace(
        file,
        size_bytes=status.st_size,
        done_bytes=status.st_size,
        mtime_ns=status.st_mtime_ns,
        identity=(status.st_dev, status.st_ino),
        partial=False,
    )
