"""Turns of the real loop, as they end up on disk."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from app.chat.keeper import TurnKeeper
from app.chat.record import TurnError
from app.chat.store.store import ChatStore
from app.chat.store.types import Making
from app.chat.turn import TurnOptions, TurnRunner
from app.core.cancel import CancelToken
from app.core.errors import KnownError
from app.core.messages import ErrorPart, Message, NoticePart, TextPart
from app.dialect.begun import BegunAnswer
from app.tools.registry import BUILTIN_TOOLS
from app.tools.runner import ToolRunner
from tests.chat.scripted import Reply, ScriptedEngine, call, glm_template
from tests.chat.store.helpers import ask, done

MAKING = Making("GLM-4.6", "Q4_K_M", {"temperature": 1.0})
BROKEN = KnownError("The engine failed.", "Out of memory.", "Load a smaller model.")


class Kept:
    """A chat with one question, and a turn that answers it."""

    def __init__(self, store: ChatStore, *replies: Reply) -> None:
        self.store = store
        self.chat = done(store.conversations.create())
        question = ask(store, self.chat, None, "What is 12 times 34?")
        self.keeper = TurnKeeper(store.messages, self.chat, question, MAKING)
        self.cancel = CancelToken()
        self.runner = TurnRunner(ScriptedEngine(replies), glm_template(), ToolRunner(BUILTIN_TOOLS))

    def run(self) -> tuple[Message, ...]:
        options = TurnOptions(tools_enabled=True)
        history = [message.message for message in self.store.read.history(self.chat)]
        finished = self.runner.run(history, options, self.keeper.feed, self.cancel)
        stopped = finished.reason == "cancelled"
        self.keeper.end("stopped" if stopped else "complete", notice=finished.notice)
        return finished.messages

    def stored(self) -> list[Message]:
        self.store.written().result(30)
        return [message.message for message in self.store.read.history(self.chat)][1:]

    def states(self) -> Sequence[str]:
        return [head.state for head in self.store.read.path(self.chat)][1:]


def test_rounds_tools_and_figures_are_kept_as_the_turn_has_them(store: ChatStore) -> None:
    kept = Kept(
        store,
        Reply("\n<think>Compute.</think>" + call("calculator", expression="12 * 34")),
        Reply("\n<think>Done.</think>\nIt is 408."),
    )
    messages = kept.run()
    assert kept.stored() == list(messages)
    assert [message.role for message in messages] == ["assistant", "tool", "assistant"]
    assert kept.states() == ["complete"] * 3
    last = store.read.message(kept.keeper.message)
    assert last.making is not None
    assert (last.making.model, last.making.seed, last.making.reason) == ("GLM-4.6", 7, "end")
    assert last.making.timings["decode_tokens_per_second"] == 50.0
    assert replace(last.making, seed=None, timings={}, reason="") == MAKING


def test_a_remark_that_a_result_gets_and_the_notice_are_kept(store: ChatStore) -> None:
    again = Reply(call("calculator", expression="1 + 1"))
    kept = Kept(store, again, again, again)
    messages = kept.run()
    stored = kept.stored()
    assert stored[:-1] == list(messages[:-1])
    assert stored[-1].parts[:-1] == messages[-1].parts
    assert isinstance(stored[-1].parts[-1], NoticePart)


def test_a_stopped_answer_keeps_what_there_was(store: ChatStore) -> None:
    stop = replace(
        Reply("\n<think>Hm.</think>\nA long answer that is not needed any more."),
        before=lambda number: kept.cancel.cancel() if number == 6 else None,
    )
    kept = Kept(store, stop)
    messages = kept.run()
    assert kept.stored() == list(messages)
    assert kept.states() == ["stopped"]


def test_an_engine_that_fails_half_way_leaves_the_half_and_the_reason(store: ChatStore) -> None:
    kept = Kept(store, Reply("\n<think>Hm.</think>\nHalf an ans", error=BROKEN))
    with pytest.raises(TurnError) as caught:
        kept.run()
    kept.keeper.end("failed", error=caught.value)
    (stored,) = kept.stored()
    (message,) = caught.value.messages
    reason = ErrorPart("The engine failed.", "Out of memory.", "Load a smaller model.")
    assert stored.parts == (*message.parts, reason)
    assert kept.states() == ["failed"]


def test_an_engine_that_fails_at_once_is_kept_as_that(store: ChatStore) -> None:
    kept = Kept(store, Reply("", error=BROKEN))
    with pytest.raises(KnownError):
        kept.run()
    kept.keeper.end("failed", error=BROKEN)
    kept.keeper.end("complete")
    (stored,) = kept.stored()
    assert [type(part) for part in stored.parts] == [ErrorPart]
    assert kept.states() == ["failed"]


def test_a_crash_in_the_middle_keeps_the_rounds_before(store: ChatStore) -> None:
    """As seen from the disk: what the running turn has given so far can be read."""
    seen: list[list[Message]] = []

    def look(number: int) -> None:
        if number == 3:
            seen.append(kept.stored())

    kept = Kept(
        store,
        Reply(call("calculator", expression="12 * 34")),
        Reply("\n<think>Now the second round.</think>", before=look),
    )
    kept.run()
    (middle,) = seen
    assert [message.role for message in middle] == ["assistant", "tool", "assistant"]
    assert middle[1].parts[0].text == "408"  # type: ignore[union-attr]
    assert "Now the" in middle[2].reasoning
    assert TextPart("") not in middle[2].parts


def test_an_answer_that_goes_on_is_one_message_with_one_spelling(store: ChatStore) -> None:
    kept = Kept(
        store,
        Reply("\n<think>Compute.</think>\nIt is", reason="max_tokens"),
        Reply(" 408."),
    )
    kept.run()
    first = kept.keeper.written[-1]
    store.written().result(30)
    raw = store.read.message(first.id).raw
    assert raw == "\n<think>Compute.</think>\nIt is"
    said = replace(
        first.message,
        parts=tuple(part for part in first.message.parts if not isinstance(part, NoticePart)),
    )
    question = store.read.history(kept.chat)[0]
    begun = replace(first, message=said)
    kept.keeper = TurnKeeper(store.messages, kept.chat, question.id, MAKING, begun)
    options = TurnOptions(begun=BegunAnswer(said, raw))
    finished = kept.runner.run([question.message], options, kept.keeper.feed, kept.cancel)
    kept.keeper.end("complete", notice=finished.notice)
    (message,) = kept.stored()
    assert message == finished.messages[0]
    assert (message.reasoning, message.text) == ("Compute.", "It is 408.")
    whole = store.read.message(first.id)
    assert whole.raw == "\n<think>Compute.</think>\nIt is 408."
    assert whole.making is not None
    assert whole.making.timings["generated_tokens"] == 6 + 1
    assert kept.states() == ["complete"]
