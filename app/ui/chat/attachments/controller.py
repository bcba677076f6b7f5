"""Files and the chat page: picked, dropped and pasted ones, their chips, what does not fit."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.chat.attachments.fitting import Counter
from app.core.language import tr
from app.core.messages import AttachmentPart
from app.ui.chat.attachments.above import AboveArea
from app.ui.chat.attachments.desk import Desk, Item
from app.ui.chat.attachments.file_words import detail
from app.ui.chat.attachments.keeping import KeptFiles
from app.ui.chat.attachments.part_bar import PartBar
from app.ui.chat.attachments.paste import PasteOffer
from app.ui.chat.attachments.tray import Tray
from app.ui.chat.attachments.viewer import AttachmentViewer
from app.ui.chat.composer import Composer
from app.ui.chat.session import ChatSession
from app.ui.commands.command import command
from app.ui.look import Look
from app.ui.picker import Picker
from app.ui.widgets import announce

if TYPE_CHECKING:
    from app.ui.chat.model_state import LoadedModel


class Attachments(QObject):
    """note: a sentence for the notice bar. side_wanted: a panel beside the chat, None for none.
    room: tokens that are free for files, None while that is not known."""

    note = Signal(str)
    side_wanted = Signal(object)

    def __init__(
        self,
        look: Look,
        session: ChatSession,
        composer: Composer,
        room: Callable[[], int | None],
        counter: Counter,
    ) -> None:
        super().__init__(composer)
        self._look, self._session, self._composer = look, session, composer
        self._counted_by: LoadedModel | None = None
        self.desk = Desk(session.tasks, counter, self)
        self.tray = Tray(look, self.desk)
        self.part_bar = PartBar(look, self.desk, room)
        self.paste = PasteOffer(self.desk, composer.edit)
        self.kept = KeptFiles(self.desk, session, self)
        self._viewer: AttachmentViewer | None = None
        self._viewed: Item | None = None
        self._picker = Picker(
            composer, tr("Add files"), "attachDialog", (tr("All files (*)"),), many=True
        )
        composer.add_above(AboveArea([self.part_bar, self.paste, self.tray]))
        composer.edit.take_paste = self.paste.take
        composer.files_wanted.connect(self._picker.pick)
        adding = tr("Add files to the question")
        command(
            composer, adding, "addFilesAction", self._picker.pick, ("Ctrl+U",), group=tr("Chat")
        )
        composer.refused.connect(lambda: announce(composer, self.desk.obstacle))
        self._picker.picked_all.connect(lambda paths: self.add_files([Path(p) for p in paths]))
        self.tray.opened.connect(self._open_item)
        self.desk.changed.connect(self._desk_changed)
        self.desk.note.connect(self.note)
        self.paste.note.connect(self.note)
        self.part_bar.settled.connect(composer.edit.setFocus)

    @property
    def viewer(self) -> AttachmentViewer:
        """Made when it is first wanted."""
        if self._viewer is None:
            self._viewer = AttachmentViewer(self._look, self._session.tasks)
            self._viewer.close_wanted.connect(lambda: self.side_wanted.emit(None))
            self._viewer.part_wanted.connect(self._ask_part)
            self._viewer.note.connect(self.note)
        return self._viewer

    @property
    def parts(self) -> tuple[AttachmentPart, ...]:
        return self.desk.parts

    def add_files(self, paths: Sequence[Path]) -> None:
        self.desk.add_files(paths)
        self._composer.edit.setFocus()

    def sent(self) -> None:
        """The question is on its way; what lay beside it is part of the conversation now."""
        self._close_viewed()
        self.desk.clear()
        self.paste.dismiss()

    def begun(self, conversation: int | None) -> None:
        """The new chat may have become a conversation; what lay beside its question was sent."""
        if conversation is not None and self.desk.conversation is None:
            self.kept.sent()
            self.desk.become(conversation)
            self.kept.fetch()

    def conversation_changed(self, conversation: int | None) -> None:
        """Another one is shown."""
        self.kept.keep()
        self._close_viewed()
        self.paste.dismiss()
        self.desk.switch(conversation)
        self.kept.fetch()

    def take_over(self, other: "Attachments") -> None:
        """What another window had; it is not used any more."""
        self.kept.take_over(other.kept)
        self.desk.take_over(other.desk)

    def refresh(self) -> None:
        """The model may be another, or have time to count: what it could not be asked is estimated
        until then."""
        ready = self._session.ready
        if ready is not None and not self._session.busy:
            self.desk.recount(only_estimates=ready is self._counted_by)
            self._counted_by = ready
        self.part_bar.refresh()

    def show_sent(self, part: AttachmentPart) -> None:
        """The text of an attachment of the conversation."""
        self._viewed = None
        self._show(part, "", (), pending=False)

    def _open_item(self, item: Item) -> None:
        if item.chosen is None:
            return
        self._viewed = item
        self._show(item.chosen.part, detail(item), item.chosen.remarks, pending=True)

    def _show(
        self, part: AttachmentPart, said: str, remarks: tuple[str, ...], *, pending: bool
    ) -> None:
        self.viewer.show_part(part, said, remarks, pending=pending)
        self.side_wanted.emit(self.viewer)

    def _ask_part(self) -> None:
        if self._viewed is not None:
            self.part_bar.ask_about(self._viewed)

    def _desk_changed(self) -> None:
        self._composer.set_attached(some=bool(self.desk.items), obstacle=self.desk.obstacle)
        item = self._viewed
        if item is None:
            return
        if item not in self.desk.items:
            self._close_viewed()
        elif item.chosen is not None and item.chosen.part != self.viewer.shown_part:
            self.viewer.show_part(item.chosen.part, detail(item), item.chosen.remarks, pending=True)

    def _close_viewed(self) -> None:
        if self._viewed is not None:
            self._viewed = None
            self.side_wanted.emit(None)
