"""In another language no page says an English word, but for names and units."""

import ast
import csv
import json
import re
import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QApplication, QMenu, QWidget
from pytestqt.qtbot import QtBot

from app import bootstrap
from app.catalog.cards import shipped_cards
from app.catalog.shipped import shipped_catalogue
from app.core.language import use_language
from app.core.paths import resources_dir
from app.core.personas import BUILTIN_PERSONAS
from app.hardware.recorded import load_machine, shipped_machines
from app.hardware.report import sections
from app.planning.quality_data import shipped_measurements
from app.settings.declared import LANGUAGE
from app.ui.application import Desktop, application
from app.ui.backend import EngineBackend
from app.ui.getting.room import Downloads
from app.ui.gpus.build_view import BuildView
from app.ui.language import translations
from app.ui.models.model_words import processor
from app.ui.models.page import ModelsPage
from app.ui.pages import page_builders
from app.ui.personas.button import first_words
from app.ui.settings.info import _PARTS
from app.ui.settings.page import SettingsPage
from app.ui.shell import FIRST_START, PLACES
from tests.ui.conftest import TIMEOUT_MS
from tests.ui.fake_queue import FakeQueue, every_state
from tests.ui.pseudo import Pseudo, english, of_menu, said

pytest.importorskip("llama_cpp")

_PAGES = (*(place.key for place in PLACES), FIRST_START)
_FIGURE = re.compile(r"\d+(?:[.,]\d+)*")
_MACHINE = "workstation-256gb-3090"
_NAMED = {
    "name", "model", "system", "distribution", "release", "container", "description", "filesystem",
    "instruction_sets",
}  # fmt: skip
# A tool in the words that the model reads; what bubblewrap says of this system.
_FOR_THE_MODEL = re.compile(r"toolSwitch-\w+, tooltip|pythonState, \w+")
# Programs, formats and units that have one name everywhere.
_NAMES = (
    "GLM Launcher", "Hugging Face", "PCIe", "MiB", "GiB", "t/s", "Ctrl", "Shift", "Del",
    "Xorg", "cgroup v2", "python3 launch.py --engine", "huggingface.co", "https://huggingface.co",
)  # fmt: skip


