"""What is left out: whole turns, the oldest first, as few as are enough."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from app.chat.context.policy import cuts, least_answer, leave_out
from app.core.messages import Message, TextPart, ToolCallPart, ToolResultPart, user


def said(text: str) -> Message:
    return Message("assistant", (TextPart(text),))


def call(name: str) -> Message:
    return Message("assistant", (ToolCallPart(name, "clock", {}),))


def result(name: str) -> Message:
    return Message("tool", (ToolResultPart(name, "clock", "12:00"),))


@st.composite
def turns(draw: st.DrawFn) -> list[Message]:
    """Questions with answers and calls; now and then a result that comes late."""
    messages: list[Message] = []
    late: list[str] = []
    for number in range(draw(st.integers(0, 12))):
        messages.append(user("q" * draw(st.integers(0, 60))))
        if late and bool(draw(st.booleans())):
            messages.append(result(late.pop()))
        if draw(st.booleans()):
            messages.append(call(f"c{number}"))
            if draw(st.integers(0, 5)):
                messages.append(result(f"c{number}"))
            else:
                late.append(f"c{number}")
        messages.append(said("a" * draw(st.integers(0, 60))))
    if late:
        messages.append(result(late.pop()))
    return messages


def sizes(messages: Sequence[Message]) -> list[int]:
    return [5 + sum(len(getattr(part, "text", "call")) for part in one.parts) for one in messages]


def pairs_split(messages: Sequence[Message], cut: int) -> bool:
    kept = [part for one in messages[cut:] for part in one.parts]
    calls = {part.id for part in kept if isinstance(part, ToolCallPart)}
    called = {part.id for one in messages for part in one.parts if isinstance(part, ToolCallPart)}
    results = {part.call_id for part in kept if isinstance(part, ToolResultPart)}
    return bool((results & called) - calls)


@given(turns(), st.integers(1, 40), st.integers(40, 600), st.data())
def test_it_fits_or_cannot(
    messages: list[Message], fixed: int, context: int, data: st.DataObject
) -> None:
    """fixed: the system prompt, the tools and the question, which always stay."""
    weight = sizes(messages)
    answer = data.draw(st.integers(1, context // 2))
    already = data.draw(st.sampled_from([0, *cuts(messages)]))

    def tokens(cut: int) -> int:
        return fixed + sum(weight[cut:])

    found = leave_out(messages, tokens, context, answer, already)
    if found is None:
        left = [cut for cut in cuts(messages) if cut > already]
        assert not left or tokens(len(messages)) + answer > context
        return
    assert already < found.messages <= len(messages)
    assert found.tokens == tokens(found.messages)
    assert found.tokens + answer <= context
    assert found.freed == tokens(already) - found.tokens
    assert not pairs_split(messages, found.messages)
    if found.messages < len(messages):
        assert messages[found.messages].role == "user"


@given(turns())
def test_a_call_stays_with_its_result(messages: list[Message]) -> None:
    for cut in cuts(messages):
        assert not pairs_split(messages, cut)


def test_as_few_as_leave_room_for_the_next_question_too() -> None:
    messages = [part for _ in range(10) for part in (user("q"), said("a"))]

    def tokens(cut: int) -> int:
        return 100 + 50 * (20 - cut)

    found = leave_out(messages, tokens, 1000, 100)
    assert found is not None
    assert (found.messages, found.turns, found.tokens, found.freed) == (8, 4, 700, 400)


def test_the_last_turn_goes_only_when_it_has_to() -> None:
    messages = [user("q"), said("a"), user("q"), said("a")]
    size = {0: 1000, 2: 850, 4: 100}
    found = leave_out(messages, size.__getitem__, 1000, 100)
    assert found is not None
    assert found.messages == 2
    size[2] = 950
    found = leave_out(messages, size.__getitem__, 1000, 100)
    assert found is not None
    assert found.messages == 4
    size[4] = 950
    assert leave_out(messages, size.__getitem__, 1000, 100) is None


def test_room_for_an_answer() -> None:
    assert least_answer(32768, thinking=False) == 1024
    assert least_answer(32768, thinking=True) == 2048
    assert least_answer(4096, thinking=True) == 512
    assert least_answer(4096, thinking=True, max_tokens=100) == 100
    assert least_answer(1, thinking=True) == 1
