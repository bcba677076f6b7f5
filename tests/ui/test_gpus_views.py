"""GPUs that can run it, and the best of them, as a person uses them."""

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QTableView,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.core.cancel import CancelToken
from app.core.errors import KnownError
from app.planning.fleet import FleetRow, Subject
from app.settings.store import SettingsStore
from app.ui.gpus.board import plan_all
from app.ui.gpus.cells import Cell
from app.ui.gpus.table import CellTable
from app.ui.gpus.words import FLEET_COLUMNS
from app.ui.look import Look
from tests.ui.gpu_pages import Gpus, glm46, planned_once

_TITLES = [column.title for column in FLEET_COLUMNS]


@pytest.fixture
def gpus(qtbot: QtBot, look: Look, settings: SettingsStore) -> Iterator[Gpus]:
    pages = Gpus(qtbot, look, settings)
    yield pages
    pages.close()


@pytest.fixture
def listed(gpus: Gpus) -> Gpus:
    gpus.about()
    gpus.show("gpus")
    gpus.planned()
    gpus.wait(lambda: bool(gpus.views.fleet.own))
    return gpus


def cell(table: CellTable, key: str, title: str) -> Cell:
    line = next(line for line in table.cells.lines if line.key == key)
    return line.cells[_TITLES.index(title)]


def keys(table: CellTable) -> list[str]:
    return [line.key for line in table.cells.lines]


def pale(pages: Gpus) -> bool:
    return pages.views.gpus.table.cells.pale


def gated(gate: threading.Event, seen: list[Subject]) -> Callable[..., Sequence[FleetRow]]:
    """Plans that stop half-way until the gate opens."""

    def plans(
        subject: Subject, cancel: CancelToken, on_progress: Callable[[int, int], None]
    ) -> Sequence[FleetRow]:
        seen.append(subject)
        on_progress(96, 203)
        while not gate.wait(0.01):
            cancel.raise_if_cancelled()
        return planned_once(subject, cancel, on_progress)

    return plans


def test_every_gpu_sorted_by_memory(listed: Gpus) -> None:
    table = listed.views.gpus.table
    memory = _TITLES.index("Memory")
    sizes = [cast(float, line.cells[memory].sort) for line in table.cells.lines]
    assert sizes == sorted(sizes, reverse=True)
    assert len(sizes) > 200
    assert cell(table, "NVIDIA GeForce RTX 4090", "Needed").text == "10 cards"
    assert cell(table, "NVIDIA GeForce RTX 4090", "One card and RAM").text == "256 GB"
    assert cell(table, "NVIDIA B300", "Needed").text == "1 card"
    assert cell(table, "Apple M3 Ultra 512GB", "Needed").text == "fits"
    assert cell(table, "Apple M1 16GB", "Needed").text == "too small"
    assert cell(table, "NVIDIA GeForce RTX 3060 8GB", "Needed").text == "more than 16"
    assert cell(table, "Intel Arc B580", "Tokens/s").text == "–"
    assert "can hold all of it" in listed.text("gpusAbout")
    assert "(estimated)" in listed.text("gpusAbout")


def test_figures_have_their_range_source_and_unit_in_the_tooltip(listed: Gpus) -> None:
    table = listed.views.gpus.table
    line = next(one for one in table.cells.lines if one.key == "NVIDIA GeForce RTX 4090")
    assert "10 cards: All of it fits in GPU memory." in line.tip
    assert " to " in line.tip
    assert "Source: " in line.tip
    assert "24 GB on the box are GiB: 25.8 GB." in line.tip
    assert table.cells.data(table.cells.index(0, 0), Qt.ItemDataRole.ToolTipRole)
    assert table.cells.headerData(3, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole)


def test_this_machines_gpu_is_marked(listed: Gpus) -> None:
    marked = [line for line in listed.views.gpus.table.cells.lines if line.marked]
    assert [line.key for line in marked] == ["NVIDIA GeForce RTX 4090"]
    assert marked[0].cells[0].note == "yours"
    assert "This machine has it." in marked[0].tip


