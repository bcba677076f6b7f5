"""What does not fit is said with choices, and nothing is cut but what a person chose."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from app.core.messages import AttachmentPart, TextPart
from app.ui.chat.attachments.file_words import rounded
from app.ui.chat.attachments.part_bar import PartBar
from tests.chat.attachments.made import pdf
from tests.ui.attachments.conftest import Adding
from tests.ui.scripted import model, round_finished

ROW = "2026-01-01,12.50,Berlin\n"


@pytest.fixture
def bar(adding: Adding) -> PartBar:
    return adding.attachments.part_bar


def test_a_file_that_fits_is_not_asked_about(adding: Adding, bar: PartBar) -> None:
    adding.add(adding.file("small.csv", ROW * 10))
    assert bar.item is None
    assert not bar.isVisible()


def test_only_the_beginning(adding: Adding, bar: PartBar) -> None:
    adding.add(adding.file("large.csv", ROW * 10_000))
    adding.driver.wait(bar.isVisible)
    assert "“large.csv” does not fit" in bar.text.text()
    bar.beginning.click()
    adding.wait()
    adding.driver.wait(bar.isHidden)
    (part,) = adding.attachments.parts
    assert part.text == (ROW * 10_000)[: len(part.text)]
    assert part.excerpt.startswith("lines 1–")
    assert part.excerpt.endswith(" of 10,000")
    assert 20_000 < adding.attachments.desk.size.tokens < 32_768
    assert part.excerpt in adding.details()[0]


def test_pages_that_are_named_and_the_whole_again(adding: Adding, bar: PartBar) -> None:
    path = pdf(adding.folder / "report.pdf", [f"Page number {n}" for n in range(1, 21)])
    adding.add(path)
    adding.attachments.tray.chips[adding.items[0]].open.click()
    viewer = adding.attachments.viewer
    assert viewer.isVisible()
    viewer.part.click()
    assert bar.isVisible()
    assert (bar.first.value(), bar.last.value()) == (1, 20)
    assert "page" in bar.first.accessibleName()
    bar.first.setValue(3)
    bar.last.setValue(4)
    bar.use.click()
    adding.wait()
    adding.driver.wait(bar.isHidden)
    assert adding.attachments.parts[0].excerpt == "pages 3–4 of 20"
    assert viewer.text.toPlainText().startswith("[Page 3]\nPage number 3")
    viewer.part.click()
    assert bar.whole.isVisible()
    bar.whole.click()
    adding.wait()
    assert adding.attachments.parts[0].excerpt == ""


def test_the_choice_is_left_as_it_was(adding: Adding, bar: PartBar) -> None:
    adding.add(adding.file("large.csv", ROW * 10_000))
    adding.driver.wait(bar.isVisible)
    bar.choose.click()
    assert bar.first.isVisible()
    assert bar.last.value() < 10_000
    bar.cancel.click()
    assert bar.beginning.isVisible()
    bar.leave.click()
    assert adding.items == []
    assert not bar.isVisible()


def test_several_files_together(adding: Adding, bar: PartBar) -> None:
    adding.add(adding.file("a.csv", ROW * 600), adding.file("b.csv", ROW * 800))
    adding.driver.wait(lambda: bar.item is adding.items[1])
    assert "“b.csv”" in bar.text.text()
    assert "together" in bar.text.text()
    bar.beginning.click()
    adding.wait()
    assert adding.attachments.parts[0].excerpt == ""
    assert adding.attachments.parts[1].excerpt != ""
    adding.driver.wait(bar.isHidden)


def test_what_was_cut_is_told_to_the_model(adding: Adding, bar: PartBar) -> None:
    adding.add(adding.file("large.csv", ROW * 10_000))
    adding.driver.wait(bar.isVisible)
    bar.beginning.click()
    adding.wait()
    (part,) = adding.attachments.parts
    adding.driver.ask("Sum?", [round_finished("12")], wait=False)
    adding.driver.wait(lambda: bool(adding.driver.backend.histories))
    assert adding.driver.backend.histories[0][-1].parts == (part, TextPart("Sum?"))
    adding.driver.wait(lambda: not adding.driver.desktop.session.busy)
    assert adding.items == []
    assert adding.composer.text() == ""


def test_another_model_has_another_room(adding: Adding, bar: PartBar) -> None:
    adding.add(adding.file("large.csv", ROW * 10_000))
    adding.driver.wait(bar.isVisible)
    made = model("/models/large.gguf")
    roomy = replace(made, info=replace(made.info, context_tokens=1_000_000))
    adding.driver.backend.loads["/models/large.gguf"] = roomy
    adding.driver.desktop.session.models.open("/models/large.gguf")
    adding.driver.wait(lambda: bar.item is None)
    adding.wait()
    adding.driver.wait(bar.isHidden)
    assert adding.attachments.parts[0].excerpt == ""


def test_estimates_claim_no_more_than_they_know() -> None:
    assert [rounded(number) for number in (7, 99, 123, 1_240, 53_499, 1_260_000)] == [
        7, 99, 120, 1_200, 53_000, 1_300_000,
    ]  # fmt: skip


# The text beside the chat


def test_a_long_text_is_shown_in_steps_and_copied_whole(adding: Adding) -> None:
    text = "a line of text that is long enough\n" * 6_000
    adding.add(adding.file("long.txt", text))
    chip = adding.attachments.tray.chips[adding.items[0]]
    chip.open.setFocus()
    QTest.keyClick(chip.open, Qt.Key.Key_Space)
    viewer = adding.attachments.viewer
    assert len(viewer.text.toPlainText()) < len(text)
    assert "110,000 characters left" in viewer.more.text()
    viewer.more.click()
    viewer.more.click()
    assert viewer.text.toPlainText() == text
    assert viewer.more.isHidden()
    viewer.copy.click()
    assert QGuiApplication.clipboard().text() == text


def test_hidden_signs_are_shown(adding: Adding) -> None:
    adding.add(adding.file("trick.txt", "a\u202eb <b>not bold</b>\n"))
    adding.attachments.tray.chips[adding.items[0]].open.click()
    shown = adding.attachments.viewer.text.toPlainText()
    assert "\u27e8U+202E\u27e9" in shown
    assert "<b>not bold</b>" in shown


def test_the_text_is_saved(adding: Adding) -> None:
    viewer = adding.attachments.viewer
    path = adding.folder / "saved.txt"
    viewer.save_to(AttachmentPart("report.pdf", "Grüße\n"), path)
    notice = adding.driver.desktop.window.notice
    adding.driver.wait(lambda: "Saved as saved.txt." in notice.text.text())
    assert path.read_text(encoding="utf-8") == "Grüße\n"
    viewer.save_to(AttachmentPart("a", "b"), adding.folder / "missing" / "a.txt")
    adding.driver.wait(lambda: "cannot be written" in notice.text.text())


def test_the_panel_goes_with_the_file(adding: Adding) -> None:
    adding.add(adding.file("a.txt"))
    adding.attachments.tray.chips[adding.items[0]].open.click()
    viewer = adding.attachments.viewer
    assert viewer.isVisible()
    adding.attachments.desk.remove(adding.items[0])
    assert not viewer.isVisible()


def test_the_sampling_panel_gives_way(adding: Adding) -> None:
    page = adding.driver.page
    page.header.sampling.setChecked(True)
    adding.add(adding.file("a.txt"))
    adding.attachments.tray.chips[adding.items[0]].open.click()
    assert not page.header.sampling.isChecked()
    assert adding.attachments.viewer.isVisible()
    page.header.sampling.setChecked(True)
    assert not adding.attachments.viewer.isVisible()


def test_no_part_of_it_fits(adding: Adding, bar: PartBar) -> None:
    adding.add(adding.file("a.csv", ROW * 1_400), adding.file("b.csv", ROW * 1_500))
    adding.driver.wait(lambda: bar.item is adding.items[1] and not bar.beginning.isEnabled())
    assert bar.beginning.toolTip() == "Not even the beginning fits."
    bar.leave.click()
    adding.wait()
    assert [item.name for item in adding.items] == ["a.csv"]
    adding.driver.wait(lambda: bar.item is adding.items[0])
    assert bar.beginning.isEnabled()
