"""What is dropped on the window: models and folders open, other files go with the question."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QMimeData

from app.core.cancel import CancelToken
from app.core.language import tr
from app.core.tasks import TaskRunner
from app.ui.chat.attachments.paste import local_files
from app.ui.library.offer import dropped_paths, may_hold_a_model

Paths = tuple[Path, ...]
_MOST = 64


@dataclass(frozen=True)
class Drop:
    """models: by their names. unclear: folders, or files without an ending. files: all others."""

    models: Paths = ()
    unclear: Paths = ()
    files: Paths = ()

    @property
    def hint(self) -> str:
        if not self.files and not self.unclear:
            return tr("Drop to open the model")
        if not self.models and not self.unclear:
            return tr("Drop to add to your question")
        return tr("Drop a model, a folder, or files for your question")


def sorted_drop(data: QMimeData, *, asking: bool) -> Drop | None:
    """Looks at names alone; None for what cannot be dropped. asking: a question can be written."""
    if not asking:
        paths = dropped_paths(data)
        return Drop(models=paths) if paths else None
    paths = local_files(data)[:_MOST]
    if not paths:
        return None
    models = tuple(path for path in paths if path.suffix.lower() == ".gguf")
    rest = [path for path in paths if path not in models]
    unclear = tuple(path for path in rest if may_hold_a_model(path))
    return Drop(models, unclear, tuple(path for path in rest if path not in unclear))


class Drops:
    """take_models, take_files: whoever sees to them. For the GUI thread."""

    def __init__(
        self,
        tasks: TaskRunner,
        take_models: Callable[[Sequence[Path]], None],
        take_files: Callable[[Sequence[Path]], None],
    ) -> None:
        self._tasks = tasks
        self._take_models, self._take_files = take_models, take_files

    def take(self, drop: Drop) -> None:
        if not drop.unclear:
            self._give(drop.models, drop.files)
            return

        def work(_: CancelToken) -> frozenset[Path]:
            return frozenset(path for path in drop.unclear if path.is_dir())

        def done(folders: frozenset[Path]) -> None:
            single = tuple(path for path in drop.unclear if path not in folders)
            models = (*drop.models, *(path for path in drop.unclear if path in folders))
            self._give(models, (*drop.files, *single))

        self._tasks.run(work, done)

    def _give(self, models: Paths, files: Paths) -> None:
        if files:
            self._take_files(files)
        if models:
            self._take_models(models)
