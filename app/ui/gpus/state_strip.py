"""Above a table: how far the planning is, what went wrong, or that there is nothing to show."""

from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from app.core.language import tr
from app.ui.gpus.board import FleetBoard
from app.ui.widgets import button, card, label


class StateStrip(QWidget):
    """Hidden while there is nothing to say."""

    def __init__(self, board: FleetBoard, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._board = board
        self._text = label("", "small", name=f"{name}Text", wrap=True)
        self._bar = QProgressBar()
        self._bar.setObjectName(f"{name}Bar")
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(tr("Planning"))
        self.cancel = button(tr("Cancel"), f"{name}Cancel", "quiet", on_click=board.stop)
        self.retry = button(tr("Try again"), f"{name}Retry", on_click=board.again)
        frame = card(name=f"{name}Card")
        row = QHBoxLayout(frame)
        row.setContentsMargins(16, 10, 12, 10)
        row.setSpacing(12)
        told = QVBoxLayout()
        told.setSpacing(6)
        told.addWidget(self._text)
        told.addWidget(self._bar)
        row.addLayout(told, 1)
        row.addWidget(self.cancel)
        row.addWidget(self.retry)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(frame)
        board.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        board = self._board
        self._bar.setVisible(board.computing)
        self.cancel.setVisible(board.computing)
        self.retry.setVisible(not board.computing and (board.stopped or board.problem is not None))
        self._bar.setRange(0, board.total)
        self._bar.setValue(board.done)
        if board.problem is not None:
            self._text.setText(str(board.problem))
        elif board.computing:
            of = (
                tr(": {done} of {total}", done=board.done, total=board.total) if board.total else ""
            )
            self._text.setText(tr("Planning it on every GPU of the table{of}.", of=of))
        elif board.stopped:
            old = tr(" What is shown is for an earlier choice.") if board.rows else ""
            self._text.setText(f"Stopped.{old}")
        elif board.subject is None:
            self._text.setText(tr("Choose a model and a quantization first."))
        told = board.computing or board.stopped or board.problem is not None
        self.setVisible(told or board.subject is None)
