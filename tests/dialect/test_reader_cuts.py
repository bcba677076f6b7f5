"""The events of an answer do not depend on how it was cut into pieces."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.dialect.events import Family, TextDelta
from app.dialect.reader import Reader
from tests.dialect.helpers import TOOLS, events, glm_call

PARIS = glm_call("get_weather", {"city": "Pa\nris", "days": "3"})
OUTPUTS: dict[str, tuple[Family, str]] = {
    "thinking and answer": ("glm", "\n<think>\nHm, 好。\n</think>\n\nHello <b>there</b>  "),
    "two calls": ("glm", f"<think>a</think>\nSo:\n{PARIS}\n{glm_call('now', {})}<|observation|>"),
    "no newlines": ("glm", "</think>" + glm_call("note", {"text": "<arg_key>x"}, "")),
    "text around calls": ("glm", f"one {PARIS} two\n{PARIS}\n\nthree"),
    "call ends thinking": ("glm", f"<think>I go\n{PARIS}\n{glm_call('now', {})}\n"),
    "call in thinking": ("glm", f"<think>I go {PARIS}</think>no"),
    "talk in thinking": ("glm", f"<think>use <tool_call>! {PARIS} and more"),
    "cut off": ("glm", "ok <tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>Par"),
    "cut off in thinking": ("glm", "<think>ok <tool_call>now\n<arg_key>city</arg_"),
    "missing opening": ("glm", f"let me {PARIS} think\n</think>\nanswer</think> more"),
    "undeclared": ("glm", glm_call("nothing", {"a": "[1]"}) + "after"),
    "broken": ("glm", "a<tool_call>now\n junk <arg_key>k</tool_call>b<tool_call>now<tool_call>now"),
    "bad arguments": ("glm", glm_call("get_weather", {"days": "x"})),
    "leaks": ("glm", "a <|user|> b <|assistant|>\n<|endoftext|>"),
    "talk about tags": ("glm", "the `</think>` and `<think>` and <thin tags <"),
    "second thinking": ("glm", "<think>a</think>b<think>c</think>d"),
    "json in glm": ("glm", '<tool_call>\n{"name": "now", "arguments": {}}\n</tool_call>.'),
    "name and json": ("glm", '<tool_call>note\n{"text": "a\\"}"}</tool_call>'),
    "json": (
        "json",
        """<think>a</think>b<tool_call>{"name": "note", "arguments":
        {"text": "</tool_call> \\" <think>"}}</tool_call>\n<|im_end|>""",
    ),
    "json, open string": (
        "json",
        '<tool_call>{"name": "note}</tool_call> a <tool_call>{"name": "now"}</tool_call> b',
    ),
    "json, late name": ("json", '<tool_call>{"arguments": {}, "name": "now"}</tool_call>'),
    "plain": ("plain", f"<think>a</think>{PARIS}"),
}


@pytest.mark.parametrize("name", OUTPUTS)
@pytest.mark.parametrize(
    ("opens_thinking", "complete"), [(False, True), (True, True), (False, False)]
)
def test_every_cut_in_two_and_every_character_alone(
    name: str, opens_thinking: bool, complete: bool
) -> None:
    family, text = OUTPUTS[name]
    whole = events([text], family, TOOLS, opens_thinking, complete)
    assert events(text, family, TOOLS, opens_thinking, complete) == whole
    for cut in range(len(text)):
        pieces = [text[:cut], text[cut:]]
        assert events(pieces, family, TOOLS, opens_thinking, complete) == whole


FRAGMENTS = st.sampled_from(
    [
        "<think>",
        "</think>",
        "<tool_call>",
        "</tool_call>",
        "<arg_key>",
        "</arg_key>",
        "<arg_value>",
        "</arg_value>",
        "<|user|>",
        "<|observation|>",
        "get_weather",
        "now",
        "note",
        "city",
        "text",
        '{"name": "now", "arguments": {}}',
        '{"name": "note", "arguments": {"text": "',
        '"}}',
        '"',
        "\\",
        "{",
        "`",
        "\n",
        " ",
        "<",
        "</",
        "<t",
        "好",
        "word",
        "7",
        PARIS,
        glm_call("now", {}),
        glm_call("note", {"text": "x"}, ""),
    ]
)


@settings(deadline=None)
@given(
    st.lists(FRAGMENTS, max_size=14),
    st.lists(st.integers(0, 400), max_size=12),
    st.sampled_from(["glm", "json", "plain"]),
    st.booleans(),
    st.booleans(),
)
def test_random_outputs_cut_at_random(
    fragments: list[str],
    cuts: list[int],
    family: Family,
    opens_thinking: bool,
    complete: bool,
) -> None:
    text = "".join(fragments)
    places = [0, *sorted(cut for cut in cuts if cut < len(text)), len(text)]
    pieces = [text[a:b] for a, b in pairwise(places)]
    whole = events([text], family, TOOLS, opens_thinking, complete)
    assert events(pieces, family, TOOLS, opens_thinking, complete) == whole
    assert events(text, family, TOOLS, opens_thinking, complete) == whole


@settings(deadline=None)
@given(st.lists(FRAGMENTS.filter(lambda text: text not in ("<", "</", "<t")), max_size=10))
def test_shown_text_never_ends_in_half_a_tag(fragments: list[str]) -> None:
    tags = ("<think>", "</think>", "<tool_call>")
    reader = Reader("glm", TOOLS)
    shown = ""
    for char in "".join(fragments):
        for event in reader.feed(char):
            if isinstance(event, TextDelta):
                shown += event.text
        halves = (tag[:size] for tag in tags for size in range(1, len(tag)))
        assert not shown.endswith(tuple(halves))
