"""Small reads from /proc and /sys, where any file may be absent, forbidden or odd."""

from pathlib import Path


def read_text(path: Path, limit: int = 65_536) -> str | None:
    """The text without its edges; None when it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(limit).decode("utf-8", "replace").strip("\0 \t\r\n")
    except OSError:
        return None


def read_int(path: Path) -> int | None:
    """A decimal number that is not negative; None otherwise."""
    text = read_text(path)
    return int(text) if text is not None and text.isascii() and text.isdigit() else None
