"""The sampling panel: every declared parameter, by group, beside the chat."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app.core.sampling import declarations
from app.ui.chat.side_panel import SidePanel
from app.ui.look import Look
from app.ui.sampling.choice import SamplingChoice
from app.ui.sampling.field import SamplingField
from app.ui.sampling.preset_bar import PresetBar
from app.ui.widgets import IconButton, button, label


class _Group(QWidget):
    """A group of parameters that folds, and says how many of them differ."""

    def __init__(self, look: Look, title: str, *, is_open: bool) -> None:
        super().__init__()
        self._look, self._title = look, title
        key = title.lower().replace(" ", "-")
        self.setObjectName(f"group-{key}")
        self.toggle = button(title, f"groupToggle-{key}", "quiet", on_click=self._flip)
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
        changed = f" · {self._differing} changed" if self._differing else ""
        self.toggle.setText(f"{self._title}{changed}")
        self.toggle.setAccessibleName(f"{self._title}{changed}, {'open' if is_open else 'closed'}")
        self.toggle.setIcon(self._look.icon("chevron-down" if is_open else "chevron-right"))

    def _flip(self) -> None:
        self.content.setVisible(self.content.isHidden())
        self.say()


class SamplingPanel(SidePanel):
    """`changed`: the choice has other values now. `close_wanted`: fold the panel."""

    changed = Signal()
    close_wanted = Signal()

    def __init__(self, look: Look, choice: SamplingChoice, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("samplingPanel")
        self.setAccessibleName("Sampling")
        self.setProperty("bar", "side")
        self._choice = choice
        self._presets = PresetBar(look, choice)
        self._presets.changed.connect(self._preset_changed)
        self.reset = button("Reset to preset", "samplingReset", on_click=self._reset)
        self._groups: dict[str, _Group] = {}
        self.fields: dict[str, SamplingField] = {}
        content = QWidget()
        content.setObjectName("samplingFields")
        column = QVBoxLayout(content)
        column.setContentsMargins(16, 4, 16, 16)
        column.setSpacing(4)
        for name, declaration in declarations().items():
            group = self._groups.get(declaration.group)
            if group is None:
                group = _Group(look, declaration.group, is_open=not self._groups)
                self._groups[declaration.group] = group
                column.addWidget(group)
            field = SamplingField(look, name, declaration)
            field.edited.connect(self._edited)
            field.reset_wanted.connect(self._reset_value)
            group.add(field)
            self.fields[name] = field
        column.addStretch()
        self._build(look, content)
        self.refresh()

    def refresh(self) -> None:
        """Show the choice as it is now."""
        for name, field in self.fields.items():
            field.set_value(getattr(self._choice.current, name))
        self._presets.refresh()
        self._mark()

    def focus_first(self) -> None:
        self._presets.combo.setFocus()

    def escape(self) -> None:
        """Give up naming a preset, else close."""
        if not self._presets.end_naming():
            self.close_wanted.emit()

    def _edited(self, name: str, value: object) -> None:
        self._choice.set_value(name, value)
        self._mark()
        self.changed.emit()

    def _reset_value(self, name: str) -> None:
        self._choice.reset_value(name)
        self.fields[name].set_value(getattr(self._choice.current, name))
        self.fields[name].editor.setFocus()
        self._mark()
        self.changed.emit()

    def _reset(self) -> None:
        self._choice.reset()
        self.refresh()
        self.changed.emit()

    def _preset_changed(self) -> None:
        self.refresh()
        self.changed.emit()

    def _mark(self) -> None:
        differing = self._choice.differing
        for group in self._groups.values():
            group.set_differing(differing)
        self.reset.setEnabled(bool(differing))
        self._presets.update_actions()

    def _build(self, look: Look, content: QWidget) -> None:
        close = IconButton(
            look,
            "cross",
            "Close the sampling panel",
            "closeSampling",
            on_click=self.close_wanted.emit,
        )
        head = QHBoxLayout()
        head.setContentsMargins(16, 10, 10, 0)
        head.addWidget(label("Sampling", "title", name="samplingTitle"), 1)
        head.addWidget(close)
        top = QVBoxLayout()
        top.setContentsMargins(16, 4, 12, 8)
        top.setSpacing(8)
        top.addWidget(self._presets)
        top.addWidget(self.reset, 0, Qt.AlignmentFlag.AlignLeft)
        scroll = QScrollArea()
        scroll.setObjectName("samplingScroll")
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(content)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(head)
        column.addLayout(top)
        column.addWidget(scroll, 1)
