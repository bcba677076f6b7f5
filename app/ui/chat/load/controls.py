"""What a person may change of a load: context, its memory, and where the layers go."""

import re
from dataclasses import replace
from typing import cast

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QLineEdit, QVBoxLayout, QWidget

from app.chat.loading import PlannedLoad, Wanted
from app.core.language import mark, tr
from app.core.placement import KvType
from app.core.units import count
from app.planning.types import Plan
from app.ui.look import Look
from app.ui.widgets import ChoiceBox, WholeSpin, label

_CONTEXTS = (4_096, 8_192, 16_384, 32_768, 65_536, 131_072)
_KV_TYPES: dict[KvType, str] = {
    "f16": mark("f16 (full precision)"),
    "q8_0": mark("q8_0 (about half the memory)"),
    "q4_0": mark("q4_0 (about a quarter)"),
}
_AUTOMATIC = -1
_LARGEST_CONTEXT = 2**31 - 1
_NUMBER = re.compile(r"(\d[\d.,\s]*?)\s*(k?)", re.IGNORECASE)


class LayerSpin(WholeSpin):
    """A number of layers, or automatic; the arrows go on from what automatic gives."""

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self._automatic = 0
        self.setKeyboardTracking(False)

    def show_number(self, number: int | None, automatic: int | None, most: int) -> None:
        """number: None for automatic, which gives `automatic` when that is known."""
        self.setRange(_AUTOMATIC, most)
        if automatic is not None:
            self._automatic = automatic
        known = number is None and automatic is not None
        if being_typed(self.lineEdit()):
            return
        self.setSpecialValueText(
            tr("automatic ({automatic})", automatic=automatic) if known else "automatic"
        )
        self.setValue(_AUTOMATIC if number is None else number)

    def number(self) -> int | None:
        return None if self.value() == _AUTOMATIC else self.value()

    def stepBy(self, steps: int) -> None:
        if self.value() == _AUTOMATIC:
            self.setValue(max(0, self._automatic + steps))
        else:
            super().stepBy(steps)


