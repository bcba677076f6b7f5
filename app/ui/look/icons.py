"""Own SVG icons, tinted with a token."""

from functools import cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

_SCALES = (1, 2, 3)


@cache
def _source(folder: Path, name: str) -> str:
    return (folder / f"{name}.svg").read_text(encoding="utf-8")


def tinted_icon(folder: Path, name: str, color: str, disabled: str, size: int = 16) -> QIcon:
    icon = QIcon()
    for mode, tint in ((QIcon.Mode.Normal, color), (QIcon.Mode.Disabled, disabled)):
        svg = _source(folder, name).replace("currentColor", tint)
        renderer = QSvgRenderer(QByteArray(svg.encode()))
        for scale in _SCALES:
            icon.addPixmap(_draw(renderer, size, scale), mode)
    return icon


def app_icon(folder: Path, app_id: str) -> QIcon:
    renderer = QSvgRenderer(QByteArray(_source(folder, app_id).encode()))
    icon = QIcon()
    for size in (16, 24, 32, 48, 64, 128, 256):
        icon.addPixmap(_draw(renderer, size, 1))
    return icon


def _draw(renderer: QSvgRenderer, size: int, scale: int) -> QPixmap:
    pixmap = QPixmap(size * scale, size * scale)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    renderer.render(painter, QRectF(0, 0, size * scale, size * scale))
    painter.end()
    pixmap.setDevicePixelRatio(scale)
    return pixmap
