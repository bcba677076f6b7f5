"""The questions before a model is deleted: what it frees, whose it is, and where it goes."""

from collections.abc import Callable

from app.core.errors import KnownError
from app.core.language import tr
from app.core.units import gigabytes
from app.library.remove import NoTrashError, Removal, Removed
from app.library.types import InstalledModel
from app.ui.library.asking import Question, WorkStrip
from app.ui.library.words import first_question
from app.ui.library.work import LibraryWork


class Deleting:
    """on_deleted: the files of this model are gone."""

    def __init__(
        self,
        work: LibraryWork,
        question: Question,
        strip: WorkStrip,
        on_deleted: Callable[[InstalledModel], None],
    ) -> None:
        self._work, self._question, self._strip = work, question, strip
        self._on_deleted = on_deleted

    def begin(self, model: InstalledModel) -> None:
        """Finds out what would go, then asks."""
        self._work.plan_removal(model, self._ask, lambda error: self._failed(model, error))

    def _ask(self, removal: Removal) -> None:
        text = first_question(removal)
        self._question.ask(text, tr("Move to trash"), lambda: self._ask_again(removal))

    def _ask_again(self, removal: Removal) -> None:
        """Only for files that this program did not put there."""
        if not removal.question:
            self._delete(removal, permanently=False)
            return
        self._question.ask(
            tr("{question} Delete them all the same?", question=removal.question),
            tr("Delete them all the same"),
            lambda: self._delete(removal, permanently=False),
            no=tr("Keep them"),
        )

    def _delete(self, removal: Removal, *, permanently: bool) -> None:
        """Both questions were asked by now."""

        def failed(error: KnownError) -> None:
            if isinstance(error, NoTrashError):
                text = tr(
                    "{what} {why} Delete {title} for good?",
                    what=error.what,
                    why=error.why,
                    title=removal.model.title,
                )
                for_good = lambda: self._delete(removal, permanently=True)  # noqa: E731
                self._question.ask(text, tr("Delete for good"), for_good)
            else:
                self._failed(removal.model, error)

        self._work.delete(
            removal,
            lambda removed: self._deleted(removal.model, removed),
            failed,
            confirmed_foreign=bool(removal.question),
            permanently=permanently,
        )

    def _deleted(self, model: InstalledModel, removed: Removed) -> None:
        frees = gigabytes(removed.freed_bytes)
        line = (
            tr("Emptying the trash frees {frees}.", frees=frees)
            if removed.to_trash
            else tr("Frees {frees}.", frees=frees)
        )
        self._strip.end(tr("{title} is deleted", title=model.title), line, good=True)
        self._on_deleted(model)
        self._work.scan()

    def _failed(self, model: InstalledModel, error: KnownError) -> None:
        self._strip.end(model.title, str(error), good=False)
        self._work.scan()
