"""What the first start shows in cards: the recommendation, and what costs speed here."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout

from app.core.language import mark, sentences, tr
from app.hardware.types import Finding
from app.ui.first_start.advice import Advice
from app.ui.first_start.scout import Scouting
from app.ui.widgets import button, chip, label, single_shot

_COPIED_MS = 1500


class AdviceCard(QFrame):
    """The recommendation with its button; what is known of it, and how well."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("firstAdvice")
        self.setProperty("card", "soft")
        self._head = label(tr("Recommended here"), "group", name="firstAdviceHead")
        self._title = label("", "display", name="firstAdviceTitle", wrap=True)
        self._figures = label("", name="firstAdviceFigures", wrap=True)
        self._why = label("", "muted", name="firstAdviceWhy", wrap=True)
        self._remarks = label("", "small", name="firstAdviceRemarks", wrap=True)
        self._offline = label("", name="firstOffline", wrap=True)
        self._offline.setProperty("note", "warn")
        self._busy = QProgressBar()
        self._busy.setObjectName("firstAdviceBusy")
        self._busy.setAccessibleName(tr("Reading the files' headers"))
        self._busy.setTextVisible(False)
        self.get: QPushButton = button(tr("Download and chat"), "firstGet", "primary")
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 16)
        column.setSpacing(6)
        for part in (self._head, self._title, self._figures, self._why, self._remarks, self._busy):
            column.addWidget(part)
        column.addWidget(self._offline)
        column.addSpacing(2)
        column.addWidget(self.get, 0, Qt.AlignmentFlag.AlignLeft)
        self.show_state(Scouting())

    def show_state(self, state: Scouting) -> None:
        advice = state.advice
        if advice is None:
            self._show_waiting(state)
        else:
            self._show_advice(advice, state)
        self._offline.setText(tr("Offline: {offline}", offline=state.offline))
        self._offline.setVisible(bool(state.offline))
        done, total = state.read
        self._busy.setVisible(state.checking and total > 0)
        self._busy.setRange(0, max(1, total))
        self._busy.setValue(done)

    def _show_waiting(self, state: Scouting) -> None:
        self._title.setText("…" if state.checking else tr("Nothing can be recommended now"))
        self._figures.hide()
        text = tr("Comparing the files with this machine.") if state.checking else ""
        self._why.setText(text)
        self._remarks.hide()
        self.get.hide()

    def _show_advice(self, advice: Advice, state: Scouting) -> None:
        self._head.setText(tr(_HEADS[advice.kind]))
        self._title.setText(advice.title)
        for which, text in (
            (self._figures, advice.figures),
            (self._why, advice.why),
            (self._remarks, sentences(*advice.remarks, *_sureness(state))),
        ):
            which.setText(text)
            which.setVisible(bool(text))
        self.get.setText(
            tr("Download and chat") if advice.can_get else tr("Look for it on the Hub")
        )
        self.get.setVisible(advice.kind != "demo")
        self.setAccessibleName(f"{self._head.text()}: {advice.title}. {advice.figures}")


_HEADS = {
    "best": mark("Recommended here"),
    "sibling": mark("Recommended here: a smaller sibling"),
    "slow": mark("The nearest to it here"),
    "demo": mark("This machine is too small"),
}


def _sureness(state: Scouting) -> tuple[str, ...]:
    """How good the figures are."""
    if state.checking:
        done, total = state.read
        count = tr(" ({done} of {total})", done=done, total=total) if total else ""
        return (tr("The files' headers are being read for exact figures{count}.", count=count),)
    return ()


class FindingLine(QFrame):
    """What costs speed or memory here, and the remedy."""

    def __init__(self, finding: Finding, number: int) -> None:
        super().__init__()
        self.setObjectName(f"firstFinding-{number}")
        self.setProperty("card", "true")
        self.setAccessibleName(" ".join(filter(None, (finding.what, finding.remedy))))
        error = finding.severity == "error"
        head = QHBoxLayout()
        head.setSpacing(12)
        tag = chip(tr("! problem") if error else tr("to know"), "bad" if error else "warn")
        head.addWidget(tag, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(label(finding.what, "strong", wrap=True), 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 10, 16, 12)
        column.setSpacing(6)
        column.addLayout(head)
        remedy = finding.remedy.replace("`", "")
        for text in (finding.why, remedy):
            if text:
                column.addWidget(label(text, "small", wrap=True))
        if finding.command:
            column.addLayout(self._command(finding.command, number))

    def _command(self, command: str, number: int) -> QHBoxLayout:
        copy = button(tr("Copy command"), f"firstCopy-{number}")
        back = single_shot(self, _COPIED_MS, lambda: copy.setText(tr("Copy command")))

        def take() -> None:
            QGuiApplication.clipboard().setText(command)
            copy.setText(tr("Copied"))
            back.start()

        copy.clicked.connect(lambda *_: take())
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(label(command, "mono", wrap=True), 1)
        row.addWidget(copy)
        return row
