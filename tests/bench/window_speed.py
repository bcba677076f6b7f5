"""What an open window costs: the engine streams into it (offscreen), against a bare loop over
llama_decode on the same file, taking turns. The goal is 0.98 of the bare loop.
"""

import logging
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QEventLoop

from app.chat.events import Progress, RoundFinished, RoundStarted, TurnEvent, TurnFinished
from app.chat.turn import TurnOptions
from app.core.cancel import CancelToken
from app.core.messages import Message, TextPart
from app.core.prompt import Prompt
from app.dialect.events import TextDelta
from app.engine.protocol import Finished, PromptProgress, TextChunk
from app.settings.store import SettingsStore
from app.ui.application import Desktop, application
from tests.bench.engine_speed import GOAL, PAIRS, Speed, WholeEngine, compare, report
from tests.ui.scripted import DEMO, ScriptedBackend


class EngineTurns(ScriptedBackend):
    """A backend whose turns are the engine's, on a prompt of the benchmark's."""

    def __init__(self, engine: "WindowEngine") -> None:
        super().__init__()
        self._engine = engine
        self.prompt = Prompt(())
        self.finished: list[Finished] = []

    def run_turn(
        self,
        history: Sequence[Message],  # noqa: ARG002 - the prompt is the benchmark's own
        options: TurnOptions,  # noqa: ARG002
        emit: Callable[[TurnEvent], None],
        cancel: CancelToken,
    ) -> TurnFinished:
        emit(RoundStarted(0))
        text = ""
        sampling = self._engine.sampling
        for event in self._engine.client.generate(self.prompt, sampling, cancel):
            if isinstance(event, PromptProgress):
                emit(event)
            elif isinstance(event, TextChunk):
                text += event.text
                emit(TextDelta(event.text))
                emit(Progress(event.generated_tokens, event.generated_tokens, None))
            else:
                self.finished.append(event)
        last = self.finished[-1]
        message = Message("assistant", (TextPart(text),))
        emit(RoundFinished(message, last.reason, last.stats))
        return TurnFinished((message,), last.reason)


class WindowEngine(WholeEngine):
    """Asks through a window that is open and shows the answer as it comes."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._folder = tempfile.TemporaryDirectory()
        self._backend = EngineTurns(self)
        settings = SettingsStore(Path(self._folder.name) / "settings.json")
        self._app = application()
        self._desktop = Desktop(self._app, self._backend, settings)
        self._desktop.window.resize(1280, 800)
        self._desktop.window.show()
        self._desktop.session.models.open(DEMO)
        self._spin(lambda: self._desktop.session.ready is not None)

    def run(self, prompt: Prompt) -> Speed:
        self._backend.prompt = prompt
        self._backend.finished.clear()
        self._desktop.session.ask("How fast?", TurnOptions())
        self._spin(lambda: not self._desktop.session.busy)
        return self.speed(self._backend.finished[-1])

    def close(self) -> None:
        self._desktop.window.close()
        self._desktop.close()
        super().close()
        self._folder.cleanup()

    def _spin(self, done: Callable[[], bool]) -> None:
        while not done():
            # Without a time limit: with one, Qt does not wait for events but spins.
            self._app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)


def main() -> int:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    logging.getLogger("llama.cpp").setLevel(logging.ERROR)
    print(f"{PAIRS} pairs with a window open and streaming")
    reached = report("with a window", compare(make=WindowEngine))
    print(f"goal of {GOAL}: {'reached' if reached else 'missed'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
