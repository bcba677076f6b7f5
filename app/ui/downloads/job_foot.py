"""Below the bar: what went wrong, what is asked, and what can be done with a finished download."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.core.errors import KnownError
from app.core.language import tr
from app.downloads.types import JobState, JobStatus
from app.ui.downloads.words import cancel_text
from app.ui.widgets import button, label


def _no_reason() -> KnownError:
    return KnownError(tr("The download failed."), "", tr("Try again."))


class JobFoot(QWidget):
    """`wanted`: resume, remove, cancel, accept, chat, load, folder. Empty while nothing is to be
    decided."""

    wanted = Signal(str)

    def __init__(self, job_id: str) -> None:
        super().__init__()
        self._id = job_id
        self._shown: tuple[object, ...] = ()
        self._asking = False
        self._content: QWidget | None = None
        self._details: QWidget | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(28, 4, 0, 0)
        self.setObjectName(f"foot-{job_id}")
        self.hide()

    def show_status(self, job: JobStatus) -> None:
        """Built anew only when there is something else to say."""
        if self._asking and job.state is not JobState.DONE:
            return
        self._asking = False
        key = job.state, job.error, job.change
        if key == self._shown:
            return
        self._shown = key
        match job.state:
            case JobState.FAILED:
                self._put(self._failed(job.error or _no_reason()))
            case JobState.CHANGED:
                self._put(
                    self._row(
                        (tr("Take the new file"), "accept", "plain"),
                        (tr("Give the download up…"), "ask", "plain"),
                        job=job,
                    )
                )
            case JobState.DONE:
                self._put(
                    self._row(
                        (tr("Load and chat"), "chat", "plain"),
                        (tr("Load with options…"), "load", "plain"),
                        (tr("Show in folder"), "folder", "plain"),
                    )
                )
            case _:
                self._put(None)

    def ask(self, job: JobStatus) -> None:
        """Before anything is thrown away."""
        self._asking = True
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(label(tr("Cancel this download?"), "strong", name=f"askTitle-{self._id}"))
        told = label(cancel_text(job), name=f"askText-{self._id}", wrap=True)
        column.addWidget(told)
        row = QHBoxLayout()
        row.setSpacing(8)
        keep = button(tr("Keep it"), f"keep-{self._id}", on_click=lambda: self._answered(job))
        throw = button(tr("Cancel and throw away"), f"throw-{self._id}", on_click=self._throw)
        for part in (keep, throw):
            row.addWidget(part)
        row.addStretch(1)
        column.addLayout(row)
        self._put(content)
        content.setAccessibleName(tr("Cancel this download? {text}", text=told.text()))
        keep.setFocus()

    @property
    def asking(self) -> bool:
        return self._asking

    def dismiss(self, job: JobStatus) -> None:
        """The Esc key."""
        if self._asking:
            self._answered(job)

    def _answered(self, job: JobStatus) -> None:
        self._asking = False
        self._shown = ()
        self.show_status(job)

    def _throw(self) -> None:
        self._asking = False
        self._put(None)
        self.wanted.emit("cancel")

    def _failed(self, error: KnownError) -> QWidget:
        content = QWidget()
        content.setObjectName(f"jobError-{self._id}")
        content.setAccessibleName(tr("Error: {error}", error=error))
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(label(error.what, "strong", name=f"errorWhat-{self._id}", wrap=True))
        for text, part in ((error.why, tr("Why")), (error.next_step, tr("Next"))):
            if text:
                column.addWidget(label(text, name=f"error{part}-{self._id}", wrap=True))
        details = label(error.details, "mono", name=f"errorDetails-{self._id}", wrap=True)
        details.hide()
        column.addWidget(details)
        row = QHBoxLayout()
        row.setContentsMargins(0, 4, 0, 0)
        row.setSpacing(8)
        for text, action, kind in (
            (tr("Try again"), "resume", "plain"),
            (tr("Take off the list"), "remove", "plain"),
        ):
            row.addWidget(self._button(text, action, kind))
        row.addStretch(1)
        if error.details:
            fold: QPushButton = button(tr("Details"), f"errorFold-{self._id}", "quiet")
            fold.setCheckable(True)
            fold.toggled.connect(details.setVisible)
            row.addWidget(fold)
        column.addLayout(row)
        return content

    def _row(self, *actions: tuple[str, str, str], job: JobStatus | None = None) -> QWidget:
        content = QWidget()
        row = QHBoxLayout(content)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for text, action, kind in actions:
            if action == "ask" and job is not None:
                made = button(text, f"ask-{self._id}", kind, on_click=lambda: self.ask(job))
            else:
                made = self._button(text, action, kind)
            row.addWidget(made)
        row.addStretch(1)
        return content

    def _button(self, text: str, action: str, kind: str) -> QPushButton:
        return button(text, f"{action}-{self._id}", kind, on_click=lambda: self.wanted.emit(action))

    def _put(self, content: QWidget | None) -> None:
        if self._content is not None:
            self._content.hide()
            self._content.deleteLater()
        self._content = content
        if content is not None:
            self._column.addWidget(content)
        self.setVisible(content is not None)
