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
        self.setObjectName(f"actions-{actions[0]}-{number}")
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
    """“‹ 2 of 3 ›”, hidden while there is one version only. wanted: earlier or later."""

    wanted = Signal(str)

    def __init__(self, look: Look, what: str, number: int, parent: QWidget) -> None:
        """what: what stands at which place, for those who hear it."""
        super().__init__(parent)
        self.setObjectName(f"versions-{number}")
        self._look, self._what, self._number = look, what, number
        self._bars: tuple[ActionBar, ActionBar] | None = None
        self._text = label("", "small", name=f"versionsText-{number}")
        self._text.setParent(self)
        self.hide()

    def show_versions(
        self, shown: int | None, versions: Sequence[int], made: str, can: Can
    ) -> None:
        """made: what made the one that is shown, a line or more."""
        self.setVisible(len(versions) > 1)
        if len(versions) < 2:
            return
        place = versions.index(shown) + 1 if shown in versions else 1
        self._text.setText(tr("{place} of {count}", place=place, count=len(versions)))
        told = tr(self._what, place=place, count=len(versions))
        self._text.setAccessibleName(told)
        self.setAccessibleName(told)
        self.setToolTip(plain_tip("\n".join(filter(None, (told, made)))))
        for bar in self._bars or self._build():
            bar.refresh(can)

    def button(self, action: Action) -> ActionButton | None:
        found = [bar.buttons[action] for bar in self._bars or () if action in bar.buttons]
        return found[0] if found else None

    @property
    def wanted_width(self) -> int:
        return 0 if self.isHidden() else self.sizeHint().width()

    def _build(self) -> tuple[ActionBar, ActionBar]:
        """Few have versions, so the parts are made when they are needed."""
        bars = (
            ActionBar(self._look, ("earlier",), 0, self._number, self),
            ActionBar(self._look, ("later",), 0, self._number, self),
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(_GAP)
        for part in (bars[0], self._text, bars[1]):
            row.addWidget(part)
            part.show()  # the layout would do it later, and the width is asked for now
        for bar in bars:
            bar.wanted.connect(self.wanted)
        self._bars = bars
        return bars
