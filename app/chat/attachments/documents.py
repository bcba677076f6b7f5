"""The reading process: `python -m app.chat.attachments.documents`, a request as JSON on standard
input, lines as in `pieces.py` on standard output.

Parsers of documents can hang or eat memory on files that were made for it, so this process bounds
itself and may be killed at any time. `reading.py` starts it.
"""

import faulthandler
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from app.chat.attachments.pieces import (
    Done,
    Piece,
    Refused,
    RefusedError,
    Remark,
    Said,
    Total,
    to_line,
)
from app.chat.attachments.types import MOST_CHARACTERS
from app.core.language import mark
from app.core.units import count

_DEEPEST_RECURSION = 2_000


def main() -> None:
    request = json.load(sys.stdin)
    # Ends the process even from within a parser's C code.
    faulthandler.dump_traceback_later(request["seconds"], exit=True)
    _bound_memory(request["memory_bytes"])
    sys.setrecursionlimit(_DEEPEST_RECURSION)
    try:
        for said in _bounded(_read(Path(request["path"]), request["kind"])):
            _say(said)
        _say(Done())
    except RefusedError as error:
        _say(Refused(error))
    except (MemoryError, RecursionError) as error:
        _say(Refused(_too_much(error)))


def _read(path: Path, kind: str) -> Iterator[Piece | Total | Remark]:
    if kind == "pdf":
        from app.chat.attachments.pdf import read_pdf

        return read_pdf(path)
    from app.chat.attachments.archive import read_archive

    return read_archive(path)


def _bounded(pieces: Iterator[Piece | Total | Remark]) -> Iterator[Said]:
    left = MOST_CHARACTERS
    for said in pieces:
        if isinstance(said, Piece):
            if len(said.text) > left:
                yield Piece(said.text[:left], said.page)
                values = {"count": count(MOST_CHARACTERS)}
                yield Remark(mark("Only the first {count} characters were read."), values)
                return
            left -= len(said.text)
        yield said


def _say(said: Said) -> None:
    sys.stdout.write(to_line(said))
    sys.stdout.flush()


def _bound_memory(most_bytes: int) -> None:
    """Where the system can: Linux. Elsewhere the bounds on sizes and time have to do."""
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (most_bytes, most_bytes))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _too_much(error: Exception) -> RefusedError:
    return RefusedError(
        mark("{name} cannot be read."),
        mark("Taking it apart needs more memory than a document should."),
        mark("Save it again from the program that it comes from, or paste the text."),
        type(error).__name__,
    )


if __name__ == "__main__":
    main()
