"""The window on the real engine and the demo model."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app import bootstrap
from app.chat.services import Services
from app.chat.store.store import ChatStore
from app.core.paths import demo_model_path
from app.ui.application import Desktop, application
from app.ui.backend import EngineBackend
from app.ui.chat.entries import Answer, Footer, Thinking, ToolUse
from app.ui.chat.model_state import Choosing, LoadFailed, Ready
from app.ui.chat.turn_reader import TurnReader
from tests.models import Shape, write_model

pytest.importorskip("llama_cpp")
TIMEOUT_MS = 60_000


class Real:
    def __init__(self, desktop: Desktop, services: Services, qtbot: QtBot) -> None:
        self.desktop, self.services, self.qtbot = desktop, services, qtbot

    def load(self, path: Path) -> None:
        self.desktop.session.models.open(str(path))
        session = self.desktop.session
        self.qtbot.waitUntil(
            lambda: session.ready is not None or isinstance(session.model, LoadFailed),
            timeout=TIMEOUT_MS,
        )

    def ask(self, text: str, *, thinking: bool, tools: bool) -> TurnReader:
        composer = self.desktop.window.page.composer
        composer.thinking.setChecked(thinking)
        composer.tools.setChecked(tools)
        composer.set_text(text)
        composer.send.click()
        self.qtbot.waitUntil(lambda: not self.desktop.session.busy, timeout=TIMEOUT_MS)
        reader = self.desktop.session.turns.reader
        assert reader is not None
        return reader

    def kinds(self) -> list[type]:
        return [type(entry) for entry in self.desktop.session.transcript.entries]


@pytest.fixture
def real(qtbot: QtBot) -> Iterator[Real]:
    services = bootstrap.build()
    desktop = Desktop(application(), EngineBackend(services), services.settings)
    qtbot.addWidget(desktop.window)
    desktop.window.show()
    yield Real(desktop, services, qtbot)
    desktop.window.close()
    assert desktop.close()
    assert services.close()


@pytest.fixture
def real_chats(tmp_path: Path) -> Iterator[ChatStore]:
    chats = ChatStore(tmp_path / "chats")
    chats.start()
    yield chats
    assert chats.close()


@pytest.fixture
def real_kept(qtbot: QtBot, real_chats: ChatStore) -> Iterator[Real]:
    services = bootstrap.build()
    backend = EngineBackend(services)
    desktop = Desktop(application(), backend, services.settings, chats=real_chats)
    qtbot.addWidget(desktop.window)
    desktop.window.show()
    yield Real(desktop, services, qtbot)
    desktop.window.close()
    assert desktop.close()
    assert services.close()


def test_a_conversation(real: Real) -> None:
    real.load(demo_model_path())
    header = real.desktop.window.page.header
    assert header.demo.isVisible()
    real.ask("What can you do?", thinking=True, tools=False)
    assert real.kinds()[1:] == [Thinking, Answer, Footer]
    second = real.ask("What is quantization?", thinking=False, tools=False)
    assert real.kinds().count(Thinking) == 1
    stats = second._rounds[-1]
    assert 0 < stats.cached_tokens < stats.prompt_tokens
    gauge = real.desktop.window.page.composer.gauge
    real.qtbot.waitUntil(lambda: " of 4,096" in gauge.shown_text, timeout=TIMEOUT_MS)
    real.ask("What is 37 times 24?", thinking=False, tools=True)
    tools = [use for use in real.desktop.session.transcript.entries if isinstance(use, ToolUse)]
    assert [use.name for use in tools] == ["calculator"]


def test_stop_and_ask_again(real: Real) -> None:
    real.load(demo_model_path())
    session = real.desktop.session
    page = real.desktop.window.page
    page.composer.thinking.setChecked(True)
    page.ask("What can you do?")
    real.qtbot.waitUntil(lambda: Thinking in real.kinds(), timeout=TIMEOUT_MS)
    page.stop()
    real.qtbot.waitUntil(lambda: not session.busy, timeout=TIMEOUT_MS)
    real.ask("What can you do?", thinking=False, tools=False)
    assert Answer in real.kinds()


def _sample(real: Real, **values: float) -> None:
    """As the person sets it for the open chat."""
    for name, value in values.items():
        real.desktop.window.personas.asking.choice.set_value(name, value)


@pytest.mark.parametrize("thinking", [False, True])
def test_a_cut_answer_goes_on_and_reads_nothing_again(
    real_kept: Real, thinking: bool, real_chats: ChatStore
) -> None:
    """As if it had never been cut: the same text, and the cache covers all there was."""
    real, question = real_kept, "What is quantization?"
    real.load(demo_model_path())
    session, page = real.desktop.session, real.desktop.window.page
    _sample(real, temperature=0.0, seed=1)
    real.ask(question, thinking=thinking, tools=False)
    whole = session.path.messages[-1].message
    session.new_chat()
    _sample(real, temperature=0.0, seed=1, max_tokens=12)
    cut = real.ask(question, thinking=thinking, tools=False)
    before = cut._rounds[-1]
    _sample(real, max_tokens=0)
    assert session.revision.go_on(page.options)
    real.qtbot.waitUntil(lambda: not session.busy, timeout=TIMEOUT_MS)
    after = session.turns.reader
    assert after is not None
    stats = after._rounds[-1]
    said = session.path.messages[-1].message
    assert (said.reasoning, said.text) == (whole.reasoning, whole.text)
    # The last token that was sampled was never read, and the engine reads at least one.
    assert stats.prompt_tokens >= before.prompt_tokens + 11
    assert stats.cached_tokens >= before.prompt_tokens + 10
    assert real.kinds().count(Answer) == 1
    assert session.path.id is not None
    real_chats.written().result(30)
    assert real_chats.read.history(session.path.id)[-1].message == said


def test_closing_while_it_answers(real: Real) -> None:
    real.load(demo_model_path())
    real.desktop.window.page.ask("What can you do?")
    real.qtbot.waitUntil(lambda: len(real.kinds()) > 2, timeout=TIMEOUT_MS)
    real.desktop.window.close()
    assert real.desktop.tasks.close(10)


def test_a_file_that_is_no_model_is_told_inline(real: Real, tmp_path: Path) -> None:
    bad = tmp_path / "notes.gguf"
    bad.write_text("not a model", encoding="utf-8")
    real.load(bad)
    state = real.desktop.session.model
    assert isinstance(state, LoadFailed)
    assert state.error.what
    assert real.desktop.window.page.model_panel.isVisible()
    real.load(demo_model_path())
    assert real.desktop.session.ready is not None


def test_a_model_is_loaded_as_its_panel_says(real: Real, tmp_path: Path) -> None:
    path = tmp_path / "small.gguf"
    write_model(path, Shape())
    session, page = real.desktop.session, real.desktop.window.page
    session.models.open(str(path))
    real.qtbot.waitUntil(lambda: isinstance(session.model, Choosing), timeout=TIMEOUT_MS)
    page.load_panel.controls.context.setEditText("512")
    page.load_panel.controls.commit()
    real.qtbot.waitUntil(page.load_panel.load.isEnabled, timeout=TIMEOUT_MS)
    page.load_panel.load.click()
    real.qtbot.waitUntil(lambda: isinstance(session.model, Ready), timeout=TIMEOUT_MS)
    ready = session.ready
    assert ready is not None and ready.info.context_tokens == 512
    assert ready.measured.startswith("predicted ")
    assert page.header.model.toolTip().endswith(ready.measured)
    page.header.reload.emit()
    real.qtbot.waitUntil(lambda: isinstance(session.model, Choosing), timeout=TIMEOUT_MS)
    assert page.load_panel.controls.context.currentText() == "512"
    session.models.cancel()
    assert session.ready is ready


def test_instructions_reach_the_model_and_are_counted_exactly(real: Real) -> None:
    real.load(demo_model_path())
    without = real.ask("What is 2+2?", thinking=False, tools=False)._rounds[-1].prompt_tokens
    page, session = real.desktop.window.page, real.desktop.session
    page.new_chat()
    real.desktop.window.personas.asking.set_instructions("You are a patient teacher.")
    with_them = real.ask("What is 2+2?", thinking=False, tools=False)._rounds[-1].prompt_tokens
    assert with_them > without + 4
    page.new_chat()
    asking = real.desktop.window.personas.asking
    asking.set_instructions("You are a patient teacher.")
    asking.set_thinking(False)
    asking.set_tools(False)
    page.composer.set_text("What is 2+2?")
    measuring = session.context.measuring

    def measured() -> bool:
        found = measuring.breakdown
        return found is not None and found.exact and found.question > 0 and found.system > 0

    real.qtbot.waitUntil(measured, timeout=TIMEOUT_MS)
    assert measuring.breakdown is not None
    assert measuring.breakdown.used == with_them
