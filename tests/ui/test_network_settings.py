"""Settings about what goes over the network: web search, Python's sandbox, contacted hosts."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.core.cancel import CancelToken
from app.core.contacts import Contacts
from app.core.tasks import TaskRunner
from app.secrets.store import SecretStore
from app.secrets.vault import Vault
from app.settings.of_tools import SEARCH_PROVIDER, SEARXNG_ADDRESS
from app.settings.store import SettingsStore
from app.tools.python_code.run_python import PythonTool
from app.tools.search_web.providers import Hit, SearchChoice
from app.tools.tool import ToolFailure
from app.ui.settings.contacts_row import ContactsRow, when
from app.ui.settings.python_row import PythonRow
from app.ui.settings.search_row import SearchRow
from app.ui.settings.whole import _wrong_instance
from tests.secrets.vaults import MemoryVault, NoVault

W = TypeVar("W", bound=QWidget)
Search = Callable[[SearchChoice, str, int, CancelToken], list[Hit]]


def find(row: QWidget, kind: type[W], name: str) -> W:
    found = row.findChild(kind, name)
    assert isinstance(found, kind)
    return found


def says(row: QWidget, name: str) -> str:
    return find(row, QLabel, name).text()


@pytest.fixture
def search_row(
    qtbot: QtBot, settings: SettingsStore, tasks: TaskRunner, tmp_path: Path
) -> Callable[..., SearchRow]:
    def make(vault: Vault | None = None, search: Search | None = None) -> SearchRow:
        key = SecretStore("test", tmp_path / "key", vault or MemoryVault())
        choice = SearchChoice(
            lambda: settings.get(SEARCH_PROVIDER), lambda: settings.get(SEARXNG_ADDRESS), key
        )
        row = SearchRow(settings, choice, tasks, search or (lambda *_: []))
        qtbot.addWidget(row)
        row.show()
        return row

    return make


def test_what_is_missing_is_said_as_it_changes(
    search_row: Callable[..., SearchRow], settings: SettingsStore
) -> None:
    row = search_row()
    test = find(row, QPushButton, "searchTest")
    assert "needs a provider" in says(row, "searchState")
    assert not test.isEnabled()
    settings.set(SEARCH_PROVIDER, "searxng")
    assert "needs the address of SearXNG" in says(row, "searchState")
    settings.set(SEARXNG_ADDRESS, "http://searx.lan:8888")
    assert "can search the web" in says(row, "searchState")
    assert test.isEnabled()
    assert "others on the way can read" in says(row, "searchState")
    settings.set(SEARXNG_ADDRESS, "https://searx.lan")
    assert "others on the way" not in says(row, "searchState")
    settings.set(SEARXNG_ADDRESS, "http://localhost:8888")
    assert "others on the way" not in says(row, "searchState")
    assert not find(row, QLineEdit, "searchKeyEdit").isVisible()


def test_a_key_is_kept_and_removed(
    qtbot: QtBot, search_row: Callable[..., SearchRow], settings: SettingsStore
) -> None:
    settings.set(SEARCH_PROVIDER, "brave")
    vault = MemoryVault()
    row = search_row(vault)
    edit = find(row, QLineEdit, "searchKeyEdit")
    assert edit.isVisible()
    assert edit.echoMode() == QLineEdit.EchoMode.Password
    edit.setText("two words")
    row.save()
    assert "not a key" in says(row, "searchState")
    edit.setText(" BSA_good_key ")
    row.save()
    qtbot.waitUntil(lambda: vault.token == "BSA_good_key" and not row._busy)
    assert edit.text() == ""
    assert "in this system's keyring" in says(row, "searchState")
    assert find(row, QPushButton, "searchTest").isEnabled()
    find(row, QPushButton, "searchKeyRemove").click()
    qtbot.waitUntil(lambda: vault.token is None and not row._busy)
    assert "needs a key" in says(row, "searchState")


def test_a_key_in_a_file_is_said(
    qtbot: QtBot, search_row: Callable[..., SearchRow], settings: SettingsStore
) -> None:
    settings.set(SEARCH_PROVIDER, "brave")
    row = search_row(NoVault())
    find(row, QLineEdit, "searchKeyEdit").setText("BSA_good_key")
    row.save()
    qtbot.waitUntil(lambda: not row._busy)
    assert "unencrypted" in says(row, "searchState")


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        ([Hit("<b>T</b>", "https://t.example/", "")], "Results: 1; the first is “<b>T</b>”"),
        ([], "found nothing"),
        (ToolFailure("the name x was not found"), "The name x was not found."),
    ],
)
def test_a_search_is_tried(
    qtbot: QtBot,
    search_row: Callable[..., SearchRow],
    settings: SettingsStore,
    outcome: list[Hit] | ToolFailure,
    words: str,
) -> None:
    def search(_choice: SearchChoice, _query: str, _most: int, _cancel: CancelToken) -> list[Hit]:
        if isinstance(outcome, ToolFailure):
            raise outcome
        return outcome

    settings.set(SEARCH_PROVIDER, "searxng")
    settings.set(SEARXNG_ADDRESS, "https://searx.example")
    row = search_row(search=search)
    find(row, QPushButton, "searchTest").click()
    qtbot.waitUntil(lambda: not row._busy)
    assert words in says(row, "searchState")
    state = find(row, QLabel, "searchState")
    assert state.textFormat().name == "PlainText"


def test_an_address_that_is_none_is_said_as_it_is_typed() -> None:
    assert _wrong_instance("") == ""
    assert _wrong_instance("http://localhost:8080/searx") == ""
    assert "name or a password" in _wrong_instance("https://a:b@searx.example")


def test_what_python_needs_is_said_once_it_is_seen(qtbot: QtBot, tasks: TaskRunner) -> None:
    there: list[str | None] = [None]
    python = PythonTool(find=lambda: there[0], platform="linux")
    row = PythonRow(python, tasks)
    qtbot.addWidget(row)
    assert says(row, "pythonState") == ""
    row.show()
    qtbot.waitUntil(lambda: not row._busy)
    assert "Install the package “bubblewrap”" in says(row, "pythonState")
    there[0] = "/nowhere/bwrap"
    find(row, QPushButton, "pythonTest").click()
    qtbot.waitUntil(lambda: not row._busy)
    assert "does not let bubblewrap make a sandbox" in says(row, "pythonState")


class Clock:
    def __init__(self) -> None:
        self.moment = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.moment += timedelta(minutes=1)
        return self.moment


def _hosts(row: ContactsRow) -> list[str]:
    table = find(row, QWidget, "contactsTable")
    return [one.text() for one in table.findChildren(QLabel) if one.property("tone") == "strong"]


def _seen(qtbot: QtBot, contacts: Contacts, tasks: TaskRunner) -> ContactsRow:
    row = ContactsRow(contacts, tasks)
    qtbot.addWidget(row)
    row.show()
    qtbot.waitUntil(lambda: not row._busy)
    return row


def test_contacted_hosts_are_listed_and_cleared(
    qtbot: QtBot, tasks: TaskRunner, tmp_path: Path
) -> None:
    contacts = Contacts(tmp_path / "contacts.json", Clock())
    contacts.note("<b>one.example", "A web search of the model")
    contacts.add_bytes("<b>one.example", "A web search of the model", 2_500_000)
    contacts.note("two.example", "Downloading models")
    contacts.note("two.example", "Downloading models")
    row = _seen(qtbot, contacts, tasks)
    texts = [one.text() for one in find(row, QWidget, "contactsTable").findChildren(QLabel)]
    assert texts == [
        "two.example",
        when(datetime(2026, 1, 2, 3, 8, tzinfo=UTC)),
        "Downloading models",
        "2 times · 0 bytes",
        "<b>one.example",
        when(datetime(2026, 1, 2, 3, 6, tzinfo=UTC)),
        "A web search of the model",
        "once · 2.5 MB",
    ]
    find(row, QPushButton, "contactsClear").click()
    qtbot.waitUntil(lambda: not row._busy)
    assert says(row, "contactsState") == "No host has been contacted."
    assert not find(row, QPushButton, "contactsClear").isEnabled()
    assert contacts.all() == ()


def test_a_long_list_is_shown_in_part(qtbot: QtBot, tasks: TaskRunner, tmp_path: Path) -> None:
    contacts = Contacts(tmp_path / "contacts.json", Clock())
    for number in range(30):
        contacts.note(f"h{number}.example", "Downloading models")
    row = _seen(qtbot, contacts, tasks)
    more = find(row, QPushButton, "contactsMore")
    assert (len(_hosts(row)), more.text()) == (12, "Show all 30")
    more.click()
    assert (len(_hosts(row)), more.text()) == (30, "Show fewer")


def test_the_list_is_read_again_when_it_comes_into_view(
    qtbot: QtBot, tasks: TaskRunner, tmp_path: Path
) -> None:
    contacts = Contacts(tmp_path / "contacts.json", Clock())
    row = _seen(qtbot, contacts, tasks)
    row.setVisible(False)
    contacts.note("new.example", "Downloading models")
    row.setVisible(True)
    qtbot.waitUntil(lambda: _hosts(row) == ["new.example"])
    qtbot.waitUntil(lambda: not row._busy)


def test_a_list_that_cannot_be_cleared_is_said(
    qtbot: QtBot, tasks: TaskRunner, tmp_path: Path
) -> None:
    (tmp_path / "contacts.json").mkdir()
    contacts = Contacts(tmp_path / "contacts.json", Clock())
    contacts.note("new.example", "Downloading models")
    row = _seen(qtbot, contacts, tasks)
    row.clear()
    qtbot.waitUntil(lambda: not row._busy)
    assert "could not be cleared" in says(row, "contactsState")
    assert _hosts(row) == ["new.example"]
