"""The window's own commands, and the palette over everything that can be done in it."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from PySide6.QtWidgets import QWidget

from app.chat.store.store import ChatStore
from app.core.language import mark, tr
from app.core.tasks import TaskRunner
from app.ui.commands.command import command, commands_below, keys_of, title_of
from app.ui.commands.palette import Palette
from app.ui.commands.sources import (
    Choice,
    button_choices,
    chat_choices,
    command_choices,
    setting_choices,
)
from app.ui.look import Look
from app.ui.rail import Place

_MOST_CHATS = 2_000
_GO, _VIEW = mark("Go to"), mark("View")


class CommandedWindow(Protocol):
    """What the commands do to the window."""

    def go(self, key: str) -> None: ...

    def show_setting(self, query: str) -> None: ...

    def open_chat(self, conversation: int) -> None: ...

    def step_text_size(self, steps: int) -> None: ...

    @property
    def shown_page(self) -> QWidget: ...


class Commander:
    """widget and window are the same object: as Qt and as its commands see it."""

    def __init__(
        self,
        look: Look,
        widget: QWidget,
        window: CommandedWindow,
        places: Sequence[Place],
        tasks: TaskRunner,
        chats: ChatStore | None,
    ) -> None:
        self._widget, self._window, self._tasks, self._chats = widget, window, tasks, chats
        self._places = [place.key for place in places]
        self.palette = Palette(look, widget)
        made: list[tuple[str, str, Callable[[], object], tuple[str, ...], str]] = [
            (
                tr(place.title),
                f"go-{place.key}",
                partial(window.go, place.key),
                (place.shortcut,),
                tr(_GO),
            )
            for place in places
        ]
        made += [
            (
                tr("The question"),
                "goQuestion",
                partial(window.go, places[0].key),
                ("Ctrl+L",),
                tr(_GO),
            ),
            (
                tr("Larger text"),
                "textLarger",
                partial(window.step_text_size, 1),
                ("Ctrl++", "Ctrl+="),
                tr(_VIEW),
            ),
            (
                tr("Smaller text"),
                "textSmaller",
                partial(window.step_text_size, -1),
                ("Ctrl+-",),
                tr(_VIEW),
            ),
            (
                tr("Text in its usual size"),
                "textUsual",
                partial(window.step_text_size, 0),
                ("Ctrl+0",),
                tr(_VIEW),
            ),
        ]
        for title, name, call, keys, group in made:
            command(widget, title, name, call, keys, group=group)
        # Not offered by itself.
        command(
            widget, tr("Find anything"), "openPalette", self.begin, ("Ctrl+K",), group=tr(_VIEW)
        )

    def begin(self) -> None:
        """Open the palette; chats follow from the disk."""
        page = self._window.shown_page
        choices: list[Choice] = [
            one for one in command_choices(self._widget) if one.title != tr("Find anything")
        ]
        choices += button_choices(page, [one.title for one in choices])
        if "settings" in self._places:
            choices += setting_choices(self._window.show_setting)
        self.palette.begin(choices)
        chats = self._chats
        if chats is not None:
            self._tasks.run(
                lambda _: chats.read.conversations(limit=_MOST_CHATS),
                lambda heads: self.palette.add(
                    list(
                        chat_choices(
                            ((head.id, head.title) for head in heads), self._window.open_chat
                        )
                    )
                ),
            )

    def keys(self) -> list[tuple[str, str]]:
        """Every key that does something, and what."""
        return [
            (keys_of(action), title_of(action))
            for action in commands_below(self._widget)
            if keys_of(action)
        ]
