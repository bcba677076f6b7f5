"""What changes a setting: one editor per kind of field."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from app.core.language import tr
from app.settings.fields import Choice, Folder, Folders, FontFamily, Number, Switch, Text
from app.settings.setting import Setting
from app.ui.look import Look
from app.ui.settings.switch import SwitchBox
from app.ui.widgets import ChoiceBox, IconButton, WholeSpin, button, label, plain_tip

_WIDTH = 260


class Editor(QWidget):
    """`edited` brings the whole new value."""

    edited = Signal(object)

    def show_value(self, value: Any) -> None:  # noqa: ANN401 - of whatever kind the setting is
        raise NotImplementedError

    @property
    def focus_target(self) -> QWidget:
        """What the label belongs to."""
        raise NotImplementedError


class SwitchEditor(Editor):
    def __init__(self, look: Look, setting: Setting[bool]) -> None:
        super().__init__()
        self._box = SwitchBox(look)
        _name(self._box, setting)
        self._box.toggled.connect(self._toggled)
        _row(self, self._box)

    def show_value(self, value: bool) -> None:
        self._box.blockSignals(True)
        self._box.setChecked(value)
        self._box.setText(tr("On") if value else tr("Off"))
        self._box.blockSignals(False)

    @property
    def focus_target(self) -> QWidget:
        return self._box

    def _toggled(self, value: bool) -> None:
        self._box.setText(tr("On") if value else tr("Off"))
        self.edited.emit(value)


class ChoiceEditor(Editor):
    def __init__(self, look: Look, setting: Setting[str], field: Choice) -> None:
        super().__init__()
        self._box = ChoiceBox(look)
        _name(self._box, setting)
        self._box.setMinimumWidth(_WIDTH)
        for value, text in field.options:
            self._box.addItem(tr(text), value)
        self._box.activated.connect(lambda _: self.edited.emit(self._box.currentData()))
        _row(self, self._box)

    def show_value(self, value: str) -> None:
        self._box.setCurrentIndex(max(0, self._box.findData(value)))

    @property
    def focus_target(self) -> QWidget:
        return self._box


class FontEditor(Editor):
    """The families that are there; one that went missing stays in the list, as missing."""

    def __init__(self, look: Look, setting: Setting[str], field: FontFamily) -> None:
        super().__init__()
        self._box = ChoiceBox(look)
        _name(self._box, setting)
        self._box.setMinimumWidth(_WIDTH)
        self._box.addItem(tr("The system's"), "")
        for family in QFontDatabase.families():
            fixed = QFontDatabase.isFixedPitch(family)
            if not QFontDatabase.isPrivateFamily(family) and (fixed or not field.fixed):
                self._box.addItem(family, family)
        self._box.activated.connect(lambda _: self.edited.emit(self._box.currentData()))
        _row(self, self._box)

    def show_value(self, value: str) -> None:
        if self._box.findData(value) < 0:
            self._box.addItem(f"{value[:80]} (missing)", value)
        self._box.setCurrentIndex(self._box.findData(value))

    @property
    def focus_target(self) -> QWidget:
        return self._box


class NumberEditor(Editor):
    def __init__(self, look: Look, setting: Setting[int], field: Number) -> None:
        super().__init__()
        self._factor = field.factor
        self._box = WholeSpin(look)
        _name(self._box, setting)
        self._box.setMinimumWidth(_WIDTH // 2)
        self._box.setRange(field.least, field.most)
        self._box.setSingleStep(field.step)
        self._box.setGroupSeparatorShown(True)
        self._box.setKeyboardTracking(False)
        if field.unit:
            self._box.setSuffix(f" {tr(field.unit)}")
        if field.zero:
            self._box.setSpecialValueText(tr(field.zero))
        self._box.valueChanged.connect(lambda value: self.edited.emit(value * self._factor))
        _row(self, self._box)

    def show_value(self, value: int) -> None:
        self._box.blockSignals(True)
        # Never 0 for what is not: 0 has a meaning of its own.
        self._box.setValue(value and max(1, round(value / self._factor)))
        self._box.blockSignals(False)

    @property
    def focus_target(self) -> QWidget:
        return self._box


class TextEditor(Editor):
    """problem: what is wrong with a text, "" for nothing; only sound ones are taken."""

    def __init__(
        self, setting: Setting[str], field: Text, problem: Callable[[str], str] | None = None
    ) -> None:
        super().__init__()
        self._problem = problem or (lambda _: "")
        self._edit = QLineEdit()
        _name(self._edit, setting)
        self._edit.setPlaceholderText(tr(field.placeholder))
        self._edit.setMinimumWidth(_WIDTH)
        self._edit.setMaxLength(1000)
        self._wrong = label("", "bad", name=f"setting-{setting.key}-problem", wrap=True)
        self._wrong.hide()
        self._edit.editingFinished.connect(self._finished)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self._edit)
        column.addWidget(self._wrong)

    def show_value(self, value: str) -> None:
        if not self._edit.isModified():
            self._edit.setText(value)

    @property
    def focus_target(self) -> QWidget:
        return self._edit

    def _finished(self) -> None:
        text = self._edit.text().strip()
        wrong = self._problem(text)
        self._wrong.setText(wrong)
        self._wrong.setVisible(bool(wrong))
        if not wrong:
            self._edit.setModified(False)
            self.edited.emit(text)


class FolderEditor(Editor):
    def __init__(self, setting: Setting[str], field: Folder) -> None:
        super().__init__()
        self._empty = tr(field.empty)
        self._dialog: QFileDialog | None = None
        self._path = label("", name=f"setting-{setting.key}-path", wrap=True)
        self._path.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._choose = button(
            tr("Choose…"),
            f"setting-{setting.key}",
            on_click=self._ask,
            accessible=tr(setting.label),
        )
        self._value = ""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self._path)
        column.addWidget(self._choose, 0, Qt.AlignmentFlag.AlignLeft)

    def show_value(self, value: str) -> None:
        self._value = value
        shown = value or self._empty
        self._path.setText(shown)
        self._path.setToolTip(plain_tip(shown))
        self._choose.setAccessibleDescription(shown)

    @property
    def focus_target(self) -> QWidget:
        return self._choose

    def _ask(self) -> None:
        self._dialog = folder_dialog(self, self._value)
        self._dialog.fileSelected.connect(lambda path: self.edited.emit(str(Path(path))))
        self._dialog.open()


class FoldersEditor(Editor):
    def __init__(self, look: Look, setting: Setting[tuple[str, ...]]) -> None:
        super().__init__()
        self._look, self._key = look, setting.key
        self._value: tuple[str, ...] = ()
        self._dialog: QFileDialog | None = None
        self._rows: list[QWidget] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self._none = label(tr("none"), "muted")
        self._column.addWidget(self._none)
        self._add = button(
            tr("Add a folder…"),
            f"setting-{setting.key}",
            on_click=self._ask,
            accessible=tr("{label}: add one", label=tr(setting.label)),
        )
        self._column.addWidget(self._add, 0, Qt.AlignmentFlag.AlignLeft)

    def show_value(self, value: tuple[str, ...]) -> None:
        self._value = value
        for row in self._rows:
            row.hide()
            row.deleteLater()
        self._rows = [self._row(number, path) for number, path in enumerate(value)]
        for number, row in enumerate(self._rows):
            self._column.insertWidget(number, row)
        self._none.setVisible(not value)

    @property
    def focus_target(self) -> QWidget:
        return self._add

    def _row(self, number: int, path: str) -> QWidget:
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        shown = label(path, wrap=True)
        shown.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        line.addWidget(shown, 1)
        line.addWidget(
            IconButton(
                self._look,
                "cross",
                tr("Take {path} off the list", path=path),
                f"setting-{self._key}-remove-{number}",
                on_click=lambda: self._remove(path),
            )
        )
        return row

    def _remove(self, path: str) -> None:
        self.edited.emit(tuple(kept for kept in self._value if kept != path))

    def _ask(self) -> None:
        self._dialog = folder_dialog(self, self._value[-1] if self._value else "")
        self._dialog.fileSelected.connect(self._chosen)
        self._dialog.open()

    def _chosen(self, path: str) -> None:
        self.edited.emit(tuple(dict.fromkeys((*self._value, str(Path(path))))))


def editor_for(
    look: Look, setting: Setting[Any], problem: Callable[[str], str] | None = None
) -> Editor:
    if setting.shown is None:
        raise ValueError(f"{setting.key} is not shown")
    match setting.shown.field:
        case Switch():
            return SwitchEditor(look, setting)
        case Choice() as field:
            return ChoiceEditor(look, setting, field)
        case Number() as field:
            return NumberEditor(look, setting, field)
        case Text() as field:
            return TextEditor(setting, field, problem)
        case Folder() as field:
            return FolderEditor(setting, field)
        case FontFamily() as field:
            return FontEditor(look, setting, field)
        case Folders():
            return FoldersEditor(look, setting)


def folder_dialog(parent: QWidget, start: str) -> QFileDialog:
    """The system's own, not in the way of the event loop."""
    dialog = QFileDialog(parent, tr("Choose a folder"), start)
    dialog.setObjectName("folderDialog")
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    return dialog


def _name(widget: QWidget, setting: Setting[Any]) -> None:
    widget.setObjectName(f"setting-{setting.key}")
    widget.setAccessibleName(tr(setting.label))
    widget.setAccessibleDescription(tr(setting.help))


def _row(owner: QWidget, widget: QWidget) -> None:
    line = QHBoxLayout(owner)
    line.setContentsMargins(0, 0, 0, 0)
    line.addWidget(widget)
    line.addStretch(1)
