"""What chips and panels say about a file."""

from app.chat.attachments.cutting import Unit
from app.chat.attachments.fitting import Size
from app.core.language import tr
from app.core.messages import AttachmentPart
from app.core.units import count, gigabytes
from app.ui.chat.attachments.desk import Item

_ROUND_FROM = 100


def tokens_of(size: Size) -> str:
    """`1,240 tokens`, `about 1,200 tokens`."""
    if size.exact:
        return tr("{count} tokens", count=count(size.tokens))
    return tr("about {count} tokens", count=count(rounded(size.tokens)))


def rounded(number: int) -> int:
    """Two figures: more would claim what an estimate does not know."""
    if number < _ROUND_FROM:
        return number
    places = len(str(number)) - 2
    return round(number, -places)


def extent_of(size_bytes: int | None, characters: int) -> str:
    if size_bytes is None:
        return tr("{count} characters", count=count(characters))
    return gigabytes(size_bytes)


def detail(item: Item) -> str:
    """The second line of its chip."""
    if item.error is not None:
        return tr("✕ not added")
    if item.chosen is None or item.job is not None:
        return _progress(item)
    which = item.chosen.excerpt or extent_of(item.size_bytes, len(item.chosen.text))
    return f"{which} · {tokens_of(item.size)}"


def part_detail(part: AttachmentPart) -> str:
    """Of an attachment that was sent."""
    if not part.text:
        return tr("its text is not kept")
    return part.excerpt or extent_of(part.size_bytes, len(part.text))


def unit_name(unit: Unit, *, many: bool) -> str:
    if unit == "page":
        return tr("pages") if many else tr("page")
    return tr("lines") if many else tr("line")


def _progress(item: Item) -> str:
    progress = item.progress
    if item.chosen is not None:
        return tr("Counting…")
    if progress is None or not progress.total:
        return tr("Reading…")
    if progress.total > 10_000:
        return tr("Reading… {percent}%", percent=100 * progress.done // progress.total)
    return tr("Reading page {page} of {pages}…", page=progress.done, pages=progress.total)
