"""The way of a model to its first answer as a card: the steps, how far, and what can be done."""

from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QProgressBar,
    QSizePolicy,
    QVBoxLayout,
)

from app.core.language import tr
from app.downloads.types import JobState
from app.ui.downloads.parts import Elided, TwoToneBar
from app.ui.getting.flow import GetAndChat
from app.ui.getting.state import ORDER, TITLES, Getting, Step
from app.ui.look import Look
from app.ui.widgets import button, chip, label, set_chip

_STEPS = 1000
_LONG = 80  # characters; then the buttons go below


class GetCard(QFrame):
    """Hidden while nothing is on its way. name: where it stands, for unique object names."""

    def __init__(
        self, look: Look, flow: GetAndChat, name: str, *, beside_queue: bool = False
    ) -> None:
        """beside_queue: the download itself is shown there already."""
        super().__init__()
        self._flow, self._beside_queue = flow, beside_queue
        self.setObjectName(f"getCard-{name}")
        self.setProperty("card", "true")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._title = Elided("", "strong", name=f"getTitle-{name}")
        self._chips = {step: chip("", name=f"getStep-{step.value}-{name}") for step in ORDER}
        self._sentence = label("", "small", name=f"getSentence-{name}", wrap=True)
        self._bytes = TwoToneBar(look, f"getBytes-{name}", tr("Download"))
        self._bar = QProgressBar()
        self._bar.setObjectName(f"getBar-{name}")
        self._bar.setAccessibleName(tr("Progress"))
        self._bar.setTextVisible(False)
        self._bar.setRange(0, _STEPS)
        self._actions = {
            key: button(text, f"{key}-{name}", kind, on_click=call)
            for key, text, kind, call in (
                ("getLoad", tr("Load and chat"), "primary", flow.load_now),
                ("getAccept", tr("Take the new file"), "plain", flow.accept_change),
                ("getRetry", tr("Try again"), "plain", flow.retry),
                ("getCancel", tr("Cancel"), "plain", flow.cancel),
                ("getClose", tr("Close"), "plain", flow.close),
            )
        }
        self._build()
        self._stop = flow.listen(self._show)
        self.destroyed.connect(lambda _=None, stop=self._stop: stop())
        self._show()

    def _show(self) -> None:
        state = self._flow.state
        in_queue = state is not None and state.job is not None and _place(state.step) < 2
        if state is None or (in_queue and self._beside_queue):
            self.hide()
            return
        self.show()
        self._title.set_full(state.title)
        self._sentence.setText(state.sentence)
        way = QBoxLayout.Direction
        long = len(state.sentence) > _LONG
        self._row.setDirection(way.TopToBottom if long else way.LeftToRight)
        self.setAccessibleName(f"{state.title}: {state.sentence}")
        self._show_steps(state)
        self._show_bar(state)
        self._show_actions(state)

    def _show_steps(self, state: Getting) -> None:
        current = _place(state.step)
        for place, step in enumerate(ORDER):
            text = tr(TITLES[step])
            if place < current:
                set_chip(self._chips[step], f"✓ {text}", "ok")
            elif place > current:
                set_chip(self._chips[step], text, "plain")
            elif state.problem is not None:
                set_chip(self._chips[step], f"! {text}", "bad")
            else:
                set_chip(self._chips[step], text, "busy" if state.running else "plain")

    def _show_bar(self, state: Getting) -> None:
        job = state.job
        bytes_wanted = job is not None and state.step in (Step.DOWNLOAD, Step.VERIFY)
        self._bytes.setVisible(bytes_wanted)
        if job is not None and bytes_wanted:
            self._bytes.show_parts(
                job.done_bytes, job.verified_bytes, job.size_bytes, state.sentence
            )
        known = state.fraction is not None
        self._bar.setVisible(state.running and known and not bytes_wanted)
        self._bar.setValue(round(_STEPS * (state.fraction or 0.0)))

    def _show_actions(self, state: Getting) -> None:
        job = state.job.state if state.job is not None else None
        asks = job is JobState.CHANGED
        failed = state.problem is not None or state.stopped or job is JobState.PAUSED
        wanted = {
            "getLoad": state.step is Step.WAITING,
            "getAccept": asks,
            "getRetry": failed and not asks,
            "getCancel": state.running,
            "getClose": not state.running,
        }
        for key, shown in wanted.items():
            self._actions[key].setVisible(shown)
        go_on = state.stopped or job is JobState.PAUSED
        self._actions["getRetry"].setText(tr("Go on") if go_on else tr("Try again"))
        self._actions["getClose"].setText(
            tr("Later") if state.step is Step.WAITING else tr("Close")
        )

    def _build(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(self._title, 1)
        for made in self._chips.values():
            head.addWidget(made)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addStretch(1)
        for action in self._actions.values():
            buttons.addWidget(action)
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._row.setSpacing(8)
        self._row.addWidget(self._sentence, 1)
        self._row.addLayout(buttons)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 12, 12)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self._bytes)
        column.addWidget(self._bar)
        column.addLayout(self._row)


def _place(step: Step) -> int:
    """Which of ORDER is under way."""
    match step:
        case Step.LOOKING | Step.DOWNLOAD:
            return 0
        case Step.VERIFY:
            return 1
        case Step.READY:
            return len(ORDER)
        case _:
            return 2
