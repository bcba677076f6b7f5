"""The system's own dialog for a file or a folder, not in the way of the event loop."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget


class Picker(QObject):
    """`picked` brings a path, `picked_all` all of them when there may be many. At most one dialog
    is open. filters: of names; none for folders."""

    picked = Signal(str)
    picked_all = Signal(list)

    def __init__(
        self,
        parent: QWidget,
        title: str,
        object_name: str,
        filters: tuple[str, ...] = (),
        *,
        many: bool = False,
    ) -> None:
        super().__init__(parent)
        self._many = many
        self._parent, self._title, self._name, self._filters = parent, title, object_name, filters
        self._dialog: QFileDialog | None = None

    def pick(self) -> None:
        if self._dialog is not None:
            self._dialog.raise_()
            return
        self._dialog = dialog = QFileDialog(self._parent, self._title)
        dialog.setObjectName(self._name)
        if self._filters:
            modes = QFileDialog.FileMode
            dialog.setFileMode(modes.ExistingFiles if self._many else modes.ExistingFile)
            dialog.setNameFilters(list(self._filters))
        else:
            dialog.setFileMode(QFileDialog.FileMode.Directory)
            dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(self.picked)
        dialog.filesSelected.connect(lambda paths: self.picked_all.emit(list(paths)))
        dialog.finished.connect(self._gone)
        dialog.open()

    def _gone(self) -> None:
        if self._dialog is not None:
            self._dialog.deleteLater()
            self._dialog = None
