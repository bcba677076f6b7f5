"""The order of the filters: a list whose rows move up and down, by button or Alt+arrow key."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem

from app.core.language import mark, tr
from app.core.sampling import DEFAULT_ORDER, Declaration, SamplerName
from app.ui.look import Look
from app.ui.sampling.editors import Editor
from app.ui.widgets import IconButton, label

_LABELS: dict[SamplerName, str] = {
    "penalties": mark("Repetition penalties"),
    "dry": "DRY",
    "top_n_sigma": mark("Top n sigma"),
    "top_k": mark("Top K"),
    "typical_p": mark("Typical P"),
    "top_p": mark("Top P"),
    "min_p": mark("Min P"),
    "xtc": "XTC",
    "temperature": mark("Temperature"),
}
_KEY = Qt.ItemDataRole.UserRole


class _List(QListWidget):
    move_wanted = Signal(int)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        moves = event.modifiers() & Qt.KeyboardModifier.AltModifier
        if moves and event.key() in steps:
            self.move_wanted.emit(steps[Qt.Key(event.key())])
            event.accept()
            return
        super().keyPressEvent(event)


class OrderEditor(Editor):
    """Unchecked filters are left out of the chain."""

    wide = True

    def __init__(self, look: Look, name: str, declaration: Declaration) -> None:
        super().__init__(name, declaration)
        self._list = _List()
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._up = IconButton(
            look,
            "chevron-up",
            tr("Move up (Alt+Up)"),
            f"{name}-up",
            kind="mini",
            on_click=lambda: self._move(-1),
        )
        self._down = IconButton(
            look,
            "chevron-down",
            tr("Move down (Alt+Down)"),
            f"{name}-down",
            kind="mini",
            on_click=lambda: self._move(1),
        )
        self._adopt(self._list, name)
        buttons = QHBoxLayout()
        buttons.addWidget(label(tr("Space turns a filter on or off."), "small"), 1)
        buttons.addWidget(self._up)
        buttons.addWidget(self._down)
        self._column.addLayout(buttons)
        self._list.move_wanted.connect(self._move)
        self._list.itemChanged.connect(lambda _: self.edited.emit())
        self._list.currentRowChanged.connect(self._enable)
        self.set_value(DEFAULT_ORDER)
        row = self._list.sizeHintForRow(0)
        self._list.setFixedHeight(row * self._list.count() + 10)

    def value(self) -> tuple[SamplerName, ...]:
        items = (self._list.item(row) for row in range(self._list.count()))
        return tuple(
            item.data(_KEY) for item in items if item.checkState() == Qt.CheckState.Checked
        )

    def set_value(self, value: object) -> None:
        assert isinstance(value, tuple)  # noqa: S101
        if self._list.count() and self.value() == value:
            return
        self._list.blockSignals(True)
        self._list.clear()
        for key in (*value, *(key for key in DEFAULT_ORDER if key not in value)):
            item = QListWidgetItem(tr(_LABELS[key]), self._list)
            item.setData(_KEY, key)
            item.setCheckState(Qt.CheckState.Checked if key in value else Qt.CheckState.Unchecked)
        self._list.setCurrentRow(0)
        self._list.blockSignals(False)
        self._enable(0)

    def _move(self, step: int) -> None:
        row = self._list.currentRow()
        target = row + step
        if row < 0 or not 0 <= target < self._list.count():
            return
        self._list.blockSignals(True)
        self._list.insertItem(target, self._list.takeItem(row))
        self._list.setCurrentRow(target)
        self._list.blockSignals(False)
        self._enable(target)
        self.edited.emit()

    def _enable(self, row: int) -> None:
        self._up.setEnabled(row > 0)
        self._down.setEnabled(0 <= row < self._list.count() - 1)
