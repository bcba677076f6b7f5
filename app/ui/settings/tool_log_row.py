"""What tools did, and what they changed: looked through, exported, cleared, put back."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from app.chat.toolbox import Toolbox
from app.core.cancel import CancelToken
from app.core.language import mark, tr
from app.core.tasks import TaskRunner
from app.core.units import count, duration
from app.tools.backups import Backup
from app.tools.files_write import put_back
from app.tools.log import Entry
from app.ui.chat.model_loads import known
from app.ui.chat.views.tool_view import readable
from app.ui.settings.rows import Row
from app.ui.tools import words
from app.ui.widgets import button, label

T = TypeVar("T")
_SHOWN = 30
_MOST_CHANGES = 8
_LONGEST_ARGUMENTS = 200
_OUTCOMES = {
    "done": mark("done"),
    "failed": mark("failed"),
    "stopped": mark("stopped"),
    "denied": mark("not run"),
}


class _DiskRow(Row):
    """Reads when it is shown; the disk is asked on worker threads."""

    def __init__(self, title: str, text: str, name: str, tasks: TaskRunner, found: str) -> None:
        super().__init__(f"{title} {text} {found}")
        self.setObjectName(f"settingRow-{name}")
        self.setProperty("card", "true")
        self._tasks = tasks
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(16, 12, 12, 14)
        self.column.setSpacing(4)
        self.column.addWidget(label(title, "strong"))
        self.column.addWidget(label(text, "muted", wrap=True))
        self.state = label("", "muted", name=f"{name}State", wrap=True)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.reload()

    def reload(self) -> None:
        raise NotImplementedError

    def say(self, text: str) -> None:
        self.state.setText(text)
        self.state.setVisible(bool(text))

    def run(self, work: Callable[[CancelToken], T], done: Callable[[T], None]) -> None:
        self._tasks.run(work, done, lambda error: self.say(str(known(error))))


class ToolLogRow(_DiskRow):
    def __init__(self, toolbox: Toolbox, tasks: TaskRunner) -> None:
        text = tr(
            "Every call that ran or that you denied, with its arguments and sizes, but not what "
            "tools returned. Only the latest are kept, on this machine."
        )
        super().__init__(tr("What tools did"), text, "toolLog", tasks, "log history calls export")
        self._log = toolbox.log
        self._dialog: QFileDialog | None = None
        self._lines = QVBoxLayout()
        self._lines.setSpacing(6)
        self._export = button(tr("Export…"), "toolLogExport", on_click=self._ask_export)
        self._clear = button(tr("Clear"), "toolLogClear", on_click=self.clear)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self._export)
        line.addWidget(self._clear)
        line.addStretch(1)
        self.column.addSpacing(4)
        self.column.addLayout(self._lines)
        self.column.addWidget(self.state)
        self.column.addLayout(line)
        self._show(())

    def reload(self) -> None:
        self.run(lambda _: self._log.latest(_SHOWN + 1), self._show)

    def clear(self) -> None:
        self.run(lambda _: self._log.clear(), lambda _: self._show(()))

    def export_to(self, path: str) -> None:
        target = Path(path)

        def done(lines: int) -> None:
            told = tr("{number} lines written to {name}.", number=count(lines), name=target.name)
            self.say(told)

        self.run(lambda _: self._log.export(target), done)

    def _show(self, entries: Sequence[Entry]) -> None:
        _empty(self._lines)
        for entry in entries[:_SHOWN]:
            self._lines.addWidget(_entry_line(entry))
        more = tr("Only the latest {number} are shown; an export has all.", number=_SHOWN)
        none = "" if entries else tr("No tool has been called yet.")
        self.say(more if len(entries) > _SHOWN else none)
        self._export.setEnabled(bool(entries))
        self._clear.setEnabled(bool(entries))

    def _ask_export(self) -> None:
        self._dialog = dialog = QFileDialog(self, tr("Export what tools did"), "tool-log.jsonl")
        dialog.setObjectName("toolLogDialog")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.selectFile("tool-log.jsonl")
        dialog.fileSelected.connect(self.export_to)
        dialog.open()


class ChangedFilesRow(_DiskRow):
    def __init__(self, toolbox: Toolbox, tasks: TaskRunner) -> None:
        text = tr("The latest changes of tools, and what the files held before.")
        super().__init__(
            tr("Files that tools changed"), text, "toolBackups", tasks, "undo backup restore write"
        )
        self._backups, self._opener = toolbox.backups, toolbox.opener
        self._told = ""
        self._lines = QVBoxLayout()
        self._lines.setSpacing(4)
        self._clear = button(
            tr("Remove all earlier versions"), "toolBackupsClear", on_click=self.clear
        )
        self.column.addLayout(self._lines)
        self.column.addWidget(self.state)
        self.column.addWidget(self._clear, 0, Qt.AlignmentFlag.AlignLeft)

    def reload(self) -> None:
        self.run(lambda _: self._backups.all()[:_MOST_CHANGES], self._show)

    def clear(self) -> None:
        self.run(lambda _: self._backups.clear(), lambda _: self.reload())

    def put_back(self, backup: Backup) -> None:
        def done(_: None) -> None:
            self.reload()
            self._told = tr("{path} is as it was before.", path=backup.path)

        self.run(lambda _: put_back(self._opener, self._backups, backup), done)

    def _show(self, backups: Sequence[Backup]) -> None:
        _empty(self._lines)
        for number, backup in enumerate(backups, 1):
            self._lines.addWidget(self._line(number, backup))
        self._clear.setVisible(bool(backups))
        nothing = "" if backups else tr("No tool has changed a file yet.")
        self.say(words.legible(self._told) or nothing)
        self._told = ""

    def _line(self, number: int, backup: Backup) -> QWidget:
        holder = QWidget()
        line = QHBoxLayout(holder)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        path = words.legible(backup.path)
        when = _when(datetime.fromisoformat(backup.at))
        shown = label(f"{path} · {when}", wrap=True)
        shown.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        line.addWidget(shown, 1)
        text = tr("Put back") if backup.existed else tr("Remove it")
        line.addWidget(
            button(
                text,
                f"toolBackup-{number}",
                "quiet",
                accessible=f"{text}: {path}",
                on_click=partial(self.put_back, backup),
            )
        )
        return holder


def _entry_line(entry: Entry) -> QWidget:
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    what = f"{entry.source} {entry.tool}".strip()
    arguments = readable(entry.arguments)
    if len(arguments) > _LONGEST_ARGUMENTS:
        arguments = f"{arguments[:_LONGEST_ARGUMENTS]}…"
    shown = label(words.legible(f"{what}  {arguments}".strip()), wrap=True)
    shown.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    column.addWidget(shown)
    facts = [_when(entry.at), words.decision_text(entry.how), tr(_OUTCOMES.get(entry.outcome, ""))]
    if entry.seconds is not None:
        facts.append(duration(entry.seconds))
    if entry.characters is not None:
        facts.append(tr("{number} characters", number=count(entry.characters)))
    column.addWidget(label(" · ".join(filter(None, facts)), "small", wrap=True))
    return holder


def _empty(lines: QVBoxLayout) -> None:
    while (item := lines.takeAt(0)) is not None:
        if (old := item.widget()) is not None:
            old.hide()
            old.deleteLater()


def _when(at: datetime) -> str:
    return f"{at.astimezone():%Y-%m-%d %H:%M}"
