"""Asked once: what becomes of running downloads when the window is closed."""

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from app.core.language import tr
from app.ui.widgets import button, label


class CloseQuestion(QDialog):
    """`answered` brings "keep", "stop" or "cancel"."""

    answered = Signal(str)

    def __init__(self, what: str, *, tray: bool, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("closeQuestion")
        self.setWindowTitle(tr("Downloads are running"))
        self.setMinimumWidth(400)
        way = tr("in the tray") if tray else tr("with the window minimized")
        title = label(
            tr("{what} Go on {way}?", what=what, way=way), "title", name="closeTitle", wrap=True
        )
        text = label(
            tr(
                "Whatever has come is kept in both cases, and a later start goes on "
                "from there. Your answer is remembered; Settings has it under “Go on "
                "in the tray”."
            ),
            "muted",
            name="closeText",
            wrap=True,
        )
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch(1)
        go_on = tr("Go on in the tray") if tray else tr("Go on minimized")
        for words, name, kind, answer in (
            (tr("Cancel"), "closeCancel", "plain", "cancel"),
            (tr("Stop and close"), "closeStop", "plain", "stop"),
            (go_on, "closeKeep", "primary", "keep"),
        ):
            made = button(words, name, kind, on_click=partial(self._answer, answer))
            made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            row.addWidget(made)
        made.setDefault(True)
        made.setFocus()
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(12)
        column.addWidget(title)
        column.addWidget(text)
        column.addSpacing(4)
        column.addLayout(row)
        self._answered = False
        self.rejected.connect(lambda: self._answer("cancel"))

    def _answer(self, which: str) -> None:
        if not self._answered:
            self._answered = True
            self.answered.emit(which)
            self.close()
