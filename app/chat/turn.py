"""The turn: ask, run the tools that the model calls, ask again, until there is an answer."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from app.chat import notices
from app.chat.calls import RoundCalls, Tools
from app.chat.events import TurnFinished
from app.chat.record import TurnRecord
from app.chat.round import Asking, Emit, Engine, Round, RoundResult
from app.chat.thinking import ThinkingLimit
from app.core.cancel import CancelToken
from app.core.errors import Cancelled, KnownError
from app.core.language import tr
from app.core.messages import Message, ToolSpec, system
from app.core.prompt import Prompt
from app.core.sampling import GLM_GENERAL, Sampling
from app.dialect.begun import BegunAnswer, Continuation
from app.dialect.reader import Reader
from app.dialect.template import ChatTemplate
from app.tools.consent import Gate, closed_gate
from app.tools.tool import Tool

MAX_ROUNDS = 8


@dataclass(frozen=True)
class TurnOptions:
    """thinking and tools_enabled are wishes: a template that lacks the ability goes without.

    tools_off: the names of tools that are not offered. gate: who allows calls; without one only
    tools that touch nothing are offered. thinking_budget_tokens: of all thinking of the turn; 0 for
    no limit.
    answer_now: set when the thinking shall end at once. keep_reasoning: the prompt repeats the
    thinking of earlier turns, where the template can. begun: an answer to the history that is there
    already; the first message of the turn then is all of it, and takes its place.
    """

    thinking: bool = True
    tools_enabled: bool = False
    tools_off: frozenset[str] = frozenset()
    gate: Gate | None = field(default=None, compare=False, repr=False)
    sampling: Sampling = GLM_GENERAL.sampling
    system_prompt: str = ""
    thinking_budget_tokens: int = 0
    answer_now: CancelToken = field(default_factory=CancelToken, compare=False, repr=False)
    keep_reasoning: bool = False
    begun: BegunAnswer | None = None


class TurnRunner:
    """Holds no state between turns. `run` blocks: call it on a worker thread or without a window.

    At most MAX_ROUNDS prompts go to the engine in one turn. Then the turn ends with a notice rather
    than with one more prompt without tools: leaving the tools out changes the beginning of the
    prompt, so that a large model would read the whole conversation again.
    """

    def __init__(
        self,
        engine: Engine,
        template: ChatTemplate,
        tools: Tools,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._template = template
        self._tools = tools
        self._monotonic = monotonic

    def run(
        self,
        history: Sequence[Message],
        options: TurnOptions,
        emit: Emit,
        cancel: CancelToken,
    ) -> TurnFinished:
        """The messages that the turn adds to `history`, which ends with the user's.

        emit is called on this thread. A cancelled turn returns what there is, with reason
        "cancelled". Raises KnownError, as TurnError once there is something to keep.
        """
        turn = TurnRecord((*self._opening(options), *history), emit)
        finished = self._loop(turn, options, emit, cancel)
        emit(finished)
        return finished

    def offered(self, options: TurnOptions) -> tuple[ToolSpec, ...]:
        """The tools of a turn with these options."""
        return tuple(tool.spec for tool in self._offered(options))

    def prompt(self, history: Sequence[Message], options: TurnOptions) -> Prompt:
        """Of the first round of a turn with these options. Raises KnownError."""
        return self.spelled(history, options).prompt

    def spelled(
        self, history: Sequence[Message], options: TurnOptions, *, answer_now: bool = False
    ) -> Continuation:
        """As `prompt`. answer_now: without thinking, but beginning like the prompt with it."""
        begun = BegunAnswer(
            answer_now=answer_now and self._template.capabilities.answer_now.supported
        )
        messages = (*self._opening(options), *history)
        return self._spelled(messages, begun, self.offered(options), options)

    def new_reader(self, prompt: Prompt, options: TurnOptions) -> Reader:
        """For an answer to it."""
        family = self._template.capabilities.family
        return Reader(family, self.offered(options), prompt.opens_thinking)

    def _offered(self, options: TurnOptions) -> tuple[Tool, ...]:
        if not options.tools_enabled or not self._takes_tools:
            return ()
        tools = self._tools.offered(options.tools_off)
        return tuple(tool for tool in tools if options.gate is not None or tool.effect == "none")

    def _prepared(self, options: TurnOptions, cancel: CancelToken) -> tuple[Tool, ...]:
        """Those of the whole turn: its prompts begin alike. Blocks; raises Cancelled."""
        if options.tools_enabled and self._takes_tools and options.gate is not None:
            self._tools.prepare(cancel)
        return self._offered(options)

    @property
    def _takes_tools(self) -> bool:
        return self._template.capabilities.tools.supported

    def _opening(self, options: TurnOptions) -> tuple[Message, ...]:
        if not options.system_prompt:
            return ()
        ability = self._template.capabilities.system_prompt
        if not ability.supported:
            raise KnownError(
                tr("The system prompt cannot be used."), ability.reason, tr("Ask without one.")
            )
        return (system(options.system_prompt),)

    def _loop(
        self, turn: TurnRecord, options: TurnOptions, emit: Emit, cancel: CancelToken
    ) -> TurnFinished:
        try:
            tools = self._prepared(options, cancel)
        except Cancelled:
            return turn.finish("cancelled")
        specs = tuple(tool.spec for tool in tools)
        limit = self._limit(options)
        for index in range(MAX_ROUNDS):
            if cancel.cancelled:
                return turn.finish("cancelled")
            result = self._round(index, turn, specs, options, limit, emit, cancel)
            if result.message.parts:
                turn.add(result.message)
            if result.failure is not None:
                turn.answer(result.calls, notices.NOT_RUN_FAILED)
                raise turn.broken(result.failure) from result.failure
            if result.reason not in ("end", "stop_string"):
                turn.answer(result.calls, notices.NOT_RUN[result.reason])
                return turn.finish(result.reason, notices.cut_off(result, options.sampling))
            if not result.calls or not self._takes_tools:
                return turn.finish(result.reason, notices.empty(result.message))
            if index == MAX_ROUNDS - 1:
                turn.answer(result.calls, notices.NOT_RUN_ROUNDS)
                return turn.finish(result.reason, notices.TOO_MANY_ROUNDS)
            if self._run_calls(result, turn, tools, options, emit, cancel):
                return turn.finish("cancelled")
            if turn.repeated is not None:
                return turn.finish(result.reason, notices.repeated_call(turn.repeated))
        raise AssertionError("the last round returns")

    def _round(
        self,
        index: int,
        turn: TurnRecord,
        specs: tuple[ToolSpec, ...],
        options: TurnOptions,
        limit: ThinkingLimit,
        emit: Emit,
        cancel: CancelToken,
    ) -> RoundResult:
        try:
            run = Round(index, emit, limit, self._monotonic)
            return run.run(self._engine, self._asking(turn, specs, options, limit), cancel)
        except KnownError as error:
            if not turn.added:
                raise
            raise turn.broken(error) from error

    def _asking(
        self,
        turn: TurnRecord,
        specs: tuple[ToolSpec, ...],
        options: TurnOptions,
        limit: ThinkingLimit,
    ) -> Asking:
        template, conversation = self._template, turn.conversation

        def spell(begun: BegunAnswer) -> Continuation:
            return self._spelled(conversation, begun, specs, options)

        def new_reader(prompt: Prompt) -> Reader:
            return Reader(template.capabilities.family, specs, prompt.opens_thinking)

        first = options.begun if not turn.added else None
        begun = replace(first or BegunAnswer(), answer_now=limit.end(0) is not None)
        return Asking(begun, spell, new_reader, options.sampling)

    def _spelled(
        self,
        conversation: Sequence[Message],
        begun: BegunAnswer,
        specs: tuple[ToolSpec, ...],
        options: TurnOptions,
    ) -> Continuation:
        return self._template.continued(
            conversation,
            begun,
            specs,
            thinking=options.thinking,
            keep_reasoning=options.keep_reasoning,
        )

    def _limit(self, options: TurnOptions) -> ThinkingLimit:
        if self._template.capabilities.answer_now.supported:
            return ThinkingLimit(options.thinking_budget_tokens, options.answer_now)
        return ThinkingLimit(0, CancelToken())

    def _run_calls(
        self,
        result: RoundResult,
        turn: TurnRecord,
        tools: tuple[Tool, ...],
        options: TurnOptions,
        emit: Emit,
        cancel: CancelToken,
    ) -> bool:
        """True when the turn was cancelled meanwhile; every call has a result in any case."""
        calls = RoundCalls(self._tools, tools, options.gate or closed_gate(), emit, cancel)
        found = calls.run(result.calls)
        turn.end_round([turn.noted(result.calls[at], answer) for at, answer in found.items()])
        return calls.cancelled
