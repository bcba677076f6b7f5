"""The first start on one screen; behind it the chat waits. Never in the way: Esc leaves it."""

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.core.language import tr
from app.ui.downloads.parts import Elided
from app.ui.first_start.advice import Advice
from app.ui.first_start.cards import AdviceCard, FindingLine
from app.ui.first_start.scout import LocalModel, Scout, Scouting
from app.ui.widgets import announce, button, card, label, restyle

_WIDEST = 760
_MOST_LOCAL = 4


class FirstStart(QWidget):
    """`get_wanted` brings the advice to follow; `left`: the person wants to go on; `hidden`: is
    elsewhere, in whatever way. has_more: there is a page about the machine."""

    get_wanted = Signal(object)
    model_wanted = Signal(str)
    file_wanted = Signal()
    demo_wanted = Signal()
    find_wanted = Signal()
    more_wanted = Signal()
    left = Signal()
    hidden = Signal()

    def __init__(
        self,
        scout: Scout,
        *,
        has_more: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._scout, self._has_more = scout, has_more
        self._told = ""
        self._seen: tuple[object, object] | None = None
        self._local: tuple[LocalModel, ...] = ()
        self.setObjectName("firstStart")
        self.setProperty("page", "true")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._machine = card(name="firstMachine")
        self._facts = QGridLayout(self._machine)
        self._facts.setContentsMargins(16, 12, 16, 12)
        self._facts.setHorizontalSpacing(16)
        self._facts.setVerticalSpacing(6)
        self._facts.setColumnStretch(1, 1)
        self._findings = QVBoxLayout()
        self._findings.setSpacing(8)
        self._advice = AdviceCard()
        self._advice.get.clicked.connect(lambda *_: self._get())
        self._files = QVBoxLayout()
        self._files.setSpacing(4)
        self._build()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.setFocus()
        self._scout.start(self._show)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._scout.stop()
        self.hidden.emit()

    def _show(self) -> None:
        state = self._scout.state
        if (state.sight, state.problem) != self._seen:
            self._seen = state.sight, state.problem
            self._show_sight(state)
        if state.local != self._local:
            self._local = state.local
            self._show_local(state.local)
        self._advice.show_state(state)
        restyle(self._demo, "kind", "primary" if _demo_first(state.advice) else "plain")
        if self.hasFocus() and not self._advice.get.isHidden() and not state.checking:
            self._advice.get.setFocus()
        told = (
            tr("Recommended: {title}", title=state.advice.title)
            if state.advice and not state.checking
            else ""
        )
        if told and told != self._told:
            announce(self, told)
        self._told = told

    def _show_sight(self, state: Scouting) -> None:
        _clear(self._facts)
        _clear(self._findings)
        sight = state.sight
        if sight is None:
            text = str(state.problem) if state.problem else tr("Looking at this machine…")
            self._facts.addWidget(label(text, "muted", name="firstLooking", wrap=True), 0, 0, 1, 2)
            return
        for row, fact in enumerate(sight.facts):
            repeated = row > 0 and sight.facts[row - 1].name == fact.name
            self._facts.addWidget(label("" if repeated else fact.name, "muted"), row, 0)
            self._facts.addWidget(Elided(fact.text, name=f"firstFact-{row}"), row, 1)
        for number, finding in enumerate(sight.findings):
            self._findings.addWidget(FindingLine(finding, number))
        self._more.setVisible(self._has_more and bool(sight.findings or sight.more))

    def _show_local(self, found: tuple[LocalModel, ...]) -> None:
        _clear(self._files)
        for number, model in enumerate(found[:_MOST_LOCAL]):
            made = button(
                f"{model.name} · {model.detail}",
                f"firstLocal-{number}",
                tooltip=str(model.path),
                on_click=partial(self.model_wanted.emit, str(model.path)),
            )
            self._files.addWidget(made, 0, Qt.AlignmentFlag.AlignLeft)
        self._files_title.setVisible(bool(found))

    def _get(self) -> None:
        advice = self._scout.state.advice
        if advice is None:
            return
        if advice.can_get:
            self.get_wanted.emit(advice)
        else:
            self.find_wanted.emit()

    def _build(self) -> None:
        self._more = button(
            tr("All about this machine"), "firstMore", "quiet", on_click=self.more_wanted.emit
        )
        self._more.hide()
        self._file = button(
            tr("Use a file on this disk…"), "firstFile", on_click=self.file_wanted.emit
        )
        self._demo = button(tr("Try the demo model"), "firstDemo", on_click=self.demo_wanted.emit)
        self._skip = button(
            tr("Skip"), "firstSkip", tooltip=tr("Go to the chat (Esc)"), on_click=self.left.emit
        )
        self._files_title = label(tr("Already on this disk"), "group", name="firstFilesTitle")
        self._files_title.hide()
        ways = QHBoxLayout()
        ways.setSpacing(8)
        for part in (self._file, self._demo):
            ways.addWidget(part)
        ways.addStretch(1)
        ways.addWidget(self._skip)
        inner = QWidget()
        inner.setObjectName("firstInner")
        inner.setMaximumWidth(_WIDEST)
        column = QVBoxLayout(inner)
        column.setContentsMargins(24, 32, 24, 24)
        column.setSpacing(12)
        column.addWidget(
            label(tr("What this machine can run"), "display", name="firstTitle", wrap=True)
        )
        column.addWidget(
            label(
                tr(
                    "GLM-4.6 answers on your own machine; nothing you write leaves it "
                    "unless you let a tool send it. This is what was found here, and what "
                    "to start with."
                ),
                "muted",
                name="firstText",
                wrap=True,
            )
        )
        column.addSpacing(4)
        column.addWidget(self._machine)
        column.addLayout(self._findings)
        column.addWidget(self._more, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self._advice)
        column.addWidget(self._files_title)
        column.addLayout(self._files)
        column.addSpacing(4)
        column.addLayout(ways)
        column.addStretch(1)
        body = QWidget()
        row = QHBoxLayout(body)
        row.setContentsMargins(0, 0, 0, 0)
        row.addStretch(1)
        row.addWidget(inner, 100_000)
        row.addStretch(1)
        area = QScrollArea()
        area.setObjectName("firstScroll")
        area.setAccessibleName(tr("First steps"))
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(body)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)


def _demo_first(advice: Advice | None) -> bool:
    return advice is not None and advice.kind == "demo"


def _clear(layout: QGridLayout | QVBoxLayout) -> None:
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
