"""The settings: pages on the left, rows on the right, a search over all of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import get_args

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.core.language import tr
from app.settings.declared import ALL
from app.settings.fields import PAGE_TITLES, Page
from app.settings.store import SettingsStore
from app.ui.chat.model_state import Ability
from app.ui.look import Look
from app.ui.settings.rows import Row, SettingRow
from app.ui.widgets import ChoiceBox, button, label

_COLUMN = 720
_NARROW = 760
_ITEM = 36
_SIDE = 196


@dataclass(frozen=True)
class Extra:
    """Rows on a page of that name: below the setting with the key `after`, else below all."""

    page: str
    rows: Callable[[], Sequence[Row]]
    after: str = ""


class SettingsPage(QWidget):
    """changed: to be called after every change, so that it is saved. problems: what is wrong with
    a text that somebody typed, by the setting's key. abilities: whether a setting can be had now,
    by its key, asked each time that the page is shown."""

    def __init__(
        self,
        look: Look,
        settings: SettingsStore,
        changed: Callable[[], None],
        extras: Sequence[Extra] = (),
        problems: dict[str, Callable[[str], str]] | None = None,
        abilities: dict[str, Callable[[], Ability]] | None = None,
    ) -> None:
        super().__init__()
        self.setObjectName("settingsPage")
        self.setProperty("page", "true")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._settings, self._changed = settings, changed
        self._abilities = abilities or {}
        self._sections: dict[str, list[Row]] = {page: [] for page in get_args(Page)}
        for setting in ALL:
            if setting.shown is not None:
                problem = (problems or {}).get(setting.key)
                row = SettingRow(look, settings, setting, changed, problem)
                self._sections[setting.shown.page].append(row)
        for extra in extras:
            rows = self._sections.setdefault(extra.page, [])
            names = [row.objectName() for row in rows]
            name = f"settingRow-{extra.after}"
            at = names.index(name) + 1 if name in names else len(rows)
            rows[at:at] = extra.rows()
        self.destroyed.connect(_stopping(self._setting_rows()))
        self._build(look)
        self.show_page(next(iter(self._sections)))

    @property
    def pages(self) -> tuple[str, ...]:
        return tuple(self._sections)

    @property
    def current(self) -> str:
        """The page that is shown; "" while something is looked for."""
        return "" if self.search.text().strip() else self._current

    def show_page(self, name: str) -> None:
        self._current = name
        self.search.clear()
        index = self.pages.index(name)
        for chooser in (self._list, self._box):
            chooser.blockSignals(True)
        self._list.setCurrentRow(index)
        self._box.setCurrentIndex(index)
        for chooser in (self._list, self._box):
            chooser.blockSignals(False)
        self._show()
        self._scroll.verticalScrollBar().setValue(0)

    def look_for(self, text: str) -> None:
        """Show what has it, on all pages."""
        self.search.setText(text)
        self.search.setFocus()

    def reset_page(self) -> None:
        """Every setting on the page goes back to its default."""
        for row in self._sections[self._current]:
            if isinstance(row, SettingRow):
                row.reset()
        self._reset.setFocus()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        for row in self._setting_rows():
            if row.key in self._abilities:
                row.set_ability(self._abilities[row.key]())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < _NARROW
        self._side.setVisible(not narrow)
        self._box.setVisible(narrow)

    def _setting_rows(self) -> list[SettingRow]:
        rows = (row for rows in self._sections.values() for row in rows)
        return [row for row in rows if isinstance(row, SettingRow)]

    def _show(self) -> None:
        text = self.search.text().strip()
        found = 0
        for name, rows in self._sections.items():
            wanted = [row.matches(text) if text else name == self._current for row in rows]
            for row, is_wanted in zip(rows, wanted, strict=True):
                row.setVisible(is_wanted)
                row.mark(bool(text) and is_wanted)
                found += is_wanted
            self._heads[name].setVisible(bool(text) and any(wanted))
        self._title.setText(
            tr("Settings with “{text}”", text=text) if text else _title(self._current)
        )
        self._nothing.setVisible(found == 0)
        resettable = any(isinstance(row, SettingRow) for row in self._sections[self._current])
        self._reset.setVisible(not text and resettable)

    def _build(self, look: Look) -> None:
        self.search = QLineEdit()
        self.search.setObjectName("settingsSearch")
        self.search.setAccessibleName(tr("Search the settings"))
        self.search.setPlaceholderText(tr("Search the settings"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(lambda _: self._show())
        shortcut = QShortcut(QKeySequence("Ctrl+F"), self)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(self.search.setFocus)
        self._list = QListWidget()
        self._list.setObjectName("settingsPages")
        self._list.setAccessibleName(tr("Pages of the settings"))
        self._list.setProperty("bare", "true")
        for name in self._sections:
            QListWidgetItem(_title(name), self._list)
        self._list.currentRowChanged.connect(self._choose)
        self._list.itemClicked.connect(lambda item: self._choose(self._list.row(item)))
        self._box = ChoiceBox(look)
        self._box.setObjectName("settingsPagesBox")
        self._box.setAccessibleName(tr("Page of the settings"))
        self._box.addItems([_title(name) for name in self._sections])
        self._box.currentIndexChanged.connect(self._choose)
        self._side = QWidget()
        self._side.setObjectName("settingsSide")
        side = QVBoxLayout(self._side)
        side.setContentsMargins(8, 20, 8, 12)
        side.addWidget(self._list)
        side.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self._side)
        row.addWidget(self._body(), 1)
        self._look = look
        self._scale()
        look.changed.connect(self._scale)

    def _scale(self) -> None:
        height = self._look.scale.row(_ITEM)
        for number in range(self._list.count()):
            self._list.item(number).setSizeHint(QSize(0, height))
        self._list.setFixedHeight(self._list.count() * height + 8)
        self._side.setFixedWidth(self._look.scale.text(_SIDE))

    def _body(self) -> QWidget:
        self._title = label("", "display", name="settingsTitle")
        self._nothing = label(
            tr("No setting is called that. Try another word."), "muted", name="settingsNothing"
        )
        self._reset = button(
            tr("Reset this page"), "settingsResetPage", "quiet", on_click=self.reset_page
        )
        column = QWidget()
        column.setMaximumWidth(_COLUMN)
        lines = QVBoxLayout(column)
        lines.setContentsMargins(0, 20, 0, 24)
        lines.setSpacing(12)
        lines.addWidget(self._box)
        lines.addWidget(self.search)
        head = QHBoxLayout()
        head.addWidget(self._title, 1)
        head.addWidget(self._reset)
        lines.addLayout(head)
        if self._settings.read_only:
            lines.addWidget(
                label(
                    tr(
                        "These settings were written by a newer version of the "
                        "program: changes hold until it is closed and are not saved."
                    ),
                    "bad",
                    name="settingsReadOnly",
                    wrap=True,
                )
            )
        self._heads: dict[str, QWidget] = {}
        for name, rows in self._sections.items():
            self._heads[name] = label(_title(name), "group")
            lines.addWidget(self._heads[name])
            for row in rows:
                lines.addWidget(row)
        lines.addWidget(self._nothing)
        lines.addStretch(1)
        holder = QWidget()
        centre = QHBoxLayout(holder)
        centre.setContentsMargins(24, 0, 24, 0)
        centre.addStretch(1)
        centre.addWidget(column, 100_000)
        centre.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setObjectName("settingsScroll")
        self._scroll.setAccessibleName(tr("Settings"))
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(holder)
        return self._scroll

    def _choose(self, index: int) -> None:
        if index >= 0:
            self.show_page(self.pages[index])


def _stopping(rows: Sequence[SettingRow]) -> Callable[[], None]:
    """The store outlives the page."""
    ends = [row.stop for row in rows]

    def stop() -> None:
        for end in ends:
            end()

    return stop


def _title(page: str) -> str:
    return tr(PAGE_TITLES.get(page, page))
