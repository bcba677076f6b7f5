"""The line under a turn: what goes on while it runs, then its figures and a copy button."""

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu, QProgressBar, QWidget

from app.ui.chat.entries import Footer
from app.ui.chat.views.entry_view import EntryView
from app.ui.look import Look
from app.ui.markdown.plain import plain_text
from app.ui.widgets import CopyButton, IconButton, label

_HEIGHT = 24


class FooterView(EntryView):
    gap_above = 8

    def __init__(self, look: Look, entry: Footer, parent: QWidget) -> None:
        super().__init__(look, "footer", parent)
        self._entry = entry
        self._text = label("", "small", name=f"footerText-{self.number}")
        self._text.setParent(self)
        self._progress = QProgressBar(self)
        self._progress.setObjectName(f"footerProgress-{self.number}")
        self._progress.setAccessibleName("Prompt read")
        self._progress.setTextVisible(False)
        self._progress.setRange(0, 1000)
        self._copy = CopyButton(
            look, "Copy answer", f"copyAnswer-{self.number}", lambda: entry.answer, self
        )
        self._more = IconButton(
            look,
            "more",
            "Other ways to copy the answer",
            f"copyMenu-{self.number}",
            kind="mini",
            on_click=self._show_menu,
            parent=self,
        )
        self.menu = QMenu(self)
        self.menu.setObjectName(f"copyMenuList-{self.number}")
        self.menu.addAction("Copy as Markdown", lambda: _copy(entry.answer))
        self.menu.addAction("Copy as plain text", lambda: _copy(plain_text(entry.answer)))
        self._copy.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._copy.customContextMenuRequested.connect(lambda _: self._show_menu())
        self.refresh()

    def refresh(self) -> None:
        entry = self._entry
        self._text.setText(entry.text)
        self._copy.setVisible(not entry.running and bool(entry.answer))
        self._more.setVisible(not self._copy.isHidden())
        self._progress.setVisible(entry.fraction is not None)
        self._progress.setValue(round((entry.fraction or 0.0) * 1000))

    def height_for(self, width: int) -> int:
        if not (self._entry.text or self._entry.running or self._entry.answer):
            return 0
        left = 0
        if not self._progress.isHidden():
            self._progress.setGeometry(0, (_HEIGHT - 8) // 2, 96, 8)
            left = 96 + 10
        if not self._copy.isHidden():
            self._copy.setGeometry(width - 52, 0, 24, 24)
            self._more.setGeometry(width - 24, 0, 24, 24)
        wanted = self._text.sizeHint().width()
        room = width - left - 60
        self._text.setWordWrap(wanted > room)
        height = max(_HEIGHT, self._text.heightForWidth(room) if wanted > room else 0)
        self._text.setGeometry(left, 0, min(wanted, room), height)
        self._text.setToolTip("Speed, wait and prompt of this answer" if wanted else "")
        return height

    def _show_menu(self) -> None:
        self.menu.popup(self._more.mapToGlobal(QPoint(0, self._more.height())))


def _copy(text: str) -> None:
    QGuiApplication.clipboard().setText(text)
