"""What a model's output means, case by case."""

import json

import pytest

from app.core.messages import (
    ToolCallPart,
    ToolSpec,
)
from app.dialect.answer import ParsedAnswer, parse
from app.dialect.events import (
    Family,
    ReasoningClosed,
    TextDelta,
    ThinkingFound,
    ToolCallArguments,
    ToolCallDone,
    ToolCallRejected,
    ToolCallStarted,
)
from app.dialect.reader import Reader
from tests.dialect.helpers import NOTE, TOOLS, WEATHER, events, glm_call


def read(
    text: str, family: Family = "glm", opens_thinking: bool = False, complete: bool = True
) -> ParsedAnswer:
    return parse(text, family, TOOLS, opens_thinking, complete)


def calls(answer: ParsedAnswer) -> list[tuple[str, object]]:
    return [(call.name, call.arguments) for call in answer.tool_calls]


# Thinking


def test_thinking_then_answer() -> None:
    answer = read("\n<think>\nLet me see.\n</think>\n\nHello.\n")
    assert answer == ParsedAnswer("Let me see.", "Hello.")


@pytest.mark.parametrize("opens_thinking", [False, True])
def test_closing_tag_without_an_opening_one(opens_thinking: bool) -> None:
    answer = read("I think.</think>Hello.", opens_thinking=opens_thinking)
    assert answer == ParsedAnswer("I think.", "Hello.")


def test_missing_opening_tag_takes_back_what_was_told() -> None:
    found = events(["I think", " <tool_call>now</tool_call>", " so.\n</think>Hello."])
    at = found.index(ThinkingFound("I think <tool_call>now</tool_call> so."))
    assert found[at:] == [found[at], ReasoningClosed(True), TextDelta("Hello.")]


def test_repeated_opening_tag_after_a_prompt_that_opened_thinking() -> None:
    assert read("<think>a</think>b", opens_thinking=True) == ParsedAnswer("a", "b")


def test_unfinished_thinking_is_reasoning() -> None:
    assert read("<think>I was thin") == ParsedAnswer("I was thin", "")
    assert events(["<think>I was"])[-1] == ReasoningClosed(False)


def test_empty_thinking_leaves_no_trace() -> None:
    assert events(["\n<think></think>\nHello"]) == [TextDelta("Hello")]


def test_thinking_again_after_text_is_reasoning_too() -> None:
    answer = read("<think>one</think>A\n<think>two <tool_call>now</tool_call></think>B")
    assert answer == ParsedAnswer("one\ntwo <tool_call>now</tool_call>", "A\nB")


def test_tags_between_backticks_are_talk() -> None:
    text = "Write `<think>` first and `</think>` last."
    assert read(text) == ParsedAnswer("", text)


def test_code_before_a_closing_tag_is_no_talk() -> None:
    assert read("I use `x`</think>Hello") == ParsedAnswer("I use `x`", "Hello")


def test_plain_family_reads_thinking_but_no_calls() -> None:
    answer = read("<think>a</think><tool_call>now</tool_call>", "plain")
    assert answer == ParsedAnswer("a", "<tool_call>now</tool_call>")


# Text


def test_indentation_of_the_first_line_stays() -> None:
    assert read("</think>\n\n    code\n").content == "    code"


def test_text_before_between_and_after_calls() -> None:
    call = glm_call("now", {})
    answer = read(f"<think>t</think>\nBefore\n{call}\nbetween\n{call}after")
    assert answer.content == "Before\n\nbetween\nafter"
    assert len(answer.tool_calls) == 2


def test_leaked_turn_tokens_at_the_end() -> None:
    assert read("Hello<|observation|>\n<|user|> ").content == "Hello"
    assert read("<think>Hm<|endoftext|>").reasoning == "Hm"
    assert read("Say <|user|> aloud").content == "Say <|user|> aloud"


def test_angle_brackets_are_text_at_once() -> None:
    reader = Reader("glm")
    assert reader.feed("a < b <t") == [TextDelta("a < b")]
    assert reader.feed("able>") == [TextDelta(" <table>")]


@pytest.mark.parametrize("half", ["<tool_c", "</thin", "<|observ"])
def test_half_a_tag_at_the_end_is_dropped(half: str) -> None:
    assert read(f"Hello {half}").content == "Hello"


def test_a_bracket_at_the_end_stays_unless_the_output_was_cut() -> None:
    assert read("1 <").content == "1 <"
    assert read("1 <", complete=False).content == "1"


# Calls


@pytest.mark.parametrize("newline", ["", "\n", "\r\n", "\n  "])
def test_newlines_between_tags(newline: str) -> None:
    call = glm_call("get_weather", {"city": "Paris", "days": "3"}, newline)
    assert calls(read(call)) == [("get_weather", {"city": "Paris", "days": 3})]


@pytest.mark.parametrize("text", ["<tool_call>now</tool_call>", "<tool_call> now\n</tool_call>"])
def test_no_arguments(text: str) -> None:
    assert calls(read(text)) == [("now", {})]


