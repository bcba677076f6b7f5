"""The page "Models": which models there are, and for each what it would be on a machine."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.catalog.cards import Cards, shipped_cards
from app.catalog.names import is_repository_name
from app.core.language import tr
from app.core.placement import KvType
from app.core.units import count
from app.hardware.recorded import shipped_machines
from app.planning.offers import Offer, Offers
from app.settings.declared import CONTEXT_TOKENS
from app.ui.chat.model_loads import known
from app.ui.models.about import open_link
from app.ui.models.board import Board, Change, Elsewhere
from app.ui.models.family import INSTALLED, Family
from app.ui.models.machines import MachineMenu
from app.ui.models.results import Results
from app.ui.models.showing import Showing
from app.ui.models.source import ModelSource
from app.ui.models.view import ModelView, Tab
from app.ui.shell import Shell

COMPACT_BELOW = 860
_HUB = "https://huggingface.co/"


@dataclass(frozen=True)
class Hooks:
    """What other pages give to this one. get: fetches a quantization and opens it; None while
    nothing can. library: what is on this computer. tabs: further pages of a model. subject: is told
    what they are about: the files, the chosen quantization, context and how it is kept."""

    get: Callable[[Offer], None] | None = None
    library: Callable[[], QWidget] | None = None
    tabs: Sequence[Tab] = field(default=())
    subject: Callable[[Offers, str, int, KvType], None] | None = None


class ModelsPage(QWidget):
    """`board` is None until the cards are read."""

    def __init__(self, shell: Shell, source: ModelSource, hooks: Hooks | None = None) -> None:
        super().__init__()
        self.setObjectName("modelsPage")
        self.setProperty("page", True)
        self.setAccessibleName(tr("Models"))
        self._shell, self._source, self._hooks = shell, source, hooks or Hooks()
        self.board: Board | None = None
        self.family: Family | None = None
        self.view = ModelView(shell.look, self._hooks.tabs)
        self.results = Results()
        self.library: QWidget | None = None
        self.machines = MachineMenu(self)
        self._library_holder = QWidget()
        self._stack = QStackedWidget()
        self._stack.setObjectName("modelsStack")
        self._results_holder = _padded(self.results)
        for part in (self.view, self._results_holder, self._library_holder):
            self._stack.addWidget(part)
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(0)
        self._row.addWidget(self._stack, 1)
        self._showing = Showing(
            self.view, can_get=self._hooks.get is not None, subject=self._hooks.subject
        )
        self._find = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self)
        self._find.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self._find.activated.connect(self._focus_search)
        self._connect()
        shell.tasks.run(lambda _: (shipped_cards(), shipped_machines()), self._begin, self._failed)

    def show_model(self, name: str) -> None:
        """By a card's name, or a repository as owner/name."""
        board = self.board
        if board is None:
            return
        made = board.cards.find(name)
        self._leave_search()
        if made is not None:
            board.show_card(made)
        elif is_repository_name(name):
            board.show_repository(name)
        self._stack.setCurrentWidget(self.view)
        self._mark_current()

    def plan_for(self, elsewhere: Elsewhere) -> None:
        """A machine that was put together; it stays in the menu."""
        self.machines.add_built(elsewhere)
        if self.board is not None:
            self.board.go_to(elsewhere)
            self._stack.setCurrentWidget(self.view)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.setFocus()
        if self.board is not None:
            self._refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fold()

    def _mark_current(self) -> None:
        board = self.board
        if self.family is not None and board is not None:
            self.family.show_current(board.card.name if board.card is not None else "")

    # -- begin -----------------------------------------------------------------------------------

    def _begin(self, found: tuple[Cards, Sequence[Path]]) -> None:
        cards, machines = found
        self.machines.set_examples(machines)
        context = self._shell.settings.get(CONTEXT_TOKENS)
        self.board = Board(self._source, self._shell.tasks, cards, self._changed, context)
        installed = self._hooks.library is not None
        self.family = Family(self._shell.look, cards.cards, installed=installed)
        self.family.chosen.connect(self._choose)
        self.family.search.wanted.connect(self._search)
        self._row.insertWidget(0, self.family)
        self._fold()
        self.board.show_card(cards.cards[0])
        self._refresh()

    def _failed(self, error: Exception) -> None:
        self.view.quants.trouble.show_error(known(error))
        self.view.quants.show_part("trouble")

    def _refresh(self) -> None:
        board = self.board
        if board is not None:
            if board.elsewhere is None:
                board.look_at_machine()
            board.look_at_disk(fresh=True)

    def _connect(self) -> None:
        view, quants = self.view, self.view.quants
        view.repo_chosen.connect(self._show_repo)
        view.head.machine_wanted.connect(lambda: self._go_to(None))
        quants.choices.edited.connect(self._edited)
        quants.choices.filtered.connect(self._filter)
        quants.choices.impossible.connect(self._impossible)
        quants.choices.other.setMenu(self.machines.menu)
        self.machines.chosen.connect(self._go_to)
        quants.table.chosen.connect(lambda _: self._selected())
        quants.table.wanted.connect(self._take)
        for which in (quants.banner, quants.detail):
            which.get_wanted.connect(self._get)
            which.load_wanted.connect(self._load)
        quants.banner.sibling_wanted.connect(self.show_model)
        quants.detail.page_wanted.connect(self._open_page)
        quants.trouble.again.connect(lambda: self.board.retry() if self.board else None)
        quants.trouble.search_wanted.connect(self._search_model)
        self.results.repo_wanted.connect(self.show_model)
        self.results.again.connect(self._search)
        self.results.left.connect(self._leave_search)
        quants.table.sorted.set_fitting_only(True)

    # -- what the person does --------------------------------------------------------------------

    def _choose(self, key: str) -> None:
        if key == INSTALLED:
            self._show_library()
        else:
            self.show_model(key)

    def _show_repo(self, repo: str) -> None:
        if self.board is not None and repo != self.board.repo:
            self.board.show_repository(repo)

    def _go_to(self, elsewhere: Elsewhere | None) -> None:
        if self.board is not None:
            self._showing.forget_filter()
            self.board.go_to(elsewhere)

    def _edited(self, tokens: int, kv: str) -> None:
        if self.board is not None:
            self.view.quants.hint.hide()
            self.board.ask(tokens, cast(KvType, kv))

    def _impossible(self, tokens: int) -> None:
        board = self.board
        if board is None:
            return
        most = board.table.trained_context if board.table is not None else 0
        hint = self.view.quants.hint
        hint.setText(
            tr(
                "{title} cannot use a context of {tokens} tokens: it was trained for "
                "{most}. That is what is shown now.",
                title=board.title,
                tokens=count(tokens),
                most=count(most),
            )
        )
        hint.show()

    def _filter(self, fitting: bool) -> None:
        if self.board is not None:
            self._showing.filter(self.board, fitting=fitting)

    def _search(self, text: str) -> None:
        board = self.board
        if board is None:
            return
        if text and is_repository_name(text):
            self.show_model(text)
        elif text or board.found is not None:
            board.search(text)

    def _search_model(self) -> None:
        if self.board is not None and self.family is not None:
            text = self.board.title
            self.family.search.setText(text)
            self.board.search(text)

    def _focus_search(self) -> None:
        if self.family is not None:
            self.family.search.setFocus()
            self.family.search.selectAll()

    def _leave_search(self) -> None:
        if self.family is not None and self.family.search.text():
            self.family.search.clear()
        elif self.board is not None and self.board.found is not None:
            self.board.search("")

    def _selected(self) -> None:
        if self.board is not None:
            self._showing.detail(self.board)

    def _take(self, quant: str) -> None:
        if self.board is not None and quant in self.board.installed:
            self._load(quant)
        else:
            self._get(quant)

    def _get(self, quant: str) -> None:
        offer = self._offer(quant)
        if offer is not None and not offer.candidate.repository:
            self._search_model()
        elif offer is not None and self._hooks.get is not None:
            self._hooks.get(offer)
        elif offer is not None:
            self._open_page(quant)

    def _load(self, quant: str) -> None:
        if self.board is not None and quant in self.board.installed:
            self._shell.window.open_model(self.board.installed[quant])

    def _open_page(self, quant: str) -> None:
        offer = self._offer(quant)
        if offer is not None and is_repository_name(offer.candidate.repository):
            open_link(f"{_HUB}{offer.candidate.repository}/tree/main")

    def _offer(self, quant: str) -> Offer | None:
        offers = self.board.offers if self.board is not None else None
        found = offers.offers if offers is not None else ()
        return next((offer for offer in found if offer.candidate.quant == quant), None)

    # -- what is shown ---------------------------------------------------------------------------

    def _changed(self, change: Change) -> None:
        board, showing = self.board, self._showing
        if board is None:
            return
        match change:
            case "model":
                showing.model(board)
                showing.files(board)
                self._mark_current()
            case "publishers":
                showing.publishers(board)
            case "files":
                showing.files(board)
            case "machine":
                showing.machine(board)
                showing.files(board)
            case "table":
                showing.table(board)
            case "downloads":
                showing.downloads(board)
            case "progress":
                showing.progress(board)
            case "search":
                self._show_search()

    def _show_search(self) -> None:
        board = self.board
        if board is None:
            return
        if board.found is None:
            if self._stack.currentWidget() is self._results_holder:
                self._stack.setCurrentWidget(self.view)
            return
        self.results.show_found(board.found)
        self._stack.setCurrentWidget(self._results_holder)

    def _show_library(self) -> None:
        if self.library is None and self._hooks.library is not None:
            self.library = self._hooks.library()
            column = QVBoxLayout(self._library_holder)
            column.setContentsMargins(0, 0, 0, 0)
            column.addWidget(self.library)
        self._stack.setCurrentWidget(self._library_holder)

    def _fold(self) -> None:
        if self.family is None:
            return
        compact = self.width() < COMPACT_BELOW
        self._row.setDirection(
            QBoxLayout.Direction.TopToBottom if compact else QBoxLayout.Direction.LeftToRight
        )
        self.family.set_compact(compact)


def _padded(widget: QWidget) -> QWidget:
    area = QScrollArea()
    area.setObjectName("searchScroll")
    area.setAccessibleName(tr("Search results"))
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    inner = QWidget()
    column = QVBoxLayout(inner)
    column.setContentsMargins(24, 20, 24, 16)
    column.addWidget(widget)
    area.setWidget(inner)
    return area
