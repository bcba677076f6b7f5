"""Files are picked, dropped and pasted; what is wrong with one is said; a question takes them."""

import os
import sys
import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QWidget

from app.core.messages import AttachmentPart, TextPart
from app.ui.chat.attachments.desk import MOST
from app.ui.chat.attachments.paste import LONGEST_IN_FIELD
from app.ui.chat.entries import Question
from app.ui.chat.views.question_view import QuestionView
from app.ui.drops import sorted_drop
from tests.chat.attachments.made import pdf
from tests.library.trees import gguf, put
from tests.ui.attachments.conftest import Adding
from tests.ui.kept import Kept, answer
from tests.ui.scripted import round_finished
from tests.ui.test_library_drop import drop, mime


def paste(adding: Adding, data: QMimeData) -> None:
    adding.composer.edit.insertFromMimeData(data)


def text_mime(text: str) -> QMimeData:
    data = QMimeData()
    data.setText(text)
    return data


# Picking


def test_the_button_opens_a_dialog_for_many_files(adding: Adding) -> None:
    paths = [adding.file("a.txt"), adding.file("b.txt")]
    adding.composer.files.click()
    dialog = adding.composer.findChild(QFileDialog, "attachDialog")
    assert dialog is not None
    assert dialog.fileMode() == QFileDialog.FileMode.ExistingFiles
    dialog.filesSelected.emit([str(path) for path in paths])
    dialog.reject()
    adding.wait()
    assert [item.name for item in adding.items] == ["a.txt", "b.txt"]
    for item, detail in zip(adding.items, adding.details(), strict=True):
        assert item.size.exact
        assert detail == f"10 bytes · {item.size.tokens} tokens"


def test_a_question_takes_the_files_with_it(adding: Adding) -> None:
    adding.add(adding.file("data.csv", "a,b\n1,2\n"))
    adding.driver.ask("Sum?", [round_finished("3")])
    (question,) = adding.driver.entries(Question)
    part = AttachmentPart("data.csv", "a,b\n1,2\n", "text/csv", 8)
    assert question.attachments == (part,)
    assert adding.driver.backend.histories[0][-1].parts == (part, TextPart("Sum?"))
    assert adding.items == []
    assert not adding.attachments.tray.isVisible()


def test_files_alone_are_a_question(adding: Adding) -> None:
    assert not adding.composer.send.isEnabled()
    adding.add(adding.file("data.csv"))
    assert adding.composer.send.isEnabled()
    adding.driver.backend.turns.append([round_finished("It is a table.")])
    QTest.keyClick(adding.composer.edit, Qt.Key.Key_Return)
    adding.driver.wait(lambda: bool(adding.driver.entries(Question)))
    adding.driver.wait(lambda: not adding.driver.desktop.session.busy)
    assert adding.driver.desktop.session.title == "data.csv"


def test_the_same_file_comes_once_and_so_many_at_most(adding: Adding) -> None:
    path = adding.file("a.txt")
    adding.add(path, path)
    adding.add(path)
    assert len(adding.items) == 1
    assert "second time" in adding.driver.desktop.window.notice.text.text()
    adding.add(*[adding.file(f"{number}.txt") for number in range(MOST)])
    assert len(adding.items) == MOST
    assert f"At most {MOST}" in adding.driver.desktop.window.notice.text.text()


