"""One editor per type of parameter; all share value, set_value, problem and `edited`."""

import math

from PySide6.QtCore import Signal
from PySide6.QtGui import QPaintEvent, QWheelEvent
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from app.core.language import tr
from app.core.sampling import Declaration, Range
from app.core.units import count
from app.ui.look import Look
from app.ui.widgets import ChoiceBox, WholeSpin, draw_arrows


class Editor(QWidget):
    """wide: it takes a line of its own below the label."""

    edited = Signal()
    wide = False

    def __init__(self, name: str, declaration: Declaration) -> None:
        super().__init__()
        self.setObjectName(f"{name}-editor")
        self._declaration = declaration
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)

    def _adopt(self, field: QWidget, name: str) -> None:
        field.setObjectName(name)
        field.setAccessibleName(tr(self._declaration.label))
        field.setAccessibleDescription(tr(self._declaration.help))
        self.setFocusProxy(field)
        self._column.addWidget(field)

    def value(self) -> object:
        """Only to be asked while there is no problem."""
        raise NotImplementedError

    def set_value(self, value: object) -> None:
        """Without `edited`."""
        raise NotImplementedError

    def problem(self) -> str:
        """What is wrong with what was typed, one sentence, or ""."""
        return ""


class _Decimal(QDoubleSpinBox):
    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.lineEdit().setTextMargins(6, 0, 0, 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        draw_arrows(self, self._look)

    def textFromValue(self, value: float) -> str:
        text = super().textFromValue(value)
        point = self.locale().decimalPoint()
        return text.rstrip("0").removesuffix(point) if point in text else text

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class DecimalEditor(Editor):
    def __init__(self, look: Look, name: str, declaration: Declaration, bounds: Range) -> None:
        super().__init__(name, declaration)
        self._field = _Decimal(look)
        self._field.setDecimals(bounds.decimals)
        self._field.setRange(bounds.minimum, bounds.maximum)
        self._field.setSingleStep(bounds.step)
        self._adopt(self._field, name)
        self._field.valueChanged.connect(lambda _: self.edited.emit())

    def value(self) -> float:
        return self._field.value()

    def set_value(self, value: object) -> None:
        assert isinstance(value, int | float)  # noqa: S101
        self._field.blockSignals(True)
        self._field.setValue(value)
        self._field.blockSignals(False)


class WholeEditor(Editor):
    def __init__(self, look: Look, name: str, declaration: Declaration, bounds: Range) -> None:
        super().__init__(name, declaration)
        self._field = WholeSpin(look)
        self._field.setRange(int(bounds.minimum), int(bounds.maximum))
        self._field.setSingleStep(int(bounds.step))
        self._adopt(self._field, name)
        self._field.valueChanged.connect(lambda _: self.edited.emit())

    def value(self) -> int:
        return self._field.value()

    def set_value(self, value: object) -> None:
        assert isinstance(value, int)  # noqa: S101
        self._field.blockSignals(True)
        self._field.setValue(value)
        self._field.blockSignals(False)


class MirostatEditor(Editor):
    def __init__(self, look: Look, name: str, declaration: Declaration) -> None:
        super().__init__(name, declaration)
        self._field = ChoiceBox(look)
        self._field.addItems([tr("Off"), tr("Version 1"), tr("Version 2")])
        self._adopt(self._field, name)
        self._field.currentIndexChanged.connect(lambda _: self.edited.emit())

    def value(self) -> int:
        return self._field.currentIndex()

    def set_value(self, value: object) -> None:
        assert isinstance(value, int)  # noqa: S101
        self._field.blockSignals(True)
        self._field.setCurrentIndex(value)
        self._field.blockSignals(False)


class SeedEditor(Editor):
    """Empty or a number."""

    def __init__(self, name: str, declaration: Declaration, bounds: Range) -> None:
        super().__init__(name, declaration)
        self._most = int(bounds.maximum)
        self._field = QLineEdit()
        self._field.setPlaceholderText("random")
        self._adopt(self._field, name)
        self._field.textEdited.connect(lambda _: self.edited.emit())

    def value(self) -> int | None:
        text = self._field.text().strip()
        return int(text) if text else None

    def set_value(self, value: object) -> None:
        self._field.setText("" if value is None else str(value))

    def problem(self) -> str:
        text = self._field.text().strip()
        if not text or (text.isascii() and text.isdigit() and int(text) <= self._most):
            return ""
        return tr("A seed is a whole number from 0 to {most}, or empty.", most=count(self._most))


class _LinesEditor(Editor):
    wide = True

    def __init__(self, name: str, declaration: Declaration, placeholder: str) -> None:
        super().__init__(name, declaration)
        self._field = QPlainTextEdit()
        self._field.setProperty("field", "true")
        self._field.setTabChangesFocus(True)
        self._field.setPlaceholderText(placeholder)
        self._field.setFixedHeight(74)
        self._field.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._adopt(self._field, name)
        self._field.textChanged.connect(self.edited)

    def _lines(self) -> list[str]:
        return [line for line in self._field.toPlainText().split("\n") if line]

    def _set_lines(self, lines: list[str]) -> None:
        self._field.blockSignals(True)
        self._field.setPlainText("\n".join(lines))
        self._field.blockSignals(False)


class TextsEditor(_LinesEditor):
    r"""One text per line; `\n`, `\t` and `\\` stand for what cannot be typed in a line."""

    def __init__(self, name: str, declaration: Declaration) -> None:
        super().__init__(name, declaration, tr("one per line; \\n is a line break"))

    def value(self) -> tuple[str, ...]:
        return tuple(_unescaped(line) for line in self._lines())

    def set_value(self, value: object) -> None:
        assert isinstance(value, tuple)  # noqa: S101
        if self.problem() or self.value() != value:
            self._set_lines([_escaped(text) for text in value])


class BiasEditor(_LinesEditor):
    def __init__(self, name: str, declaration: Declaration) -> None:
        super().__init__(name, declaration, "1234 = -2.5")

    def value(self) -> tuple[tuple[int, float], ...]:
        return tuple(_bias(line) for line in self._lines() if line.strip())

    def set_value(self, value: object) -> None:
        assert isinstance(value, tuple)  # noqa: S101
        if self.problem() or self.value() != value:
            self._set_lines([f"{token} = {bias:g}" for token, bias in value])

    def problem(self) -> str:
        seen: set[int] = set()
        for number, line in enumerate(self._field.toPlainText().split("\n"), 1):
            if not line.strip():
                continue
            try:
                token, _ = _bias(line)
            except ValueError:
                return tr(
                    "Line {number} is not of the form “token id = bias”, such as 1234 = -2.5.",
                    number=number,
                )
            if token in seen:
                return tr("Line {number} names token {token} again.", number=number, token=token)
            seen.add(token)
        return ""


def _bias(line: str) -> tuple[int, float]:
    token, sign, bias = line.partition("=")
    token, value = token.strip(), float(bias)
    if not sign or not (token.isascii() and token.isdigit()) or int(token) > 2**31 - 1:
        raise ValueError(line)
    if math.isnan(value) or value == math.inf:
        raise ValueError(line)
    return int(token), value


_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def _escaped(text: str) -> str:
    return "".join(_ESCAPES.get(char, char) for char in text)


def _unescaped(text: str) -> str:
    back = {value[1]: key for key, value in _ESCAPES.items()}
    result: list[str] = []
    characters = iter(text)
    for char in characters:
        if char != "\\":
            result.append(char)
            continue
        following = next(characters, "")
        result.append(back.get(following, f"\\{following}"))
    return "".join(result)
