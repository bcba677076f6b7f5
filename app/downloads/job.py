"""One set of files, from the space check to the last name on the disk."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from app.core.errors import KnownError
from app.core.hub_access import HubAccess
from app.core.language import tr
from app.downloads.existing import complete_already
from app.downloads.giving_up import wrong_hash
from app.downloads.journal import Identity, Journal
from app.downloads.link import FileChanged, LinkSource
from app.downloads.restore import Partial, done_before, open_partial
from app.downloads.space import FreeBytes, bytes_to_come, is_full, shortfall
from app.downloads.speed import SpeedMeter
from app.downloads.storage import Place, discard, free_bytes, place_of, publish
from app.downloads.transfer import FileTransfer, NoSpace, Tools
from app.downloads.types import (
    ENDED,
    MIB,
    DownloadRequest,
    FileChange,
    FileProgress,
    FileRequest,
    JobState,
    JobStatus,
    Target,
)

_SPACE_POLL_SECONDS = 5.0
_NEARLY_FULL_BYTES = 16 * MIB
_log = logging.getLogger(__name__)


@dataclass
class Workshop:
    """What all jobs share."""

    hub: HubAccess
    tools: Tools
    free: FreeBytes = free_bytes


class Job:
    """For the asyncio thread. `on_change` is called after every change of state."""

    def __init__(
        self,
        job_id: str,
        request: DownloadRequest,
        target: Target,
        workshop: Workshop,
        on_change: Callable[["Job"], None],
    ) -> None:
        self.job_id = job_id
        self.request = request
        self.target = target
        self.state = JobState.QUEUED
        self._shop = workshop
        self._on_change = on_change
        self._files = {f.path: FileProgress(f.path, f.size_bytes) for f in request.files}
        self._transfer: FileTransfer | None = None
        self._current = ""
        self._reason = ""
        self._speed = SpeedMeter()
        self._error: KnownError | None = None
        self._change: FileChange | None = None
        self._needed = 0

    @property
    def change(self) -> FileChange | None:
        return self._change

    @property
    def error(self) -> KnownError | None:
        return self._error

    def restore(self, state: JobState, error: KnownError | None) -> None:
        """As an earlier run of the program has left it."""
        self.state = state
        self._error = error if state is JobState.FAILED else None

    def set_state(self, state: JobState) -> None:
        self.state = state
        if state is not JobState.RUNNING:
            self._speed.reset()
        self._on_change(self)

    def requeue(self) -> None:
        """Forget what went wrong; the job may start again."""
        self._error = self._change = None
        self.set_state(JobState.QUEUED)

    def accept_change(self) -> None:
        """Take what the server has now. Raises ValueError when nothing has changed."""
        change = self._change
        if change is None:
            raise ValueError("the file has not changed")
        for file in self.request.files:
            if file.path == change.path:
                discard(place_of(self.request, file, self.target))
        new = FileRequest(change.path, change.size_bytes, change.sha256)
        files = tuple(new if f.path == change.path else f for f in self.request.files)
        commit = change.commit or self.request.commit
        self.request = replace(self.request, files=files, commit=commit)
        self._files[new.path] = FileProgress(new.path, new.size_bytes)
        self.requeue()

    def go_to(self, target: Target) -> None:
        """The files are to be at another place, or are there already. Not while it runs."""
        self.target = target
        self._files = {f.path: FileProgress(f.path, f.size_bytes) for f in self.request.files}
        try:
            self.look()
            if self.state is JobState.DONE:
                self._find_complete()
        except (KnownError, OSError):
            _log.info("What %s has at its new place is not known yet", self.job_id, exc_info=True)
        self._on_change(self)

    async def run(self) -> None:
        """Until the job has ended in some way; all failures end in a state, bugs are raised."""
        self._error = self._change = None
        try:
            while not await self._attempt():
                await self._wait_for_space()
            self.set_state(JobState.DONE)
        except FileChanged as changed:
            self._change = changed.change
            self.set_state(JobState.CHANGED)
        except KnownError as error:
            self.fail(error)
        except OSError as error:
            self.fail(_folder_trouble(self.target.folder, error))

    def fail(self, error: KnownError) -> None:
        self._error = error
        self.set_state(JobState.FAILED)

    def discard_partials(self) -> None:
        """Raises OSError. Files that are complete stay."""
        for file in self.request.files:
            discard(place_of(self.request, file, self.target))
            if self._files[file.path].location is None:
                self._files[file.path] = FileProgress(file.path, file.size_bytes)

    def look(self) -> None:
        """Learn from the disk how far earlier runs came. Raises KnownError, OSError."""
        for file in self.request.files:
            place = place_of(self.request, file, self.target)
            if self._files[file.path].location is not None:
                continue
            there = place.location.is_file() and place.location.stat().st_size == file.size_bytes
            done = file.size_bytes if there else done_before(place, self._identity(file))
            self._files[file.path] = replace(self._files[file.path], done_bytes=done)

    def _find_complete(self) -> None:
        for file in self.request.files:
            location = place_of(self.request, file, self.target).location
            if location.is_file():
                size = file.size_bytes
                self._files[file.path] = FileProgress(file.path, size, size, size, location)

    def _identity(self, file: FileRequest) -> Identity:
        request = self.request
        return Identity(request.repo, file.path, file.size_bytes, file.sha256, request.commit)

    async def _attempt(self) -> bool:
        """False when the disk is full."""
        self.set_state(JobState.CHECKING)
        await self._shop.tools.disk.write(self.look)
        places = [(f, place_of(self.request, f, self.target)) for f in self.request.files]
        if self._missing_space(places):
            return False
        try:
            for file, place in places:
                if self._files[file.path].location is None:
                    await self._get(file, place)
        except NoSpace:
            self._missing_space(places)
        except OSError as error:
            if not is_full(error):
                raise
            self._missing_space(places)
        else:
            return True
        # A quota may end before the disk does.
        self._needed = self._needed or self._to_come(places)
        return False

    def _missing_space(self, places: list[tuple[FileRequest, Place]]) -> int:
        self._needed = shortfall(self.target.folder, self._to_come(places), self._shop.free)
        return self._needed

    def _to_come(self, places: list[tuple[FileRequest, Place]]) -> int:
        return bytes_to_come((place, file.size_bytes) for file, place in places)

    async def _wait_for_space(self) -> None:
        places = [(f, place_of(self.request, f, self.target)) for f in self.request.files]
        self.set_state(JobState.NO_SPACE)
        while True:
            await self._shop.tools.clock.sleep(_SPACE_POLL_SECONDS)
            before = self._needed
            if not self._missing_space(places):
                return
            if self._needed != before:
                self._on_change(self)

    def space_left(self) -> bool:
        """Asked as bytes arrive: what fills the last megabytes harms the whole machine."""
        self._take_over_progress()
        missing = sum(file.size_bytes - file.done_bytes for file in self._files.values())
        return self._shop.free(self.target.folder) > min(missing, _NEARLY_FULL_BYTES)

    async def _get(self, file: FileRequest, place: Place) -> None:
        self._current, self._reason = file.path, ""
        disk = self._shop.tools.disk
        there = await complete_already(disk, file, place, self._hashed_so_far)
        if not there:
            await self._fetch(file, place)
        location = await disk.write(lambda: publish(place, self.request, self.target))
        await disk.write(lambda: discard(place))
        size = file.size_bytes
        self._files[file.path] = FileProgress(file.path, size, size, size, location)
        self._on_change(self)

    def _hashed_so_far(self, count: int) -> None:
        file = self._files[self._current]
        self._files[file.path] = replace(file, verified_bytes=count)

    async def _fetch(self, file: FileRequest, place: Place) -> None:
        identity, disk = self._identity(file), self._shop.tools.disk
        if place.part.exists() and Journal(place.journal, identity).is_of_another_file():
            now = FileChange(file.path, file.size_bytes, file.sha256, self.request.commit)
            raise FileChanged(now)
        opened: list[Partial] = []
        try:
            # A pause may come while the thread opens it: what it opened is closed all the same.
            await disk.write(lambda: opened.append(open_partial(place, identity)))
            partial = opened[0]
            found = await self._until_right(file, partial)
            if partial.file.length != file.size_bytes:
                partial.file.truncate(file.size_bytes)
            await disk.sync(partial.file.sync)
        finally:
            for partial in opened:
                partial.close()
        if file.sha256 not in (None, found):
            discard(place)
            raise wrong_hash(file.path, file.sha256 or "", found)

    async def _until_right(self, file: FileRequest, partial: Partial) -> str:
        """The hash; a wrong one is first looked for on this disk, then fetched once more."""
        from_before = partial.from_before
        found = await self._transfer_once(file, partial)
        if file.sha256 in (None, found):
            return found
        if from_before:
            self._reason = tr("What was on the disk of {path} is read again", path=file.path)
            partial.reread()
            found = await self._transfer_once(file, partial)
            if found == file.sha256:
                return found
        partial.restart()
        self._reason = tr("What came for {path} was damaged and is fetched again", path=file.path)
        return await self._transfer_once(file, partial)

    async def _transfer_once(self, file: FileRequest, partial: Partial) -> str:
        tools = replace(self._shop.tools, space_left=self.space_left)
        links = LinkSource(self._shop.hub, self.request, file)
        self._transfer = FileTransfer(partial, links, tools)
        self.set_state(JobState.RUNNING)
        try:
            return await self._transfer.run()
        finally:
            self._take_over_progress()
            self._transfer = None

    def _take_over_progress(self) -> None:
        transfer = self._transfer
        if transfer is not None:
            self._files[self._current] = replace(
                self._files[self._current],
                done_bytes=transfer.done_bytes,
                verified_bytes=transfer.verified_bytes,
            )

    def sample(self) -> None:
        """Note the speed; to be called a few times per second."""
        self._take_over_progress()
        done = sum(file.done_bytes for file in self._files.values())
        if self.state is JobState.RUNNING:
            self._speed.sample(self._shop.tools.clock.monotonic(), done)

    def status(self) -> JobStatus:
        self._take_over_progress()
        files = tuple(self._files[f.path] for f in self.request.files)
        status = JobStatus(self.job_id, self.request, self.target, self.state, files)
        if self.state in ENDED or self.state is JobState.NO_SPACE:
            needed = self._needed if self.state is JobState.NO_SPACE else 0
            return replace(status, error=self._error, change=self._change, needed_bytes=needed)
        trouble = self._transfer.trouble if self._transfer is not None else None
        if trouble is not None:
            left = max(0.0, trouble.until - self._shop.tools.clock.monotonic())
            waiting = JobState.WAITING
            return replace(status, state=waiting, reason=trouble.reason, retry_in_seconds=left)
        return replace(
            status,
            reason=self._reason,
            speed_bytes_per_second=self._speed.bytes_per_second,
            seconds_left=self._speed.seconds_left(status.size_bytes - status.done_bytes),
        )


def _folder_trouble(folder: Path, error: OSError) -> KnownError:
    return KnownError(
        tr("The folder {folder} cannot be used.", folder=folder),
        tr("The system does not let the program read or write there."),
        tr("Check the folder's rights and the disk, or choose another folder."),
        repr(error),
    )