# Reading


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
def test_nothing_is_sent_while_a_file_is_being_read(
    adding: Adding, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pipe that was taken for a file is waited for until somebody writes to it."""
    path = adding.folder / "slow.txt"
    os.mkfifo(path)
    monkeypatch.setattr("app.chat.attachments.reading._checked_size", lambda *_: 5)
    adding.composer.set_text("What is in it?")
    adding.attachments.add_files([path])
    chip = adding.attachments.tray.chips[adding.items[0]]
    assert chip.detail == "Reading…"
    assert not adding.composer.send.isEnabled()
    assert adding.composer.send.toolTip() == "A file is still being read."
    QTest.keyClick(adding.composer.edit, Qt.Key.Key_Return)
    assert adding.driver.entries(Question) == []
    path.write_text("hello")
    adding.wait()
    assert adding.composer.send.isEnabled()
    assert adding.attachments.parts[0].text == "hello"


def test_a_file_that_cannot_be_read_is_said_and_removed(adding: Adding) -> None:
    adding.composer.set_text("What is in it?")
    adding.add(adding.file("photo.png", b"\x89PNG\r\n\x1a\n" + bytes(60)))
    notes = adding.attachments.tray.notes
    assert "cannot see it" in notes.failures.text.text()
    assert not notes.again.isVisible()
    assert adding.details() == ["✕ not added"]
    assert not adding.composer.send.isEnabled()
    assert "photo.png" in adding.composer.send.toolTip()
    notes.discard.click()
    assert adding.items == []
    assert adding.composer.send.isEnabled()
    assert not notes.isVisible()


def test_a_file_that_was_gone_is_tried_again(adding: Adding) -> None:
    adding.add(adding.folder / "late.txt")
    notes = adding.attachments.tray.notes
    assert "not there any more" in notes.failures.text.text()
    adding.file("late.txt")
    adding.driver.wait(notes.again.isVisible)
    notes.again.click()
    adding.wait()
    assert adding.attachments.parts[0].name == "late.txt"
    assert not notes.failures.isVisible()


def test_a_guess_at_the_encoding_is_said_until_it_is_read(adding: Adding) -> None:
    adding.add(adding.file("old.txt", "Grüße\n".encode("cp1252")))
    notes = adding.attachments.tray.notes
    assert "Windows-1252" in notes.remarks.text.text()
    assert adding.composer.send.isEnabled()
    notes.understood.click()
    assert not notes.isVisible()


def test_a_chip_is_removed_by_its_cross(adding: Adding) -> None:
    adding.add(adding.file("a.txt"), adding.file("b.txt"))
    close = adding.attachments.tray.chips[adding.items[0]].close_button
    assert close is not None
    close.click()
    assert [item.name for item in adding.items] == ["b.txt"]
    assert len(adding.attachments.tray.chips) == 1


# Dropping


def test_files_dropped_on_the_chat_go_with_the_question(adding: Adding) -> None:
    drop(adding.driver, adding.file("notes.txt"), adding.file("README", "no ending\n"))
    adding.driver.wait(lambda: len(adding.items) == 2)
    adding.wait()
    assert {part.name for part in adding.attachments.parts} == {"notes.txt", "README"}
    assert adding.driver.desktop.session.models.path == "/models/demo.gguf"


def test_a_model_dropped_with_a_file_is_opened_and_the_file_added(adding: Adding) -> None:
    model = put(adding.folder / "tiny.gguf", gguf("tiny"))
    drop(adding.driver, model, adding.file("notes.txt"))
    adding.wait()
    assert [item.name for item in adding.items] == ["notes.txt"]
    adding.driver.wait(lambda: adding.driver.desktop.session.models.path == str(model))


def test_what_a_drop_is_taken_for() -> None:
    paths = [Path("/x/a.gguf"), Path("/x/folder"), Path("/x/notes.txt")]
    found = sorted_drop(mime(paths), asking=True)
    assert found is not None
    assert (found.models, found.unclear, found.files) == ((paths[0],), (paths[1],), (paths[2],))
    assert sorted_drop(mime([paths[2]]), asking=False) is None
    web = QMimeData()
    web.setUrls([QUrl("https://example.org/a.txt")])
    assert sorted_drop(web, asking=True) is None
    assert sorted_drop(text_mime("words"), asking=True) is None


# Pasting


def test_pasted_files_are_attached(adding: Adding) -> None:
    data = mime([adding.file("notes.txt")])
    data.setText("file:///somewhere/notes.txt")
    assert adding.composer.edit.canInsertFromMimeData(data)
    paste(adding, data)
    adding.wait()
    assert [item.name for item in adding.items] == ["notes.txt"]
    assert adding.composer.text() == ""


def test_a_pasted_address_is_text(adding: Adding) -> None:
    data = text_mime("https://example.org/a.txt")
    data.setUrls([QUrl("https://example.org/a.txt")])
    paste(adding, data)
    assert adding.composer.text() == "https://example.org/a.txt"
    assert adding.items == []


def test_a_pasted_picture_is_said(adding: Adding) -> None:
    data = QMimeData()
    data.setImageData(QImage(4, 4, QImage.Format.Format_RGB32))
    paste(adding, data)
    assert "cannot see pictures" in adding.driver.desktop.window.notice.text.text()
    assert adding.composer.text() == ""


@pytest.mark.parametrize("text", ["word " * 1000, "line\n" * 61, "a\u00a0b\r\n" * 1500])
def test_long_pasted_text_may_become_an_attachment_and_text_again(
    adding: Adding, text: str
) -> None:
    adding.composer.set_text("Before. ")
    paste(adding, text_mime(text))
    offer = adding.attachments.paste
    adding.driver.wait(offer.isVisible)
    assert adding.composer.text().startswith("Before. ")
    QTest.keyClicks(adding.composer.edit, "After.")
    offer.attach.click()
    adding.wait()
    assert adding.composer.text() == "Before. After."
    (part,) = adding.attachments.parts
    assert part.name == "pasted-text.txt"
    assert part.text == text.replace("\r\n", "\n")
    assert part.size_bytes is None
    adding.driver.wait(offer.undo.isVisible)
    offer.undo.click()
    assert adding.items == []
    assert len(adding.composer.text()) > len(text) // 2
    assert not offer.isVisible()


def test_long_pasted_text_may_stay_text(adding: Adding) -> None:
    paste(adding, text_mime("word " * 1000))
    adding.attachments.paste.keep.click()
    assert not adding.attachments.paste.isVisible()
    assert adding.composer.text() == "word " * 1000
    adding.composer.edit.undo()
    assert adding.composer.text() == ""


def test_the_offer_goes_with_the_text(adding: Adding) -> None:
    paste(adding, text_mime("word " * 1000))
    adding.composer.clear()
    assert not adding.attachments.paste.isVisible()


def test_short_pasted_text_is_just_text(adding: Adding) -> None:
    paste(adding, text_mime("a few words"))
    assert adding.composer.text() == "a few words"
    assert not adding.attachments.paste.isVisible()


def test_pasted_text_without_end_is_attached_at_once(adding: Adding) -> None:
    paste(adding, text_mime("x" * (LONGEST_IN_FIELD + 1)))
    adding.wait()
    assert adding.composer.text() == ""
    assert len(adding.attachments.parts[0].text) == LONGEST_IN_FIELD + 1
    assert "attachment now" in adding.attachments.paste.text.text()


# Conversations


def test_each_chat_keeps_what_was_not_sent(kept: Kept, tmp_path: Path) -> None:
    adding = Adding(kept, tmp_path)
    kept.ask("First", answer("One."))
    first = kept.desktop.session.conversation
    assert first is not None
    adding.add(adding.file("a.txt"))
    kept.page.new_chat()
    assert adding.items == []
    adding.add(adding.file("b.txt"))
    kept.page.open_conversation(first)
    kept.wait(lambda: [item.name for item in adding.items] == ["a.txt"])
    kept.page.new_chat()
    kept.wait(lambda: [item.name for item in adding.items] == ["b.txt"])


def test_a_stored_question_shows_its_files_again(kept: Kept, tmp_path: Path) -> None:
    adding = Adding(kept, tmp_path)
    adding.add(pdf(tmp_path / "report.pdf", ["Words"]))
    kept.ask("What does it say?", answer("Words."))
    conversation = kept.desktop.session.conversation
    assert conversation is not None
    kept.page.new_chat()
    kept.page.open_conversation(conversation)
    kept.wait_for(Question)
    (question,) = kept.entries(Question)
    assert question.attachments[0].text == "[Page 1]\nWords\n"
    kept.ask("And now?", answer("The same."))
    assert kept.backend.histories[-1][0].attachments == question.attachments


def test_the_files_of_a_question_open_beside_the_chat(adding: Adding) -> None:
    adding.add(adding.file("data.csv", "a,b\n"))
    adding.driver.ask("Sum?", [round_finished("3")])
    (question,) = adding.driver.entries(Question)
    view = adding.driver.page.transcript.view_of(question)
    assert isinstance(view, QuestionView)
    (chip,) = view.files.chips
    assert chip.isVisible()
    chip.open.click()
    viewer = adding.attachments.viewer
    assert viewer.isVisible()
    assert viewer.text.toPlainText() == "a,b\n"
    assert not viewer.part.isVisible()
    QTest.keyClick(viewer.text, Qt.Key.Key_Escape)
    adding.driver.wait(lambda: not viewer.isVisible())


# Strangers' names


def test_a_name_is_shown_as_plain_text(adding: Adding) -> None:
    name = "<b>bold</b> & <img src=x>.txt"
    path = adding.folder / name.replace("/", "\u2215")
    path.write_text("text")
    adding.add(path)
    chip = adding.attachments.tray.chips[adding.items[0]]
    assert "&lt;b&gt;" in chip.open.toolTip()
    assert "<img" not in chip.open.toolTip()
    assert chip.open.accessibleName().startswith("<b>bold")


def test_a_very_long_name_and_many_files_keep_the_composer_in_the_window(adding: Adding) -> None:
    adding.driver.desktop.window.resize(640, 520)
    adding.add(*[adding.file(f"{'long-' * 20}{number}.txt") for number in range(20)])
    QTest.qWaitForWindowExposed(adding.driver.desktop.window)
    page = adding.driver.page
    adding.driver.wait(lambda: adding.composer.height() > 200)
    assert all(chip.width() <= 320 for chip in adding.attachments.tray.chips.values())
    assert adding.composer.height() < 0.8 * page.height()
    send = adding.composer.send
    assert send.visibleRegion().boundingRect().height() == send.height()
    offers = page.empty.findChild(QWidget, "emptyOffers")
    assert offers is not None
    assert offers.isHidden(), "they would overlap"
    adding.driver.desktop.window.resize(1000, 800)
    for item in list(adding.items):
        adding.attachments.desk.remove(item)
    adding.driver.wait(offers.isVisible)


def test_what_is_estimated_while_the_model_answers_is_counted_after(
    adding: Adding, gate: threading.Event
) -> None:
    adding.driver.ask("Wait.", [gate, round_finished("Done.")], wait=False)
    adding.add(adding.file("a.txt", "some words\n" * 20))
    assert not adding.items[0].size.exact
    assert "about" in adding.details()[0]
    gate.set()
    adding.driver.wait(lambda: adding.items[0].size.exact)
    assert "about" not in adding.details()[0]
