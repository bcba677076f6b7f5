"""Get a file by its address: one field, its answer below it."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app.catalog.quantizations import Quantization
from app.core.cancel import CancelToken
from app.core.errors import KnownError
from app.core.language import tr
from app.core.tasks import Task, TaskRunner, run_bounded
from app.core.units import gigabytes
from app.downloads.requests import request_for
from app.downloads.types import DownloadRequest
from app.planning.offers import base_name
from app.ui.chat.model_loads import known
from app.ui.downloads.address import choose, parse_address
from app.ui.downloads.words import files_text
from app.ui.getting.finders import Listed, Lister
from app.ui.look import Look
from app.ui.widgets import ChoiceBox, announce, button, label, single_shot

_LONGEST_SECONDS = 60.0
_TOLD_MS = 8000


@dataclass(frozen=True)
class Found:
    """chosen: None when the person has to say which."""

    listed: Listed
    chosen: Quantization | None


def request_of(listed: Listed, one: Quantization) -> DownloadRequest:
    title = f"{base_name(listed.repo)} {one.name}"
    return request_for(listed.repo, one.files, title, listed.ref)


class AddressField(QWidget):
    """`chosen` brings a DownloadRequest."""

    chosen = Signal(object)

    def __init__(
        self, look: Look, tasks: TaskRunner, lister: Lister, mirror: Callable[[], str]
    ) -> None:
        """mirror: the Hub's address in use; raises KnownError when it is none."""
        super().__init__()
        self._tasks, self._lister, self._mirror = tasks, lister, mirror
        self._task: Task | None = None
        self._found: Found | None = None
        self.setObjectName("addressField")
        self.edit = QLineEdit()
        self.edit.setObjectName("addressEdit")
        self.edit.setAccessibleName(tr("Address of a model on the Hub"))
        self.edit.setPlaceholderText(
            tr("owner/name, owner/name:Q4_K_M or a huggingface.co address")
        )
        self.edit.setMaxLength(1000)
        self.edit.setClearButtonEnabled(False)
        self.edit.returnPressed.connect(self.look)
        self.edit.textEdited.connect(lambda _: self.reset())
        self._go = button(tr("Get"), "addressGet", on_click=self._pressed)
        self._told = label("", "small", name="addressTold", wrap=True)
        self._choice = ChoiceBox(look)
        self._choice.setObjectName("addressChoice")
        self._choice.setAccessibleName(tr("Quantization to download"))
        self._add = button(tr("Download"), "addressAdd", on_click=self._take_choice)
        self._forget = single_shot(self, _TOLD_MS, self._told.hide)
        self._build()
        self.reset()

    def look(self) -> None:
        """Ask the Hub what is there."""
        self.reset()
        try:
            address = parse_address(self.edit.text(), self._mirror())
        except KnownError as error:
            self._tell(error)
            return
        self._told.setText(tr("Asking the Hub about {repo}…", repo=address.repo))
        self._told.show()
        self._go.setText(tr("Stop"))

        def work(cancel: CancelToken) -> Found:
            # Abandoned when the program ends: a stranger's server may take its time.
            listed = run_bounded(
                lambda token: self._lister(address.repo, token, address.revision),
                cancel,
                _LONGEST_SECONDS,
            )
            return Found(listed, choose(address, listed.quantizations))

        def done(found: Found) -> None:
            if self._task is task:
                self._show(found)

        def failed(error: Exception) -> None:
            if self._task is task:
                self.reset()
                self._tell(known(error))

        task = self._task = self._tasks.run(work, done, failed)

    def reset(self) -> None:
        """Nothing is asked, nothing is told."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._found = None
        self._forget.stop()
        self._go.setText(tr("Get"))
        self._told.hide()
        self._choice.hide()
        self._add.hide()

    def _pressed(self) -> None:
        if self._task is not None:
            self.reset()
        else:
            self.look()

    def _show(self, found: Found) -> None:
        self.reset()
        if found.chosen is not None:
            self._take(found.listed, found.chosen)
            return
        self._found = found
        usable = [one for one in found.listed.quantizations if one.offered]
        self._choice.clear()
        for one in usable:
            size, files = gigabytes(one.size_bytes), files_text(len(one.files))
            self._choice.addItem(f"{one.name} · {size} · {files}", one)
        others = len(found.listed.quantizations) - len(usable)
        left_out = tr(" {others} more cannot be loaded.", others=others) if others else ""
        self._told.setText(
            tr(
                "{repo} has {usable} quantizations. Which one?{left_out}",
                repo=found.listed.repo,
                usable=len(usable),
                left_out=left_out,
            )
        )
        for part in (self._told, self._choice, self._add):
            part.show()
        self._choice.setFocus()

    def _take_choice(self) -> None:
        one = self._choice.currentData()
        if self._found is not None and isinstance(one, Quantization):
            self._take(self._found.listed, one)

    def _take(self, listed: Listed, one: Quantization) -> None:
        self.reset()
        self.edit.clear()
        request = request_of(listed, one)
        size = gigabytes(request.size_bytes)
        told = tr(
            "{title} is in the queue ({size}). {warning}",
            title=request.title,
            size=size,
            warning=one.warning,
        )
        self._told.setText(told.rstrip())
        self._told.show()
        self._forget.start()
        announce(self, self._told.text())
        self.chosen.emit(request)

    def _tell(self, error: KnownError) -> None:
        self._told.setText(str(error))
        self._told.show()
        announce(self, str(error))

    def _build(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.edit, 1)
        row.addWidget(self._go)
        pick = QHBoxLayout()
        pick.setSpacing(8)
        pick.addWidget(self._choice, 1)
        pick.addWidget(self._add)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self._told)
        column.addLayout(pick)
        self._told.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
