"""Models that this program downloaded and that lie in an earlier place: what they are, and moving
them to where downloads go now."""

import contextlib
import logging
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from app.core.cancel import CancelToken
from app.core.errors import Cancelled, KnownError
from app.core.language import tr
from app.downloads.move import MoveProgress, check_room, discard_copy
from app.downloads.relocate import move_sets
from app.downloads.space import is_full
from app.downloads.speed import SpeedMeter
from app.downloads.storage import Place, place_of, repo_folder
from app.downloads.types import DownloadRequest, JobState, Target
from app.library.earlier import EarlierPlace, MovingSet, places_of, real
from app.library.library import Library
from app.library.pausing import Queue, downloads_paused
from app.library.records import FileRecord

_TELL_SECONDS = 0.1
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Moving:
    """seconds_left: None when unknown."""

    done_bytes: int
    size_bytes: int
    title: str
    file: str
    seconds_left: float | None = None


@dataclass(frozen=True)
class Outcome:
    """split: files of these are in both places, each whole in one of them. problems: why sets were
    left where they are. renamed: old paths of moved files with their new ones."""

    moved: tuple[MovingSet, ...] = ()
    split: tuple[MovingSet, ...] = ()
    problems: tuple[KnownError, ...] = ()
    cancelled: bool = False
    renamed: dict[Path, Path] = field(default_factory=dict)

    def path_now(self, path: str) -> str:
        """Of a file that may have been moved."""
        if not path:
            return path
        known = self.renamed.get(Path(path)) or self.renamed.get(Path(os.path.realpath(path)))
        return str(known) if known is not None else path


class Relocation:
    """Blocking; for worker threads, one move at a time."""

    def __init__(self, library: Library, queue: Queue) -> None:
        self._library, self._queue = library, queue

    def places(self, new: Target) -> tuple[EarlierPlace, ...]:
        """Earlier places with something of ours in them."""
        return places_of(self._library.records, self._queue.jobs(), new, self._library.sources())

    def move(
        self,
        place: EarlierPlace,
        new: Target,
        on_progress: Callable[[Moving], None],
        cancel: CancelToken,
    ) -> Outcome:
        """As far as it goes: what cannot be moved stays, and the rest goes on. Downloads pause
        meanwhile. Never raises Cancelled, so that it can tell how far it came.

        Raises KnownError when there is no room, before anything is done.
        """
        check_room(place.needed_bytes, new.folder)
        return _Run(self._library, self._queue, place, new, on_progress, cancel).run()

    def clear_copies(self, place: EarlierPlace, new: Target) -> None:
        """What a move that was killed has left of a file that it was copying; the file itself is
        where it was."""
        for one in place.sets:
            for file in one.request.files:
                discard_copy(place_of(one.request, file, real(new)).content)

    def put_back(
        self,
        split: Sequence[MovingSet],
        new: Target,
        on_progress: Callable[[Moving], None],
        cancel: CancelToken,
    ) -> Outcome:
        """What an interrupted move has split is whole at its old place again."""
        sets = tuple(replace(one, old=new) for one in split)
        old = split[0].old
        return _Run(
            self._library, self._queue, EarlierPlace(new, sets, 0, None), old, on_progress, cancel
        ).run()


