"""The session's backend on the real engine."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from app.chat.context.breakdown import Breakdown
from app.chat.context.larger import LargerContexts, larger_contexts
from app.chat.context.model import Asked, ModelContext
from app.chat.context.policy import Cut
from app.chat.context.summary import Emit, Summary
from app.chat.defaults import default_sampling, is_demo
from app.chat.events import TurnEvent, TurnFinished
from app.chat.loading import PlannedLoad, Wanted
from app.chat.services import Services, chat_template
from app.chat.titles import TitleWriter
from app.chat.turn import TurnOptions, TurnRunner
from app.core.cancel import CancelToken
from app.core.language import tr
from app.core.messages import Message
from app.core.paths import demo_model_path
from app.core.prompt import Prompt
from app.dialect.template import ChatTemplate
from app.engine.protocol import LoadProgress
from app.settings.declared import CONTEXT_TOKENS
from app.ui.chat.model_state import Ability, LoadedModel


class EngineBackend:
    """Blocking; for worker threads."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._lock = threading.Lock()
        self._runner: TurnRunner | None = None
        self._context: ModelContext | None = None

    def is_demo(self, path: str) -> bool:
        return Path(path).name == demo_model_path().name

    def plan(self, path: str) -> PlannedLoad:
        context = self._services.settings.get(CONTEXT_TOKENS)
        return self._services.loader.plan(Path(path), context)

    def adjust(self, planned: PlannedLoad, wanted: Wanted) -> PlannedLoad:
        return self._services.loader.adjusted(planned, wanted)

    def load_planned(
        self,
        planned: PlannedLoad,
        on_progress: Callable[[LoadProgress], None],
        cancel: CancelToken,
    ) -> LoadedModel:
        result = self._services.loader.load(planned, on_progress, cancel)
        info, measurement = result.info, result.measurement
        self._services.library.note_used(planned.path)
        template = chat_template(info)
        cancel.raise_if_cancelled()
        runner = self._services.turn_runner(template)
        with self._lock:
            self._runner = runner
            self._context = ModelContext(self._services.engine, runner, info)
        return LoadedModel(
            info,
            **_abilities(template),
            tool_count=len(self._services.toolbox.runner.specs),
            defaults=default_sampling(info),
            demo=is_demo(info),
            wanted=planned.wanted,
            measured=measurement.text if measurement is not None else "",
        )

    def unload(self) -> None:
        self._services.engine.unload()
        self._services.library.note_unloaded()
        self._services.loader.unloaded()

    def measure(self, asked: Asked, *, ask: bool) -> Breakdown:
        return self._of_model.breakdown(asked, ask=ask)

    def tokens_of(self, text: str) -> int:
        return self._of_model.counter.count(Prompt((text,)))

    def leaving_out(self, asked: Asked, breakdown: Breakdown) -> Cut | None:
        return self._of_model.leaving_out(asked, breakdown)

    def summarize(self, asked: Asked, upto: int, emit: Emit, cancel: CancelToken) -> Summary:
        return self._of_model.summarize(asked, upto, emit, cancel)

    def larger_contexts(self, least_tokens: int) -> LargerContexts:
        return larger_contexts(self._services.loader, least_tokens)

    @property
    def _of_model(self) -> ModelContext:
        with self._lock:
            context = self._context
        if context is None:
            raise RuntimeError("a context needs a loaded model")
        return context

    def run_turn(
        self,
        history: Sequence[Message],
        options: TurnOptions,
        emit: Callable[[TurnEvent], None],
        cancel: CancelToken,
    ) -> TurnFinished:
        return self._turns.run(history, options, emit, cancel)

    def write_title(
        self, history: Sequence[Message], options: TurnOptions, cancel: CancelToken
    ) -> str:
        return TitleWriter(self._services.engine, self._turns).write(history, options, cancel)

    @property
    def _turns(self) -> TurnRunner:
        with self._lock:
            runner = self._runner
        if runner is None:
            raise RuntimeError("a turn needs a loaded model")
        return runner


def _abilities(template: ChatTemplate) -> dict[str, Ability]:
    """By the names that they have in a LoadedModel."""
    can = template.capabilities
    found = {
        "thinking": can.thinking_switch,
        "tools": can.tools,
        "answer_now": can.answer_now,
        "keep_reasoning": can.keep_reasoning,
        "instructions": can.system_prompt,
    }
    return {name: Ability(one.supported, tr(one.reason)) for name, one in found.items()}
