"""How a long chat from the disk feels: from the click in the list to the first picture, and what
comes after it.

A store with a conversation of 10,000 messages and fifty short ones lies on the disk; the window is
open (offscreen), with the list, the gauge and everything else that listens. Measured in time that
went by and, because a machine may be busy with others, in processor time: of the thread that draws
and of the whole program. The goals: the first picture within 150 ms, no gap of the event loop of
more than 50 ms on the way, keys under 8 ms, less than 100 MB.
"""

import argparse
import gc
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
from PySide6.QtCore import QEventLoop, QModelIndex, Qt, QTimer
from PySide6.QtTest import QTest

from app.chat.store.store import ChatStore
from app.chat.store.types import Making, NewConversation, StoredMessage
from app.chat.turn import TurnOptions
from app.core.messages import Message, Part, ReasoningPart, TextPart
from app.settings.store import SettingsStore
from app.ui.application import Desktop, application
from app.ui.chat.history.panel import HistoryPanel
from app.ui.collecting import collect_seldom
from tests.bench.transcript_speed import CODE, PROSE, Gaps, Streaming
from tests.ui.scripted import DEMO, STATS, model

_QUIET_SECONDS = 0.4
_QUIET_SHARE = 0.3
_OTHERS = 50
# So that nothing has to be left out.
_CONTEXT = 100_000_000
_MADE = Making("GLM-4.6", "Q4_K_M", {"temperature": 1.0}, 7, asdict(STATS), "end")


def written(store: ChatStore, title: str, messages: int) -> int:
    """A conversation like those that people have; its name in the store."""
    begun = datetime.now(UTC) - timedelta(days=30)
    stored = []
    for number in range(messages):
        parts: tuple[Part, ...] = (
            TextPart(f"Question {number}, which is about as long as they usually are?"),
        )
        if number % 2:
            code = CODE if number % 8 == 1 else ""
            text = f"Answer {number}.\n\n" + PROSE * (1 + number % 3) + code
            parts = (ReasoningPart(PROSE * 3, 4.0, True), TextPart(text))
        role, making = ("assistant", _MADE) if number % 2 else ("user", None)
        message = Message(role, parts)  # type: ignore[arg-type]
        stored.append(StoredMessage(number + 1, number or None, "complete", begun, message, making))
    new = NewConversation(title, begun, begun, tuple(stored), chosen=messages)
    found = store.conversations.take_in(new).result()
    assert found is not None
    return found


@dataclass(frozen=True)
class Cost:
    """Seconds. drawing: processor time of the GUI thread; program: of all threads."""

    wall: float
    drawing: float
    program: float

    def __str__(self) -> str:
        return (
            f"{1e3 * self.wall:.0f} ms (processor: {1e3 * self.drawing:.0f} ms drawing, "
            f"{1e3 * self.program:.0f} ms in all)"
        )


class _Watch:
    def __init__(self) -> None:
        self._then = time.perf_counter(), time.thread_time(), time.process_time()

    @property
    def cost(self) -> Cost:
        wall, drawing, program = self._then
        return Cost(
            time.perf_counter() - wall,
            time.thread_time() - drawing,
            time.process_time() - program,
        )


