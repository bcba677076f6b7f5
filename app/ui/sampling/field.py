"""One row of the panel: mark, label, editor, reset, and what is wrong with it."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.core.language import tr
from app.core.sampling import Declaration
from app.ui.look import Look
from app.ui.sampling.editors import (
    BiasEditor,
    DecimalEditor,
    Editor,
    MirostatEditor,
    SeedEditor,
    TextsEditor,
    WholeEditor,
)
from app.ui.sampling.order_editor import OrderEditor
from app.ui.widgets import IconButton, label

_FIELD_WIDTH = 112


class SamplingField(QWidget):
    edited = Signal(str, object)
    reset_wanted = Signal(str)

    def __init__(self, look: Look, name: str, declaration: Declaration) -> None:
        super().__init__()
        self.setObjectName(f"field-{name}")
        self.name = name
        self._declaration = declaration
        self.editor = editor_for(look, name, declaration)
        tip = tr(
            "{help}\nNeutral: {neutral}.",
            help=tr(declaration.help),
            neutral=neutral_text(declaration.neutral),
        )
        self._mark = label("●", "dot", name=f"{name}-mark")
        self._mark.setFixedWidth(12)
        self._label = label(tr(declaration.label), name=f"{name}-label", wrap=True)
        self._label.setBuddy(self.editor)
        self._label.setToolTip(tip)
        self.editor.setToolTip(tip)
        self.reset = IconButton(
            look,
            "reset",
            tr("Reset {label} to the preset", label=tr(declaration.label)),
            f"{name}-reset",
            kind="mini",
            on_click=lambda: self.reset_wanted.emit(name),
        )
        policy = self.reset.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.reset.setSizePolicy(policy)
        self._problem = label("", "bad", name=f"{name}-problem", wrap=True)
        self._problem.setContentsMargins(16, 0, 0, 0)
        self._problem.hide()
        self._build()
        self.editor.edited.connect(self._check)
        self.set_differs(False)

    @property
    def problem(self) -> str:
        return self.editor.problem()

    def set_value(self, value: object) -> None:
        self.editor.set_value(value)
        self._show_problem("")

    def set_differs(self, differs: bool) -> None:
        self._mark.setText("●" if differs else "")
        self._mark.setAccessibleName(tr("differs from the preset") if differs else "")
        self._mark.setToolTip(tr("Differs from the preset") if differs else "")
        self.reset.setVisible(differs)
        help_text = tr(self._declaration.help)
        focus = self.editor.focusProxy()
        if focus is not None:
            focus.setAccessibleDescription(
                tr("Differs from the preset. {help_text}", help_text=help_text)
                if differs
                else help_text
            )

    def _check(self) -> None:
        problem = self.editor.problem()
        self._show_problem(problem)
        if not problem:
            self.edited.emit(self.name, self.editor.value())

    def _show_problem(self, text: str) -> None:
        self._problem.setText(text)
        self._problem.setVisible(bool(text))

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 3, 0, 3)
        column.setSpacing(4)
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self._mark)
        row.addWidget(self._label, 1)
        row.addWidget(self.reset)
        if self.editor.wide:
            column.addLayout(row)
            below = QHBoxLayout()
            below.setContentsMargins(16, 0, 0, 0)
            below.addWidget(self.editor)
            column.addLayout(below)
        else:
            self.editor.setFixedWidth(_FIELD_WIDTH)
            row.addWidget(self.editor)
            column.addLayout(row)
        column.addWidget(self._problem)


def editor_for(look: Look, name: str, declaration: Declaration) -> Editor:
    bounds = declaration.range
    match name:
        case "order":
            return OrderEditor(look, name, declaration)
        case "logit_bias":
            return BiasEditor(name, declaration)
        case "mirostat":
            return MirostatEditor(look, name, declaration)
        case _ if isinstance(declaration.neutral, tuple) or bounds is None:
            return TextsEditor(name, declaration)
        case "seed":
            return SeedEditor(name, declaration, bounds)
        case _ if bounds.decimals == 0:
            return WholeEditor(look, name, declaration, bounds)
        case _:
            return DecimalEditor(look, name, declaration, bounds)


def neutral_text(neutral: object) -> str:
    """The value at which the parameter does nothing, for a person."""
    if neutral is None or neutral == ():
        return "empty"
    if isinstance(neutral, tuple):
        return tr("the usual order")
    return f"{neutral:g}" if isinstance(neutral, int | float) else str(neutral)