class LoadControls(QWidget):
    """`edited` comes for every change by the person, with the whole choice in `wanted`."""

    edited = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("loadControls")
        self._wanted: Wanted | None = None
        self._trained = 0
        self._showing = False
        self.context = ChoiceBox(look)
        self.context.setEditable(True)
        self.context.setInsertPolicy(ChoiceBox.InsertPolicy.NoInsert)
        self.kv = ChoiceBox(look)
        for kind, text in _KV_TYPES.items():
            self.kv.addItem(tr(text), kind)
        self.experts, self.layers = LayerSpin(look), LayerSpin(look)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(12)
        self._frames = [
            self._field(
                0, self.context, "loadContext", tr("Context"), tr("tokens"), tr(_CONTEXT_TIP)
            ),
            self._field(1, self.kv, "loadKvType", tr("Context memory"), "", tr(_KV_TIP)),
            self._field(
                2, self.experts, "loadExperts", tr("Experts in RAM"), tr("layers"), tr(_EXPERTS_TIP)
            ),
            self._field(3, self.layers, "loadLayers", tr("Layers on the GPU"), "", tr(_LAYERS_TIP)),
        ]
        self.context.activated.connect(lambda _: self.commit())
        edit = self.context.lineEdit()
        if edit is not None:
            edit.setObjectName("loadContextEdit")
            edit.setAccessibleName(tr("Context in tokens"))
            edit.editingFinished.connect(self.commit)
        self.kv.activated.connect(lambda _: self.commit())
        self.experts.valueChanged.connect(lambda _: self.commit())
        self.layers.valueChanged.connect(lambda _: self.commit())

    @property
    def wanted(self) -> Wanted:
        if self._wanted is None:
            raise RuntimeError("no choice is shown yet")
        return self._wanted

    def show_choice(self, planned: PlannedLoad, wanted: Wanted, *, settled: bool) -> None:
        """settled: the plan is the one of this choice, so that its numbers may be shown."""
        self._showing = True
        self._wanted = wanted
        trained = planned.shape.trained_context if planned.shape is not None else 0
        if trained != self._trained or not self.context.count():
            self._fill_contexts(trained)
        if not being_typed(self.context.lineEdit()):
            self.context.setEditText(count(wanted.choice.context_tokens or trained))
        self.kv.setCurrentIndex(max(0, self.kv.findData(wanted.choice.kv_type_k)))
        plan = planned.plan if settled else None
        experts, layers = planned.most_cpu_expert_layers, planned.most_gpu_layers
        self._frames[2].setVisible(experts > 0)
        self._frames[3].setVisible(layers > 0)
        self.experts.show_number(wanted.cpu_expert_layers, _experts(plan), experts)
        self.layers.show_number(wanted.gpu_layers, _layers(plan), layers)
        self._showing = False

    def forget_typing(self) -> None:
        """What was typed but not taken over goes with the next `show_choice`."""
        for edit in (self.context.lineEdit(), self.experts.lineEdit(), self.layers.lineEdit()):
            if edit is not None:
                edit.setModified(False)

    def commit(self) -> bool:
        """Take over what was typed; True when that changed the choice."""
        if self._showing or self._wanted is None:
            return False
        self.forget_typing()
        choice = self._wanted.choice
        tokens = read_tokens(self.context.currentText())
        if tokens is None or tokens == (choice.context_tokens or self._trained):
            tokens = choice.context_tokens
            self.context.setEditText(count(tokens or self._trained))
        kind = cast(KvType, self.kv.currentData())
        wanted = Wanted(
            replace(choice, context_tokens=tokens, kv_type_k=kind, kv_type_v=kind),
            gpu_layers=self.layers.number(),
            cpu_expert_layers=self.experts.number(),
        )
        if wanted == self._wanted:
            return False
        self._wanted = wanted
        self.edited.emit()
        return True

    def _fill_contexts(self, trained: int) -> None:
        self._trained = trained
        self.context.clear()
        for tokens in (*(size for size in _CONTEXTS if size < trained or not trained), trained):
            if tokens:
                self.context.addItem(count(tokens))

    def _field(
        self, number: int, field: QWidget, name: str, title: str, unit: str, tip: str
    ) -> QFrame:
        """One of two columns: the label, and the field below it."""
        field.setObjectName(name)
        field.setAccessibleName(f"{title} ({unit})" if unit else title)
        field.setAccessibleDescription(tip)
        field.setToolTip(tip)
        frame = QFrame(self)
        frame.setObjectName(f"{name}Field")
        text = label(field.accessibleName(), "small", name=f"{name}Label")
        text.setBuddy(field)
        text.setToolTip(tip)
        column = QVBoxLayout(frame)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(text)
        column.addWidget(field)
        self._grid.addWidget(frame, number // 2, number % 2)
        self._grid.setColumnStretch(number % 2, 1)
        return frame


def being_typed(edit: QLineEdit | None) -> bool:
    return edit is not None and edit.hasFocus() and edit.isModified()


def read_tokens(text: str) -> int | None:
    """`32768`, `32,768`, `32 768`, `32K`; None for anything else."""
    match = _NUMBER.fullmatch(text.strip())
    if match is None:
        return None
    digits = re.sub(r"\D", "", match[1])
    if not digits or len(digits) > 10:
        return None
    tokens = int(digits) * (1024 if match[2] else 1)
    return tokens if 0 < tokens <= _LARGEST_CONTEXT else None


def _experts(plan: Plan | None) -> int | None:
    return plan.expert_layers_on_cpu if plan is not None else None


def _layers(plan: Plan | None) -> int | None:
    return plan.placement.gpu_layers if plan is not None else None


_CONTEXT_TIP = mark("How many tokens a conversation may have. More takes more memory.")
_KV_TIP = mark(
    "How the context is kept. Less precise types take less memory; q8_0 costs "
    "next to nothing in quality."
)
_EXPERTS_TIP = mark(
    "A mixture of experts uses a few of its experts for each token. Those of so "
    "many layers stay in RAM; everything else is on the GPU."
)
_LAYERS_TIP = mark(
    "As llama.cpp counts them: the output is one more. The rest runs on the processor."
)
