"""The writing process is killed at a hundred random moments, and nothing is lost."""

import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import pytest

from app.chat.store import mend
from app.chat.store.store import ChatStore
from app.core.errors import KnownError
from tests.chat.store.crash_zygote import PIECE, streamed
from tests.chat.store.helpers import database, opened

KILLS = 100
PER_FOLDER = 10
LONGEST_SECONDS = 0.45
PROMISE_SECONDS = 0.25


@dataclass
class Told:
    """What the writer had reported when it was killed."""

    killed: float = 0.0
    given: dict[int, list[tuple[float, int]]] = field(default_factory=dict)
    done: dict[str, list[int]] = field(default_factory=dict)
    doing: tuple[float, str, int] | None = None
    slowest: float = 0.0
    late: float = 0.0

    def take(self, line: str) -> None:
        when, kind, what, name = line.split()
        moment = float(when)
        if kind == "given":
            self.given.setdefault(int(what), []).append((moment, int(name)))
        elif kind == "late":
            self.late = max(self.late, int(name) / 1e6)
        elif kind == "doing":
            self.doing = moment, what, int(name)
        else:
            assert self.doing is not None
            self.slowest = max(self.slowest, moment - self.doing[0])
            self.doing = None
            self.done.setdefault(what, []).append(int(name))

    @property
    def pause(self) -> float:
        """How long the machine kept the writer waiting: the longest that a write took which was
        waited for, and the longest that a thread waited for its turn. What delays them delays the
        stream as well."""
        waiting = self.killed - self.doing[0] if self.doing else 0.0
        return max(self.slowest, waiting) + self.late


class Zygote:
    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.chat.store.crash_zygote"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[3],
        )

    def run(self, folder: Path, seed: int, seconds: float) -> Told:
        """Let a writer work, and kill it so long after its first report."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps({"folder": str(folder), "seed": seed}) + "\n")
        stdin.flush()
        told, child, end = Told(), 0, 0.0
        for line in stdout:
            if line.startswith("child "):
                child = int(line.split()[1])
            elif line.startswith("ended "):
                assert int(line.split()[1]) == -signal.SIGKILL
                break
            elif line.count(" ") == 3 and line.endswith("\n"):
                told.take(line)
                moment = float(line.split()[0])
                end = end or moment + seconds
                if moment >= end and child and not told.killed:
                    told.killed = monotonic()
                    os.kill(child, signal.SIGKILL)
        return told

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(30)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")
def test_killed_at_a_hundred_moments_and_nothing_is_lost(tmp_path: Path) -> None:
    moments = random.Random(46)
    zygote = Zygote()
    seen: Counter[str] = Counter()
    try:
        for kill in range(KILLS):
            folder = tmp_path / str(kill // PER_FOLDER)
            told = zygote.run(folder, kill, moments.uniform(0.0, LONGEST_SECONDS))
            with opened(folder) as store:
                _check(store, told, seen)
            with database(folder) as connection:
                assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
                assert mend.problems(connection) == []
    finally:
        zygote.close()
    # The moments really fall everywhere.
    needed = (
        "streaming", "promised", "question", "edit", "again", "continue", "finished", "branch",
        "deletion",
    )  # fmt: skip
    assert min(seen[what] for what in needed) > 0


def _check(store: ChatStore, told: Told, seen: Counter[str]) -> None:
    opening = store.opening.result(30)
    assert opening.problems == ()
    assert opening.read_only_because is None
    for what, names in told.done.items():
        seen[what] += len(names)
    for message in told.done.get("question", []) + told.done.get("edit", []):
        assert store.read.message(message).message.text in ("a question", "no")
    for message in set(told.done.get("deletion", [])) - set(told.done.get("undone", [])):
        if message not in _under_way(told, "undone"):
            with pytest.raises(KnownError):
                store.messages.show(message).result(30)
    for branch in told.done.get("branch", []):
        if branch not in told.done.get("purged", []) and branch not in _under_way(told, "purged"):
            assert store.read.path(branch)
    _check_streams(store, told, seen)


def _under_way(told: Told, what: str) -> set[int]:
    return {told.doing[2]} if told.doing is not None and told.doing[1] == what else set()


def _check_streams(store: ChatStore, told: Told, seen: Counter[str]) -> None:
    deadline = told.killed - PROMISE_SECONDS - told.pause
    for message, given in told.given.items():
        promised = max((length for moment, length in given if moment <= deadline), default=0)
        try:
            stored = store.read.message(message)
        except KnownError:
            assert promised == 0
            continue
        text = stored.message.text
        assert text == streamed(message, 0, len(text))
        # The last piece may have been handed over and not been reported.
        assert promised <= len(text) <= given[-1][1] + PIECE
        reopened = message in told.done.get("continue", []) or message in _under_way(
            told, "continue"
        )
        if message in told.done.get("finished" if reopened else "answer", []):
            assert (stored.state, len(text)) == ("complete", given[-1][1])
        else:
            assert stored.state in ("interrupted", "complete")
            seen["streaming"] += 1
            seen["promised"] += promised > 0
