"""What the context menu of an entry offers: what can be done with it, or with its turn."""

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QMenu

from app.core.language import tr
from app.ui.chat.actions import NAMES, Action, Possible
from app.ui.chat.entries import Entry, Footer, Question

_OFFERED: tuple[Action, ...] = ("edit", "continue", "again", "branch", "delete")
Act = Callable[[Action, Entry], None]


def add_actions(menu: QMenu, entry: Entry, possible: Possible, act: Act) -> None:
    """What is impossible now is there, greyed, with the reason."""
    if not menu.isEmpty():
        menu.addSeparator()
    menu.setToolTipsVisible(True)
    for action in _OFFERED:
        ability = possible(action, entry)
        if ability is None:
            continue
        name = tr(NAMES[action][0 if isinstance(entry, Question) else 1])
        made = menu.addAction(name)
        made.setObjectName(f"menu-{action}")
        made.setEnabled(ability.available)
        made.setToolTip(ability.reason)
        made.triggered.connect(lambda *_, action=action: act(action, entry))


def whole_turn(entries: Sequence[Entry], index: int) -> Entry | None:
    """The question itself, else the line under the turn that the entry there belongs to."""
    if isinstance(entries[index], Question):
        return entries[index]
    for entry in entries[index:]:
        if isinstance(entry, Question):
            return None
        if isinstance(entry, Footer):
            return entry
    return None
