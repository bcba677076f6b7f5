"""The downloads page: summary, address field, queue, and the line's limits. Idle while hidden."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, QUrl
from PySide6.QtGui import QDesktopServices, QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.core.language import tr
from app.downloads.storage import free_bytes
from app.downloads.types import DownloadRequest, JobState, JobStatus, Target
from app.settings.declared import MODELS_FOLDER
from app.ui.downloads.address_field import AddressField
from app.ui.downloads.board import Change
from app.ui.downloads.controls import Controls, Room
from app.ui.downloads.queue_list import QueueList
from app.ui.downloads.words import first_location, folder_of, summary_text
from app.ui.getting.card import GetCard
from app.ui.getting.finders import Lister
from app.ui.picker import Picker
from app.ui.shell import CHAT, MODELS, GettingRoom, Shell
from app.ui.widgets import button, label

_ROOM_MS = 5000
_WIDEST = 960


class DownloadsPage(QWidget):
    """target: where downloads go now. mirror: the Hub's address in use. free: blocks, for a worker
    thread."""

    def __init__(
        self,
        shell: Shell,
        room: GettingRoom,
        *,
        target: Callable[[], Target],
        lister: Lister,
        mirror: Callable[[], str] = lambda: "",
        free: Callable[[Path], int] = free_bytes,
    ) -> None:
        super().__init__()
        self._shell, self._flow = shell, room.flow
        self._board = board = room.board
        self._target, self._free = target, free
        self._stop_listening: Callable[[], None] | None = None
        self._picker = Picker(self, tr("A folder for models"), "downloadsFolderDialog")
        self._picker.picked.connect(self.folder_chosen)
        self.setObjectName("downloadsPage")
        self.setProperty("page", "true")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._summary = label("", "muted", name="downloadsSummary", wrap=True)
        self._pause_all = button(tr("Pause all"), "pauseAll", on_click=board.pause_all)
        self._resume_all = button(tr("Resume all"), "resumeAll", on_click=board.resume_all)
        self._clear = button(tr("Clear finished"), "clearFinished", on_click=board.clear_finished)
        self._clear.setToolTip(tr("Takes what is complete off the list; the files stay."))
        self.address = AddressField(shell.look, shell.tasks, lister, mirror)
        self.address.chosen.connect(self.add)
        self.queue = QueueList(shell.look)
        self.queue.wanted.connect(self._wanted)
        self.queue.moved.connect(board.queue.move)
        self._empty = self._make_empty()
        self._way = GetCard(shell.look, room.flow, "downloads", beside_queue=True)
        self.controls = Controls(shell.look, shell.settings)
        self.controls.limits_changed.connect(shell.window.settings_changed)
        self.controls.folder_wanted.connect(self._picker.pick)
        self.controls.show_folder_wanted.connect(lambda: _open_folder(self._target().folder))
        self._room_timer = QTimer(self)
        self._room_timer.setInterval(_ROOM_MS)
        self._room_timer.timeout.connect(self._ask_room)
        self._build()

    def add(self, request: DownloadRequest) -> None:
        """Into the queue, once."""
        known = self._board.find(request)
        if known is not None:
            self._shell.window.tell(
                tr("{title} is in the list already.", title=known.request.title)
            )
            self.queue.focus(known.job_id)
            return
        target = self._target()
        self._shell.tasks.run(lambda _: self._board.queue.add(request, target))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stop_listening is None:
            self._stop_listening = self._board.listen(self._changed)
        self.controls.refresh()
        self._show_all()
        self._ask_room()
        self._room_timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if self._stop_listening is not None:
            self._stop_listening()
            self._stop_listening = None
        self._room_timer.stop()

    def _changed(self, changes: tuple[Change, ...]) -> None:
        self._show_all()
        if any(_joins_or_leaves(one) for one in changes):
            self._ask_room()

    def _show_all(self) -> None:
        jobs, going_on = self._board.jobs, self._board.going_on
        self.queue.set_jobs(jobs)
        self.queue.setVisible(bool(jobs))
        self._empty.setVisible(not jobs)
        self._summary.setText(summary_text(jobs, going_on))
        self._summary.setVisible(bool(jobs))
        finished = any(job.state is JobState.DONE for job in jobs)
        self._clear.setVisible(finished)
        paused = any(job.state is JobState.PAUSED for job in jobs)
        for made, wanted in ((self._pause_all, bool(going_on)), (self._resume_all, paused)):
            made.setVisible(bool(jobs))
            made.setEnabled(wanted)

    def _wanted(self, job_id: str, action: str) -> None:
        job, queue = self._board.job(job_id), self._board.queue
        if job is None:
            return
        match action:
            case "pause":
                queue.pause(job_id)
            case "resume":
                queue.resume(job_id)
            case "cancel":
                queue.cancel(job_id)
            case "remove":
                queue.remove(job_id)
            case "accept":
                queue.accept_change(job_id)
            case "up" | "down":
                self._move(job_id, -1 if action == "up" else 1)
            case "chat":
                self._flow.chat_with(job)
            case "load":
                self._load(job)
            case "folder":
                _open_folder(folder_of(job))

    def _move(self, job_id: str, step: int) -> None:
        order = [job.job_id for job in self._board.jobs]
        position = order.index(job_id) + step
        if 0 <= position < len(order):
            self._board.queue.move(job_id, position)

    def _load(self, job: JobStatus) -> None:
        first = first_location(job)
        if first is not None:
            self._shell.window.go(CHAT.key)
            self._shell.models.open(str(first))

    def _ask_room(self) -> None:
        target = self._target()
        to_come = sum(
            job.size_bytes - job.done_bytes
            for job in self._board.going_on
            if job.target.folder == target.folder
        )

        def work() -> Room:
            try:
                return Room(target, self._free(target.folder), to_come)
            except OSError:
                return Room(target, None)

        self._shell.tasks.run(lambda _: work(), self.controls.show_room)

    def folder_chosen(self, folder: str) -> None:
        self._shell.settings.set(MODELS_FOLDER, folder)
        self._shell.window.settings_changed()
        self._shell.window.tell(
            tr(
                "New downloads go to {folder}. What is in the list already goes "
                "where it was meant to.",
                folder=folder,
            )
        )
        self._ask_room()

    def _make_empty(self) -> QWidget:
        empty = QWidget()
        empty.setObjectName("downloadsEmpty")
        text = label(
            tr("Nothing is being downloaded."), "display", name="downloadsEmptyText", wrap=True
        )
        text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column = QVBoxLayout(empty)
        column.setSpacing(16)
        column.addStretch(2)
        column.addWidget(text)
        column.addWidget(
            button(
                tr("Find a model"),
                "downloadsToModels",
                "primary",
                on_click=partial(self._shell.window.go, MODELS.key),
            ),
            0,
            Qt.AlignmentFlag.AlignHCenter,
        )
        column.addStretch(3)
        return empty

    def _build(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(label(tr("Downloads"), "display", name="downloadsTitle"), 1)
        for made in (self._clear, self._pause_all, self._resume_all):
            head.addWidget(made)
        top = QVBoxLayout()
        top.setSpacing(4)
        top.addLayout(head)
        top.addWidget(self._summary)
        inner = QWidget()
        inner.setObjectName("downloadsInner")
        inner.setMaximumWidth(_WIDEST)
        column = QVBoxLayout(inner)
        column.setContentsMargins(24, 20, 24, 12)
        column.setSpacing(12)
        column.addLayout(top)
        column.addWidget(self.address)
        column.addWidget(self._way)
        column.addWidget(self.queue, 1)
        column.addWidget(self._empty, 1)
        column.addWidget(self.controls)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addStretch(1)
        row.addWidget(inner, 100_000)
        row.addStretch(1)


def _joins_or_leaves(change: Change) -> bool:
    """What is to come is another amount now."""
    before, now = change.before, change.now
    return before is None or now is None or before.state is not now.state


def _open_folder(folder: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
