"""`glm-launcher --self-test`: the program asks its own demo model and checks the answers."""

import platform
from collections.abc import Sequence
from dataclasses import dataclass

from app import __version__
from app.bootstrap import build
from app.chat.defaults import default_sampling
from app.chat.events import RoundFinished, TurnEvent, TurnFinished
from app.chat.services import Services, chat_template
from app.chat.turn import TurnOptions, TurnRunner
from app.core.cancel import CancelToken
from app.core.errors import Cancelled, KnownError
from app.core.messages import Message, ToolResultPart, user
from app.core.paths import demo_model_path
from app.core.units import count, gigabytes
from app.engine.protocol import Stats

QUESTION = "What is quantization?"
FOLLOW_UP = "What is the context?"
SUM_QUESTION = "What is 37 * 48?"
SUM_RESULT = "1776"


class CheckFailed(Exception):  # noqa: N818 - reported, never propagated
    """Something does not do what it should; the message says what was expected."""


@dataclass(frozen=True)
class _Answer:
    finished: TurnFinished
    stats: Stats

    @property
    def text(self) -> str:
        spoken = [message for message in self.finished.messages if message.role == "assistant"]
        return spoken[-1].text.strip() if spoken else ""

    @property
    def reasoning(self) -> str:
        return "".join(message.reasoning for message in self.finished.messages).strip()

    @property
    def results(self) -> list[ToolResultPart]:
        parts = [part for message in self.finished.messages for part in message.parts]
        return [part for part in parts if isinstance(part, ToolResultPart)]


def self_test(cancel: CancelToken) -> int:
    """Prints every step; 0 when all of them did what they should, else 1."""
    print(f"GLM Launcher {__version__}, Python {platform.python_version()}, {platform.platform()}")
    services = build()
    try:
        _check_all(services, cancel)
    except (CheckFailed, KnownError) as error:
        print(f"FAILED: {error}")
        return 1
    except Cancelled:
        print("Stopped.")
        return 130
    finally:
        ended = services.close()
    if not ended:
        print("FAILED: the engine did not end when it was told to.")
        return 1
    print("All is well.")
    return 0


def _check_all(services: Services, cancel: CancelToken) -> None:
    planned = services.loader.plan(demo_model_path())
    model = services.loader.load(planned, None, cancel).info
    print(f"Loaded {model.name} ({model.architecture}), {gigabytes(model.size_bytes)}, ", end="")
    print(f"context {count(model.context_tokens)} tokens.")
    runner = services.turn_runner(chat_template(model))
    options = TurnOptions(sampling=default_sampling(model))
    ask = _Asker(runner, cancel)

    first = ask(QUESTION, (), options)
    _expect(bool(first.reasoning), "thinking before the answer")
    _expect(bool(first.text), "an answer")

    history = (user(QUESTION), *first.finished.messages)
    second = ask(FOLLOW_UP, history, options)
    _expect(bool(second.text), "an answer to the second question")
    kept = first.stats.prompt_tokens
    _expect(
        second.stats.cached_tokens >= kept,
        f"the {kept} tokens of the first question reused",
    )

    plain = ask(QUESTION, (), TurnOptions(thinking=False, sampling=options.sampling))
    _expect(bool(plain.text) and not plain.reasoning, "an answer without thinking")

    counted = ask(SUM_QUESTION, (), TurnOptions(tools_enabled=True, sampling=options.sampling))
    results = [result.text for result in counted.results if result.name == "calculator"]
    _expect(results == [SUM_RESULT], f"one call of the calculator with the result {SUM_RESULT}")
    _expect(SUM_RESULT in counted.text.replace(",", ""), f"an answer with {SUM_RESULT} in it")


class _Asker:
    def __init__(self, runner: TurnRunner, cancel: CancelToken) -> None:
        self._runner = runner
        self._cancel = cancel

    def __call__(self, question: str, history: Sequence[Message], options: TurnOptions) -> _Answer:
        thinking = "thinking" if options.thinking else "no thinking"
        tools = ", tools" if options.tools_enabled else ""
        print(f"\nAsked ({thinking}{tools}): {question}")
        stats: list[Stats] = []

        def emit(event: TurnEvent) -> None:
            if isinstance(event, RoundFinished):
                stats.append(event.stats)

        finished = self._runner.run((*history, user(question)), options, emit, self._cancel)
        self._cancel.raise_if_cancelled()
        answer = _Answer(finished, stats[-1])
        _report(answer, len(stats))
        return answer


def _report(answer: _Answer, rounds: int) -> None:
    if answer.reasoning:
        print(f"  Thought: {_short(answer.reasoning)}")
    for result in answer.results:
        print(f"  Tool {result.name}: {_short(result.text)}")
    print(f"  Answer: {_short(answer.text)}")
    stats = answer.stats
    rate = stats.decode_tokens_per_second
    speed = f", {rate:.0f} tokens/s" if rate is not None else ""
    print(
        f"  {rounds} round{'s' if rounds > 1 else ''}, {count(stats.prompt_tokens)} prompt tokens "
        f"({count(stats.cached_tokens)} from the cache), {count(stats.generated_tokens)} "
        f"generated{speed}."
    )
    if answer.finished.notice:
        print(f"  Notice: {answer.finished.notice}")


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 160 else line[:159] + "…"


def _expect(condition: bool, what: str) -> None:
    if not condition:
        raise CheckFailed(f"Expected {what}.")
    print(f"  Seen: {what}.")
