"""What the palette offers: commands, the buttons of the page, settings, chats."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from PySide6.QtWidgets import QAbstractButton, QWidget

from app.core.language import mark, tr
from app.settings.declared import ALL
from app.ui.commands.command import commands_below, group_of, keys_of, title_of

HERE, SETTINGS, CHATS = mark("On this page"), mark("Settings"), mark("Chats")
_LONGEST = 120
_KEYS = re.compile(r" \((?:Ctrl|Alt|Shift)\+[^()]+\)$")


@dataclass(frozen=True)
class Choice:
    """words: what else it is called. keys: as people read them."""

    title: str
    group: str
    run: Callable[[], object]
    keys: str = ""
    words: str = ""


def command_choices(window: QWidget) -> Iterator[Choice]:
    for action in commands_below(window):
        if action.isEnabled() and action.isVisible() and action.text():
            yield Choice(title_of(action), group_of(action), action.trigger, keys_of(action))


def button_choices(page: QWidget, taken: Iterable[str] = ()) -> Iterator[Choice]:
    """Whatever can be clicked there now, by the name that a screen reader says. taken: titles that
    are offered already."""
    seen = set(taken)
    for button in page.findChildren(QAbstractButton):
        name = _KEYS.sub("", (button.accessibleName() or button.text()).strip())[:_LONGEST]
        usable = button.isVisible() and button.isEnabled() and not button.visibleRegion().isEmpty()
        if usable and name and name not in seen:
            seen.add(name)
            words = f"{button.text()} {button.accessibleDescription()[:_LONGEST]}"
            yield Choice(name, tr(HERE), button.click, words=words)


def setting_choices(show: Callable[[str], object]) -> Iterator[Choice]:
    """show: opens the settings with what is looked for."""
    for setting in ALL:
        shown = setting.shown
        if shown is not None:
            words = f"{shown.page} {setting.label} {setting.help} {shown.words} {tr(setting.help)}"
            label = tr(setting.label)
            yield Choice(label, tr(SETTINGS), partial(show, label), words=words)


def chat_choices(
    chats: Iterable[tuple[int, str]], open_chat: Callable[[int], object]
) -> Iterator[Choice]:
    for conversation, title in chats:
        yield Choice(
            title[:_LONGEST] or tr("New chat"), tr(CHATS), partial(open_chat, conversation)
        )
