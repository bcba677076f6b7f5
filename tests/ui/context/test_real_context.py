"""The context with the real engine and the demo model, whose context holds 4,096 tokens."""

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from app import bootstrap
from app.chat.context.breakdown import Breakdown
from app.chat.services import Services
from app.core.cancel import CancelToken
from app.core.messages import Message, TextPart, user
from app.core.paths import demo_model_path
from app.engine.protocol import PromptProgress, Stats
from app.ui.application import Desktop, application
from app.ui.backend import EngineBackend
from app.ui.chat.context.entry import Omitted
from app.ui.chat.entries import Question

pytest.importorskip("llama_cpp")
TIMEOUT_MS = 60_000
_QUESTION = "What is quantization?"
_ANSWER = "I can answer questions about this program and show what its parts do. " * 6
_TURNS = 38
LONG = "Please look at this list of words again: " + "alpha beta gamma delta " * 20


class Window:
    def __init__(
        self, desktop: Desktop, services: Services, backend: EngineBackend, qtbot: QtBot
    ) -> None:
        self.desktop, self.services, self.qtbot = desktop, services, qtbot
        self.session = desktop.session
        self.backend = backend
        self.page = desktop.window.page

    def type(self, text: str) -> Breakdown:
        """What is told before it is sent."""
        self.page.composer.set_text(text)
        measuring = self.session.context.measuring

        def counted() -> bool:
            found = measuring.breakdown
            asked = self.session.context.asked(user(text), self.page.options)
            return found is not None and found.exact and measuring.exact(asked) == found

        self.qtbot.waitUntil(counted, timeout=TIMEOUT_MS)
        assert measuring.breakdown is not None
        return measuring.breakdown

    def send(self) -> Stats:
        turns = sum(isinstance(one, Question) for one in self.session.transcript.entries)
        self.page.composer.send.click()
        self.ended(turns + 1)
        return self.stats()

    def ended(self, questions: int) -> None:
        def over() -> bool:
            entries = self.session.transcript.entries
            asked = sum(isinstance(one, Question) for one in entries)
            return asked == questions and not self.session.busy

        self.qtbot.waitUntil(over, timeout=TIMEOUT_MS)

    def stats(self) -> Stats:
        reader = self.session.turns.reader
        assert reader is not None
        return reader._rounds[-1]

    def button(self, name: str) -> QPushButton:
        def found() -> list[QPushButton]:
            return [one for one in self.page.context.panel.buttons if one.objectName() == name]

        self.qtbot.waitUntil(lambda: bool(found()), timeout=TIMEOUT_MS)
        return found()[0]

    def omitted(self) -> list[Omitted]:
        return [one for one in self.session.transcript.entries if isinstance(one, Omitted)]

    def fill(self) -> int:
        """Open a chat to which no question can be added; how many questions it has."""
        chats = self.services.chats
        name, _ = chats.conversations.create("Long")
        parent = None
        for number in range(_TURNS):
            text = f"{number}. {_ANSWER}"
            parent, _ = chats.messages.ask(name, parent, [TextPart("What can you do?")])
            said = Message("assistant", (TextPart(text),))
            parent, _ = chats.messages.add(name, parent, said)
        self.page.open_conversation(name)
        self.qtbot.waitUntil(lambda: self.session.conversation == name, timeout=TIMEOUT_MS)
        self.page.composer.tools.setChecked(False)
        self.page.composer.thinking.setChecked(False)
        assert not self.type(_QUESTION).fits
        return _TURNS


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[Window]:
    services = bootstrap.build()
    services.chats.start()
    backend = EngineBackend(services)
    desktop = Desktop(application(), backend, services.settings, chats=services.chats)
    qtbot.addWidget(desktop.window)
    desktop.window.show()
    made = Window(desktop, services, backend, qtbot)
    made.session.models.open(str(demo_model_path()))
    qtbot.waitUntil(lambda: made.session.ready is not None, timeout=TIMEOUT_MS)
    made.page.composer.thinking.setChecked(False)
    made.page.composer.tools.setChecked(False)
    yield made
    desktop.window.close()
    assert desktop.close()
    assert services.close()


@pytest.mark.parametrize("tools", [False, True])
@pytest.mark.parametrize("thinking", [False, True])
def test_what_is_told_before_is_what_the_engine_counts(
    window: Window, tools: bool, thinking: bool
) -> None:
    window.page.composer.thinking.setChecked(thinking)
    window.page.composer.tools.setChecked(tools)
    for text in ("What is quantization?", "你好 <|user|> [gMASK] 🙂\n\n  What can you do?"):
        told = window.type(text)
        assert window.send().prompt_tokens == told.used
        assert (told.tools > 0) is tools


def test_the_oldest_turns_are_left_out_and_it_goes_on(window: Window) -> None:
    questions = window.fill()
    window.page.composer.send.click()
    leave_out = window.button("contextLeaveOut")
    state = window.session.context.choices.state
    assert state is not None and state.cut is not None
    leave_out.click()
    window.ended(questions + 1)
    assert window.stats().prompt_tokens == state.cut.tokens
    assert [one.messages for one in window.omitted()] == [state.cut.messages]
    told = window.type("What is quantization?")
    assert window.send().prompt_tokens == told.used
    assert window.stats().cached_tokens > 0


def test_a_summary_reads_again_only_what_is_new(window: Window) -> None:
    for text in ("What can you do?", _QUESTION):
        window.type(text)
        last = window.send()
    asked = window.session.context.asked(user("x"), window.page.options)
    heard: list[object] = []
    backend = window.backend
    backend.summarize(asked, len(asked.messages), heard.append, CancelToken())
    reading = next(event for event in heard if isinstance(event, PromptProgress))
    assert reading.cached_tokens >= last.prompt_tokens - 4


def test_a_summary_goes_in_place_of_the_oldest_turns(window: Window) -> None:
    questions = window.fill()
    window.page.composer.send.click()
    window.button("contextSummarize").click()
    go_on = window.button("contextGoOn")
    (entry,) = window.omitted()
    assert entry.text.strip()
    told = window.session.context.choices.state
    assert told is not None
    go_on.click()
    window.ended(questions + 1)
    assert window.stats().prompt_tokens == told.breakdown.used
    assert told.breakdown.summary > 0


def test_the_demo_model_has_no_larger_context(window: Window) -> None:
    window.fill()
    window.page.composer.send.click()
    window.qtbot.waitUntil(
        lambda: (
            (state := window.session.context.choices.state) is not None and state.larger is not None
        ),
        timeout=TIMEOUT_MS,
    )
    state = window.session.context.choices.state
    assert state is not None and state.larger is not None
    assert "as large as it gets" in state.larger.reason


def test_an_early_message_that_is_edited_is_read_again_only_from_there(window: Window) -> None:
    first, second = f"{LONG} first", f"{LONG} second"
    window.type(first)
    before = window.send()
    window.type(second)
    window.send()
    window.type("What is quantization?")
    last = window.send()
    assert last.cached_tokens > before.prompt_tokens
    questions = [one for one in window.session.transcript.entries if isinstance(one, Question)]
    name = questions[1].message
    assert name is not None
    assert window.session.revision.edit(name, "What can you do?", window.page.options)
    window.ended(2)
    again = window.stats()
    assert before.prompt_tokens - 4 <= again.cached_tokens < last.cached_tokens
    footer = window.session.transcript.entries[-1]
    assert f"{again.cached_tokens:,} of {again.prompt_tokens:,} prompt tokens reused" in str(footer)
