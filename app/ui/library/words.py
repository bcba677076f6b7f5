"""What the list says of models. No Qt."""

from datetime import UTC, datetime
from typing import Literal

from app.core.units import count, duration, gigabytes
from app.downloads.types import JobState, JobStatus
from app.library.remove import Removal
from app.library.types import InstalledModel, Snapshot
from app.library.verify import VerifyProgress

Tone = Literal["ok", "warn", "bad", "plain"]

STATES: dict[str, tuple[str, Tone]] = {
    "complete": ("Ready", "ok"),
    "partial": ("Not complete", "warn"),
    "broken": ("Broken", "bad"),
    "foreign": ("Not loadable", "plain"),
}


def state_chip(model: InstalledModel) -> tuple[str, Tone]:
    """Nothing but the word; a whole model whose header was not read yet is being looked at."""
    if not model.read:
        return "Looking", "plain"
    if model.state == "complete" and model.verified is not None:
        return ("Verified", "ok") if model.verified.by == "sha256" else ("Checked", "ok")
    return STATES[model.state]


def origin_line(model: InstalledModel, now: datetime, *, short: bool = False) -> str:
    """`LM Studio · unsloth/GLM-4.6-GGUF · used 3 days ago`."""
    used = "" if model.last_used is None else f"used {ago(model.last_used, now)}"
    repository = "" if short else model.repository
    return " · ".join(part for part in (model.source.label, repository, used) if part)


def ago(then: datetime, now: datetime | None = None) -> str:
    days = ((now or datetime.now(UTC)) - then).days
    if days < 1:
        return "today"
    if days < 2:
        return "yesterday"
    return f"{days} days ago" if days < 60 else f"on {then:%Y-%m-%d}"


def facts_line(model: InstalledModel) -> str:
    """What the header says, in one line."""
    facts = model.facts
    files = "1 file" if len(model.files) == 1 else f"{len(model.files)} files"
    said = [
        _so_far(model),
        _parameters(facts.parameters) if facts.parameters else "",
        facts.architecture or "",
        f"trained for {count(facts.context_tokens)} tokens" if facts.context_tokens else "",
        files,
    ]
    if model.attached:
        said.append(f"with {', '.join(file.name for file in model.attached[:3])}")
    return " · ".join(part for part in said if part)


def _so_far(model: InstalledModel) -> str:
    """How much of a download is here, where its journal or the files tell."""
    sizes = [file.size_bytes for file in model.files]
    known = [size for size in sizes if size is not None]
    if model.state != "partial" or model.missing or len(known) < len(sizes):
        return ""
    return f"{gigabytes(model.size_bytes)} of {gigabytes(sum(known))} are here"


def _parameters(number: int) -> str:
    for unit, factor in (("billion", 10**9), ("million", 10**6)):
        if number >= factor:
            return f"{number / factor:.3g} {unit} parameters"
    return f"{count(number)} parameters"


def proof_line(model: InstalledModel) -> str:
    if model.verified is None:
        return ""
    day = f"{model.verified.when.astimezone():%Y-%m-%d}"
    if model.verified.by == "sha256":
        return f"Verified on {day}: every byte is what was published."
    return f"Checked on {day}: the structure is sound; no hash is known for these files."


def summary_line(snapshot: Snapshot, shown: int, free_bytes: int | None) -> str:
    number = len(snapshot.models)
    counted = "1 model" if number == 1 else f"{count(number)} models"
    if shown != number:
        counted = f"{count(shown)} of {counted}"
    free = "" if free_bytes is None else f"{gigabytes(free_bytes)} free where downloads go"
    size = gigabytes(snapshot.size_bytes) if number else ""
    return " · ".join(filter(None, (counted if number else "", size, free)))


def reading_line(snapshot: Snapshot) -> str:
    number = len(snapshot.models)
    return f"Looking into files: {count(number - snapshot.unread)} of {count(number)}"


def problems_line(snapshot: Snapshot) -> str:
    texts = [problem.text for problem in snapshot.problems]
    return "\n".join(texts[:3]) + (f"\nand {len(texts) - 3} more" if len(texts) > 3 else "")


def first_question(removal: Removal) -> str:
    frees = gigabytes(removal.frees_bytes)
    text = f"Move {removal.model.title} to the trash? Emptying the trash then frees {frees}."
    return f"{text} {removal.kept}".rstrip()


def verify_line(progress: VerifyProgress) -> str:
    done, size = gigabytes(progress.done_bytes), gigabytes(progress.size_bytes)
    speed, left = progress.bytes_per_second, progress.seconds_left
    rate = f" · {gigabytes(int(speed))}/s" if speed else ""
    rest = f" · about {duration(left)} left" if left and left >= 1 else ""
    return f"{done} of {size}{rate}{rest}"


def repair_line(status: JobStatus) -> str:
    done, size = gigabytes(status.done_bytes), gigabytes(status.size_bytes)
    if status.state is JobState.NO_SPACE:
        return f"The disk is full: {gigabytes(status.needed_bytes)} more are needed."
    if status.state is JobState.WAITING:
        return f"Waiting: {status.reason}."
    speed = status.speed_bytes_per_second
    return f"Fetching: {done} of {size}" + (f" · {gigabytes(int(speed))}/s" if speed else "")
