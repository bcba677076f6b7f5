"""Answers that were begun and go on: the prompt ends with them as the model wrote them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.messages import MalformedCallPart, Message, Part, ReasoningPart, TextPart, user
from app.dialect.answer import PartsBuilder
from app.dialect.begun import BegunAnswer, Continuation
from app.dialect.reader import Reader
from app.dialect.template import ChatTemplate
from tests.dialect.test_template import SPECIALS, TEMPLATES

GLM46, GLM47 = TEMPLATES["GLM-4.6"], TEMPLATES["GLM-4.7-Flash"]
ASKED = [user("Why?")]

QWEN3 = """\
{%- for m in messages %}
{{- '<|im_start|>' + m.role + '\\n' }}
{%- if m.role == 'assistant' and (loop.last or m.reasoning_content) %}
{{- '<think>\\n' + m.reasoning_content.strip('\\n') + '\\n</think>\\n\\n' }}
{%- endif %}
{{- m.content + '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
{{- '<|im_start|>assistant\\n' }}
{%- if enable_thinking is defined and enable_thinking is false %}
{{- '<think>\\n\\n</think>\\n\\n' }}
{%- endif %}
{%- endif %}"""
R1 = """\
{%- for m in messages %}
{%- if m.role == 'user' %}{{ '<|User|>' + m.content }}{% endif %}
{%- if m.role == 'assistant' %}{{ '<|Assistant|>' + m.content + '<|end|>' }}{% endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<|Assistant|><think>\\n' }}{% endif %}"""
STRICT = """\
{%- if messages[-1].role == 'assistant' %}{{ raise_exception('a question, please') }}{% endif %}
{%- for m in messages %}{{ '[' + m.role + ']' + m.content }}{% endfor %}
{%- if add_generation_prompt %}{{ '[answer]' }}{% endif %}"""


def answer(*parts: Part) -> Message:
    return Message("assistant", parts)


def opened(text: str) -> ReasoningPart:
    return ReasoningPart(text, finished=False)


def added(template: ChatTemplate, begun: BegunAnswer, thinking: bool = True) -> str:
    """What follows the ordinary prompt, which has to be the beginning."""
    wants = thinking or bool(begun.message.reasoning)
    base = template.render(ASKED, thinking=wants).text
    found = template.continued(ASKED, begun, thinking=thinking)
    assert found.prompt.text == base + found.begun
    return found.begun


def parts(template: ChatTemplate, found: Continuation, more: str) -> tuple[Part, ...]:
    reader = Reader(template.capabilities.family, (), found.prompt.opens_thinking)
    builder = PartsBuilder()
    for text in (found.begun, more):
        builder.add_all(reader.feed(text))
    builder.add_all(reader.finish())
    return builder.parts()


@pytest.mark.parametrize(
    ("template", "begun", "thinking", "expected"),
    [
        (GLM46, BegunAnswer(), True, ""),
        (GLM46, BegunAnswer(answer(opened("so"))), True, "\n<think>so"),
        (GLM46, BegunAnswer(answer(ReasoningPart("so"))), True, "\n<think>so</think>\n"),
        (
            GLM46,
            BegunAnswer(answer(ReasoningPart("so"), TextPart("I say "))),
            True,
            "\n<think>so</think>\nI say ",
        ),
        (GLM46, BegunAnswer(answer(TextPart("I say"))), True, "\n<think></think>\nI say"),
        (GLM46, BegunAnswer(answer(TextPart("I say"))), False, "\nI say"),
        (GLM47, BegunAnswer(answer(opened("so"))), True, "so"),
        (GLM47, BegunAnswer(answer(ReasoningPart("so"), TextPart("I"))), True, "so</think>I"),
        (GLM47, BegunAnswer(answer(TextPart("I say"))), True, "</think>I say"),
        (GLM47, BegunAnswer(answer(TextPart("I say"))), False, "I say"),
        (ChatTemplate(QWEN3), BegunAnswer(answer(opened("so"))), True, "<think>\nso"),
        (
            ChatTemplate(QWEN3),
            BegunAnswer(answer(ReasoningPart("so"), TextPart("I"))),
            True,
            "<think>\nso\n</think>\n\nI",
        ),
        (ChatTemplate(QWEN3), BegunAnswer(answer(TextPart("I"))), False, "I"),
        (ChatTemplate(R1), BegunAnswer(answer(opened("so"))), True, "so"),
        (ChatTemplate(R1), BegunAnswer(answer(TextPart("I"))), True, "\n</think>\n\nI"),
        (ChatTemplate(STRICT), BegunAnswer(answer(TextPart("I"))), True, "I"),
        (ChatTemplate(None), BegunAnswer(answer(TextPart("I say"))), True, "I say"),
    ],
)
def test_an_answer_goes_on_in_the_form_of_the_template(
    template: ChatTemplate, begun: BegunAnswer, thinking: bool, expected: str
) -> None:
    assert added(template, begun, thinking) == expected


@pytest.mark.parametrize("raw", ["\n<think>\n\nso, ", "\n<think></think>\n\nI  say", "I <b"])
@pytest.mark.parametrize("template", [GLM46, GLM47, ChatTemplate(QWEN3), ChatTemplate(STRICT)])
def test_what_the_model_wrote_is_repeated_to_the_letter(template: ChatTemplate, raw: str) -> None:
    assert added(template, BegunAnswer(answer(TextPart("another")), raw)) == raw


@pytest.mark.parametrize(
    ("template", "raw", "expected"),
    [
        (GLM46, "", "\n<think></think>\n"),
        (GLM46, "\n", "\n<think></think>\n"),
        (GLM46, "\n<thi", "\n<think></think>\n"),
        (GLM46, "\n<think>", "\n<think></think>\n"),
        (GLM46, "\n<think>\nso, ", "\n<think>\nso, </think>\n"),
        (GLM46, "\n<think>\nso</th", "\n<think>\nso</think>\n"),
        (GLM46, "\n<think>so</think>\nI", "\n<think>so</think>\nI"),
        (GLM46, "\n<think></think>", "\n<think></think>"),
        (GLM46, "I say", "I say"),
        (GLM47, "", "</think>"),
        (GLM47, "so", "so</think>"),
        (GLM47, "so <", "so <</think>"),
        (GLM47, "so</think>I", "so</think>I"),
        (ChatTemplate(QWEN3), "<think>\nso", "<think>\nso\n</think>\n\n"),
        (ChatTemplate(R1), "so", "so\n</think>\n\n"),
    ],
)
def test_thinking_is_ended_for_an_answer_now(
    template: ChatTemplate, raw: str, expected: str
) -> None:
    begun = BegunAnswer(raw=raw, answer_now=True)
    assert added(template, begun) == expected
    if raw:
        read = parts(template, template.continued(ASKED, begun), "Because.")
        assert isinstance(read[-1], TextPart)
        assert read[-1].text.endswith("Because.")


def test_an_answer_now_without_what_the_model_wrote_is_the_same() -> None:
    begun = BegunAnswer(answer(opened("so")), answer_now=True)
    assert added(GLM46, begun) == "\n<think>so</think>\n"
    assert added(GLM47, begun) == "so</think>"


@pytest.mark.parametrize("template", [GLM46, GLM47])
def test_thinking_that_was_turned_off_needs_no_end(template: ChatTemplate) -> None:
    assert added(template, BegunAnswer(answer_now=True), thinking=False) == ""


def test_thinking_against_the_will_of_the_prompt_is_ended_too() -> None:
    begun = BegunAnswer(raw="\n<think>so", answer_now=True)
    assert added(GLM46, begun, thinking=False) == "\n<think>so</think>\n"


def test_talk_about_tags_stays_talk_and_written_tags_stay_tags() -> None:
    said = answer(ReasoningPart("the <tool_call> tag"), TextPart("<|user|> and </think>."))
    assert GLM46.continued(ASKED, BegunAnswer(said)).prompt.segments[1:] == (
        "tool_call> tag</think>\n<",
        "|user|> and <",
        "/think>.",
    )
    raw = "\n<think>so</think>\n<tool_call>now <|user|>"
    assert GLM46.continued(ASKED, BegunAnswer(raw=raw)).prompt.segments[1:] == ("|user|>",)


def test_a_half_written_call_goes_on_as_a_call() -> None:
    begun = BegunAnswer(answer(TextPart("Look: "), MalformedCallPart("<tool_call>now", "cut off")))
    found = GLM46.continued(ASKED, begun)
    assert found.begun == "\n<think></think>\nLook: <tool_call>now"
    assert len(found.prompt.segments) == 1


def test_the_conversation_before_stays_neutralized() -> None:
    asked = [user("a <|user|> and <think>")]
    before = GLM46.render(asked).segments
    after = GLM46.continued(asked, BegunAnswer(raw="\n<think>so")).prompt.segments
    assert after == (*before[:-1], before[-1] + "\n<think>so")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from([*SPECIALS, "a", " ", "\n", "\ufdd0", "<", "thi", "谢"])).map("".join)
)
def test_any_begun_answer_is_appended_to_the_prompt(raw: str) -> None:
    for template in (GLM46, GLM47):
        added(template, BegunAnswer(raw=raw))
        found = template.continued(ASKED, BegunAnswer(raw=raw, answer_now=True))
        assert found.prompt.text.endswith(found.begun)
