"""Every page of the whole program: named, reached, seen, and not cut off."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QLabel,
    QLineEdit,
    QPushButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app import bootstrap
from app.core.language import use_language
from app.hardware.recorded import load_machine, shipped_machines
from app.settings.declared import LANGUAGE, TEXT_SIZE
from app.settings.setting import TextSize
from app.ui.application import Desktop, application
from app.ui.backend import EngineBackend
from app.ui.downloads.parts import Elided
from app.ui.getting.room import Downloads
from app.ui.pages import page_builders
from app.ui.settings.page import SettingsPage
from app.ui.shell import FIRST_START, PLACES, SETTINGS
from tests.ui.conftest import TIMEOUT_MS
from tests.ui.test_access import _ours

pytest.importorskip("llama_cpp")

_PAGES = [*(place.key for place in PLACES), FIRST_START]
_RING = 4


@pytest.fixture
def desktop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desktop]:
    """The whole program on a recorded workstation, without a network."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    machine = load_machine(
        next(path for path in shipped_machines() if path.stem == "workstation-256gb-3090")
    )
    services = bootstrap.build(machine)
    services.chats.start()
    made = Desktop(
        application(),
        EngineBackend(services),
        services.settings,
        page_builders(services),
        Downloads(services.downloads, services.default_target),
        services.chats,
    )
    made.look.choose("light")
    made.window.resize(1280, 800)
    made.window.show()
    yield made
    made.window.close()
    assert made.close()
    assert services.close()


def _open(desktop: Desktop, key: str, qtbot: QtBot) -> QWidget:
    desktop.window.go(key)
    qtbot.waitUntil(lambda: desktop.tasks.idle, timeout=TIMEOUT_MS)
    for _ in range(3):
        QApplication.processEvents()
    return desktop.window.shown_page


def _visible(page: QWidget, *kinds: type[QWidget]) -> list[QWidget]:
    return [
        widget
        for widget in page.findChildren(QWidget)
        if isinstance(widget, kinds) and widget.isVisible() and not widget.visibleRegion().isEmpty()
    ]


def test_everything_has_a_name(desktop: Desktop, qtbot: QtBot) -> None:
    for key in _PAGES:
        controls = _controls(_open(desktop, key, qtbot))
        assert controls, key
        assert [widget for widget in controls if not widget.objectName()] == [], key
        silent = [
            widget.objectName()
            for widget in controls
            if not (widget.accessibleName() or _says(widget))
            and widget.focusPolicy() != Qt.FocusPolicy.NoFocus
        ]
        assert silent == [], key
        names = [widget.objectName() for widget in controls]
        assert sorted({name for name in names if names.count(name) > 1}) == [], key


def test_every_button_is_reached_with_the_tab_key(desktop: Desktop, qtbot: QtBot) -> None:
    desktop.window.activateWindow()
    for key in _PAGES:
        page = _open(desktop, key, qtbot)
        qtbot.waitUntil(lambda: QApplication.focusWidget() is not None, timeout=TIMEOUT_MS)
        buttons = [
            widget
            for widget in _visible(page, QAbstractButton)
            if widget.isEnabled() and not widget.objectName().startswith(_BY_ARROWS)
        ]
        wanted = {widget.objectName() for widget in buttons}
        reached: set[str] = set()
        for _ in range(300):
            focus = QApplication.focusWidget()
            assert focus is not None
            reached.add(focus.objectName())
            if wanted <= reached:
                break
            QTest.keyClick(focus, Qt.Key.Key_Tab)
        assert wanted - reached == set(), key


def test_where_the_focus_is_can_be_seen(desktop: Desktop, qtbot: QtBot) -> None:
    desktop.window.activateWindow()
    unseen = []
    for key in _PAGES:
        for widget in _controls(_open(desktop, key, qtbot)):
            usable = widget.isVisible() and widget.isEnabled()
            if not usable or not widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
                continue
            desktop.window.setFocus()
            before = _picture(desktop.window, widget)
            widget.setFocus(Qt.FocusReason.TabFocusReason)
            if QApplication.focusWidget() is not widget or before.isNull():
                continue
            if before == _picture(desktop.window, widget):
                unseen.append(f"{key}: {widget.objectName()}")
    assert unseen == []


