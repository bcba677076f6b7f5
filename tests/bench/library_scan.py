"""How fast a folder of 10,000 files is listed: for the first time, and when nothing has changed."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from app.core.cancel import CancelToken
from app.library.library import Library
from app.library.listing import models_of
from app.library.types import Source
from app.library.walk import Walk
from tests.gguf.makers import BASE, header

_FILES = 10_000
_GOAL_SECONDS = 1.0


def main() -> int:
    """0 when the goal is met."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "models"
        folder.mkdir()
        data, size = header({**BASE, "general.name": "Bench"})
        whole = data + bytes(size - len(data))
        for number in range(_FILES):
            (folder / f"model-{number:05d}-Q4_K_M.gguf").write_bytes(whole)
        source = Source("folder", "Your folder", folder)
        library = Library(lambda: (source,), Path(name) / "cache.json", Path(name) / "records.json")
        listing = _seconds(lambda: _list(source))
        print(f"{_FILES:,} model files listed by name: {listing:.2f} s (goal {_GOAL_SECONDS:.0f})")
        print(f"their headers read once: {_seconds(library.scan, 1):.2f} s")
        again = _seconds(library.scan)
        print(f"listed again, nothing changed: {again:.2f} s (goal {_GOAL_SECONDS:.0f})")
    return 0 if max(listing, again) <= _GOAL_SECONDS else 1


def _list(source: Source) -> object:
    walk = Walk(source)
    walk.run(CancelToken())
    return models_of(walk)


def _seconds(work: Callable[[], object], rounds: int = 3) -> float:
    """Processor time of the best of a few rounds: other work on the machine hardly counts, and
    what is read was written a moment ago, so that nothing waits for the disk."""
    times = []
    for _ in range(rounds):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return min(times)


if __name__ == "__main__":
    raise SystemExit(main())
