"""The chat page and its context: the gauge, what it opens, and the choices when it is full."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from app.chat.turn import TurnOptions
from app.core.language import tr
from app.core.messages import AttachmentPart, Message, Part, TextPart
from app.core.units import count
from app.ui.chat.composer import Composer
from app.ui.chat.context import words
from app.ui.chat.context.omitted_view import OmittedView
from app.ui.chat.context.panel import ContextPanel
from app.ui.chat.context.popover import ContextPopover
from app.ui.chat.session import ChatSession
from app.ui.look import Look
from app.ui.widgets import single_shot

_DEBOUNCE_MS = 200


class ContextControl(QObject):
    """A presenter of the session's context. attachments: what would go with the question. sent: a
    question that had to wait is on its way."""

    sent = Signal(object)
    changed = Signal()

    def __init__(
        self,
        look: Look,
        session: ChatSession,
        composer: Composer,
        attachments: Callable[[], tuple[AttachmentPart, ...]],
        options: Callable[[], TurnOptions],
    ) -> None:
        super().__init__(composer)
        self._session, self._composer = session, composer
        self._attachments, self._options = attachments, options
        self.gauge = composer.gauge
        self.popover = ContextPopover(look, composer)
        self.panel = ContextPanel()
        self._typing = single_shot(self, _DEBOUNCE_MS, self.measure)
        self._connect()
        session.context.presenter = self

    def refresh(self) -> None:
        """The conversation, the model or what is being asked may be another."""
        if self._session.ready is None:
            self._typing.stop()
        elif not self._session.busy and not self._typing.isActive():
            self._typing.start(0)
        self.context_changed()

    def measure(self) -> None:
        """What would be sent now."""
        parts: list[Part] = [*self._attachments()]
        if text := self._composer.text():
            parts.append(TextPart(text))
        self._session.context.measure(Message("user", tuple(parts)), self._options())

    def room_for_files(self) -> int | None:
        """Tokens that all files of the question may take together; None while that is not known.
        Less than none when the conversation alone is too long."""
        found = self._session.context.measuring.breakdown
        if found is None:
            return None
        return found.context - found.used + found.attached - found.least_answer

    def tokens_of(self, text: str) -> int | None:
        """Of a text for the open model; None when it cannot be asked now. Blocks."""
        return self._session.context.tokens_of(text)

    # Presenter

    def context_changed(self) -> None:
        context, ready = self._session.context, self._session.ready
        found = context.measuring.breakdown
        live = self._session.used_tokens
        if ready is None:
            self.gauge.show_fill(None)
        elif live is not None:
            self.gauge.show_fill(words.live_fill(live, ready.info.context_tokens))
        elif found is not None:
            self.gauge.show_fill(words.fill_of(found))
        self.panel.show_state(context.choices.state)
        self._composer.yield_main_button(context.choices.state is not None)
        self.changed.emit()
        if self.popover.isVisible():
            self._fill_popover()

    def question_sent(self, question: Message) -> None:
        self.sent.emit(question)

    # Own

    def adopt(self, view: OmittedView) -> None:
        """The transcript shows where messages are not sent."""
        context = self._session.context
        view.undo_wanted.connect(context.undo)
        view.summary_edited.connect(context.edit_summary)
        view.stop_wanted.connect(context.choices.stop_summary)

    def _connect(self) -> None:
        choices, panel = self._session.context.choices, self.panel
        self._composer.edit.textChanged.connect(lambda: self._typing.start(_DEBOUNCE_MS))
        self.gauge.opened.connect(self._open)
        panel.leave_out_wanted.connect(choices.leave_out)
        panel.summary_wanted.connect(choices.summarize)
        panel.stop_wanted.connect(choices.stop_summary)
        panel.larger_wanted.connect(choices.load_larger)
        panel.go_on_wanted.connect(choices.go_on)
        panel.dismissed.connect(self._dismiss)
        panel.new_chat_wanted.connect(self._new_chat)

    def _dismiss(self) -> None:
        self._session.context.choices.dismiss()
        self._composer.edit.setFocus()

    def _new_chat(self) -> None:
        state = self._session.context.choices.state
        if state is not None:
            self._session.new_chat()
            self._composer.set_text(state.asked.question.text)
            self._composer.edit.setFocus()

    def _open(self) -> None:
        if self._session.context.measuring.breakdown is None:
            return
        self._fill_popover()
        self.popover.open_above(self.gauge)

    def _fill_popover(self) -> None:
        context = self._session.context
        found, now = context.measuring.breakdown, context.omissions.now
        if found is None:
            return
        text = ""
        if now is not None:
            text = tr("{number} earlier messages are not sent.", number=count(now.messages))
        self.popover.show_breakdown(found, text)
