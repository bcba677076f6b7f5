"""A tool call: state, name, arguments, result, time; long results fold."""

import json

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QTextOption
from PySide6.QtWidgets import QWidget

from app.core.json import JsonObject
from app.core.language import mark, tr
from app.core.units import count, duration
from app.tools.files_write import WRITE_FILE
from app.ui.chat.entries import ToolUse
from app.ui.chat.views.entry_view import EntryView
from app.ui.look import Look
from app.ui.markdown.links import with_hidden_shown
from app.ui.markdown.text_view import TextView, broken_lines
from app.ui.tools.cards import AskCard, ask_card
from app.ui.tools.words import decision_text
from app.ui.widgets import button, chip, label, set_chip

_PADDING = 14
_ROW = 28
_TOP = 9
_FOLDED_LINES = 6
_LONGEST_SHOWN = 50_000
_FOLDED_CHARACTERS = 600

_STATES = {
    "writing": (mark("… calling"), "busy"),
    "asking": (mark("? asks you"), "warn"),
    "running": (mark("… running"), "busy"),
    "done": (mark("✓ done"), "ok"),
    "failed": (mark("✕ failed"), "bad"),
    "denied": (mark("– not allowed"), "plain"),
    "stopped": (mark("– stopped"), "plain"),
    "rejected": (mark("! not run"), "warn"),
}


