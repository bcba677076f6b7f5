"""What the list shows: headings, conversations and search hits. No Qt."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.chat.store.search import Found
from app.chat.store.types import ConversationHead
from app.core.language import mark, tr

UNTITLED = mark("New chat")
_NO_FOLDERS: Mapping[int, str] = {}


@dataclass(frozen=True)
class Heading:
    text: str


@dataclass(frozen=True)
class Line:
    """A conversation, or a place in one. detail: in small letters below the title. message: where
    to jump to, None for nowhere. folder: where it lies."""

    conversation: int
    title: str
    detail: str = ""
    pinned: bool = False
    message: int | None = None
    folder: int | None = None

    @property
    def spoken(self) -> str:
        return ", ".join(filter(None, (self.title, self.detail, "pinned" if self.pinned else "")))


Item = Heading | Line


def list_items(
    heads: Sequence[ConversationHead], now: datetime, folders: Mapping[int, str] = _NO_FOLDERS
) -> Iterator[Item]:
    """By day, as the store orders them: pinned ones first. folders: names to be told."""
    before = ""
    today = now.astimezone().date()
    for head in heads:
        day = head.changed.astimezone()
        group = tr("Pinned") if head.pinned else _group(day.date(), today)
        if group != before:
            yield Heading(group)
            before = group
        moment = f"{day:%H:%M}" if day.date() == today else f"{day:%d %b %Y}"
        inside = folders.get(head.folder, "") if head.folder is not None else ""
        detail = " · ".join(filter(None, (moment, inside)))
        yield Line(head.id, head.title or tr(UNTITLED), detail, head.pinned, folder=head.folder)


def found_items(found: Found) -> Iterator[Item]:
    if found.titles:
        yield Heading(tr("Titles"))
    for title in found.titles:
        yield Line(title.conversation, title.title or tr(UNTITLED), _where(archived=title.archived))
    if found.hits:
        yield Heading(tr("Messages") if not found.ranked_newest else tr("Messages, the newest"))
    for hit in found.hits:
        snippet = f"{'…' if hit.cut_before else ''}{hit.snippet}{'…' if hit.cut_after else ''}"
        yield Line(hit.conversation, hit.title or tr(UNTITLED), snippet, message=hit.message)


def _where(*, archived: bool) -> str:
    return tr("in the archive") if archived else ""


def _group(day: date, today: date) -> str:
    if day >= today:
        return tr("Today")
    if day == today - timedelta(days=1):
        return tr("Yesterday")
    if day > today - timedelta(days=7):
        return tr("Last 7 days")
    if day > today - timedelta(days=30):
        return tr("Last 30 days")
    return f"{day:%B %Y}"
