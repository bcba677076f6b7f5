"""Everything can be reached, named and seen."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QProgressBar,
    QWidget,
)

from app.chat.events import RoundStarted, ToolFinished, ToolStarted
from app.core.errors import KnownError
from app.core.messages import ToolCallPart, ToolResultPart
from app.dialect.events import ReasoningClosed, ReasoningDelta, TextDelta, ToolCallDone
from tests.ui.conftest import Driver
from tests.ui.scripted import round_finished
from tests.ui.test_markdown_view import SAMPLE

_INTERACTIVE = (
    QAbstractButton, QAbstractSpinBox, QAbstractScrollArea, QComboBox, QLineEdit, QProgressBar,
)  # fmt: skip
_COMPOUND = (QAbstractSpinBox, QComboBox)
CALL = ToolCallPart("c1", "current_time", {"timezone": "UTC"})


def _full(driver: Driver) -> None:
    driver.load()
    driver.ask(
        "Show everything.",
        [
            RoundStarted(0), ReasoningDelta("Hm."), ReasoningClosed(True), ToolCallDone(0, CALL),
            ToolStarted(CALL), ToolFinished(ToolResultPart("c1", "current_time", "14:54")),
            TextDelta(SAMPLE), round_finished(SAMPLE), KnownError("It broke.", details="x"),
        ],
    )  # fmt: skip
    driver.page.header.sampling.setChecked(True)
    for group in driver.desktop.window.personas.sampling.parameters.groups.values():
        group.content.show()


def _ours(root: QWidget) -> list[QWidget]:
    """Without the parts that Qt makes inside its own widgets."""
    return [
        widget
        for widget in root.findChildren(QWidget)
        if isinstance(widget, _INTERACTIVE)
        and not widget.objectName().startswith("qt_")
        and not any(isinstance(parent, _COMPOUND) for parent in _parents(widget))
    ]


def _parents(widget: QWidget) -> list[QWidget]:
    parent = widget.parentWidget()
    return [] if parent is None else [parent, *_parents(parent)]


def test_every_control_has_a_name_for_people_and_for_programs(driver: Driver) -> None:
    _full(driver)
    controls = _ours(driver.desktop.window)
    assert len(controls) > 60
    unnamed = [widget for widget in controls if not widget.objectName()]
    silent = [
        widget.objectName()
        for widget in controls
        if not widget.accessibleName() and widget.focusPolicy() != Qt.FocusPolicy.NoFocus
    ]
    assert unnamed == []
    assert silent == []
    names = [widget.objectName() for widget in controls]
    assert sorted(names) == sorted(set(names))


def test_everything_is_reached_with_the_tab_key_in_order(driver: Driver) -> None:
    _full(driver)
    window = driver.desktop.window
    window.activateWindow()
    driver.page.composer.set_text("more")
    wanted = {
        widget.objectName()
        for widget in _ours(window)
        if widget.isVisible() and widget.isEnabled() and isinstance(widget, QAbstractButton)
    } | {"question", "temperature", "presetChoice", "order"}
    reached: list[str] = []
    driver.wait(lambda: QApplication.focusWidget() is not None)
    driver.page.transcript.setFocus()
    for _ in range(200):
        focus = QApplication.focusWidget()
        assert focus is not None
        reached.append(focus.objectName())
        if wanted <= set(reached):
            break
        QTest.keyClick(focus, Qt.Key.Key_Tab)
    assert wanted - set(reached) == set()
    kinds = [name.split("-")[0] for name in reached]
    order = [kinds.index(kind) for kind in ("thinkingToggle", "copyCode", "copyAnswer", "retry")]
    assert order == sorted(order)


@pytest.mark.parametrize("width", [640, 900, 1600])
def test_nothing_is_cut_off(driver: Driver, width: int) -> None:
    _full(driver)
    driver.page.header.sampling.setChecked(False)
    window = driver.desktop.window
    window.resize(width, 800)
    driver.wait(lambda: driver.page.width() == width - driver.desktop.window.rail.width())
    for widget in (driver.page.composer.send, driver.page.header.more, driver.page.header.model):
        right = widget.mapTo(window, widget.rect().topRight()).x()
        assert 0 < right < width
    assert driver.page.transcript.horizontalScrollBar().maximum() == 0
    for entry in driver.desktop.session.transcript.entries:
        view = driver.page.transcript.view_of(entry)
        assert view.geometry().right() < width


def test_targets_are_large_enough(driver: Driver) -> None:
    _full(driver)
    small = [
        (widget.objectName(), widget.size())
        for widget in _ours(driver.desktop.window)
        if isinstance(widget, QAbstractButton)
        and widget.isVisible()
        and min(widget.width(), widget.height()) < 24
    ]
    assert small == []
