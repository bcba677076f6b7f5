"""A window whose turns are real: a scripted engine calls tools of a real toolbox."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from PySide6.QtWidgets import QPushButton

from app.chat.events import TurnEvent, TurnFinished
from app.chat.toolbox import Toolbox
from app.chat.turn import TurnOptions, TurnRunner
from app.core.cancel import CancelToken
from app.core.json import JsonObject
from app.core.messages import Message, ToolSpec
from app.tools.consent import ConsentRequest, QuestionRequest
from app.tools.tool import Tool
from app.ui.chat.entries import ToolUse
from app.ui.tools.cards import AskCard
from tests.chat.scripted import Reply, ScriptedEngine, call, glm_template
from tests.ui.conftest import Driver
from tests.ui.scripted import ScriptedBackend

MODEL = "/models/real.gguf"


@dataclass
class ToolBackend(ScriptedBackend):
    """replies: what the model says, round by round, turn after turn."""

    toolbox: Toolbox | None = None
    replies: list[str] = field(default_factory=list)
    prompts: list[str] = field(default_factory=list)

    def run_turn(
        self,
        history: Sequence[Message],
        options: TurnOptions,
        emit: Callable[[TurnEvent], None],
        cancel: CancelToken,
    ) -> TurnFinished:
        assert self.toolbox is not None
        self.histories.append(tuple(history))
        self.options.append(options)
        engine = ScriptedEngine([Reply(text) for text in self.replies])
        runner = TurnRunner(engine, glm_template(), self.toolbox.runner)
        try:
            return runner.run(history, options, emit, cancel)
        finally:
            used = len(engine.prompts)
            self.prompts += [prompt.text for prompt in engine.prompts]
            del self.replies[:used]


@dataclass
class ToolDriver(Driver):
    """What a person does about tools."""

    toolbox: Toolbox

    @property
    def tools(self) -> ToolBackend:
        assert isinstance(self.backend, ToolBackend)
        return self.backend

    def say(self, text: str, *replies: str) -> None:
        """Ask; the model answers with these, one a round."""
        self.tools.replies += replies
        self.page.composer.set_text(text)
        self.page.composer.send.click()

    @property
    def card(self) -> AskCard:
        """The one that waits."""
        self.wait(lambda: self._card() is not None)
        found = self._card()
        assert found is not None
        return found

    @property
    def request(self) -> ConsentRequest:
        request = self.card.request
        assert isinstance(request, ConsentRequest)
        return request

    @property
    def question(self) -> QuestionRequest:
        request = self.card.request
        assert isinstance(request, QuestionRequest)
        return request

    def press(self, name: str) -> None:
        """A button of the card by the end of its name."""
        card = self.card
        button = next(
            child
            for child in card.findChildren(QPushButton)
            if child.objectName().endswith(f"-{name}")
        )
        button.click()
        self.wait(lambda: self._card() is not card)

    def done(self) -> None:
        self.wait(lambda: not self.desktop.session.busy)

    @property
    def uses(self) -> list[ToolUse]:
        return self.entries(ToolUse)

    def _card(self) -> AskCard | None:
        cards = [card for card in self.page.transcript.findChildren(AskCard) if card.isVisible()]
        return cards[-1] if cards else None


class Fetching:
    """A tool that goes out, with what it was asked to do."""

    def __init__(self) -> None:
        self.fetched: list[str] = []
        self.text = "Rain."
        self.act: Callable[[CancelToken], str] = lambda _: self.text

    def tool(self) -> Tool:
        def run(arguments: JsonObject, cancel: CancelToken) -> str:
            self.fetched.append(str(arguments["host"]))
            return self.act(cancel)

        parameters: JsonObject = {
            "type": "object",
            "properties": {"host": {"type": "string"}},
            "required": ["host"],
        }
        return Tool(
            ToolSpec("fetch", "Fetches.", parameters),
            run,
            "network",
            lambda arguments: str(arguments["host"]),
            lambda arguments: (f"Fetches a page of {arguments['host']}.",),
            title="Fetch a page",
        )


def fetch(host: str = "example.org") -> str:
    return "<think></think>" + call("fetch", host=host)


DONE = "<think></think>Done."
