"""Formulas within a line: small pictures that stand on the line as letters do."""

from PySide6.QtCore import QByteArray, QRectF, Qt, QUrl
from PySide6.QtGui import (
    QFontMetricsF,
    QGuiApplication,
    QImage,
    QPainter,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextImageFormat,
)
from PySide6.QtSvg import QSvgRenderer

from app.ui.markdown.formula import Drawing

TEX = QTextFormat.Property.UserProperty + 16
_OBJECT = "\ufffc"


def insert_formula(
    cursor: QTextCursor,
    char: QTextCharFormat,
    tex: str,
    drawing: Drawing,
    color: str,
    metrics: QFontMetricsF,
) -> None:
    """Padded so that its baseline is the line's.

    Aligned to the baseline, Qt puts the bottom of a picture at the font's descent; aligned to the
    middle, its middle at a quarter of the height of an x. What reaches deep needs the second.
    """
    deep = drawing.descent > metrics.descent()
    above, below = 0.0, metrics.descent() - drawing.descent
    if deep:
        lift = drawing.ascent - drawing.descent - metrics.xHeight() / 2
        above, below = max(0.0, -lift), max(0.0, lift)
    height = above + drawing.height + below
    name = f"formula:{color}:{drawing.width:.1f}:{height:.1f}:{hash(drawing.svg)}"
    document = cursor.document()
    kind = QTextDocument.ResourceType.ImageResource.value
    document.addResource(kind, QUrl(name), _picture(drawing, color, above, height))
    picture = QTextImageFormat()
    picture.merge(char)
    picture.setName(name)
    picture.setWidth(drawing.width)
    picture.setHeight(height)
    picture.setVerticalAlignment(
        QTextCharFormat.VerticalAlignment.AlignMiddle
        if deep
        else QTextCharFormat.VerticalAlignment.AlignBaseline
    )
    picture.setProperty(TEX, tex)
    picture.setToolTip(tex)
    cursor.insertText(_OBJECT, picture)


def selected_text(cursor: QTextCursor) -> str:
    """With the source of formulas in place of their pictures."""
    text = cursor.selection().toPlainText()
    if _OBJECT not in text:
        return text
    sources = _sources(cursor)
    parts = text.split(_OBJECT)
    shown = parts[0]
    for part, source in zip(parts[1:], sources, strict=False):
        shown += f"${source}${part}"
    return shown


def _sources(cursor: QTextCursor) -> list[str]:
    found: list[str] = []
    start, end = cursor.selectionStart(), cursor.selectionEnd()
    looking = QTextCursor(cursor.document())
    for position in range(start, end):
        if cursor.document().characterAt(position) == _OBJECT:
            looking.setPosition(position + 1)
            found.append(str(looking.charFormat().property(TEX) or ""))
    return found


def _picture(drawing: Drawing, color: str, above: float, height: float) -> QImage:
    screen = QGuiApplication.primaryScreen()
    scale = screen.devicePixelRatio() if screen is not None else 1.0
    image = QImage(
        max(1, round(drawing.width * scale)),
        max(1, round(height * scale)),
        QImage.Format.Format_ARGB32_Premultiplied,
    )
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    renderer = QSvgRenderer(QByteArray(drawing.tinted(color)))
    renderer.render(
        painter, QRectF(0, above * scale, drawing.width * scale, drawing.height * scale)
    )
    painter.end()
    image.setDevicePixelRatio(scale)
    return image
