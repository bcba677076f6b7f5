"""One download as the page shows it; updated in place."""

from PySide6.QtCore import QPoint, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QVBoxLayout, QWidget

from app.core.language import tr
from app.downloads.types import JobState, JobStatus
from app.ui.downloads.file_rows import FileRows
from app.ui.downloads.job_foot import JobFoot
from app.ui.downloads.parts import Elided, Grip, TwoToneBar
from app.ui.downloads.words import (
    chip_of,
    pace_text,
    progress_text,
    source_of,
    state_text,
    title_of,
)
from app.ui.look import Look
from app.ui.widgets import IconButton, chip, label, set_chip

_NARROW = 620
_CAN_PAUSE = frozenset(
    {
        JobState.QUEUED,
        JobState.CHECKING,
        JobState.RUNNING,
        JobState.WAITING,
        JobState.NO_SPACE,
    }
)


class JobView(QWidget):
    """`wanted`: pause, resume, up, down, and what the foot asks for."""

    wanted = Signal(str)
    dragged = Signal(QPoint)
    dropped = Signal()

    def __init__(self, look: Look, job: JobStatus) -> None:
        super().__init__()
        self._look, self._id, self._job = look, job.job_id, job
        self._files: FileRows | None = None
        self.title = Elided("", "strong", name=f"jobTitle-{self._id}")
        self._source = Elided("", "small", name=f"jobSource-{self._id}")
        self._chip = chip("", name=f"jobState-{self._id}")
        self._bar = TwoToneBar(
            look, f"jobBar-{self._id}", tr("Progress of {job}", job=title_of(job))
        )
        self._progress = label("", "mono", name=f"jobProgress-{self._id}")
        self._pace = label("", "mono", name=f"jobPace-{self._id}")
        self._sentence = label("", "small", name=f"jobSentence-{self._id}", wrap=True)
        self.foot = JobFoot(self._id)
        self.foot.wanted.connect(self.wanted)
        self._build()
        self.show_status(job)

    def show_status(self, job: JobStatus) -> None:
        self._job = job
        self.title.set_full(title_of(job))
        self._source.set_full(source_of(job))
        set_chip(self._chip, *chip_of(job))
        told = progress_text(job)
        whole = job.state is JobState.DONE
        verified = job.size_bytes if whole else job.verified_bytes
        self._bar.show_parts(
            job.size_bytes if whole else job.done_bytes, verified, job.size_bytes, told
        )
        self._progress.setText(told)
        pace = pace_text(job)
        self._pace.setText(pace)
        self._pace.setVisible(bool(pace))
        sentence = state_text(job)
        self._sentence.setText(sentence)
        self._sentence.setVisible(bool(sentence))
        self._show_pause(job)
        self.foot.show_status(job)
        if self._files is not None and not self._files.isHidden():
            self._files.show_status(job)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        way = QBoxLayout.Direction
        narrow = event.size().width() < _NARROW
        self._figures.setDirection(way.TopToBottom if narrow else way.LeftToRight)

    def toggle_pause(self) -> None:
        if self._job.state in _CAN_PAUSE:
            self.wanted.emit("pause")
        elif self._job.state in (JobState.PAUSED, JobState.FAILED):
            self.wanted.emit("resume")

    def toggle_files(self) -> None:
        if self._files is None:
            self._files = FileRows(self._look, self._id)
            self._files.hide()
            self._column.insertWidget(self._column.indexOf(self.foot), self._files)
        shown = self._files.isHidden()
        if shown:
            self._files.show_status(self._job)
        self._files.setVisible(shown)
        self._fold.set_icon("chevron-down" if shown else "chevron-right")
        name = tr("Hide the files") if shown else tr("Show the files")
        self._fold.setAccessibleName(name)
        self._fold.setToolTip(name)

    def ask_cancel(self) -> None:
        """The cross: takes what has ended off the list, asks before anything is thrown away."""
        if self._job.state is JobState.DONE or not self._job.done_bytes:
            self.wanted.emit("remove" if self._job.state is JobState.DONE else "cancel")
        else:
            self.foot.ask(self._job)

    def _show_pause(self, job: JobStatus) -> None:
        can_pause = job.state in _CAN_PAUSE
        can_resume = job.state is JobState.PAUSED
        self._pause.setVisible(can_pause or can_resume)
        title = title_of(job)
        name = tr("Pause {title}", title=title) if can_pause else tr("Resume {title}", title=title)
        if self._pause.accessibleName() != name:
            self._pause.set_icon("pause" if can_pause else "play")
            self._pause.setAccessibleName(name)
            self._pause.setToolTip(tr("Pause (Space)") if can_pause else tr("Resume (Space)"))
        done = job.state is JobState.DONE
        self._cross.setToolTip(tr("Take off the list") if done else tr("Cancel (Del)"))
        self._cross.setAccessibleName(
            tr("Remove {title}", title=title) if done else tr("Cancel {title}", title=title)
        )

    def _mini(self, icon: str, name: str, key: str) -> IconButton:
        made = IconButton(self._look, icon, name, f"{key}-{self._id}", kind="mini")
        made.setMinimumSize(24, 24)
        return made

    def _build(self) -> None:
        grip = Grip(self._look, f"grip-{self._id}")
        grip.dragged.connect(self.dragged)
        grip.dropped.connect(self.dropped)
        self._fold = self._mini("chevron-right", tr("Show the files"), "fold")
        self._fold.clicked.connect(lambda *_: self.toggle_files())
        self._pause = self._mini("pause", tr("Pause"), "pause")
        self._pause.clicked.connect(lambda *_: self.toggle_pause())
        up = self._mini("chevron-up", tr("Move up (Alt+Up)"), "up")
        up.clicked.connect(lambda *_: self.wanted.emit("up"))
        down = self._mini("chevron-down", tr("Move down (Alt+Down)"), "down")
        down.clicked.connect(lambda *_: self.wanted.emit("down"))
        self._cross = self._mini("cross", tr("Cancel"), "cross")
        self._cross.clicked.connect(lambda *_: self.ask_cancel())
        names = QVBoxLayout()
        names.setSpacing(0)
        names.addWidget(self.title)
        names.addWidget(self._source)
        head = QHBoxLayout()
        head.setSpacing(4)
        head.addWidget(grip)
        head.addWidget(self._fold)
        head.addLayout(names, 1)
        head.addSpacing(8)
        head.addWidget(self._chip)
        head.addSpacing(4)
        for part in (self._pause, up, down, self._cross):
            head.addWidget(part)
        self._figures = figures = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        figures.setSpacing(4)
        for figure in (self._progress, self._pace):
            figure.setMinimumWidth(1)  # what is too long goes below, it does not widen the page
        figures.addWidget(self._progress, 1)
        figures.addWidget(self._pace)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(8, 8, 12, 12)
        self._column.setSpacing(6)
        self._column.addLayout(head)
        body = QVBoxLayout()
        body.setContentsMargins(28, 2, 0, 0)
        body.setSpacing(6)
        body.addWidget(self._bar)
        body.addLayout(figures)
        body.addWidget(self._sentence)
        self._column.addLayout(body)
        self._column.addWidget(self.foot)
