"""What was asked before comes back with the arrow keys."""

from app.ui.chat.input_history import InputHistory


def history() -> InputHistory:
    made = InputHistory()
    made.set_here(("third", "first"))
    made.set_elsewhere(("third", "other", "first", " "))
    return made


def test_this_chat_comes_first_then_the_others_each_text_once() -> None:
    found, text = history(), ""
    for expected in ("third", "first", "other"):
        shown = found.earlier(text)
        assert shown == expected
        text = shown
    assert found.earlier(text) is None
    assert found.shown == "other"


def test_what_was_typed_comes_back() -> None:
    found = history()
    assert found.later("my words") is None
    assert found.earlier("my words") == "third"
    assert found.earlier("third") == "first"
    assert found.later("first") == "third"
    assert found.later("third") == "my words"
    assert found.shown is None
    assert found.later("my words") is None


def test_a_text_that_was_changed_is_the_persons_own() -> None:
    found = history()
    assert found.earlier("") == "third"
    assert found.later("third, changed") is None
    assert found.earlier("third, changed") == "third"
    assert found.later("third") == "third, changed"


def test_the_text_that_is_there_already_is_passed_over() -> None:
    assert history().earlier("third") == "first"


def test_nothing_was_asked() -> None:
    assert InputHistory().earlier("typed") is None
    assert InputHistory().later("typed") is None
