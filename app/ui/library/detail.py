"""The chosen model: what is known of it, and the buttons for what can be done."""

from pathlib import Path

from PySide6.QtCore import Signal, SignalInstance
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.core.language import tr
from app.library.types import InstalledModel, readable
from app.ui.library.words import facts_line, proof_line, state_chip
from app.ui.look import Look
from app.ui.widgets import button, chip, label, restyle, set_chip, single_shot

_COPIED_MS = 1500


class DetailCard(QFrame):
    """Signals carry nothing: they are about the model that is shown."""

    load_wanted = Signal()
    verify_wanted = Signal()
    repair_wanted = Signal()
    finish_wanted = Signal()
    delete_wanted = Signal()
    folder_wanted = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("libraryDetail")
        self.setProperty("card", "true")
        self._look = look
        self._model: InstalledModel | None = None
        self.title = label("", "title", name="libraryDetailTitle", wrap=True)
        self.state = chip(name="libraryDetailState")
        self.facts = label("", "small", name="libraryDetailFacts", wrap=True)
        self.why = label("", "", name="libraryDetailWhy", wrap=True)
        self.path = label("", "mono", name="libraryDetailPath", wrap=True)
        self.load = self._button(tr("Load"), "libraryLoad", self.load_wanted, kind="primary")
        self.finish = self._button(
            tr("Finish download"), "libraryFinish", self.finish_wanted, kind="primary"
        )
        self.repair = self._button(
            tr("Repair"), "libraryRepair", self.repair_wanted, kind="primary",
            tip=tr("Fetches again what is wrong, as little as possible"),
        )  # fmt: skip
        self.verify = self._button(
            tr("Verify"),
            "libraryVerify",
            self.verify_wanted,
            tip=tr("Reads every byte"),
        )
        self.delete = self._button(tr("Delete…"), "libraryDelete", self.delete_wanted)
        self.folder = self._button(tr("Open folder"), "libraryFolder", self.folder_wanted)
        self.copy = button(tr("Copy path"), "libraryCopy", on_click=self._copy)
        self._back = single_shot(self, _COPIED_MS, lambda: self.copy.setText(tr("Copy path")))
        self._lay_out()

    @property
    def model(self) -> InstalledModel | None:
        return self._model

    def show_model(self, model: InstalledModel, *, busy: bool, loaded: bool) -> None:
        """busy: something is being verified or repaired already. loaded: it is the open model."""
        self._model = model
        self.title.setText(model.title)
        text, tone = state_chip(model)
        set_chip(self.state, tr("Loaded") if loaded else text, "busy" if loaded else tone)
        self.facts.setText(facts_line(model))
        said = model.why or proof_line(model)
        self.why.setText(said)
        self.why.setVisible(bool(said))
        restyle(self.why, "tone", "bad" if model.state == "broken" else "small")
        self.path.setText(readable(str(_path(model))))
        whole = model.state == "complete"
        self.load.setVisible(whole)
        self.load.setEnabled(model.path is not None and not loaded)
        self.load.setText(tr("Loaded") if loaded else tr("Load"))
        self.finish.setVisible(model.state == "partial")
        self.repair.setVisible(model.state == "broken")
        self.verify.setVisible(model.state != "partial")
        for control in (self.repair, self.verify, self.finish, self.delete):
            control.setEnabled(not busy)
        if loaded:
            self.repair.setEnabled(False)

    def set_compact(self, compact: bool) -> None:
        """Where there is little height: what is wrong and what can be done, no more."""
        self.facts.setHidden(compact)
        self.path.setHidden(compact)

    def _copy(self) -> None:
        if self._model is not None:
            QGuiApplication.clipboard().setText(str(_path(self._model)))
            self.copy.setText(tr("Copied"))
            self._back.start()

    def _button(
        self, text: str, name: str, signal: SignalInstance, *, kind: str = "plain", tip: str = ""
    ) -> QPushButton:
        return button(text, name, kind, tooltip=tip, on_click=signal.emit)

    def _lay_out(self) -> None:
        head, buttons, column = QHBoxLayout(), QHBoxLayout(), QVBoxLayout(self)
        head.setSpacing(12)
        head.addWidget(self.title, 1)
        head.addWidget(self.state)
        buttons.setSpacing(8)
        for control in (
            self.load, self.finish, self.repair, self.verify, self.folder, self.copy,
        ):  # fmt: skip
            buttons.addWidget(control)
        buttons.addStretch(1)
        buttons.addWidget(self.delete)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        column.addLayout(head)
        for line in (self.facts, self.why, self.path):
            column.addWidget(line)
        column.addLayout(buttons)


def _path(model: InstalledModel) -> Path:
    return model.path or model.files[0].path
