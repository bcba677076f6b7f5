"""Formulas that have been drawn, and those that wait for it."""

from collections import OrderedDict

from PySide6.QtCore import QObject, Signal

from app.core.cancel import CancelToken
from app.core.tasks import TaskRunner
from app.ui.markdown.formula import Drawing, draw

_KEPT = 1_000
Key = tuple[str, int]


class FormulaBook(QObject):
    """Draws in the background, one at a time. `drawn` tells that `get` has more to give."""

    drawn = Signal()

    def __init__(self, tasks: TaskRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._known: OrderedDict[Key, Drawing | None] = OrderedDict()
        self._waiting: dict[Key, None] = {}
        self._running = False

    def get(self, tex: str, size_px: int) -> Drawing | None:
        """None when it is not drawn yet or cannot be: the source has to do."""
        key = tex, size_px
        if key in self._known:
            self._known.move_to_end(key)
            return self._known[key]
        self._waiting[key] = None
        self._next()
        return None

    def _next(self) -> None:
        if self._running or not self._waiting:
            return
        wanted, self._waiting = list(self._waiting), {}
        self._running = True

        def work(cancel: CancelToken) -> dict[Key, Drawing | None]:
            found: dict[Key, Drawing | None] = {}
            for key in wanted:
                cancel.raise_if_cancelled()
                found[key] = draw(*key)
            return found

        self._tasks.run(work, self._take, on_finally=self._ended)

    def _take(self, found: dict[Key, Drawing | None]) -> None:
        self._known.update(found)
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)
        if any(drawing is not None for drawing in found.values()):
            self.drawn.emit()

    def _ended(self) -> None:
        self._running = False
        self._next()
