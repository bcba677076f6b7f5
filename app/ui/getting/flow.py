"""Download, verify, load as planned, open a chat. No Qt: closures come through the task runner."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from app.catalog.hub import RepoFile
from app.core.cancel import CancelToken
from app.core.errors import KnownError
from app.core.language import mark, tr
from app.core.tasks import Task, TaskRunner, run_bounded
from app.downloads.queue_file import SavedJob
from app.downloads.requests import request_for
from app.downloads.types import DownloadRequest, JobState, JobStatus, Target
from app.ui.chat.model_loads import ModelLoads, known
from app.ui.chat.model_state import Choosing, LoadFailed, Loading, Planning, Ready
from app.ui.downloads.board import Change, DownloadBoard
from app.ui.downloads.words import first_location, title_of, verifying
from app.ui.getting.state import Getting, Step
from app.ui.getting.wish import WishKeeper, on_disk

Finder = Callable[[CancelToken], DownloadRequest]
"""What to fetch. Blocks; raises KnownError."""
Elsewhere = Callable[[DownloadRequest, CancelToken], Path | None]
"""The file to load when the same files are on this disk in another place. Blocks."""

_LONGEST_SECONDS = 90.0
_STAGES = {
    "checking": mark("checking the file"),
    "loading": mark("reading the weights"),
    "preparing": mark("preparing the context"),
}


def _vanished() -> KnownError:
    return KnownError(
        tr("The download is no longer in the list."),
        tr("It was removed there."),
        tr("Start it again."),
    )


@dataclass
class Hooks:
    """What the flow asks of the window. disturbs: a model is open that a person works with, or "";
    open_chat: show the chat with a new conversation; show_chat: as it is."""

    disturbs: Callable[[], str] = lambda: ""
    show_chat: Callable[[], None] = lambda: None
    open_chat: Callable[[], None] = lambda: None


class GetAndChat:
    """For the GUI thread. One model at a time is on its way to a chat: the one wanted last. Its
    download belongs to the queue and goes on there whatever becomes of the wish to open it.

    wish: where that wish is kept, so that a restart takes it up. elsewhere: finds what other
    programs have got already.
    """

    def __init__(
        self,
        board: DownloadBoard,
        models: ModelLoads,
        tasks: TaskRunner,
        target: Callable[[], Target],
        wish: Path,
        elsewhere: Elsewhere = lambda *_: None,
    ) -> None:
        self._board, self._models, self._tasks, self._target = board, models, tasks, target
        self._elsewhere = elsewhere
        self._wish = WishKeeper(wish, tasks)
        self.hooks = Hooks()
        self.state: Getting | None = None
        self._listeners: tuple[Callable[[], None], ...] = ()
        self._task: Task | None = None
        self._again: Callable[[], None] = lambda: None
        self._job_id = ""
        self._path = ""
        board.listen(self._queue_changed)

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Called after each change of `state`; returns what ends it."""

        def stop() -> None:
            self._listeners = tuple(one for one in self._listeners if one is not listener)

        self._listeners = (*self._listeners, listener)
        return stop

    def get_and_chat(self, repo: str, files: Sequence[RepoFile], title: str) -> None:
        """files: of one quantization, in order. What is on this disk already is not fetched."""
        listed = tuple(files)
        self.find_and_chat(lambda _: request_for(repo, listed, title), title)

    def find_and_chat(self, finder: Finder, title: str) -> None:
        """The same when the files are yet to be listed."""
        self._forget()
        self._again = lambda: self.find_and_chat(finder, title)
        target = self._target()

        def work(cancel: CancelToken) -> tuple[DownloadRequest, Path | None]:
            request = run_bounded(finder, cancel, _LONGEST_SECONDS)
            there = on_disk(request, target) or self._elsewhere(request, cancel)
            return request, there

        def done(found: tuple[DownloadRequest, Path | None]) -> None:
            if self._task is task:
                request, path = found
                self._found(request, target, path)

        def failed(error: Exception) -> None:
            if self._task is task:
                self._set(Getting(title, Step.LOOKING, problem=known(error)))

        task = self._task = self._tasks.run(work, done, failed)
        self._set(Getting(title, Step.LOOKING))

    def chat_with(self, job: JobStatus) -> None:
        """A finished job: load it and open a chat, at once."""
        path = first_location(job)
        if path is not None:
            self._forget()
            self._set(Getting(title_of(job), Step.LOAD))
            self._load(str(path))

    def take_up(self) -> None:
        """After a restart: whatever was to be opened when it is there."""

        def work(_: CancelToken) -> tuple[SavedJob, Path | None] | None:
            wish = self._wish.read()
            return None if wish is None else (wish, on_disk(wish.request, wish.target))

        def done(found: tuple[SavedJob, Path | None] | None) -> None:
            if found is None or self.state is not None:
                return
            wish, path = found
            self._wish.kept = wish
            job = self._board.job(wish.job_id) or self._board.find(wish.request)
            title = wish.request.title
            if path is not None and (job is None or job.state is JobState.DONE):
                self._there(title, str(path))
            elif job is not None:
                self._follow(job)
            else:
                self._wish.keep(None)

        self._tasks.run(work, done)

    def cancel(self) -> None:
        """The step that runs. What has come of a download is kept."""
        state = self.state
        if state is None:
            return
        if state.step is Step.LOOKING:
            self.close()
        elif state.step in (Step.DOWNLOAD, Step.VERIFY):
            self._wish.keep(None)
            if self._job_id:
                self._board.queue.pause(self._job_id)
            self._set(replace(state, stopped=True))
        elif state.step is Step.LOAD:
            self._set(replace(state, stopped=True))
            self._models.cancel()

    def retry(self) -> None:
        """The step that failed or was stopped, once more."""
        state = self.state
        if state is None:
            return
        job = self._board.job(self._job_id)
        if state.step is Step.LOOKING:
            self._again()
        elif state.step in (Step.DOWNLOAD, Step.VERIFY) and job is not None:
            self._board.queue.resume(self._job_id)
            self._set(replace(state, stopped=False, problem=None))
            self._wish.keep(_wish_of(job))
        elif state.step in (Step.DOWNLOAD, Step.VERIFY):
            self._again()
        elif self._path:
            self._load(self._path)

    def accept_change(self) -> None:
        """Take what the server has now."""
        self._board.queue.accept_change(self._job_id)

    def load_now(self) -> None:
        """The answer to WAITING."""
        if self._path:
            self._load(self._path)

    def close(self) -> None:
        """Forget the wish; a download goes on by itself."""
        self._forget()
        self._set(None)

    def model_changed(self) -> None:
        """To be called whenever the state of the models has changed."""
        state, model = self.state, self._models.state
        if state is None or state.step not in (Step.LOAD, Step.CHOOSING) or state.stopped:
            return
        if self._models.path != self._path:
            self.close()  # the person has opened something else
            return
        match model:
            case Ready():
                self._set(replace(state, step=Step.READY))
                self.hooks.open_chat()
                self.close()
            case LoadFailed(error=error):
                self._set(replace(state, step=Step.LOAD, problem=error))
            case Choosing():
                self._set(replace(state, step=Step.CHOOSING, fraction=None))
                self.hooks.show_chat()
            case Planning():
                self._set(replace(state, step=Step.LOAD, fraction=None, stage=""))
            case Loading(stage=stage, fraction=fraction):
                self._set(
                    replace(state, step=Step.LOAD, fraction=fraction, stage=tr(_STAGES[stage]))
                )

    # -- steps -----------------------------------------------------------------------------------

    def _found(self, request: DownloadRequest, target: Target, path: Path | None) -> None:
        self._task = None
        if path is not None:
            self._there(request.title, str(path))
            return
        known_job = self._board.find(request)
        if known_job is not None and known_job.state is JobState.DONE:
            self._board.queue.remove(known_job.job_id)  # its files have gone since
        elif known_job is not None:
            if known_job.state in (JobState.PAUSED, JobState.FAILED):
                self._board.queue.resume(known_job.job_id)
            self._follow(known_job)
            return

        def work(_: CancelToken) -> str:
            return self._board.queue.add(request, target)

        def done(job_id: str) -> None:
            if self._task is task:
                self._job_id = job_id
                self._wish.keep(SavedJob(job_id, request, target, JobState.QUEUED))
                self._queue_changed(())

        task = self._task = self._tasks.run(work, done, self._add_failed)
        self._set(Getting(request.title, Step.DOWNLOAD))

    def _add_failed(self, error: Exception) -> None:
        if self.state is not None:
            self._set(replace(self.state, problem=known(error)))

    def _follow(self, job: JobStatus) -> None:
        self._job_id = job.job_id
        self._wish.keep(_wish_of(job))
        self._set(Getting(title_of(job), Step.DOWNLOAD))
        self._queue_changed(())

    def _queue_changed(self, _: tuple[Change, ...]) -> None:
        state = self.state
        if not self._job_id or state is None or state.step not in (Step.DOWNLOAD, Step.VERIFY):
            return
        job = self._board.job(self._job_id)
        if job is None:
            if state.job is not None:
                self._job_id = ""
                self._wish.keep(None)
                self._set(replace(state, job=None, problem=_vanished()))
            return
        if job == state.job and not state.stopped:
            return
        path = first_location(job)
        if job.state is JobState.DONE and path is not None:
            if not state.stopped:
                self._there(state.title, str(path))
            return
        stopped = state.stopped and job.state is JobState.PAUSED
        step = Step.VERIFY if verifying(job) else Step.DOWNLOAD
        done = job.verified_bytes if step is Step.VERIFY else job.done_bytes
        fraction = done / job.size_bytes if job.size_bytes else 0.0
        problem = job.error if job.state is JobState.FAILED else None
        self._set(Getting(state.title, step, job, fraction, problem, stopped))

    def _there(self, title: str, path: str) -> None:
        """It is on the disk: load it, unless that would disturb."""
        self._path = path
        disturbed = self.hooks.disturbs()
        if disturbed:
            self._set(Getting(title, Step.WAITING, open_now=disturbed))
        else:
            self._set(Getting(title, Step.LOAD))
            self._load(path)

    def _load(self, path: str) -> None:
        self._path = path
        self._wish.keep(None)  # a file that ends the program must not do so at every start
        if self.state is not None:
            self._set(replace(self.state, step=Step.LOAD, problem=None, stopped=False))
        self._models.open(path, ask=False)

    # -- small -----------------------------------------------------------------------------------

    def _forget(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._job_id = self._path = ""
        if self.state is not None:
            self._wish.keep(None)

    def _set(self, state: Getting | None) -> None:
        if state == self.state:
            return
        self.state = state
        for listener in self._listeners:
            listener()


def _wish_of(job: JobStatus) -> SavedJob:
    return SavedJob(job.job_id, job.request, job.target, job.state)
