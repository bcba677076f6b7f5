"""The models as Qt sees them: found, sorted, and kept in place while the list changes."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt

from app.core.language import mark, tr
from app.core.units import gigabytes
from app.library.types import InstalledModel
from app.ui.library.words import state_chip

Sort = Literal["name", "size", "used", "state"]
SORTS: tuple[tuple[Sort, str], ...] = (
    ("name", mark("By name")),
    ("size", mark("Largest first")),
    ("used", mark("Last used first")),
    ("state", mark("Troubled first")),
)
_TROUBLE = {"broken": 0, "partial": 1, "foreign": 2, "complete": 3}
_ROOT = QModelIndex()
_KEYS: dict[Sort, Callable[[InstalledModel], tuple[Any, ...]]] = {
    "name": lambda one: (one.title.lower(), one.key),
    "size": lambda one: (-one.size_bytes, one.title.lower()),
    "used": lambda one: (-(one.last_used.timestamp() if one.last_used else 0), one.title.lower()),
    "state": lambda one: (_TROUBLE[one.state], one.title.lower()),
}


class ModelRows(QAbstractListModel):
    def __init__(self) -> None:
        super().__init__()
        self._all: Sequence[InstalledModel] = ()
        self._shown: list[InstalledModel] = []
        self._query: tuple[str, ...] = ()
        self._sort: Sort = "name"

    def set_models(self, models: Sequence[InstalledModel]) -> None:
        self._all = models
        self._arrange()

    def set_query(self, text: str) -> None:
        """Every word has to occur somewhere in what the row says."""
        self._query = tuple(text.lower().split())
        self._arrange()

    def set_sort(self, sort: Sort) -> None:
        self._sort = sort
        self._arrange()

    def at(self, row: int) -> InstalledModel | None:
        return self._shown[row] if 0 <= row < len(self._shown) else None

    def row_of(self, key: str) -> int:
        """-1 when it is not shown."""
        return next((row for row, one in enumerate(self._shown) if one.key == key), -1)

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._shown)

    def data(
        self,
        index: QModelIndex | QPersistentModelIndex,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> object:
        model = self.at(index.row())
        if model is None:
            return None
        if role == Qt.ItemDataRole.UserRole:
            return model
        if role == Qt.ItemDataRole.DisplayRole:
            return model.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            state, _ = state_chip(model)
            size = gigabytes(model.size_bytes)
            return f"{model.title}, {size}, {tr(model.source.label)}, {state}. {model.why}".strip()
        return None

    def _arrange(self) -> None:
        chosen = [model for model in self._all if self._fits(model)]
        chosen.sort(key=_KEYS[self._sort])
        if [one.key for one in chosen] == [one.key for one in self._shown]:
            self._shown = chosen
            if chosen:
                self.dataChanged.emit(self.index(0), self.index(len(chosen) - 1))
            return
        self.beginResetModel()
        self._shown = chosen
        self.endResetModel()

    def _fits(self, model: InstalledModel) -> bool:
        if not self._query:
            return True
        said = (
            model.title,
            tr(model.source.label),
            model.repository,
            model.state,
            str(model.folder),
        )
        text = "\n".join(said).lower()
        return all(word in text for word in self._query)
