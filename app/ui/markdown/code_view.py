"""A fenced code block: language, wrap and copy buttons, colours, sideways scrolling."""

from itertools import count

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import (
    QGuiApplication,
    QTextBlockFormat,
    QTextOption,
)
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from app.core.language import tr
from app.ui.look import Look
from app.ui.markdown.colouring import Colouring
from app.ui.markdown.links import with_hidden_shown
from app.ui.markdown.text_view import TextView, broken_lines
from app.ui.widgets import button, card, label, single_shot

_BAR_HEIGHT = 29
_MARGIN = 12
_COPIED_MS = 1500
LONGEST_SHOWN = 100_000

_numbers = count(1)


class CodeView(QFrame):
    """resized: it takes another height at the same width now."""

    resized = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        number = next(_numbers)
        self.setObjectName(f"code-{number}")
        self.setProperty("card", "code")
        self._look = look
        self._code = ""
        self._shown = ""
        self._language = ""
        self._bar = card(name=f"codeBar-{number}", parent=self)
        self._bar.setProperty("card", None)
        self._bar.setProperty("bar", "code")
        self._title = label("text", "small", name=f"codeLanguage-{number}")
        self._copy = button(tr("Copy"), f"copyCode-{number}", "quiet", on_click=self._copy_code)
        self._copy.setAccessibleName(tr("Copy code"))
        self.wrap = button(tr("Wrap"), f"wrapCode-{number}", "quiet", on_click=self._toggle_wrap)
        self._wrapped = False
        row = QHBoxLayout(self._bar)
        row.setContentsMargins(_MARGIN, 0, 6, 0)
        row.addWidget(self._title)
        row.addStretch()
        row.addWidget(self.wrap)
        row.addWidget(self._copy)
        self._text = TextView(tr("Code"), self)
        self._text.setFont(look.mono_font())
        self._text.document().setDefaultFont(look.mono_font())
        self._text.setLineWrapMode(TextView.LineWrapMode.NoWrap)
        self._text.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self._text.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self._name_wrap()
        self._colouring = Colouring(self._text.document(), look, self)
        self._restore = single_shot(
            self, _COPIED_MS, lambda: self._say(tr("Copy"), tr("Copy code"))
        )

    @property
    def code(self) -> str:
        return self._code

    def set_code(self, code: str, language: str) -> None:
        if code == self._code and language == self._language:
            return
        self._code, self._language = code, language
        self._title.setText(language or "text")
        shown = with_hidden_shown(code.removesuffix("\n"))
        if len(shown) > LONGEST_SHOWN:
            rest = len(shown) - LONGEST_SHOWN
            shown = tr(
                "{shown}\n… {rest:,} more characters; Copy takes all of them.",
                shown=shown[:LONGEST_SHOWN],
                rest=rest,
            )
        shown = broken_lines(shown)
        if self._shown and shown.startswith(self._shown):
            self._text.append_text(shown[len(self._shown) :])
        else:
            self._text.clear()
            lines = QTextBlockFormat()
            lines.setLineHeight(
                self._look.scale.text(20), QTextBlockFormat.LineHeightTypes.MinimumHeight.value
            )
            self._text.end_cursor().setBlockFormat(lines)
            self._text.append_text(shown)
        self._shown = shown
        self._colouring.set_text(shown, language)

    def redraw(self) -> None:
        self._colouring.redraw()

    def height_for(self, width: int) -> int:
        inner = width - 2 * _MARGIN
        height = self._text.height_for(inner if self._wrapped else 0)
        wide = not self._wrapped and self._text.document().idealWidth() > inner
        self.wrap.setVisible(wide or self._wrapped)
        tab = Qt.FocusPolicy.StrongFocus if wide else Qt.FocusPolicy.ClickFocus
        self._text.setFocusPolicy(tab)  # so that the arrow keys reach what is hidden
        if wide:
            height += self._text.horizontalScrollBar().sizeHint().height() + 2
        self._bar.setGeometry(1, 1, width - 2, _BAR_HEIGHT)
        self._text.setGeometry(_MARGIN, _BAR_HEIGHT + _MARGIN, inner, height)
        return _BAR_HEIGHT + height + 2 * _MARGIN

    def _toggle_wrap(self) -> None:
        self._wrapped = not self._wrapped
        modes = TextView.LineWrapMode
        self._text.setLineWrapMode(modes.FixedPixelWidth if self._wrapped else modes.NoWrap)
        self._name_wrap()
        self.resized.emit()

    def _name_wrap(self) -> None:
        self.wrap.setText(tr("Do not wrap") if self._wrapped else tr("Wrap"))
        self.wrap.setAccessibleName(
            tr("Show long lines as one") if self._wrapped else tr("Wrap long lines of the code")
        )

    def _copy_code(self) -> None:
        QGuiApplication.clipboard().setText(self._code)
        self._say(tr("Copied"), tr("Code copied"))
        self._restore.start()

    def _say(self, text: str, name: str) -> None:
        self._copy.setText(text)
        self._copy.setAccessibleName(name)
