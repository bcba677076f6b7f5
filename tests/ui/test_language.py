"""Languages: chosen while the program runs, complete, and in step with the code."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from xml.etree import ElementTree

import pytest
from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from app.core.language import use_language
from app.core.paths import resources_dir
from app.dialect.events import TextDelta
from app.settings.declared import LANGUAGE
from app.settings.store import SettingsStore
from app.ui.application import Desktop, application
from app.ui.chat.entries import Answer
from app.ui.language import system_language, translations
from app.ui.settings.page import SettingsPage
from app.ui.shell import SETTINGS
from tests.ui.conftest import TIMEOUT_MS, Driver
from tests.ui.scripted import ScriptedBackend

_FOLDER = resources_dir() / "translations"
_CHINESE = _FOLDER / "glm-launcher_zh_CN.ts"


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    yield
    use_language(None)


def _messages(file: Path) -> dict[str, ElementTree.Element]:
    root = ElementTree.parse(file).getroot()  # noqa: S314 - our own file
    found = {}
    for message in root.iter("message"):
        translation = message.find("translation")
        assert translation is not None
        found[message.findtext("source") or ""] = translation
    return found


def _names(sentence: str) -> list[tuple[str, str, str]]:
    parts = Formatter().parse(sentence)
    return sorted((name, spec or "", conv or "") for _, name, spec, conv in parts if name)


@pytest.fixture
def backend() -> ScriptedBackend:
    return ScriptedBackend()


@pytest.fixture
def settings_desktop(settings: SettingsStore, backend: ScriptedBackend) -> Iterator[Desktop]:
    made = Desktop(
        application(),
        backend,
        settings,
        {SETTINGS.key: lambda shell: SettingsPage(shell.look, settings, lambda: None)},
    )
    made.window.show()
    yield made
    made.window.close()
    assert made.close()


def test_another_language_is_spoken_at_once(settings_desktop: Desktop, qtbot: QtBot) -> None:
    desktop = settings_desktop
    desktop.window.go(SETTINGS.key)
    before = desktop.window
    desktop._settings.set(LANGUAGE, "zh_CN")
    qtbot.waitUntil(lambda: desktop.window is not before, timeout=TIMEOUT_MS)
    assert desktop.language.language == "zh_CN"
    assert desktop.window.isVisible()
    assert desktop.window.current == SETTINGS.key
    assert desktop.window.rail._buttons[SETTINGS.key].text() == "设置"
    chinese = desktop.window
    desktop._settings.set(LANGUAGE, "en")
    qtbot.waitUntil(lambda: desktop.window is not chinese, timeout=TIMEOUT_MS)
    assert desktop.window.rail._buttons[SETTINGS.key].text() == "Settings"


@pytest.fixture
def driver(qtbot: QtBot, settings_desktop: Desktop, backend: ScriptedBackend) -> Driver:
    return Driver(settings_desktop, backend, qtbot)


def test_the_chat_and_what_is_typed_stay(driver: Driver, qtbot: QtBot) -> None:
    driver.load()
    driver.ask("Hello", [TextDelta("Good day.")])
    driver.page.composer.set_text("half a quest")
    before = driver.desktop.window
    driver.desktop._settings.set(LANGUAGE, "zh_CN")
    qtbot.waitUntil(lambda: driver.desktop.window is not before, timeout=TIMEOUT_MS)
    assert driver.page.composer.text() == "half a quest"
    assert driver.desktop.session.ready is not None
    assert [answer.text for answer in driver.entries(Answer)] == ["Good day."]
    driver.page.composer.clear()
    driver.ask("And now?", [TextDelta("Still here.")])
    assert driver.entries(Answer)[-1].text == "Still here."


def test_a_setting_that_changes_nothing_keeps_the_window(driver: Driver, qtbot: QtBot) -> None:
    before = driver.desktop.window
    driver.desktop._settings.set(LANGUAGE, "en")
    qtbot.wait(0)
    assert driver.desktop.window is before


@pytest.mark.parametrize(
    ("name", "language"),
    [("zh_CN", "zh_CN"), ("zh_SG", "zh_CN"), ("zh_TW", "en"), ("en_GB", "en"), ("de_DE", "en")],
)
def test_the_system_language_is_followed(name: str, language: str) -> None:
    assert system_language(QLocale(name)) == language


def test_translations_fill_in_the_same_values() -> None:
    wrong = []
    for source, translation in _messages(_CHINESE).items():
        try:
            same = _names(source) == _names(translation.text or "")
        except ValueError:  # braces that are no names, such as in a sentence about JSON
            same = "{" not in (translation.text or "") or "{" in source
        if not same:
            wrong.append(source)
    assert wrong == []


def test_what_is_read_at_run_time_is_what_was_translated() -> None:
    made = translations("zh_CN")
    assert made is not None
    stale = [
        source
        for source, translation in _messages(_CHINESE).items()
        if translation.get("type") != "unfinished"
        and made.translate("", source) != translation.text
    ]
    assert stale == []


def test_every_sentence_of_the_code_is_translated() -> None:
    """Also those that Qt's lupdate does not see, as within the braces of an f-string."""
    told = {
        source
        for source, translation in _messages(_CHINESE).items()
        if translation.get("type") != "unfinished"
    }
    said = [
        (file.name, call.args[0].value)
        for file in (Path(__file__).parents[2] / "app").rglob("*.py")
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id in ("tr", "mark")
        and call.args
        and isinstance(call.args[0], ast.Constant)
    ]
    assert len(said) > 2000
    assert [one for one in said if one[1] and one[1] not in told] == []


def test_a_language_that_is_not_there_is_english(tmp_path: Path) -> None:
    assert translations("xx", tmp_path) is None


def test_sentences_are_not_glued_together() -> None:
    """A value in a sentence has a name, so that another language can put it elsewhere."""
    glued = re.compile(r"\b(?:tr|mark)\(\s*f[\"']")
    source = Path(__file__).parents[2] / "app"
    files = list(source.rglob("*.py"))
    assert len(files) > 200
    assert [file.name for file in files if glued.search(file.read_text(encoding="utf-8"))] == []


def test_nothing_is_untranslated() -> None:
    unfinished = [
        source
        for source, translation in _messages(_CHINESE).items()
        if translation.get("type") == "unfinished" or not (translation.text or "").strip()
    ]
    assert unfinished == []


def test_translations_are_in_step_with_the_code(tmp_path: Path) -> None:
    (tmp_path / _CHINESE.name).write_bytes(_CHINESE.read_bytes())
    script = f"import sys; sys.path.insert(0, {str(_FOLDER)!r}); import update, pathlib;"
    script += f" update.collect(pathlib.Path({str(tmp_path)!r}))"
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
    assert set(_messages(tmp_path / _CHINESE.name)) == set(_messages(_CHINESE))


def test_labels_of_settings_are_translated(settings_desktop: Desktop, qtbot: QtBot) -> None:
    desktop = settings_desktop
    before = desktop.window
    desktop._settings.set(LANGUAGE, "zh_CN")
    qtbot.waitUntil(lambda: desktop.window is not before, timeout=TIMEOUT_MS)
    desktop.window.go(SETTINGS.key)
    label = desktop.window.findChild(QLabel, "setting-theme-label")
    assert label is not None
    assert label.text() == "主题"
