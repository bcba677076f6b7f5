"""What tools may touch: folders opened to them, what is always allowed, which of them are off."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.chat.toolbox import Toolbox
from app.core.language import tr
from app.core.tasks import TaskRunner
from app.settings.of_tools import TOOL_FOLDERS, TOOL_PERMISSIONS, TOOLS_OFF
from app.settings.setting import Setting
from app.settings.store import SettingsStore
from app.ui.chat.model_loads import known
from app.ui.look import Look
from app.ui.picker import Picker
from app.ui.settings.rows import Row
from app.ui.settings.switch import SwitchBox
from app.ui.tools import words
from app.ui.widgets import IconButton, button, label, plain_tip


class ListRow(Row):
    """A title, words, and a line for every item of a setting, in step with the store. changed: to
    be called after every change."""

    def __init__(
        self,
        look: Look,
        settings: SettingsStore,
        setting: Setting[Any],
        changed: Callable[[], None],
        text: str,
        words_for_search: str,
    ) -> None:
        super().__init__(f"{tr(setting.label)} {text} {words_for_search}")
        self.setObjectName(f"settingRow-{setting.key}")
        self.setProperty("card", "true")
        self.look, self.settings, self._setting, self.changed = look, settings, setting, changed
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(16, 12, 12, 14)
        self.column.setSpacing(4)
        self.column.addWidget(label(tr(setting.label), "strong"))
        self.column.addWidget(label(text, "muted", wrap=True))
        self._list = QWidget()
        self._lines = QVBoxLayout(self._list)
        self._lines.setContentsMargins(0, 4, 0, 4)
        self._lines.setSpacing(4)
        self.column.addWidget(self._list)
        end = settings.subscribe(setting, lambda _: self.refresh())
        self.destroyed.connect(end)

    def refresh(self) -> None:
        while (item := self._lines.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        made = self.lines()
        self._list.setVisible(bool(made))
        for line in made:
            self._lines.addWidget(line)

    def lines(self) -> list[QWidget]:
        raise NotImplementedError


class FoldersRow(ListRow):
    def __init__(
        self,
        look: Look,
        settings: SettingsStore,
        changed: Callable[[], None],
        toolbox: Toolbox,
        tasks: TaskRunner,
    ) -> None:
        text = tr(
            "Tools may read in these folders and, where you allow it, write. Before they write, "
            "you see the changes, unless you have allowed that for the chat or always. Keys, "
            "passwords and the program's own files are off limits in any folder."
        )
        super().__init__(look, settings, TOOL_FOLDERS, changed, text, "files read write grant")
        self._opener, self._tasks = toolbox.opener, tasks
        self._picker = Picker(self, tr("Open a folder to tools"), "toolFolderDialog")
        self._picker.picked.connect(self.open)
        self.add = button(tr("Open a folder…"), "toolFoldersAdd", on_click=self._picker.pick)
        self._problem = label("", "bad", name="toolFoldersProblem", wrap=True)
        self._problem.hide()
        self.column.addWidget(self.add, 0, Qt.AlignmentFlag.AlignLeft)
        self.column.addWidget(self._problem)
        self.refresh()

    def open(self, path: str) -> None:
        """For reading; the switch beside it allows writing."""

        def work(_: object) -> str:
            real = os.path.realpath(path)
            self._opener.check_folder(Path(real))
            return real

        def done(real: str) -> None:
            self._tell("")
            known_folders = dict(self._opened())
            known_folders.setdefault(real, False)
            self._set(known_folders)

        self._tasks.run(work, done, lambda error: self._tell(str(known(error))))

    def lines(self) -> list[QWidget]:
        return [
            self._line(number, path, write)
            for number, (path, write) in enumerate(self._opened(), 1)
        ]

    def _line(self, number: int, path: str, write: bool) -> QWidget:
        holder, line, shown = _line(path)
        box = SwitchBox(self.look)
        box.setObjectName(f"toolFolder-write-{number}")
        box.setText(tr("Write"))
        box.setMinimumWidth(92)
        box.setAccessibleName(tr("Tools may write in {folder}", folder=shown))
        box.setChecked(write)
        box.toggled.connect(lambda on: self._allow_writing(path, on))
        line.addWidget(box)
        line.addWidget(
            IconButton(
                self.look,
                "cross",
                tr("Close {folder} to tools", folder=shown),
                f"toolFolder-remove-{number}",
                on_click=lambda: self._remove(path),
            )
        )
        return holder

    def _opened(self) -> tuple[tuple[str, bool], ...]:
        opened: tuple[tuple[str, bool], ...] = self.settings.get(TOOL_FOLDERS)
        return opened

    def _allow_writing(self, path: str, on: bool) -> None:
        self._set({**dict(self._opened()), path: on})

    def _remove(self, path: str) -> None:
        self._set({one: on for one, on in self._opened() if one != path})
        self.add.setFocus()

    def _set(self, folders: dict[str, bool]) -> None:
        self.settings.set(TOOL_FOLDERS, tuple(folders.items()))
        self.changed()

    def _tell(self, text: str) -> None:
        self._problem.setText(text)
        self._problem.setVisible(bool(text))


class PermissionsRow(ListRow):
    def __init__(self, look: Look, settings: SettingsStore, changed: Callable[[], None]) -> None:
        text = tr(
            "What you have allowed always, in every chat. What is allowed for one chat is kept "
            "with that chat; the menu beside Tools in the chat takes it back."
        )
        super().__init__(look, settings, TOOL_PERMISSIONS, changed, text, "always consent revoke")
        self._none = label(tr("Nothing is always allowed."), "muted", name="toolPermissionsNone")
        self._all = button(
            tr("Take all back"), "toolPermissionsRevokeAll", on_click=lambda: self._set(())
        )
        self.column.addWidget(self._none)
        self.column.addWidget(self._all, 0, Qt.AlignmentFlag.AlignLeft)
        self.refresh()

    def refresh(self) -> None:
        super().refresh()
        given = self._given()
        self._none.setVisible(not given)
        self._all.setVisible(len(given) > 1)

    def lines(self) -> list[QWidget]:
        made = []
        for number, pair in enumerate(self._given(), 1):
            holder, line, shown = _line(words.permission_text(*pair))
            line.addWidget(
                button(
                    tr("Take back"),
                    f"toolPermission-revoke-{number}",
                    "quiet",
                    accessible=tr("Take back: {permission}", permission=shown),
                    on_click=lambda pair=pair: self._revoke(pair),  # type: ignore[misc]
                )
            )
            made.append(holder)
        return made

    def _given(self) -> tuple[tuple[str, str], ...]:
        given: tuple[tuple[str, str], ...] = self.settings.get(TOOL_PERMISSIONS)
        return given

    def _revoke(self, pair: tuple[str, str]) -> None:
        self._set(tuple(one for one in self._given() if one != pair))

    def _set(self, given: tuple[tuple[str, str], ...]) -> None:
        self.settings.set(TOOL_PERMISSIONS, given)
        self.changed()


class SwitchesRow(ListRow):
    """Which tools new chats offer. It is filled whenever it is shown: tools come and go."""

    def __init__(
        self, look: Look, settings: SettingsStore, changed: Callable[[], None], toolbox: Toolbox
    ) -> None:
        text = tr(
            "Which tools the model is offered, where a chat says nothing else. Every tool that is "
            "offered makes the prompt longer. Tools of MCP servers have their switches there."
        )
        super().__init__(look, settings, TOOLS_OFF, changed, text, "tools switch on off offer")
        self._toolbox = toolbox
        self.refresh()

    def lines(self) -> list[QWidget]:
        off = self._toolbox.off
        made = []
        # Those of a server have their switches where the server is declared.
        for tool in (one for one in self._toolbox.runner.tools if not one.source):
            why = tool.unavailable()
            title = tr(tool.title or tool.name)
            holder, line, _ = _line(title, why or words.effect_text(tool.effect))
            box = SwitchBox(self.look)
            box.setObjectName(f"toolSwitch-{tool.name}")
            box.setAccessibleName(tr("Offer {tool}", tool=title))
            box.setAccessibleDescription(why)
            box.setToolTip(plain_tip(tool.spec.description[:400]))
            box.setChecked(tool.name not in off)
            box.setText(tr("On") if tool.name not in off else tr("Off"))
            box.toggled.connect(lambda on, name=tool.name: self._switch(name, on))
            line.addWidget(box)
            made.append(holder)
        return made

    def _switch(self, name: str, on: bool) -> None:
        off = set(self._toolbox.off)
        self.settings.set(TOOLS_OFF, tuple(sorted(off - {name} if on else off | {name})))
        self.changed()


def _line(text: str, below: str = "") -> tuple[QWidget, QHBoxLayout, str]:
    """A line that begins with a text, its layout, and the text as it is shown."""
    holder = QWidget()
    line = QHBoxLayout(holder)
    line.setContentsMargins(0, 0, 0, 0)
    line.setSpacing(8)
    shown = words.legible(text)
    texts = QVBoxLayout()
    texts.setSpacing(0)
    title = label(shown, wrap=True)
    title.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    texts.addWidget(title)
    if below:
        texts.addWidget(label(below, "small", wrap=True))
    line.addLayout(texts, 1)
    return holder, line, shown
