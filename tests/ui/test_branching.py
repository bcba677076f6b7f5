"""Other versions of what was said: edited, asked again, switched, branched, deleted, found."""

import threading

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.chat.events import RoundStarted
from app.chat.store.store import ChatStore
from app.core.errors import KnownError
from app.core.messages import AttachmentPart, TextPart
from app.core.sampling import GREEDY, Sampling
from app.dialect.events import TextDelta
from app.ui.chat.actions import Action
from app.ui.chat.entries import Answer, Entry, Footer, Question
from app.ui.chat.views.action_bar import VersionSwitch
from app.ui.chat.views.entry_view import EntryView
from app.ui.chat.views.footer_view import FooterView
from app.ui.chat.views.question_view import QuestionView
from app.ui.look import Look
from tests.ui.kept import Kept, answer
from tests.ui.scripted import Step


def _view(kept: Kept, entry: Entry) -> EntryView:
    return kept.page.transcript.view_of(entry)


def _question(kept: Kept, number: int = 0) -> QuestionView:
    view = _view(kept, kept.entries(Question)[number])
    assert isinstance(view, QuestionView)
    return view


def _click(kept: Kept, entry: Entry, action: Action) -> None:
    """As with the mouse, on the button of the entry."""
    button = _view(kept, entry).action_button(action)
    assert isinstance(button, QPushButton), f"no button for {action}"
    assert button.isVisible()
    button.click()


def _shown(kept: Kept) -> list[str]:
    return [
        entry.text
        for entry in kept.desktop.session.transcript.entries
        if isinstance(entry, Question | Answer)
    ]


def _wait_shown(kept: Kept, *texts: str) -> None:
    session = kept.desktop.session
    kept.wait(lambda: _shown(kept) == list(texts) and not session.busy and not session.opening)


def _edit(kept: Kept, number: int, text: str, *steps: Step) -> None:
    kept.backend.turns.append(list(steps))
    _click(kept, kept.entries(Question)[number], "edit")
    editor = _question(kept, number).editor
    assert editor is not None
    kept.wait(editor.field.hasFocus)
    editor.field.setPlainText(text)
    QTest.keyClick(editor.field, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)


def _two_turns(kept: Kept) -> None:
    kept.ask("One?", answer("1"))
    kept.ask("Two?", answer("2"))


def test_an_edited_question_stands_beside_the_old_one(kept: Kept, chats: ChatStore) -> None:
    _two_turns(kept)
    _edit(kept, 0, "Uno?", *answer("uno"))
    _wait_shown(kept, "Uno?", "uno")
    assert [message.text for message in kept.backend.histories[-1]] == ["Uno?"]
    question = kept.entries(Question)[0]
    assert len(question.versions) == 2
    assert question.message == question.versions[1]
    _click(kept, question, "earlier")
    _wait_shown(kept, "One?", "1", "Two?", "2")
    _click(kept, kept.entries(Question)[0], "later")
    _wait_shown(kept, "Uno?", "uno")
    (name,) = [head.id for head in chats.read.conversations()]
    assert len(chats.read.tree(name)) == 6


def test_where_each_branch_was_left_is_remembered(kept: Kept, chats: ChatStore) -> None:
    _two_turns(kept)
    _edit(kept, 1, "Zwei?", *answer("zwei"))
    _wait_shown(kept, "One?", "1", "Zwei?", "zwei")
    _edit(kept, 0, "Uno?", *answer("uno"))
    _wait_shown(kept, "Uno?", "uno")
    _click(kept, kept.entries(Question)[0], "earlier")
    _wait_shown(kept, "One?", "1", "Zwei?", "zwei")
    (name,) = [head.id for head in chats.read.conversations()]
    kept.desktop.session.new_chat()
    kept.page.open_conversation(name)
    _wait_shown(kept, "One?", "1", "Zwei?", "zwei")
    assert [len(entry.versions) for entry in kept.entries(Question)] == [2, 2]


def test_esc_leaves_the_question_as_it_was(kept: Kept) -> None:
    kept.ask("One?", answer("1"))
    _click(kept, kept.entries(Question)[0], "edit")
    editor = _question(kept).editor
    assert editor is not None
    editor.field.setPlainText("something else")
    QTest.keyClick(editor.field, Qt.Key.Key_Escape)
    assert _question(kept).editor is None
    assert _shown(kept) == ["One?", "1"]
    assert kept.entries(Question)[0].edited is None
    assert not kept.desktop.session.busy


