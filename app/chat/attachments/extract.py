"""Text out of a PDF or Word document, taken apart in a process that may break."""

import json
import logging
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO

from app.chat.attachments import documents
from app.chat.attachments.cutting import span
from app.chat.attachments.kinds import Kind, media_type
from app.chat.attachments.pieces import (
    Done,
    Piece,
    Refused,
    RefusedError,
    Remark,
    Said,
    Total,
    from_line,
)
from app.chat.attachments.types import MOST_MEMORY_BYTES, MOST_SECONDS, MayPassError, ReadText
from app.core.cancel import CancelToken
from app.core.child import module_environment
from app.core.errors import KnownError
from app.core.language import tr
from app.core.units import count, duration

_STDERR_CHARACTERS = 4000
_log = logging.getLogger(__name__)


def extract(
    path: Path,
    name: str,
    kind: Kind,
    size_bytes: int,
    cancel: CancelToken,
    on_page: Callable[[int, int], None],
    *,
    seconds: float = MOST_SECONDS,
    memory_bytes: int = MOST_MEMORY_BYTES,
) -> ReadText:
    """on_page: pages read, and how many there are. Raises Cancelled and KnownError. What was read
    before the time was up, or before the parser broke, is given with a remark."""
    request = {
        "path": str(path),
        "kind": kind,
        "seconds": seconds,
        "memory_bytes": memory_bytes,
    }
    made = _Gathered(name, on_page)
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", documents.__name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=module_environment(),
            encoding="utf-8",
            errors="surrogateescape",
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        cancel.on_cancel(process.kill)
        with process:
            if process.stdin is not None and process.stdout is not None:
                _send(process.stdin, json.dumps(request))
                made.take(process.stdout)
        cancel.raise_if_cancelled()
        if not made.done:
            errors.seek(0)
            told = errors.read().decode("utf-8", "replace")[-_STDERR_CHARACTERS:]
            _log.warning("Reading %s ended with %s: %s", name, process.returncode, told)
            made.broke_off(after_seconds=seconds if "Timeout" in told else None)
    return made.result(media_type(name), size_bytes)


def _send(pipe: IO[str], text: str) -> None:
    try:
        pipe.write(text)
        pipe.close()
    except OSError:  # it ended, or was cancelled, before it had read that
        _log.debug("The reading process took no request.")


class _Gathered:
    """What the process has said so far."""

    def __init__(self, name: str, on_page: Callable[[int, int], None]) -> None:
        self.done = False
        self._name, self._on_page = name, on_page
        self._pieces: list[Piece] = []
        self._remarks: list[str] = []
        self._pages = 0

    def take(self, lines: Iterable[str]) -> None:
        """Raises the KnownError that the process says."""
        for line in lines:
            try:
                said = from_line(line)
            except ValueError:  # the process ended in the middle of it
                return
            self._take(said)

    def _take(self, said: Said) -> None:
        match said:
            case Total(pages):
                self._pages = pages
            case Piece(page=page):
                self._pieces.append(said)
                self._on_page(page, self._pages)
            case Remark(text, values):
                self._remarks.append(tr(text, name=self._name, **values))
            case Refused(error):
                raise self._known(error)
            case Done():
                self.done = True

    def _known(self, error: RefusedError) -> KnownError:
        sentences = (error.what, error.why, error.next_step)
        said = [tr(text, name=self._name, **error.values) if text else "" for text in sentences]
        return KnownError(said[0], said[1], said[2], error.details)

    def broke_off(self, *, after_seconds: float | None) -> None:
        """Raises KnownError when nothing was read before."""
        if after_seconds is not None:
            took = duration(after_seconds)
            why = tr("Taking it apart took longer than {duration}.", duration=took)
        else:
            why = tr("It made the part of the program that reads it break off.")
        if not self._pages or not any(piece.text.strip() for piece in self._pieces):
            raise MayPassError(
                tr("{name} cannot be read.", name=self._name),
                why,
                tr("Save it again from the program that it comes from, or paste the text."),
            )
        last = self._pieces[-1].page
        told = tr("Only the pages up to {page} were read.", page=count(last))
        self._remarks.append(f"{told} {why}")

    def result(self, media: str, size_bytes: int) -> ReadText:
        text = ""
        starts: list[int] = []
        if self._pages:
            blocks: list[str] = []
            at = 0
            for piece in self._pieces:
                block = f"[Page {piece.page}]\n{piece.text.strip() or '(no text)'}\n"
                starts.append(at)
                at += len(block) + 1
                blocks.append(block)
            text = "\n".join(blocks)
        else:
            text = "\n\n".join(piece.text for piece in self._pieces)
        last, excerpt = len(self._pieces), ""
        if last < self._pages:
            excerpt = span("page", 1, last, self._pages)
        return ReadText(
            self._name,
            text,
            media,
            size_bytes,
            tuple(starts),
            self._pages,
            tuple(self._remarks),
            excerpt,
        )
