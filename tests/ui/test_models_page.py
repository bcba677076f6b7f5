"""The model page as a person uses it, on scripted answers and recorded machines."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from app.catalog.refusals import UnreachableError
from app.core.errors import KnownError
from app.planning.offers import Offer, Offers, shipped_offers
from app.settings.store import SettingsStore
from app.ui.application import Desktop, application
from app.ui.models.live import usual_offers
from app.ui.models.page import Hooks, ModelsPage
from app.ui.models.rows import CELL_ROLE, Cell, Column
from app.ui.models.source import FoundRepo
from app.ui.shell import Shell
from tests.gguf.glm46 import GLM_46
from tests.planning.made import candidate, header_of, shipped
from tests.ui.conftest import TIMEOUT_MS
from tests.ui.model_source import FakeSource
from tests.ui.scripted import ScriptedBackend

UNSLOTH = "unsloth/GLM-4.6-GGUF"
QUANTS = ("UD-Q2_K_XL", "Q4_K_M", "Q8_0")


def exact(repo: str = UNSLOTH) -> Offers:
    """As headers give them."""
    offers = tuple(
        Offer(replace(candidate(GLM_46, quant), repository=repo), header_of(GLM_46, quant), "x")
        for quant in QUANTS
    )
    return Offers(repo, offers, (("IQ4_KS", "Only ik_llama.cpp can load it."),))


@dataclass
class Models:
    """The page in its window."""

    desktop: Desktop
    source: FakeSource
    got: list[str]
    qtbot: QtBot

    @property
    def page(self) -> ModelsPage:
        page = self.desktop.window._pages["models"]
        assert isinstance(page, ModelsPage)
        return page

    def wait(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition, timeout=TIMEOUT_MS)

    def settled(self) -> None:
        board = self.page.board
        self.wait(
            lambda: (
                (board := self.page.board) is not None
                and board.table is not None
                and not board.reading
                and board._planning is None
            )
        )
        del board

    def text(self, name: str) -> str:
        found = self.page.findChild(QWidget, name)
        assert isinstance(found, QLabel | QAbstractButton), name
        return found.text()

    def seen(self, name: str) -> bool:
        found = self.page.findChild(QWidget, name)
        assert found is not None, name
        return found.isVisible()

    def click(self, name: str) -> None:
        found = self.page.findChild(QAbstractButton, name)
        assert found is not None, name
        found.click()

    def quants(self) -> list[str]:
        rows = self.page.view.quants.table.sorted
        return [str(rows.index(row, 0).data()) for row in range(rows.rowCount())]

    def cell(self, quant: str, column: Column) -> Cell:
        rows = self.page.view.quants.table.rows
        at = [line.row.quant for line in rows.lines].index(quant)
        found = rows.index(at, column).data(CELL_ROLE)
        assert isinstance(found, Cell)
        return found


Open = Callable[..., Models]


@pytest.fixture
def open_models(qtbot: QtBot, settings: SettingsStore) -> Iterator[Open]:
    desktops: list[Desktop] = []

    def make(source: FakeSource | None = None, width: int = 1280, *, wait: bool = True) -> Models:
        source = source or FakeSource(listed={UNSLOTH: exact()})
        got: list[str] = []

        def builder(shell: Shell) -> QWidget:
            return ModelsPage(
                shell, source, Hooks(get=lambda offer: got.append(offer.candidate.quant))
            )

        desktop = Desktop(application(), ScriptedBackend(), settings, {"models": builder})
        desktops.append(desktop)
        desktop.window.resize(width, 800)
        desktop.window.show()
        qtbot.addWidget(desktop.window)
        desktop.window.go("models")
        models = Models(desktop, source, got, qtbot)
        if wait:
            models.settled()
        return models

    yield make
    for desktop in desktops:
        desktop.window.close()
        assert desktop.close()


def test_the_page_says_what_the_model_is(open_models: Open) -> None:
    models = open_models()
    assert models.text("modelName") == "GLM-4.6"
    line = models.text("modelLine")
    for part in ("zai-org", "Mixture of experts", "357B parameters, 32B active", "202,752 tokens",
                 "MIT", "30 Sep 2025"):  # fmt: skip
        assert part in line.replace("\N{NO-BREAK SPACE}", " ")
    tip = models.page.view.head.line.toolTip()
    assert "12B" in tip and "GLM-4.5-Air" in tip
    assert models.text("modelDownloads") == "40,900 downloads in 30 days, as of 5 Nov 2025"
    assert "RTX 3090" in models.text("machineMain")


def test_downloads_are_live_when_the_hub_answers(open_models: Open) -> None:
    models = open_models(FakeSource(popular=51_234))
    models.wait(lambda: models.text("modelDownloads") == "51,234 downloads in 30 days")


def test_one_row_is_recommended_and_one_click_gets_it(open_models: Open) -> None:
    models = open_models()
    banner = models.page.view.quants.banner
    assert banner.property("banner") == "ok"
    best = models.page.board.table.best  # type: ignore[union-attr]
    assert best is not None
    assert models.text("bannerTitle").startswith(f"Take {best.quant}")
    assert models.cell(best.quant, Column.NAME).mark == "recommended"
    assert models.text("bannerMain") == "Download and chat"
    models.click("bannerMain")
    assert models.got == [best.quant]
    assert models.page.view.quants.table.quant == best.quant


def test_why_names_the_reason_and_the_runners_up(open_models: Open) -> None:
    models = open_models()
    assert not models.seen("bannerReasons")
    models.click("bannerWhy")
    assert models.seen("bannerReasons")
    reasons = models.text("bannerReasons")
    assert "5 tokens/s or more" in reasons
    assert "Q8_0" in reasons and "UD-Q2_K_XL" in reasons
    models.click("bannerWhy")
    assert not models.seen("bannerReasons")


def test_exact_figures_carry_no_tilde_and_estimates_do(open_models: Open) -> None:
    models = open_models()
    assert models.cell("Q4_K_M", Column.SIZE).text == "220 GB" or not models.cell(
        "Q4_K_M", Column.SIZE
    ).text.startswith("~")
    assert models.cell("Q4_K_M", Column.SPEED).text.startswith("~")
    assert models.cell("Q4_K_M", Column.QUALITY).mark == "est."
    assert "exact, read from the files' headers" in models.text("tableStatus")
    assert "IQ4_KS" in models.text("tableStatus")
    models.page.show_model("bartowski/zai-org_GLM-4.6-GGUF")
    models.settled()
    assert models.cell("Q4_K_M", Column.SIZE).text == "~218 GB"
    assert "as far as they were known then" in models.text("tableStatus")


def test_exact_bytes_and_the_nominal_figure_are_in_the_tooltip(open_models: Open) -> None:
    models = open_models()
    rows = models.page.view.quants.table.rows
    at = [line.row.quant for line in rows.lines].index("Q4_K_M")
    tip = rows.index(at, Column.SIZE).data(Qt.ItemDataRole.ToolTipRole)
    size = rows.line(at).row.offer.candidate.size_bytes
    assert f"{size:,} bytes" in tip
    assert "202.1 GB at 4.5 bits: nominal figure of a widely copied page" in tip
    quality = rows.index(at, Column.QUALITY).data(Qt.ItemDataRole.ToolTipRole)
    assert "94%: nominal figure of a widely copied page" in quality
    spoken = rows.index(at, Column.MEMORY).data(Qt.ItemDataRole.AccessibleTextRole)
    assert "RTX 3090" in spoken and "RAM" in spoken and "GB free" in spoken
    for column in Column:
        assert rows.index(at, column).data(Qt.ItemDataRole.AccessibleTextRole)


def test_the_slider_moves_the_bars(open_models: Open) -> None:
    models = open_models()
    before = models.cell("UD-Q2_K_XL", Column.MEMORY).bars
    slider = models.page.view.quants.choices.slider
    slider.setFocus()
    QTest.keyClick(slider, Qt.Key.Key_End)
    assert models.page.view.quants.choices.number.text() == "202,752"
    models.wait(lambda: models.page.board.table.context_tokens == 202_752)  # type: ignore[union-attr]
    after = models.cell("UD-Q2_K_XL", Column.MEMORY).bars

    def context(bars: object) -> int:
        return sum(s.size_bytes for row in bars for s in row.segments if s.token == "kv")  # type: ignore[attr-defined]

    assert context(after) > 5 * context(before)


def test_the_kind_of_context_memory_moves_the_bars(open_models: Open) -> None:
    models = open_models()
    choices = models.page.view.quants.choices
    choices.kv.setCurrentIndex(choices.kv.findData("q4_0"))
    choices.kv.activated.emit(choices.kv.currentIndex())
    models.wait(lambda: models.page.board.table.kv == "q4_0")  # type: ignore[union-attr]
    models.settled()
    assert choices.kv.currentData() == "q4_0"


def test_an_impossible_context_is_said_and_the_longest_is_shown(open_models: Open) -> None:
    models = open_models()
    number = models.page.view.quants.choices.number
    number.setFocus()
    number.selectAll()
    QTest.keyClicks(number, "500000")
    QTest.keyClick(number, Qt.Key.Key_Return)
    assert number.text() == "202,752"
    assert "cannot use a context of 500,000 tokens" in models.text("choiceHint")
    assert models.seen("choiceHint")
    models.settled()


def test_what_cannot_be_read_as_a_number_is_put_back(open_models: Open) -> None:
    models = open_models()
    number = models.page.view.quants.choices.number
    number.setFocus()
    number.selectAll()
    QTest.keyClicks(number, "plenty")
    QTest.keyClick(number, Qt.Key.Key_Return)
    assert number.text() == "32,768"
    number.selectAll()
    QTest.keyClicks(number, "64k")
    QTest.keyClick(number, Qt.Key.Key_Return)
    assert number.text() == "65,536"
    models.wait(lambda: models.page.board.table.context_tokens == 65_536)  # type: ignore[union-attr]


def test_rows_that_do_not_fit_are_left_out_until_all_are_wanted(open_models: Open) -> None:
    models = open_models()
    assert "Q8_0" not in models.quants()
    assert models.text("showFitting") == "Fits here (2)"
    models.click("showAll")
    assert models.quants() == list(QUANTS)
    chip = models.cell("Q8_0", Column.VERDICT).chip
    assert chip is not None and chip.kind == "bad" and "RAM missing" in chip.text


def test_columns_sort_and_the_selection_stays(open_models: Open) -> None:
    models = open_models()
    models.click("showAll")
    table = models.page.view.quants.table
    chosen = table.quant
    table.sortByColumn(Column.SPEED, Qt.SortOrder.DescendingOrder)
    assert models.quants()[0] == "UD-Q2_K_XL"
    table.sortByColumn(Column.SIZE, Qt.SortOrder.DescendingOrder)
    assert models.quants()[0] == "Q8_0"
    assert table.quant == chosen


def test_arrow_keys_select_and_enter_gets(open_models: Open) -> None:
    models = open_models()
    models.click("showAll")
    table = models.page.view.quants.table
    table.select("UD-Q2_K_XL")
    table.setFocus()
    QTest.keyClick(table, Qt.Key.Key_Down)
    assert table.quant == "Q4_K_M"
    assert models.text("detailName") == "Q4_K_M"
    QTest.keyClick(table, Qt.Key.Key_Return)
    assert models.got == ["Q4_K_M"]


def test_what_is_on_the_disk_is_loaded(open_models: Open) -> None:
    source = FakeSource(
        listed={UNSLOTH: exact()}, on_disk={quant: f"/models/{quant}.gguf" for quant in QUANTS}
    )
    models = open_models(source)
    models.wait(lambda: models.text("bannerMain") == "Load")
    assert models.text("detailGet") == "Load"
    best = models.page.view.quants.table.quant
    assert models.cell(best, Column.NAME).note == "on this computer"
    models.click("bannerMain")
    assert models.desktop.window.current == "chat"
    assert models.desktop.session.models.path == f"/models/{best}.gguf"
    models.wait(lambda: models.desktop.session.ready is not None)


def test_the_detail_names_files_bytes_and_place(open_models: Open) -> None:
    models = open_models()
    models.page.view.quants.table.select("UD-Q2_K_XL")
    size = candidate(GLM_46, "UD-Q2_K_XL").size_bytes
    assert f"{size:,} bytes" in models.text("detailFiles")
    assert "stay in RAM" in models.text("detailWhere")
    assert "tokens/s (" in models.text("detailWhere")
    assert not models.seen("detailMemories")
    models.click("detailMore")
    assert models.seen("detailMemory-1") and models.seen("detailMemory-2")


def test_estimates_are_shown_until_the_headers_are_there(open_models: Open) -> None:
    gate = threading.Event()
    models = open_models(FakeSource(listed={UNSLOTH: exact()}, gate=gate), wait=False)
    models.wait(lambda: models.page.board is not None and models.page.board.table is not None)
    models.wait(lambda: "read (3 of 27); until then these are" in models.text("tableStatus"))
    assert len(models.page.view.quants.table.rows.lines) > len(QUANTS)
    gate.set()
    models.wait(lambda: models.page.board.exact)  # type: ignore[union-attr]
    models.settled()
    assert len(models.page.view.quants.table.rows.lines) == len(QUANTS)


def test_a_skeleton_while_nothing_is_known(open_models: Open) -> None:
    gate = threading.Event()
    source = FakeSource(listed={UNSLOTH: exact()}, ships=lambda _: None, gate=gate)
    models = open_models(source, wait=False)
    models.wait(lambda: models.page.board is not None)
    assert models.seen("tableSkeleton")
    models.wait(lambda: models.text("skeletonText").endswith("3 of 27…"))
    assert UNSLOTH in models.text("skeletonText")
    gate.set()
    models.settled()
    assert not models.seen("tableSkeleton")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (UnreachableError("The Hub cannot be reached.", "No connection.", "Try again."),
         "The Hub cannot be reached."),
        (KnownError("There is no repository x/y, or it is not open to you.", "", "Check it."),
         "There is no repository"),
        (RuntimeError("a bug"), "Something in the program went wrong."),
    ],
)  # fmt: skip
@pytest.mark.qt_no_exception_capture
def test_errors_are_sentences_with_a_next_step(
    open_models: Open, error: Exception, sentence: str
) -> None:
    source = FakeSource(listed={UNSLOTH: error}, ships=lambda _: None)
    models = open_models(source, wait=False)
    models.wait(lambda: models.page.board is not None and models.page.board.problem is not None)
    assert sentence in models.text("troubleWhat")
    assert models.text("troubleNext")
    source.listed[UNSLOTH] = exact()
    models.click("troubleRetry")
    models.settled()
    assert models.seen("quantTable")


def test_without_a_network_the_shipped_list_stays(open_models: Open) -> None:
    error = UnreachableError("The Hub cannot be reached.", "", "Try again.")
    models = open_models(FakeSource(listed={UNSLOTH: error}), wait=False)
    models.wait(lambda: models.page.board is not None and models.page.board.problem is not None)
    models.settled()
    assert models.seen("quantTable")
    assert models.cell("Q4_K_M", Column.SIZE).text.startswith("~")


def test_only_files_for_other_programs(open_models: Open) -> None:
    foreign = Offers(UNSLOTH, (), (("IQ4_KS", "Only ik_llama.cpp can load it."),))
    source = FakeSource(listed={UNSLOTH: foreign}, ships=lambda _: None)
    models = open_models(source, wait=False)
    models.wait(lambda: models.page.board is not None and not models.page.board.reading)
    assert "no quantization that this program can load" in models.text("troubleWhat")
    assert "ik_llama.cpp" in models.text("troubleNext")


def test_another_model_of_the_family(open_models: Open) -> None:
    models = open_models()
    assert models.page.family is not None
    models.page.family.chosen.emit("GLM-4.7-Flash")
    models.settled()
    assert models.text("modelName") == "GLM-4.7-Flash"
    assert models.text("modelLine").startswith("zai-org · Mixture of experts · 30B parameters")
    models.page.family.chosen.emit("GLM-4-9B-0414")
    assert "No repository" in models.text("troubleWhat")


def test_publishers(open_models: Open) -> None:
    models = open_models()
    publisher = models.page.view.publisher
    assert [publisher.itemText(at) for at in range(publisher.count())] == [
        "unsloth", "bartowski", "ubergarm",
    ]  # fmt: skip
    publisher.setCurrentIndex(1)
    publisher.activated.emit(1)
    models.settled()
    assert models.page.board.repo == "bartowski/zai-org_GLM-4.6-GGUF"  # type: ignore[union-attr]
    assert models.text("modelName") == "GLM-4.6"


def test_publishers_that_the_hub_knows_are_added(open_models: Open) -> None:
    more = "someone/GLM-4.6-GGUF"
    found = {"GLM-4.6": (UNSLOTH, more), "GLM-4-9B-0414": ("x/GLM-4-9B-0414-GGUF",)}
    models = open_models(FakeSource(listed={UNSLOTH: exact()}, offering=found))
    publisher = models.page.view.publisher
    models.wait(lambda: publisher.findData(more) == 3)
    assert publisher.currentData() == UNSLOTH
    models.source.listed["x/GLM-4-9B-0414-GGUF"] = exact("x/GLM-4-9B-0414-GGUF")
    models.page.show_model("GLM-4-9B-0414")
    models.wait(lambda: models.page.board.repo == "x/GLM-4-9B-0414-GGUF")  # type: ignore[union-attr]
    models.settled()
    assert models.seen("quantTable")


def test_without_any_repository_the_usual_sizes_are_shown(open_models: Open) -> None:
    models = open_models(FakeSource(listed={UNSLOTH: exact()}, usually=usual_offers))
    models.page.show_model("GLM-4-9B-0414")
    models.wait(lambda: models.page.board.table is not None)  # type: ignore[union-attr]
    assert "what these usually take" in models.text("tableStatus")
    assert models.text("bannerMain") == "Find it on the Hub"
    assert models.cell("Q4_K_M", Column.SIZE).text == "~5.8 GB"
    models.click("bannerMain")
    models.wait(lambda: models.seen("searchTitle"))
    assert models.text("searchTitle") == "“GLM-4-9B-0414” on the Hub"
    assert models.got == []


def test_control_f_searches(open_models: Open) -> None:
    models = open_models()
    QTest.keyClick(models.page, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert models.page.family is not None
    assert models.page.family.search.hasFocus()


def test_another_machine(open_models: Open) -> None:
    models = open_models()
    examples = models.page.machines._examples
    action = next(a for a in examples.actions() if a.objectName() == "machine-container-16gb")
    action.trigger()
    models.wait(lambda: models.page.view.quants.banner.property("banner") == "bad")
    models.settled()
    assert models.text("machineTitle") == "Container with 16 GB"
    assert "fits in the memory" in models.text("bannerTitle")
    assert models.text("bannerMain").startswith("See GLM-4")
    assert models.quants() == list(QUANTS)
    models.click("machineBack")
    models.wait(lambda: models.page.view.quants.banner.property("banner") == "ok")
    assert models.text("machineTitle") == "This machine"


def test_a_smaller_model_is_one_click_away(open_models: Open) -> None:
    models = open_models(FakeSource(here=shipped("laptop-rtx4060-8gb")))
    assert models.text("bannerMain").startswith("See ")
    name = models.text("bannerMain").removeprefix("See ")
    models.click("bannerMain")
    assert models.text("modelName") == name


def test_a_machine_that_cannot_be_read(open_models: Open) -> None:
    error = KnownError("This machine could not be looked at.", "", "Try again.")
    models = open_models(FakeSource(here=error), wait=False)
    models.wait(lambda: models.page.board is not None and not models.page.board.reading)
    models.wait(lambda: "could not be looked at" in models.text("machineNote"))


def test_searching_the_hub(open_models: Open) -> None:
    source = FakeSource(found=(FoundRepo("a/GLM-GGUF", 1234), FoundRepo("b/GLM-GGUF", gated=True)))
    models = open_models(source)
    assert models.page.family is not None
    field = models.page.family.search
    field.setFocus()
    QTest.keyClicks(field, "glm")
    QTest.keyClick(field, Qt.Key.Key_Return)
    models.wait(lambda: "2 repositories" in models.text("searchNote"))
    assert "1,234 downloads" in models.text("searchResult-1")
    assert "gated" in models.text("searchResult-2")
    source.listed["a/GLM-GGUF"] = exact("a/GLM-GGUF")
    models.click("searchResult-1")
    models.settled()
    assert models.text("modelName") == "GLM-GGUF"
    assert not models.seen("modelTab-about")
    assert field.text() == ""


def test_a_repository_given_by_name_is_opened_at_once(open_models: Open) -> None:
    models = open_models()
    assert models.page.family is not None
    field = models.page.family.search
    QTest.keyClicks(field, "unsloth/GLM-4.5-Air-GGUF")
    QTest.keyClick(field, Qt.Key.Key_Return)
    models.settled()
    assert models.text("modelName") == "GLM-4.5-Air"


def test_nothing_found_and_no_network_while_searching(open_models: Open) -> None:
    models = open_models()
    assert models.page.family is not None
    field = models.page.family.search
    QTest.keyClicks(field, "zzz")
    QTest.keyClick(field, Qt.Key.Key_Return)
    models.wait(lambda: "No repository" in models.text("searchNote"))
    models.source.found = UnreachableError("The Hub cannot be reached.", "", "Try again.")
    QTest.keyClick(field, Qt.Key.Key_Return)
    models.wait(lambda: "cannot be reached" in models.text("searchNote"))
    assert models.seen("searchRetry")
    QTest.keyClick(field, Qt.Key.Key_Escape)
    models.wait(lambda: models.seen("modelName"))


@pytest.mark.parametrize("width", [640, 900, 1280])
def test_everything_is_usable_at_any_width(open_models: Open, width: int) -> None:
    models = open_models(width=width)
    table = models.page.view.quants.table
    models.wait(lambda: table.viewport().width() > 0)
    shown = table.shown()
    assert Column.NAME in shown and Column.VERDICT in shown and Column.SPEED in shown
    assert sum(table.columnWidth(column) for column in shown) <= table.viewport().width()
    inner = models.page.view.widget()
    assert inner is not None and inner.width() <= models.page.view.viewport().width()
    right = table.mapTo(models.page, QPoint(table.width(), 0)).x()
    assert right <= models.page.width()
    assert models.page.family is not None
    assert models.page.family.box.isVisible() == (width <= 900)


def test_the_about_tab(open_models: Open) -> None:
    models = open_models()
    models.click("modelTab-about")
    assert models.seen("aboutText") and not models.seen("quantTable")
    make = [models.text(f"aboutMakeValue-{number}") for number in range(1, 7)]
    assert any("92 + 1" in text for text in make)
    assert any("160 per layer, 8 used and 1 shared" in text for text in make)
    assert any("8 for keys and values, of 128" in text for text in make)
    advice = [models.text(f"aboutSamplingValue-{number}") for number in (1, 2)]
    assert advice == ["temperature 1", "temperature 1, top-p 0.95, top-k 40"]
    chart = models.page.view.about.chart
    assert "AIME 2025: 93.9%" in chart.accessibleDescription()
    assert "85.3%" in chart.accessibleDescription()
    chart.setFocus()
    QTest.keyClick(chart, Qt.Key.Key_Down)
    assert models.text("benchmarkText") == chart.current
    assert "without thinking" in chart.current


def test_the_model_menu_leads_here(open_models: Open) -> None:
    models = open_models()
    models.desktop.window.go("chat")
    action = models.desktop.window.page.header.models_action
    assert action.isVisible()
    action.trigger()
    assert models.desktop.window.current == "models"


def test_every_control_has_a_name(open_models: Open) -> None:
    models = open_models()
    models.click("modelTab-about")
    models.click("modelTab-quantizations")
    controls = [
        widget
        for widget in models.page.findChildren(QWidget)
        if isinstance(widget, QAbstractButton) and not isinstance(widget.parent(), QLineEdit)
    ]
    assert all(widget.objectName() and widget.accessibleName() for widget in controls)
    names = [widget.objectName() for widget in controls]
    assert len(names) == len(set(names))


def test_the_shipped_list_gives_a_whole_table_on_every_machine(open_models: Open) -> None:
    for machine in ("eight-h100", "m3-ultra-512gb"):
        models = open_models(FakeSource(here=shipped(machine)))
        listed = shipped_offers(UNSLOTH)
        assert listed is not None
        assert len(models.page.view.quants.table.rows.lines) == len(listed.offers)
        models.wait(lambda: bool(models.page.board.contexts))  # type: ignore[union-attr]  # noqa: B023
        assert models.cell("UD-Q2_K_XL", Column.CONTEXT).text == "202,752"
