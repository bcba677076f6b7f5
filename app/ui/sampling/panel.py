"""The sampling panel: presets and every parameter, beside the chat."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app.core.language import tr
from app.ui.chat.side_panel import SidePanel
from app.ui.look import Look
from app.ui.sampling.choice import SamplingChoice
from app.ui.sampling.fields import SamplingFields
from app.ui.sampling.preset_bar import PresetBar
from app.ui.widgets import IconButton, button, label


class SamplingPanel(SidePanel):
    """`changed`: the choice has other values, or presets are others. `close_wanted`: fold the
    panel. `for_all_wanted`: new chats are to have what is set. `as_all_wanted`: this chat is to
    have what is set for new ones. `files_wanted`: presets go out or come in as a file."""

    changed = Signal()
    close_wanted = Signal()
    for_all_wanted = Signal()
    as_all_wanted = Signal()
    files_wanted = Signal()

    def __init__(self, look: Look, choice: SamplingChoice, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("samplingPanel")
        self.setAccessibleName(tr("Sampling"))
        self.setProperty("bar", "side")
        self._choice = choice
        self._presets = PresetBar(look, choice)
        self._presets.changed.connect(self._preset_changed)
        self._presets.files_wanted.connect(self.files_wanted)
        self.reset = button(tr("Reset to preset"), "samplingReset", on_click=self._reset)
        self.parameters = SamplingFields(look, choice)
        self.parameters.changed.connect(self._edited)
        self.scope = label("", "muted", name="samplingScope", wrap=True)
        self.for_all = button(
            tr("Use for new chats"), "samplingForAll", "quiet", on_click=self.for_all_wanted.emit
        )
        self.as_all = IconButton(
            look,
            "reset",
            tr("Back to that of new chats"),
            "samplingAsAll",
            kind="mini",
            on_click=self.as_all_wanted.emit,
        )
        self._build(look)
        self.set_scope(own=False)
        self.refresh()

    def set_scope(self, *, own: bool) -> None:
        """own: it was chosen for this chat, not for all new ones."""
        self.scope.setText(tr("For this chat") if own else tr("As in all new chats"))
        self.for_all.setVisible(own)
        self.as_all.setVisible(own)

    def refresh(self) -> None:
        """Show the choice as it is now."""
        self.parameters.refresh()
        self._presets.refresh()
        self._mark()

    def focus_first(self) -> None:
        self._presets.combo.setFocus()

    def escape(self) -> None:
        """Give up naming a preset, else close."""
        if not self._presets.end_naming():
            self.close_wanted.emit()

    def _edited(self) -> None:
        self._mark()
        self.changed.emit()

    def _reset(self) -> None:
        self._choice.reset()
        self.refresh()
        self.changed.emit()

    def _preset_changed(self) -> None:
        self.refresh()
        self.changed.emit()

    def _mark(self) -> None:
        self.reset.setEnabled(bool(self._choice.differing))
        self._presets.update_actions()

    def _build(self, look: Look) -> None:
        close = IconButton(
            look,
            "cross",
            tr("Close the sampling panel"),
            "closeSampling",
            on_click=self.close_wanted.emit,
        )
        head = QHBoxLayout()
        head.setContentsMargins(16, 10, 10, 0)
        head.addWidget(label(tr("Sampling"), "title", name="samplingTitle"), 1)
        head.addWidget(close)
        scope = QHBoxLayout()
        scope.setSpacing(4)
        scope.addWidget(self.scope, 1)
        scope.addWidget(self.for_all)
        scope.addWidget(self.as_all)
        top = QVBoxLayout()
        top.setContentsMargins(16, 4, 12, 8)
        top.setSpacing(8)
        top.addLayout(scope)
        top.addWidget(self._presets)
        top.addWidget(self.reset, 0, Qt.AlignmentFlag.AlignLeft)
        content = QWidget()
        content.setObjectName("samplingContent")
        inner = QVBoxLayout(content)
        inner.setContentsMargins(16, 4, 16, 16)
        inner.addWidget(self.parameters)
        inner.addStretch()
        scroll = QScrollArea()
        scroll.setObjectName("samplingScroll")
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(content)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(head)
        column.addLayout(top)
        column.addWidget(scroll, 1)
