"""How many tokens the model may think for: a small menu beside the Thinking chip."""

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QHBoxLayout, QMenu, QWidget, QWidgetAction

from app.core.language import tr
from app.core.units import count
from app.settings.of_thinking import LARGEST_BUDGET
from app.ui.chat.model_state import Ability
from app.ui.look import Look
from app.ui.widgets import IconButton, WholeSpin, label, plain_tip

_USUAL = (0, 1_024, 4_096, 16_384)
_LEAST, _FIRST_OWN = 16, 2_048


class BudgetButton(IconButton):
    """chosen: tokens, 0 for no limit."""

    chosen = Signal(int)

    def __init__(self, look: Look) -> None:
        name = tr("Thinking budget")
        super().__init__(look, "chevron-down", name, "thinkingBudget", kind="mini")
        self.tokens = 0
        self._ability = Ability(True)
        self.menu_shown = BudgetMenu(look, self)
        self.menu_shown.chosen.connect(self._choose)
        self.clicked.connect(self._open)
        self.set_tokens(0)

    def set_tokens(self, tokens: int) -> None:
        """Nobody is told."""
        self.tokens = tokens
        self.menu_shown.set_tokens(tokens)
        self._say()

    def set_ability(self, ability: Ability) -> None:
        self._ability = ability
        self.setEnabled(ability.available)
        self._say()

    def _choose(self, tokens: int) -> None:
        if tokens != self.tokens:
            self.set_tokens(tokens)
            self.chosen.emit(tokens)

    def _say(self) -> None:
        if not self._ability.available:
            told = self._ability.reason
        elif self.tokens:
            told = tr(
                "Thinking budget: {tokens} tokens, then the answer comes from what there is",
                tokens=count(self.tokens),
            )
        else:
            told = tr("Thinking budget: no limit")
        self.setToolTip(plain_tip(told))
        self.setAccessibleDescription(told)

    def _open(self) -> None:
        self.menu_shown.popup(self.mapToGlobal(QPoint(0, self.height())))


class BudgetMenu(QMenu):
    """chosen: tokens, 0 for no limit."""

    chosen = Signal(int)

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("thinkingBudgetMenu")
        self.setAccessibleName(tr("Thinking budget"))
        self._group = QActionGroup(self)
        self._actions: dict[int, QAction] = {}
        head = QAction(tr("Think for at most"), self)
        head.setEnabled(False)
        self.addAction(head)
        for tokens in _USUAL:
            self._add(tokens)
        self.own = WholeSpin(look)
        self.own.setObjectName("thinkingBudgetOwn")
        self.own.setAccessibleName(tr("Another number of tokens"))
        self.own.setRange(_LEAST, LARGEST_BUDGET)
        self.own.setSingleStep(256)
        self.own.setGroupSeparatorShown(True)
        self.own.setSuffix(tr(" tokens"))
        self.own.setKeyboardTracking(False)
        self.own.setValue(_FIRST_OWN)
        self.own.setMinimumWidth(150)
        self.own.valueChanged.connect(self.chosen)
        self.own.lineEdit().returnPressed.connect(self._take_own)
        self._add_own()

    def set_tokens(self, tokens: int) -> None:
        self._group.setExclusive(False)
        for usual, action in self._actions.items():
            action.setChecked(usual == tokens)
        self._group.setExclusive(True)
        if tokens and tokens not in _USUAL:
            self.own.blockSignals(True)
            self.own.setValue(tokens)
            self.own.blockSignals(False)

    def _add(self, tokens: int) -> None:
        text = tr("{tokens} tokens", tokens=count(tokens)) if tokens else tr("No limit")
        action = QAction(text, self)
        action.setObjectName(f"thinkingBudget-{tokens}")
        action.setCheckable(True)
        action.triggered.connect(lambda *_: self.chosen.emit(tokens))
        self._group.addAction(action)
        self._actions[tokens] = action
        self.addAction(action)

    def _add_own(self) -> None:
        holder = QWidget()
        holder.setFocusProxy(self.own)
        holder.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        row = QHBoxLayout(holder)
        row.setContentsMargins(28, 4, 8, 4)
        row.setSpacing(8)
        row.addWidget(label(tr("Other"), name="thinkingBudgetOther"))
        row.addWidget(self.own, 1)
        action = QWidgetAction(self)
        action.setDefaultWidget(holder)
        self.addAction(action)

    def _take_own(self) -> None:
        self.chosen.emit(self.own.value())
        self.close()
