"""A backend that says what a test tells it to say, when the test lets it."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NoReturn

from app.chat.context.breakdown import Breakdown
from app.chat.context.larger import LargerContexts
from app.chat.context.model import Asked, ModelContext
from app.chat.context.policy import Cut
from app.chat.context.summary import Emit, Summary
from app.chat.events import RoundFinished, TurnEvent, TurnFinished
from app.chat.loading import Loader, PlannedLoad, Wanted
from app.chat.turn import TurnOptions, TurnRunner
from app.core.cancel import CancelToken
from app.core.errors import Cancelled
from app.core.messages import Message, TextPart
from app.core.placement import Placement
from app.core.prompt import Prompt
from app.core.sampling import Sampling
from app.engine.protocol import FinishReason, LoadProgress, ModelInfo, Stats
from app.tools.registry import BUILTIN_TOOLS
from app.tools.runner import ToolRunner
from app.ui.chat.model_state import Ability, LoadedModel
from tests.chat.context.fakes import CountingEngine
from tests.chat.scripted import glm_template

DEMO = "/models/demo.gguf"
STATS = Stats(1310, 1204, 96, 410.0, 6.4, 1.8, 1904, 32768, 7)
Step = TurnEvent | Exception | threading.Event


def model(path: str = DEMO, **changes: object) -> LoadedModel:
    info = ModelInfo(
        path=path,
        name="GLM-4.6",
        architecture="glm4moe",
        description="",
        size_bytes=135_000_000_000,
        parameters=357_000_000_000,
        context_tokens=32768,
        trained_context_tokens=202752,
        chat_template="",
        special_tokens=(),
        adds_bos=False,
        bos_text="",
        eos_text="",
    )
    values: dict[str, object] = {
        "thinking": Ability(True),
        "tools": Ability(True),
        "tool_count": 2,
        "defaults": Sampling(),
        "demo": path == DEMO,
    }
    return LoadedModel(info, **{**values, **changes})  # type: ignore[arg-type]


class NoEngine:
    def load(self, *_: object) -> NoReturn:
        raise AssertionError("nothing is loaded here")


def _opened() -> threading.Event:
    event = threading.Event()
    event.set()
    return event


def _planner() -> Loader:
    return Loader(NoEngine(), measurements=lambda: Path("no-measurements.json"))


@dataclass
class ScriptedBackend:
    """turns: what each turn does, step by step. An Event in it waits for the test; an exception is
    raised. loads: what a load of that path gives; unknown paths give `model(path)`. plans: what
    planning a path gives; others have no plan. planning, adjusting: wait for the test when cleared.
    titles: what the model calls chats, one after the other.
    """

    turns: list[list[Step]] = field(default_factory=list)
    loads: dict[str, LoadedModel | Exception] = field(default_factory=dict)
    progress: list[tuple[LoadProgress, threading.Event]] = field(default_factory=list)
    histories: list[tuple[Message, ...]] = field(default_factory=list)
    options: list[TurnOptions] = field(default_factory=list)
    unloads: int = 0
    plans: dict[str, PlannedLoad | Exception] = field(default_factory=dict)
    wanted: list[Wanted] = field(default_factory=list)
    loaded: list[PlannedLoad] = field(default_factory=list)
    planning: threading.Event = field(default_factory=_opened)
    adjusting: threading.Event = field(default_factory=_opened)
    loader: Loader = field(default_factory=_planner)
    reason: FinishReason = "end"
    unmeasurable: Exception | None = None
    titles: list[str | Exception | threading.Event] = field(default_factory=list)
    larger: LargerContexts | Exception = field(default_factory=LargerContexts)
    tokenizer: CountingEngine = field(default_factory=lambda: CountingEngine([]))
    loaded_info: ModelInfo | None = None
    model_context: tuple[ModelInfo, ModelContext] | None = None

    def write_title(
        self, history: Sequence[Message], options: TurnOptions, cancel: CancelToken
    ) -> str:
        self.histories.append(tuple(history))
        self.options.append(options)
        step = self.titles.pop(0) if self.titles else ""
        if isinstance(step, threading.Event):
            _wait(step, cancel)
            cancel.raise_if_cancelled()
            step = self.titles.pop(0) if self.titles else ""
        if isinstance(step, Exception):
            raise step
        return step if isinstance(step, str) else ""

    def is_demo(self, path: str) -> bool:
        return path == DEMO

    def plan(self, path: str) -> PlannedLoad:
        self.planning.wait(20)
        planned = self.plans.get(path) or PlannedLoad(Path(path), Placement())
        if isinstance(planned, Exception):
            raise planned
        return planned

    def adjust(self, planned: PlannedLoad, wanted: Wanted) -> PlannedLoad:
        self.wanted.append(wanted)
        self.adjusting.wait(20)
        return self.loader.adjusted(planned, wanted)

    def load_planned(
        self,
        planned: PlannedLoad,
        on_progress: Callable[[LoadProgress], None],
        cancel: CancelToken,
    ) -> LoadedModel:
        self.loaded.append(planned)
        path = str(planned.path)
        for event, gate in self.progress:
            on_progress(event)
            _wait(gate, cancel)
            if cancel.cancelled:
                raise Cancelled
        result = self.loads.get(path) or model(path)
        if isinstance(result, Exception):
            raise result
        self.loaded_info = result.info
        return replace(result, wanted=planned.wanted)

    def unload(self) -> None:
        self.unloads += 1

    def measure(self, asked: Asked, *, ask: bool) -> Breakdown:
        if self.unmeasurable is not None:
            raise self.unmeasurable
        return self._context.breakdown(asked, ask=ask)

    def tokens_of(self, text: str) -> int:
        return self._context.counter.count(Prompt((text,)))

    def leaving_out(self, asked: Asked, breakdown: Breakdown) -> Cut | None:
        return self._context.leaving_out(asked, breakdown)

    def summarize(self, asked: Asked, upto: int, emit: Emit, cancel: CancelToken) -> Summary:
        return self._context.summarize(asked, upto, emit, cancel)

    def larger_contexts(self, least_tokens: int) -> LargerContexts:  # noqa: ARG002
        if isinstance(self.larger, Exception):
            raise self.larger
        return self.larger

    @property
    def _context(self) -> ModelContext:
        """Counts letters; see `tokenizer`."""
        info = self.loaded_info
        assert info is not None
        if self.model_context is None or self.model_context[0] is not info:
            runner = TurnRunner(self.tokenizer, glm_template(), ToolRunner(BUILTIN_TOOLS))
            self.model_context = info, ModelContext(self.tokenizer, runner, info)
        return self.model_context[1]

    def run_turn(
        self,
        history: Sequence[Message],
        options: TurnOptions,
        emit: Callable[[TurnEvent], None],
        cancel: CancelToken,
    ) -> TurnFinished:
        self.histories.append(tuple(history))
        self.options.append(options)
        messages: list[Message] = []
        for step in self.turns.pop(0) if self.turns else []:
            if isinstance(step, threading.Event):
                _wait(step, cancel)
            elif isinstance(step, Exception):
                raise step
            else:
                emit(step)
                if isinstance(step, RoundFinished):
                    messages.append(step.message)
            if cancel.cancelled:
                return TurnFinished(tuple(messages), "cancelled")
        finished = TurnFinished(tuple(messages), self.reason)
        emit(finished)
        return finished


def _wait(gate: threading.Event, cancel: CancelToken) -> None:
    cancel.on_cancel(gate.set)
    assert gate.wait(20), "the test never opened the gate"


def round_finished(text: str, stats: Stats = STATS) -> RoundFinished:
    return RoundFinished(Message("assistant", (TextPart(text),)), "end", stats)
