"""Counting what is not known yet, and estimating when nobody can be asked."""

from hypothesis import given
from hypothesis import strategies as st

from app.chat.context.counting import TokenCounter
from app.core.prompt import Prompt
from tests.chat.context.fakes import CountingEngine, tokens
from tests.chat.scripted import SPECIAL

TURN = "<|user|>\nHello<|assistant|>\nHello to you"


def counter(engine: CountingEngine) -> TokenCounter:
    def counted(prompt: Prompt) -> tuple[int, tuple[int, ...]]:
        found = engine.counted(prompt)
        return found.tokens, found.by_segment

    return TokenCounter(counted, SPECIAL)


@given(st.lists(st.sampled_from([*SPECIAL, "<b>", "<", "[x]", "[gM", "text ", "你好", "\n"])))
def test_pieces_have_together_what_the_whole_has(words: list[str]) -> None:
    text = "".join(words)
    assert counter(CountingEngine([])).count(Prompt((text,))) == tokens(text)


def test_only_what_is_new_is_asked() -> None:
    engine = CountingEngine([])
    count = counter(engine)
    first = count.count(Prompt(("[gMASK]<sop>", TURN)))
    assert first == tokens("[gMASK]<sop>" + TURN)
    engine.asked.clear()
    more = count.count(Prompt(("[gMASK]<sop>", TURN, "<|user|>\nMore")))
    assert more == first + tokens("<|user|>\nMore")
    assert engine.asked == ["<|user|>\nMore"]
    engine.asked.clear()
    assert count.count(Prompt(("[gMASK]<sop>", TURN, "<|user|>\nMore"))) == more
    assert not engine.asked


def test_the_opening_token_counts() -> None:
    engine = CountingEngine([])
    engine.opening = 1
    count = counter(engine)
    assert count.count(Prompt((TURN,), add_bos=True)) == tokens(TURN) + 1
    assert count.count(Prompt((TURN,))) == tokens(TURN)
    assert count.estimate(Prompt((TURN,), add_bos=True)).number == tokens(TURN) + 1


def test_an_estimate_is_exact_when_all_is_known() -> None:
    engine = CountingEngine([])
    count = counter(engine)
    guess = count.estimate(Prompt(("x" * 350,)))
    assert (guess.number, guess.exact) == (100, False)
    assert not engine.asked
    count.count(Prompt(("x" * 350,)))
    known = count.estimate(Prompt(("x" * 350,)))
    assert (known.number, known.exact) == (350, True)


def test_estimates_follow_what_the_model_has_needed() -> None:
    count = counter(CountingEngine([]))
    count.count(Prompt(("y" * 2000,)))
    assert count.estimate(Prompt(("z" * 100,))).number == 100


def test_much_is_forgotten_rather_than_kept_for_ever() -> None:
    engine = CountingEngine([])
    count = counter(engine)
    count.count(Prompt(tuple(f"piece {number}" for number in range(60_000))))
    engine.asked.clear()
    count.count(Prompt(("piece 59999",)))
    assert not engine.asked
    count.count(Prompt(("piece 1",)))
    assert engine.asked == ["piece 1"]


def test_nothing_has_no_tokens() -> None:
    count = counter(CountingEngine([]))
    assert count.count(Prompt(())) == 0
    assert count.estimate(Prompt(("",))).number == 0
