"""Files as part of a conversation: found by search, kept when its question is asked otherwise."""

import threading
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.chat.store.store import ChatStore
from app.core.messages import AttachmentPart, TextPart
from app.ui.chat.entries import Answer, Question
from app.ui.chat.views.question_view import QuestionView
from tests.ui.attachments.conftest import Adding
from tests.ui.kept import Kept, answer


def test_the_text_of_a_file_is_found(kept: Kept, chats: ChatStore, tmp_path: Path) -> None:
    adding = Adding(kept, tmp_path)
    adding.add(adding.file("zoo.txt", "One zebrafish and two otters.\n"))
    kept.ask("Which animals?", answer("Fish and otters."))
    kept.page.new_chat()
    kept.ask("Something else", answer("Nothing."))
    chats.indexed().result(10)
    kept.panel.search.setText("zebrafish")
    kept.wait_listed("Which animals?")
    assert "zebrafish" in kept.lines()[0].detail
    kept.panel.view.setCurrentIndex(kept.panel._model.index(1))
    QTest.keyClick(kept.panel.view, Qt.Key.Key_Return)
    kept.wait(lambda: [entry.text for entry in kept.entries(Question)] == ["Which animals?"])


def test_a_question_that_is_edited_keeps_its_files(kept: Kept, tmp_path: Path) -> None:
    adding = Adding(kept, tmp_path)
    adding.add(adding.file("data.csv", "a,b\n"))
    kept.ask("Sum?", answer("3"))
    view = kept.page.transcript.view_of(kept.entries(Question)[0])
    assert isinstance(view, QuestionView)
    view.begin_edit()
    assert view.editor is not None
    assert view.files.isVisible()
    view.editor.field.setPlainText("Mean?")
    kept.backend.turns.append(answer("1.5"))
    view.editor.save.click()
    kept.wait(lambda: [entry.text for entry in kept.entries(Answer)] == ["1.5"])
    part = AttachmentPart("data.csv", "a,b\n", "text/csv", 4)
    assert kept.backend.histories[-1][-1].parts == (part, TextPart("Mean?"))
    assert kept.entries(Question)[0].attachments == (part,)


def test_a_question_that_waits_takes_its_files_along(kept: Kept, tmp_path: Path) -> None:
    gate = threading.Event()
    adding = Adding(kept, tmp_path)
    kept.ask("First", [gate, *answer("One.")], wait=False)
    try:
        adding.add(adding.file("data.csv", "a,b\n"))
        kept.backend.turns.append(answer("Two."))
        kept.page.composer.set_text("Second")
        kept.page.composer.wait.click()
        assert adding.items == []
    finally:
        gate.set()
    kept.wait(lambda: [entry.text for entry in kept.entries(Answer)] == ["One.", "Two."])
    assert [part.name for part in kept.backend.histories[-1][-1].attachments] == ["data.csv"]
    assert adding.items == []