def test_what_is_edited_survives_scrolling_away(kept: Kept) -> None:
    kept.ask("One?", answer("1"))
    kept.ask("Two?", answer("word " * 8_000))
    _question(kept).begin_edit()
    editor = _question(kept).editor
    assert editor is not None
    editor.field.setPlainText("half an edit")
    kept.page.composer.edit.setFocus()
    kept.page.transcript.follow()
    first = kept.entries(Question)[0]
    kept.wait(lambda: id(first) not in kept.page.transcript._views)
    kept.page.transcript.show_entry(first)
    again = _question(kept).editor
    assert again is not None
    assert again.field.toPlainText() == "half an edit"


def test_the_same_text_asks_for_another_answer_only(kept: Kept) -> None:
    kept.ask("One?", answer("1"))
    _edit(kept, 0, "One?", *answer("one"))
    _wait_shown(kept, "One?", "one")
    assert len(kept.entries(Question)[0].versions) == 1
    assert len(kept.entries(Footer)[0].versions) == 2


def test_attachments_stay_with_an_edited_question(kept: Kept) -> None:
    file = AttachmentPart("notes.txt", "the notes")
    kept.backend.turns.append(answer("1"))
    assert kept.desktop.session.ask("One?", kept.page.options, (file,))
    kept.wait(lambda: not kept.desktop.session.busy)
    _edit(kept, 0, "Uno?", *answer("uno"))
    _wait_shown(kept, "Uno?", "uno")
    assert kept.entries(Question)[0].attachments == (file,)
    assert kept.backend.histories[-1][0].parts == (file, TextPart("Uno?"))


def test_again_gives_another_answer_beside_the_old_one(kept: Kept, chats: ChatStore) -> None:
    _two_turns(kept)
    kept.backend.turns.append(answer("one"))
    first = kept.entries(Footer)[0]
    _click(kept, first, "again")
    _wait_shown(kept, "One?", "one")
    footer = kept.entries(Footer)[0]
    assert len(footer.versions) == 2
    _click(kept, footer, "earlier")
    _wait_shown(kept, "One?", "1", "Two?", "2")
    kept.ask("Three?", answer("3"))
    texts = [message.text for message in kept.backend.histories[-1]]
    assert texts == ["One?", "1", "Two?", "2", "Three?"]
    (name,) = [head.id for head in chats.read.conversations()]
    chats.written().result(10)
    assert [one.message.text for one in chats.read.history(name)][-2:] == ["Three?", "3"]


def test_the_switch_is_worked_with_the_keyboard_and_keeps_the_focus(kept: Kept) -> None:
    kept.ask("One?", answer("1"))
    for text in ("one", "uno"):
        kept.backend.turns.append(answer(text))
        _click(kept, kept.entries(Footer)[0], "again")
        _wait_shown(kept, "One?", text)
    for text in ("one", "1"):
        button = _view(kept, kept.entries(Footer)[0]).action_button("earlier")
        assert button is not None
        button.setFocus()
        QTest.keyClick(button, Qt.Key.Key_Space)
        _wait_shown(kept, "One?", text)
        view = _view(kept, kept.entries(Footer)[0])
        kept.wait(lambda view=view: view.isAncestorOf(QApplication.focusWidget()))  # type: ignore[misc]
    assert _view(kept, kept.entries(Footer)[0]).action_button("earlier") is None
    later = _view(kept, kept.entries(Footer)[0]).action_button("later")
    assert QApplication.focusWidget() is later


def test_a_running_turn_blocks_with_the_reason(kept: Kept, gate: threading.Event) -> None:
    kept.ask("One?", answer("1"))
    kept.ask("Two?", [RoundStarted(0), TextDelta("It is"), gate], wait=False)
    kept.wait(lambda: len(kept.entries(Answer)) == 2)
    footer = kept.entries(Footer)[0]
    assert _view(kept, footer).action_button("again") is None
    again = _view(kept, footer).findChild(QPushButton, f"again-{_view(kept, footer).number}")
    assert again is not None
    assert "An answer is being written" in again.toolTip()
    assert not kept.desktop.session.revision.again(footer.question or 0, kept.page.options)
    gate.set()
    kept.wait(lambda: not kept.desktop.session.busy)
    kept.wait(again.isEnabled)


