"""What a server's prompt wants to know, above the question that is being written."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app.core.language import tr
from app.tools.mcp.types import McpPrompt
from app.ui.widgets import announce, button, label

_MOST_FIELDS = 12
_LONGEST = 10_000


class _Field(QLineEdit):
    """left: the Esc key, of which the window has a meaning of its own."""

    left = Signal()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            if event.type() == QEvent.Type.KeyPress:
                self.left.emit()
            event.accept()
            return True
        return super().event(event)


class PromptBar(QWidget):
    """Hidden while nothing is asked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("promptBar")
        self._answered: Callable[[dict[str, str]], None] | None = None
        self._left: Callable[[], None] | None = None
        self._prompt = McpPrompt("", "")
        self._fields: dict[str, _Field] = {}
        self._title = label("", "strong", name="promptTitle", wrap=True)
        self._about = label("", "muted", name="promptAbout", wrap=True)
        self._holder: QWidget | None = None
        self._wrong = label("", "bad", name="promptWrong", wrap=True)
        self.insert = button(tr("Insert"), "promptInsert", on_click=self._take)
        self.cancel = button(tr("Cancel"), "promptCancel", "quiet", on_click=self.leave)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.insert)
        buttons.addWidget(self.cancel)
        buttons.addStretch(1)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        self._column.addWidget(self._title)
        self._column.addWidget(self._about)
        self._column.addWidget(self._wrong)
        self._column.addLayout(buttons)
        self.hide()

    def ask(
        self,
        prompt: McpPrompt,
        server: str,
        answered: Callable[[dict[str, str]], None],
        left: Callable[[], None],
    ) -> None:
        """answered: gets what was filled in, without what was left empty."""
        self._prompt, self._answered, self._left = prompt, answered, left
        title = tr("Prompt “{prompt}” of {server}", prompt=prompt.title, server=server)
        self._title.setText(title)
        self._about.setText(prompt.description)
        self._about.setVisible(bool(prompt.description))
        self._wrong.hide()
        self._make_fields()
        self.show()
        next(iter(self._fields.values())).setFocus()
        announce(self, title)

    def leave(self) -> None:
        """Nothing is inserted."""
        self.hide()
        left, self._left, self._answered = self._left, None, None
        if left is not None:
            left()

    def _take(self) -> None:
        values = {name: field.text().strip() for name, field in self._fields.items()}
        for argument in self._prompt.arguments:
            if argument.required and not values.get(argument.name):
                self._wrong.setText(tr("“{name}” is needed.", name=argument.name))
                self._wrong.show()
                self._fields[argument.name].setFocus()
                return
        answered = self._answered
        self.leave()
        if answered is not None:
            answered({name: value for name, value in values.items() if value})

    def _make_fields(self) -> None:
        if self._holder is not None:
            self._holder.hide()
            self._holder.deleteLater()
        self._holder = holder = QWidget()
        grid = QGridLayout(holder)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        self._fields = {}
        for row, argument in enumerate(self._prompt.arguments[:_MOST_FIELDS]):
            field = _Field()
            field.left.connect(self.leave)
            field.setObjectName(f"promptField-{row}")
            field.setAccessibleName(argument.name)
            field.setAccessibleDescription(argument.description)
            field.setPlaceholderText(argument.description)
            field.setMaxLength(_LONGEST)
            field.setMinimumWidth(120)
            field.returnPressed.connect(self._take)
            words = (
                argument.name if argument.required else tr("{name} (optional)", name=argument.name)
            )
            name = label(words, "muted")
            name.setBuddy(field)
            grid.addWidget(name, row, 0)
            grid.addWidget(field, row, 1)
            self._fields[argument.name] = field
        self._column.insertWidget(2, holder)
        holder.show()
