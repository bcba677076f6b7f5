"""From tokens to what Qt draws with: a QPalette for Fusion and the style sheet."""

import re
from dataclasses import asdict
from string import Template

from PySide6.QtGui import QColor, QPalette

from app.ui.look.scale import Scale
from app.ui.look.theme import Theme

_PILL = 13
"""The radius of what is as round as it is high."""
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_LENGTH = re.compile(r"\b(font-size|border-radius|(?:min|max)-(?:height|width)): (\d+)px")


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


def style_sheet(template: str, theme: Theme, mono_family: str, scale: Scale) -> str:
    """Lengths in the template are those of text at 100% in a comfortable window."""
    rules = _RULE.sub(lambda rule: _scaled_rule(rule, scale), template)
    return Template(rules).substitute(asdict(theme.colors), mono=mono_family)


def _scaled_rule(rule: re.Match[str], scale: Scale) -> str:
    selector, body = rule.groups()
    # A focused control has a thicker border and is as large as before.
    border = 4 if "border: 2px" in body else 2

    def scaled(found: re.Match[str]) -> str:
        name, value = found.group(1), int(found.group(2))
        if name == "font-size":
            return f"{name}: {scale.text(value)}px"
        if name == "border-radius":
            return f"{name}: {_pill(scale) if value == _PILL else value}px"
        if value <= 1 or "QProgressBar" in selector:
            return found.group(0)
        return f"{name}: {scale.control(value + border) - border}px"

    return f"{selector}{{{_LENGTH.sub(scaled, body)}}}"


def _pill(scale: Scale) -> int:
    """Qt rounds nothing when the radius is more than half of the height."""
    height = scale.control(2 * _PILL)
    return _PILL if height == 2 * _PILL else (height - 3) // 2
