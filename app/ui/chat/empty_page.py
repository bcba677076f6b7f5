"""Before the first question: one sentence and three things to try."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.core.language import mark, tr
from app.ui.chat.model_state import Loading, ModelState, NoModel, Planning, open_model
from app.ui.personas.chips import PersonaChips
from app.ui.widgets import button, label

_CARD = 640
_DEMO = (mark("What can you do?"), mark("What is 37 times 24?"), mark("What is quantization?"))
_ANY = (
    mark("Explain what a mixture of experts is"),
    mark("Write a regular expression for ISO dates"),
    mark("What time is it in Chengdu?"),
)


class EmptyPage(QWidget):
    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("emptyPage")
        self._title = label("", "display", name="emptyTitle", wrap=True)
        self._title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._text = label("", "muted", name="emptyText", wrap=True)
        self._text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._buttons = [button("", f"suggestion-{number}") for number in (1, 2, 3)]
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(8)
        self._column = column
        column.addStretch(2)
        column.addWidget(self._title)
        column.addWidget(self._text)
        self.personas = PersonaChips()
        self._offers = QWidget()
        self._offers.setObjectName("emptyOffers")
        offers = QVBoxLayout(self._offers)
        offers.setContentsMargins(0, 12, 0, 0)
        offers.setSpacing(8)
        offers.addWidget(self.personas)
        offers.addSpacing(16)
        for made in self._buttons:
            made.clicked.connect(lambda *_, which=made: self.chosen.emit(which.property("ask")))
            offers.addWidget(made, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self._offers)
        column.addStretch(3)
        self.set_model(NoModel())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where the composer leaves little room, offers go before they overlap."""
        super().resizeEvent(event)
        margins = self._column.contentsMargins()
        inner = self.width() - margins.left() - margins.right()
        said = sum(
            made.heightForWidth(inner) + self._column.spacing()
            for made in (self._title, self._text)
        )
        offered = self._offers.sizeHint().height()
        self._offers.setVisible(self.height() >= said + offered + margins.top())

    def add_card(self, made: QWidget) -> None:
        """What is on its way, below the title."""
        made.setMaximumWidth(_CARD)
        row = QHBoxLayout()
        row.setContentsMargins(0, 12, 0, 0)
        row.addStretch(1)
        row.addWidget(made, 100_000)
        row.addStretch(1)
        self._column.insertLayout(self._column.indexOf(self._text) + 1, row)

    def set_model(self, state: ModelState) -> None:
        model = open_model(state)
        if isinstance(state, Loading) or (isinstance(state, Planning) and model is None):
            self._title.setText(tr("Opening {name}.", name=state.name))
            self._text.setText(tr("You can write your question meanwhile."))
        elif model is None:
            self._title.setText(tr("No model is open yet."))
            self._text.setText(tr("Open a GGUF file, or start with the built-in demo model."))
        elif model.demo:
            self._title.setText(tr("Ask the demo model something."))
            self._text.setText(
                tr(
                    "It is tiny and built in: it explains this program and shows how "
                    "everything works."
                )
            )
        else:
            self._title.setText(tr("Ask {name} anything.", name=model.name))
            self._text.setText(tr("Your chats stay on this machine."))
        offered = _ANY if model is not None and not model.demo else _DEMO
        texts = [tr(text) for text in offered]
        for made, text in zip(self._buttons, texts, strict=True):
            made.setText(text)
            made.setAccessibleName(tr("Ask: {text}", text=text))
            made.setProperty("ask", text)
            made.setVisible(model is not None)
