"""Above the composer while there is no model to ask: loading, failed, none."""

import time
from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from app.core.language import mark, tr
from app.core.units import duration
from app.ui.chat.model_state import (
    LoadFailed,
    Loading,
    ModelState,
    NoModel,
    Planning,
    Stage,
)
from app.ui.chat.views.message_views import ErrorCard
from app.ui.flow import Flow
from app.ui.widgets import button, label, plain_tip

_STAGES: dict[Stage, str] = {
    "checking": mark("checking the file"),
    "loading": mark("reading the weights"),
    "preparing": mark("preparing the context"),
}


class ModelPanel(QFrame):
    cancel_wanted = Signal()
    retry_wanted = Signal()
    open_wanted = Signal()
    demo_wanted = Signal()
    keep_wanted = Signal()

    def __init__(
        self, parent: QWidget | None = None, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(parent)
        self.setObjectName("modelPanel")
        self._monotonic = monotonic
        self._stage: tuple[str, Stage] | None = None
        self._since = 0.0
        self._name = ""
        self._loading = self._make_loading()
        self._none = self._make_none()
        self._error: ErrorCard | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 12)
        self._column.addWidget(self._loading)
        self._column.addWidget(self._none)

    def set_model(self, state: ModelState) -> None:
        self._loading.setVisible(isinstance(state, Loading | Planning))
        self._none.setVisible(isinstance(state, NoModel))
        if self._error is not None:
            self._error.hide()
            self._error.deleteLater()
            self._error = None
        self._progress.setVisible(isinstance(state, Loading))
        if isinstance(state, Loading):
            self._show_loading(state)
        else:
            self._stage = None
        if isinstance(state, Planning):
            self._show_planning(state)
        if isinstance(state, LoadFailed):
            self._show_error(state)
        self.setVisible(isinstance(state, Loading | Planning | NoModel | LoadFailed))

    def _show_loading(self, state: Loading) -> None:
        if self._stage != (state.path, state.stage):
            self._stage = (state.path, state.stage)
            self._since = self._monotonic()
        percent = round(100 * state.fraction)
        self._name = tr("Loading {name}", name=state.name)
        parts = [tr(_STAGES[state.stage]), f"{percent}%", self._left(state)]
        if state.cancelling:
            parts = ["stopping"]
        text = " · ".join(filter(None, parts))
        self._what.setText(text)
        self._elide()
        self._progress.setValue(round(1000 * state.fraction))
        self._progress.setAccessibleDescription(f"{state.name}: {text}")
        self._cancel.setEnabled(not state.cancelling)

    def _show_planning(self, state: Planning) -> None:
        self._name = state.name
        self._what.setText(tr("looking at the file and this machine…"))
        self._elide()
        self._cancel.setEnabled(True)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._elide()

    def _elide(self) -> None:
        room = self.width() - self._what.sizeHint().width() - self._cancel.sizeHint().width() - 72
        text = self.fontMetrics().elidedText(
            self._name, Qt.TextElideMode.ElideMiddle, max(80, room)
        )
        self._title.setText(text)
        self._title.setToolTip(plain_tip(self._name) if text != self._name else "")

    def _left(self, state: Loading) -> str:
        elapsed = self._monotonic() - self._since
        if elapsed < 2 or state.fraction < 0.02 or state.fraction >= 1:
            return ""
        return tr("about {max} left", max=duration(max(1.0, elapsed / state.fraction - elapsed)))

    def _show_error(self, state: LoadFailed) -> None:
        self._error = card = ErrorCard(state.error, "loadError", self)
        card.add_button(button(tr("Try again"), "loadRetry", on_click=self.retry_wanted.emit))
        card.add_button(
            button(tr("Open another file…"), "loadOpen", on_click=self.open_wanted.emit)
        )
        if state.kept is not None:
            text = tr("Go on with {name}", name=state.kept.name)
            card.add_button(button(text, "loadKeep", on_click=self.keep_wanted.emit))
        else:
            card.add_button(
                button(tr("Use the demo model"), "loadDemo", on_click=self.demo_wanted.emit)
            )
        self._column.addWidget(card)

    def _make_loading(self) -> QFrame:
        frame = _card("loadingCard")
        self._title = label("", "strong", name="loadingTitle")
        self._what = label("", "small", name="loadingStage")
        self._progress = QProgressBar()
        self._progress.setObjectName("loadingProgress")
        self._progress.setAccessibleName(tr("Loading the model"))
        self._progress.setRange(0, 1000)
        self._progress.setTextVisible(False)
        self._cancel: QPushButton = button(
            tr("Cancel"), "cancelLoad", on_click=self.cancel_wanted.emit
        )
        left = QVBoxLayout()
        left.setSpacing(6)
        head = QHBoxLayout()
        head.addWidget(self._title, 1)
        head.addWidget(self._what)
        left.addLayout(head)
        left.addWidget(self._progress)
        row = QHBoxLayout(frame)
        row.setContentsMargins(16, 12, 12, 12)
        row.setSpacing(16)
        row.addLayout(left, 1)
        row.addWidget(self._cancel)
        return frame

    def _make_none(self) -> QFrame:
        frame = _card("noModelCard")
        choices = Flow(8)
        choices.arrange(
            [
                button(tr("Use the demo model"), "noModelDemo", on_click=self.demo_wanted.emit),
                button(tr("Open a GGUF file…"), "noModelOpen", on_click=self.open_wanted.emit),
            ]
        )
        row = QHBoxLayout(frame)
        row.setContentsMargins(16, 12, 12, 12)
        row.setSpacing(16)
        row.addWidget(label(tr("No model is open."), name="noModelText", wrap=True), 1)
        row.addWidget(choices, 2)
        return frame


def _card(name: str) -> QFrame:
    frame = QFrame()
    frame.setObjectName(name)
    frame.setProperty("card", "true")
    return frame
