"""Keeps the look as the settings say."""

from collections.abc import Callable, Sequence
from typing import Any

from app.settings.declared import (
    CODE_FONT,
    CODE_THEME,
    DENSITY,
    FONT,
    TEXT_SIZE,
)
from app.settings.setting import TEXT_SIZES, Setting
from app.settings.store import SettingsStore
from app.ui.look import Look
from app.ui.look.look import LookWish
from app.ui.look.scale import Scale


def follow_settings(look: Look, settings: SettingsStore) -> Sequence[Callable[[], None]]:
    """At once and whenever they change, until the returned functions are called."""

    def apply(_: object = None) -> None:
        scale = Scale(settings.get(TEXT_SIZE), settings.get(DENSITY))
        fonts = settings.get(FONT), settings.get(CODE_FONT)
        look.wish(LookWish(scale, *fonts, settings.get(CODE_THEME)))

    apply()
    watched: tuple[Setting[Any], ...] = (TEXT_SIZE, DENSITY, FONT, CODE_FONT, CODE_THEME)
    return [settings.subscribe(setting, apply) for setting in watched]


def step_text_size(settings: SettingsStore, steps: int) -> None:
    """Larger (1) or smaller (-1); 0 goes back to 100%."""
    if steps == 0:
        settings.reset(TEXT_SIZE)
        return
    at = TEXT_SIZES.index(settings.get(TEXT_SIZE)) + steps
    settings.set(TEXT_SIZE, TEXT_SIZES[min(len(TEXT_SIZES) - 1, max(0, at))])
