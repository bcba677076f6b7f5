"""Puts what the board knows into the view of a model."""

from collections.abc import Callable

from app.core.language import sentences, tr
from app.core.placement import KvType
from app.planning.offers import Offer, Offers
from app.ui.models import model_words
from app.ui.models.advice import advice
from app.ui.models.board import Board
from app.ui.models.detail import Files
from app.ui.models.rows import fits
from app.ui.models.view import ABOUT, ModelView

Subject = Callable[[Offers, str, int, KvType], None]


class Showing:
    """subject: is told the files, the selected quantization, context and how it is kept.

    can_get: something fetches what is wanted; else its page on the Hub is opened.
    """

    def __init__(self, view: ModelView, *, can_get: bool, subject: Subject | None = None) -> None:
        self._view, self._subject = view, subject
        self._get_text = tr("Download") if can_get else ""
        self._main_text = tr("Download and chat") if can_get else tr("Open on the Hub")
        self._auto = True

    def model(self, board: Board) -> None:
        view, made = self._view, board.card
        self._auto = True
        view.head.show_model(board.title, made, board.repo)
        self.downloads(board)
        view.set_tab_enabled(ABOUT, made is not None)
        if made is not None:
            view.about.show_card(made)
        self.publishers(board)
        view.quants.hint.hide()

    def publishers(self, board: Board) -> None:
        self._view.show_repositories(board.publishers, board.repo)

    def downloads(self, board: Board) -> None:
        made = board.card
        text = model_words.popularity(made, board.downloads) if made is not None else ""
        self._view.head.show_downloads(text)

    def machine(self, board: Board) -> None:
        label = board.elsewhere.label if board.elsewhere is not None else ""
        problem = str(board.machine_problem) if board.machine_problem is not None else ""
        self._view.head.machine.show_machine(board.machine, label, problem)

    def forget_filter(self) -> None:
        """The next table decides whether all rows are shown."""
        self._auto = True

    def filter(self, board: Board, *, fitting: bool) -> None:
        self._auto = False
        self._view.quants.table.sorted.set_fitting_only(fitting)
        self._empty()
        self.detail(board)

    def files(self, board: Board) -> None:
        """The table, or what there is in its place."""
        quants = self._view.quants
        if board.table is not None:
            quants.show_part("table")
            self.table(board)
            return
        nothing = board.offers is not None and not board.offers.offers and not board.reading
        if board.problem is not None:
            quants.trouble.show_error(board.problem)
        elif not board.repo and board.offers is None:
            quants.trouble.show_nothing(
                tr(
                    "No repository with GGUF files of {title} is known to the program.",
                    title=board.title,
                ),
                tr("Search the Hub for one, or give it as owner/name in the search field."),
            )
        elif nothing and board.offers is not None:
            reasons = " ".join(f"{name}: {why}" for name, why in board.offers.refused[:3])
            quants.trouble.show_nothing(
                tr("{repo} has no quantization that this program can load.", repo=board.repo),
                reasons or tr("Choose another repository."),
            )
        else:
            quants.show_part("skeleton")
            self.progress(board)
            return
        quants.show_part("trouble")

    def progress(self, board: Board) -> None:
        done, total = board.progress
        skeleton = self._view.quants.skeleton
        if board.table is not None:
            self._status(board)
        elif board.offers is not None:
            skeleton.say(tr("Looking at the machine…"))
        elif total:
            skeleton.say(
                tr(
                    "Reading headers of {repo}: {done} of {total}…",
                    repo=board.repo,
                    done=done,
                    total=total,
                )
            )
        else:
            skeleton.say(tr("Reading what {repo} holds…", repo=board.repo))

    def table(self, board: Board) -> None:
        quants, table = self._view.quants, board.table
        if table is None or board.offers is None:
            return
        files = {offer.candidate.quant: len(_names(offer)) for offer in board.offers.offers}
        installed = frozenset(board.installed)
        quants.table.rows.show_table(table, board.contexts, files, installed)
        quants.choices.show_choice(
            board.asked.context_tokens, board.asked.kv, table.trained_context
        )
        lines = quants.table.rows.lines
        fitting = sum(fits(line) for line in lines)
        quants.choices.show_counts(fitting, len(lines))
        if self._auto:
            quants.choices.show_fitting(fitting > 0)
            quants.table.sorted.set_fitting_only(fitting > 0)
            self._auto = False
        told = advice(table, board.title, files)
        main = self._main_text if board.repo else tr("Find it on the Hub")
        quants.banner.show_advice(told, installed=told.quant in installed, get_text=main)
        quants.show_part("table")
        self._select(board)
        self._empty()
        self.detail(board)
        self._status(board)

    def detail(self, board: Board) -> None:
        table, detail = self._view.quants.table, self._view.quants.detail
        if self._subject is not None and board.offers is not None and board.table is not None:
            planned = board.table
            self._subject(board.offers, table.quant, planned.context_tokens, planned.kv)
        line = next((one for one in table.rows.lines if one.row.quant == table.quant), None)
        if line is None or not table.selectionModel().hasSelection():
            detail.show_line(None, Files(), "")
            return
        names = _names(line.row.offer)
        get_text = self._get_text if board.repo else tr("Find on the Hub")
        detail.show_line(line, Files(names, _hashed(line.row.offer)), get_text)
        detail.page.setVisible(bool(board.repo))

    def _select(self, board: Board) -> None:
        """The recommended row, until the person chooses."""
        table = self._view.quants.table
        if board.table is None or table.selectionModel().hasSelection():
            return
        best = board.table.best
        if best is None or not table.select(best.quant):
            first = table.sorted.index(0, 0)
            if first.isValid():
                table.select(table.rows.line(table.sorted.mapToSource(first).row()).row.quant)

    def _empty(self) -> None:
        quants = self._view.quants
        nothing = quants.table.sorted.rowCount() == 0
        quants.empty.setVisible(nothing)
        quants.table.setVisible(not nothing)
        quants.empty.setText(
            tr(
                "None of them stays in memory here with this context. Lower the "
                "context, or show all."
            )
        )

    def _status(self, board: Board) -> None:
        if board.offers is None:
            return
        parts = []
        if board.reading:
            done, total = board.progress
            so_far = tr(" ({done} of {total})", done=done, total=total) if total else ""
            parts.append(
                tr(
                    "Exact headers are being read{so_far}; until then these are estimates.",
                    so_far=so_far,
                )
            )
        if board.problem is not None:
            parts += [board.problem.what, board.problem.next_step]
        if board.exact:
            parts.append(
                tr(
                    "Weights and context are exact, read from the files' headers; "
                    "work buffers and speed are predictions, with their range in the "
                    "tooltip."
                )
            )
        elif board.offers.note:
            parts.append(board.offers.note)
        refused = board.offers.refused
        if refused:
            names = tr(", ").join(name for name, _ in refused[:3])
            more = tr(" and {refused} more", refused=len(refused) - 3) if len(refused) > 3 else ""
            parts.append(
                tr(
                    "Not offered: {names}{more}. {refused}",
                    names=names,
                    more=more,
                    refused=refused[0][1],
                )
            )
        status = self._view.quants.status
        status.setText(sentences(*parts))
        status.setToolTip("\n".join(f"{name}: {why}" for name, why in refused[:30]))


def _names(offer: Offer) -> tuple[str, ...]:
    if offer.files:
        return tuple(file.name for file in offer.files)
    return tuple(shard.name for shard in offer.header.shards) if offer.header is not None else ()


def _hashed(offer: Offer) -> bool | None:
    """None when the files were not listed."""
    return all(file.sha256 is not None for file in offer.files) if offer.files else None
