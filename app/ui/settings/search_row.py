"""Web search: the key where one is needed, whether it is offered, and a search to try it."""

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app.core.cancel import CancelToken
from app.core.language import tr
from app.core.tasks import TaskRunner
from app.core.units import count
from app.secrets.store import Secret, is_secret
from app.settings.of_tools import SEARCH_PROVIDER, SEARXNG_ADDRESS
from app.settings.store import SettingsStore
from app.tools.search_web.providers import BRAVE, Hit, SearchChoice
from app.tools.search_web.search_web import find
from app.tools.tool import ToolFailure
from app.ui.chat.model_loads import known
from app.ui.settings.rows import Row
from app.ui.widgets import announce, button, label, restyle

T = TypeVar("T")
Search = Callable[[SearchChoice, str, int, CancelToken], list[Hit]]
_TRIED = "GLM-4.6"
_MOST = 5


class SearchRow(Row):
    """search: asks the provider, on a worker thread, where the key is looked up as well."""

    def __init__(
        self,
        settings: SettingsStore,
        choice: SearchChoice,
        tasks: TaskRunner,
        search: Search = find,
    ) -> None:
        super().__init__(
            tr(
                "{title} Brave key SearXNG internet test provider password",
                title=tr("Try the web search"),
            )
        )
        self.setObjectName("settingRow-search")
        self.setProperty("card", "true")
        self._settings, self._choice, self._tasks, self._search = settings, choice, tasks, search
        self._busy = False
        self._build()
        ends = [
            settings.subscribe(SEARCH_PROVIDER, lambda _: self.refresh()),
            settings.subscribe(SEARXNG_ADDRESS, lambda _: self.refresh()),
        ]
        self.destroyed.connect(lambda _=None: [end() for end in ends])
        self.refresh()

    def refresh(self) -> None:
        """What there is now; costs nothing."""
        with_key = self._choice.provider() == BRAVE
        self._key.setVisible(with_key)
        self._title.setText(tr("Key for Brave Search") if with_key else tr("Try the web search"))
        words = self._choice.missing() or tr("Models can search the web. They ask you first.")
        if self._choice.open_line():
            warning = tr("The address begins with http: others on the way can read the searches.")
            words = f"{words} {warning}"
        self._say(words)
        self._show_buttons()

    def save(self) -> None:
        text = self._edit.text().strip()
        if not is_secret(text):
            self._say(tr("That is not a key: it is one word of 8 characters or more."), bad=True)
            return
        self._run(lambda _: self._choice.key.save(text), self._saved)

    def remove(self) -> None:
        self._run(lambda _: self._choice.key.remove(), lambda _: self.refresh())

    def test(self) -> None:
        self._say(tr("Searching for “{words}”…", words=_TRIED))
        self._run(lambda cancel: self._search(self._choice, _TRIED, _MOST, cancel), self._found)

    def _saved(self, secret: Secret) -> None:
        self._edit.clear()
        self.refresh()
        self._say(
            tr("The key is kept in this system's keyring.")
            if secret.place == "keyring"
            else tr(
                "The key is kept. This system has no keyring: it is in a file that only you can "
                "read, unencrypted."
            )
        )

    def _found(self, hits: list[Hit]) -> None:
        if not hits:
            self._say(tr("The provider answers, but found nothing."), bad=True)
            return
        self._say(
            tr(
                "It works. Results: {number}; the first is “{title}”.",
                number=count(len(hits)),
                title=hits[0].title,
            )
        )

    def _show_buttons(self) -> None:
        self._edit.setEnabled(not self._busy)
        self._save.setEnabled(bool(self._edit.text().strip()) and not self._busy)
        self._remove.setEnabled(self._choice.key.kept() and not self._busy)
        self._test.setEnabled(not self._choice.missing() and not self._busy)

    def _say(self, text: str, *, bad: bool = False) -> None:
        self._state.setText(text)
        restyle(self._state, "tone", "bad" if bad else "muted")

    def _run(self, work: Callable[[CancelToken], T], done: Callable[[T], None]) -> None:
        self._busy = True
        self._show_buttons()

        def failed(error: Exception) -> None:
            words = str(error) if isinstance(error, ToolFailure) else str(known(error))
            if isinstance(error, ToolFailure):
                words = f"{words[:1].upper()}{words[1:]}."
            self._say(words, bad=True)

        def ended() -> None:
            self._busy = False
            self._show_buttons()
            announce(self, self._state.text())

        self._tasks.run(work, done, failed, ended)

    def _build(self) -> None:
        self._edit = QLineEdit()
        self._edit.setObjectName("searchKeyEdit")
        self._edit.setAccessibleName(tr("Key for Brave Search"))
        self._edit.setEchoMode(QLineEdit.EchoMode.Password)
        self._edit.setPlaceholderText(tr("Key for Brave Search"))
        self._edit.setMinimumWidth(200)
        self._edit.setMaxLength(500)
        self._edit.textChanged.connect(lambda _: self._show_buttons())
        self._edit.returnPressed.connect(self.save)
        self._save = button(
            tr("Keep"), "searchKeySave", on_click=self.save, accessible=tr("Keep the key")
        )
        self._remove = button(
            tr("Remove"), "searchKeyRemove", on_click=self.remove, accessible=tr("Remove the key")
        )
        self._test = button(
            tr("Try a search"),
            "searchTest",
            on_click=self.test,
            tooltip=tr("Sends the words “{words}” to the provider.", words=_TRIED),
        )
        self._state = label("", "muted", name="searchState", wrap=True)
        self._key = QWidget()
        key = QVBoxLayout(self._key)
        key.setContentsMargins(0, 0, 0, 4)
        key.setSpacing(8)
        key.addWidget(
            label(
                tr(
                    "Brave asks for a key. Make one at brave.com/search/api. It goes to "
                    "api.search.brave.com alone."
                ),
                "muted",
                wrap=True,
            )
        )
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self._edit, 1)
        line.addWidget(self._save)
        line.addWidget(self._remove)
        key.addLayout(line)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 12, 14)
        column.setSpacing(4)
        self._title = label("", "strong", name="searchTitle")
        column.addWidget(self._title)
        column.addWidget(self._key)
        column.addWidget(self._state)
        column.addSpacing(4)
        tried = QHBoxLayout()
        tried.addWidget(self._test)
        tried.addStretch(1)
        column.addLayout(tried)
