"""The access token for the Hub: typed in, tested, removed; whose it is and where it is kept."""

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout

from app.catalog.hub import Hub
from app.catalog.tokens import FILE_WARNING, Token, TokenStore
from app.core.cancel import CancelToken
from app.core.language import mark, tr
from app.core.tasks import TaskRunner
from app.ui.chat.model_loads import known
from app.ui.settings.rows import Row
from app.ui.widgets import button, label, restyle

T = TypeVar("T")
_TEXT = mark(
    "Needed for private and gated models, and it raises the Hub's limits. Make "
    "one on the Hub: your picture, Settings, Access Tokens; the right to read is "
    "enough."
)


class TokenRow(Row):
    """The store is asked on worker threads: a keyring may take its time."""

    def __init__(self, tokens: TokenStore, hub: Hub, tasks: TaskRunner) -> None:
        super().__init__(
            tr("Access token {text} private gated login Hugging Face key password", text=tr(_TEXT))
        )
        self.setObjectName("settingRow-token")
        self.setProperty("card", "true")
        self._tokens, self._hub, self._tasks = tokens, hub, tasks
        self._edit = QLineEdit()
        self._edit.setObjectName("tokenEdit")
        self._edit.setAccessibleName(tr("Access token"))
        self._edit.setEchoMode(QLineEdit.EchoMode.Password)
        self._edit.setPlaceholderText("hf_…")
        self._edit.setMinimumWidth(200)
        self._edit.setMaxLength(500)
        self._save = button(tr("Keep"), "tokenSave", on_click=self.save)
        self._test = button(tr("Test"), "tokenTest", on_click=self.test)
        self._remove = button(tr("Remove"), "tokenRemove", on_click=self.remove)
        self._state = label("", "muted", name="tokenState", wrap=True)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self._edit, 1)
        for part in (self._save, self._test, self._remove):
            line.addWidget(part)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 12, 14)
        column.setSpacing(4)
        column.addWidget(label(tr("Access token"), "strong"))
        column.addWidget(label(tr(_TEXT), "muted", wrap=True))
        column.addSpacing(4)
        column.addLayout(line)
        column.addWidget(self._state)
        self._edit.textChanged.connect(lambda _: self._show_buttons())
        self._edit.returnPressed.connect(self.save)
        self._current: Token | None = None
        self._busy = False
        self._show_buttons()
        self.look()

    def look(self) -> None:
        """What there is now."""
        self._run(lambda _: self._tokens.current(), self._show)

    def save(self) -> None:
        text = self._edit.text()
        if text.strip():
            self._run(lambda _: self._tokens.save(text), self._saved)

    def remove(self) -> None:
        def work(_: CancelToken) -> Token | None:
            self._tokens.remove()
            return self._tokens.current()

        self._run(work, self._show)

    def test(self) -> None:
        """The one that is typed, else the one that is kept."""
        typed = self._edit.text().strip()
        token = typed or (self._current.value if self._current is not None else "")
        self._say(tr("Asking the Hub…"))
        self._run(
            lambda _: self._hub.who_am_i(token),
            lambda name: self._say(tr("The token works. It belongs to {name}.", name=name)),
        )

    def _saved(self, token: Token) -> None:
        self._edit.clear()
        self._show(token)

    def _show(self, token: Token | None) -> None:
        self._current = token
        self._say(_source(token.source) if token is not None else tr("There is no token."))
        self._show_buttons()

    def _show_buttons(self) -> None:
        typed = bool(self._edit.text().strip())
        current = self._current if not self._busy else None
        self._edit.setEnabled(not self._busy)
        self._save.setEnabled(typed and not self._busy)
        self._test.setEnabled((typed or current is not None) and not self._busy)
        self._remove.setEnabled(current is not None and current.source in ("keyring", "file"))

    def _say(self, text: str, *, bad: bool = False) -> None:
        self._state.setText(text)
        restyle(self._state, "tone", "bad" if bad else "muted")

    def _run(self, work: Callable[[CancelToken], T], done: Callable[[T], None]) -> None:
        self._busy = True
        self._show_buttons()
        self._tasks.run(
            work, done, lambda error: self._say(str(known(error)), bad=True), self._ended
        )

    def _ended(self) -> None:
        self._busy = False
        self._show_buttons()


def _source(source: str) -> str:
    return {
        "keyring": tr("A token is kept in this system's keyring."),
        "file": tr("A token is kept. {warning}", warning=tr(FILE_WARNING)),
        "HF_TOKEN": tr("The token in the variable HF_TOKEN is used."),
        "hf auth login": tr("The token of “hf auth login” is used."),
    }[source]
