"""The text of a file beside the chat: to be read, copied and saved, never changed."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QTextOption
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from app.core.cancel import CancelToken
from app.core.errors import KnownError
from app.core.language import tr
from app.core.messages import AttachmentPart
from app.core.tasks import TaskRunner
from app.core.units import count
from app.ui.chat.attachments.file_words import part_detail
from app.ui.chat.model_loads import known
from app.ui.chat.side_panel import SidePanel
from app.ui.downloads.parts import Elided
from app.ui.look import Look
from app.ui.markdown.links import with_hidden_shown
from app.ui.markdown.text_view import broken_lines
from app.ui.widgets import CopyButton, IconButton, button, label

_STEP = 100_000


class AttachmentViewer(SidePanel):
    """part_wanted: the person wants to send another part of what is shown."""

    side_width = 460
    close_wanted = Signal()
    part_wanted = Signal()
    note = Signal(str)

    def __init__(self, look: Look, tasks: TaskRunner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("attachmentViewer")
        self.setAccessibleName(tr("Text of a file"))
        self.setProperty("bar", "side")
        self._look, self._tasks = look, tasks
        self._part = AttachmentPart("", "")
        self._shown = 0
        self._dialog: QFileDialog | None = None
        self._title = Elided("", "title", name="viewerTitle")
        self._detail = label("", "small", name="viewerDetail", wrap=True)
        self._remarks = label("", "small", name="viewerRemarks", wrap=True)
        self.text = QPlainTextEdit()
        self.text.setObjectName("viewerText")
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        self.text.setProperty("field", "true")
        self.text.setFrameShape(QFrame.Shape.NoFrame)
        self.text.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.more = button("", "viewerMore", "quiet", on_click=self._show_more)
        self.part = button(tr("Send only a part…"), "viewerPart", on_click=self.part_wanted.emit)
        self.save = button(tr("Save as…"), "viewerSave", on_click=self._ask_target)
        self.copy = CopyButton(
            look, tr("Copy the text"), "viewerCopy", lambda: self._part.text, self
        )
        self.close_button = IconButton(
            look, "cross", tr("Close (Esc)"), "viewerClose", on_click=self.escape
        )
        self._build()

    def show_part(
        self,
        part: AttachmentPart,
        detail: str = "",
        remarks: tuple[str, ...] = (),
        *,
        pending: bool,
    ) -> None:
        """pending: it is not sent yet."""
        self._part, self._shown = part, 0
        name = with_hidden_shown(part.name)
        self._title.set_full(name)
        self._detail.setText(detail or part_detail(part))
        self._remarks.setText("\n".join(remarks))
        self._remarks.setVisible(bool(remarks))
        self.text.setAccessibleName(tr("Text of {name}", name=name))
        self.text.clear()
        self.part.setVisible(pending)
        self._show_more()

    @property
    def shown_part(self) -> AttachmentPart:
        return self._part

    def focus_first(self) -> None:
        self.text.setFocus()

    def escape(self) -> None:
        self.close_wanted.emit()

    def _show_more(self) -> None:
        text = self._part.text[self._shown : self._shown + _STEP]
        self._shown += len(text)
        bar = self.text.verticalScrollBar()
        at = bar.value()
        cursor = self.text.textCursor()
        cursor.movePosition(cursor.MoveOperation.End)
        cursor.insertText(broken_lines(with_hidden_shown(text)))
        if at == 0:
            self.text.moveCursor(cursor.MoveOperation.Start)
        bar.setValue(at)
        left = len(self._part.text) - self._shown
        self.more.setText(tr("Show more ({count} characters left)", count=count(left)))
        self.more.setAccessibleName(self.more.text())
        self.more.setVisible(left > 0)

    def _ask_target(self) -> None:
        part = self._part
        dialog = QFileDialog(self, tr("Save the text"), text_name(part.name))
        dialog.setObjectName("viewerSaveDialog")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda path: self.save_to(part, Path(path)))
        self._dialog = dialog
        dialog.open()

    def save_to(self, part: AttachmentPart, path: Path) -> None:
        self._tasks.run(
            _writing(path, part.text),
            lambda _: self.note.emit(tr("Saved as {name}.", name=path.name)),
            lambda error: self.note.emit(str(known(error))),
        )

    def _build(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(4)
        head.addWidget(self._title, 1)
        head.addWidget(self.copy)
        head.addWidget(self.close_button)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addWidget(self.part)
        foot.addWidget(self.save)
        foot.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 8, 12, 16)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self._detail)
        column.addWidget(self._remarks)
        column.addWidget(self.text, 1)
        column.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)
        column.addLayout(foot)


def text_name(name: str) -> str:
    """The text of a PDF is no PDF."""
    path = Path(name.replace("/", "_").replace("\\", "_"))
    return f"{path.stem}.txt" if path.suffix.lower() in (".pdf", ".docx") else path.name


def _writing(path: Path, text: str) -> Callable[[CancelToken], None]:
    def work(_: CancelToken) -> None:
        try:
            path.write_text(text, encoding="utf-8", errors="replace")
        except OSError as error:
            raise KnownError(
                tr("{name} cannot be written.", name=path.name),
                error.strerror or "",
                tr("Choose another folder."),
            ) from error

    return work
