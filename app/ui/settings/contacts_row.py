"""Which hosts the program has contacted, why, how often and when."""

from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from app.core.cancel import CancelToken
from app.core.contacts import MAX_CONTACTS, Contact, Contacts
from app.core.language import tr
from app.core.tasks import TaskRunner
from app.core.units import count, gigabytes
from app.ui.chat.model_loads import known
from app.ui.settings.rows import Row
from app.ui.widgets import announce, button, label, restyle

_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop
Found = tuple[Contact, ...]
_SHOWN = 12


class ContactsRow(Row):
    """Read anew each time that it comes into view."""

    def __init__(self, contacts: Contacts, tasks: TaskRunner) -> None:
        self._text = tr(
            "The hosts that this program has contacted since the list was last cleared, at most "
            "{most} of them. The list stays on this machine. What the launcher fetched to prepare "
            "the program is not in it.",
            most=count(MAX_CONTACTS),
        )
        title = tr("Contacted hosts")
        super().__init__(f"{title} {self._text} network privacy log internet")
        self.setObjectName("settingRow-contacts")
        self.setProperty("card", "true")
        self._contacts, self._tasks = contacts, tasks
        self._found: Found = ()
        self._whole = self._busy = False
        self._table = QWidget()
        self._state = label("", "muted", name="contactsState", wrap=True)
        self._more = button("", "contactsMore", "quiet", on_click=self._toggle)
        self._clear = button(tr("Clear the list"), "contactsClear", on_click=self.clear)
        self._refresh = button(tr("Look again"), "contactsRefresh", on_click=self.look)
        line = QHBoxLayout()
        line.setSpacing(8)
        for part in (self._refresh, self._clear, self._more):
            line.addWidget(part)
        line.addStretch(1)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(16, 12, 12, 14)
        self._column.setSpacing(4)
        self._column.addWidget(label(tr("Contacted hosts"), "strong"))
        self._column.addWidget(label(self._text, "muted", wrap=True))
        self._column.addWidget(self._table)
        self._column.addWidget(self._state)
        self._column.addSpacing(4)
        self._column.addLayout(line)
        self._show(())

    def setVisible(self, visible: bool) -> None:
        appears = visible and self.isHidden()
        super().setVisible(visible)
        if appears:
            self.look()

    def look(self) -> None:
        self._run(lambda _: self._contacts.all(), self._show)

    def clear(self) -> None:
        def work(_: CancelToken) -> Found:
            self._contacts.clear()
            return self._contacts.all()

        def done(found: Found) -> None:
            self._show(found)
            announce(self, tr("The list is cleared."))

        self._run(work, done)

    def _run(self, work: Callable[[CancelToken], Found], done: Callable[[Found], None]) -> None:
        if self._busy or self._tasks.closed:
            return
        self._busy = True
        self._show_buttons()
        self._tasks.run(work, done, self._failed, self._ended)

    def _toggle(self) -> None:
        self._whole = not self._whole
        self._show(self._found)

    def _show(self, found: Found) -> None:
        self._found = found
        fresh = _table(found if self._whole else found[:_SHOWN])
        self._column.replaceWidget(self._table, fresh)
        self._table.hide()
        self._table.setObjectName("")
        self._table.deleteLater()
        self._table = fresh
        self._table.setVisible(bool(found))
        self._say("" if found else tr("No host has been contacted."))
        self._state.setVisible(not found)
        self._show_buttons()
        self._more.setVisible(len(found) > _SHOWN)
        self._more.setText(
            tr("Show fewer") if self._whole else tr("Show all {number}", number=count(len(found)))
        )
        self._more.setAccessibleName(self._more.text())

    def _failed(self, error: Exception) -> None:
        self._say(str(known(error)), bad=True)
        self._state.show()

    def _ended(self) -> None:
        self._busy = False
        self._show_buttons()

    def _show_buttons(self) -> None:
        self._clear.setEnabled(bool(self._found) and not self._busy)
        self._refresh.setEnabled(not self._busy)

    def _say(self, text: str, *, bad: bool = False) -> None:
        self._state.setText(text)
        restyle(self._state, "tone", "bad" if bad else "muted")


def _table(found: Found) -> QWidget:
    """Two lines for each host, so that it fits a small window."""
    table = QWidget()
    table.setObjectName("contactsTable")
    grid = QGridLayout(table)
    grid.setContentsMargins(0, 8, 0, 4)
    grid.setHorizontalSpacing(16)
    grid.setVerticalSpacing(2)
    grid.setColumnStretch(0, 1)
    for number, one in enumerate(found):
        host = label(one.host, "strong", wrap=True)
        host.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        grid.addWidget(host, number * 3, 0)
        grid.addWidget(label(when(one.last), "muted"), number * 3, 1, _RIGHT)
        grid.addWidget(label(tr(one.why), "muted", wrap=True), number * 3 + 1, 0)
        grid.addWidget(label(_amount(one), "muted"), number * 3 + 1, 1, _RIGHT)
        grid.setRowMinimumHeight(number * 3 + 2, 8)
    return table


def when(moment: datetime) -> str:
    """Here, to the minute."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"


def _amount(contact: Contact) -> str:
    times = tr("once") if contact.times == 1 else tr("{times} times", times=count(contact.times))
    return f"{times} · {gigabytes(contact.received_bytes)}"
