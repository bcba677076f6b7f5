"""A question is edited where it stands."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from app.core.language import mark, tr
from app.ui.chat.model_state import Ability
from app.ui.chat.views.text_edit import TextEdit
from app.ui.widgets import button, card, label, plain_tip

_MOST_LINES = 16
_MARGIN = 14
_HINT = mark("The old question stays, with its answers.")


class QuestionEditor(QFrame):
    """sent: it shall be asked like this. left: nothing shall change. resized: it needs another
    height."""

    sent = Signal(str)
    left = Signal()
    changed = Signal(str)
    resized = Signal()

    def __init__(self, text: str, number: int, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName(f"questionEditor-{number}")
        self._frame = card("composer", name=f"questionEditorCard-{number}", parent=self)
        self._frame.setProperty("active", "true")
        self.field = TextEdit(f"editQuestion-{number}", tr("Edit the question"), self._frame)
        self.field.setAccessibleDescription(tr("Ctrl+Enter sends, Esc cancels."))
        self.field.setPlainText(text)
        self.field.moveCursor(self.field.textCursor().MoveOperation.End)
        self.save = button(
            tr("Send"), f"sendEdited-{number}", "primary", tooltip="Ctrl+Enter", on_click=self._send
        )
        self.cancel = button(
            tr("Cancel"), f"cancelEdit-{number}", tooltip="Esc", on_click=self.left.emit
        )
        self._hint = label(tr(_HINT), "small", name=f"editHint-{number}", wrap=True)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._hint, 1)
        row.addWidget(self.cancel)
        row.addWidget(self.save)
        column = QVBoxLayout(self._frame)
        column.setContentsMargins(_MARGIN, _MARGIN, _MARGIN, 12)
        column.setSpacing(12)
        column.addWidget(self.field)
        column.addLayout(row)
        self._can = Ability(True)
        self.field.saved.connect(self._send)
        self.field.left.connect(self.left)
        self.field.textChanged.connect(self._changed)
        self.field.document().documentLayout().documentSizeChanged.connect(
            lambda _: self.resized.emit()
        )

    def set_ability(self, ability: Ability) -> None:
        """Whether it can be sent now."""
        self._can = ability
        self._update()

    def height_for(self, width: int) -> int:
        self._frame.resize(width, self._frame.height())
        self.field.resize(width - 2 * _MARGIN - 2, self.field.height())
        lines = max(1, int(self.field.document().size().height()))
        shown = min(lines, _MOST_LINES)
        policy = Qt.ScrollBarPolicy
        self.field.setVerticalScrollBarPolicy(
            policy.ScrollBarAsNeeded if lines > _MOST_LINES else policy.ScrollBarAlwaysOff
        )
        self.field.setFixedHeight(shown * self.field.fontMetrics().lineSpacing() + 4)
        layout = self._frame.layout()
        height = layout.totalHeightForWidth(width) if layout is not None else 0
        self._frame.setGeometry(0, 0, width, height)
        return height

    def _changed(self) -> None:
        self.changed.emit(self.field.toPlainText())
        self._update()

    def _update(self) -> None:
        said = bool(self.field.toPlainText().strip())
        self.save.setEnabled(said and self._can.available)
        reason = self._can.reason if not self._can.available else ""
        self.save.setToolTip(plain_tip(reason or tr("Send (Ctrl+Enter)")))
        self._hint.setText(reason or tr(_HINT))

    def _send(self) -> None:
        if self.save.isEnabled():
            self.sent.emit(self.field.toPlainText())
