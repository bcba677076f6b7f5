"""One model: its head, its tabs, and the tab with the quantizations."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.core.language import tr
from app.ui.flow import Flow
from app.ui.look import Look
from app.ui.models.about import About
from app.ui.models.banner import Banner
from app.ui.models.choices import Choices
from app.ui.models.detail import Detail
from app.ui.models.head import Head
from app.ui.models.states import Skeleton, Trouble
from app.ui.models.table import QuantTable
from app.ui.widgets import ChoiceBox, button, label

STACKED_BELOW = 800
QUANTS, ABOUT = "quantizations", "about"


@dataclass(frozen=True)
class Tab:
    """A further page of the model, made elsewhere when it is first shown."""

    key: str
    title: str
    build: Callable[[], QWidget]


class QuantsTab(QWidget):
    """Banner, choices, table, detail; or what there is in their place."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("quantsTab")
        self.banner = Banner()
        self.choices = Choices(look)
        self.hint = label("", "bad", name="choiceHint", wrap=True)
        self.table = QuantTable(look)
        self.empty = label("", "muted", name="tableEmpty", wrap=True)
        self.detail = Detail(look)
        self.status = label("", "small", name="tableStatus", wrap=True)
        self.skeleton = Skeleton(look)
        self.trouble = Trouble()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(self.banner)
        column.addWidget(self.choices)
        column.addWidget(self.hint)
        column.addWidget(self.table, 1)
        column.addWidget(self.empty)
        column.addWidget(self.detail)
        column.addWidget(self.status)
        column.addWidget(self.trouble)
        column.addWidget(self.skeleton, 1)
        self.hint.hide()
        self.empty.hide()
        self.show_part("skeleton")

    def show_part(self, part: str) -> None:
        """table, skeleton or trouble."""
        table = part == "table"
        for widget in (self.banner, self.choices, self.table, self.status):
            widget.setVisible(table)
        self.detail.setVisible(table and bool(self.table.quant))
        if not table:
            self.hint.hide()
            self.empty.hide()
        self.skeleton.setVisible(part == "skeleton")
        self.trouble.setVisible(part == "trouble")

    def set_stacked(self, on: bool) -> None:
        self.banner.set_stacked(on)
        self.choices.set_stacked(on)
        self.table.set_least_rows(7 if on else 5)
        self.detail.set_stacked(on)


class ModelView(QScrollArea):
    """`repo_chosen` brings another repository of the model."""

    repo_chosen = Signal(str)
    page_wanted = Signal()
    tab_shown = Signal(str)

    def __init__(self, look: Look, tabs: Sequence[Tab], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("modelView")
        self.setAccessibleName(tr("Model"))
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._look = look
        self.head = Head(look)
        self.quants = QuantsTab(look)
        self.about = About(look)
        self._pages: dict[str, QWidget] = {QUANTS: self.quants, ABOUT: self.about}
        self._builders = {tab.key: tab.build for tab in tabs}
        titles = {QUANTS: tr("Quantizations"), ABOUT: tr("About and benchmarks")}
        titles |= {tab.key: tab.title for tab in tabs}
        self._buttons = {key: self._tab_button(key, title) for key, title in titles.items()}
        self._group = QButtonGroup(self)
        for made in self._buttons.values():
            self._group.addButton(made)
        self._bar = Flow(4)
        self._bar.replace(list(self._buttons.values()))
        self.publisher = ChoiceBox(look)
        self.publisher.setObjectName("publisher")
        self.publisher.setAccessibleName(tr("Files of"))
        self.publisher.setToolTip(tr("Several people offer files of this model"))
        self.publisher.setSizeAdjustPolicy(ChoiceBox.SizeAdjustPolicy.AdjustToContents)
        self.publisher.activated.connect(
            lambda at: self.repo_chosen.emit(str(self.publisher.itemData(at)))
        )
        self.of = label(tr("Files of"), "muted", name="publisherLabel")
        self._lay_out()
        self.show_tab(QUANTS)

    @property
    def tab(self) -> str:
        return next(key for key, made in self._buttons.items() if made.isChecked())

    def show_tab(self, key: str) -> None:
        self._buttons[key].setChecked(True)
        if key not in self._pages:
            self._pages[key] = made = self._builders[key]()
            self._column.addWidget(made, 1)
        for name, page in self._pages.items():
            page.setVisible(name == key)
        self.verticalScrollBar().setValue(0)
        self.tab_shown.emit(key)

    def show_repositories(self, repos: Sequence[str], current: str) -> None:
        self.publisher.clear()
        for repo in repos:
            self.publisher.addItem(repo.partition("/")[0], repo)
        at = self.publisher.findData(current)
        if at < 0 and current:
            self.publisher.addItem(current.partition("/")[0], current)
            at = self.publisher.count() - 1
        self.publisher.setCurrentIndex(at)
        several = self.publisher.count() > 1
        self.publisher.setVisible(several)
        self.of.setVisible(several)

    def set_tab_enabled(self, key: str, on: bool) -> None:
        self._buttons[key].setVisible(on)
        self._bar.lay_out()
        if not on and self.tab == key:
            self.show_tab(QUANTS)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        stacked = self.viewport().width() < STACKED_BELOW
        side = 16 if stacked else 24
        self._column.setContentsMargins(side, 16 if stacked else 20, side, 16)
        way = QBoxLayout.Direction.TopToBottom if stacked else QBoxLayout.Direction.LeftToRight
        self._tabs.setDirection(way)
        self.head.set_stacked(stacked)
        self.quants.set_stacked(stacked)

    def _tab_button(self, key: str, title: str) -> QPushButton:
        made = button(title, f"modelTab-{key}", "tab")
        made.setCheckable(True)
        made.clicked.connect(lambda *_: self.show_tab(key))
        return made

    def _lay_out(self) -> None:
        inner = QWidget()
        inner.setObjectName("modelInner")
        files = QHBoxLayout()
        files.setSpacing(8)
        files.addWidget(self.of)
        files.addWidget(self.publisher)
        files.addStretch(0)
        self._tabs = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._tabs.setSpacing(8)
        self._tabs.addWidget(self._bar, 1)
        self._tabs.addLayout(files)
        self._column = QVBoxLayout(inner)
        self._column.setSpacing(14)
        self._column.addWidget(self.head)
        self._column.addLayout(self._tabs)
        for page in self._pages.values():
            self._column.addWidget(page, 1)
        self.setWidget(inner)