@pytest.mark.parametrize(
    "value",
    [
        "two\nlines\n",
        "\nleading",
        " \"quoted\" 'text' ",
        "a < b > c & d </b>",
        "<arg_key>k</arg_key>",
        "</tool_call><tool_call>now</tool_call>",
        "<think></think><|user|>",
        "<arg_valu",
        "你好 🙂 \u202e \x00 e\u0301",
        "",
        "null",
        "123",
        '{"a": 1}',
    ],
)
def test_text_values_stay_what_they_are(value: str) -> None:
    answer = read(f"x{glm_call('note', {'text': value})}y")
    assert calls(answer) == [("note", {"text": value})]
    assert answer.content == "xy"


def test_events_of_a_call() -> None:
    found = events(["A", glm_call("note", {"text": "t"}), "\n", glm_call("now", {}, "")])
    body = "<arg_key>text</arg_key>\n<arg_value>t</arg_value>\n"
    assert found == [
        TextDelta("A"),
        ToolCallStarted(0, "note"),
        ToolCallArguments(0, body),
        ToolCallDone(0, ToolCallPart("call1", "note", {"text": "t"})),
        ToolCallStarted(1, "now"),
        ToolCallDone(1, ToolCallPart("call2", "now", {})),
    ]


def test_name_and_arguments_are_told_before_the_end() -> None:
    reader = Reader("glm", TOOLS)
    assert reader.feed("<tool_call>note\n") == [ToolCallStarted(0, "note")]
    assert reader.feed("<arg_key>te") == [
        ToolCallArguments(0, "<arg_key>"),
        ToolCallArguments(0, "te"),
    ]
    json_reader = Reader("json", TOOLS)
    told = json_reader.feed('<tool_call>{"name": "note", "argu')
    assert told[0] == ToolCallStarted(0, "note")


def test_call_ids_are_unique() -> None:
    answer = read(glm_call("now", {}) * 50)
    assert len({call.id for call in answer.tool_calls}) == 50


def test_call_inside_closed_thinking_is_thinking() -> None:
    call = glm_call("now", {})
    answer = read(f"<think>maybe {call}</think>No.")
    assert answer == ParsedAnswer(f"maybe {call}", "No.")


def test_calls_that_end_unclosed_thinking_count() -> None:
    call = glm_call("now", {})
    answer = read(f"<think>I look.\n{call}\n{call}<|observation|>")
    assert answer.reasoning == "I look."
    assert calls(answer) == [("now", {}), ("now", {})]
    assert answer.content == ""


@pytest.mark.parametrize(
    "rest",
    [
        "<tool_call>now</tool_call> and so on",
        "<tool_call>unknown</tool_call>",
        "<tool_call>now junk</tool_call>",
        "the <tool_call> tag",
        "<tool_call>now<think></tool_call>",
    ],
)
def test_other_calls_in_unclosed_thinking_are_thinking(rest: str) -> None:
    assert read(f"<think>Hm {rest}") == ParsedAnswer(f"Hm {rest}", "")


def test_talk_before_a_call_that_ends_thinking() -> None:
    answer = read("<think>I use <tool_call> so:\n<tool_call>now</tool_call>")
    assert answer.reasoning == "I use <tool_call> so:"
    assert calls(answer) == [("now", {})]


def test_thinking_cut_by_a_limit_runs_nothing() -> None:
    answer = read("<think>I look. <tool_call>now</tool_call>", complete=False)
    assert calls(answer) == []


@pytest.mark.parametrize("complete", [False, True])
@pytest.mark.parametrize(
    "call",
    [
        "<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>Par",
        "<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>Paris</arg_value>\n",
        "<tool_call>get_weather\n<arg_key>ci",
        "<tool_call>get_weather\n",
        '<tool_call>{"name": "get_weather", "arguments": {"city": "Paris"}}',
        '<tool_call>{"name": "get_weather", "arguments": {"city": "Par',
    ],
)
def test_call_cut_off_is_shown_and_never_run(call: str, complete: bool) -> None:
    answer = read(f"Well. {call}", complete=complete)
    assert calls(answer) == []
    assert answer.content == f"Well. {call}"
    assert "get_weather" in answer.errors[0]
    assert "</tool_call>" in answer.errors[0]


def test_a_leaked_token_after_a_call_cut_off_is_not_shown() -> None:
    assert read("<tool_call>now\n<|observation|>\n<|user|>").content == "<tool_call>now\n"


def test_undeclared_tool() -> None:
    (rejected,) = (
        event
        for event in events([glm_call("fly", {"to": "Mars", "how": "[1]"})])
        if isinstance(event, ToolCallRejected)
    )
    assert rejected.name == "fly"
    assert rejected.call == ToolCallPart("call1", "fly", {"to": "Mars", "how": [1]})
    assert "get_weather" in rejected.part.reason
    answer = read(f"A{glm_call('fly', {})}B")
    assert (answer.content, calls(answer), len(answer.errors)) == ("AB", [], 1)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [({"days": "3"}, "city"), ({"city": "x", "days": "many"}, "days")],
)
def test_arguments_that_do_not_fit(arguments: dict[str, str], word: str) -> None:
    answer = read(glm_call("get_weather", arguments))
    assert calls(answer) == []
    assert word in answer.errors[0]


