"""The hardware page: findings, live figures, the parts of the machine, the open model, a report."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QPlainTextEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.chat.loading import LoadResult
from app.core.errors import KnownError
from app.core.language import mark, tr
from app.core.tasks import TaskRunner
from app.hardware.report import sections
from app.hardware.types import Machine
from app.planning.report import rate_text, verdict_sentence
from app.ui.chat.model_loads import known
from app.ui.hardware.grid import CardGrid
from app.ui.hardware.live_strip import LiveStrip, Monitor
from app.ui.hardware.section_card import SectionCard
from app.ui.look import Look
from app.ui.notice_bar import FindingCard
from app.ui.widgets import announce, button, label, single_shot

_TAGS = {"error": mark("Problem"), "warning": mark("Warning"), "info": mark("Note")}
_COPIED_MS = 1500


@dataclass(frozen=True)
class Sources:
    """machine and report block, on worker threads; loaded and the others do not. monitor: None
    for a recorded machine, which does nothing right now."""

    machine: Callable[[], Machine]
    loaded: Callable[[], LoadResult | None]
    report: Callable[[Machine], str]
    monitor: Callable[[], Monitor] | None
    busy: Callable[[], bool] = lambda: False


class HardwarePage(QWidget):
    def __init__(self, look: Look, tasks: TaskRunner, sources: Sources) -> None:
        super().__init__()
        self.setObjectName("hardwarePage")
        self.setProperty("page", "true")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._look, self._tasks, self._sources = look, tasks, sources
        self._machine: Machine | None = None
        self._looking = False
        self._dialog: QFileDialog | None = None
        self._findings: list[QWidget] = []
        self._build()
        self._back = single_shot(self, _COPIED_MS, lambda: self._copy.setText(tr("Copy report")))
        self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._machine is not None:
            self._show_model()

    def refresh(self) -> None:
        """Look at the machine anew, in the background."""
        if self._looking:
            return
        self._looking = True
        self._refresh.setEnabled(False)
        self._state.setText(tr("Looking at this machine…"))
        self._state.show()
        self._tasks.run(lambda _: self._sources.machine(), self._show, self._failed, self._looked)

    def copy_report(self) -> None:
        self._with_report(self._copy_text)

    def show_report(self) -> None:
        """Unfold or fold what would be copied."""
        if self._preview.isVisible():
            self._preview.hide()
            self._show_text.setText(tr("Show report"))
        else:
            self._with_report(self._show_preview)

    def save_report(self) -> None:
        dialog = QFileDialog(self, tr("Save the report"), "glm-launcher-report.md")
        dialog.setObjectName("saveReportDialog")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.write_report)
        self._dialog = dialog
        dialog.open()

    def write_report(self, path: str) -> None:
        machine = self._machine
        if machine is None:
            return

        def work(_: object) -> None:
            text = self._sources.report(machine)
            try:
                Path(path).write_text(text, encoding="utf-8")
            except OSError as error:
                raise KnownError(
                    tr("The report was not saved."),
                    tr("The file could not be written: {strerror}.", strerror=error.strerror),
                    tr("Choose another folder."),
                    repr(error),
                ) from error

        self._tasks.run(work, lambda _: self._say(tr("Saved: {path}", path=path)), self._failed)

    def _with_report(self, use: Callable[[str], None]) -> None:
        machine = self._machine
        if machine is not None:
            self._tasks.run(lambda _: self._sources.report(machine), use, self._failed)

    def _copy_text(self, text: str) -> None:
        QGuiApplication.clipboard().setText(text)
        self._copy.setText(tr("Copied"))
        self._back.start()
        announce(self, tr("The report was copied."))

    def _show_preview(self, text: str) -> None:
        self._preview.setPlainText(text)
        self._preview.show()
        self._show_text.setText(tr("Hide report"))

    def _failed(self, error: Exception) -> None:
        self._say(str(known(error)))

    def _say(self, text: str) -> None:
        self._state.setText(text)
        self._state.show()

    def _looked(self) -> None:
        self._looking = False
        self._refresh.setEnabled(True)

    def _show(self, machine: Machine) -> None:
        first = self._machine is None
        self._machine = machine
        self._state.hide()
        for made in (self._copy, self._show_text, self._save):
            made.setEnabled(True)
        title, _ = next(iter(sections(machine)))
        self._subtitle.setText(_subtitle(machine, recorded=self._sources.monitor is None))
        self._show_findings(machine)
        cards = []
        for number, (name, rows) in enumerate(sections(machine)):
            shown = [(key, value) for key, value in rows if key != "UUID"]
            heading = tr("System") if name == title else name
            cards.append(
                SectionCard(str(number), heading, shown, tr("The processor does all of it."))
            )
        self._parts.set_cards(cards)
        self._show_model()
        if first and self._strip is not None:
            self._strip.show()

    def _show_findings(self, machine: Machine) -> None:
        for card in self._findings:
            card.hide()
            card.deleteLater()
        self._findings = [
            FindingCard(
                self._look,
                finding,
                None,
                tag=tr(_TAGS[finding.severity]),
                name=f"hardwareFinding{number}",
                closable=False,
            )
            for number, finding in enumerate(machine.findings)
        ]
        for number, card in enumerate(self._findings):
            self._column.insertWidget(self._findings_at + number, card)
            card.show()

    def _show_model(self) -> None:
        rows = model_rows(self._sources.loaded())
        self._model.set_cards(
            [SectionCard("model", tr("Open model"), rows, tr("No model is open."))]
        )

    def _build(self) -> None:
        self._subtitle = label("", "muted", name="hardwareSubtitle", wrap=True)
        self._refresh = button(tr("Refresh"), "hardwareRefresh", on_click=self.refresh)
        self._copy = button(tr("Copy report"), "hardwareCopy", "primary", on_click=self.copy_report)
        self._show_text = button(tr("Show report"), "hardwareShow", on_click=self.show_report)
        self._save = button(tr("Save report…"), "hardwareSave", on_click=self.save_report)
        self._state = label("", "muted", name="hardwareState", wrap=True)
        self._preview = QPlainTextEdit()
        self._preview.setObjectName("hardwareReport")
        self._preview.setAccessibleName(tr("Report"))
        self._preview.setProperty("field", "true")
        self._preview.setReadOnly(True)
        self._preview.setMinimumHeight(260)
        self._preview.hide()
        monitor = self._sources.monitor
        self._strip = (
            LiveStrip(self._look, self._tasks, monitor, self._sources.busy)
            if monitor is not None
            else None
        )
        self._model, self._parts = CardGrid(320), CardGrid(380)
        for made in (self._copy, self._show_text, self._save):
            made.setEnabled(False)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._refresh)
        row.addStretch(1)
        row.addWidget(self._save)
        row.addWidget(self._show_text)
        row.addWidget(self._copy)
        holder = QWidget()
        self._column = QVBoxLayout(holder)
        self._column.setContentsMargins(28, 20, 28, 24)
        self._column.setSpacing(12)
        self._column.addWidget(label(tr("Hardware"), "display"))
        self._column.addWidget(self._subtitle)
        self._column.addLayout(row)
        self._column.addWidget(self._state)
        self._column.addWidget(self._preview)
        self._findings_at = self._column.count()
        if self._strip is not None:
            self._strip.hide()
            self._column.addWidget(self._strip)
        self._column.addWidget(self._model)
        self._column.addWidget(self._parts)
        self._column.addStretch(1)
        scroll = QScrollArea()
        scroll.setObjectName("hardwareScroll")
        scroll.setAccessibleName(tr("Hardware"))
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(holder)
        page = QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.addWidget(scroll)


def model_rows(result: LoadResult | None) -> list[tuple[str, str]]:
    """What is open, where it lies, and what it really took."""
    if result is None:
        return []
    info, plan = result.info, result.planned.plan
    rows = [(tr("Model"), info.name or Path(info.path).name)]
    rows.append((tr("Context"), tr("{context:,} tokens", context=info.context_tokens)))
    if plan is not None:
        rows.append((tr("Placement"), verdict_sentence(plan)))
        if plan.speed is not None:
            rows.append((tr("Predicted"), rate_text(plan.speed.generation_empty)))
    if result.measurement is not None:
        rows.append((tr("Measured"), result.measurement.text))
    return rows


def _subtitle(machine: Machine, *, recorded: bool) -> str:
    system = machine.platform.distribution or machine.platform.system
    parts = [machine.name or "", machine.platform.model or "", system]
    if recorded:
        parts.append(tr("a recorded machine: nothing of it is live"))
    return " · ".join(dict.fromkeys(part for part in parts if part))
