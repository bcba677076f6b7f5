"""A command is a QAction that says where it belongs; menus, keys and the palette show the same one.

Whoever makes one with `command` needs no other registration: it is found below the window.
"""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

_GROUP, _FULL = "commandGroup", "commandTitle"


def command(
    owner: QWidget,
    title: str,
    name: str,
    call: Callable[[], object] | None,
    keys: Sequence[str] = (),
    *,
    group: str,
    within: bool = False,
    full_title: str = "",
) -> QAction:
    """keys: the first one is shown. within: they hold only while the focus is in `owner`.
    full_title: what it is called where its menu is not seen."""
    action = QAction(title, owner)
    action.setObjectName(name)
    action.setProperty(_GROUP, group)
    action.setProperty(_FULL, full_title)
    if keys:
        action.setShortcuts([QKeySequence(key) for key in keys])
    if within:
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
    if call is not None:
        action.triggered.connect(lambda *_: call())
    owner.addAction(action)
    return action


def group_of(action: QAction) -> str:
    """ "" for a QAction that is no command."""
    return str(action.property(_GROUP) or "")


def title_of(action: QAction) -> str:
    """Without what marks its letter in a menu."""
    full = str(action.property(_FULL) or "")
    return full or action.text().replace("&&", "\0").replace("&", "").replace("\0", "&")


def commands_below(widget: QWidget) -> list[QAction]:
    """In the order in which they were made."""
    return [action for action in widget.findChildren(QAction) if group_of(action)]


def keys_of(action: QAction) -> str:
    """As people read it, "" for none."""
    return action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
