"""The cards with which a turn waits for the person: may this run, and what do you say."""

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from app.core.language import tr
from app.tools.consent import ConsentRequest, Decision, QuestionRequest, Request
from app.tools.tool import Choice
from app.ui.flow import Flow
from app.ui.look import Look
from app.ui.markdown.links import with_hidden_shown
from app.ui.tools import words
from app.ui.tools.folded_text import FoldedText
from app.ui.tools.wrap_button import WrapButton
from app.ui.widgets import button, label

_LONGEST_NAME = 600
_LONGEST_WORD = 500
_LONGEST_ANSWER = 4_000


class AskCard(QWidget):
    """`answered` brings the request and what the person says to it; once. `edited`: what they have
    typed so far. `resized`: its height at the same width is another one."""

    answered = Signal(object, object)
    edited = Signal(str)
    resized = Signal()

    def __init__(self, request: Request, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.request = request
        self.setObjectName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._done = False
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(6)

    def height_at(self, width: int) -> int:
        return self.column.totalHeightForWidth(width)

    def say(self, answer: object) -> None:
        if not self._done:
            self._done = True
            self.answered.emit(self.request, answer)
            self.setEnabled(False)

    def set_draft(self, text: str) -> None:
        """What was typed before and not sent."""
        raise NotImplementedError

    def shortcut(self, number: int, target: QPushButton) -> str:
        """Alt and the number press the button, wherever the focus is."""
        keys = f"Alt+{number}"
        made = QShortcut(QKeySequence(keys), self)
        made.setObjectName(f"{target.objectName()}-keys")
        made.activated.connect(target.click)
        return keys


class ConsentCard(AskCard):
    def __init__(self, look: Look, request: ConsentRequest, name: str, parent: QWidget) -> None:
        super().__init__(request, name, parent)
        title, effect = words.headline(request), words.touch_text(request)
        lines = "\n".join(line for line in request.lines if line.strip())
        self.setAccessibleName(f"{title} {effect} {with_hidden_shown(lines)[:_LONGEST_NAME]}")
        self.setAccessibleDescription(words.reach_text(request))
        self.column.addWidget(label(title, "strong", name=f"{name}-title", wrap=True))
        self.column.addWidget(label(effect, "muted", name=f"{name}-effect", wrap=True))
        self._texts: list[FoldedText] = []
        if lines:
            self._add_text(FoldedText(look, lines, tr("What it would do"), f"{name}-what", self))
        if request.diff:
            diff = request.diff.partition("\n+++ ")[2].partition("\n")[2] or request.diff
            self._add_text(
                FoldedText(look, diff, tr("Changes"), f"{name}-changes", self, diff=True)
            )
        self.column.addSpacing(4)
        self.column.addWidget(self._buttons(request, name))
        self.column.addWidget(
            label(words.reach_text(request), "small", name=f"{name}-reach", wrap=True)
        )
        self._word = QLineEdit()
        self._word.setObjectName(f"{name}-word")
        self._word.setAccessibleName(tr("A word to the model if you deny"))
        self._word.setPlaceholderText(tr("A word to the model if you deny (optional)"))
        self._word.setMaxLength(_LONGEST_WORD)
        self._word.textChanged.connect(self.edited)
        self._word.returnPressed.connect(partial(self._choose, "deny"))
        self.column.addWidget(self._word)

    def height_at(self, width: int) -> int:
        for text in self._texts:
            text.fit(width)
        return super().height_at(width)

    def set_draft(self, text: str) -> None:
        self._word.setText(text)

    def _buttons(self, request: ConsentRequest, name: str) -> Flow:
        row = Flow(8)
        buttons: list[QPushButton] = []
        first = request.choices[0]
        for number, choice in enumerate(request.choices, 1):
            text = words.choice_text(choice, grant=request.grant)
            kind = "primary" if choice == first == "once" else "plain"
            made = button(
                text, f"{name}-{choice}", kind, on_click=partial(self._choose, choice), parent=self
            )
            keys = self.shortcut(number, made)
            made.setToolTip(f"{text} ({keys})")
            made.setAccessibleDescription(keys)
            buttons.append(made)
        row.arrange(buttons)
        return row

    def _choose(self, choice: Choice) -> None:
        self.say(Decision(choice, self._word.text().strip() if choice == "deny" else ""))

    def _add_text(self, text: FoldedText) -> None:
        self._texts.append(text)
        text.resized.connect(self.resized)
        self.column.addSpacing(4)
        self.column.addWidget(text)


class QuestionCard(AskCard):
    def __init__(self, request: QuestionRequest, name: str, parent: QWidget) -> None:
        super().__init__(request, name, parent)
        asked = words.legible(request.question.text)
        self.setAccessibleName(tr("The model asks: {question}", question=asked))
        self.column.addWidget(label(tr("The model asks you"), "muted", name=f"{name}-title"))
        self.column.addWidget(label(asked, "strong", name=f"{name}-question", wrap=True))
        self.column.addSpacing(4)
        self._choices: list[WrapButton] = []
        for number, choice in enumerate(request.question.choices, 1):
            shown = words.legible(choice)
            made = WrapButton(shown, f"{name}-choice-{number}", self)
            made.clicked.connect(partial(self._pick, choice))
            keys = self.shortcut(number, made)
            made.setToolTip(keys)
            made.setAccessibleDescription(keys)
            self._choices.append(made)
            self.column.addWidget(made)
        self._answer = QLineEdit()
        self._answer.setObjectName(f"{name}-answer")
        self._answer.setAccessibleName(tr("Your answer"))
        self._answer.setPlaceholderText(tr("Your answer"))
        self._answer.setMaxLength(_LONGEST_ANSWER)
        self._answer.textChanged.connect(self._typed)
        self._answer.textChanged.connect(self.edited)
        self._answer.returnPressed.connect(self._send)
        self._button = button(
            tr("Answer"), f"{name}-send", "primary", on_click=self._send, parent=self
        )
        none = button(
            tr("Do not answer"), f"{name}-none", on_click=partial(self.say, None), parent=self
        )
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._answer, 1)
        row.addWidget(self._button)
        row.addWidget(none)
        self.column.addLayout(row)
        self._typed()

    def set_draft(self, text: str) -> None:
        self._answer.setText(text)

    def height_at(self, width: int) -> int:
        for choice in self._choices:
            choice.fit(width)
        return super().height_at(width)

    def _pick(self, choice: str, *_: object) -> None:
        self.say(choice)

    def _typed(self) -> None:
        self._button.setEnabled(bool(self._answer.text().strip()))

    def _send(self) -> None:
        if text := self._answer.text().strip():
            self.say(text)


def ask_card(look: Look, request: Request, name: str, parent: QWidget) -> AskCard:
    if isinstance(request, ConsentRequest):
        return ConsentCard(look, request, name, parent)
    return QuestionCard(request, name, parent)
