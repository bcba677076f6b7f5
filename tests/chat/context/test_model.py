"""What the loaded model is asked about its context, on GLM's own template."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from app.chat.context.model import Asked, ModelContext, left_out_more
from app.chat.context.omission import omission
from app.chat.turn import TurnOptions, TurnRunner
from app.core.cancel import CancelToken
from app.core.errors import Cancelled, KnownError
from app.core.messages import AttachmentPart, Message, ReasoningPart, TextPart, user
from app.core.prompt import Prompt
from app.core.sampling import Sampling
from app.dialect.events import TextDelta
from app.engine.protocol import ModelInfo, PromptProgress
from app.tools.registry import BUILTIN_TOOLS
from app.tools.runner import ToolRunner
from tests.chat.context.fakes import CountingEngine, tokens
from tests.chat.scripted import SPECIAL, Reply, glm_template

OPTIONS = TurnOptions(tools_enabled=True, system_prompt="Be brief.")


def model(context_tokens: int) -> ModelInfo:
    return ModelInfo(
        "m.gguf", "M", "glm4moe", "", 1, 1, context_tokens, 8192, None, SPECIAL, False, "", ""
    )


class Made:
    def __init__(self, context_tokens: int = 4096, *replies: Reply) -> None:
        self.engine = CountingEngine(replies)
        self.runner = TurnRunner(self.engine, glm_template(), ToolRunner(BUILTIN_TOOLS))
        self.context = ModelContext(self.engine, self.runner, model(context_tokens))


def said(text: str) -> Message:
    return Message("assistant", (ReasoningPart("thinking"), TextPart(text)))


def chat(turns: int, length: int = 100) -> tuple[Message, ...]:
    return tuple(
        one
        for number in range(turns)
        for one in (user(f"{number}" * length), said(f"{number}" * length))
    )


def attached(text: str) -> Message:
    return Message("user", (AttachmentPart("notes.txt", "n" * 300), TextPart(text)))


def test_the_parts_make_up_the_whole() -> None:
    made = Made(8192)
    history = (user("one"), said("first"), attached("two"), said("second"))
    asked = Asked(history, attached("three"), OPTIONS)
    found = made.context.breakdown(asked)
    whole = made.runner.prompt((*history, attached("three")), OPTIONS)
    assert found.exact
    assert found.used == tokens(whole.text)
    assert found.system > len("Be brief.")
    assert found.attachments > 600
    assert found.question == len("three")
    assert min(found.form, found.tools, found.history) > 0
    assert found.summary == 0
    assert found.room == 8192 - found.used
    assert found.fits


def test_only_the_question_is_counted_while_it_is_typed() -> None:
    made = Made()
    history = chat(3)
    made.context.breakdown(Asked(history, user(""), OPTIONS))
    made.engine.asked.clear()
    found = made.context.breakdown(Asked(history, user("Hello"), OPTIONS))
    assert made.engine.asked == ["<|user|>\nHello"]
    assert found.used == tokens(made.runner.prompt((*history, user("Hello")), OPTIONS).text)


def test_without_tools_and_system_prompt_they_take_nothing() -> None:
    made = Made()
    plain = TurnOptions()
    assert made.context.breakdown(Asked((), user("Hello"), OPTIONS)).tools > 0
    found = made.context.breakdown(Asked((), user("Hello"), plain))
    assert (found.system, found.tools, found.history, found.attachments) == (0, 0, 0, 0)
    assert found.used == tokens(made.runner.prompt((user("Hello"),), plain).text)


def test_while_the_engine_is_busy_it_is_estimated() -> None:
    made = Made()
    found = made.context.breakdown(Asked(chat(2), user("Hello"), OPTIONS), ask=False)
    assert not made.engine.asked
    assert not found.exact
    assert found.used > 0
    assert made.context.breakdown(Asked(chat(2), user("Hello"), OPTIONS)).exact


def test_a_summary_is_a_row_of_its_own() -> None:
    made = Made()
    history = chat(3)
    left_out = omission(history, 4, "s" * 200, 4)
    found = made.context.breakdown(Asked(history, user("Hello"), OPTIONS, left_out))
    assert found.summary > 200
    assert found.attachments == 0
    alone = omission(history, 6, "s" * 200, 6)
    asked = Asked(history, user("Hello"), OPTIONS, alone)
    found = made.context.breakdown(asked)
    assert (found.summary > 200, found.history) == (True, 0)
    assert found.used == tokens(made.runner.prompt(asked.sent, OPTIONS).text)


def test_the_oldest_turns_are_left_out_until_it_fits() -> None:
    made = Made(2048)
    asked = Asked(chat(20), user("Hello"), TurnOptions(system_prompt="Be brief."))
    before = made.context.breakdown(asked)
    assert not before.fits
    cut = made.context.leaving_out(asked, before)
    assert cut is not None
    after = made.context.breakdown(replace(asked, left_out=left_out_more(asked, cut.messages)))
    assert after.fits
    assert after.used == cut.tokens == before.used - cut.freed
    assert after.system == before.system
    assert after.question == before.question


def test_a_question_that_is_too_long_alone() -> None:
    made = Made(512)
    asked = Asked(chat(2), user("x" * 600), TurnOptions())
    assert made.context.leaving_out(asked, made.context.breakdown(asked)) is None
    asked = Asked((), user("x" * 600), TurnOptions())
    assert made.context.leaving_out(asked, made.context.breakdown(asked)) is None


def summarize(
    made: Made, asked: Asked, upto: int, cancel: CancelToken | None = None
) -> tuple[str, list[object]]:
    heard: list[object] = []
    found = made.context.summarize(asked, upto, heard.append, cancel or CancelToken())
    assert found.omission.messages == found.omission.summarized == upto
    return found.omission.summary, heard


def test_a_summary_is_asked_for_without_thinking_and_reuses_the_prompt() -> None:
    made = Made(4096, Reply(" They counted.\n"))
    asked = Asked(chat(4), user("Hello"), OPTIONS)
    text, heard = summarize(made, asked, 4)
    assert text == "They counted."
    assert any(isinstance(event, PromptProgress) for event in heard)
    assert "".join(one.text for one in heard if isinstance(one, TextDelta)).strip() == text
    prompt = made.engine.prompts[0].text
    conversation = made.runner.prompt((*chat(4)[:4], user("Next")), OPTIONS).text
    before, _, _ = conversation.rpartition("Next")
    assert prompt.startswith(before)
    assert prompt.rstrip().endswith("</think>")
    assert made.engine.samplings[0].max_tokens == 512


def test_long_stretches_are_summarized_step_by_step() -> None:
    made = Made(2048, *(Reply(f"Summary {number}") for number in range(9)))
    text, _ = summarize(made, Asked(chat(12, 150), user("Hello"), TurnOptions()), 20)
    steps = len(made.engine.prompts)
    assert steps > 1
    assert text == f"Summary {steps - 1}"
    assert all(tokens(prompt.text) <= 2048 for prompt in made.engine.prompts)
    assert "Summary 0" in made.engine.prompts[1].text
    assert "111" not in made.engine.prompts[1].text


def test_an_earlier_summary_goes_into_the_next() -> None:
    made = Made(4096, Reply("All of it"))
    history = chat(6)
    left_out = omission(history, 6, "The beginning", 2)
    text, _ = summarize(made, Asked(history, user("Hello"), OPTIONS, left_out), 8)
    assert text == "All of it"
    prompt = made.engine.prompts[0].text
    assert "The beginning" in prompt
    assert "000" not in prompt
    assert "111" in prompt


def test_one_message_that_is_too_long_cannot_be_summarized() -> None:
    made = Made(512)
    with pytest.raises(KnownError, match="too long to be summarized"):
        summarize(made, Asked(chat(2, 900), user("Hello"), TurnOptions()), 2)


def test_a_summary_can_be_stopped_and_may_fail() -> None:
    cancel = CancelToken()

    def stop(number: int) -> None:
        if number == 1:
            cancel.cancel()

    made = Made(4096, Reply("They counted to ten", before=stop), Reply(" \n"))
    asked = Asked(chat(2), user("Hello"), OPTIONS)
    with pytest.raises(Cancelled):
        summarize(made, asked, 2, cancel)
    with pytest.raises(KnownError, match="no summary"):
        summarize(made, asked, 2)


def test_a_summary_that_was_cut_off_says_so() -> None:
    made = Made(4096, Reply("They counted", reason="max_tokens"))
    asked = Asked(chat(2), user("Hello"), replace(OPTIONS, sampling=Sampling(stop=("X",))))
    found = made.context.summarize(asked, 2, lambda _: None, CancelToken())
    assert found.cut_off
    assert made.engine.samplings[0].stop == ()


def test_a_history_is_spelled_once_to_be_estimated_and_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made, spelled = Made(8192), list[int]()
    prompt = made.runner.prompt

    def noted(history: Sequence[Message], options: TurnOptions) -> Prompt:
        spelled.append(len(history))
        return prompt(history, options)

    monkeypatch.setattr(made.runner, "prompt", noted)
    asked = Asked(chat(4), user("next"), OPTIONS)
    about = made.context.breakdown(asked, ask=False)
    found = made.context.breakdown(asked)
    made.context.breakdown(asked, ask=False)
    made.context.breakdown(replace(asked, question=user("another")))
    assert not about.exact
    assert found.exact
    assert [number for number in spelled if number > 1] == [9]
    made.context.breakdown(replace(asked, messages=chat(5)))
    assert [number for number in spelled if number > 1] == [9, 11]
