"""The files of a download, one line each."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from app.core.language import tr
from app.core.units import gigabytes
from app.downloads.types import FileProgress, JobStatus
from app.ui.downloads.parts import Elided, TwoToneBar
from app.ui.downloads.words import file_text
from app.ui.look import Look
from app.ui.widgets import label

_MOST = 60
_LEFT = Qt.TextElideMode.ElideLeft  # the names of shards differ at their end


class FileRows(QWidget):
    def __init__(self, look: Look, job_id: str) -> None:
        super().__init__()
        self._look, self._id = look, job_id
        self.setObjectName(f"files-{job_id}")
        self._names: list[Elided] = []
        self._bars: list[TwoToneBar] = []
        self._figures: list[QLabel] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(28, 4, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(0, 3)
        self._grid.setColumnStretch(1, 2)
        self._more = label("", "small", name=f"filesMore-{job_id}")

    def show_status(self, job: JobStatus) -> None:
        shown = job.files[:_MOST]
        while len(self._names) < len(shown):
            self._add_row(len(self._names))
        for row, file in enumerate(shown):
            self._show(row, file)
        rest = len(job.files) - len(shown)
        self._more.setText(tr("and {rest} more", rest=rest) if rest else "")
        self._more.setVisible(bool(rest))

    def _add_row(self, row: int) -> None:
        name = Elided("", "small", name=f"fileName-{self._id}-{row}", cut=_LEFT)
        bar = TwoToneBar(
            self._look, f"fileBar-{self._id}-{row}", tr("File {row}", row=row + 1), height=4
        )
        figures = label("", "mono", name=f"fileFigures-{self._id}-{row}")
        for column, part in enumerate((name, bar, figures)):
            self._grid.addWidget(part, row, column)
        self._grid.addWidget(self._more, row + 1, 0)
        self._names.append(name)
        self._bars.append(bar)
        self._figures.append(figures)

    def _show(self, row: int, file: FileProgress) -> None:
        told = file_text(file)
        self._names[row].set_full(file.path.rpartition("/")[2])
        self._bars[row].show_parts(
            file.done_bytes,
            file.verified_bytes,
            file.size_bytes,
            tr("{told}, {verified} verified", told=told, verified=gigabytes(file.verified_bytes)),
        )
        self._figures[row].setText(told)
