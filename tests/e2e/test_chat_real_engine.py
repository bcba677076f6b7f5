"""The turn loop and the commands on the real engine and the demo model that ships."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from app.bootstrap import build
from app.chat import notices
from app.chat.continuing import continuing
from app.chat.defaults import default_sampling
from app.chat.events import RoundFinished, TurnEvent, TurnFinished
from app.chat.services import Services, chat_template
from app.chat.titles import LONGEST, TitleWriter
from app.chat.turn import TurnOptions, TurnRunner
from app.core.cancel import CancelToken
from app.core.messages import Message, ReasoningPart, TextPart, ToolResultPart, user
from app.core.paths import demo_model_path, resources_dir
from app.core.sampling import GREEDY
from app.dialect.events import ReasoningDelta, TextDelta
from app.engine.protocol import Event, PromptProgress, Stats
from tests.models import Shape, write_model

ROOT = Path(__file__).parents[2]
QUESTION = "What is quantization?"
WAIT = 120.0


class Chat:
    """The demo model, asked as the window asks it."""

    def __init__(self, services: Services) -> None:
        path = demo_model_path()
        model = services.loader.load(services.loader.plan(path)).info
        self.sampling = default_sampling(model)
        self._runner: TurnRunner = services.turn_runner(chat_template(model))
        self._titles = TitleWriter(services.engine, self._runner)
        self.stats = list[Stats]()
        self.raws = list[str]()
        self.prompts = dict[int, PromptProgress]()
        services.engine.subscribe(self._listen)
        self.cancel_at: type[TurnEvent] | None = None

    def _listen(self, event: Event) -> None:
        if isinstance(event, PromptProgress):
            self.prompts[event.request_id] = event

    def ask(
        self,
        question: str,
        *before: Message,
        thinking: bool = True,
        tools: bool = False,
        budget: int = 0,
    ) -> TurnFinished:
        options = replace(
            self.options(),
            thinking=thinking,
            tools_enabled=tools,
            thinking_budget_tokens=budget,
        )
        return self.turn(options, question, *before)

    def title(self, history: Sequence[Message]) -> str:
        self.prompts = {}
        return self._titles.write(history, self.options(), CancelToken())

    def options(self) -> TurnOptions:
        return TurnOptions(sampling=self.sampling)

    def turn(self, options: TurnOptions, question: str, *before: Message) -> TurnFinished:
        self.stats, self.raws, self.prompts = [], [], {}
        cancel = CancelToken()

        def emit(event: TurnEvent) -> None:
            if isinstance(event, RoundFinished):
                self.stats.append(event.stats)
                self.raws.append(event.raw)
            if self.cancel_at is not None and isinstance(event, self.cancel_at):
                cancel.cancel()

        return self._runner.run((*before, user(question)), options, emit, cancel)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chat]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
        services = build()
    try:
        yield Chat(services)
    finally:
        assert services.close()


@pytest.fixture
def chat(loaded: Chat) -> Chat:
    loaded.cancel_at = None
    return loaded


def answer_of(finished: TurnFinished) -> Message:
    assert finished.reason == "end"
    assert finished.notice == ""
    return finished.messages[-1]


def results_of(finished: TurnFinished) -> list[str]:
    parts = [part for message in finished.messages for part in message.parts]
    return [part.text for part in parts if isinstance(part, ToolResultPart)]


def test_it_thinks_and_then_answers(chat: Chat) -> None:
    answer = answer_of(chat.ask(QUESTION))
    assert answer.reasoning.strip()
    assert answer.text.strip()
    assert "<" not in answer.reasoning


def test_the_person_gets_the_answer_of_thinking_that_was_cut(chat: Chat) -> None:
    chat.cancel_at = ReasoningDelta
    cut = chat.ask(QUESTION)
    chat.cancel_at = None
    [message] = cut.messages
    [raw] = chat.raws
    options = continuing(chat.options(), message, raw)
    options.answer_now.cancel()
    answer = answer_of(chat.turn(options, QUESTION))
    assert answer.reasoning == message.reasoning
    assert answer.text.strip()
    [stats] = chat.stats
    assert stats.prompt_tokens - stats.cached_tokens <= 5, "only the closing is read"


def test_without_thinking_it_answers_at_once(chat: Chat) -> None:
    answer = answer_of(chat.ask(QUESTION, thinking=False))
    assert answer.reasoning == ""
    assert answer.text.strip()


def test_the_calculator_computes_and_the_answer_has_the_result(chat: Chat) -> None:
    finished = chat.ask("What is 37 * 48?", tools=True)
    assert results_of(finished) == ["1776"]
    assert "1776" in answer_of(finished).text
    assert len(chat.stats) == 2
    first, second = chat.stats
    assert second.cached_tokens >= first.prompt_tokens, "the second round reads only what is new"


def test_the_clock_tells_the_time(chat: Chat) -> None:
    [result] = results_of(chat.ask("What time is it in Tokyo?", tools=True))
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d JST \(Asia/Tokyo\), \w+day", result)


def test_a_second_turn_reads_only_what_is_new(chat: Chat) -> None:
    first = chat.ask(QUESTION, thinking=False)
    [before] = chat.stats
    answer_of(chat.ask("What is the KV cache?", user(QUESTION), *first.messages, thinking=False))
    [after] = chat.stats
    assert after.cached_tokens >= before.prompt_tokens + before.generated_tokens // 2
    assert after.cached_tokens < after.prompt_tokens


def test_a_title_leaves_the_conversation_in_the_cache(chat: Chat) -> None:
    first = chat.ask(QUESTION)
    history = (user(QUESTION), *first.messages)
    [before] = chat.stats
    title = chat.title(history)
    assert len(title) <= LONGEST + 1
    assert "\n" not in title
    [asked] = chat.prompts.values()
    assert asked.cached_tokens >= before.prompt_tokens - 1, "the beginning was not read again"
    answer_of(chat.ask("What is the KV cache?", *history))
    [after] = chat.stats
    assert after.cached_tokens >= before.prompt_tokens + len(first.messages[-1].text.split())


def test_stopped_in_the_middle_and_asked_again(chat: Chat) -> None:
    chat.cancel_at = TextDelta
    stopped = chat.ask(QUESTION)
    assert stopped.reason == "cancelled"
    [half] = stopped.messages
    chat.cancel_at = None
    whole = answer_of(chat.ask(QUESTION))
    assert half.text
    assert whole.text.startswith(half.text)
    assert len(whole.text) > len(half.text)


def test_the_same_question_gets_the_same_answer(chat: Chat) -> None:
    assert answer_of(chat.ask(QUESTION)).text == answer_of(chat.ask(QUESTION)).text


def test_a_model_that_repeats_its_call_is_stopped(tmp_path: Path) -> None:
    """A model whose weights can say one thing only, by the template of its family."""
    script = "<|assistant|> <think> Sum. </think> <tool_call> calculator <arg_key> expression"
    tokens = [*script.split(), "</arg_key>", "<arg_value>", "6 * 7", "</arg_value>", "</tool_call>"]
    path = tmp_path / demo_model_path().name  # runs on one thread
    words = [token for token in tokens if "<" not in token]
    write_model(path, Shape(context=8192), words=words, scripts=[tokens])
    services = build()
    try:
        model = replace(services.loader.load(services.loader.plan(path)).info, chat_template=None)
        events: list[TurnEvent] = []
        options = TurnOptions(tools_enabled=True, sampling=GREEDY.sampling)
        finished = services.turn_runner(chat_template(model)).run(
            (user("What is 6 times 7?"),), options, events.append, CancelToken()
        )
    finally:
        assert services.close()
    first, second, third = results_of(finished)
    assert first == "42"
    assert second == third == f"42\n{notices.REPEATED}"
    assert "calculator" in finished.notice
    stats = [event.stats for event in events if isinstance(event, RoundFinished)]
    assert len(stats) == 3
    assert stats[1].cached_tokens >= stats[0].prompt_tokens
    assert [message.reasoning for message in finished.messages] == ["Sum.", ""] * 3


def test_thinking_that_reached_its_budget_is_ended_and_answered(tmp_path: Path) -> None:
    """A model that would think for long; its answer follows on the end of the thinking."""
    path = tmp_path / demo_model_path().name  # runs on one thread
    words = [f" so{number}" for number in range(6000)]
    thinking = ["<|assistant|>", "<think>", *words]
    write_model(
        path,
        Shape(context=8192),
        words=[*words, "Because"],
        scripts=[thinking, ["</think>", "Because"]],
    )
    template = (resources_dir() / "templates" / "GLM-4.7-Flash.jinja").read_text(encoding="utf-8")
    services = build()
    prompts = dict[int, PromptProgress]()

    def listen(event: Event) -> None:
        if isinstance(event, PromptProgress):
            prompts[event.request_id] = event

    try:
        model = services.loader.load(services.loader.plan(path)).info
        services.engine.subscribe(listen)
        options = TurnOptions(thinking_budget_tokens=100, sampling=GREEDY.sampling)
        runner = services.turn_runner(chat_template(replace(model, chat_template=template)))
        finished = runner.run((user("Why?"),), options, lambda _: None, CancelToken())
    finally:
        assert services.close()
    [message] = finished.messages
    [thought, text] = message.parts
    assert isinstance(thought, ReasoningPart)
    assert thought.ended_by == "budget"
    written = thought.text.split()
    assert written == [f"so{number}" for number in range(len(written))]
    assert 100 <= len(written) < 6000
    assert text == TextPart("Because")
    first, second = prompts.values()
    # Read afresh, every word of the thinking would be several tokens: none is, but the last one,
    # which was never evaluated.
    assert second.cached_tokens == first.total_tokens + len(written) - 1
    assert second.total_tokens == second.cached_tokens + len(f" {written[-1]}") + 1


def glm_launcher(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        timeout=WAIT,
        check=False,
    )


def test_the_chat_command_with_a_tool() -> None:
    done = glm_launcher("chat", "--message", "What is 37 * 48?", "--tools", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    [call] = answer["tool_calls"]
    assert call["name"] == "calculator"
    assert call["result"] == "1776"
    assert "1776" in answer["content"]
    assert answer["reasoning"]
    assert answer["stats"]["rounds"] == 2


def test_the_chat_command_without_thinking() -> None:
    done = glm_launcher("chat", "--message", QUESTION, "--no-thinking")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    assert done.stderr == ""


def test_the_self_test_passes() -> None:
    done = glm_launcher("--self-test")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All is well." in done.stdout