@pytest.fixture(autouse=True)
def marked(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("app.ui.language.translations", lambda *_: Pseudo())
    yield
    use_language(None)


@pytest.fixture(scope="module")
def names() -> tuple[str, ...]:
    """What hardware, models and publishers are called, the longest first."""
    found = set(_NAMES)
    with (resources_dir() / "gpus.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found |= {f"{row['vendor']} {row['name']}", *row.values()}
    for card in shipped_cards().cards:
        found |= {
            card.name,
            card.maker,
            *(one.name for sets in card.benchmarks for one in sets.results),
        }
    for entry in shipped_catalogue().repos:
        found |= {entry.repo, *entry.repo.split("/")}
    found |= {row.source for row in shipped_measurements().rows}
    for job in every_state():
        found |= {
            job.request.repo,
            job.request.title,
            job.reason,
            *(Path(file.path).name for file in job.files),
        }
        if job.error is not None:
            found |= {job.error.what, job.error.why, job.error.next_step, job.error.details}
    found |= set(QFontDatabase.families())
    found |= {text for part in _PARTS for text in part}
    # What the model reads stays as it is.
    found |= {persona.system_prompt for persona in BUILTIN_PERSONAS}
    found |= {first_words(persona.system_prompt) for persona in BUILTIN_PERSONAS}
    for path in shipped_machines():
        machine = load_machine(path)
        found |= {processor(machine), *_texts(json.loads(path.read_text(encoding="utf-8")))}
    return tuple(sorted((name for name in found if len(name) > 2), key=len, reverse=True))


def _texts(value: object, key: str = "") -> set[str]:
    """What a recorded machine calls its parts."""
    if isinstance(value, dict):
        return set().union(*(_texts(part, name) for name, part in value.items()))
    if isinstance(value, list):
        return set().union(*(_texts(part, key) for part in value))
    return {value} if isinstance(value, str) and key in _NAMED else set()


@pytest.fixture
def desktop(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Desktop]:
    """The whole program on a recorded workstation, without a network, with a queue in every
    state."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    machine = load_machine(next(path for path in shipped_machines() if path.stem == _MACHINE))
    services = bootstrap.build(machine)
    services.settings.set(LANGUAGE, "zh_CN")
    services.chats.start()
    queue = FakeQueue()
    made = Desktop(
        application(),
        EngineBackend(services),
        services.settings,
        page_builders(services),
        Downloads(queue, services.default_target, tmp_path / "wish.json"),
        services.chats,
    )
    made.window.resize(1280, 800)
    made.window.show()
    queue.put(*every_state())
    yield made
    made.window.quit()
    assert made.close()
    assert services.close()


def _settle(desktop: Desktop, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: desktop.tasks.idle, timeout=TIMEOUT_MS)
    for _ in range(3):
        QApplication.processEvents()


def _parts(desktop: Desktop, key: str, qtbot: QtBot) -> Iterator[QWidget]:
    """The page, as often as it has something else to show."""
    desktop.window.go(key)
    _settle(desktop, qtbot)
    page = desktop.window.shown_page
    yield desktop.window.rail
    if isinstance(page, ModelsPage):
        qtbot.waitUntil(
            lambda: page.board is not None and bool(page.board.contexts), timeout=TIMEOUT_MS
        )
    yield page
    if isinstance(page, SettingsPage):
        for name in page.pages:
            page.show_page(name)
            _settle(desktop, qtbot)
            yield page
    if isinstance(page, ModelsPage):
        for tab in ("about", "gpus", "best", "build"):
            page.view.show_tab(tab)
            _settle(desktop, qtbot)
            yield page
        view = page.findChild(BuildView)
        assert view is not None
        view.compare.click()
        _settle(desktop, qtbot)
        yield page


@pytest.mark.parametrize("key", _PAGES)
def test_a_page_is_translated(
    desktop: Desktop, qtbot: QtBot, names: tuple[str, ...], key: str
) -> None:
    wrong: dict[tuple[str, str], str] = {}
    for part in _parts(desktop, key, qtbot):
        texts = [*said(part)]
        for menu in part.findChildren(QMenu):
            texts += of_menu(menu)
        for where, text in texts:
            if not _FOR_THE_MODEL.fullmatch(where) and (found := english(text, names)):
                wrong.setdefault((where, found), text)
    assert not wrong, "\n".join(
        f"{where}: {words} in {text!r}" for (where, words), text in wrong.items()
    )


def test_descriptions_of_models_are_translated_with_the_same_figures() -> None:
    chinese = translations("zh_CN")
    assert chinese is not None
    for text in _card_texts():
        told = chinese.translate("", text)
        assert told, text
        assert set(_FIGURE.findall(text)) <= set(_FIGURE.findall(told)), text
        assert _links(text) == _links(told), text


def test_no_sentence_is_hidden_from_lupdate() -> None:
    """It does not look into f-strings."""
    app = Path(__file__).parents[2] / "app"
    hidden = [
        f"{file.name}: {ast.unparse(call)}"
        for file in app.rglob("*.py")
        for text in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(text, ast.JoinedStr)
        for call in ast.walk(text)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "tr"
        and isinstance(call.args[0], ast.Constant)
    ]
    assert hidden == []


def _card_texts() -> tuple[str, ...]:
    module = runpy.run_path(str(resources_dir() / "translations" / "update.py"))
    found: tuple[str, ...] = module["card_texts"](module["CARDS"].read_text("utf-8"))
    assert len(found) > 60
    return found


def _links(text: str) -> list[str]:
    return re.findall(r"[\w.]+\.(?:com|ai|co|dev|json)(?:/[\w./-]+)?", text, re.ASCII)


@pytest.mark.parametrize("path", shipped_machines(), ids=lambda path: path.stem)
def test_a_machine_is_translated(path: Path, names: tuple[str, ...]) -> None:
    use_language(lambda text: Pseudo().translate("", text))
    machine = load_machine(path)
    told = [
        text for title, rows in sections(machine) for text in (title, *(t for r in rows for t in r))
    ]
    for finding in machine.findings:
        told += [finding.what, finding.why, finding.remedy]
    wrong = [text for text in told if english(text, names)]
    assert not wrong, "\n".join(wrong)