@pytest.mark.parametrize(
    "call",
    [
        "<tool_call></tool_call>",
        "<tool_call>now\n<arg_key>k</tool_call>",
        "<tool_call>now\n<arg_key>k</arg_key></tool_call>",
        "<tool_call>now\n<arg_value>v</arg_value></tool_call>",
        "<tool_call>now\n<arg_key>k</arg_key>junk<arg_value>v</arg_value></tool_call>",
        '<tool_call>{"name": "now", "arguments": }</tool_call>',
        '<tool_call>{"name": "now", "arguments": [1]}</tool_call>',
        '<tool_call>{"name": "now", "name": "now"}</tool_call>',
        '<tool_call>["now"]</tool_call>',
        '<tool_call>{"name": "now", "arguments": {"a": NaN}}</tool_call>',
        '<tool_call>{"name": "now", "arguments": {"a": 1e999}}</tool_call>',
        "<tool_call>" + "x" * 300 + "\n</tool_call>",
    ],
)
def test_malformed_calls_become_text(call: str) -> None:
    answer = read(f"A\n{call}\nB")
    assert calls(answer) == []
    assert answer.content == f"A\n{call}\nB"
    assert len(answer.errors) == 1


def test_a_key_given_twice() -> None:
    call = glm_call("note", {"text": "a"}).replace("</tool_call>", "")
    answer = read(f"{call}<arg_key>text</arg_key><arg_value>b</arg_value></tool_call>")
    assert calls(answer) == []
    assert "twice" in answer.errors[0]


def test_a_call_that_was_not_closed_does_not_hide_the_next_one() -> None:
    answer = read("<tool_call>now\n<tool_call>now</tool_call>")
    assert calls(answer) == [("now", {})]
    assert len(answer.errors) == 1


@pytest.mark.parametrize("family", ["glm", "json"])
@pytest.mark.parametrize(
    "body",
    [
        {"name": "note", "arguments": {"text": 'a "b" {c} \\ </tool_call> <think> 好\n'}},
        {"arguments": {"text": "5"}, "name": "note"},
        {"name": "note", "parameters": {"text": ""}},
        {"function": {"name": "note", "arguments": {"text": "x"}}, "type": "function"},
        {"name": "note", "arguments": '{"text": "in text"}'},
    ],
)
def test_json_calls(family: Family, body: dict[str, object]) -> None:
    text = f"A<tool_call>\n{json.dumps(body, ensure_ascii=False)}\n</tool_call>B"
    answer = read(text, family)
    assert [call.name for call in answer.tool_calls] == ["note"]
    assert (answer.content, answer.errors) == ("AB", ())


def test_json_arguments_after_a_name() -> None:
    assert calls(read('<tool_call>note\n{"text": "x"}\n</tool_call>')) == [("note", {"text": "x"})]


def test_json_string_that_is_never_closed_spoils_only_its_call() -> None:
    call = '<tool_call>{"name": "note, "arguments": {"text": "x"}}</tool_call>'
    answer = read(f'{call} then <tool_call>{{"name": "now"}}</tool_call>.<|im_end|>', "json")
    assert calls(answer) == [("now", {})]
    assert answer.content == f"{call} then ."
    assert read(f"{call}<|im_end|>", "json").content == call


def test_half_a_surrogate_pair_does_not_come_through() -> None:
    answer = read('<tool_call>{"name": "note", "arguments": {"text": "a\\ud800b"}}</tool_call>')
    assert calls(answer) == [("note", {"text": "a\ufffdb"})]


def test_deep_nesting_is_refused() -> None:
    for depth in (150, 100_000):
        deep = "[" * depth + "]" * depth
        body = f'{{"name": "now", "arguments": {{"a": {deep}}}}}'
        answer = read(f"<tool_call>{body}</tool_call>", "json")
        assert "nested too deeply" in answer.errors[0]


def test_a_huge_value_in_small_pieces() -> None:
    size = 200_000
    reader = Reader("glm", [NOTE])
    reader.feed("<tool_call>note\n<arg_key>text</arg_key><arg_value>")
    for _ in range(size // 4):
        reader.feed("<a>\n")
    done = reader.feed("</arg_value></tool_call>")[-1]
    assert isinstance(done, ToolCallDone)
    assert done.call.arguments == {"text": "<a>\n" * (size // 4)}


def test_offered_no_tools() -> None:
    answer = parse(glm_call("now", {}), "glm", [])
    assert "no" in answer.errors[0]
    assert not answer.tool_calls


def test_declared_name_is_needed_exactly() -> None:
    other = ToolSpec("Get_Weather", "", WEATHER.parameters)
    assert not parse(glm_call("get_weather", {"city": "x"}), "glm", [other]).tool_calls
