"""The line under a turn: what goes on while it runs, then its figures and what can be done."""

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu, QProgressBar, QWidget

from app.core.language import mark, tr
from app.ui.chat.actions import Action
from app.ui.chat.entries import Footer
from app.ui.chat.views.action_bar import ActionBar, VersionSwitch
from app.ui.chat.views.entry_view import EntryView
from app.ui.look import Look
from app.ui.markdown.plain import plain_text
from app.ui.widgets import CopyButton, IconButton, button, label, plain_tip

_HEIGHT = 24
_GAP = 8
# With less room than this beside the buttons, the text gets a line of its own.
_LEAST_TEXT = 260
_CONTINUE = mark("Go on with this answer where it broke off")
_ACTIONS: tuple[Action, ...] = ("again", "branch")


class FooterView(EntryView):
    gap_above = 8

    def __init__(self, look: Look, entry: Footer, parent: QWidget) -> None:
        super().__init__(look, "footer", parent)
        self._entry = entry
        self._text = label("", "small", name=f"footerText-{self.number}")
        self._text.setParent(self)
        self._progress = QProgressBar(self)
        self._progress.setObjectName(f"footerProgress-{self.number}")
        self._progress.setAccessibleName(tr("Prompt read"))
        self._progress.setTextVisible(False)
        self._progress.setRange(0, 1000)
        self._copy = CopyButton(
            look, tr("Copy answer"), f"copyAnswer-{self.number}", lambda: entry.answer, self
        )
        self._more = IconButton(
            look,
            "more",
            tr("More that can be done with the answer"),
            f"copyMenu-{self.number}",
            kind="mini",
            on_click=self._show_menu,
            parent=self,
        )
        self.menu = QMenu(self)
        self.menu.setObjectName(f"copyMenuList-{self.number}")
        self.menu.aboutToShow.connect(self._fill)
        self._actions = ActionBar(look, _ACTIONS, 1, self.number, self)
        self._actions.wanted.connect(self.acted)
        self._switch = VersionSwitch(look, mark("Answer {place} of {count}"), self.number, self)
        self._switch.wanted.connect(self.acted)
        self._continue = button(
            tr("Continue"),
            f"continueAnswer-{self.number}",
            "quiet",
            on_click=lambda: self.acted.emit("continue"),
            parent=self,
        )
        self._copy.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._copy.customContextMenuRequested.connect(lambda _: self._show_menu())
        self.redraw()
        self.refresh()

    def redraw(self) -> None:
        self._continue.setIcon(self.look.icon("play", "muted", 14))

    def refresh(self) -> None:
        entry = self._entry
        self._text.setText(entry.text)
        self._copy.setVisible(not entry.running and bool(entry.answer))
        self._more.setVisible(not entry.running and bool(entry.answer or entry.message))
        self._progress.setVisible(entry.fraction is not None)
        self._progress.setValue(round((entry.fraction or 0.0) * 1000))
        self.refresh_actions()

    def refresh_actions(self) -> None:
        entry = self._entry
        before = self._buttons_width()
        self._actions.refresh(self.can)
        self._switch.show_versions(entry.version, entry.versions, entry.made, self.can)
        if entry.running:
            self._switch.hide()
        ability = self.can("continue")
        self._continue.setVisible(ability is not None)
        if ability is not None:
            self._continue.setEnabled(ability.available)
            self._continue.setToolTip(plain_tip(ability.reason or tr(_CONTINUE)))
            self._continue.setAccessibleDescription(ability.reason or tr(_CONTINUE))
        if self._buttons_width() != before:
            self.resized.emit()

    def action_button(self, action: Action) -> QWidget | None:
        made: QWidget | None = self._actions.buttons.get(action)
        if action in ("earlier", "later"):
            made = self._switch.button(action)
        elif action == "continue":
            made = self._continue
        return made if made is not None and made.isEnabled() and not made.isHidden() else None

    def height_for(self, width: int) -> int:
        entry = self._entry
        buttons = self._buttons_width()
        if not (entry.text or entry.running or buttons):
            return 0
        left = 0
        if not self._progress.isHidden():
            self._progress.setGeometry(0, (_HEIGHT - 8) // 2, 96, 8)
            left = 96 + 10
        self._text.setWordWrap(False)  # else it would want less than its one line
        wanted = self._text.sizeHint().width()
        room = width - left - (buttons + _GAP if buttons else 0)
        below = wanted > room and room < _LEAST_TEXT and bool(buttons)
        room = width - left if below else room
        self._text.setWordWrap(wanted > room)
        height = max(_HEIGHT, self._text.heightForWidth(room) if wanted > room else 0)
        self._text.setGeometry(left, 0, min(wanted, room), height)
        told = "\n".join(filter(None, (tr("Speed, wait and prompt of this answer"), entry.made)))
        self._text.setToolTip(plain_tip(told) if wanted else "")
        self._place_buttons(width, height if below else 0)
        return height + _HEIGHT if below else height

    def _parts(self) -> list[tuple[QWidget, int]]:
        """The buttons from left to right, with their widths."""
        return [
            (self._switch, self._switch.wanted_width),
            (self._continue, 0 if self._continue.isHidden() else self._continue.sizeHint().width()),
            (self._actions, self._actions.wanted_width),
            (self._copy, 0 if self._copy.isHidden() else _HEIGHT),
            (self._more, 0 if self._more.isHidden() else _HEIGHT),
        ]

    def _buttons_width(self) -> int:
        widths = [width for _, width in self._parts() if width]
        return sum(widths) + 4 * max(0, len(widths) - 1)

    def _place_buttons(self, width: int, top: int) -> None:
        left = width - self._buttons_width()
        for part, wanted in self._parts():
            if wanted:
                part.setGeometry(left, top, wanted, _HEIGHT)
                left += wanted + 4

    def _show_menu(self) -> None:
        self.menu.popup(self._more.mapToGlobal(QPoint(0, self._more.height())))

    def _fill(self) -> None:
        self.menu.clear()
        add_copies(self.menu, self._entry.answer)
        if self.fill_menu is not None:
            self.fill_menu(self.menu)


def add_copies(menu: QMenu, answer: str) -> None:
    """The ways to copy it."""
    if answer:
        menu.addAction(tr("Copy as Markdown"), lambda: _copy(answer))
        menu.addAction(tr("Copy as plain text"), lambda: _copy(plain_text(answer)))


def _copy(text: str) -> None:
    QGuiApplication.clipboard().setText(text)
