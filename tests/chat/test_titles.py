"""Titles by the model: what it is asked, and what of its answer can stand in a list."""

import pytest

from app.chat.titles import LONGEST, TitleWriter, title_in
from app.chat.turn import TurnOptions, TurnRunner
from app.core.cancel import CancelToken
from app.core.errors import Cancelled
from app.core.messages import Message, TextPart, user
from app.core.sampling import Sampling
from app.tools.registry import BUILTIN_TOOLS
from app.tools.runner import ToolRunner
from tests.chat.scripted import Reply, ScriptedEngine, glm_template

CHAT = (user("Why is the sky blue?"), Message("assistant", (TextPart("Short waves scatter."),)))


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("Why the sky is blue", "Why the sky is blue"),
        ("\n\n“Blue sky.”\nMore", "Blue sky"),
        ("**Title: Blue sky**", "Blue sky"),
        ("标题：天空为什么是蓝色", "天空为什么是蓝色"),
        ("«Le ciel bleu»", "Le ciel bleu"),
        ("Blue\u202esky\x1b[31m", "Blue sky [31m"),
        ("- Blue sky", "Blue sky"),
        ("", ""),
        ("…", ""),
        ("word " * 20, ""),
        ("<b>Bold</b>", "<b>Bold</b>"),
    ],
)
def test_what_can_stand_in_a_list(written: str, title: str) -> None:
    assert title_in(written) == title


def test_long_ones_are_cut_between_words() -> None:
    title = title_in("extraordinarily lengthy considerations concerning international law")
    assert len(title) <= LONGEST + 1
    assert title == "extraordinarily lengthy considerations concerning…"


def writer(engine: ScriptedEngine) -> TitleWriter:
    return TitleWriter(engine, TurnRunner(engine, glm_template(), ToolRunner(BUILTIN_TOOLS)))


@pytest.mark.parametrize("thinking", [True, False])
def test_its_prompt_begins_as_that_of_the_next_question(thinking: bool) -> None:
    engine = ScriptedEngine([Reply("\nBlue sky")])
    options = TurnOptions(
        thinking=thinking, tools_enabled=True, system_prompt="Be brief.", sampling=Sampling(seed=3)
    )
    assert writer(engine).write(CHAT, options, CancelToken()) == "Blue sky"
    runner = TurnRunner(engine, glm_template(), ToolRunner(BUILTIN_TOOLS))
    following = runner.prompt((*CHAT, user("And at night?")), options).text
    [asked] = engine.prompts
    shared = following[: following.index("And at night?")]
    assert asked.text.startswith(shared)
    assert asked.text.endswith("<think></think>" if not thinking else "<think></think>\n")
    [sampling] = engine.samplings
    assert 0 < sampling.max_tokens <= 64
    assert sampling.temperature == 0


def test_it_stops_after_one_line() -> None:
    read: list[int] = []
    engine = ScriptedEngine([Reply("Blue sky\nand so on" * 50, before=read.append)])
    assert writer(engine).write(CHAT, TurnOptions(), CancelToken()) == "Blue sky"
    assert len(read) < 10


def test_a_call_is_no_title() -> None:
    engine = ScriptedEngine([Reply("<tool_call>clock\n</tool_call>")])
    options = TurnOptions(tools_enabled=True)
    assert writer(engine).write(CHAT, options, CancelToken()) == ""


def test_it_is_cancelled() -> None:
    cancel = CancelToken()
    engine = ScriptedEngine([Reply("Blue sky", before=lambda _: cancel.cancel())])
    with pytest.raises(Cancelled):
        writer(engine).write(CHAT, TurnOptions(), cancel)
