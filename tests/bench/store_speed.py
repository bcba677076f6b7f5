"""The chats on disk: how fast they are found and opened, and what writing costs an answer.

Searching and opening: 100,000 messages of mixed languages in 1,800 conversations (or as many as
are asked for), one of them of 10,000 messages. Writing: the processor time of a process that takes
in 300 tokens a second, with the store and without it, against the time the answer takes.
"""

import itertools
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.chat.store.store import ChatStore
from app.chat.store.types import NewConversation, StoredMessage
from app.core.messages import Message, Part, ReasoningPart, TextPart
from app.dialect.events import TextDelta

MESSAGES = 100_000
LONG = 10_000
PER_CONVERSATION = 50
TOKENS_PER_SECOND = 300
STREAM_SECONDS = 4.0
STREAM_ROUNDS = 5
ROUNDS = 7


class Corpus:
    """Invented words with the frequencies of real ones: few are common, most are rare."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self.latin = self._words("etaoinshrdlucmfwypvbgk", 20_000, 2, 9)
        self.cyrillic = self._words("оеаинтсрвлкмдпуяыьгзб", 10_000, 2, 9)
        self.accented = self._words("eaiésrnàtolucödmüpßñ", 10_000, 2, 9)
        self.han = self._words([chr(0x4E00 + n) for n in range(3000)], 3000, 1, 1)
        self._weights = {
            size: list(itertools.accumulate(1 / (n + 2) for n in range(size)))
            for size in (3000, 10_000, 20_000)
        }

    def text(self) -> str:
        words = int(min(3000, self._random.lognormvariate(4.2, 1.0))) + 1
        kind = self._random.choices(("latin", "han", "cyrillic", "accented"), (5, 3, 1, 1))[0]
        vocabulary: list[str] = getattr(self, kind)
        chosen = self._random.choices(
            vocabulary, cum_weights=self._weights[len(vocabulary)], k=words
        )
        return ("" if kind == "han" else " ").join(chosen)

    def _words(self, letters: str | list[str], count: int, least: int, most: int) -> list[str]:
        found: dict[str, None] = {}
        while len(found) < count:
            length = self._random.randint(least, most)
            found["".join(self._random.choice(letters) for _ in range(length))] = None
        return list(found)


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="store-speed-") as folder:
        corpus = Corpus(46)
        with _opened(folder) as store:
            long = _filled(store, corpus)
        started = time.perf_counter()
        with _opened(folder) as store:
            print(f"  opening the store: {(time.perf_counter() - started) * 1e3:.1f} ms")
            _searches(store, corpus)
            _opening(store, long)
            _streaming(store, long)
    return 0


@contextmanager
def _opened(folder: str) -> Iterator[ChatStore]:
    store = ChatStore(Path(folder))
    store.start().result()
    try:
        yield store
    finally:
        store.close(60)


def _filled(store: ChatStore, corpus: Corpus) -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdigit() else MESSAGES
    started = time.perf_counter()
    long = _fill(store, corpus, count)
    filled = time.perf_counter()
    store.indexed().result()
    indexed = time.perf_counter()
    size = store.path.stat().st_size / 1e6
    print(f"{count:,} messages: written in {filled - started:.1f} s, indexed in another")
    print(f"  {indexed - filled:.1f} s while nothing else was to be done; {size:.0f} MB")
    return long


def _fill(store: ChatStore, corpus: Corpus, count: int) -> int:
    """The id of the longest conversation."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    lengths = [min(LONG, count // 2)]
    lengths += [PER_CONVERSATION] * ((count - lengths[0]) // PER_CONVERSATION)
    futures = []
    for number, length in enumerate(lengths):
        when = start + timedelta(minutes=number)
        messages = tuple(_messages(corpus, length, when))
        title = corpus.text()[:60]
        futures.append(store.conversations.take_in(NewConversation(title, when, when, messages)))
        if number % 20 == 0:
            futures[-1].result()
    long = futures[0].result()
    futures[-1].result()
    assert long is not None
    return long


def _messages(corpus: Corpus, count: int, when: datetime) -> Iterator[StoredMessage]:
    for n in range(1, count + 1):
        parts: tuple[Part, ...] = (TextPart(corpus.text()),)
        if n % 6 == 0:
            parts = (ReasoningPart(corpus.text()), *parts)
        message = Message("user" if n % 2 else "assistant", parts)
        yield StoredMessage(n, n - 1 or None, "complete", when, message)


def _searches(store: ChatStore, corpus: Corpus) -> None:
    latin, han = corpus.latin, corpus.han
    queries = {
        "the most common word": f"{latin[0]} ",
        "three common words": f"{latin[1]} {latin[2]} {latin[3]} ",
        "a rare word": f"{latin[9000]} ",
        "two letters of a word": latin[4][:2],
        "a word and the beginning of another": f"{latin[0]} {latin[30][:3]}",
        "a phrase": f'"{latin[0]} {latin[1]}"',
        "one common Chinese character": han[0],
        "two common Chinese characters": han[0] + han[1],
        "eight common Chinese characters": "".join(han[:8]),
        "a rare Chinese character": han[2900],
        "a Russian word": corpus.cyrillic[3],
        "an accented word, typed without": "".join(corpus.accented[7]),
        "nothing": "xqzxqzxqz",
    }
    slowest = 0.0
    for name, query in queries.items():
        found = store.search.find(query)
        median = _median(lambda query=query: store.search.find(query))  # type: ignore[misc]
        slowest = max(slowest, median)
        more = "+" if found.ranked_newest else ""
        print(f"  search: {name:38} {median * 1e3:6.1f} ms   {found.found}{more} found")
    print(f"  search: the slowest median is {slowest * 1e3:.1f} ms (goal: under 50 ms)")


def _opening(store: ChatStore, long: int) -> None:
    path = store.read.path(long)
    last = [head.id for head in path[-30:]]
    outline = _median(lambda: store.read.path(long))
    parts = _median(lambda: store.read.parts(last))
    listed = _median(lambda: store.read.conversations(limit=200))
    print(f"  outline of a conversation of {len(path):,} messages: {outline * 1e3:.1f} ms")
    print(f"  parts of its last 30 messages: {parts * 1e3:.1f} ms")
    print(f"  200 of {store.read.count():,} rows of the list: {listed * 1e3:.1f} ms")


def _streaming(store: ChatStore, long: int) -> None:
    """Every token is handed over as soon as it is due, as the engine does."""
    question, asked = store.messages.ask(long, store.read.path(long)[-1].id, (TextPart("Go"),))
    asked.result()
    stream, begun = store.messages.begin_answer(long, question)
    begun.result()
    tokens: list[str] = []
    without: list[float] = []
    with_store: list[float] = []
    thread = store._writer._thread.ident
    before = _thread_seconds(thread)
    for _ in range(STREAM_ROUNDS):
        without.append(_processor_seconds(tokens.append))
        with_store.append(_processor_seconds(lambda text: stream.feed(TextDelta(text))))
    started = time.perf_counter()
    stream.finish().result()
    finish = time.perf_counter() - started
    own = (_thread_seconds(thread) - before) / STREAM_ROUNDS
    plain, kept = statistics.median(without), statistics.median(with_store)
    cost = (kept - plain) / STREAM_SECONDS
    print(f"  {TOKENS_PER_SECOND} tokens/s for {STREAM_SECONDS:.0f} s into that conversation:")
    print(f"    processor time without the store {plain * 1e3:.1f} ms, with it {kept * 1e3:.1f} ms")
    print(f"    (medians of {STREAM_ROUNDS}): {cost:.2%} of one core (goal: under 1%)")
    print(f"    of that in the store's own thread {own * 1e3:.1f} ms: {own / STREAM_SECONDS:.2%}")
    print(f"    the end of the answer is on disk after {finish * 1e3:.1f} ms")


def _thread_seconds(thread: int | None) -> float:
    """Processor time of a thread; 0 where the system does not tell."""
    if sys.platform in ("win32", "darwin") or thread is None:
        return 0.0
    return time.clock_gettime(time.pthread_getcpuclockid(thread))


def _processor_seconds(give: Callable[[str], None]) -> float:
    before = time.process_time()
    started = time.perf_counter()
    for n in range(int(TOKENS_PER_SECOND * STREAM_SECONDS)):
        left = started + n / TOKENS_PER_SECOND - time.perf_counter()
        if left > 0:
            time.sleep(left)
        give(f"token{n} ")
    return time.process_time() - before


def _median(work: Callable[[], object]) -> float:
    seconds = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


if __name__ == "__main__":
    sys.exit(main())
