"""Turns the events of a turn into entries of the transcript. No Qt, no threads."""

from collections.abc import Callable, Sequence

from app.chat.events import (
    Progress,
    RoundFinished,
    RoundStarted,
    ThinkingEnded,
    ToolAsking,
    ToolDecided,
    ToolFinished,
    ToolStarted,
    TurnEvent,
    TurnFinished,
)
from app.core.errors import KnownError
from app.core.language import tr
from app.core.messages import (
    Message,
    Part,
    ReasoningPart,
    TextPart,
    ThinkingEnd,
    ToolCallPart,
    ToolResultPart,
)
from app.dialect.events import (
    ReasoningClosed,
    ReasoningDelta,
    TextDelta,
    ThinkingFound,
    ToolCallArguments,
    ToolCallDone,
    ToolCallRejected,
    ToolCallStarted,
)
from app.engine.protocol import PromptProgress, Stats
from app.ui.chat import figures
from app.ui.chat.entries import (
    Answer,
    Failure,
    Footer,
    Notice,
    Question,
    Thinking,
    ToolUse,
    Transcript,
)


class TurnReader:
    """For one turn. `context_used` and `context_total` follow the engine's figures."""

    def __init__(
        self,
        transcript: Transcript,
        question: Question,
        monotonic: Callable[[], float],
        beside: tuple[int, ...] = (),
        *,
        goes_on: Footer | None = None,
        thinking_budget_tokens: int = 0,
    ) -> None:
        """The question becomes the last entry when it is not. beside: the versions that this answer
        joins. goes_on: the line under what there is of the turn already."""
        self._transcript = transcript
        self._monotonic = monotonic
        self._footer = Footer(tr("Starting…"), question=question.message)
        self._beside = beside
        self._message: int | None = None
        self._resumed = False
        if goes_on is not None:
            footer = self._footer
            footer.version, footer.versions = goes_on.version, goes_on.versions
        elif transcript.entries[-1:] != [question]:
            transcript.add(question)
        transcript.add(self._footer)
        self._thinking: Thinking | None = None
        self._budget = thinking_budget_tokens
        self._answer: Answer | None = None
        self._blank = ""
        self._by_index: dict[int, ToolUse] = {}
        self._by_id: dict[str, ToolUse] = {}
        self._tools: list[ToolUse] = []
        self._round_thinking: list[Thinking] = []
        self._round_entries: list[Thinking | Answer | ToolUse] = []
        self._round_started = monotonic()
        self._round_texts = 0
        self._generated = 0
        self._rounds: list[Stats] = []
        self._texts: list[str] = []
        self.context_used: int | None = None
        self.context_total: int | None = None

    def feed(self, event: TurnEvent, message: int | None = None) -> None:
        """message: the one of the store that the event belongs to."""
        self._belongs_to(message)
        match event:
            case TextDelta(text):
                self._text(text)
            case ReasoningDelta(text):
                self._reason(text)
            case ReasoningClosed(finished):
                self._end_thinking(finished)
            case ThinkingEnded(by):
                self._thinking_ended(by)
            case ThinkingFound(text):
                self._find_thinking(text)
            case Progress():
                self._progress(event)
            case PromptProgress():
                self._footer.fraction = event.done_tokens / max(1, event.total_tokens)
                self._say(figures.reading(event))
            case RoundStarted():
                self._start_round()
            case RoundFinished():
                self._finish_round(event)
            case TurnFinished():
                self.end(event.notice, stopped=event.reason == "cancelled")
            case _:
                self._tool_event(event)

    def resume(self, said: Sequence[str], begun: Message | None, message: int | None) -> None:
        """The turn goes on. said: the answers of its rounds that are over. begun: the answer that
        broke off, named message; its first round goes on with it."""
        self._texts += said
        if begun is None:
            return
        self._resumed = True
        self._belongs_to(message)
        for part in begun.parts:
            if isinstance(part, TextPart):
                self._text(part.text)
            elif isinstance(part, ReasoningPart):
                self._reason(part.text)
                if self._thinking is not None:
                    self._thinking.started -= part.seconds or 0.0
                if part.finished:
                    self._thinking_ended(part.ended_by)
                    self._end_thinking(True)

    def end(self, notice: str = "", *, stopped: bool = False) -> None:
        """The turn is over, however it ended. Safe to call twice."""
        if not self._footer.running:
            return
        self._end_thinking(False)
        self._end_answer()
        for use in self._tools:
            if use.state in ("writing", "asking", "running"):
                use.state, use.request = "stopped", None
                self._transcript.touch(use)
        if notice:
            self._transcript.add(Notice(notice, self._message))
        self._footer.running = False
        self._footer.fraction = None
        self._footer.answer = "\n\n".join(self._texts)
        text = figures.summary(self._rounds)
        self._say(" · ".join(filter(None, (tr("Stopped") if stopped else "", text))))

    def made(self, text: str) -> None:
        """What has made the answer."""
        self._footer.made = text
        self._transcript.touch(self._footer)

    def fail(self, error: KnownError, *, can_retry: bool) -> None:
        self.end()
        self._transcript.add(Failure(error, ("retry",) if can_retry else (), self._message))

    def _belongs_to(self, message: int | None) -> None:
        footer = self._footer
        if message is None or message == footer.question:
            return
        self._message = footer.message = message
        if footer.version is None:
            footer.version, footer.versions = message, (*self._beside, message)

    def _say(self, text: str) -> None:
        self._footer.text = text
        self._transcript.touch(self._footer)

    def _start_round(self) -> None:
        if self._resumed:
            self._resumed = False
            self._say(tr("Starting…"))
            return
        self._end_answer()
        self._by_index.clear()
        self._round_thinking.clear()
        self._round_entries.clear()
        self._round_started = self._monotonic()
        self._round_texts = len(self._texts)
        self._generated = 0
        self._say(tr("Starting…") if not self._rounds else tr("Going on with the result…"))

    def _finish_round(self, event: RoundFinished) -> None:
        self._end_thinking(False)
        self._end_answer()
        parts = [part for part in event.message.parts if isinstance(part, ReasoningPart)]
        stats = event.stats
        characters = sum(map(_length, event.message.parts)) or 1
        for thinking, part in zip(self._round_thinking, parts, strict=False):
            # The engine counts ten times a second; the rest is estimated by length.
            share = round(stats.generated_tokens * len(part.text) / characters)
            thinking.tokens = max(thinking.tokens, share)
            thinking.seconds = thinking.seconds if part.seconds is None else part.seconds
            self._transcript.touch(thinking)
        self._rounds.append(stats)
        self.context_used, self.context_total = (
            stats.context_used_tokens,
            stats.context_total_tokens,
        )
        self._say(figures.summary(self._rounds))

    def _progress(self, event: Progress) -> None:
        self._generated = event.generated_tokens
        self.context_used = event.context_used_tokens
        if self._thinking is not None:
            self._thinking.tokens = event.generated_tokens
            self._transcript.touch(self._thinking)
        self._footer.fraction = None
        self._say(figures.answering(event))

    def _reason(self, text: str) -> None:
        if self._thinking is None:
            self._end_answer()
            self._thinking = Thinking(self._monotonic(), budget=self._budget, message=self._message)
            self._round_thinking.append(self._thinking)
            self._add(self._thinking)
            self._footer.fraction = None
            self._say("")
        self._thinking.text += text
        self._transcript.touch(self._thinking)

    def _find_thinking(self, text: str) -> None:
        """All that this round has told so far was thinking."""
        self._thinking = self._answer = None
        self._blank = ""
        for entry in self._round_entries:
            self._transcript.remove(entry)
        void = [entry for entry in self._round_entries if isinstance(entry, ToolUse)]
        self._tools = [use for use in self._tools if use not in void]
        self._by_id = {key: use for key, use in self._by_id.items() if use not in void}
        self._by_index.clear()
        self._round_thinking.clear()
        self._round_entries.clear()
        del self._texts[self._round_texts :]
        if text:
            found = Thinking(self._round_started, text, self._generated, message=self._message)
            self._thinking = found
            self._round_thinking.append(found)
            self._add(found)
            self._end_thinking(True)

    def _thinking_ended(self, by: ThinkingEnd | None) -> None:
        """What closes it follows."""
        if self._thinking is not None:
            self._thinking.ended_by = by

    def _end_thinking(self, finished: bool) -> None:
        thinking, self._thinking = self._thinking, None
        if thinking is None:
            return
        thinking.seconds = self._monotonic() - thinking.started
        thinking.state = "done" if finished else "unfinished"
        thinking.ending = False
        self._transcript.touch(thinking)

    def _text(self, text: str) -> None:
        if self._answer is None:
            self._blank += text
            if not self._blank.strip():
                return
            text, self._blank = self._blank.lstrip("\n"), ""
            self._answer = Answer(message=self._message)
            self._add(self._answer)
            self._footer.fraction = None
            self._say("")
        self._answer.text += text
        self._transcript.touch(self._answer)

    def _end_answer(self) -> None:
        answer, self._answer = self._answer, None
        self._blank = ""
        if answer is not None:
            answer.text = answer.text.rstrip()
            answer.finished = True
            self._texts.append(answer.text)
            self._transcript.touch(answer)

    def _tool_event(self, event: TurnEvent) -> None:
        match event:
            case ToolCallStarted(index, name):
                self._tool(index, name)
            case ToolCallArguments(index, text):
                use = self._tool(index, "")
                use.written += text
            case ToolCallDone(index, call):
                use = self._tool(index, call.name)
                use.arguments = call.arguments
                self._by_id[call.id] = use
            case ToolCallRejected(index, name, part):
                use = self._tool(index, name)
                use.state, use.written, use.reason = "rejected", part.text, part.reason
            case ToolAsking(request):
                use = self._of_call(request.call)
                use.state, use.request = "asking", request
                self._say(tr(figures.WAITS))
            case ToolDecided(call):
                use = self._of_call(call)
                use.state, use.request = "running", None
                self._say("")
            case ToolStarted(call):
                self._of_call(call).state = "running"
            case ToolFinished(result):
                use = self._by_id.get(result.call_id) or self._new_tool(result.name)
                use.result, use.seconds = result.text, result.seconds
                use.decision = result.decision
                if use.state != "rejected":
                    use.state = "failed" if result.failed else "done"
                self._transcript.touch(use)

    def _of_call(self, call: ToolCallPart) -> ToolUse:
        use = self._by_id.get(call.id) or self._new_tool(call.name)
        self._by_id[call.id] = use
        use.arguments = call.arguments
        self._transcript.touch(use)
        return use

    def _tool(self, index: int, name: str) -> ToolUse:
        use = self._by_index.get(index)
        if use is None:
            self._end_answer()
            use = self._by_index[index] = self._new_tool(name)
        use.name = name or use.name
        self._transcript.touch(use)
        return use

    def _new_tool(self, name: str) -> ToolUse:
        use = ToolUse(name, message=self._message)
        self._tools.append(use)
        self._add(use)
        return use

    def _add(self, entry: Thinking | Answer | ToolUse) -> None:
        self._round_entries.append(entry)
        self._transcript.add(entry)


def _length(part: Part) -> int:
    """About how many characters the model wrote for it."""
    match part:
        case ToolCallPart(name=name, arguments=arguments):
            return len(name) + sum(len(key) + len(str(value)) for key, value in arguments.items())
        case ToolResultPart():
            return 0
        case _:
            return len(part.text)
