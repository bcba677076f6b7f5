"""Every declared parameter, by group, on a choice."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.core.language import tr
from app.core.sampling import declarations
from app.ui.look import Look
from app.ui.sampling.choice import SamplingChoice
from app.ui.sampling.field import SamplingField
from app.ui.widgets import button


class Group(QWidget):
    """A group of parameters that folds, and says how many of them differ."""

    def __init__(self, look: Look, title: str, *, is_open: bool) -> None:
        super().__init__()
        self._look, self._title = look, title
        key = title.lower().replace(" ", "-")
        self.setObjectName(f"group-{key}")
        self.toggle = button(tr(title), f"groupToggle-{key}", "quiet", on_click=self._flip)
        self.content = QWidget()
        self.content.setObjectName(f"groupContent-{key}")
        self._inner = QVBoxLayout(self.content)
        self._inner.setContentsMargins(0, 0, 0, 8)
        self._inner.setSpacing(2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.toggle, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.content)
        self.fields: list[SamplingField] = []
        self._differing = 0
        self.content.setVisible(is_open)
        self.say()
        look.changed.connect(self.say)

    def add(self, field: SamplingField) -> None:
        self.fields.append(field)
        self._inner.addWidget(field)

    def set_differing(self, names: frozenset[str]) -> None:
        for field in self.fields:
            field.set_differs(field.name in names)
        self._differing = sum(field.name in names for field in self.fields)
        self.say()

    def say(self) -> None:
        is_open = not self.content.isHidden()
        changed = tr(" · {differing} changed", differing=self._differing) if self._differing else ""
        title = f"{tr(self._title)}{changed}"
        state = tr("open") if is_open else tr("closed")
        self.toggle.setText(title)
        self.toggle.setAccessibleName(f"{title}, {state}")
        self.toggle.setIcon(self._look.icon("chevron-down" if is_open else "chevron-right"))

    def _flip(self) -> None:
        self.content.setVisible(self.content.isHidden())
        self.say()


class SamplingFields(QWidget):
    """`changed`: the choice has other values now."""

    changed = Signal()

    def __init__(self, look: Look, choice: SamplingChoice) -> None:
        super().__init__()
        self.setObjectName("samplingFields")
        self._choice = choice
        self._is_edited = False
        self.groups: dict[str, Group] = {}
        self.fields: dict[str, SamplingField] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for name, declaration in declarations().items():
            group = self.groups.get(declaration.group)
            if group is None:
                group = Group(look, declaration.group, is_open=not self.groups)
                self.groups[declaration.group] = group
                column.addWidget(group)
            field = SamplingField(look, name, declaration)
            field.edited.connect(self._edited)
            field.reset_wanted.connect(self._reset_value)
            group.add(field)
            self.fields[name] = field
        self.refresh()

    def refresh(self) -> None:
        """Show the choice as it is now. A field that somebody is in is right already."""
        if self._is_edited:
            return
        current = self._choice.current
        for name, field in self.fields.items():
            field.set_value(getattr(current, name))
        self.mark()

    def mark(self) -> None:
        """Which of them differ from the preset."""
        differing = self._choice.differing
        for group in self.groups.values():
            group.set_differing(differing)

    def _edited(self, name: str, value: object) -> None:
        self._is_edited = True
        try:
            self._choice.set_value(name, value)
        finally:
            self._is_edited = False
        self.mark()
        self.changed.emit()

    def _reset_value(self, name: str) -> None:
        self._choice.reset_value(name)
        self.fields[name].set_value(getattr(self._choice.current, name))
        self.fields[name].editor.setFocus()
        self.mark()
        self.changed.emit()
