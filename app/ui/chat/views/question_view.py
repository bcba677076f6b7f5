"""The question: a soft bubble on the right, its text shown as typed."""

import math

from PySide6.QtCore import QEvent
from PySide6.QtGui import QEnterEvent, QTextBlockFormat
from PySide6.QtWidgets import QWidget

from app.core.language import mark, tr
from app.core.units import count
from app.ui.chat.actions import Action
from app.ui.chat.attachments.sent_files import GAP as BELOW_FILES
from app.ui.chat.attachments.sent_files import SentFiles
from app.ui.chat.entries import Question
from app.ui.chat.model_state import Ability
from app.ui.chat.views.action_bar import SIDE, ActionBar, VersionSwitch
from app.ui.chat.views.entry_view import EntryView
from app.ui.chat.views.question_edit import QuestionEditor
from app.ui.look import Look
from app.ui.markdown.text_view import TextView, broken_lines
from app.ui.markdown.writer import LINE_HEIGHT
from app.ui.widgets import button, card

_WIDEST = 0.72
_PADDING_X = 17
# Lines have their extra height above the letters, so that they need less room there.
_PADDING_TOP = 13
_PADDING_BOTTOM = 17
_SHOWN_CHARACTERS = 4_000
_SHOWN_LINES = 60
_STEP = 100_000
_ACTIONS: tuple[Action, ...] = ("delete", "branch", "edit")
_BESIDE = 8


class QuestionView(EntryView):
    gap_above = 28
    gap_below = 6

    def __init__(self, look: Look, entry: Question, parent: QWidget) -> None:
        super().__init__(look, "question", parent)
        self._entry = entry
        self.files = SentFiles(look, entry.attachments, self.number, self)
        self.files.opened.connect(self.file_wanted)
        self._bubble = card("bubble", name=f"questionBubble-{self.number}", parent=self)
        self._text = TextView(tr("Question"), self._bubble)
        self._more = button(
            tr("Show more"),
            f"questionShowMore-{self.number}",
            "quiet",
            on_click=self._show_more,
            parent=self._bubble,
        )
        self._more.hide()
        self._actions = ActionBar(look, _ACTIONS, 0, self.number, self, quiet=True)
        self._actions.wanted.connect(self.act)
        self._switch = VersionSwitch(look, mark("Question {place} of {count}"), self.number, self)
        self._switch.wanted.connect(self.acted)
        self.editor: QuestionEditor | None = None
        self._show(entry.text[: entry.unfolded] if entry.unfolded else _shortened(entry.text))
        self.refresh_actions()

    def refresh(self) -> None:
        self.refresh_actions()
        self.resized.emit()

    def refresh_actions(self) -> None:
        self._actions.refresh(self.can)
        entry = self._entry
        self._switch.show_versions(entry.message, entry.versions, "", self.can)
        if self._entry.edited is not None and self.editor is None:
            self._open_editor()
        if self.editor is not None:
            self._switch.hide()
            self.editor.set_ability(self.can("again") or Ability(True))

    def act(self, action: Action) -> None:
        if action == "edit":
            self.begin_edit()
        else:
            self.acted.emit(action)

    def action_button(self, action: Action) -> QWidget | None:
        made: QWidget | None = self._actions.buttons.get(action)
        if action in ("earlier", "later"):
            made = self._switch.button(action)
        return made if made is not None and made.isEnabled() and not made.isHidden() else None

    def begin_edit(self) -> None:
        """In place, with the focus in it."""
        if self.editor is None:
            self._entry.edited = self._entry.text
            self._open_editor()
        if self.editor is not None:
            self.editor.field.setFocus()
        self.resized.emit()

    def end_edit(self) -> None:
        """Nothing has changed."""
        editor, self.editor = self.editor, None
        self._entry.edited = None
        if editor is None:
            return
        button = self._actions.buttons["edit"]
        self._bubble.show()
        self._actions.show()
        if editor.isAncestorOf(editor.focusWidget()):
            button.setFocus()
        editor.hide()
        editor.deleteLater()
        self.refresh_actions()
        self.resized.emit()

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self._actions.set_awake(True)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._actions.set_awake(False)

    def height_for(self, width: int) -> int:
        top = self.files.height_for(width)
        self.files.setGeometry(0, 0, width, top)
        if self.editor is not None:
            height = self.editor.height_for(width)
            self.editor.setGeometry(0, top, width, height)
            return top + height
        total, left = self._place_bubble(width, top)
        self._actions.setGeometry(
            left - _BESIDE - self._actions.wanted_width,
            total - SIDE - 4,
            self._actions.wanted_width,
            SIDE,
        )
        room = self._switch.wanted_width
        if room:
            self._switch.setGeometry(width - room, total + 4, room, SIDE)
            total += SIDE + 4
        return total

    def _place_bubble(self, width: int, top: int) -> tuple[int, int]:
        """Its bottom and its left edge. Files without a word have none."""
        self._bubble.setVisible(bool(self._entry.text))
        if not self._entry.text:
            return max(0, top - BELOW_FILES), width - 2 * _PADDING_X
        inner = int(width * _WIDEST) - 2 * _PADDING_X
        self._text.height_for(inner)
        wanted = math.ceil(self._text.document().idealWidth())
        text_width = min(inner, max(wanted, 24))
        height = self._text.height_for(text_width)
        self._text.setGeometry(_PADDING_X, _PADDING_TOP, text_width, height)
        total = _PADDING_TOP + height + _PADDING_BOTTOM
        if not self._more.isHidden():
            self._more.setGeometry(
                _PADDING_X - 6, total - _PADDING_BOTTOM + 4, self._more.sizeHint().width(), 28
            )
            total += 28
        bubble = text_width + 2 * _PADDING_X
        self._bubble.setGeometry(width - bubble, top, bubble, total)
        return top + total, width - bubble

    def _open_editor(self) -> None:
        editor = self.editor = QuestionEditor(self._entry.edited or "", self.number, self)
        editor.changed.connect(self._edited)
        editor.sent.connect(self.edited)
        editor.left.connect(self.end_edit)
        editor.resized.connect(self.resized)
        self._bubble.hide()
        self._actions.hide()
        editor.show()
        self.refresh_actions()

    def _edited(self, text: str) -> None:
        self._entry.edited = text

    def _show(self, text: str) -> None:
        hidden = len(self._entry.text) - len(text)
        self._more.setVisible(hidden > 0)
        self._more.setText(tr("Show more ({count} characters left)", count=count(hidden)))
        self._more.setAccessibleName(self._more.text())
        self._text.clear()
        lines = QTextBlockFormat()
        lines.setLineHeight(
            self.look.scale.text(LINE_HEIGHT), QTextBlockFormat.LineHeightTypes.MinimumHeight.value
        )
        self._text.end_cursor().setBlockFormat(lines)
        self._text.append_text(broken_lines(text))

    def _show_more(self) -> None:
        self._entry.unfolded += _STEP
        self._show(self._entry.text[: self._entry.unfolded])
        self.resized.emit()


def _shortened(text: str) -> str:
    lines = text.split("\n", _SHOWN_LINES)
    if len(lines) > _SHOWN_LINES:
        text = "\n".join(lines[:_SHOWN_LINES])
    # A little more than the limit is shown rather than folded.
    return text if len(text) <= 1.2 * _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS]
