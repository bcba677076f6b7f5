"""A formula in TeX as a drawing. No Qt."""

import re
from dataclasses import dataclass

# A person writes shorter ones; longer ones take longer than anybody would wait.
_LONGEST = 800
_DEEPEST = 24
_VIEW_BOX = re.compile(r'viewBox="(\S+) (\S+) (\S+) (\S+)"')
_INK = 'fill="black"'
_COMMAND = re.compile(r"<m[ion]>[^<]*\\")


@dataclass(frozen=True)
class Drawing:
    """Sizes in pixels. ascent: from the baseline up; descent: down. svg is drawn in
    black."""

    svg: str
    width: float
    ascent: float
    descent: float

    @property
    def height(self) -> float:
        return self.ascent + self.descent

    def tinted(self, color: str) -> bytes:
        return self.svg.replace(_INK, f'fill="{color}"').encode()


def draw(tex: str, size_px: float) -> Drawing | None:
    """None for what is no formula, is too large, or holds commands that are not known: its source
    has to do. Takes some 20 ms; may be called from one thread at a time."""
    if len(tex) > _LONGEST or _depth(tex) > _DEEPEST:
        return None
    import latex2mathml.converter
    from ziamath.config import config
    from ziamath.zmath import Latex

    config.svg2 = False
    try:
        if _COMMAND.search(latex2mathml.converter.convert(tex)):
            return None
        svg = Latex(tex, size=size_px).svg()
    except Exception:  # noqa: BLE001 - whatever a stranger's text does to the two libraries
        return None
    box = _VIEW_BOX.search(svg)
    if box is None:
        return None
    top, width, height = float(box[2]), float(box[3]), float(box[4])
    return Drawing(svg, width, -top, height + top) if width > 0 and height > 0 else None


def _depth(tex: str) -> int:
    depth = deepest = 0
    for sign in tex:
        depth += (sign == "{") - (sign == "}")
        deepest = max(deepest, depth)
    return deepest
