"""What a download says of itself, in words and figures."""

from collections.abc import Sequence
from pathlib import Path

from app.core.language import mark, sentences, tr
from app.core.units import duration, gigabytes
from app.downloads.types import FileProgress, JobState, JobStatus

Tone = str
"""Of a chip: plain, busy, ok, warn, bad."""

_CHIPS: dict[JobState, tuple[str, Tone]] = {
    JobState.QUEUED: (mark("Queued"), "plain"),
    JobState.CHECKING: (mark("Checking"), "busy"),
    JobState.RUNNING: (mark("Running"), "busy"),
    JobState.WAITING: (mark("Waiting"), "warn"),
    JobState.NO_SPACE: (mark("Disk full"), "warn"),
    JobState.CHANGED: (mark("Asks"), "warn"),
    JobState.PAUSED: (mark("Paused"), "plain"),
    JobState.FAILED: (mark("Failed"), "bad"),
    JobState.DONE: (mark("Complete"), "ok"),
}


def chip_of(job: JobStatus) -> tuple[str, Tone]:
    if verifying(job):
        return tr("Verifying"), "busy"
    text, kind = _CHIPS[job.state]
    return tr(text), kind


def verifying(job: JobStatus) -> bool:
    """Every byte is here, and some are still to be hashed."""
    here = job.done_bytes == job.size_bytes > job.verified_bytes
    return job.state is JobState.RUNNING and here


def title_of(job: JobStatus) -> str:
    return job.request.title or job.request.repo


def source_of(job: JobStatus) -> str:
    """`unsloth/GLM-4.6-GGUF · 4 files`."""
    return f"{job.request.repo} · {files_text(len(job.request.files))}"


def files_text(number: int) -> str:
    return tr("1 file") if number == 1 else tr("{number} files", number=number)


def part_of(done: int, size: int) -> str:
    """`66.4 of 158 GB`; the unit twice only where they differ."""
    have, whole = gigabytes(done), gigabytes(size)
    number, _, unit = have.partition(" ")
    return (
        tr("{number} of {whole}", number=number, whole=whole)
        if whole.endswith(f" {unit}")
        else tr("{have} of {whole}", have=have, whole=whole)
    )


def percent_text(percent: float) -> str:
    """Rounded down: 100% means that it is all there."""
    return f"{int(percent)}%"


def progress_text(job: JobStatus) -> str:
    """Bytes, percent and how much of it is verified."""
    if job.state is JobState.DONE:
        return gigabytes(job.size_bytes)
    parts = [part_of(job.done_bytes, job.size_bytes), percent_text(job.percent)]
    if job.verified_bytes < job.done_bytes:
        parts.append(tr("{verified} verified", verified=gigabytes(job.verified_bytes)))
    return " · ".join(parts)


def pace_text(job: JobStatus) -> str:
    """Speed and time left, or ""."""
    speed = job.speed_bytes_per_second
    if job.state is not JobState.RUNNING or not speed:
        return ""
    parts = [f"{gigabytes(round(speed))}/s"]
    if job.seconds_left is not None:
        parts.append(left_text(job.seconds_left))
    return " · ".join(parts)


def left_text(seconds: float) -> str:
    """Coarse enough not to flicker."""
    if seconds < 10:
        return tr("a few seconds left")
    return tr("about {seconds} left", seconds=_roughly(seconds))


def all_text(seconds: float) -> str:
    """Of all downloads together, as coarse."""
    if seconds < 10:
        return tr("all in a few seconds")
    return tr("all in about {seconds}", seconds=_roughly(seconds))


def _roughly(seconds: float) -> str:
    step = 60 if seconds >= 120 else 5
    return duration(round(seconds / step) * step)


def state_text(job: JobStatus) -> str:
    """A sentence where the chip does not say it all, else ""."""
    match job.state:
        case JobState.QUEUED:
            return tr("Starts when those before it are through.")
        case JobState.CHECKING:
            return tr("Looking at the disk and at what is there already.")
        case JobState.RUNNING if verifying(job):
            share = percent_text(100 * job.verified_bytes / job.size_bytes)
            return tr(
                "All bytes are here; {share} of them are compared with the checksum.", share=share
            )
        case JobState.WAITING:
            return sentences(job.reason, retry_text(job))
        case JobState.NO_SPACE:
            return tr(
                "Needs {needed} more room in {folder}. It goes on by itself when there is room.",
                needed=gigabytes(job.needed_bytes),
                folder=job.target.folder,
            )
        case JobState.CHANGED:
            return change_text(job)
        case JobState.DONE:
            return tr("In {job}", job=folder_of(job))
        case _:
            return ""


def retry_text(job: JobStatus) -> str:
    left = job.retry_in_seconds
    if left is None:
        return ""
    return tr("Next try in {left:.0f} s.", left=left) if left >= 1 else tr("Trying again now.")


def change_text(job: JobStatus) -> str:
    change = job.change
    if change is None:
        return tr("A file has changed on the server.")
    name = change.path.rpartition("/")[2]
    return tr(
        "{name} was replaced on the server after this download began; it is "
        "another file of {size} now. What came of the old one cannot be used for "
        "it.",
        name=name,
        size=gigabytes(change.size_bytes),
    )


def cancel_text(job: JobStatus) -> str:
    """What cancelling throws away and what it keeps."""
    complete = [file for file in job.files if file.location is not None]
    unfinished = sum(file.done_bytes for file in job.files if file.location is None)
    parts = [
        tr("{unfinished} of unfinished files are thrown away.", unfinished=gigabytes(unfinished))
    ]
    if complete:
        size = gigabytes(sum(file.size_bytes for file in complete))
        stay = (
            tr("1 complete file stays")
            if len(complete) == 1
            else tr("{complete} complete files stay", complete=len(complete))
        )
        parts.append(tr("{stay} ({size}).", stay=stay, size=size))
    return sentences(*parts)


def file_text(file: FileProgress) -> str:
    if file.location is not None:
        return " · ".join((gigabytes(file.size_bytes), tr("complete")))
    if not file.done_bytes:
        return gigabytes(file.size_bytes)
    return part_of(file.done_bytes, file.size_bytes)


def folder_of(job: JobStatus) -> Path:
    """Where the files are, once there are some."""
    first = first_location(job)
    return first.parent if first is not None else job.target.folder


def first_location(job: JobStatus) -> Path | None:
    """What to load."""
    return job.files[0].location if job.files else None


def overall_percent(jobs: Sequence[JobStatus]) -> float:
    """Of several at once, by bytes."""
    size = sum(job.size_bytes for job in jobs)
    return min(99.9, 100.0 * sum(job.done_bytes for job in jobs) / size) if size else 0.0


def badge_percent(jobs: Sequence[JobStatus]) -> str:
    return percent_text(overall_percent(jobs))


def summary_text(jobs: Sequence[JobStatus], going_on: Sequence[JobStatus]) -> str:
    """One line for all of them."""
    if not jobs:
        return ""
    if not going_on:
        done = sum(job.state is JobState.DONE for job in jobs)
        return tr("{done} of {jobs} complete, nothing is running.", done=done, jobs=len(jobs))
    size = sum(job.size_bytes for job in going_on)
    done_bytes = sum(job.done_bytes for job in going_on)
    parts = [tr("{going_on} in the queue", going_on=len(going_on)), part_of(done_bytes, size)]
    speed = next((j.speed_bytes_per_second for j in going_on if j.speed_bytes_per_second), None)
    if speed:
        parts.append(f"{gigabytes(round(speed))}/s")
        parts.append(all_text((size - done_bytes) / speed))
    return " · ".join(parts)
