"""The thread, its queue, cancellation and shutdown."""

import logging
import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.core.cancel import CancelToken
from app.core.errors import Cancelled, KnownError
from app.core.prompt import Prompt
from app.engine import host
from app.engine.client import EngineClient
from app.engine.engine import Engine
from app.engine.protocol import (
    Cancel,
    Count,
    Counted,
    Event,
    Failed,
    Finished,
    Generate,
    Load,
    Loaded,
    LoadProgress,
    PromptProgress,
    Shutdown,
    TextChunk,
    Unload,
    Unloaded,
)
from tests.engine.helpers import ENDLESS, GREEDY, PLACEMENT, WAIT_SECONDS, ask, collected

LONG = replace(PLACEMENT, context_tokens=65536)
HELLO = Prompt(("<|user|>hi",))


class Recorder:
    """Stands for the owner of an engine."""

    def __init__(self) -> None:
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.threads: set[str] = set()
        self.engine = Engine(self._receive)

    def _receive(self, event: Event) -> None:
        self.threads.add(threading.current_thread().name)
        self.events.put(event)

    def until(self, wanted: Callable[[Event], bool]) -> Event:
        while not wanted(event := self.events.get(timeout=WAIT_SECONDS)):
            pass
        return event

    def end_of(self, request_id: int) -> Event:
        ends = (Loaded, Unloaded, Counted, Finished, Failed)
        return self.until(lambda e: e.request_id == request_id and isinstance(e, ends))


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    recorder = Recorder()
    recorder.engine.start()
    yield recorder
    assert recorder.engine.close(timeout_seconds=20)


@pytest.fixture
def loaded(recorder: Recorder, random_model: Path) -> Recorder:
    recorder.engine.send(Load(0, str(random_model), LONG))
    assert isinstance(recorder.end_of(0), Loaded)
    return recorder


def first_text(recorder: Recorder, request_id: int) -> None:
    recorder.until(lambda e: isinstance(e, TextChunk) and e.request_id == request_id)


def test_commands_are_answered_in_order_on_the_engine_thread(loaded: Recorder) -> None:
    engine = loaded.engine
    engine.send(Count(1, HELLO))
    engine.send(Generate(2, HELLO, replace(ENDLESS, max_tokens=5)))
    engine.send(Unload(3))
    engine.send(Count(4, HELLO))
    assert loaded.end_of(1) == Counted(1, 3, (3,))
    assert isinstance(loaded.end_of(2), Finished)
    assert loaded.end_of(3) == Unloaded(3)
    failed = loaded.end_of(4)
    assert isinstance(failed, Failed)
    assert failed.error is not None
    assert failed.error.what == "No model is loaded."
    assert loaded.threads == {"engine"}


def test_a_running_answer_is_cancelled_and_the_next_one_is_sound(loaded: Recorder) -> None:
    engine = loaded.engine
    engine.send(Generate(1, HELLO, ENDLESS))
    first_text(loaded, 1)
    engine.send(Cancel(1))
    finished = loaded.end_of(1)
    assert isinstance(finished, Finished)
    assert finished.reason == "cancelled"
    assert 0 < finished.stats.generated_tokens < 65536
    engine.send(Generate(2, HELLO, replace(ENDLESS, max_tokens=5)))
    again = loaded.end_of(2)
    assert isinstance(again, Finished)
    assert again.reason == "max_tokens"
    assert again.stats.cached_tokens == 2


def test_a_prefill_is_cancelled_and_what_was_read_is_kept(loaded: Recorder) -> None:
    prompt = Prompt(("x" * 60000,))
    loaded.engine.send(Generate(1, prompt, ENDLESS))
    loaded.until(lambda e: isinstance(e, PromptProgress) and e.done_tokens > 0)
    loaded.engine.send(Cancel(1))
    finished = loaded.end_of(1)
    assert isinstance(finished, Finished)
    assert finished.reason == "cancelled"
    assert finished.stats.generated_tokens == 0
    read = finished.stats.context_used_tokens
    assert 0 < read < 60000
    loaded.engine.send(Generate(2, Prompt(("x" * read + "y",)), replace(ENDLESS, max_tokens=1)))
    again = loaded.end_of(2)
    assert isinstance(again, Finished)
    assert again.stats.cached_tokens == read


def test_a_waiting_request_is_cancelled_before_it_starts(loaded: Recorder) -> None:
    engine = loaded.engine
    engine.send(Generate(1, HELLO, ENDLESS))
    engine.send(Generate(2, HELLO, ENDLESS))
    engine.send(Load(3, "/nowhere", LONG))
    engine.send(Count(4, HELLO))
    first_text(loaded, 1)
    for request in (4, 3, 2, 1):
        engine.send(Cancel(request))
    finished = loaded.end_of(2)
    assert isinstance(finished, Finished)
    assert finished.reason == "cancelled"
    assert finished.stats.generated_tokens == 0
    assert loaded.end_of(3) == Failed(3, None)
    assert loaded.end_of(4) == Failed(4, None)


def test_cancelling_what_is_over_or_was_never_sent_does_nothing(loaded: Recorder) -> None:
    loaded.engine.send(Count(1, HELLO))
    loaded.end_of(1)
    loaded.engine.send(Cancel(1))
    loaded.engine.send(Cancel(99))
    loaded.engine.send(Generate(2, HELLO, replace(ENDLESS, max_tokens=3)))
    finished = loaded.end_of(2)
    assert isinstance(finished, Finished)
    assert finished.reason == "max_tokens"


