"""When a question does not fit, nothing is sent and nothing cut before the person chose. No Qt."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from app.chat.context.breakdown import Breakdown
from app.chat.context.larger import LargerContext, LargerContexts
from app.chat.context.model import Asked, left_out_more
from app.chat.context.policy import Cut
from app.chat.context.summary import Summary
from app.core.cancel import CancelToken
from app.core.errors import KnownError
from app.core.messages import Message
from app.core.tasks import Task, TaskRunner
from app.dialect.events import TextDelta
from app.engine.protocol import PromptProgress
from app.ui.chat import figures
from app.ui.chat.context.entry import Omitted
from app.ui.chat.context.measuring import Measuring
from app.ui.chat.context.omissions import Omissions
from app.ui.chat.context.ports import ContextBackend
from app.ui.chat.model_loads import ModelLoads, known
from app.ui.chat.model_state import Choosing, Loading, Planning

Cause = Literal["question", "turn", "answer"]
Work = Literal["", "looking", "summary", "reloading", "ready"]
Resume = Callable[[], bool]


@dataclass(frozen=True)
class Overflow:
    """cause: a question before it was sent, a turn that the engine refused, or an answer that ran
    into the end of the context. cut: what leaving out would do; None when it does not help. larger:
    None while they are being looked for. work: what goes on; "looking" while there is nothing to
    choose yet, "ready" when what was chosen is done and the question can go. problem: why a choice
    did not work.
    """

    cause: Cause
    asked: Asked
    breakdown: Breakdown
    cut: Cut | None = None
    larger: LargerContexts | None = None
    work: Work = "looking"
    problem: KnownError | None = None


class Home(Protocol):
    """What the choices need of the context that they belong to."""

    @property
    def automatic(self) -> bool:
        """The oldest turns are left out without asking."""

    def choices_changed(self) -> None: ...

    def went_on(self, question: Message) -> None:
        """The question had to wait and was sent now."""


class Choices:
    """All methods belong on the GUI thread and return at once. What comes back from background
    work is for the overflow that it was begun for, and else dropped."""

    def __init__(
        self,
        home: Home,
        backend: ContextBackend,
        tasks: TaskRunner,
        models: ModelLoads,
        omissions: Omissions,
        measuring: Measuring,
    ) -> None:
        self._home = home
        self._backend = backend
        self._tasks = tasks
        self._models = models
        self._omissions = omissions
        self._measuring = measuring
        self._resume: Resume = lambda: False
        self._summary: Task | None = None
        self._passed: Asked | None = None
        self.state: Overflow | None = None

    def admits(self, asked: Asked, context_tokens: int, send: Resume) -> bool:
        """Whether the question can be sent now. When not, `send` is called later, once it fits."""
        if self._summary is not None:
            return False
        if self._passed == asked or self._measuring.surely_fits(asked, context_tokens):
            self._passed = None
            self.dismiss()
            return True
        found = self._measuring.exact(asked)
        if found is not None and found.fits:
            self.dismiss()
            return True
        self._resume = send
        # What cannot be measured is sent all the same: the turn says what is wrong.
        self._measuring.want(
            asked,
            lambda found: self._decide("question", asked, found),
            first=True,
            failed=lambda: self._pass(asked),
        )
        return False

    def stopped(self, cause: Cause, asked: Asked, resume: Resume) -> None:
        """The engine has come to the end of the context. resume: goes on where it stopped."""
        self._resume = resume
        self._measuring.want(asked, lambda found: self._overflow(cause, asked, found), first=True)

    def question_changed(self, asked: Asked, found: Breakdown) -> None:
        """Another text is being typed while the choices are shown."""
        state = self.state
        if state is None or state.cause != "question" or state.work != "" or state.asked == asked:
            return
        if found.fits:
            self.dismiss()
        else:
            self._overflow("question", asked, found)

    def leave_out(self) -> None:
        """The oldest turns, and go on."""
        state = self.state
        if state is not None and state.cut is not None and state.work == "":
            self._omissions.choose(left_out_more(state.asked, state.cut.messages))
            self._go_on()

    def summarize(self) -> None:
        """The oldest turns; what comes of it is shown before anything is sent."""
        state = self.state
        if state is None or state.cut is None or state.work != "":
            return
        asked, upto = state.asked, state.cut.messages
        entry = self._omissions.begin_writing(upto)
        writing = _Writing(entry, self._omissions, self._tasks, self._home.choices_changed)

        def work(cancel: CancelToken) -> Summary:
            return self._backend.summarize(asked, upto, writing.feed, cancel)

        def done(found: Summary) -> None:
            if self._summary is task and not task.cancelled:
                self._summary = None
                self._omissions.end_writing()
                self._omissions.cover(found.omission)
                if self._omissions.entry is not None:
                    self._omissions.entry.cut_off = found.cut_off
                self._summarized()

        def failed(error: Exception) -> None:
            if self._summary is task and self.state is not None:
                self._set(replace(self.state, work="", problem=known(error)))

        def ended() -> None:
            if self._summary is task:
                self._summary = None
                self._omissions.end_writing()
                if self.state is not None and self.state.work == "summary":
                    self._set(replace(self.state, work=""))
                self._home.choices_changed()

        task = self._summary = self._tasks.run(work, done, failed, ended)
        self._set(replace(state, work="summary", problem=None))

    def stop_summary(self) -> None:
        if self._summary is not None:
            self._summary.cancel()

    def load_larger(self, larger: LargerContext) -> None:
        """Then go on, when the question fits there."""
        state = self.state
        if state is not None and state.work == "" and self._models.ready is not None:
            self._set(replace(state, work="reloading", problem=None))
            self._models.open(self._models.ready.info.path, larger.wanted, ask=False)

    def model_changed(self, *, another: bool) -> None:
        """Its state is another one. another: so is the open model."""
        state, ready = self.state, self._models.ready
        if state is None or isinstance(self._models.state, Loading | Planning | Choosing):
            return
        if state.work != "reloading":
            if another:
                self.dismiss()
        elif ready is None:
            self.dismiss()
        elif not another or ready.info.context_tokens <= state.breakdown.context:
            self._set(replace(state, work=""))
        else:
            asked, cause = state.asked, state.cause
            self._measuring.want(asked, lambda found: self._decide(cause, asked, found), first=True)

    def go_on(self) -> None:
        """With what was chosen."""
        if self.state is not None and self.state.work == "ready":
            self._go_on()

    def dismiss(self) -> None:
        """Nothing is chosen; the question stays where it is."""
        self.stop_summary()
        if self.state is not None:
            self._set(None)

    def left(self) -> None:
        """Another conversation is shown."""
        self.stop_summary()
        self._summary = None
        self._passed = None
        self._resume = lambda: False
        if self.state is not None:
            self._set(None)

    def _decide(self, cause: Cause, asked: Asked, found: Breakdown) -> None:
        if found.fits:
            self._pass(asked)
        else:
            self._overflow(cause, asked, found)

    def _overflow(self, cause: Cause, asked: Asked, found: Breakdown) -> None:
        """Looks for what can be done."""
        self._set(Overflow(cause, asked, found))
        automatic = self._home.automatic

        def done(cut: Cut | None) -> None:
            state = self.state
            if state is None or state.asked != asked or state.work != "looking":
                return
            self._set(replace(state, cut=cut, work=""))
            if automatic and cut is not None:
                self.leave_out()
            else:
                self._look_for_larger(asked, found)

        def failed(error: Exception) -> None:
            if self.state is not None and self.state.asked == asked:
                self._set(replace(self.state, work="", problem=known(error)))

        self._tasks.run(lambda _: self._backend.leaving_out(asked, found), done, failed)

    def _look_for_larger(self, asked: Asked, found: Breakdown) -> None:
        def tell(larger: LargerContexts) -> None:
            if self.state is not None and self.state.asked == asked:
                self._set(replace(self.state, larger=larger))

        least = found.used + found.least_answer
        self._tasks.run(
            lambda _: self._backend.larger_contexts(least),
            tell,
            lambda error: tell(LargerContexts(reason=str(known(error)))),
        )

    def _summarized(self) -> None:
        """Whether it is enough is seen only now."""
        state = self.state
        if state is None:
            return
        asked = replace(state.asked, left_out=self._omissions.now)

        def done(found: Breakdown) -> None:
            if self.state is None or self.state.work != "summary":
                return
            if found.fits:
                self._set(replace(self.state, asked=asked, breakdown=found, work="ready"))
            else:
                self._overflow(state.cause, asked, found)

        self._measuring.want(asked, done, first=True)

    def _go_on(self) -> None:
        state = self.state
        if state is not None:
            self._pass(replace(state.asked, left_out=self._omissions.now))

    def _pass(self, asked: Asked) -> None:
        self._passed = asked
        self._set(None)
        resume, self._resume = self._resume, lambda: False
        if resume() and not asked.after:
            self._home.went_on(asked.question)
        self._passed = None

    def _set(self, state: Overflow | None) -> None:
        if state != self.state:
            self.state = state
            self._home.choices_changed()


class _Writing:
    """Takes a summary into its entry as it comes, some of it at a time."""

    def __init__(
        self,
        entry: Omitted,
        omissions: Omissions,
        tasks: TaskRunner,
        changed: Callable[[], None],
    ) -> None:
        self._entry, self._omissions = entry, omissions
        self._tasks, self._changed = tasks, changed
        self._lock = threading.Lock()
        self._text, self._progress = "", ""
        self._announced = False

    def feed(self, event: PromptProgress | TextDelta) -> None:
        """On the worker's thread."""
        with self._lock:
            if isinstance(event, PromptProgress):
                self._text, self._progress = "", figures.reading(event)
            else:
                self._text, self._progress = self._text + event.text, ""
            if self._announced:
                return
            self._announced = True
        self._tasks.post(self._show)

    def _show(self) -> None:
        with self._lock:
            self._announced = False
            self._entry.text, self._entry.progress = self._text, self._progress
        if self._entry is self._omissions.entry:
            self._omissions.touch()
            self._changed()
