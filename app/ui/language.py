"""The language of the window, from Qt's translation files; changes while the program runs."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QLibraryInfo, QLocale, QTranslator
from PySide6.QtWidgets import QApplication

from app.core.language import use_language
from app.core.paths import resources_dir
from app.settings.declared import LANGUAGE
from app.settings.setting import Language
from app.settings.store import SettingsStore

NAME = "glm-launcher"


class LanguageInForce:
    """Keeps to the setting; `changed` is called when people read another language now."""

    def __init__(
        self, app: QApplication, settings: SettingsStore, changed: Callable[[], None]
    ) -> None:
        self._app, self._changed = app, changed
        self._installed: list[QTranslator] = []
        self._language = "en"
        self._use(settings.get(LANGUAGE))
        self._end = settings.subscribe(LANGUAGE, self._chosen)

    @property
    def language(self) -> str:
        return self._language

    def close(self) -> None:
        """English again, for whoever still speaks."""
        self._end()
        self._use("en")

    def _chosen(self, choice: Language) -> None:
        before = self._language
        self._use(choice)
        if self._language != before:
            self._changed()

    def _use(self, choice: Language) -> None:
        language = system_language() if choice == "system" else choice
        for translator in self._installed:
            self._app.removeTranslator(translator)
        self._installed.clear()
        self._language = "en"
        use_language(None)
        if language == "en":
            return
        own = translations(language)
        if own is None:
            return
        self._language = language
        # What Qt says itself: the buttons of dialogs, the menus of text fields.
        qts = QTranslator()
        folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
        if qts.load(f"qtbase_{language}", folder):
            self._app.installTranslator(qts)
            self._installed.append(qts)
        use_language(lambda text: own.translate("", text) or "")


def translations(language: str, folder: Path | None = None) -> QTranslator | None:
    """None when there are none."""
    translator = QTranslator()
    where = folder or resources_dir() / "translations"
    return translator if translator.load(f"{NAME}_{language}", str(where)) else None


def system_language(locale: QLocale | None = None) -> str:
    """Of those that there are: Simplified Chinese where the system speaks it, else English."""
    for name in (locale or QLocale.system()).uiLanguages():
        language, *rest = name.split("-")
        if language == "zh":
            return "en" if {"Hant", "TW", "HK", "MO"} & set(rest) else "zh_CN"
        if language == "en":
            break
    return "en"
