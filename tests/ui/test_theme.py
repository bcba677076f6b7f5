"""The themes: complete, readable, and the only place that names colours."""

import re
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontDatabase, QFontMetrics, QGuiApplication
from PySide6.QtWidgets import QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from app.core.paths import resources_dir
from app.settings.declared import CODE_THEME
from app.settings.fields import Choice
from app.ui.look import Look
from app.ui.look.look import LookWish
from app.ui.look.scale import Scale
from app.ui.look.theme import (
    THEME_NAMES,
    ThemeName,
    contrast,
    load_code_themes,
    load_theme,
    with_code,
)

_PAIRS = [
    (text, back)
    for text in ("text", "muted")
    for back in ("bg", "surface", "rail", "code", "code_header", "hover")
] + [
    ("text", "accent_soft"),
    ("on_accent", "accent"),
    ("on_accent", "accent_hover"),
    ("accent_text", "bg"),
    ("accent_text", "surface"),
    ("accent_text", "accent_soft"),
    ("ok", "ok_soft"),
    ("warn", "warn_soft"),
    ("bad", "bad_soft"),
    ("bad", "surface"),
    ("bad", "rail"),
    *((f"syntax_{kind}", "code") for kind in ("keyword", "string", "number", "name", "comment")),
]


@pytest.mark.parametrize("key", THEME_NAMES)
@pytest.mark.parametrize(("text", "back"), _PAIRS)
def test_text_is_readable(key: ThemeName, text: str, back: str) -> None:
    colors = load_theme(resources_dir() / "themes", key).colors
    least = 7.0 if key == "contrast" else 4.5
    assert contrast(getattr(colors, text), getattr(colors, back)) >= least


@pytest.mark.parametrize("key", THEME_NAMES)
def test_the_focus_ring_can_be_seen(key: ThemeName) -> None:
    colors = load_theme(resources_dir() / "themes", key).colors
    for back in (colors.bg, colors.surface, colors.rail):
        assert contrast(colors.accent, back) >= 3.0


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize(
    "text", ['name = "x"\ndark = false\n[colors]\nbg = "#FFFFFF"\n', "nonsense ="]
)
def test_a_broken_theme_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "light.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError):
        load_theme(tmp_path, "light")


def test_no_code_names_a_colour() -> None:
    named = re.compile(r"#[0-9a-fA-F]{6}\b|QColor\(\s*\d|GlobalColor\.(?!transparent)")
    source = Path(__file__).parents[2] / "app" / "ui"
    files = [*source.rglob("*.py"), resources_dir() / "themes" / "style.qss"]
    guilty = [path.name for path in files if named.search(path.read_text(encoding="utf-8"))]
    assert len(files) > 30
    assert guilty == []


def test_choosing_a_theme_changes_the_palette(look: Look) -> None:
    app = look._app
    look.choose("dark")
    assert app.palette().window().color().name().upper() == look.colors.bg
    changes: list[str] = []
    look.changed.connect(lambda: changes.append(look.theme.key))
    look.choose("contrast")
    look.choose("contrast")
    assert changes == ["contrast"]
    assert app.palette().window().color().name().upper() == look.colors.bg


def test_it_follows_the_system_while_it_runs(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    system: list[ThemeName] = ["dark"]
    monkeypatch.setattr(look, "_system_theme", lambda: system[0])
    look.choose("system")
    seen = [look.theme.key]
    system[0] = "contrast"
    QGuiApplication.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Unknown)
    seen.append(look.theme.key)
    look.choose("light")
    system[0] = "dark"
    QGuiApplication.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert [*seen, look.theme.key] == ["dark", "contrast", "light"]


def test_text_grows_everywhere_and_focus_moves_nothing(look: Look, qtbot: QtBot) -> None:
    button = QPushButton("Send")
    qtbot.addWidget(button)
    edit = QLineEdit()
    qtbot.addWidget(edit)
    for scale in (Scale(), Scale("150"), Scale("130", "compact"), Scale("90", "compact")):
        look.wish(LookWish(scale))
        assert look._app.font().pixelSize() == round(14 * scale.factor)
        for widget in (button, edit):
            widget.show()
            quiet = widget.sizeHint().height()
            widget.setFocus()
            assert widget.sizeHint().height() == quiet
            assert quiet >= max(24, QFontMetrics(look.font()).height())
    look.wish(LookWish())


def test_compact_takes_less_room_but_stays_clickable() -> None:
    wide, tight = Scale(), Scale(density="compact")
    assert tight.row(42) < wide.row(42) == 42
    assert tight.control(32) < wide.control(32) == 32
    assert tight.control(24) == wide.control(24) == 24
    assert Scale("150").control(32) == 48


def test_a_font_that_is_not_there_is_passed_over(look: Look) -> None:
    usual, mono = look.font().family(), look.mono_family
    look.wish(LookWish(font="No such family", code_font="No such family"))
    assert (look.font().family(), look.mono_family) == (usual, mono)
    family = QFontDatabase.families()[0]
    look.wish(LookWish(font=family, code_font=family))
    assert (look.font().family(), look.mono_family) == (family, family)
    look.wish(LookWish())


@pytest.mark.parametrize("key", THEME_NAMES)
def test_code_can_be_read_in_every_code_theme(key: ThemeName) -> None:
    folder = resources_dir() / "themes"
    theme = load_theme(folder, key)
    known = load_code_themes(folder)
    offered = {value for value, _ in code_theme_choices()}
    assert offered == {"", *(one.key for one in known)}
    for one in known:
        colors = with_code(theme, one.key, known)
        for kind in ("keyword", "string", "number", "name", "comment"):
            least = 7.0 if key == "contrast" else 4.5
            assert contrast(getattr(colors, f"syntax_{kind}"), colors.code) >= least
    assert with_code(theme, "gone", known) == theme.colors


def code_theme_choices() -> tuple[tuple[str, str], ...]:
    shown = CODE_THEME.shown
    assert shown is not None
    assert isinstance(shown.field, Choice)
    return shown.field.options
