"""The chat page: puts the parts together and keeps them in step with the session."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from app.chat.turn import TurnOptions
from app.core.language import tr
from app.core.sampling import Sampling
from app.ui.chat.aimed import AimedActions
from app.ui.chat.answer_now import KEYS as ANSWER_KEYS
from app.ui.chat.asking import Asking
from app.ui.chat.attachments.controller import Attachments
from app.ui.chat.beside import Beside
from app.ui.chat.composer import Composer
from app.ui.chat.context.control import ContextControl
from app.ui.chat.drafts import Drafts
from app.ui.chat.empty_page import EmptyPage
from app.ui.chat.find_bar import FindBar
from app.ui.chat.frames import Frames
from app.ui.chat.giving_way import GivingWay
from app.ui.chat.header import Header
from app.ui.chat.history.panel import HistoryPanel
from app.ui.chat.last_turn import LastTurn
from app.ui.chat.load.panel import LoadPanel
from app.ui.chat.made_later import MadeLater
from app.ui.chat.model_panel import ModelPanel
from app.ui.chat.model_state import Ability, Choosing, Loading, Planning
from app.ui.chat.session import ChatSession
from app.ui.chat.side_panel import SidePanel
from app.ui.chat.transcript_view import COLUMN, SIDE, TranscriptView
from app.ui.commands.command import command
from app.ui.look import Look
from app.ui.tools.attention import Attention
from app.ui.tools.chip import ToolsChip
from app.ui.widgets import announce


class ChatPage(QWidget):
    """A presenter of the session."""

    options_changed = Signal()
    model_shown = Signal()
    title_changed = Signal(str)
    note_wanted = Signal(str)
    undo_offered = Signal(str, object)

    def __init__(
        self,
        look: Look,
        session: ChatSession,
        parent: QWidget | None = None,
        history: HistoryPanel | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("chatPage")
        self.setProperty("page", "true")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._session = session
        self._was_busy = False
        self.history = history
        self.sampling = Sampling()
        self.keep_reasoning = False
        self.system_prompt = ""
        self.header = Header(look, self)
        self.transcript = TranscriptView(look)
        MadeLater(session, self.transcript)
        self.find_bar = FindBar(look, self.transcript)
        find = QShortcut(QKeySequence.StandardKey.Find, self)
        find.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        find.activated.connect(self.find_in_conversation)
        self.empty = EmptyPage()
        self.model_panel = ModelPanel()
        self.load_panel = LoadPanel(look)
        self.composer = Composer(look)
        self.aimed = AimedActions(session, self.transcript, lambda: self.options, self)
        self.context = ContextControl(
            look, session, self.composer, lambda: self.attachments.parts, lambda: self.options
        )
        self.attachments = Attachments(
            look, session, self.composer, self.context.room_for_files, self.context.tokens_of
        )
        answer_now = self.aimed.answer_now
        command(self, tr("Answer now"), "answerNow", answer_now, (ANSWER_KEYS,), group=tr("Chat"))
        self._last_turn = LastTurn(self, session, self.transcript, self.aimed, self.note)
        self._frames = Frames(session.pump, self)
        self.asking = Asking(look, session, self.composer, self.attachments, lambda: self.options)
        self._body = QWidget(self)
        self._body.setObjectName("chatBody")
        self._beside = Beside(self, self.header, self._body, history)
        self._build()
        self.attention = Attention(self, self, session.tools)
        self.tools_chip = ToolsChip(self.composer, session)
        session.tools.changed = self._tools_changed
        self._connect()
        self._connect_history()
        session.presenter = self
        self.model_changed()
        self.transcript_changed()
        self.drafts = Drafts(self.composer, session, self)

    @property
    def options(self) -> TurnOptions:
        options = TurnOptions(
            thinking=self.composer.thinking.isChecked(),
            tools_enabled=self.composer.tools.isChecked(),
            sampling=self.sampling,
            system_prompt=self.system_prompt,
            thinking_budget_tokens=self.composer.budget.tokens,
            keep_reasoning=self.keep_reasoning,
        )
        ready = self._session.ready
        return self._session.tools.options(options, demo=ready is not None and ready.demo)

    def show_side(self, panel: SidePanel | None) -> None:
        """Beside the chat, above it in a narrow window; None takes it away."""
        self._beside.show_panel(panel)
        if panel is None:
            self.composer.edit.setFocus()

    def ask(self, text: str) -> None:
        self.asking.ask(text)

    def find_in_conversation(self) -> None:
        """Search in the conversation that is shown."""
        if self.stack.currentWidget() is self.transcript:
            self.find_bar.begin()

    # Presenter

    def model_changed(self) -> None:
        state, ready = self._session.model, self._session.ready
        self.header.set_model(state)
        self.model_panel.set_model(state)
        self.empty.set_model(state)
        self._show_choosing(state if isinstance(state, Choosing) else None)
        if ready is not None:
            self.composer.set_abilities(ready.thinking, ready.tools, ready.tool_count)
        else:
            none = _no_model()
            self.composer.set_abilities(none, none, 0)
        self.composer.budget.set_ability(ready.answer_now if ready is not None else _no_model())
        self.tools_chip.refresh()
        self.busy_changed()
        self.context.refresh()
        self.model_shown.emit()

    def busy_changed(self) -> None:
        ready = self._session.ready
        self.composer.set_state(
            ready=ready is not None,
            busy=self._session.busy,
            stopping=self._session.stopping,
            hint=self._hint(),
        )
        if not self._session.busy:
            self.transcript.order_tabs()
        if self._was_busy and not self._session.busy:
            announce(self, tr("The answer is finished."))
        self._was_busy = self._session.busy
        self.attachments.refresh()
        self.aimed.refresh()

    def events_waiting(self) -> None:
        self._frames.soon()

    def transcript_changed(self) -> None:
        transcript = self._session.transcript
        self.transcript.show_transcript(transcript)
        self._show_main()
        self.aimed.refresh()
        self.header.set_title(self._session.title)
        self.title_changed.emit(self._session.title)
        self.context.refresh()
        self.attention.update()

    def _tools_changed(self) -> None:
        self.attention.update()
        self.tools_chip.refresh()
        self.context.refresh()

    def chats_changed(self) -> None:
        self.drafts.begun()
        self.attachments.begun(self._session.conversation)
        if self.history is not None:
            self.history.set_current(self._session.conversation)
            self.history.reload()

    def conversation_changed(self, draft: str) -> None:
        self.drafts.conversation_changed(draft)
        self.attachments.conversation_changed(self._session.conversation)

    def message_found(self, message: int) -> None:
        self.aimed.show_message(message)

    def note(self, text: str) -> None:
        self.note_wanted.emit(text)

    # Own

    def escape(self) -> None:
        """Close the panel that has the focus, else give up opening a file, else stop the answer."""
        focus = QApplication.focusWidget()
        if (
            self._beside.panel is not None
            and focus is not None
            and self._beside.panel.isAncestorOf(focus)
        ):
            self._beside.panel.escape()
        elif isinstance(self._session.model, Choosing | Planning):
            self._session.models.cancel()
        else:
            self.stop()

    def stop(self) -> None:
        """The running answer; what it has said so far stays."""
        self._session.stop()
        self.busy_changed()

    def close_panel(self) -> None:
        self.header.sampling.setChecked(False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._beside.place()

    def _hint(self) -> str:
        ready = self._session.ready
        if ready is not None and self._session.busy:
            return tr("Write the next question; it waits until this answer is done")
        if ready is not None:
            return tr("Ask the demo model") if ready.demo else tr("Ask {name}", name=ready.name)
        if isinstance(self._session.model, Loading | Planning):
            return tr("Write your question while the model is loading")
        return tr("Open a model to ask it something")

    def _show_choosing(self, state: Choosing | None) -> None:
        """The composer gives way: one thing to decide, one primary button."""
        was, now = self._bottom.isHidden(), state is not None
        self._bottom.setVisible(not now)
        self.load_panel.set_state(state)
        self._show_main()
        if was and not now:
            self.composer.edit.setFocus()

    def _show_main(self) -> None:
        if self._bottom.isHidden():
            self.stack.setCurrentWidget(self.load_panel)
        else:
            entries = self._session.transcript.entries
            self.stack.setCurrentWidget(self.transcript if entries else self.empty)

    def _show_files_side(self, panel: SidePanel | None) -> None:
        self.header.sampling.blockSignals(True)
        self.header.sampling.setChecked(False)
        self.header.sampling.blockSignals(False)
        self.show_side(panel)

    def toggle_history(self) -> None:
        """The list of chats in a narrow window."""
        self._beside.want_history(not self._beside.history_wanted)

    def open_conversation(self, conversation: int, message: int | None = None) -> None:
        """message: what the person wants to see of it; else its end."""
        self._beside.want_history(False)
        if message is None:
            self.transcript.follow()
        self._session.open_conversation(conversation, message)

    def _build(self) -> None:
        self.stack = GivingWay()
        self.stack.setObjectName("transcriptStack")
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self.transcript)
        self.stack.addWidget(self.load_panel)
        self._bottom = bottom = QWidget()
        bottom.setObjectName("chatBottom")
        bottom.setMaximumWidth(COLUMN)
        low = QVBoxLayout(bottom)
        low.setContentsMargins(0, 0, 0, 0)
        low.setSpacing(0)
        low.addWidget(self.model_panel)
        low.addWidget(self.context.panel)
        low.addWidget(self.asking.bar)
        low.addWidget(self.composer)
        centre = QHBoxLayout()
        centre.setContentsMargins(SIDE, 4, SIDE, 18)
        centre.addStretch(1)
        centre.addWidget(bottom, 100_000)
        centre.addStretch(1)
        column = QVBoxLayout(self._body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.find_bar)
        column.addWidget(self.stack, 1)
        column.addLayout(centre)

    def _connect(self) -> None:
        models = self._session.models
        self.composer.asked.connect(self.ask)
        self.asking.asked.connect(self.transcript.follow)
        self.asking.note.connect(self.note)
        self.asking.bar.offered.connect(self.undo_offered)
        self.empty.chosen.connect(self.ask)
        self.composer.stop_wanted.connect(self.stop)
        self.context.sent.connect(self.asking.asked_late)
        self.context.changed.connect(self.attachments.part_bar.refresh)
        self.attachments.desk.changed.connect(self.context.refresh)
        self.options_changed.connect(self.context.refresh)
        self.transcript.wishes.omitted_made.connect(self.context.adopt)
        self.attachments.note.connect(self.note)
        self.attachments.side_wanted.connect(self._show_files_side)
        self.transcript.wishes.file_wanted.connect(self.attachments.show_sent)
        self.composer.thinking_toggled.connect(lambda _: self.options_changed.emit())
        self.composer.tools_toggled.connect(lambda _: self.options_changed.emit())
        self.transcript.wishes.retry_wanted.connect(self._retry)
        self.aimed.told.connect(self.note)
        self.aimed.offered.connect(self.undo_offered)
        self.header.new_chat.connect(self.new_chat)
        self.header.reload.connect(models.reload)
        self.header.unload.connect(models.unload)
        self.model_panel.cancel_wanted.connect(models.cancel)
        self.model_panel.retry_wanted.connect(models.retry)
        self.model_panel.keep_wanted.connect(models.keep)
        self.load_panel.wanted_changed.connect(models.adjust)
        self.load_panel.recommended_wanted.connect(models.recommend)
        self.load_panel.load_wanted.connect(models.start)
        self.load_panel.cancel_wanted.connect(models.cancel)

    def _connect_history(self) -> None:
        history = self.history
        if history is None:
            return
        history.setParent(self)
        history.open_wanted.connect(self.open_conversation)
        history.new_wanted.connect(self.new_chat)
        history.trashed.connect(self._session.forget_conversation)
        history.problem.connect(self.note)
        history.renamed.connect(self._renamed)
        self.header.history_wanted.connect(self.toggle_history)
        history.reload()

    def _renamed(self, conversation: int, title: str) -> None:
        self._session.titles.named(conversation)
        if conversation == self._session.conversation:
            self._session.rename(title)

    def _retry(self) -> None:
        if not self._session.retry(self.options):
            self.note_wanted.emit(tr("Open a model first, then try again."))

    def new_chat(self) -> None:
        self._session.new_chat()
        self.composer.edit.setFocus()


def _no_model() -> Ability:
    return Ability(False, tr("Open a model first."))
