"""A language that marks what is translated, and what a window says outside of the marks."""

import re
from collections.abc import Iterable, Iterator
from string import Formatter

from PySide6.QtCore import QAbstractListModel, QModelIndex, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QComboBox,
    QGroupBox,
    QLabel,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QTabBar,
    QTextEdit,
    QWidget,
)

_MARKED = re.compile(r"⟦[^⟦⟧]*⟧")
_TAG = re.compile(r"<[^<>]*>|&\w+;")
_PATH = re.compile(r"(?:https?:/|[A-Z]:)?[/\\][\w./\\:@%+~-]+")
_WORD = re.compile(r"(?<![\w.:])(?:RAM|VRAM|[A-Za-z]*[a-z]{2}[A-Za-z]*)(?!\w)")
_ROLES = (
    Qt.ItemDataRole.DisplayRole,
    Qt.ItemDataRole.ToolTipRole,
    Qt.ItemDataRole.AccessibleTextRole,
    Qt.ItemDataRole.AccessibleDescriptionRole,
)


class Pseudo:
    """In place of Qt's translator: what the sentence itself says is marked, its values are not."""

    def translate(self, _: str, text: str) -> str:
        try:
            parts = list(Formatter().parse(text))
        except ValueError:  # braces that are no names, such as in a sentence about JSON
            return f"⟦{text}⟧"
        return "".join(_marked(*part) for part in parts)


def _marked(said: str, name: str | None, spec: str | None, conversion: str | None) -> str:
    shown = said.replace("{", "{{").replace("}", "}}")
    mark = f"⟦{shown}⟧" if said.strip() else shown
    if name is None:
        return mark
    return f"{mark}{{{name}{'!' + conversion if conversion else ''}{':' + spec if spec else ''}}}"


def english(text: str, names: Iterable[str]) -> str:
    """What is left of English words without the marks, `names`, paths and addresses; "" for
    nothing."""
    rest = _TAG.sub(" ", text)
    while rest != (rest := _MARKED.sub(" ", rest)):
        pass
    for name in names:
        rest = rest.replace(name, " ")
    return " ".join(_WORD.findall(_PATH.sub(" ", rest)))


def said(widget: QWidget) -> Iterator[tuple[str, str]]:
    """Everything that `widget` and what is in it say while visible: where, and the text."""
    for one in (widget, *widget.findChildren(QWidget)):
        if one.isVisible():
            name = one.objectName() or type(one).__name__
            yield from ((f"{name}, {where}", text) for where, text in _said(one) if text)


def _said(widget: QWidget) -> Iterator[tuple[str, str]]:
    yield "tooltip", widget.toolTip()
    yield "name", widget.accessibleName()
    yield "description", widget.accessibleDescription()
    if isinstance(widget, QLabel | QAbstractButton):
        yield "text", widget.text()
    if isinstance(widget, QGroupBox):
        yield "title", widget.title()
    if isinstance(widget, QLineEdit | QPlainTextEdit | QTextEdit):
        yield "placeholder", widget.placeholderText()
    if isinstance(widget, QComboBox):
        for at in range(widget.count()):
            yield "item", widget.itemText(at)
            yield "item", str(widget.itemData(at, Qt.ItemDataRole.ToolTipRole) or "")
    if isinstance(widget, QTabBar):
        for at in range(widget.count()):
            yield "tab", widget.tabText(at)
            yield "tab", widget.tabToolTip(at)
    if isinstance(widget, QAbstractItemView):
        yield from _cells(widget)
    for menu in (action.menu() for action in widget.actions()):
        if isinstance(menu, QMenu):
            yield from of_menu(menu)


def of_menu(menu: QMenu) -> Iterator[tuple[str, str]]:
    """What a menu and those in it offer."""
    for action in menu.actions():
        yield menu.objectName(), action.text()
        inner = action.menu()
        if isinstance(inner, QMenu):
            yield from of_menu(inner)


def _cells(view: QAbstractItemView) -> Iterator[tuple[str, str]]:
    model = view.model()
    nowhere = QModelIndex()
    columns = 1 if isinstance(model, QAbstractListModel) else model.columnCount(nowhere)
    for column in range(columns):
        for role in _ROLES:
            yield "header", str(model.headerData(column, Qt.Orientation.Horizontal, role) or "")
    for row in range(model.rowCount(nowhere)):
        for column in range(columns):
            for role in _ROLES:
                found = model.index(row, column).data(role)
                yield f"cell {column}", found if isinstance(found, str) else ""