@pytest.mark.parametrize(("width", "size"), [(640, "100"), (640, "150"), (1280, "150")])
def test_no_text_is_cut_off(desktop: Desktop, qtbot: QtBot, width: int, size: TextSize) -> None:
    """640 is what a screen of 1280 pixels holds at 200%."""
    desktop._settings.set(TEXT_SIZE, size)
    desktop.window.resize(width, 800)
    cut: list[str] = []
    for key in _PAGES:
        page = _open(desktop, key, qtbot)
        if isinstance(page, SettingsPage):
            for name in page.pages:
                page.show_page(name)
                QApplication.processEvents()
                cut += _cut(page)
        else:
            cut += _cut(page)
    assert not cut, "\n".join(cut)


def test_pages_can_be_read_from_right_to_left(desktop: Desktop, qtbot: QtBot) -> None:
    app = application()
    app.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    try:
        for key in _PAGES:
            page = _open(desktop, key, qtbot)
            QApplication.processEvents()
            assert desktop.window.rail.x() > page.width() // 2, key
            outside = [
                widget.objectName()
                for widget in _visible(page, QAbstractButton)
                if widget.mapTo(desktop.window, widget.rect().topLeft()).x() < 0
            ]
            assert outside == [], key
    finally:
        app.setLayoutDirection(Qt.LayoutDirection.LeftToRight)


def test_every_page_of_the_settings_stands_there_once_in_another_language(
    desktop: Desktop, qtbot: QtBot
) -> None:
    before = _open(desktop, SETTINGS.key, qtbot)
    assert isinstance(before, SettingsPage)
    try:
        desktop._settings.set(LANGUAGE, "zh_CN")
        qtbot.waitUntil(lambda: desktop.window.shown_page is not before, timeout=TIMEOUT_MS)
        now = _open(desktop, SETTINGS.key, qtbot)
        assert isinstance(now, SettingsPage)
        assert now.pages == before.pages
        titles = [now._list.item(row).text() for row in range(now._list.count())]
        assert len(set(titles)) == len(now.pages)
    finally:
        use_language(None)


# One of a row of tabs is reached with the Tab key, the others with the arrow keys.
_BY_ARROWS = ("modelTab-", "quantCorner", "qt_")


def _controls(page: QWidget) -> list[QWidget]:
    """Without what Qt puts into its own fields, such as the button that clears one."""
    return [one for one in _ours(page) if not isinstance(one.parentWidget(), QLineEdit)]


def _says(widget: QWidget) -> str:
    return widget.text() if isinstance(widget, QAbstractButton) else ""


def _picture(window: QWidget, widget: QWidget) -> QImage:
    corner = widget.mapTo(window, widget.rect().topLeft())
    rect = QRect(corner, widget.size()).adjusted(-_RING, -_RING, _RING, _RING)
    return window.grab(rect.intersected(window.rect())).toImage()


def _cut(page: QWidget) -> list[str]:
    """Texts that are wider than the room they have; what ends in “…” has its whole text in a
    tooltip."""
    cut = []
    for widget in _visible(page, QLabel, QPushButton):
        assert isinstance(widget, QLabel | QPushButton)
        text = widget.text()
        whole = isinstance(widget, Elided) or (isinstance(widget, QLabel) and widget.wordWrap())
        if not text or whole:
            continue
        if "…" in text and widget.toolTip():
            continue
        needed = widget.fontMetrics().boundingRect(text.split("\n")[0]).width()
        if needed > widget.width() + 1:
            cut.append(f"{widget.objectName()}: {text!r} needs {needed}, has {widget.width()}")
    return cut
