"""The tools with what the person allows them, kept in the settings."""

from collections.abc import Callable, Sequence
from pathlib import Path

from app.settings.of_tools import TOOL_FOLDERS, TOOL_PERMISSIONS, TOOLS_OFF, TOOLS_READ_FREELY
from app.settings.store import SettingsStore
from app.tools.backups import Backups
from app.tools.consent import Permission, Permissions
from app.tools.folders import Folder, Folders
from app.tools.log import ToolLog
from app.tools.opening import Opener
from app.tools.registry import own_tools
from app.tools.runner import ToolRunner
from app.tools.tool import Tool, ToolSource

BACKUPS_NAME = "tool-backups"
LOG_NAME = "tool-log.jsonl"

Change = Callable[[], None]


class SettingsPolicy:
    """What a person allows counts at once; it reaches the settings by way of `attach`, because
    whoever listens to these may not be called on just any thread."""

    def __init__(self, settings: SettingsStore, folders: Folders) -> None:
        self._settings = settings
        self._folders = folders
        self._keep: Callable[[Change], None] = lambda change: change()
        self.always = Permissions(_permissions(settings.get(TOOL_PERMISSIONS)), self._keep_always)
        settings.subscribe(TOOL_PERMISSIONS, lambda given: self.always.replace(_permissions(given)))

    def attach(self, keep: Callable[[Change], None]) -> None:
        """keep: runs a change where the settings are changed, and sees that they are saved."""
        self._keep = keep

    def reads_allowed(self) -> bool:
        return self._settings.get(TOOLS_READ_FREELY)

    def open_folder(self, folder: str, *, write: bool) -> None:
        self._folders.open(folder, write=write)
        opened = tuple((one.path, one.write) for one in self._folders.opened)
        self._keep(lambda: self._settings.set(TOOL_FOLDERS, opened))

    def _keep_always(self, given: tuple[Permission, ...]) -> None:
        pairs = tuple((one.tool, one.scope) for one in given)
        self._keep(lambda: self._settings.set(TOOL_PERMISSIONS, pairs))


class Toolbox:
    """runner: runs calls. policy: what is allowed in every chat. log: what was done. backups: what
    was there before tools wrote. more: tools besides the program's own simple ones; sources: those
    that come and go."""

    def __init__(
        self,
        settings: SettingsStore,
        data_dir: Path,
        more: Sequence[Tool] = (),
        sources: Sequence[ToolSource] = (),
    ) -> None:
        self._settings = settings
        self.folders = Folders(_folders(settings.get(TOOL_FOLDERS)))
        settings.subscribe(TOOL_FOLDERS, lambda opened: self.folders.replace(_folders(opened)))
        self.policy = SettingsPolicy(settings, self.folders)
        self.log = ToolLog(data_dir / LOG_NAME)
        self.backups = Backups(data_dir / BACKUPS_NAME)
        self.opener = Opener(self.folders)
        own = own_tools(self.opener, self.backups)
        self.runner = ToolRunner((*own, *more), sources=sources, note=self.log.note)

    @property
    def off(self) -> frozenset[str]:
        """The tools that are off where a chat says nothing else."""
        names: tuple[str, ...] = self._settings.get(TOOLS_OFF)
        return frozenset(names)


def _permissions(pairs: tuple[tuple[str, str], ...]) -> list[Permission]:
    return [Permission(tool, scope) for tool, scope in pairs]


def _folders(pairs: tuple[tuple[str, bool], ...]) -> list[Folder]:
    return [Folder(path, write) for path, write in pairs]
