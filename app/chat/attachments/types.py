"""What was read from a file; frozen, so that it may cross threads."""

from dataclasses import dataclass

from app.core.errors import KnownError
from app.core.messages import AttachmentPart

LARGEST_TEXT = 32_000_000
"""Bytes of a file that is text already."""
LARGEST_DOCUMENT = 200_000_000
"""Bytes of a file that has to be taken apart first."""
MOST_CHARACTERS = 16_000_000
MOST_SECONDS = 60
MOST_MEMORY_BYTES = 1_500_000_000
"""Of the process that takes a document apart."""


@dataclass(eq=False)
class MayPassError(KnownError):
    """Trying again may help: the file or its drive was in the way, not what is in it."""


@dataclass(frozen=True)
class ReadText:
    """text: lines end in "\\n". starts: where each page begins in it, () for what has no pages.
    pages: how many the file has; more than were read when reading was cut short. remarks: what a
    person should know about the reading, in sentences. excerpt: as in AttachmentPart.
    """

    name: str
    text: str
    media_type: str = "text/plain"
    size_bytes: int | None = None
    starts: tuple[int, ...] = ()
    pages: int = 0
    remarks: tuple[str, ...] = ()
    excerpt: str = ""

    @property
    def part(self) -> AttachmentPart:
        return AttachmentPart(
            self.name, self.text, self.media_type, self.size_bytes, excerpt=self.excerpt
        )