def test_search_and_chips(listed: Gpus) -> None:
    view = listed.views.gpus
    view.filters.search.setText("rtx 4090")
    assert keys(view.table) == [
        "NVIDIA GeForce RTX 4090",
        "NVIDIA GeForce RTX 4090 D",
        "NVIDIA GeForce RTX 4090 Laptop",
    ]
    view.filters.kinds["consumer-laptop"].click()
    assert keys(view.table) == ["NVIDIA GeForce RTX 4090 Laptop"]
    view.filters.vendors["AMD"].click()
    assert not view.table.isVisible()
    assert "No GPU of the table is like that" in listed.text("gpusNothing")
    assert listed.seen("gpusFilterClear")
    listed.press("gpusFilterClear")
    assert len(keys(view.table)) > 200
    assert not listed.seen("gpusFilterClear")
    view.filters.runs.click()
    assert "Apple M1 16GB" not in keys(view.table)


def test_sorted_by_any_column_with_mouse_and_keyboard(listed: Gpus) -> None:
    view = listed.views.gpus
    header = view.table.horizontalHeader()
    speed = _TITLES.index("Tokens/s")
    place = header.sectionViewportPosition(speed) + 10
    for descending in (True, False):
        QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=header.rect().center()
                         .__class__(place, 10))  # fmt: skip
        speeds = [cast(float, line.cells[speed].sort) for line in view.table.cells.lines]
        assert speeds == sorted(speeds, reverse=descending)
    assert view.order.currentText() == "By tokens/s"
    view.order.setFocus()
    QTest.keyClick(view.order, Qt.Key.Key_Home)
    names = keys(view.table)
    assert [line.cells[0].sort for line in view.table.cells.lines] == sorted(
        line.cells[0].sort for line in view.table.cells.lines
    ), names


def test_a_row_opens_what_each_further_card_brings(listed: Gpus) -> None:
    view = listed.views.gpus
    view.filters.search.setText("h100 sxm")
    view.table.setFocus()
    QTest.keyClick(view.table, Qt.Key.Key_Down)
    listed.wait(lambda: len(listed.views.fleet.steps) == 3)
    assert listed.text("gpuStepsTitle") == "NVIDIA H100 SXM5 80GB"
    assert listed.text("gpuStep-0") == "1 card, 192 GB RAM"
    assert listed.text("gpuStep-2") == "3 cards"
    assert listed.text("gpuStepSpeed-2").startswith("about ")
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert not view.steps.isVisible()
    assert view.table.key == ""


def test_a_gpu_that_is_too_small_says_so(listed: Gpus) -> None:
    view = listed.views.gpus
    view.filters.search.setText("m1 16")
    view.table.selectRow(0)
    listed.wait(lambda: not listed.views.fleet.looking)
    assert listed.text("gpuStepsNone") == "It is too small."


def test_enter_builds_with_it(listed: Gpus) -> None:
    view = listed.views.gpus
    opened: list[str] = []
    listed.views.shown.connect(opened.append)
    view.filters.search.setText("h200 sxm")
    view.table.selectRow(0)
    QTest.keyClick(view.table, Qt.Key.Key_Return)
    assert opened == ["build"]
    build = listed.views.built.build
    assert [(part.gpu.name, part.count) for part in build.cards] == [("H200 SXM", 2)]


def test_another_quantization_is_planned_at_once(listed: Gpus) -> None:
    view = listed.views.gpus
    view.quant.setCurrentIndex(view.quant.findData("UD-Q2_K_XL"))
    view.quant.activated.emit(view.quant.currentIndex())
    listed.planned()
    assert "UD-Q2_K_XL" in listed.text("gpusTitle")
    assert cell(view.table, "NVIDIA H200 SXM", "Needed").text == "1 card"
    listed.about("Q8_0")
    listed.planned()
    assert "Q8_0" in listed.text("gpusTitle")
    assert view.quant.currentData() == "Q8_0"