def test_a_model_is_needed_for_an_answer_but_not_for_the_rest(kept: Kept) -> None:
    kept.ask("One?", answer("1"))
    kept.desktop.session.models.unload()
    kept.wait(lambda: kept.desktop.session.ready is None)
    footer = kept.entries(Footer)[0]
    again = _view(kept, footer).findChild(QPushButton, f"again-{_view(kept, footer).number}")
    assert again is not None
    kept.wait(lambda: "Open a model first" in again.toolTip())
    _click(kept, kept.entries(Question)[0], "edit")
    editor = _question(kept).editor
    assert editor is not None
    editor.field.setPlainText("Uno?")
    assert not editor.save.isEnabled()
    QTest.keyClick(editor.field, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert _question(kept).editor is editor
    assert editor.field.toPlainText() == "Uno?"


def test_a_new_chat_from_the_middle(kept: Kept, chats: ChatStore) -> None:
    _two_turns(kept)
    old = kept.desktop.session.conversation
    _click(kept, kept.entries(Footer)[0], "branch")
    _wait_shown(kept, "One?", "1")
    assert kept.desktop.session.conversation != old
    kept.wait_listed("One? (branch)", "One?")
    kept.ask("Other?", answer("3"))
    assert old is not None
    chats.written().result(10)
    assert len(chats.read.history(old)) == 4


def test_the_last_turn_is_reached_by_keys(kept: Kept) -> None:
    window = kept.desktop.window
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(window, Qt.Key.Key_R, both)
    kept.wait(lambda: "Nothing has been asked" in window.notice.text.text())
    _two_turns(kept)
    QTest.keyClick(window, Qt.Key.Key_G, both)
    kept.wait(lambda: "nothing to continue" in window.notice.text.text())
    kept.backend.turns.append(answer("two"))
    QTest.keyClick(window, Qt.Key.Key_R, both)
    _wait_shown(kept, "One?", "1", "Two?", "two")
    QTest.keyClick(window, Qt.Key.Key_E, both)
    editor = _question(kept, 1).editor
    assert editor is not None
    kept.wait(editor.field.hasFocus)


def test_a_new_chat_from_a_question_waits_for_its_answer(kept: Kept) -> None:
    kept.ask("One?", answer("1"))
    _click(kept, kept.entries(Question)[0], "branch")
    _wait_shown(kept, "One?")
    footer = kept.entries(Footer)[0]
    assert footer.text == "No answer yet"
    kept.backend.turns.append(answer("one"))
    _click(kept, footer, "again")
    _wait_shown(kept, "One?", "one")


def test_a_deleted_answer_comes_back_with_undo(kept: Kept) -> None:
    _two_turns(kept)
    _act_in_menu(kept, kept.entries(Footer)[0], "delete")
    _wait_shown(kept, "One?")
    undo = kept.desktop.window.notice.findChild(QPushButton, "undoButton")
    assert undo is not None
    assert undo.isVisible()
    undo.click()
    _wait_shown(kept, "One?", "1", "Two?", "2")


def test_a_deleted_version_gives_way_to_the_other_one(kept: Kept) -> None:
    kept.ask("One?", answer("1"))
    kept.backend.turns.append(answer("one"))
    _click(kept, kept.entries(Footer)[0], "again")
    _wait_shown(kept, "One?", "one")
    _act_in_menu(kept, kept.entries(Footer)[0], "delete")
    _wait_shown(kept, "One?", "1")
    assert len(kept.entries(Footer)[0].versions) == 1


def test_the_first_question_deleted_leaves_an_empty_chat(kept: Kept) -> None:
    kept.ask("One?", answer("1"))
    _click(kept, kept.entries(Question)[0], "delete")
    _wait_shown(kept)
    kept.ask("Two?", answer("2"))
    _wait_shown(kept, "Two?", "2")
    kept.wait_count(1)


def _act_in_menu(kept: Kept, entry: Entry, action: Action) -> None:
    menu = QMenu()
    _view(kept, entry).add_to_menu(menu)
    found = [one for one in menu.actions() if one.objectName() == f"menu-{action}"]
    assert len(found) == 1
    found[0].trigger()
    menu.deleteLater()


def test_the_menu_of_an_answer_offers_what_its_turn_can(kept: Kept) -> None:
    kept.ask("One?", answer("1"))
    menu = QMenu()
    _view(kept, kept.entries(Answer)[0]).add_to_menu(menu)
    assert [one.objectName() for one in menu.actions()] == [
        "menu-again", "menu-branch", "menu-delete",
    ]  # fmt: skip
    menu.deleteLater()


def test_a_question_that_failed_and_then_another(kept: Kept, chats: ChatStore) -> None:
    """The failed one is not asked with the words of the next one."""
    kept.ask("One?", [RoundStarted(0), KnownError("It did not work.")])
    kept.ask("Two?", answer("2"))
    assert [message.text for message in kept.backend.histories[-1]] == ["Two?"]
    (name,) = [head.id for head in chats.read.conversations()]
    chats.written().result(10)
    texts = [one.message.text for one in chats.read.history(name)]
    assert texts == ["One?", "", "Two?", "2"]


def test_a_question_that_failed_is_edited_without_its_failure(kept: Kept, chats: ChatStore) -> None:
    kept.ask("One?", [KnownError("The template refuses.")])
    _edit(kept, 0, "Uno?", *answer("uno"))
    _wait_shown(kept, "Uno?", "uno")
    (name,) = [head.id for head in chats.read.conversations()]
    chats.written().result(10)
    assert chats.read.history(name)[0].message.parts == (TextPart("Uno?"),)


def test_each_version_tells_what_made_it(kept: Kept) -> None:
    kept.page.sampling = GREEDY.sampling
    kept.ask("One?", answer("1"))
    kept.page.sampling = Sampling(temperature=0.3)
    kept.backend.turns.append(answer("one"))
    _click(kept, kept.entries(Footer)[0], "again")
    _wait_shown(kept, "One?", "one")
    assert kept.entries(Footer)[0].made == "Demo model · Temperature 0.3 · seed 7"
    view = _view(kept, kept.entries(Footer)[0])
    switch = view.findChild(VersionSwitch)
    assert switch is not None
    assert switch.toolTip() == "Answer 2 of 2\nDemo model · Temperature 0.3 · seed 7"
    _click(kept, kept.entries(Footer)[0], "earlier")
    _wait_shown(kept, "One?", "1")
    assert (
        kept.entries(Footer)[0].made == "Demo model · Always the likeliest (Temperature 0) · seed 7"
    )


def test_the_line_under_an_answer_is_never_cut(look: Look, qtbot: QtBot) -> None:
    canvas = QWidget()
    qtbot.addWidget(canvas)
    entry = Footer("6.4 tokens/s, first token after 1.8 s, all of it reused", False, answer="1")
    view = FooterView(look, entry, canvas)
    heights = [view.height_for(240) for _ in range(3)]
    assert heights == heights[:1] * 3
    assert view._text.heightForWidth(view._text.width()) <= view._text.height()
    assert view._text.wordWrap()


def test_a_hit_in_a_hidden_version_is_shown(kept: Kept, chats: ChatStore) -> None:
    _two_turns(kept)
    _edit(kept, 0, "Uno?", *answer("uno"))
    _wait_shown(kept, "Uno?", "uno")
    kept.desktop.session.new_chat()
    kept.ask("Other?", answer("3"))
    chats.indexed().result(10)
    hit = chats.search.find("Two").hits[0]
    kept.page.open_conversation(hit.conversation, hit.message)
    _wait_shown(kept, "One?", "1", "Two?", "2")
    view, mark = _view(kept, kept.entries(Question)[1]), kept.page.transcript._mark
    kept.wait(mark.isVisible)
    assert (mark.y(), mark.height()) == (view.y(), view.height())
    kept.wait(mark.isHidden)


def test_a_hit_in_the_open_chat_scrolls_there(kept: Kept) -> None:
    kept.ask("First?", answer("one"))
    kept.ask("Second?", answer("word " * 6_000))
    transcript = kept.page.transcript
    assert not transcript.is_visible(kept.entries(Question)[0])
    message = kept.entries(Answer)[0].message
    kept.page.open_conversation(kept.desktop.session.conversation or 0, message)
    kept.wait(lambda: transcript.is_visible(kept.entries(Answer)[0]))
    assert not kept.desktop.session.opening


def test_a_hit_that_was_deleted_meanwhile_is_told(kept: Kept, chats: ChatStore) -> None:
    _two_turns(kept)
    conversation = kept.desktop.session.conversation or 0
    message = kept.entries(Question)[1].message or 0
    chats.messages.delete(message)
    kept.desktop.session.new_chat()
    kept.page.open_conversation(conversation, message)
    _wait_shown(kept, "One?", "1")
    kept.wait(lambda: "deleted" in kept.desktop.window.notice.text.text())
