"""How it looks: themes as data, palette, style sheet, icons and fonts."""

from app.ui.look.look import Look
from app.ui.look.theme import Theme, ThemeChoice

__all__ = ["Look", "Theme", "ThemeChoice"]
