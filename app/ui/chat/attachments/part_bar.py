"""Which part of a file goes with the question: the choices when not all of it fits, or when only
some pages or lines matter."""

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from app.chat.attachments.cutting import extent
from app.core.language import tr
from app.core.units import count
from app.ui.chat.attachments.desk import Desk, Item
from app.ui.chat.attachments.file_words import rounded, tokens_of, unit_name
from app.ui.flow import Flow
from app.ui.look import Look
from app.ui.widgets import WholeSpin, button, card, label

_LEAST_TOKENS = 64
# So that a question of some length can still be typed.
_SPARE_TOKENS = 512
_LARGEST = 2_000_000_000


class PartBar(QFrame):
    """room: how many tokens the files may take together, None while that is not known. An item is
    `asked` about by the person, or is the largest of what does not fit. settled: something was
    chosen."""

    settled = Signal()

    def __init__(self, look: Look, desk: Desk, room: Callable[[], int | None]) -> None:
        super().__init__()
        self.setObjectName("attachmentPart")
        self._desk, self._room = desk, room
        self._asked: Item | None = None
        self._item: Item | None = None
        self.text = label("", name="attachmentPartText", wrap=True)
        self.beginning = button(
            tr("Only the beginning"), "attachmentBeginning", on_click=self._take_beginning
        )
        self.choose = button(tr("Choose a part…"), "attachmentChoose", on_click=self._open_range)
        self.leave = button(tr("Leave it out"), "attachmentLeave", on_click=self._leave_out)
        self.first, self.last = WholeSpin(look), WholeSpin(look)
        self.first.setObjectName("attachmentFirst")
        self.first.setAccessibleName(tr("From"))
        self.last.setAccessibleName(tr("To"))
        self.last.setObjectName("attachmentLast")
        self.use = button(tr("Use this part"), "attachmentUse", on_click=self._use_range)
        self.whole = button(tr("The whole file"), "attachmentWhole", on_click=self._whole)
        self.cancel = button(tr("Cancel"), "attachmentCancel", on_click=self.close_range)
        self._unit = label("", name="attachmentUnit")
        self._to = label(tr("to"), name="attachmentTo")
        self._of = label("", "muted", name="attachmentOf")
        self._choices, self._range, self._buttons = Flow(8), QWidget(), Flow(8)
        self._build()
        desk.changed.connect(self.refresh)
        self.refresh()

    @property
    def item(self) -> Item | None:
        """What the bar is about; None while it is hidden."""
        return self._item

    @property
    def too_large(self) -> Item | None:
        """The largest file, while not all of them fit."""
        room = self._room()
        ready = [item for item in self._desk.items if item.chosen is not None]
        if room is None or not ready or self._desk.size.tokens <= room:
            return None
        return max(ready, key=lambda item: item.size.tokens)

    def ask_about(self, item: Item) -> None:
        """The person wants to send a part of it."""
        self._asked = item
        self.refresh()
        self.first.setFocus()

    def refresh(self) -> None:
        if self._asked is not None and self._asked not in self._desk.items:
            self._asked = None
        item = self._asked or self.too_large
        if item is None or item.whole is None or item.job is not None:
            self._item = None
            self.hide()
            return
        asked = self._asked is not None
        if asked:
            self._fill_range(item)
        else:
            self._say_too_large(item)
        self._choices.setVisible(not asked)
        self._range.setVisible(asked)
        self._buttons.setVisible(asked)
        self._item = item
        self.show()

    def close_range(self) -> None:
        self._asked = None
        self.refresh()
        self.settled.emit()

    def _say_too_large(self, item: Item) -> None:
        room = self._room() or 0
        free = tr("There is room for about {room}.", room=count(rounded(max(0, room))))
        if room <= 0:
            free = tr("The conversation leaves no room.")
        if len(self._desk.items) == 1:
            text = tr(
                "“{name}” does not fit: it takes {tokens}.",
                name=item.name,
                tokens=tokens_of(item.size),
            )
        else:
            text = tr(
                "The files do not fit: they take {tokens} together, the largest is “{name}”.",
                tokens=tokens_of(self._desk.size),
                name=item.name,
            )
        self.text.setText(f"{text} {free}")
        can_cut = self._budget(item) >= _LEAST_TOKENS
        self.beginning.setEnabled(can_cut)
        self.beginning.setToolTip(
            tr("As much of it as fits. What is left out is said to you and to the model.")
            if can_cut
            else tr("Not even the beginning fits.")
        )

    def _budget(self, item: Item) -> int:
        """Tokens for the item, when the others stay as they are."""
        return (self._room() or 0) - (self._desk.size.tokens - item.size.tokens)

    def _fill_range(self, item: Item) -> None:
        if item is self._item or item.whole is None:
            return
        whole = extent(item.whole)
        self.text.setText(tr("Which part of “{name}” goes with the question?", name=item.name))
        self._unit.setText(unit_name(whole.unit, many=True).capitalize())
        self._of.setText(tr("of {count}", count=count(whole.number)))
        room = self._room()
        likely = whole.number
        if room is not None and item.size.tokens:
            likely = whole.number * max(1, self._budget(item)) // max(1, item.size.tokens)
        for spin, value, name in (
            (self.first, 1, tr("From")),
            (self.last, max(1, min(whole.number, likely)), tr("To")),
        ):
            spin.setRange(1, min(_LARGEST, whole.number))
            spin.setValue(value)
            spin.setAccessibleName(f"{name}, {unit_name(whole.unit, many=False)}")
        self.whole.setVisible(item.chosen is not item.whole)
        self._buttons.lay_out()

    def _take_beginning(self) -> None:
        if self._item is not None:
            budget = self._budget(self._item)
            spare = min(_SPARE_TOKENS, budget // 8)
            self._desk.choose_beginning(self._item, budget - spare)
            self.settled.emit()

    def _open_range(self) -> None:
        if self._item is not None:
            item, self._item = self._item, None
            self.ask_about(item)

    def _use_range(self) -> None:
        item, self._asked = self._item, None
        if item is not None:
            self._desk.choose_part(item, self.first.value(), self.last.value())
            self.settled.emit()

    def _whole(self) -> None:
        item, self._asked = self._item, None
        if item is not None:
            self._desk.choose_whole(item)
            self.settled.emit()

    def _leave_out(self) -> None:
        if self._item is not None:
            self._desk.remove(self._item)
            self.settled.emit()

    def _build(self) -> None:
        fields = (self._unit, self.first, self._to, self.last, self._of)
        row = QHBoxLayout(self._range)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for widget in fields:
            row.addWidget(widget)
        row.addStretch()
        self._choices.replace([self.beginning, self.choose, self.leave])
        self._buttons.replace([self.use, self.whole, self.cancel])
        self._choices.setObjectName("attachmentChoices")
        self._range.setObjectName("attachmentRange")
        self._buttons.setObjectName("attachmentRangeButtons")
        inner = card("notice", name="attachmentPartCard")
        column = QVBoxLayout(inner)
        column.setContentsMargins(12, 10, 12, 12)
        column.setSpacing(8)
        column.addWidget(self.text)
        column.addWidget(self._choices)
        column.addWidget(self._range)
        column.addWidget(self._buttons)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(inner)
