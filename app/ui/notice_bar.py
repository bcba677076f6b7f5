"""Something a person should know that belongs to no answer; stays until it is read."""

from collections.abc import Callable

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.core.language import tr
from app.hardware.types import Finding, Severity
from app.ui.look import Look
from app.ui.widgets import IconButton, button, card, chip, label, single_shot

_COPIED_MS = 1500
_KINDS: dict[Severity, str] = {"error": "bad", "warning": "warn", "info": "plain"}


class NoticeBar(QFrame):
    """Short notes, and one finding about the machine with its remedy."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("noticeBar")
        self._lines: list[str] = []
        self._finding: FindingCard | None = None
        self._look = look
        self._frame = card(name="noticeCard")
        self.text = label("", "", name="noticeText", wrap=True)
        row = QHBoxLayout(self._frame)
        row.setContentsMargins(16, 8, 8, 8)
        row.addWidget(self.text, 1)
        row.addWidget(
            IconButton(look, "cross", tr("Close the note"), "noticeClose", on_click=self.clear)
        )
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(24, 12, 24, 8)
        self._column.setSpacing(8)
        self._column.addWidget(self._frame)
        self._frame.hide()
        self._offer: UndoCard | None = None
        self.hide()

    def say(self, text: str) -> None:
        """Beside what is there already, once."""
        if text in self._lines:
            return
        self._lines.append(text)
        self.text.setText("\n".join(self._lines))
        self.setAccessibleName(tr("Note: {text}", text=self.text.text()))
        self._frame.show()
        self.show()

    def offer(self, text: str, undo: Callable[[], None]) -> None:
        """Something was done that can be taken back; replaces the one before."""
        self._drop_offer()
        self._offer = UndoCard(self._look, text, self)
        self._offer.undo.clicked.connect(lambda *_: self._take_back(undo))
        self._offer.close_button.clicked.connect(lambda *_: self._drop_offer())
        self._column.addWidget(self._offer)
        self.show()

    def show_finding(self, finding: Finding) -> None:
        """What, why and the remedy; replaces the one before."""
        self._drop_finding()
        self._finding = FindingCard(self._look, finding, self)
        self._finding.close_button.clicked.connect(lambda *_: self._close_finding())
        self._column.insertWidget(0, self._finding)
        self.show()

    def clear(self) -> None:
        """The notes; the finding has a button of its own."""
        self._lines.clear()
        self._frame.hide()
        self._hide_empty()

    def _hide_empty(self) -> None:
        parts = self._lines, self._finding, self._offer
        self.setVisible(any(parts))

    def _close_finding(self) -> None:
        self._drop_finding()
        self._hide_empty()

    def _take_back(self, undo: Callable[[], None]) -> None:
        self._drop_offer()
        undo()

    def _drop_offer(self) -> None:
        if self._offer is not None:
            self._offer.hide()
            self._offer.deleteLater()
            self._offer = None
        self._hide_empty()

    def _drop_finding(self) -> None:
        if self._finding is not None:
            self._finding.hide()
            self._finding.deleteLater()
            self._finding = None


class UndoCard(QFrame):
    """What was done, and the way back."""

    def __init__(self, look: Look, text: str, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setObjectName("undoCard")
        self.setProperty("card", "true")
        self.setAccessibleName(tr("Note: {text}", text=text))
        self.undo = button(tr("Undo"), "undoButton")
        self.close_button = IconButton(look, "cross", tr("Close the note"), "undoClose")
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 8, 8, 8)
        row.setSpacing(8)
        row.addWidget(label(text, name="undoText", wrap=True), 1)
        row.addWidget(self.undo)
        row.addWidget(self.close_button)


class FindingCard(QFrame):
    """tag: a word or two before it. name: what the object names begin with."""

    def __init__(
        self,
        look: Look,
        finding: Finding,
        parent: QWidget | None,
        *,
        tag: str = "GPU not used",
        name: str = "finding",
        closable: bool = True,
    ) -> None:
        super().__init__(parent)
        self.setObjectName(f"{name}Card")
        self.setProperty("card", "true")
        self.setAccessibleName(
            " ".join(filter(None, (finding.what, finding.why, finding.remedy, finding.command)))
        )
        self._name = name
        self._command = finding.command or ""
        self.close_button = IconButton(look, "cross", tr("Close the note"), f"{name}Close")
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(chip(tag, _KINDS[finding.severity], name=f"{name}Chip"))
        head.addWidget(label(finding.what, "strong", name=f"{name}What", wrap=True), 1)
        head.addWidget(self.close_button)
        self.close_button.setVisible(closable)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 8, 8, 12)
        column.setSpacing(6)
        column.addLayout(head)
        for text, part in (
            (finding.why, tr("Why")),
            (finding.remedy.replace("`", ""), tr("Remedy")),
        ):
            if text:
                column.addWidget(label(text, name=f"{name}{part}", wrap=True))
        if self._command:
            column.addLayout(self._command_row())

    def _command_row(self) -> QHBoxLayout:
        self._copy: QPushButton = button(
            tr("Copy command"), f"{self._name}Copy", on_click=self._copy_command
        )
        self._back = single_shot(self, _COPIED_MS, lambda: self._copy.setText(tr("Copy command")))
        row = QHBoxLayout()
        row.setContentsMargins(0, 2, 8, 0)
        row.setSpacing(12)
        row.addWidget(label(self._command, "mono", name=f"{self._name}Command", wrap=True), 1)
        row.addWidget(self._copy)
        return row

    def _copy_command(self) -> None:
        QGuiApplication.clipboard().setText(self._command)
        self._copy.setText(tr("Copied"))
        self._back.start()
