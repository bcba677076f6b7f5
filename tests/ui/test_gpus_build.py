"""A machine that is built: parts, what they run, files, and that nothing is lost."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from app.hardware.recorded import load_machine
from app.planning.build import Build, build_to_json
from app.settings.declared import BUILT_MACHINE
from app.settings.store import SettingsStore
from app.ui.gpus.build_words import HERE_COLUMN
from app.ui.look import Look
from tests.planning.made import shipped
from tests.ui.gpu_pages import Gpus

if TYPE_CHECKING:
    from app.hardware.types import Machine


@pytest.fixture
def build(qtbot: QtBot, look: Look, settings: SettingsStore) -> Iterator[Gpus]:
    pages = Gpus(qtbot, look, settings)
    pages.about()
    pages.show("build")
    pages.built()
    pages.wait(lambda: pages.views.built.here is not None)
    yield pages
    pages.close()


def add(pages: Gpus, words: str) -> None:
    edit = pages.widget("buildAddEdit")
    assert isinstance(edit, QLineEdit)
    edit.setText(words)
    QTest.keyClick(edit, Qt.Key.Key_Return)


def parts(pages: Gpus) -> list[tuple[str, int]]:
    return [(part.gpu.name, part.count) for part in pages.views.built.build.cards]


def test_from_nothing_to_a_mixed_machine(build: Gpus) -> None:
    assert build.text("buildName") == "128 GB of RAM"
    assert build.seen("buildNoGpu")
    add(build, "rtx 4090")
    add(build, "rtx 4090")
    add(build, "geforce rtx 3090")
    assert parts(build) == [("GeForce RTX 4090", 2), ("GeForce RTX 3090", 1)]
    card = build.views.build.parts
    card.counts["GeForce RTX 3090"].setValue(2)
    card.ram.setValue(256)
    card.preset.setCurrentIndex(card.preset.findText("8-channel DDR5-4800"))
    card.preset.activated.emit(card.preset.currentIndex())
    build.built()
    assert build.text("buildName") == "2 × GeForce RTX 4090, 2 × GeForce RTX 3090, 256 GB of RAM"
    assert build.text("buildStatement").startswith("Take GLM-4.6 in ")
    assert "buys" in build.text("buildNext")
    lines = build.views.build.table.cells.lines
    assert len(lines) == len(build.views.built.candidates)
    assert sum(line.marked for line in lines) == 1
    machine = build.views.built.build.machine()
    assert len(machine.gpus) == 4
    assert machine.ram_bandwidth.nominal_bytes_per_second == 307_200_000_000


def test_steps_of_ram_and_speeds_of_ones_own(build: Gpus) -> None:
    card = build.views.build.parts
    card.ram.stepUp()
    assert build.views.built.build.ram_gib == 192
    card.ram.stepDown()
    card.ram.stepDown()
    assert build.views.built.build.ram_gib == 96
    card.preset.setCurrentIndex(card.preset.count() - 1)
    card.preset.activated.emit(card.preset.currentIndex())
    assert build.seen("buildChannels")
    card.channels.setValue(6)
    card.transfers.setValue(8800)
    assert build.views.built.build.ram_bytes_per_second == 422_400_000_000
    build.built()
    assert build.seen("buildChannels")


def test_a_whole_machine_replaces_the_parts(build: Gpus) -> None:
    add(build, "4090")
    add(build, "m3 ultra 512")
    assert build.text("buildName") == "M3 Ultra 512GB"
    assert not build.views.build.parts.ram.isEnabled()
    build.built()
    assert all("unified" in line.cells[5].note or not line.cells[5].note.startswith("fits")
               for line in build.views.build.table.cells.lines)  # fmt: skip
    build.press("buildRemove-0")
    assert parts(build) == [("GeForce RTX 4090", 1)]
    assert build.views.build.parts.ram.isEnabled()


def test_more_gpus_than_the_engine_can_use_are_refused(build: Gpus) -> None:
    add(build, "h100 sxm")
    card = build.views.build.parts
    card.counts["H100 SXM5 80GB"].setValue(16)
    add(build, "rtx 4090")
    assert "16 GPUs at most" in build.text("buildState")
    assert parts(build) == [("H100 SXM5 80GB", 16)]
    build.built()
    card.counts["H100 SXM5 80GB"].setValue(8)
    assert not build.text("buildState").startswith("One computer")


def test_nonsense_is_not_added(build: Gpus) -> None:
    add(build, "voodoo 2")
    add(build, "   ")
    assert parts(build) == []


def test_undo(build: Gpus) -> None:
    assert not build.seen("buildUndo")
    add(build, "4090")
    add(build, "m3 ultra 512")
    build.press("buildUndo")
    build.press("buildUndo")
    assert build.views.built.build == Build()
    assert not build.seen("buildUndo")


def test_what_was_built_is_there_after_a_restart(
    qtbot: QtBot, look: Look, settings: SettingsStore, tmp_path: Path
) -> None:
    first = Gpus(qtbot, look, settings)
    first.about()
    first.show("build")
    add(first, "rtx 5090")
    kept = first.views.built.build
    assert first.shell.saves
    settings.save()
    first.close()
    again = SettingsStore(tmp_path / "settings.json")
    again.load()
    second = Gpus(qtbot, look, again)
    assert second.views.built.build == kept
    second.close()


def test_a_build_that_cannot_be_read_stays_until_something_is_built(
    qtbot: QtBot, look: Look, settings: SettingsStore
) -> None:
    stored = {**build_to_json(Build()), "ram_gib": "much"}
    settings.set(BUILT_MACHINE, stored)
    pages = Gpus(qtbot, look, settings)
    pages.about()
    pages.show("build")
    pages.built()
    assert "cannot be used" in pages.text("buildState")
    assert settings.get(BUILT_MACHINE) == stored
    add(pages, "4090")
    assert settings.get(BUILT_MACHINE)["ram_gib"] == 128
    pages.close()


def test_save_and_open(build: Gpus, tmp_path: Path) -> None:
    add(build, "rtx 4090")
    kept = build.views.built.build
    path = tmp_path / "my machine.json"
    build.views.built.save(path)
    build.wait(lambda: "--machine" in build.views.built.note)
    assert load_machine(path).name == "GeForce RTX 4090, 128 GB of RAM"
    assert list(tmp_path.glob("*.part")) == list(tmp_path.glob(".*.part")) == []
    add(build, "m3 ultra 512")
    build.views.built.open(path)
    build.wait(lambda: build.views.built.build == kept)
    build.press("buildUndo")
    assert build.views.built.build.whole is not None


def test_files_that_are_no_machine(build: Gpus, tmp_path: Path) -> None:
    before = build.views.built.build
    foreign = tmp_path / "other.json"
    foreign.write_text('{"format": "something"}', encoding="utf-8")
    build.views.built.open(foreign)
    build.wait(lambda: "other.json cannot be used" in build.text("buildState"))
    build.views.built.open(tmp_path / "missing.json")
    build.wait(lambda: "cannot be read" in build.text("buildState"))
    build.views.built.save(tmp_path / "no" / "folder" / "x.json")
    build.wait(lambda: "could not be written" in build.text("buildState"))
    assert build.views.built.build == before


def test_beside_this_machine(build: Gpus) -> None:
    view = build.views.build
    assert view.table.isColumnHidden(HERE_COLUMN)
    build.press("buildCompare")
    assert not view.table.isColumnHidden(HERE_COLUMN)
    assert build.text("buildHere").startswith("This machine: Take GLM-4.6 in ")
    told = {line.key: line.cells[HERE_COLUMN].text for line in view.table.cells.lines}
    assert told["BF16"] == "from disk"
    assert told["UD-Q2_K_XL"].endswith(" t/s")


def test_start_from_this_machine(build: Gpus) -> None:
    build.press("buildMine")
    assert parts(build) == [("GeForce RTX 4090", 1)]
    assert build.views.built.build.ram_gib == 192


def test_a_machine_with_a_gpu_that_nobody_knows(
    qtbot: QtBot, look: Look, settings: SettingsStore
) -> None:
    pages = Gpus(qtbot, look, settings, lambda: shipped("two-3090-one-1080"))
    pages.about()
    pages.show("build")
    pages.wait(lambda: pages.views.built.machine is not None)
    pages.built()
    pages.press("buildMine")
    assert "GTX 1080 is not in the table of GPUs" in pages.text("buildState")
    pages.close()


def test_copied_as_text(build: Gpus) -> None:
    build.press("buildCompare")
    build.press("buildCopy")
    text = QGuiApplication.clipboard().text()
    assert text.startswith("128 GB of RAM\n")
    assert "This machine: Take GLM-4.6" in text
    assert "tokens/s (" in text
    assert build.text("buildCopy") == "Copied"


def test_the_rest_of_the_window_plans_for_it(build: Gpus) -> None:
    taken: list[tuple[str, Machine]] = []
    build.views.plan_wanted.connect(lambda name, machine: taken.append((name, machine)))
    add(build, "h200 nvl")
    build.built()
    build.press("buildPlan")
    assert taken[0][0] == "H200 NVL, 128 GB of RAM"
    assert taken[0][1].gpus[0].name == "H200 NVL"


def test_without_a_model_it_can_be_built_all_the_same(
    qtbot: QtBot, look: Look, settings: SettingsStore
) -> None:
    pages = Gpus(qtbot, look, settings)
    pages.show("build")
    assert pages.text("buildState") == "Choose a model first."
    add(pages, "4090")
    assert parts(pages) == [("GeForce RTX 4090", 1)]
    assert not pages.seen("buildTable")
    pages.about()
    pages.built()
    assert pages.seen("buildTable")
    pages.close()


@pytest.mark.parametrize("width", [580, 1200])
def test_stacked_and_side_by_side(build: Gpus, width: int) -> None:
    build.window.resize(width, 1100)
    view = build.views.build

    def beside() -> bool:
        return view.table.mapTo(view, view.table.rect().topLeft()).x() > view.parts.width()

    build.wait(lambda: beside() == (width > 900))
    assert view.width() <= width
