"""Names with values that are not shown in clear: variables, headers."""

from collections.abc import Callable

from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app.core.language import tr
from app.ui.look import Look
from app.ui.widgets import IconButton, button

_MOST = 100


class PairsEdit(QWidget):
    """name: what the object names begin with. one: what a pair is called ("Variable")."""

    def __init__(self, look: Look, name: str, one: str, add: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self._look, self._name, self._one = look, name, one
        self._lines: list[_Line] = []
        self._made = 0
        self._add = button(add, f"{name}Add", "quiet", on_click=self._add_empty)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        row = QHBoxLayout()
        row.addWidget(self._add)
        row.addStretch(1)
        self._column.addLayout(row)

    def show_pairs(self, pairs: tuple[tuple[str, str], ...]) -> None:
        for line in tuple(self._lines):
            self._drop(line)
        for key, value in pairs:
            self._insert(key, value)

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Without lines that are empty; of a name that comes twice the last counts."""
        found = {line.key.text().strip(): line.value.text() for line in self._lines}
        return tuple((key, value) for key, value in found.items() if key or value)

    def _add_empty(self) -> None:
        self._insert("", "").key.setFocus()

    def _insert(self, key: str, value: str) -> "_Line":
        line = _Line(self._look, f"{self._name}-{self._made}", self._one, self._drop)
        self._made += 1
        line.key.setText(key)
        line.value.setText(value)
        self._lines.append(line)
        self._column.insertWidget(len(self._lines) - 1, line)
        self._add.setEnabled(len(self._lines) < _MOST)
        return line

    def _drop(self, line: "_Line") -> None:
        self._lines.remove(line)
        line.hide()
        line.deleteLater()
        self._add.setEnabled(True)
        self._add.setFocus()


class _Line(QWidget):
    def __init__(self, look: Look, name: str, one: str, drop: Callable[["_Line"], None]) -> None:
        super().__init__()
        self.key, self.value = QLineEdit(), QLineEdit()
        self.key.setObjectName(f"{name}-name")
        self.key.setAccessibleName(tr("{what}: name", what=one))
        self.key.setPlaceholderText(tr("Name"))
        self.key.setMaxLength(200)
        self.key.setMinimumWidth(80)
        self.value.setObjectName(f"{name}-value")
        self.value.setAccessibleName(tr("{what}: value, not shown", what=one))
        self.value.setPlaceholderText(tr("Value"))
        self.value.setEchoMode(QLineEdit.EchoMode.Password)
        self.value.setMaxLength(8_000)
        self.value.setMinimumWidth(80)
        gone = IconButton(
            look,
            "cross",
            tr("Remove this line"),
            f"{name}-remove",
            on_click=lambda: drop(self),
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.key, 2)
        row.addWidget(self.value, 3)
        row.addWidget(gone)
