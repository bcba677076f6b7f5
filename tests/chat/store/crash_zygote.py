"""A warmed process that forks one writer per line on its input, so that killing a hundred of them
does not cost a hundred starts of Python.

The writer works on the store as fast as it can and reports every step on its output after it has
handed it over: `given STREAM LENGTH` for streamed text, `asked`, `doing WHAT` before and `done WHAT
ID` after something that is waited for; each with the time on the monotonic clock, which both
processes share. `late - MICROSECONDS` tells how much later than asked for another thread of the
process got its turn: so long at least the machine keeps the store's thread waiting, too. It never
ends by itself.
"""

import json
import os
import random
import sys
import threading
import time
import traceback
from concurrent.futures import Future
from pathlib import Path

from app.chat.store.store import ChatStore
from app.chat.store.stream import AnswerStream
from app.core.messages import TextPart

PIECE = 7
_AHEAD = 1000
_BEAT_SECONDS = 0.005


def streamed(message: int, start: int, end: int) -> str:
    """From start to end of the text of a stream: endless, and different for each."""
    block = "".join(f"{message % 9973}.{n} " for n in range(500))
    first = start // len(block)
    repeated = block * (end // len(block) + 1 - first)
    return repeated[start - first * len(block) : end - first * len(block)]


class Writer:
    def __init__(self, folder: Path, seed: int) -> None:
        self._moments = random.Random(seed)
        self._store = ChatStore(folder)
        self._store.start().result()
        self._streams = 0
        self._seed = seed
        self._lengths: dict[int, int] = {}
        threading.Thread(target=self._beat, daemon=True).start()

    def work(self) -> None:
        while True:
            chat, created = self._store.conversations.create(f"Chat of {self._seed}")
            self._wait("chat", chat, created)
            leaf: int | None = None
            messages: list[int] = []
            for _ in range(self._moments.randint(1, 4)):
                leaf = self._turn(chat, leaf, messages)
            self._disturb(chat, messages)

    def _beat(self) -> None:
        longest = 0.0
        while True:
            before = time.monotonic()
            time.sleep(_BEAT_SECONDS)
            late = time.monotonic() - before - _BEAT_SECONDS
            if late > longest:
                longest = late
                self._report("late", "-", round(late * 1e6))

    def _turn(self, chat: int, leaf: int | None, messages: list[int]) -> int:
        question, asked = self._store.messages.ask(chat, leaf, (TextPart("a question"),))
        self._wait("question", question, asked)
        stream, _ = self._store.messages.begin_answer(chat, question)
        self._answer(stream, 0)
        if self._moments.random() < 0.3:
            stream, begun = self._store.messages.begin_answer(chat, question)
            self._wait("again", stream.message, begun)
            self._answer(stream, 0)
        if self._moments.random() < 0.4:
            length = self._lengths[stream.message]
            stream, reopened = self._store.messages.continue_answer(stream.message)
            self._wait("continue", stream.message, reopened)
            self._answer(stream, length, "finished")
        messages += [question, stream.message]
        return stream.message

    def _answer(self, stream: AnswerStream, length: int, what: str = "answer") -> None:
        """length: of what there is of it already."""
        text = streamed(stream.message, length, length + _AHEAD * PIECE)
        for n in range(self._moments.choice((20, 500, 1_000_000))):
            if n and n % _AHEAD == 0:
                text = streamed(stream.message, length, length + _AHEAD * PIECE)
            at = n % _AHEAD * PIECE
            stream.text(text[at : at + PIECE])
            length += PIECE
            self._report("given", stream.message, length)
        self._lengths[stream.message] = length
        if self._moments.random() < 0.7:
            self._wait(what, stream.message, stream.finish())

    def _disturb(self, chat: int, messages: list[int]) -> None:
        chosen = self._moments.choice(messages)
        edited, future = self._store.messages.edit_question(chat, messages[0], (TextPart("no"),))
        self._wait("edit", edited, future)
        self._store.messages.show(chosen)
        branch, future = self._store.conversations.branch(chosen)
        self._wait("branch", branch, future)
        alone = self._moments.random() < 0.5
        deletion, future = self._store.messages.delete(messages[0], alone=alone)
        self._wait("deletion", messages[0], future)
        if self._moments.random() < 0.5:
            self._wait("undone", messages[0], self._store.messages.undo_delete(deletion))
        if self._moments.random() < 0.3:
            self._wait("purged", branch, self._store.conversations.purge(branch))

    def _wait(self, what: str, name: int, future: Future[None]) -> None:
        self._report("doing", what, name)
        future.result()
        self._report("done", what, name)

    def _report(self, *words: object) -> None:
        line = " ".join(map(str, (time.monotonic(), *words)))
        os.write(1, f"{line}\n".encode())


def main() -> None:
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            try:
                Writer(Path(order["folder"]), order["seed"]).work()
            except BaseException:  # noqa: BLE001 - the parent must see a failure as such
                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(1)
        os.write(1, f"child {child}\n".encode())
        _, status = os.waitpid(child, 0)
        os.write(1, f"\nended {os.waitstatus_to_exitcode(status)}\n".encode())


if __name__ == "__main__":
    main()
