"""Small buttons for what can be done with an entry, and the switch between its versions."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QFocusEvent, QIcon
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.core.language import tr
from app.ui.chat.actions import ICONS, NAMES, Action
from app.ui.chat.model_state import Ability
from app.ui.look import Look
from app.ui.widgets import IconButton, label, plain_tip

SIDE = 24
_GAP = 4
Can = Callable[[Action], Ability | None]


class ActionButton(IconButton):
    """quiet: its sign is drawn only while it is awake or has the focus; it can be clicked and
    reached by Tab all the time."""

    def __init__(
        self,
        look: Look,
        action: Action,
        name: str,
        object_name: str,
        on_click: Callable[[], None],
        parent: QWidget,
        *,
        quiet: bool,
    ) -> None:
        self._asleep = quiet
        self._quiet = quiet
        super().__init__(
            look, ICONS[action], name, object_name, kind="mini", on_click=on_click, parent=parent
        )
        self._name = name

    def set_ability(self, ability: Ability | None) -> None:
        """None hides it."""
        self.setVisible(ability is not None)
        if ability is not None:
            self.setEnabled(ability.available)
            reason = "" if ability.available else ability.reason
            self.setToolTip(plain_tip(f"{self._name}: {reason}" if reason else self._name))
            self.setAccessibleDescription(reason)

    def set_awake(self, awake: bool) -> None:
        if self._quiet and self._asleep == awake:
            self._asleep = not awake
            self._tint()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._tint()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._tint()

    def _tint(self) -> None:
        if self._asleep and not self.hasFocus():
            self.setIcon(QIcon())
        else:
            super()._tint()


class ActionBar(QWidget):
    """wanted: an action. of: what the names are about, 0 a question, 1 an answer."""

    wanted = Signal(str)

    def __init__(
        self,
        look: Look,
        actions: Sequence[Action],
        of: int,
        number: int,
        parent: QWidget,
        *,
        quiet: bool = False,
    ) -> None:
        super().__init__(parent)
        self.setObjectName(f"actions-{number}")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(_GAP)
        self.buttons: dict[Action, ActionButton] = {}
        for action in actions:
            made = ActionButton(
                look,
                action,
                tr(NAMES[action][of]),
                f"{action}-{number}",
                lambda action=action: self.wanted.emit(action),  # type: ignore[misc]
                self,
                quiet=quiet,
            )
            self.buttons[action] = made
            row.addWidget(made)

    def refresh(self, can: Can) -> None:
        for action, made in self.buttons.items():
            made.set_ability(can(action))

    def set_awake(self, awake: bool) -> None:
        for made in self.buttons.values():
            made.set_awake(awake)

    @property
    def wanted_width(self) -> int:
        """Pixels; 0 when there is nothing to be done."""
        shown = sum(not made.isHidden() for made in self.buttons.values())
        return shown * (SIDE + _GAP) - _GAP if shown else 0


class VersionSwitch(QWidget):
    """“‹ 2 of 3 ›”. wanted: earlier or later."""

    wanted = Signal(str)

    def __init__(self, look: Look, what: str, number: int, parent: QWidget) -> None:
        """what: what stands at which place, for those who hear it."""
        super().__init__(parent)
        self.setObjectName(f"versions-{number}")
        self._what = what
        self._bar = ActionBar(look, ("earlier",), 0, number, self)
        self._more = ActionBar(look, ("later",), 0, number, self)
        self._text = label("", "small", name=f"versionsText-{number}")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(_GAP)
        for part in (self._bar, self._text, self._more):
            row.addWidget(part)
        self._bar.wanted.connect(self.wanted)
        self._more.wanted.connect(self.wanted)

    def show_versions(self, shown: int | None, versions: Sequence[int], made: str) -> None:
        """made: what made the one that is shown, a line or more."""
        self.setVisible(len(versions) > 1)
        place = versions.index(shown) + 1 if shown in versions else 1
        self._text.setText(tr("{place} of {count}", place=place, count=len(versions)))
        told = tr(self._what, place=place, count=len(versions))
        self._text.setAccessibleName(told)
        self.setAccessibleName(told)
        self.setToolTip(plain_tip("\n".join(filter(None, (told, made)))))

    def refresh(self, can: Can) -> None:
        self._bar.refresh(can)
        self._more.refresh(can)

    def button(self, action: Action) -> ActionButton:
        bar = self._bar if action == "earlier" else self._more
        return bar.buttons[action]

    @property
    def wanted_width(self) -> int:
        return 0 if self.isHidden() else self.sizeHint().width()
