"""Above the question that is being written: the files that go with it, and what is wrong with
them."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.core.language import tr
from app.ui.chat.attachments.chip import FileChip
from app.ui.chat.attachments.desk import Desk, Item
from app.ui.chat.attachments.file_words import detail
from app.ui.chat.attachments.tray_notes import TrayNotes
from app.ui.flow import Flow
from app.ui.look import Look
from app.ui.widgets import announce

_GAP = 8


class Tray(QWidget):
    """opened: the text of an item is to be shown. Hidden while there is nothing."""

    opened = Signal(object)

    def __init__(self, look: Look, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("attachmentTray")
        self.setAccessibleName(tr("Files with the question"))
        self._look, self._desk = look, desk
        self.chips: dict[Item, FileChip] = {}
        self._said: set[Item] = set()
        self._flow = Flow(_GAP)
        self._flow.setObjectName("attachmentChips")
        self.notes = TrayNotes(desk)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(_GAP)
        column.addWidget(self._flow)
        column.addWidget(self.notes)
        desk.changed.connect(self.refresh)
        desk.progressed.connect(self._progressed)
        look.changed.connect(self._flow.lay_out)
        self.refresh()

    def refresh(self) -> None:
        items = self._desk.items
        if list(self.chips) != items:
            self._take(items)
        for item, chip in self.chips.items():
            self._show(item, chip)
        self.notes.refresh()
        self.setVisible(bool(items))
        self._flow.lay_out()

    def _progressed(self, item: Item) -> None:
        if item in self.chips:
            self._show(item, self.chips[item])

    def _take(self, items: list[Item]) -> None:
        had_focus = self.isAncestorOf(focus) if (focus := self.focusWidget()) else False
        kept = {item: self.chips[item] for item in items if item in self.chips}
        self.chips = {item: kept.get(item) or self._made(item) for item in items}
        self._flow.arrange(list(self.chips.values()))
        if had_focus and self.chips:
            list(self.chips.values())[-1].open.setFocus()

    def _made(self, item: Item) -> FileChip:
        chip = FileChip(self._look, item.name, self._flow, removable=True)
        chip.open_wanted.connect(lambda: self.opened.emit(item))
        chip.remove_wanted.connect(lambda: self._desk.remove(item))
        return chip

    def _show(self, item: Item, chip: FileChip) -> None:
        bad = item.error is not None
        progress = item.progress
        fraction = None
        if item.job is not None and progress is not None and progress.total:
            fraction = progress.done / progress.total
        elif item.reading:
            fraction = 0.0
        remarks = item.chosen.remarks if item.chosen is not None else ()
        tip = str(item.error) if item.error is not None else "\n".join(remarks)
        chip.show_detail(detail(item), bad=bad, fraction=fraction, tip=tip)
        if not item.reading and item not in self._said:
            self._said.add(item)
            announce(self, f"{item.name}: {tip or detail(item)}")