class _Run:
    """One move."""

    def __init__(
        self,
        library: Library,
        queue: Queue,
        place: EarlierPlace,
        new: Target,
        on_progress: Callable[[Moving], None],
        cancel: CancelToken,
    ) -> None:
        self._library, self._queue, self._place = library, queue, place
        self._given = new
        self._new = real(new)
        self._on_progress, self._cancel = on_progress, cancel
        self._moved: list[MovingSet] = []
        self._split: list[MovingSet] = []
        self._problems: list[KnownError] = []
        self._renamed: dict[Path, Path] = {}
        self._named_so: dict[MovingSet, MovingSet] = {}
        self._size = sum(one.size_bytes for one in place.sets)
        self._base, self._told, self._speed = 0, 0.0, SpeedMeter(20.0)

    def run(self) -> Outcome:
        try:
            mine = {one.job_id for one in self._place.sets if one.job_id}
            with downloads_paused(self._queue, mine, self._cancel, self._stays_paused):
                for one in self._place.sets:
                    self._cancel.raise_if_cancelled()
                    if not self._move_or_note(one):
                        break
        except Cancelled:
            pass
        return Outcome(
            tuple(self._moved),
            tuple(self._split),
            tuple(self._problems),
            self._cancel.cancelled,
            self._renamed,
        )

    def _stays_paused(self) -> set[str]:
        """Downloads with files in two places: they would fetch again what they do not find."""
        return {one.job_id for one in self._split}

    def _move_or_note(self, one: MovingSet) -> bool:
        """False when the others need not be tried."""
        go_on = True
        try:
            self._move(one)
        except Cancelled:
            self._note_split(one)
            raise
        except KnownError as error:
            self._problems.append(error)
            self._note_split(one)
        except OSError as error:
            _log.warning("%s could not be moved", one.title, exc_info=True)
            self._problems.append(_trouble(one.title, self._given.folder, error))
            self._note_split(one)
            go_on = not is_full(error)
        self._base += one.size_bytes
        return go_on

    def _move(self, one: MovingSet) -> None:
        self._library.refuse_loaded(one.title, _contents(one.request, one.old), "moved")
        request = self._named(one)
        self._named_so[one] = replace(one, request=request)
        records = self._foretell(one, request)
        old = real(one.old)
        if self._new.kind == "hub-cache":
            request = self._without_newer_ref(request)

        def tell(progress: MoveProgress) -> None:
            self._tell(one.title, progress)

        move_sets([request], old, self._new, tell, self._cancel)
        self._remember(request, old, records)
        self._moved.append(one)
        if one.job_id:
            self._queue.relocate(one.old, self._given, [one.job_id])
        else:
            self._tell_finished_downloads(one)

    def _tell_finished_downloads(self, one: MovingSet) -> None:
        """They stay in the list of downloads, from where their files can be opened."""
        moved = {file.path for file in one.request.files}
        for job in self._queue.jobs():
            request = job.request
            same = request.repo == one.request.repo and {f.path for f in request.files} <= moved
            if same and job.state is JobState.DONE and real(job.target) == real(one.old):
                self._queue.relocate(job.target, self._given, [job.job_id])

    def _named(self, one: MovingSet) -> DownloadRequest:
        """A cache's folders are named after commits; a folder does not tell them."""
        if one.commit_known or self._new.kind == "folder":
            return one.request
        listed = {file.sha256: file for file in self._library.list_repository(one.request.repo)}
        found = [listed.get(file.sha256) for file in one.request.files]
        known = [file for file in found if file is not None]
        if [file.path for file in known] != [file.path for file in one.request.files]:
            raise KnownError(
                tr("{title} cannot go into a Hugging Face cache.", title=one.title),
                tr("Nothing tells which version of its repository it is."),
                tr("Choose a folder, or download it again."),
            )
        return replace(one.request, commit=known[0].revision)

    def _without_newer_ref(self, request: DownloadRequest) -> DownloadRequest:
        """A branch that the cache knows at another commit stays as it is."""
        if request.ref is None:
            return request
        path = repo_folder(self._new.folder, request.repo).joinpath("refs", request.ref)
        with contextlib.suppress(OSError):
            if path.read_text(encoding="utf-8").strip() != request.commit:
                return replace(request, ref=None)
        return request

    def _foretell(self, one: MovingSet, request: DownloadRequest) -> dict[str, FileRecord]:
        """What is known of the files is noted for their new paths before they are there: when the
        program is killed meanwhile, it still knows them."""
        named = one.commit_known or self._new.kind == "hub-cache"
        commit, found = request.commit if named else "", {}
        for file in one.request.files:
            record = self._library.records.at(place_of(one.request, file, real(one.old)).content)
            if record is not None:
                found[file.path] = replace(record, commit=commit, path=file.path)
        self._library.records.keep(
            (place_of(request, file, self._new).content, found[file.path])
            for file in request.files
            if file.path in found
        )
        return found

    def _remember(
        self, request: DownloadRequest, old: Target, records: dict[str, FileRecord]
    ) -> None:
        keeper = self._library.records
        kept: list[tuple[Path, FileRecord]] = []
        gone: list[Path] = []
        for file in request.files:
            before, now = place_of(request, file, old), place_of(request, file, self._new)
            if not now.location.exists():
                continue  # of a download that goes on
            content = Path(os.path.realpath(now.location))
            self._renamed |= {before.location: now.location, before.content: now.location}
            if (record := records.get(file.path)) is not None:
                mtime = content.stat().st_mtime_ns  # a file system may know it less exactly
                kept.append((content, replace(record, mtime_ns=mtime)))
            if (used := keeper.used_at(before.content)) is not None:
                keeper.note_used(now.location, used)
            gone.append(before.content)
        keeper.keep(kept)
        keeper.forget(gone)

    def _note_split(self, one: MovingSet) -> None:
        used = self._named_so.get(one, one)
        there = [_anything_at(place_of(one.request, file, self._new)) for file in one.request.files]
        here = [
            _anything_at(place_of(used.request, file, real(used.old)))
            for file in used.request.files
        ]
        if any(there) and any(here):
            self._split.append(used)

    def _tell(self, title: str, progress: MoveProgress) -> None:
        now = time.monotonic()
        done = self._base + progress.done_bytes
        if now - self._told < _TELL_SECONDS and done < self._size:
            return
        self._told = now
        self._speed.sample(now, done)
        left = self._speed.seconds_left(self._size - done)
        self._on_progress(Moving(done, self._size, title, progress.path.name, left))


def _contents(request: DownloadRequest, target: Target) -> Sequence[Path]:
    return [place_of(request, file, real(target)).content for file in request.files]


def _anything_at(place: Place) -> bool:
    return any(path.exists() for path in (place.content, place.location, place.part))


def _trouble(title: str, folder: Path, error: OSError) -> KnownError:
    if is_full(error):
        return KnownError(
            tr("{title} could not be moved.", title=title),
            tr("The disk of the new place is full."),
            tr("Make room there, then go on. Nothing is lost."),
            repr(error),
        )
    return KnownError(
        tr("{title} could not be moved.", title=title),
        tr("The system says: {strerror}.", strerror=error.strerror or error),
        tr("Check the folder {folder} and its disk. Nothing is lost.", folder=folder),
        repr(error),
    )
