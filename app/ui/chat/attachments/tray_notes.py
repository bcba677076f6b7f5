"""Below the chips: why a file was not added, or what to know about its reading."""

from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.chat.attachments.types import MayPassError
from app.core.language import tr
from app.ui.chat.attachments.desk import Desk, Item
from app.ui.widgets import button, card, label

_MOST_LINES = 3


class _Notes(QFrame):
    """Some lines and what can be done about them; hidden without lines."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.text = label("", "small", name=f"{name}Text", wrap=True)
        inner = card("notice", name=f"{name}Card")
        self._row = QHBoxLayout(inner)
        self._row.setContentsMargins(12, 6, 6, 6)
        self._row.setSpacing(4)
        self._row.addWidget(self.text, 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(inner)
        self.hide()

    def add(self, made: QPushButton) -> QPushButton:
        self._row.addWidget(made)
        return made

    def say(self, lines: list[str]) -> None:
        shown = lines[:_MOST_LINES]
        if len(lines) > _MOST_LINES:
            shown.append(tr("And {count} more like these.", count=len(lines) - _MOST_LINES))
        self.text.setText("\n".join(shown))
        self.setVisible(bool(lines))


class TrayNotes(QWidget):
    """failures block the question, remarks do not."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.setObjectName("attachmentNotes")
        self._desk = desk
        self._seen: set[Item] = set()
        self.failures, self.remarks = _Notes("attachmentFailures"), _Notes("attachmentRemarks")
        self.again = self.failures.add(
            button(tr("Try again"), "attachmentRetry", "quiet", on_click=self._retry)
        )
        self.discard = self.failures.add(
            button(tr("Remove"), "attachmentDiscard", "quiet", on_click=self._discard)
        )
        self.understood = self.remarks.add(
            button(tr("OK"), "attachmentUnderstood", "quiet", on_click=self._understood)
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.failures)
        column.addWidget(self.remarks)

    def refresh(self) -> None:
        failed, remarked = self._failed, self._remarked
        self.failures.say([str(item.error) for item in failed])
        self.again.setVisible(any(isinstance(item.error, MayPassError) for item in failed))
        self.remarks.say([f"{item.name}: {' '.join(_remarks(item))}" for item in remarked])
        self.setVisible(bool(failed or remarked))

    @property
    def _failed(self) -> list[Item]:
        return [item for item in self._desk.items if item.error is not None]

    @property
    def _remarked(self) -> list[Item]:
        self._seen &= set(self._desk.items)
        return [item for item in self._desk.items if _remarks(item) and item not in self._seen]

    def _retry(self) -> None:
        for item in self._failed:
            if isinstance(item.error, MayPassError):
                self._desk.retry(item)

    def _discard(self) -> None:
        for item in self._failed:
            self._desk.remove(item)

    def _understood(self) -> None:
        self._seen |= set(self._remarked)
        self.refresh()


def _remarks(item: Item) -> tuple[str, ...]:
    return item.chosen.remarks if item.chosen is not None else ()