@pytest.mark.parametrize("stage", ["checking", "loading"])
def test_a_load_is_cancelled(recorder: Recorder, random_model: Path, stage: str) -> None:
    cancelled = threading.Event()
    receive = recorder._receive

    def cancel_at_stage(event: Event) -> None:
        if isinstance(event, LoadProgress) and event.stage == stage and not cancelled.is_set():
            cancelled.set()
            recorder.engine.send(Cancel(1))
        receive(event)

    recorder.engine._on_event = cancel_at_stage
    recorder.engine.send(Load(1, str(random_model), LONG))
    assert recorder.end_of(1) == Failed(1, None)
    assert cancelled.is_set()
    recorder.engine.send(Load(2, str(random_model), PLACEMENT))
    assert isinstance(recorder.end_of(2), Loaded)


def test_the_previous_model_stays_when_a_load_is_cancelled_in_its_check(
    client: EngineClient, random_model: Path
) -> None:
    client.load(str(random_model), PLACEMENT)
    cancel = CancelToken()
    with pytest.raises(Cancelled):
        client.load(str(random_model), LONG, lambda _event: cancel.cancel(), cancel)
    assert client.count(HELLO) == 3


def test_closing_while_an_answer_streams(random_model: Path) -> None:
    recorder = Recorder()
    recorder.engine.start()
    recorder.engine.send(Load(0, str(random_model), LONG))
    recorder.engine.send(Generate(1, HELLO, ENDLESS))
    recorder.engine.send(Generate(2, HELLO, ENDLESS))
    first_text(recorder, 1)
    assert recorder.engine.close(timeout_seconds=20)
    for request in (1, 2):
        finished = recorder.end_of(request)
        assert isinstance(finished, Finished)
        assert finished.reason == "cancelled"
    recorder.engine.send(Count(3, HELLO))
    assert recorder.end_of(3) == Failed(3, None)
    assert recorder.engine.close(timeout_seconds=0)
    recorder.engine.send(Shutdown())


def test_an_engine_that_was_never_started_can_be_closed() -> None:
    assert Recorder().engine.close(timeout_seconds=0)


def test_a_bug_ends_its_request_and_not_the_thread(
    loaded: Recorder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def bug(*_: object) -> Finished:
        raise ZeroDivisionError("a bug")

    with monkeypatch.context() as patch, caplog.at_level(logging.ERROR):
        patch.setattr(host, "generate", bug)
        loaded.engine.send(Generate(1, HELLO, ENDLESS))
        failed = loaded.end_of(1)
    assert isinstance(failed, Failed)
    assert failed.error is not None
    assert "ZeroDivisionError: a bug" in failed.error.details
    assert "a bug in the engine" in caplog.text
    loaded.engine.send(Count(2, HELLO))
    assert loaded.end_of(2) == Counted(2, 3, (3,))


def test_a_listener_that_fails_does_not_disturb_the_engine(
    client: EngineClient, random_model: Path, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[Event] = []

    def broken(event: Event) -> None:
        seen.append(event)
        raise RuntimeError("broken listener")

    unsubscribe = client.subscribe(broken)
    client.load(str(random_model), PLACEMENT)
    assert isinstance(seen[-1], Loaded)
    assert "broken listener" in caplog.text
    unsubscribe()
    count = len(seen)
    client.unload()
    assert len(seen) == count


def test_leaving_the_iterator_cancels_the_answer(client: EngineClient, random_model: Path) -> None:
    client.load(str(random_model), LONG)
    ends: queue.SimpleQueue[Finished] = queue.SimpleQueue()
    client.subscribe(lambda event: ends.put(event) if isinstance(event, Finished) else None)
    answer = client.generate(HELLO, ENDLESS)
    assert isinstance(next(answer), PromptProgress)
    answer.close()  # type: ignore[attr-defined]
    assert ends.get(timeout=WAIT_SECONDS).reason == "cancelled"
    assert ask(client, "<|user|>hi", replace(ENDLESS, max_tokens=3)).finished.reason == "max_tokens"


def test_cancelling_through_a_token(client: EngineClient, random_model: Path) -> None:
    client.load(str(random_model), LONG)
    cancel = CancelToken()

    def stream() -> Iterator[PromptProgress | TextChunk | Finished]:
        for event in client.generate(HELLO, ENDLESS, cancel):
            if isinstance(event, TextChunk):
                cancel.cancel()
            yield event

    assert collected(stream()).finished.reason == "cancelled"
    assert ask(client, "x", ENDLESS, cancel).finished.stats.generated_tokens == 0


def test_several_threads_share_a_client(
    client: EngineClient, scripted: tuple[Path, object]
) -> None:
    client.load(str(scripted[0]), PLACEMENT)
    texts: queue.SimpleQueue[str] = queue.SimpleQueue()
    threads = [
        threading.Thread(target=lambda p=prompt: texts.put(ask(client, p, GREEDY).text))
        for prompt in ("one", "<|assistant|>") * 4
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_SECONDS)
    answers = sorted(texts.get(timeout=WAIT_SECONDS) for _ in threads)
    assert answers == [" two three four"] * 4 + ["Hello world!"] * 4


def test_waiting_calls_end_when_the_client_is_closed(random_model: Path) -> None:
    client = EngineClient()
    client.load(str(random_model), LONG)
    answer = client.generate(HELLO, ENDLESS)
    next(answer)
    assert client.close(timeout_seconds=20)
    assert collected(answer).finished.reason == "cancelled"
    with pytest.raises(Cancelled):
        client.count(HELLO)
    with pytest.raises(Cancelled):
        client.unload()


def test_a_missing_engine_is_said(client: EngineClient, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.engine import engine

    def missing(_emit: object) -> None:
        try:
            raise ModuleNotFoundError("No module named 'llama_cpp'")
        except ImportError as error:
            raise engine._no_engine() from error

    monkeypatch.setattr(engine, "_make_host", missing)
    with pytest.raises(KnownError, match=r"launch\.py"):
        client.unload()
