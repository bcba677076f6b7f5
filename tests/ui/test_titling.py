"""Chats get their titles from the model when it has nothing else to do."""

import threading
from collections.abc import Callable

import pytest

from app.chat.store.store import ChatStore
from app.core.errors import KnownError
from app.settings.of_thinking import MODEL_TITLES
from tests.ui.kept import Kept, answer
from tests.ui.scripted import DEMO

GLM = "/models/glm.gguf"


@pytest.fixture
def glm(kept: Kept) -> Kept:
    """With a model that is not the demo model."""
    kept.load(GLM)
    session = kept.desktop.session
    kept.wait(lambda: session.ready is not None and not session.ready.demo)
    return kept


def asked(kept: Kept) -> list[str]:
    return [history[-1].text for history in kept.backend.histories]


def head(kept: Kept, chats: ChatStore) -> tuple[str, str]:
    chats.written().result(10)
    name = kept.desktop.session.conversation
    assert name is not None
    found = chats.read.details(name).head
    return found.title, found.title_origin


def idle(kept: Kept) -> None:
    kept.wait(lambda: not kept.desktop.session.busy)


def test_the_first_answer_brings_a_title(glm: Kept, chats: ChatStore) -> None:
    glm.backend.titles = ["Blue sky"]
    glm.ask("Why is the sky blue?", answer("Short waves."))
    glm.wait_listed("Blue sky")
    assert head(glm, chats) == ("Blue sky", "model")
    assert glm.desktop.session.title == "Blue sky"
    assert asked(glm) == ["Why is the sky blue?", "Short waves."]
    glm.backend.titles = ["Another"]
    glm.ask("And at night?", answer("Dark."))
    idle(glm)
    assert head(glm, chats) == ("Blue sky", "model"), "one title is enough"


def test_a_question_goes_before_and_it_is_tried_again(
    glm: Kept, chats: ChatStore, gate: threading.Event
) -> None:
    glm.backend.titles = [gate]
    glm.ask("Why is the sky blue?", answer("Short waves."))
    glm.wait(lambda: len(glm.backend.histories) == 2)
    glm.backend.titles = ["Blue sky"]
    glm.ask("And at night?", answer("Dark."))
    glm.wait_listed("Blue sky")
    assert head(glm, chats) == ("Blue sky", "model")
    assert asked(glm) == ["Why is the sky blue?", "Short waves.", "And at night?", "Dark."]


def test_a_name_by_the_person_stays(glm: Kept, chats: ChatStore, gate: threading.Event) -> None:
    glm.backend.titles = [gate, "Blue sky"]
    glm.ask("Why is the sky blue?", answer("Short waves."))
    glm.wait(lambda: len(glm.backend.histories) == 2)
    name = glm.desktop.session.conversation
    assert name is not None
    chats.conversations.set_title(name, "Mine").result(10)
    glm.panel.renamed.emit(name, "Mine")
    gate.set()
    glm.ask("And at night?", answer("Dark."))
    idle(glm)
    assert head(glm, chats) == ("Mine", "person")
    assert glm.desktop.session.title == "Mine"


def test_what_waits_goes_before(glm: Kept, gate: threading.Event) -> None:
    glm.backend.titles = ["Blue sky"]
    glm.ask("First?", [gate, *answer("One.")], wait=False)
    glm.wait(lambda: bool(glm.backend.histories))
    glm.page.ask("Second?")
    glm.backend.turns.append(answer("Two."))
    gate.set()
    glm.wait_listed("Blue sky")
    assert asked(glm) == ["First?", "Second?", "Two."]


def test_it_comes_for_a_chat_that_was_left(glm: Kept, gate: threading.Event) -> None:
    glm.backend.titles = [gate, "Blue sky"]
    glm.ask("Why is the sky blue?", answer("Short waves."))
    glm.wait(lambda: len(glm.backend.histories) == 2)
    glm.page.new_chat()
    gate.set()
    glm.wait_listed("Blue sky")
    assert glm.desktop.session.title == ""


def _off(kept: Kept) -> None:
    kept.desktop.window._settings.set(MODEL_TITLES, False)


def _demo(kept: Kept) -> None:
    kept.load(DEMO)
    session = kept.desktop.session
    kept.wait(lambda: session.ready is not None and session.ready.demo)


@pytest.mark.parametrize("without", [_off, _demo])
def test_none_is_written(glm: Kept, chats: ChatStore, without: Callable[[Kept], None]) -> None:
    glm.backend.titles = ["Blue sky"]
    without(glm)
    glm.ask("Why is the sky blue?", answer("Short waves."))
    idle(glm)
    assert asked(glm) == ["Why is the sky blue?"]
    assert head(glm, chats) == ("Why is the sky blue?", "automatic")


@pytest.mark.parametrize("failed", ["", KnownError("It does not fit.")])
def test_a_failure_is_nobodys_business(
    glm: Kept, chats: ChatStore, failed: str | Exception
) -> None:
    notes: list[str] = []
    glm.page.note_wanted.connect(notes.append)
    glm.backend.titles = [failed, "Never asked for"]
    glm.ask("Why is the sky blue?", answer("Short waves."))
    glm.wait(lambda: len(glm.backend.histories) == 2)
    glm.ask("And at night?", answer("Dark."))
    idle(glm)
    assert head(glm, chats) == ("Why is the sky blue?", "automatic")
    assert notes == []


def test_unloading_does_not_wait_for_it(glm: Kept, gate: threading.Event) -> None:
    glm.backend.titles = [gate, "Blue sky"]
    glm.ask("Why is the sky blue?", answer("Short waves."))
    glm.wait(lambda: len(glm.backend.histories) == 2)
    glm.desktop.session.models.unload()
    glm.wait(lambda: glm.backend.unloads == 1)
    assert gate.is_set(), "it was cancelled"
