"""The context with the real engine and the demo model, whose context holds 4,096 tokens."""

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from app import bootstrap
from app.chat.context.breakdown import Breakdown
from app.chat.services import Services
from app.core.cancel import CancelToken
from app.core.messages import user
from app.core.paths import demo_model_path
from app.engine.protocol import PromptProgress, Stats
from app.ui.application import Desktop, application
from app.ui.backend import EngineBackend
from app.ui.chat.context.entry import Omitted
from app.ui.chat.entries import Question

pytest.importorskip("llama_cpp")
TIMEOUT_MS = 60_000
LONG = "Please look at this list of words again: " + "alpha beta gamma delta " * 75


class Window:
    def __init__(self, desktop: Desktop, services: Services, qtbot: QtBot) -> None:
        self.desktop, self.services, self.qtbot = desktop, services, qtbot
        self.session = desktop.session
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
        """Ask until the next question does not fit; how many questions there are."""
        for number in range(1, 12):
            if not self.type(f"{LONG} {number}").fits:
                return number - 1
            self.send()
        raise AssertionError("the context is larger than this test takes it to be")


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[Window]:
    services = bootstrap.build()
    services.chats.start()
    desktop = Desktop(
        application(), EngineBackend(services), services.settings, chats=services.chats
    )
    qtbot.addWidget(desktop.window)
    desktop.window.show()
    made = Window(desktop, services, qtbot)
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


def test_a_summary_reuses_what_was_read_and_goes_in_their_place(window: Window) -> None:
    questions = window.fill()
    asked = window.session.context.asked(user("x"), window.page.options)
    backend = window.session.context._backend
    heard: list[object] = []
    backend.summarize(asked, len(asked.messages) - 2, heard.append, CancelToken())
    reading = [event for event in heard if isinstance(event, PromptProgress)]
    assert reading[0].cached_tokens > 0.8 * reading[0].total_tokens
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
