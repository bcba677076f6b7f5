"""How a long conversation feels, in the offscreen window.

Streams 300 tokens a second into a conversation of 2,000 messages and into an empty one and measures
the gaps between two turns of the event loop; opens a conversation of 10,000 messages and measures
the time to the first picture and the memory. The goals: 99 of 100 gaps under 16 ms, the longest
under 50 ms; the first picture within 150 ms; less than 100 MB more than an empty conversation.
"""

import gc
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil
from PySide6.QtCore import QEventLoop, Qt, QTimer

from app.chat.events import RoundFinished, RoundStarted, TurnEvent, TurnFinished
from app.chat.turn import TurnOptions
from app.core.cancel import CancelToken
from app.core.messages import Message, TextPart
from app.dialect.events import TextDelta
from app.settings.store import SettingsStore
from app.ui.application import Desktop, application
from app.ui.chat.entries import Answer, Footer, Question, Thinking, Transcript
from tests.ui.scripted import DEMO, STATS, ScriptedBackend

_SECONDS = 12.0
_TOKENS_PER_SECOND = 300
PROSE = (
    "A mixture of experts keeps many feed-forward blocks and asks a few of them for each token. "
    "The **router** decides which; `k` of `n` are used.\n\n- one\n- two\n- three\n\n"
)
CODE = "```python\ndef add(a, b):\n    return a + b\n```\n\n"
_TOKEN = "word "


def _turn(number: int, transcript: Transcript) -> None:
    text = f"Answer {number}.\n\n" + PROSE * (1 + number % 3) + (CODE if number % 4 == 0 else "")
    transcript.add(Question(f"Question {number}, which is about as long as they usually are?"))
    transcript.add(Thinking(0.0, PROSE * 3, 120, 4.0, "done"))
    transcript.add(Answer(text, finished=True))
    transcript.add(Footer("6.4 tokens/s · first token 1.8 s", running=False, answer=text))


class Streaming(ScriptedBackend):
    """Writes at a steady pace from a worker thread, as the engine does."""

    def run_turn(
        self,
        history: Sequence[Message],  # noqa: ARG002 - what is asked does not matter
        options: TurnOptions,  # noqa: ARG002
        emit: Callable[[TurnEvent], None],
        cancel: CancelToken,
    ) -> TurnFinished:
        emit(RoundStarted(0))
        pause, text = threading.Event(), ""
        started = time.monotonic()
        count = 0
        while (now := time.monotonic() - started) < _SECONDS and not cancel.cancelled:
            while count < now * _TOKENS_PER_SECOND:
                token = _TOKEN if count % 40 else "\n\nNext **one**: "
                text += token
                emit(TextDelta(token))
                count += 1
            pause.wait(1 / _TOKENS_PER_SECOND)
        message = Message("assistant", (TextPart(text),))
        emit(RoundFinished(message, "end", STATS))
        return TurnFinished((message,), "end")


class Gaps:
    """How long the event loop was away, each time."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self._last = 0.0
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(1)
        self._timer.timeout.connect(self._beat)

    def start(self) -> None:
        self._last = time.perf_counter()
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()

    def _beat(self) -> None:
        now = time.perf_counter()
        self.seconds.append(now - self._last)
        self._last = now

    def percentile(self, share: float) -> float:
        return sorted(self.seconds)[int(share * (len(self.seconds) - 1))]


class Bench:
    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._app = application()
        settings = SettingsStore(Path(self._folder.name) / "settings.json")
        self.desktop = Desktop(self._app, Streaming(), settings)
        self.desktop.window.resize(1280, 800)
        self.desktop.window.show()
        self.desktop.session.models.open(DEMO)
        self.spin(lambda: self.desktop.session.ready is not None)

    def close(self) -> None:
        self.desktop.window.close()
        self.desktop.close()
        self._folder.cleanup()

    def fill(self, messages: int) -> None:
        transcript = self.desktop.session.transcript
        for number in range(messages // 2):
            _turn(number, transcript)
        self.desktop.window.page.transcript_changed()
        self._app.processEvents()

    def stream(self) -> Gaps:
        gaps = Gaps()
        self.desktop.session.ask("Go on.", TurnOptions())
        gaps.start()
        self.spin(lambda: not self.desktop.session.busy)
        gaps.stop()
        return gaps

    def open_long(self, messages: int) -> float:
        """Seconds from the entries to the first picture."""
        transcript = self.desktop.session.transcript
        for number in range(messages // 2):
            _turn(number, transcript)
        started = time.perf_counter()
        self.desktop.window.page.transcript_changed()
        self.desktop.window.page.transcript.viewport().grab()
        return time.perf_counter() - started

    def spin(self, done: Callable[[], bool]) -> None:
        while not done():
            self._app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)


def main() -> int:
    print(f"Streaming {_TOKENS_PER_SECOND} tokens/s for {_SECONDS:.0f} s; gaps of the event loop:")
    p99: dict[int, float] = {}
    for messages in (0, 2_000):
        bench = Bench()
        bench.fill(messages)
        gaps = bench.stream()
        p99[messages] = gaps.percentile(0.99)
        print(
            f"  {messages:>5} messages: median {1e3 * gaps.percentile(0.5):.1f} ms, "
            f"99% {1e3 * p99[messages]:.1f} ms, longest {1e3 * gaps.percentile(1):.1f} ms "
            f"({len(gaps.seconds)} turns)"
        )
        bench.close()
    print(f"  ratio of the 99% gaps, 2,000 messages to none: {p99[2_000] / p99[0]:.2f}")
    seconds = []
    for _ in range(5):
        bench = Bench()
        seconds.append(bench.open_long(10_000))
        bench.close()
    print(
        f"Opening 10,000 messages, to the first picture: {1e3 * statistics.median(seconds):.0f} ms"
    )
    bench = Bench()
    gc.collect()
    before = psutil.Process().memory_info().rss
    bench.open_long(10_000)
    gc.collect()
    grown = (psutil.Process().memory_info().rss - before) / 1e6
    bench.close()
    print(f"Memory for them: {grown:.0f} MB more")
    return 0


if __name__ == "__main__":
    sys.exit(main())