class ToolView(EntryView):
    """answered: the request and what the person says to it, as of AskCard. put_back_wanted: what
    the call of this entry wrote shall be undone."""

    answered = Signal(object, object)
    put_back_wanted = Signal(object)

    def __init__(self, look: Look, entry: ToolUse, parent: QWidget) -> None:
        super().__init__(look, "tool", parent)
        self.setProperty("card", "true")
        self._entry = entry
        self._shown = ""
        self._state = chip(name=f"toolState-{self.number}")
        self._name = label("", "strong", name=f"toolName-{self.number}")
        self._arguments = label("", "mono", name=f"toolArguments-{self.number}")
        self._time = label("", "small", name=f"toolTime-{self.number}")
        for part in (self._state, self._name, self._arguments, self._time):
            part.setParent(self)
        self._arguments.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._result = TextView(tr("Tool result"), self)
        self._result.document().setDefaultFont(look.mono_font(12))
        self._result.setFont(look.mono_font(12))
        self._result.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.card: AskCard | None = None
        self._more = button(
            "", f"toolMore-{self.number}", "quiet", on_click=self._toggle, parent=self
        )
        self._undo = button(
            tr("Put back"),
            f"toolUndo-{self.number}",
            "quiet",
            tooltip=tr("The file becomes what it was before this call"),
            on_click=lambda: self.put_back_wanted.emit(entry),
            parent=self,
        )
        self.refresh()

    def refresh(self) -> None:
        entry = self._entry
        named, kind = _STATES["denied" if entry.decision == "denied" else entry.state]
        text = tr(named)
        set_chip(self._state, text, kind)
        self._name.setText(with_hidden_shown(entry.name) or "tool")
        self._show_card()
        wrote = entry.name == WRITE_FILE and entry.state == "done"
        self._undo.setVisible(wrote and not entry.put_back)
        told = entry.state not in ("rejected", "asking")
        self._arguments.setText(readable(entry.arguments) if told else "")
        self._arguments.setToolTip("")
        undone = tr("put back") if entry.put_back else ""
        time = "" if entry.seconds is None else duration(entry.seconds)
        self._time.setText(" · ".join(filter(None, (decision_text(entry.decision), undone, time))))
        self.setAccessibleName(
            tr(
                "Tool {name} {arguments}: {text}. {reason}",
                name=entry.name,
                arguments=readable(entry.arguments),
                text=text[2:],
                reason=entry.reason or entry.result[:400],
            )
        )
        self._write()
        self.resized.emit()

    def height_for(self, width: int) -> int:
        middle = _TOP + _ROW // 2
        left = _PADDING
        right = width - _PADDING
        if self._time.text():
            size = self._time.sizeHint()
            right -= size.width()
            self._time.setGeometry(right, middle - size.height() // 2, size.width(), size.height())
            right -= 8
        size = self._state.sizeHint()
        self._state.setGeometry(left, middle - size.height() // 2, size.width(), size.height())
        left += size.width() + 8
        size = self._name.sizeHint()
        room = max(0, right - left)
        self._name.setGeometry(
            left, middle - size.height() // 2, min(size.width(), room), size.height()
        )
        left += size.width() + 8
        top = _TOP + _ROW
        top = self._place_arguments(left, right, middle, top, width)
        if self.card is not None:
            inner = width - 2 * _PADDING
            height = self.card.height_at(inner)
            self.card.setGeometry(_PADDING, top + 4, inner, height)
            top += 8 + height
        if not self._result.isHidden():
            inner = width - 2 * _PADDING
            height = self._result.height_for(inner)
            self._result.setGeometry(_PADDING, top + 4, inner, height)
            top += 4 + height
        if not self._more.isHidden():
            self._more.setGeometry(_PADDING - 6, top + 4, self._more.sizeHint().width(), 26)
            top += 30
        if not self._undo.isHidden():
            self._undo.setGeometry(_PADDING - 6, top + 4, self._undo.sizeHint().width(), 26)
            top += 30
        return top + _TOP + (2 if not self._result.isHidden() else 0)

    def _show_card(self) -> None:
        """While the turn waits; what was typed outlives the view."""
        request, card = self._entry.request, self.card
        if card is not None and card.request is not request:
            card.hide()
            card.deleteLater()
            card = self.card = None
        if request is not None and card is None:
            card = self.card = ask_card(self.look, request, f"ask-{self.number}", self)
            card.set_draft(self._entry.draft)
            card.edited.connect(self._keep_draft)
            card.answered.connect(self.answered)
            card.resized.connect(self.resized)
            card.show()

    def _keep_draft(self, text: str) -> None:
        self._entry.draft = text

    def _place_arguments(self, left: int, right: int, middle: int, top: int, width: int) -> int:
        """Beside the name when they fit, else on lines of their own."""
        self._arguments.setVisible(bool(self._arguments.text()))
        if self._arguments.isHidden():
            return top
        self._arguments.setWordWrap(False)
        size = self._arguments.sizeHint()
        if size.width() <= right - left:
            self._arguments.setGeometry(
                left, middle - size.height() // 2, size.width(), size.height()
            )
            return top
        inner = width - 2 * _PADDING
        self._arguments.setWordWrap(True)
        height = self._arguments.heightForWidth(inner)
        self._arguments.setGeometry(_PADDING, top + 2, inner, height)
        return top + 2 + height

    def _write(self) -> None:
        entry = self._entry
        if entry.state == "rejected":
            text = f"{entry.reason}\n\n{entry.written.strip()}".strip()
        else:
            text = entry.result
        text = with_hidden_shown(text.strip("\n")[:_LONGEST_SHOWN])[:_LONGEST_SHOWN]
        text = broken_lines(text)
        short = _folded(text)
        self._more.setVisible(short != text)
        if not entry.unfolded and short != text:
            more = count(len(text) - len(short))
            text = f"{short}…"
            self._more.setText(tr("Show all ({more} more characters)", more=more))
        else:
            self._more.setText(tr("Show less"))
        self._more.setAccessibleName(self._more.text())
        self._result.setVisible(bool(text))
        if text != self._shown:
            self._shown = text
            self._result.setPlainText(text)

    def redraw(self) -> None:
        """Its card is made anew in the colours of now."""
        if self.card is not None:
            self.card.hide()
            self.card.deleteLater()
            self.card = None
            self._show_card()

    def reveal(self, number: int) -> None:  # noqa: ARG002
        if not self._entry.unfolded:
            self._toggle()

    def _toggle(self) -> None:
        self._entry.unfolded = not self._entry.unfolded
        self._write()
        self.resized.emit()


def readable(arguments: JsonObject) -> str:
    """`timezone = "UTC", count = 3`."""
    return ", ".join(
        f"{with_hidden_shown(name)} = {with_hidden_shown(_value(value))}"
        for name, value in arguments.items()
    )


def _value(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 400 else f"{text[:400]}…"


def _folded(text: str) -> str:
    lines = text.split("\n")
    if len(lines) > _FOLDED_LINES + 2:
        text = "\n".join(lines[:_FOLDED_LINES])
    return text if len(text) <= _FOLDED_CHARACTERS * 1.3 else text[:_FOLDED_CHARACTERS]
