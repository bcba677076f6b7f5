"""What a chip says about its file."""

import pytest

from app.chat.attachments.fitting import Size
from app.chat.attachments.reading import ReadProgress
from app.chat.attachments.types import ReadText
from app.core.errors import KnownError
from app.core.messages import AttachmentPart
from app.ui.chat.attachments.desk import Item
from app.ui.chat.attachments.file_words import detail, part_detail
from app.ui.chat.attachments.viewer import text_name


def item(read: ReadText, size: Size) -> Item:
    return Item(read.name, whole=read, chosen=read, size=size, size_bytes=read.size_bytes)


def test_what_is_exact_and_what_is_estimated() -> None:
    read = ReadText("a.csv", "a,b\n", size_bytes=12_000)
    assert detail(item(read, Size(1_243, exact=True))) == "12.0 kB · 1,243 tokens"
    assert detail(item(read, Size(1_243))) == "12.0 kB · about 1,200 tokens"


def test_pasted_text_and_parts() -> None:
    assert detail(item(ReadText("a", "x" * 1234), Size(9, exact=True))) == (
        "1,234 characters · 9 tokens"
    )
    cut = ReadText("a", "x", size_bytes=9_000, excerpt="pages 1–2 of 9")
    assert detail(item(cut, Size(9, exact=True))) == "pages 1–2 of 9 · 9 tokens"
    assert part_detail(cut.part) == "pages 1–2 of 9"
    assert part_detail(AttachmentPart("lost.txt", "")) == "its text is not kept"


@pytest.mark.parametrize(
    ("progress", "says"),
    [
        (None, "Reading…"),
        (ReadProgress(3, 20), "Reading page 3 of 20…"),
        (ReadProgress(0, 0), "Reading…"),
        (ReadProgress(5_000_000, 20_000_000), "Reading… 25%"),
    ],
)
def test_how_far_the_reading_is(progress: ReadProgress | None, says: str) -> None:
    reading = Item("a.pdf")
    reading.progress = progress
    assert detail(reading) == says


def test_what_failed() -> None:
    failed = Item("a.png")
    failed.error = KnownError("a.png is a picture.")
    assert detail(failed) == "✕ not added"


@pytest.mark.parametrize(
    ("name", "saved"),
    [("report.pdf", "report.txt"), ("a.docx", "a.txt"), ("b.csv", "b.csv"), ("../x/y", ".._x_y")],
)
def test_the_name_of_a_saved_text(name: str, saved: str) -> None:
    assert text_name(name) == saved
