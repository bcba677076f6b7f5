"""The look in force: theme, fonts, icons and whether things may move; follows the system live."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QFont, QFontDatabase, QGuiApplication, QIcon
from PySide6.QtWidgets import QApplication

from app.ui.look.icons import tinted_icon
from app.ui.look.palette import palette, style_sheet
from app.ui.look.scale import Scale
from app.ui.look.theme import (
    THEME_NAMES,
    CodeTheme,
    Colors,
    Theme,
    ThemeChoice,
    ThemeName,
    load_code_themes,
    load_theme,
    with_code,
)

if TYPE_CHECKING:
    from app.ui.markdown.formula_book import FormulaBook

BODY_PX = 14
SMALL_PX = 12
MONO_PX = 13


@dataclass(frozen=True)
class LookWish:
    """font, code_font: a family, "" for the system's. code_theme: "" for the theme's own."""

    scale: Scale = field(default_factory=Scale)
    font: str = ""
    code_font: str = ""
    code_theme: str = ""


class Look(QObject):
    """`changed` tells that colours or sizes changed and everything drawn from tokens has to be laid
    out and drawn again.

    formulas: what draws formulas; without it their source is shown.
    """

    changed = Signal()

    def __init__(self, app: QApplication, resources: Path) -> None:
        """Reads the theme files and takes over style, palette, font and style sheet of `app`."""
        super().__init__()
        self._app = app
        folder = resources / "themes"
        self._icons = resources / "icons"
        self._themes = {name: load_theme(folder, name) for name in THEME_NAMES}
        self._template = (folder / "style.qss").read_text(encoding="utf-8")
        self._code = load_code_themes(folder)
        self._choice: ThemeChoice = "system"
        self._wish = LookWish()
        self._theme = self._themes["light"]
        self._colors = self._theme.colors
        self.formulas: FormulaBook | None = None
        self._icon_cache: dict[tuple[str, str, int], QIcon] = {}
        if app.style().name() != "fusion":
            app.setStyle("Fusion")
        hints = QGuiApplication.styleHints()
        hints.colorSchemeChanged.connect(self._system_changed)
        hints.accessibility().contrastPreferenceChanged.connect(self._system_changed)
        self._apply()

    @property
    def theme(self) -> Theme:
        return self._theme

    @property
    def colors(self) -> Colors:
        return self._colors

    @property
    def scale(self) -> Scale:
        return self._wish.scale

    @property
    def code_themes(self) -> tuple[CodeTheme, ...]:
        return self._code

    @property
    def mono_family(self) -> str:
        """The chosen one, else the system's."""
        chosen = self._wish.code_font
        if chosen and QFontDatabase.hasFamily(chosen):
            return chosen
        return QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).family()

    @property
    def choice(self) -> ThemeChoice:
        return self._choice

    @property
    def reduced_motion(self) -> bool:
        hints = QGuiApplication.styleHints()  # PySide6 drops what hangs on a dropped wrapper
        return hints.accessibility().motionPreference() == Qt.MotionPreference.ReducedMotion

    def choose(self, choice: ThemeChoice) -> None:
        self._choice = choice
        if self._wanted() != self._theme.key:
            self._apply()

    def wish(self, wish: LookWish) -> None:
        """Sizes, fonts and the colours of code; a font that is not there is passed over."""
        if wish == self._wish:
            return
        self._wish = wish
        self._apply()

    def font(self, size_px: int = BODY_PX, *, bold: bool = False) -> QFont:
        """size_px: at text of 100%."""
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
        if self._wish.font and QFontDatabase.hasFamily(self._wish.font):
            font.setFamily(self._wish.font)
        font.setPixelSize(self.scale.text(size_px))
        font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
        return font

    def mono_font(self, size_px: int = MONO_PX) -> QFont:
        font = QFont(self.mono_family)
        font.setStyleHint(QFont.StyleHint.Monospace)
        font.setPixelSize(self.scale.text(size_px))
        return font

    def icon(self, name: str, tint: str = "muted", size: int = 16) -> QIcon:
        key = (name, tint, size)
        if key not in self._icon_cache:
            color: str = getattr(self.colors, tint)
            self._icon_cache[key] = tinted_icon(self._icons, name, color, self.colors.border, size)
        return self._icon_cache[key]

    def _wanted(self) -> ThemeName:
        if self._choice != "system":
            return self._choice
        return self._system_theme()

    def _system_theme(self) -> ThemeName:
        hints = QGuiApplication.styleHints()
        if hints.accessibility().contrastPreference() == Qt.ContrastPreference.HighContrast:
            return "contrast"
        return "dark" if hints.colorScheme() == Qt.ColorScheme.Dark else "light"

    def _system_changed(self) -> None:
        if self._wanted() != self._theme.key:
            self._apply()

    def _apply(self) -> None:
        self._theme = self._themes[self._wanted()]
        self._colors = with_code(self._theme, self._wish.code_theme, self._code)
        self._icon_cache.clear()
        self._app.setFont(self.font())
        self._app.setPalette(palette(self._theme))
        sheet = style_sheet(self._template, self._theme, self.mono_family, self.scale)
        if self._app.styleSheet() != sheet:
            self._app.setStyleSheet(sheet)
        self.changed.emit()