def test_the_newest_choice_wins_and_old_figures_are_pale(gpus: Gpus, gate: threading.Event) -> None:
    seen: list[Subject] = []
    gate.set()
    gpus.views.fleet._plans = gated(gate, seen)
    gpus.about()
    gpus.show("gpus")
    gpus.planned()
    gate.clear()
    for tokens in (4096, 8192, 16_384):
        gpus.about(context_tokens=tokens)
    assert pale(gpus)
    gpus.wait(lambda: len(seen) == 2)
    assert gpus.seen("gpusState")
    gpus.wait(lambda: "96 of 203" in gpus.text("gpusStateText"))
    gpus.about(context_tokens=65_536)
    gpus.wait(lambda: len(seen) == 3)
    gate.set()
    gpus.planned()
    assert [subject.choice.context_tokens for subject in seen] == [32_768, 16_384, 65_536]
    assert "65,536" in gpus.text("gpusAbout")
    assert not pale(gpus)
    assert not gpus.seen("gpusState")


def test_what_was_planned_is_kept(listed: Gpus) -> None:
    rows = listed.views.fleet.rows
    listed.about(context_tokens=4096)
    listed.planned()
    assert listed.views.fleet.rows is not rows
    listed.about()
    assert listed.views.fleet.rows is rows
    assert not listed.views.fleet.computing


def test_cancel_and_try_again(gpus: Gpus, gate: threading.Event) -> None:
    gpus.views.fleet._plans = gated(gate, [])
    gpus.about()
    gpus.show("gpus")
    gpus.wait(lambda: gpus.views.fleet.done > 0)
    gpus.press("gpusStateCancel")
    assert gpus.text("gpusStateText") == "Stopped."
    assert not gpus.views.fleet.computing
    gate.set()
    gpus.press("gpusStateRetry")
    gpus.planned()


def test_a_choice_that_no_machine_can_serve(gpus: Gpus) -> None:
    gpus.views.fleet._plans = plan_all
    gpus.show("gpus")
    gpus.about(context_tokens=10_000_000)
    gpus.wait(lambda: gpus.views.fleet.problem is not None)
    assert "cannot use a context of 10,000,000 tokens" in gpus.text("gpusStateText")
    assert not gpus.views.gpus.table.isVisible()
    gpus.about()
    gpus.planned()
    assert gpus.views.gpus.table.isVisible()


def test_nothing_is_planned_while_nobody_looks(gpus: Gpus) -> None:
    seen: list[Subject] = []

    def plans(subject: Subject, cancel: CancelToken, report: object) -> Sequence[FleetRow]:
        del report
        seen.append(subject)
        return planned_once(subject, cancel, lambda *_: None)

    gpus.views.fleet._plans = plans
    gpus.about()
    assert not gpus.views.fleet.computing
    gpus.show("best")
    gpus.planned()
    gpus.show("gpus")
    assert len(seen) == 1


def test_without_a_model(gpus: Gpus) -> None:
    gpus.show("gpus")
    assert gpus.text("gpusStateText") == "Choose a model and a quantization first."
    gpus.about()
    gpus.planned()
    gpus.views.set_subject(None, "", 0, "f16")
    assert gpus.seen("gpusState")
    assert not gpus.views.gpus.table.isVisible()


def test_an_unknown_machine_marks_nothing(
    qtbot: QtBot, look: Look, settings: SettingsStore
) -> None:
    def broken() -> object:
        raise KnownError("It cannot be read.", "", "")

    pages = Gpus(qtbot, look, settings, broken)  # type: ignore[arg-type]
    pages.about()
    pages.show("gpus")
    pages.planned()
    assert not any(line.marked for line in pages.views.gpus.table.cells.lines)
    pages.close()


@pytest.mark.parametrize("width", [420, 520, 700, 1200])
def test_columns_fold_to_the_width(listed: Gpus, width: int) -> None:
    listed.window.resize(width, 800)
    listed.qtbot.waitUntil(lambda: abs(listed.window.width() - width) < 30)
    table = listed.views.gpus.table
    shown = [i for i in range(len(_TITLES)) if not table.isColumnHidden(i)]
    assert {_TITLES[i] for i in shown} >= {"GPU", "Needed", "Tokens/s"}
    assert sum(table.columnWidth(i) for i in shown) <= table.viewport().width()


