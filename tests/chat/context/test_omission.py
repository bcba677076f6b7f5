"""What is not sent: for which messages it holds, and how it is kept."""

import json

import pytest

from app.chat.context.omission import (
    SUMMARY_TYPE,
    Omission,
    applying,
    changed,
    from_json,
    omission,
    sent,
    to_json,
)
from app.core.json import JsonValue
from app.core.messages import AttachmentPart, Message, ReasoningPart, TextPart, user

CHAT = [
    user("one"),
    Message("assistant", (ReasoningPart("hm"), TextPart("first"))),
    user("two"),
    Message("assistant", (TextPart("second"),)),
    user("three"),
]


def test_all_is_sent_when_nothing_was_chosen() -> None:
    assert sent(CHAT, None) == tuple(CHAT)


def test_the_oldest_messages_stay_away() -> None:
    assert sent(CHAT, omission(CHAT, 2)) == tuple(CHAT[2:])


def test_a_summary_is_quoted_in_the_first_question_that_is_sent() -> None:
    first, *others = sent(CHAT, omission(CHAT, 4, "They counted.", 2))
    assert others == []
    (quoted, asked) = first.parts
    assert isinstance(quoted, AttachmentPart)
    assert (quoted.text, quoted.media_type) == ("They counted.", SUMMARY_TYPE)
    assert "first 2 messages" in quoted.name
    assert asked == TextPart("three")


def test_it_holds_for_these_messages_only() -> None:
    two, four = omission(CHAT, 2), omission(CHAT, 4)
    assert applying((two, four), CHAT) == four
    other = [*CHAT[:2], user("another two"), *CHAT[3:]]
    assert applying((two, four), other) == two
    assert applying((four,), CHAT[:3]) is None
    assert applying((), CHAT) is None


def test_what_the_disk_changes_makes_no_difference() -> None:
    again = [
        CHAT[0],
        Message("assistant", (ReasoningPart("hm", 3.5), TextPart("first\n"))),
        *CHAT[2:],
    ]
    assert applying((omission(CHAT, 2),), again) is not None


def test_a_new_one_takes_the_place_of_the_old_one_but_not_of_other_versions() -> None:
    other = [*CHAT[:2], user("another two"), *CHAT[3:]]
    elsewhere = omission(other, 4)
    kept = changed((omission(CHAT, 2), elsewhere), CHAT, omission(CHAT, 4))
    assert kept == (omission(CHAT, 4), elsewhere)
    assert changed(kept, CHAT, None) == (elsewhere,)


def test_it_comes_back_from_the_disk() -> None:
    kept = (omission(CHAT, 4, "They counted.", 2), omission(CHAT, 2))
    assert from_json(json.loads(json.dumps(to_json(kept)))) == kept
    assert to_json(()) is None


@pytest.mark.parametrize(
    "value",
    [
        None,
        7,
        "x",
        {},
        [3, None, "x"],
        [{"messages": 0, "digest": "a"}],
        [{"messages": True, "digest": "a"}],
        [{"messages": 2}],
        [{"messages": 2, "digest": 4}],
        [{"messages": 2, "digest": "a", "summary": 4}],
    ],
)
def test_nonsense_leaves_nothing_out(value: JsonValue) -> None:
    assert from_json(value) == ()


def test_a_summary_covers_no_more_than_is_left_out() -> None:
    value: JsonValue = [{"messages": 2, "digest": "a", "summary": "S", "summarized": 9}]
    assert from_json(value) == (Omission(2, "a", "S", 2),)
    value = [{"messages": 2, "digest": "a", "summary": "S", "summarized": -1}]
    assert from_json(value) == (Omission(2, "a"),)
