"""What the row about an earlier place for models says."""

from collections.abc import Sequence
from pathlib import Path

from app.core.language import tr
from app.core.units import count, gigabytes
from app.downloads.types import Target
from app.library.earlier import EarlierPlace, MovingSet
from app.library.relocating import Moving, Outcome
from app.ui.downloads.words import left_text, part_of, percent_text

_LONGEST = 36


def place_name(target: Target) -> str:
    return tr("the Hugging Face cache") if target.kind == "hub-cache" else str(target.folder)


def short_name(target: Target) -> str:
    """For a button."""
    name = place_name(target)
    if len(name) <= _LONGEST:
        return name
    last = Path(name).name
    return f"…/{last[:_LONGEST]}"


def what_text(place: EarlierPlace, *, left: bool) -> str:
    """`12 models, 640 GB, are still in /old.`"""
    parts = [
        _number(place.models, "model"),
        _number(place.downloads, tr("unfinished download")),
        _number(place.others, tr("other file")) if not place.models else "",
    ]
    told = [part for part in parts if part]
    one = len(told) == 1 and place.models + place.downloads + place.others == 1
    verb = ("stays" if one else "stay") if left else (tr("is still") if one else tr("are still"))
    where = place.target.folder
    return tr(
        "{value}, {size}, {verb} in {where}.",
        value=" and ".join(told),
        size=gigabytes(place.size_bytes),
        verb=verb,
        where=where,
    )


def need_text(place: EarlierPlace, new: Target) -> str:
    name = place_name(new)
    if not place.needed_bytes:
        return tr("It is the same disk as {name}: moving takes a moment and no room.", name=name)
    needed = gigabytes(place.needed_bytes)
    if place.free_bytes is None:
        return tr("Moving copies {needed} to another disk, {name}.", needed=needed, name=name)
    free = gigabytes(place.free_bytes)
    if place.free_bytes < place.needed_bytes:
        return tr(
            "There is no room in {name}: moving needs {needed}, and {free} are free.",
            name=name,
            needed=needed,
            free=free,
        )
    return tr(
        "Moving copies {needed} to another disk and checks every byte; {free} "
        "are free in {name}. It can be stopped and taken up again at any time.",
        needed=needed,
        free=free,
        name=name,
    )


def progress_text(now: Moving) -> str:
    percent = 100 * now.done_bytes / now.size_bytes if now.size_bytes else 0.0
    parts = [part_of(now.done_bytes, now.size_bytes), percent_text(percent)]
    if now.seconds_left is not None and now.done_bytes < now.size_bytes:
        parts.append(left_text(now.seconds_left))
    return " · ".join(parts)


def outcome_text(outcome: Outcome, place: EarlierPlace, new: Target) -> str:
    whole, moved = len(place.sets), len(outcome.moved)
    name = place_name(new)
    if moved == whole:
        return tr("Moved to {name}: {moved}.", name=name, moved=_things(outcome.moved))
    begun = tr("Stopped. ") if outcome.cancelled else ""
    if moved:
        told = tr(
            "{begun}Moved to {name}: {moved}. The rest is where it was.",
            begun=begun,
            name=name,
            moved=_things(outcome.moved),
        )
    else:
        told = tr("{begun}Nothing was moved, everything is where it was.", begun=begun)
    if outcome.split:
        told = told.replace("everything is where it was.", "nothing is lost.")
        told = told.replace("The rest is where it was.", "Nothing is lost.")
    return " ".join([told, *_split(outcome.split), *map(str, outcome.problems[:3])])


def _split(sets: Sequence[MovingSet]) -> list[str]:
    return [
        tr(
            "Of {title}, some files are in the new place already: move the rest or put them back",
            title=one.title,
        )
        + (tr(" before its download goes on.") if one.job_id else tr(", then it can be used."))
        for one in sets
    ]


def _things(sets: Sequence[MovingSet]) -> str:
    models = sum(one.is_model and not one.job_id for one in sets)
    downloads = sum(bool(one.job_id) for one in sets)
    others = len(sets) - models - downloads
    parts = [
        _number(models, "model"),
        _number(downloads, tr("unfinished download")),
        _number(others, tr("other file")),
    ]
    size = gigabytes(sum(one.size_bytes for one in sets))
    return " and ".join(filter(None, parts)) + f", {size}"


def _number(number: int, what: str) -> str:
    if not number:
        return ""
    return f"1 {what}" if number == 1 else f"{count(number)} {what}s"
