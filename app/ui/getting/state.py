"""Where a model is on its way from one click to the first answer."""

from dataclasses import dataclass
from enum import StrEnum

from app.core.errors import KnownError
from app.core.language import mark, sentences, tr
from app.core.units import gigabytes
from app.downloads.types import JobState, JobStatus
from app.ui.downloads.words import (
    change_text,
    pace_text,
    percent_text,
    progress_text,
    retry_text,
    state_text,
    verifying,
)


class Step(StrEnum):
    LOOKING = "looking"  # at the disk, and at the repository for what is to be fetched
    DOWNLOAD = "download"
    VERIFY = "verify"
    LOAD = "load"
    WAITING = "waiting"  # it is there; loading it would disturb what goes on
    CHOOSING = "choosing"  # it does not fit as planned: the person decides on the load panel
    READY = "ready"


ORDER = (Step.DOWNLOAD, Step.VERIFY, Step.LOAD)
TITLES = {Step.DOWNLOAD: mark("Download"), Step.VERIFY: mark("Verify"), Step.LOAD: mark("Load")}


@dataclass(frozen=True)
class Getting:
    """title: what is got. job: of the queue, while there is one. fraction: of the step, None when
    unknown. problem: why the step did not succeed; stopped: the person stopped it. stage: what
    loading is doing."""

    title: str
    step: Step
    job: JobStatus | None = None
    fraction: float | None = None
    problem: KnownError | None = None
    stopped: bool = False
    stage: str = ""
    open_now: str = ""

    @property
    def running(self) -> bool:
        """Something goes on by itself."""
        asks = self.job is not None and self.job.state in (JobState.CHANGED, JobState.PAUSED)
        over = self.step in (Step.READY, Step.WAITING, Step.CHOOSING)
        return self.problem is None and not self.stopped and not asks and not over

    @property
    def sentence(self) -> str:
        """What the step does, with its figures."""
        if self.stopped:
            return self._stopped()
        if self.problem is not None:
            return str(self.problem)
        match self.step:
            case Step.LOOKING:
                return tr("Looking at what is on the Hub and on this disk.")
            case Step.DOWNLOAD | Step.VERIFY if self.job is not None:
                return _job_sentence(self.job)
            case Step.LOAD:
                percent = f" · {percent_text(100 * self.fraction)}" if self.fraction else ""
                stage = self.stage or tr("planning the load for this machine")
                return f"{stage}{percent}"
            case Step.WAITING:
                return tr(
                    "It is on this disk. Loading it replaces {open_now}.", open_now=self.open_now
                )
            case Step.CHOOSING:
                return tr("It is on this disk. It does not fit as it is: see the plan in the chat.")
            case Step.READY:
                return tr("Ready.")
            case _:
                return ""

    def _stopped(self) -> str:
        if self.step is Step.LOAD:
            return tr("Loading was stopped. The file is on this disk.")
        have = gigabytes(self.job.done_bytes) if self.job is not None else ""
        return (
            tr("Stopped. The {have} that have come are kept.", have=have)
            if have
            else tr("Stopped.")
        )


def _job_sentence(job: JobStatus) -> str:
    match job.state:
        case JobState.CHANGED:
            return change_text(job)
        case JobState.WAITING:
            reason = job.reason or tr("Waiting for the network.")
            return sentences(reason, retry_text(job))
        case JobState.RUNNING if not verifying(job):
            return " · ".join(filter(None, (progress_text(job), pace_text(job))))
        case JobState.PAUSED:
            return tr("Paused · {job}", job=progress_text(job))
        case _:
            return state_text(job)
