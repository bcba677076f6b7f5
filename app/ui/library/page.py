"""On this computer: every installed model, and what can be done with it."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt, QTimer, QUrl
from PySide6.QtGui import (
    QDesktopServices,
    QHideEvent,
    QKeySequence,
    QResizeEvent,
    QShortcut,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QFileDialog,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.chat.services import Services
from app.core.errors import KnownError
from app.core.language import tr
from app.downloads.types import DownloadRequest, JobState, Target
from app.library.library import Library
from app.library.types import InstalledModel, Snapshot
from app.library.verify import Verification
from app.settings.declared import LAST_MODEL, LIBRARY_FOLDERS
from app.ui.library.asking import Question, WorkStrip
from app.ui.library.bar import TopBar
from app.ui.library.checking import Checking
from app.ui.library.deleting import Deleting
from app.ui.library.detail import DetailCard
from app.ui.library.listing import ModelList
from app.ui.library.rows import ModelRows
from app.ui.library.states import StatePage
from app.ui.library.words import (
    problems_line,
    reading_line,
    summary_line,
)
from app.ui.library.work import LibraryWork
from app.ui.shell import DOWNLOADS, Shell
from app.ui.widgets import single_shot

# Files come in bunches: an unpacked archive, a set of shards.
_GATHER_MS = 700
_POLL_MS = 20_000
# Below this, the chosen model says less.
_LOW = 560

Download = Callable[[DownloadRequest, Target], object]


def library_view(shell: Shell, services: Services) -> QWidget:
    """The tab on the models page."""

    def download(request: DownloadRequest, target: Target) -> None:
        """One that waits in the queue already goes on; it is not queued twice."""
        wanted = {file.path for file in request.files}
        for job in services.downloads.jobs():
            same = job.request.repo == request.repo and job.state is not JobState.DONE
            if same and wanted & {file.path for file in job.request.files}:
                services.downloads.resume(job.job_id)
                return
        services.downloads.add(request, target)

    return LibraryView(shell, services.library, services.default_target, download)


class LibraryView(QWidget):
    """Looks and watches only while it is shown."""

    def __init__(
        self, shell: Shell, library: Library, target: Callable[[], Target], download: Download
    ) -> None:
        super().__init__()
        self.setObjectName("libraryView")
        self.setProperty("page", True)
        self._shell, self._download = shell, download
        self._work = LibraryWork(
            library, shell.tasks, target, self._show, self._changed, self._not_looked
        )
        self._snapshot: Snapshot | None = None
        self._free: int | None = None
        self._dialog: QFileDialog | None = None
        self.bar = TopBar(shell.look)
        self.rows = ModelRows()
        self.list = ModelList(shell.look, self.rows)
        self.states = StatePage()
        self.work_strip = WorkStrip(shell.look)
        self.question = Question()
        self.detail = DetailCard(shell.look)
        self.detail.hide()
        self.checking = Checking(self._work, self.work_strip, self._checked)
        self._deleting = Deleting(self._work, self.question, self.work_strip, self._deleted)
        self._gather = single_shot(self, _GATHER_MS, self._work.scan)
        self._poll = QTimer(self)
        self._poll.setInterval(_POLL_MS)
        self._poll.timeout.connect(self._look_again)
        self._lay_out()
        self._connect()

    @property
    def chosen(self) -> InstalledModel | None:
        return self.rows.at(self.list.currentIndex().row())

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show_chosen()  # it may have been loaded meanwhile
        self._work.resume()
        self._poll.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._poll.stop()
        self._gather.stop()
        self._work.pause()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fold()

    def _fold(self) -> None:
        """A low window keeps room for the list."""
        low = self.height() < _LOW
        self.detail.set_compact(low)
        asking = low and not self.question.isHidden()
        self.detail.setVisible(self.chosen is not None and not asking)

    # -- the list --------------------------------------------------------------------------------

    def _show(self, snapshot: Snapshot, free: int | None) -> None:
        chosen = self.chosen
        self._snapshot = snapshot
        self._free = self._free if free is None else free
        self.rows.set_models(snapshot.models)
        self._choose_again(chosen.key if chosen is not None else "")
        self._tell()

    def _not_looked(self, error: KnownError) -> None:
        self.bar.tell(self.bar.summary.text(), str(error))

    def _tell(self) -> None:
        snapshot = self._snapshot
        if snapshot is None:
            return
        shown = self.rows.rowCount()
        summary = summary_line(snapshot, shown, self._free)
        if not snapshot.finished and snapshot.unread:
            summary = f"{reading_line(snapshot)} · {summary}"
        self.bar.tell(summary, problems_line(snapshot))
        if snapshot.models and not shown:
            self.states.nothing_found(self.bar.search.text())
        elif not snapshot.models:
            self.states.empty([tr(source.label) for source in snapshot.sources])
        self._stack.setCurrentWidget(self.list if shown else self.states)

    def _choose_again(self, key: str) -> None:
        """The same model as before the list changed, the first one else."""
        row = self.rows.row_of(key)
        if row < 0 and self.rows.rowCount():
            row = 0
        if row >= 0:
            self.list.selectionModel().setCurrentIndex(
                self.rows.index(row), QItemSelectionModel.SelectionFlag.ClearAndSelect
            )
        self._show_chosen()

    def _show_chosen(self) -> None:
        model = self.chosen
        self._fold()
        if model is None or (self.detail.model is not None and self.detail.model.key != model.key):
            self.question.close_question()
        if model is not None:
            self.detail.show_model(model, busy=self.checking.busy, loaded=self._loaded(model))

    def _loaded(self, model: InstalledModel) -> bool:
        open_model = self._shell.models.ready
        return open_model is not None and str(model.path) == open_model.info.path

    def _changed(self) -> None:
        if self.isVisible() and not self._gather.isActive():
            self._gather.start()

    def _look_again(self) -> None:
        if self._work.polling:
            self._work.scan()

    def _sort(self, _: str) -> None:
        chosen = self.chosen
        self.rows.set_sort(self.bar.order)
        self._choose_again(chosen.key if chosen is not None else "")

    def _search(self, text: str) -> None:
        chosen = self.chosen
        self.rows.set_query(text)
        self._choose_again(chosen.key if chosen is not None else "")
        self._tell()

    # -- what can be done ------------------------------------------------------------------------

    def _load(self) -> None:
        model = self.chosen
        if model is not None and model.path is not None and not self._loaded(model):
            self._shell.window.open_model(str(model.path))

    def _verify(self, *, repair: bool = False) -> None:
        if self.chosen is not None:
            self.checking.begin(self.chosen, repair=repair)
            self._show_chosen()

    def _checked(self, result: Verification | None) -> None:
        """None when it gave no result."""
        self._show_chosen()
        if result is not None and result.wrong:
            self.detail.repair.show()
        self._work.scan()

    def _finish(self) -> None:
        def found(wanted: tuple[DownloadRequest, Target]) -> None:
            self._download(*wanted)
            self._shell.window.go(DOWNLOADS.key)

        if self.chosen is not None:
            self.checking.complete(self.chosen, found)

    def _delete(self) -> None:
        model = self.chosen
        if model is not None and not self.checking.busy:
            self._deleting.begin(model)

    def _deleted(self, model: InstalledModel) -> None:
        """The next start does not look for what is gone."""
        settings = self._shell.settings
        if model.path is not None and settings.get(LAST_MODEL) == str(model.path):
            settings.set(LAST_MODEL, "")
            self._shell.window.settings_changed()

    def _open_folder(self) -> None:
        if self.chosen is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.chosen.folder)))

    def add_folder(self, folder: str) -> None:
        """To the folders that are looked through, for good."""
        settings = self._shell.settings
        before = settings.get(LIBRARY_FOLDERS)
        settings.set(LIBRARY_FOLDERS, tuple(dict.fromkeys((*before, str(Path(folder))))))
        self._shell.window.settings_changed()
        self._work.scan()

    def _choose_folder(self) -> None:
        if self._dialog is not None:
            self._dialog.raise_()
            return
        dialog = QFileDialog(self, tr("Add a folder with models"))
        dialog.setObjectName("libraryFolderDialog")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(self.add_folder)
        dialog.finished.connect(self._dialog_gone)
        self._dialog = dialog
        dialog.open()

    def _dialog_gone(self) -> None:
        if self._dialog is not None:
            self._dialog.deleteLater()
            self._dialog = None

    # -- parts -----------------------------------------------------------------------------------

    def _connect(self) -> None:
        bar, detail = self.bar, self.detail
        bar.query_changed.connect(self._search)
        bar.sort_changed.connect(self._sort)
        bar.look_wanted.connect(self._work.scan)
        for signal in (bar.folder_wanted, self.states.folder_wanted):
            signal.connect(self._choose_folder)
        self.states.clear_wanted.connect(self.bar.search.clear)
        self.list.selectionModel().currentChanged.connect(lambda *_: self._show_chosen())
        self.list.activated.connect(self._activated)
        detail.load_wanted.connect(self._load)
        detail.verify_wanted.connect(self._verify)
        detail.repair_wanted.connect(lambda: self._verify(repair=True))
        detail.finish_wanted.connect(self._finish)
        detail.delete_wanted.connect(self._delete)
        detail.folder_wanted.connect(self._open_folder)
        self.question.asked.connect(lambda _: self._fold())
        self.question.kept.connect(self.list.setFocus)
        delete = QShortcut(QKeySequence("Del"), self.list)
        delete.setContext(Qt.ShortcutContext.WidgetShortcut)
        delete.activated.connect(self._delete)

    def _activated(self, _: QModelIndex) -> None:
        self._load()

    def _lay_out(self) -> None:
        self._stack = QStackedWidget()
        self._stack.setObjectName("libraryStack")
        self._stack.addWidget(self.states)
        self._stack.addWidget(self.list)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 16, 24, 16)
        column.setSpacing(12)
        column.addWidget(self.bar)
        column.addWidget(self._stack, 1)
        for part in (self.work_strip, self.question, self.detail):
            column.addWidget(part)
