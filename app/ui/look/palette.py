"""From tokens to what Qt draws with: a QPalette for Fusion and the style sheet."""

from dataclasses import asdict
from string import Template

from PySide6.QtGui import QColor, QPalette

from app.ui.look.theme import Theme


def palette(theme: Theme) -> QPalette:
    colors = theme.colors
    role = QPalette.ColorRole
    result = QPalette(QColor(colors.surface), QColor(colors.bg))
    for which, value in (
        (role.Window, colors.bg),
        (role.WindowText, colors.text),
        (role.Base, colors.surface),
        (role.AlternateBase, colors.rail),
        (role.Text, colors.text),
        (role.PlaceholderText, colors.muted),
        (role.Button, colors.surface),
        (role.ButtonText, colors.text),
        (role.BrightText, colors.bad),
        (role.ToolTipBase, colors.surface),
        (role.ToolTipText, colors.text),
        (role.Highlight, colors.accent),
        (role.HighlightedText, colors.on_accent),
        (role.Accent, colors.accent),
        (role.Link, colors.accent_text),
        (role.LinkVisited, colors.accent_text),
        (role.Light, colors.surface),
        (role.Midlight, colors.rail),
        (role.Mid, colors.border),
        (role.Dark, colors.border),
        (role.Shadow, colors.border),
    ):
        result.setColor(which, QColor(value))
    for which in (role.WindowText, role.Text, role.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, which, QColor(colors.muted))
    return result


def style_sheet(template: str, theme: Theme, mono_family: str) -> str:
    return Template(template).substitute(asdict(theme.colors), mono=mono_family)
