"""What stands around the chat: the header, the list of chats, one panel at the side."""

from PySide6.QtWidgets import QWidget

from app.ui.chat.header import Header
from app.ui.chat.history.panel import WIDTH as HISTORY_WIDTH
from app.ui.chat.history.panel import HistoryPanel
from app.ui.chat.side_panel import SidePanel

# From here on the list of chats stands beside the chat.
_WIDE = 900


class Beside:
    """Places them by the width of the page; in a narrow one they stand above the chat while they
    are wanted. panel: what stands at the side now."""

    def __init__(
        self, page: QWidget, header: Header, body: QWidget, history: HistoryPanel | None
    ) -> None:
        self._page, self._header, self._body, self._history = page, header, body, history
        self.panel: SidePanel | None = None
        self.history_wanted = False

    def show_panel(self, panel: SidePanel | None) -> None:
        """In place of the one that is shown; None takes it away."""
        if self.panel is not None:
            self.panel.hide()
        self.panel = panel
        if panel is not None:
            panel.setParent(self._page)
            panel.show()
            panel.focus_first()
        self.place()

    def want_history(self, wanted: bool) -> None:
        """The list of chats in a narrow window."""
        self.history_wanted = wanted
        self.place()
        if wanted and self._history is not None:
            self._history.search.setFocus()

    def place(self) -> None:
        top, width, height = self._header.height(), self._page.width(), self._page.height()
        left = self._place_history(width, height)
        self._header.setGeometry(left, 0, width - left, top)
        body = width - left
        if self.panel is not None:
            side = min(self.panel.side_width, width)
            if width - left >= _WIDE:
                body -= side
            self.panel.setGeometry(width - side, top, side, height - top)
            self.panel.raise_()
        self._body.setGeometry(left, top, body, height - top)

    def _place_history(self, width: int, height: int) -> int:
        """What it takes of the width."""
        history = self._history
        if history is None:
            return 0
        wide = width >= _WIDE
        self._header.show_history_button(not wide)
        history.setVisible(wide or self.history_wanted)
        history.setGeometry(0, 0 if wide else self._header.height(), HISTORY_WIDTH, height)
        if not wide:
            history.resize(HISTORY_WIDTH, height - self._header.height())
            history.raise_()
        return HISTORY_WIDTH if wide else 0