# -- the best one --------------------------------------------------------------------------------


@pytest.fixture
def best(gpus: Gpus) -> Gpus:
    gpus.about()
    gpus.show("best")
    gpus.planned()
    return gpus


def test_the_best_comes_first_with_its_reason(best: Gpus) -> None:
    assert best.text("bestAnswer").startswith("NVIDIA B300: the fewest cards")
    assert "tokens/s (" in best.text("bestAnswer")
    first = best.views.best.table.cells.lines[0]
    assert first.cells[0].text == "1"
    assert first.cells[1].text == "B300"


def test_limits(best: Gpus) -> None:
    view = best.views.best
    view.filters.kinds["unified"].click()
    assert best.text("bestAnswer").startswith("Apple M3 Ultra 512GB: the only one")
    view.filters.clear()
    view.filters.since.setCurrentIndex(view.filters.since.findData(2025))
    view.filters.memory.setCurrentIndex(view.filters.memory.findData(96))
    view.filters.kinds["workstation"].click()
    assert all("RTX PRO 6000" in line.cells[1].text for line in view.table.cells.lines)
    assert view.table.cells.lines[0].cells[1].text.startswith("3 × ")


def test_nothing_found_says_what_would_help(best: Gpus) -> None:
    view = best.views.best
    view.filters.kinds["consumer"].click()
    view.filters.cards.setCurrentIndex(view.filters.cards.findData(1))
    assert "With RAM too" in best.text("bestNothing")
    assert not best.seen("bestBanner")
    view.filters.with_ram.click()
    assert "and 256 GB of RAM" in best.text("bestAnswer")
    assert best.seen("bestRam")


def test_faster_ram_makes_it_faster(best: Gpus) -> None:
    view = best.views.best
    view.filters.search.setText("5090")
    view.filters.cards.setCurrentIndex(1)
    view.filters.with_ram.click()
    before = view.table.cells.lines[0].cells[-1].sort
    view.ram.setCurrentIndex(view.ram.count() - 1)
    view.ram.activated.emit(view.ram.currentIndex())
    best.planned()
    assert view.table.cells.lines[0].cells[-1].sort > before  # type: ignore[operator]


def test_a_row_is_told_and_built(best: Gpus) -> None:
    view = best.views.best
    view.table.setFocus()
    view.table.selectRow(4)
    assert best.text("bestAnswer").startswith("Apple M3 Ultra 512GB: about ")
    best.press("bestBuild")
    assert best.views.built.build.whole is not None


# -- all of them ---------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["gpus", "best", "build"])
def test_everything_is_named_and_reached_by_tab(listed: Gpus, key: str) -> None:
    view = listed.show(key)
    listed.qtbot.waitUntil(view.isVisible)
    parts = (QAbstractButton, QComboBox, QLineEdit, QAbstractSpinBox, QTableView)
    names = set()
    for widget in view.findChildren(QWidget):
        inside = isinstance(widget.parentWidget(), QComboBox | QAbstractSpinBox | QLineEdit)
        ours = isinstance(widget, parts) and not inside
        if not ours or not widget.isVisible() or widget.objectName().startswith("qt_"):
            continue
        if isinstance(widget, QTableView) and not isinstance(widget, CellTable):
            continue
        assert widget.objectName(), widget
        assert widget.accessibleName(), widget.objectName()
        assert widget.objectName() not in names
        names.add(widget.objectName())
        if widget.isEnabled():
            assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus, widget.objectName()
        assert widget.height() >= 22, widget.objectName()
    assert len(names) > 5


def test_both_themes_draw(listed: Gpus) -> None:
    for theme in ("light", "dark", "contrast"):
        listed.shell.look.choose(theme)
        for key in ("gpus", "best", "build"):
            assert not listed.show(key).grab().isNull()
    assert glm46().offers