class LongChat:
    """A window on a store in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._app = application()
        self._store = ChatStore(folder / "chats")
        self._store.start().result()
        settings = SettingsStore(folder / "settings.json")
        ready = model(DEMO)
        ready = replace(ready, info=replace(ready.info, context_tokens=_CONTEXT))
        backend = Streaming(loads={DEMO: ready})
        self.desktop = Desktop(self._app, backend, settings, chats=self._store)
        self.page, self.session = self.desktop.window.page, self.desktop.session
        self.desktop.window.resize(1280, 800)
        self.desktop.window.show()
        collect_seldom()
        self.session.models.open(DEMO)
        self.spin(lambda: self.session.ready is not None and bool(self.history.shown))
        self.rest()

    @property
    def history(self) -> HistoryPanel:
        history = self.page.history
        assert history is not None
        return history

    def close(self) -> None:
        self.desktop.window.close()
        self.desktop.close()
        self._store.close()

    def click(self, conversation: int) -> None:
        """On its row."""
        view = self.history.view
        model = view.model()
        rows = [model.index(row, 0, QModelIndex()) for row in range(model.rowCount(QModelIndex()))]
        items = self.history.shown
        row = next(
            index
            for index, item in zip(rows, items, strict=True)
            if getattr(item, "conversation", None) == conversation
        )
        view.scrollTo(row)
        place = view.visualRect(row).center()
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)

    def open(self, conversation: int) -> tuple[Cost, Cost, Gaps]:
        """From the click to the first picture, then until nothing happens any more."""
        gaps, watch = Gaps(), _Watch()
        gaps.start()
        self.click(conversation)
        self.spin(lambda: self.session.conversation == conversation)
        self.page.transcript.viewport().grab()
        first = watch.cost
        self.rest()
        gaps.stop()
        return first, watch.cost, gaps

    def type(self, text: str) -> list[Cost]:
        found = []
        for letter in text:
            watch = _Watch()
            QTest.keyClicks(self.page.composer.edit, letter)
            self._app.processEvents()
            found.append(watch.cost)
            self.wait(0.03)
        return found

    def ask(self) -> tuple[Cost, Gaps]:
        """Until it was sent, and the gaps of the loop until the first tokens are shown."""
        gaps, watch = Gaps(), _Watch()
        gaps.start()
        self.session.ask("Go on.", TurnOptions())
        self.spin(lambda: self.session.busy)
        sent = watch.cost
        self.wait(2.0)
        gaps.stop()
        self.session.stop()
        self.spin(lambda: not self.session.busy)
        self.rest()
        return sent, gaps

    def spin(self, done: Callable[[], bool]) -> None:
        while not done():
            self._app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)

    def wait(self, seconds: float) -> None:
        over = False

        def end() -> None:
            nonlocal over
            over = True

        QTimer.singleShot(int(seconds * 1e3), end)
        self.spin(lambda: over)

    def rest(self) -> None:
        """Until the program has used next to no processor for a while."""
        used = 1.0
        while used > _QUIET_SHARE * _QUIET_SECONDS:
            before = time.process_time()
            self.wait(_QUIET_SECONDS)
            used = time.process_time() - before


def report(messages: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = ChatStore(folder / "chats")
        store.start().result()
        long = written(store, "The long one", messages)
        short = [written(store, f"Chat {number}", 6) for number in range(_OTHERS)]
        store.close()
        bench = LongChat(folder)
        gc.collect()
        before = psutil.Process().memory_info().rss
        opened = []
        for one in range(rounds):
            opened.append(bench.open(long))
            if not one:
                gc.collect()
                grown = (psutil.Process().memory_info().rss - before) / 1e6
            if one < rounds - 1:
                bench.open(short[one])
        opened.sort(key=lambda found: found[0].wall)
        first, whole, _ = opened[rounds // 2]
        longest = statistics.median(gaps.percentile(1) for _, _, gaps in opened)
        print(f"Opening {messages:,} messages, to the first picture: {first}")
        print(f"  until all is done: {whole}, longest gap {1e3 * longest:.0f} ms")
        print(f"  memory: {grown:.0f} MB more")
        keys = bench.type("What about the second one of these, then?")
        slowest = max(keys, key=lambda key: key.drawing)
        typical = statistics.median(key.drawing for key in keys)
        print(f"A key in its composer: {1e3 * typical:.1f} ms drawing; the slowest {slowest}")
        bench.rest()
        bench.page.composer.set_text("")
        sent, gaps = bench.ask()
        print(f"Sending a question: {sent}; longest gap then {1e3 * gaps.percentile(1):.0f} ms")
        watch = _Watch()
        for one in range(4):
            bench.click(long if one % 2 else short[0])
        bench.click(short[1])
        bench.spin(lambda: bench.session.conversation == short[1])
        print(f"Five chats clicked in a row, until the last is open: {watch.cost}")
        bench.rest()
        bench.close()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    # Started by the name of the benchmark, which stands among the arguments then.
    chosen, _ = parser.parse_known_args()
    report(chosen.messages, chosen.rounds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
