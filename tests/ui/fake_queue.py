"""A queue that does what a test says, and jobs in every state."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from app.core.errors import KnownError
from app.downloads.types import (
    DownloadRequest,
    Event,
    FileChange,
    FileProgress,
    FileRequest,
    JobState,
    JobStatus,
    QueueOrder,
    Target,
)

GB = 10**9
FOLDER = Path("/models")
UNREACHABLE = KnownError(
    "huggingface.co cannot be reached.",
    "There is no connection, or it did not answer in time.",
    "It is tried again by itself.",
)
WRONG = KnownError(
    "GLM-4.6-UD-Q3_K_XL-00002-of-00004.gguf arrived with a wrong checksum twice.",
    "What the server sends is not what the Hub lists.",
    "Try again later, or choose a file of another repository.",
    "expected 1f3a…, found 9bc2…",
)


def request(
    title: str = "GLM-4.6 UD-Q3_K_XL", files: int = 4, size: int = 158 * GB
) -> DownloadRequest:
    name = title.replace(" ", "-")
    parts = tuple(
        FileRequest(
            f"UD/{name}-{number:05}-of-{files:05}.gguf", size // files, f"{number:x}".zfill(64)
        )
        for number in range(1, files + 1)
    )
    return DownloadRequest("unsloth/GLM-4.6-GGUF", "a" * 40, parts, title, "main")


def job(
    job_id: str,
    state: JobState = JobState.RUNNING,
    done: float = 0.42,
    verified: float | None = None,
    *,
    title: str = "GLM-4.6 UD-Q3_K_XL",
    files: int = 4,
    size: int = 158 * GB,
    **changes: object,
) -> JobStatus:
    """done, verified: shares of the whole, filled file by file."""
    wanted = request(title, files, size)
    progress = []
    for number, file in enumerate(wanted.files):
        have, hashed = (
            round(file.size_bytes * min(1.0, max(0.0, share * files - number)))
            for share in (done, done if verified is None else verified)
        )
        whole = hashed == file.size_bytes
        location = FOLDER / file.path if whole or state is JobState.DONE else None
        progress.append(FileProgress(file.path, file.size_bytes, have, hashed, location))
    status = JobStatus(job_id, wanted, Target("folder", FOLDER), state, tuple(progress))
    return replace(status, **changes)  # type: ignore[arg-type]


def every_state() -> tuple[JobStatus, ...]:
    change = FileChange("UD/GLM-4.6-UD-Q2_K_XL-00001-of-00003.gguf", 46 * GB, "b" * 64, "c" * 40)
    return (
        job("run", speed_bytes_per_second=48.2e6, seconds_left=1901.0, verified=0.38),
        job("check", JobState.CHECKING, 0.1, title="GLM-4.5-Air Q4_K_M", files=2, size=73 * GB),
        job("queue", JobState.QUEUED, 0.0, title="GLM-4.7-Flash Q8_0", files=1, size=32 * GB),
        job(
            "wait",
            JobState.WAITING,
            0.6,
            title="GLM-4.6 Q4_K_M",
            reason=str(UNREACHABLE),
            retry_in_seconds=12.0,
        ),
        job("space", JobState.NO_SPACE, 0.3, title="GLM-4.6 Q8_0", needed_bytes=212 * GB),
        job("changed", JobState.CHANGED, 0.5, title="GLM-4.6 UD-Q2_K_XL", files=3, change=change),
        job("paused", JobState.PAUSED, 0.77, title="GLM-4-32B-0414 Q4_K_M", files=1, size=20 * GB),
        job("failed", JobState.FAILED, 0.55, error=WRONG),
        job("done", JobState.DONE, 1.0, title="GLM-4-9B-0414 Q4_K_M", files=1, size=6 * GB),
        job("verify", JobState.RUNNING, 1.0, 0.4, title="GLM-4.6 IQ4_XS"),
    )


class FakeQueue:
    """Commands are noted in `commands` and change what is shown as the real queue would."""

    def __init__(self, jobs: Sequence[JobStatus] = ()) -> None:
        self.statuses = {one.job_id: one for one in jobs}
        self.commands: list[tuple[object, ...]] = []
        self.added: list[tuple[DownloadRequest, Target]] = []
        self.limits: list[tuple[int | None, int]] = []
        self._callbacks: list[Callable[[Event], None]] = []

    def subscribe(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback)

    def take_up(self) -> bool:
        self.tell()
        return bool(self.statuses)

    def jobs(self) -> tuple[JobStatus, ...]:
        return tuple(self.statuses.values())

    def put(self, *jobs: JobStatus) -> None:
        """New ones, or as they are now."""
        self.statuses.update({one.job_id: one for one in jobs})
        self.tell()

    def tell(self) -> None:
        for callback in tuple(self._callbacks):
            callback(QueueOrder(tuple(self.statuses)))

    def add(self, request: DownloadRequest, target: Target) -> str:
        self.added.append((request, target))
        job_id = f"added{len(self.added)}"
        files = tuple(FileProgress(file.path, file.size_bytes) for file in request.files)
        self.put(JobStatus(job_id, request, target, JobState.QUEUED, files))
        return job_id

    def pause(self, job_id: str) -> None:
        self._note("pause", job_id, JobState.PAUSED)

    def resume(self, job_id: str) -> None:
        self._note("resume", job_id, JobState.QUEUED)

    def accept_change(self, job_id: str) -> None:
        self._note("accept", job_id, JobState.QUEUED)

    def cancel(self, job_id: str) -> None:
        self._gone("cancel", job_id)

    def remove(self, job_id: str) -> None:
        self._gone("remove", job_id)

    def move(self, job_id: str, position: int) -> None:
        self.commands.append(("move", job_id, position))
        order = [key for key in self.statuses if key != job_id]
        order.insert(position, job_id)
        self.statuses = {key: self.statuses[key] for key in order}
        self.tell()

    def set_limits(self, bytes_per_second: int | None, connections: int) -> None:
        self.limits.append((bytes_per_second, connections))

    def _note(self, command: str, job_id: str, state: JobState) -> None:
        self.commands.append((command, job_id))
        self.put(replace(self.statuses[job_id], state=state, error=None, change=None))

    def _gone(self, command: str, job_id: str) -> None:
        self.commands.append((command, job_id))
        del self.statuses[job_id]
        self.tell()
