"""What the list says of models. No Qt."""

from datetime import UTC, datetime
from typing import Literal

from app.core.language import mark, sentences, tr
from app.core.units import count, duration, gigabytes
from app.downloads.types import JobState, JobStatus
from app.library.remove import Removal
from app.library.types import InstalledModel, Snapshot
from app.library.verify import VerifyProgress

Tone = Literal["ok", "warn", "bad", "plain"]

STATES: dict[str, tuple[str, Tone]] = {
    "complete": (mark("Ready"), "ok"),
    "partial": (mark("Not complete"), "warn"),
    "broken": (mark("Broken"), "bad"),
    "foreign": (mark("Not loadable"), "plain"),
}


def state_chip(model: InstalledModel) -> tuple[str, Tone]:
    """Nothing but the word; a whole model whose header was not read yet is being looked at."""
    if not model.read:
        return tr("Looking"), "plain"
    if model.state == "complete" and model.verified is not None:
        return (tr("Verified"), "ok") if model.verified.by == "sha256" else (tr("Checked"), "ok")
    text, tone = STATES[model.state]
    return tr(text), tone


def origin_line(model: InstalledModel, now: datetime, *, short: bool = False) -> str:
    """`LM Studio · unsloth/GLM-4.6-GGUF · used 3 days ago`."""
    used = (
        ""
        if model.last_used is None
        else tr("used {last_used}", last_used=ago(model.last_used, now))
    )
    repository = "" if short else model.repository
    return " · ".join(part for part in (tr(model.source.label), repository, used) if part)


def ago(then: datetime, now: datetime | None = None) -> str:
    days = ((now or datetime.now(UTC)) - then).days
    if days < 1:
        return "today"
    if days < 2:
        return "yesterday"
    return tr("{days} days ago", days=days) if days < 60 else tr("on {then:%Y-%m-%d}", then=then)


def facts_line(model: InstalledModel) -> str:
    """What the header says, in one line."""
    facts = model.facts
    files = tr("1 file") if len(model.files) == 1 else tr("{files} files", files=len(model.files))
    said = [
        _so_far(model),
        _parameters(facts.parameters) if facts.parameters else "",
        facts.architecture or "",
        tr("trained for {context} tokens", context=count(facts.context_tokens))
        if facts.context_tokens
        else "",
        files,
    ]
    if model.attached:
        said.append(tr("with {value}", value=", ".join(file.name for file in model.attached[:3])))
    return " · ".join(part for part in said if part)


def _so_far(model: InstalledModel) -> str:
    """How much of a download is here, where its journal or the files tell."""
    sizes = [file.size_bytes for file in model.files]
    known = [size for size in sizes if size is not None]
    if model.state != "partial" or model.missing or len(known) < len(sizes):
        return ""
    return tr(
        "{size} of {known} are here", size=gigabytes(model.size_bytes), known=gigabytes(sum(known))
    )


def _parameters(number: int) -> str:
    for unit, factor in (("billion", 10**9), ("million", 10**6)):
        if number >= factor:
            return tr("{number:.3g} {unit} parameters", number=number / factor, unit=unit)
    return tr("{number} parameters", number=count(number))


def proof_line(model: InstalledModel) -> str:
    if model.verified is None:
        return ""
    day = f"{model.verified.when.astimezone():%Y-%m-%d}"
    if model.verified.by == "sha256":
        return tr("Verified on {day}: every byte is what was published.", day=day)
    return tr(
        "Checked on {day}: the structure is sound; no hash is known for these files.", day=day
    )


def summary_line(snapshot: Snapshot, shown: int, free_bytes: int | None) -> str:
    number = len(snapshot.models)
    counted = tr("1 model") if number == 1 else tr("{number} models", number=count(number))
    if shown != number:
        counted = tr("{shown} of {counted}", shown=count(shown), counted=counted)
    free = (
        ""
        if free_bytes is None
        else tr("{free} free where downloads go", free=gigabytes(free_bytes))
    )
    size = gigabytes(snapshot.size_bytes) if number else ""
    return " · ".join(filter(None, (counted if number else "", size, free)))


def reading_line(snapshot: Snapshot) -> str:
    number = len(snapshot.models)
    return tr(
        "Looking into files: {number} of {number2}",
        number=count(number - snapshot.unread),
        number2=count(number),
    )


def problems_line(snapshot: Snapshot) -> str:
    texts = [problem.text for problem in snapshot.problems]
    return "\n".join(texts[:3]) + (
        tr("\nand {texts} more", texts=len(texts) - 3) if len(texts) > 3 else ""
    )


def first_question(removal: Removal) -> str:
    frees = gigabytes(removal.frees_bytes)
    text = tr(
        "Move {title} to the trash? Emptying the trash then frees {frees}.",
        title=removal.model.title,
        frees=frees,
    )
    return sentences(text, removal.kept)


def verify_line(progress: VerifyProgress) -> str:
    done, size = gigabytes(progress.done_bytes), gigabytes(progress.size_bytes)
    speed, left = progress.bytes_per_second, progress.seconds_left
    rate = f" · {gigabytes(int(speed))}/s" if speed else ""
    rest = tr(" · about {left} left", left=duration(left)) if left and left >= 1 else ""
    return tr("{done} of {size}{rate}{rest}", done=done, size=size, rate=rate, rest=rest)


def repair_line(status: JobStatus) -> str:
    done, size = gigabytes(status.done_bytes), gigabytes(status.size_bytes)
    if status.state is JobState.NO_SPACE:
        return tr(
            "The disk is full: {needed} more are needed.", needed=gigabytes(status.needed_bytes)
        )
    if status.state is JobState.WAITING:
        return tr("Waiting: {reason}.", reason=status.reason)
    speed = status.speed_bytes_per_second
    return tr("Fetching: {done} of {size}", done=done, size=size) + (
        f" · {gigabytes(int(speed))}/s" if speed else ""
    )
