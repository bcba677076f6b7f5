"""The themes: complete, readable, and the only place that names colours."""

import re
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from app.core.paths import resources_dir
from app.ui.look import Look
from app.ui.look.theme import THEME_NAMES, ThemeName, contrast, load_theme

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
