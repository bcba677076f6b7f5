"""All chats at once: take them out, bring some in, delete them; and where they lie."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from app.chat.exporting.files import Format, all_conversations, export_many
from app.chat.importing.run import Report, import_from
from app.chat.store.store import ChatStore
from app.core.cancel import CancelToken
from app.core.language import mark, tr
from app.core.tasks import Task, TaskRunner
from app.core.units import count
from app.ui.chat.model_loads import known
from app.ui.settings.rows import Row
from app.ui.widgets import button, label, restyle

T = TypeVar("T")
_TEXT = mark(
    "An export is a zip with every chat as JSON, which can be imported here "
    "again, or as Markdown. Chats of ChatGPT, LM Studio, Jan and Open WebUI can "
    "be imported from their exports."
)


class ChatsRow(Row):
    """changed: the list of chats is another one now."""

    def __init__(
        self,
        chats: ChatStore,
        tasks: TaskRunner,
        changed: Callable[[], None],
        deleted: Callable[[], None],
    ) -> None:
        super().__init__(
            tr("Your chats {text} backup delete everything privacy import export data", text=_TEXT)
        )
        self.setObjectName("settingRow-chats")
        self.setProperty("card", "true")
        self._chats, self._tasks = chats, tasks
        self._changed, self._deleted = changed, deleted
        self._task: Task | None = None
        self._dialog: QFileDialog | None = None
        self._state = label("", "muted", name="chatsState", wrap=True)
        self._state.hide()
        place = label(
            tr("They lie in {parent}", parent=chats.path.parent),
            "muted",
            name="chatsPlace",
            wrap=True,
        )
        place.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._export = button(tr("Export all…"), "chatsExport", on_click=self._ask_export)
        self._import = button(tr("Import…"), "chatsImport", on_click=self._ask_import)
        self._open = button(tr("Open folder"), "chatsFolder", on_click=self._open_folder)
        self._delete = button(tr("Delete all…"), "chatsDelete", on_click=self._ask_delete)
        self._cancel = button(tr("Cancel"), "chatsCancel", on_click=self._stop)
        self._cancel.hide()
        line = QHBoxLayout()
        line.setSpacing(8)
        for part in (self._export, self._import, self._open, self._delete, self._cancel):
            line.addWidget(part)
        line.addStretch(1)
        self._sure = self._question()
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 12, 14)
        column.setSpacing(6)
        column.addWidget(label(tr("Your chats"), "strong"))
        column.addWidget(label(tr(_TEXT), "muted", wrap=True))
        column.addWidget(place)
        column.addSpacing(4)
        column.addLayout(line)
        column.addWidget(self._sure)
        column.addWidget(self._state)

    def export_to(self, path: str) -> None:
        """As Markdown when the name says so, else as JSON, which keeps everything."""
        target = Path(path)
        as_markdown = target.stem.endswith("-markdown")

        def work(cancel: CancelToken) -> int:
            self._chats.written().result(30)
            chats = all_conversations(self._chats.read)
            form: Format = "markdown" if as_markdown else "json"
            return export_many(self._chats.read, chats, target, form, cancel)

        self._run(
            work,
            lambda done: self._say(
                tr("{done} chats written to {name}.", done=count(done), name=target.name)
            ),
        )

    def import_from(self, path: str) -> None:
        def work(cancel: CancelToken) -> Report:
            return import_from(self._chats.conversations, Path(path), cancel)

        self._run(work, self._imported)

    def delete_all(self) -> None:
        self._sure.hide()
        self._run(lambda _: self._chats.delete_everything().result(60), lambda _: self._gone())

    def _gone(self) -> None:
        self._say(tr("All chats are deleted."))
        self._deleted()

    def _imported(self, report: Report) -> None:
        parts = [tr("{conversations} new chats", conversations=count(len(report.conversations)))]
        if report.known:
            parts.append(tr("{known} were there already", known=count(report.known)))
        if report.problems:
            first = report.problems[0]
            parts.append(
                tr(
                    "{problems} left out ({name}: {why})",
                    problems=count(len(report.problems)),
                    name=first.name,
                    why=first.why,
                )
            )
        self._say(", ".join(parts) + ".")
        self._changed()

    def _run(self, work: Callable[[CancelToken], T], done: Callable[[T], None]) -> None:
        self._busy(True)
        self._say(tr("Working…"))

        def failed(error: Exception) -> None:
            self._say(str(known(error)), bad=True)

        def ended() -> None:
            self._busy(False)
            if self._state.text() == "Working…":
                self._say(tr("Stopped."))

        self._task = self._tasks.run(work, done, failed, ended)

    def _stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _busy(self, busy: bool) -> None:
        for part in (self._export, self._import, self._delete):
            part.setEnabled(not busy)
        self._cancel.setVisible(busy)

    def _say(self, text: str, *, bad: bool = False) -> None:
        self._state.setText(text)
        self._state.show()
        restyle(self._state, "tone", "bad" if bad else "muted")

    def _ask_export(self) -> None:
        dialog = QFileDialog(self, tr("Export all chats"), "glm-launcher-chats.zip")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters(
            [tr("Everything, to be imported again (*.zip)"), tr("Markdown (*.zip)")]
        )
        dialog.setDefaultSuffix("zip")

        def chosen(path: str) -> None:
            if dialog.selectedNameFilter().startswith("Markdown"):
                target = Path(path)
                path = str(target.with_name(f"{target.stem}-markdown.zip"))
            self.export_to(path)

        dialog.fileSelected.connect(chosen)
        self._show(dialog)

    def _ask_import(self) -> None:
        dialog = QFileDialog(self, tr("Import chats"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters([tr("Exports (*.json *.zip *.jsonl)"), tr("All files (*)")])
        dialog.fileSelected.connect(self.import_from)
        self._show(dialog)

    def _show(self, dialog: QFileDialog) -> None:
        dialog.setObjectName("chatsDialog")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._dialog = dialog
        dialog.open()

    def _ask_delete(self) -> None:
        self._sure.show()

    def _question(self) -> QWidget:
        frame = QWidget()
        frame.setObjectName("chatsSure")
        row = QHBoxLayout(frame)
        row.setContentsMargins(0, 4, 0, 0)
        row.setSpacing(8)
        text = tr("All chats, the trash and the backups go for good. Nothing can be brought back.")
        row.addWidget(label(text, "bad", wrap=True), 1)
        row.addWidget(button(tr("Delete for good"), "chatsDeleteYes", on_click=self.delete_all))
        row.addWidget(button(tr("Keep them"), "chatsDeleteNo", on_click=frame.hide))
        frame.hide()
        return frame

    def _open_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._chats.path.parent)))
