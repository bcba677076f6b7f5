"""The line at the top: title, model menu, sampling, and everything else in one menu."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QWidget

from app.core.language import mark, tr
from app.core.units import count, gigabytes
from app.ui.chat.model_state import LoadFailed, Loading, ModelState, Planning, open_model
from app.ui.commands.command import command
from app.ui.look import Look, ThemeChoice
from app.ui.look.theme import THEME_CHOICES
from app.ui.personas.button import PersonaButton
from app.ui.widgets import IconButton, button, chip, label, plain_tip, restyle

_THEME_LABELS = {
    "system": mark("Like the system"),
    "light": mark("Light"),
    "dark": mark("Dark"),
    "contrast": mark("High contrast"),
}
HEIGHT = 52
_NARROW = 760
_TIGHT = 480
_DEMO = mark("Demo model, not GLM-4.6")


class Header(QFrame):
    new_chat = Signal()
    open_file = Signal()
    open_demo = Signal()
    open_recent = Signal(str)
    models_wanted = Signal()
    reload = Signal()
    unload = Signal()
    first_steps = Signal()
    theme_chosen = Signal(str)
    sampling_toggled = Signal(bool)
    history_wanted = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("header")
        self.setProperty("bar", "header")
        self.setFixedHeight(look.scale.row(HEIGHT))
        self._look = look
        self._full_title = ""
        self._model_name, self._has_demo = tr("No model"), False
        self._recent = ""
        self._new = IconButton(
            look, "plus", tr("New chat (Ctrl+N)"), "newChat", on_click=self.new_chat.emit
        )
        self._history = IconButton(
            look, "chat", tr("Chats"), "showHistory", on_click=self.history_wanted.emit
        )
        self._history.hide()
        self.title = label(tr("New chat"), "title", name="chatTitle")
        self.title.setMinimumWidth(40)
        self.demo = chip(tr(_DEMO), "warn", name="demoNotice")
        self.demo.setToolTip(
            tr("{demo}. A tiny built-in model that shows how the program works.", demo=tr(_DEMO))
        )
        self.model = button(tr("No model"), "modelMenuButton", tooltip=tr("Choose a model"))
        self.model.setIconSize(self.model.iconSize() * 0.8)
        self.model.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        self.sampling = button(
            tr("Sampling"), "samplingButton", tooltip=tr("How the next word is chosen")
        )
        self.sampling.setCheckable(True)
        self.sampling.toggled.connect(self.sampling_toggled)
        self.persona = PersonaButton(look)
        self.more = IconButton(look, "more", tr("Menu"), "mainMenuButton")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 12, 0)
        row.setSpacing(8)
        row.addWidget(self._history)
        row.addWidget(self._new)
        row.addWidget(self.title, 1)
        for part in (self.demo, self.model, self.persona, self.sampling, self.more):
            row.addWidget(part)
        self._build_model_menu()
        self._build_main_menu()
        self._tint()
        look.changed.connect(self._tint)

    def show_history_button(self, shown: bool) -> None:
        """In a narrow window the list of chats, with its own button for a new one, is behind it."""
        self._history.setVisible(shown)
        self._new.setVisible(shown)

    def set_title(self, text: str) -> None:
        self._full_title = text or tr("New chat")
        self.title.setToolTip(plain_tip(self._full_title) if text else "")
        self._elide()

    def set_recent(self, path: str) -> None:
        """The file that was open last, "" for none."""
        self._recent = path
        self._recent_action.setVisible(bool(path))
        self._recent_action.setText(Path(path).name.replace("&", "&&"))
        self._recent_action.setToolTip(plain_tip(path))

    def set_model(self, state: ModelState) -> None:
        loaded = open_model(state)
        match state:
            case _ if loaded is not None:
                name, info = loaded.name, loaded.info
                tip = tr(
                    "{name} · {size} · {context} tokens of context",
                    name=name,
                    size=gigabytes(info.size_bytes),
                    context=count(info.context_tokens),
                )
                tip = " · ".join(filter(None, (tip, loaded.measured)))
            case Loading(name=name):
                tip = tr("{name} is being loaded", name=name)
            case Planning(name=name):
                tip = tr("{name} is being looked at", name=name)
            case LoadFailed(path=path):
                name, tip = tr("No model"), tr("{path} could not be opened", path=path)
            case _:
                name, tip = tr("No model"), tr("Choose a model")
        self._model_name, self._has_demo = name, loaded is not None and loaded.demo
        self._fit_model()
        self.model.setToolTip(plain_tip(tip))
        self.model.setAccessibleName(tr("Model: {name}", name=name))
        self.model.setAccessibleDescription(tip)
        measured = loaded.measured if loaded is not None else ""
        self._measured_action.setVisible(bool(measured))
        self._measured_action.setText(tr("Memory: {measured}", measured=measured))
        self._reload_action.setEnabled(loaded is not None or isinstance(state, LoadFailed))
        self._unload_action.setEnabled(loaded is not None)

    def set_theme(self, choice: ThemeChoice) -> None:
        self._themes[choice].setChecked(True)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._set_compact(self.width() < _NARROW)
        self._fit_model()
        self._elide()

    def _fit_model(self) -> None:
        """In the narrowest window the model's name alone tells that it is the demo."""
        tight = self.width() < _TIGHT
        self.demo.setVisible(self._has_demo and not tight)
        metrics, room = self.model.fontMetrics(), 90 if tight else 200
        shown = metrics.elidedText(self._model_name, Qt.TextElideMode.ElideMiddle, room)
        self.model.setText(shown.replace("&", "&&"))

    def _set_compact(self, compact: bool) -> None:
        """Signs instead of words, where there is little room."""
        self.persona.set_compact(compact)
        self.demo.setText(tr("Demo") if compact else tr(_DEMO))
        self.sampling.setText("" if compact else tr("Sampling"))
        restyle(self.sampling, "kind", "icon" if compact else "plain")

    def _elide(self) -> None:
        text = self.title.fontMetrics().elidedText(
            self._full_title or tr("New chat"), Qt.TextElideMode.ElideRight, self.title.width()
        )
        self.title.setText(text)

    def _build_model_menu(self) -> None:
        menu = QMenu(tr("Model"), self)
        menu.setObjectName("modelMenu")
        menu.setToolTipsVisible(True)
        self.models_action = _action(menu, tr("Models…"), "openModels", self.models_wanted.emit)
        self.models_action.setToolTip(tr("What runs on this computer, and how well"))
        _action(menu, tr("Demo model"), "openDemo", self.open_demo.emit)
        self._recent_action = _action(
            menu, "", "openRecent", lambda: self.open_recent.emit(self._recent)
        )
        self._recent_action.setVisible(False)
        _action(menu, tr("Open a GGUF file…"), "openFile", self.open_file.emit, "Ctrl+O")
        menu.addSeparator()
        self._measured_action = _action(menu, "", "measuredMemory", None)
        self._measured_action.setEnabled(False)
        self._measured_action.setVisible(False)
        self._reload_action = _action(menu, tr("Reload…"), "reloadModel", self.reload.emit)
        self._unload_action = _action(menu, tr("Unload"), "unloadModel", self.unload.emit)
        self.model.setMenu(menu)

    def _build_main_menu(self) -> None:
        menu = QMenu(tr("Program"), self)
        menu.setObjectName("mainMenu")
        _action(menu, tr("New chat"), "newChatAction", self.new_chat.emit, "Ctrl+N")
        menu.addSeparator()
        view = menu.addMenu(tr("View"))
        view.setObjectName("viewMenu")
        group = QActionGroup(self)
        self._themes: dict[ThemeChoice, QAction] = {}
        for choice in THEME_CHOICES:
            text = tr(_THEME_LABELS[choice])
            made = _action(
                view,
                text,
                f"theme-{choice}",
                None,
                full_title=tr("Theme: {lower}", lower=text.lower()),
            )
            made.setCheckable(True)
            made.triggered.connect(lambda _=False, key=choice: self.theme_chosen.emit(key))
            group.addAction(made)
            self._themes[choice] = made
        self._themes["system"].setChecked(True)
        menu.addSeparator()
        self.first_steps_action = _action(
            menu, tr("First steps…"), "firstSteps", self.first_steps.emit
        )
        self.quit_action = _action(menu, tr("Quit"), "quit", None, "Ctrl+Q")
        self.more.setMenu(menu)

    def _tint(self) -> None:
        self.setFixedHeight(self._look.scale.row(HEIGHT))
        self.model.setIcon(self._look.icon("chevron-down", "muted", 14))
        self.sampling.setIcon(self._look.icon("tune", "muted"))


def _action(
    menu: QMenu,
    text: str,
    name: str,
    call: Callable[[], object] | None,
    shortcut: str = "",
    full_title: str = "",
) -> QAction:
    keys = [shortcut] if shortcut else []
    return command(menu, text, name, call, keys, group=menu.title(), full_title=full_title)
