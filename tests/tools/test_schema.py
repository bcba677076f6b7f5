import pytest

from app.core.json import JsonObject, JsonValue
from app.tools.registry import BUILTIN_TOOLS
from app.tools.schema import problems

SCHEMA: JsonObject = {
    "type": "object",
    "properties": {
        "text": {"type": "string", "maxLength": 5},
        "number": {"type": "number", "minimum": 0},
        "whole": {"type": "integer", "exclusiveMaximum": 10},
        "flag": {"type": "boolean"},
        "either": {"type": ["string", "null"]},
        "choice": {"enum": ["a", 1, None]},
        "list": {"type": "array", "items": {"type": "integer"}, "maxItems": 2},
        "nested": {
            "type": "object",
            "properties": {"x": {"type": "string"}},
            "required": ["x"],
            "additionalProperties": False,
        },
        "any": {"anyOf": [{"type": "integer"}, {"type": "string", "minLength": 2}]},
    },
    "required": ["text"],
}


@pytest.mark.parametrize(
    "extra",
    [
        {},
        {"number": 1.5},
        {"number": 3},
        {"whole": 9},
        {"whole": 2.0},
        {"flag": False},
        {"either": None},
        {"choice": 1},
        {"choice": None},
        {"list": [1, 2]},
        {"nested": {"x": "y"}},
        {"any": 3},
        {"any": "yes"},
    ],
)
def test_what_fits(extra: JsonObject) -> None:
    assert problems({"text": "ok", **extra}, SCHEMA) == []


@pytest.mark.parametrize(
    ("extra", "complaint"),
    [
        ({"text": 5}, "the argument text must be a string, not a number"),
        ({"text": "too long"}, "at most 5 characters"),
        ({"number": "1"}, "the argument number must be a number, not a string"),
        ({"number": True}, "not true or false"),
        ({"number": -1}, "at least 0"),
        ({"whole": 1.5}, "a whole number"),
        ({"whole": 10}, "less than 10"),
        ({"flag": 0}, "true or false, not a number"),
        ({"either": 1}, "a string or null"),
        ({"choice": True}, "one of a, 1, None"),
        ({"list": [1, "2"]}, "list[1] must be a whole number"),
        ({"list": [1, 2, 3]}, "at most 2 items"),
        ({"nested": {}}, "nested.x is missing"),
        ({"nested": {"x": "", "y": 1}}, "nested.y is not known"),
        ({"any": "x"}, "at least 2 characters"),
        ({"txet": "x"}, "the argument txet is not known; the arguments are: text, number"),
    ],
)
def test_what_does_not_fit(extra: JsonObject, complaint: str) -> None:
    found = problems({"text": "ok", **extra}, SCHEMA)
    assert len(found) == 1
    assert complaint in found[0]


def test_every_problem_is_told() -> None:
    found = problems({"number": "x", "flag": "y"}, SCHEMA)
    assert len(found) == 3


@pytest.mark.parametrize("schema", [{"type": "object"}, {"type": "object", "properties": {}}, {}])
def test_a_schema_without_properties_takes_anything(schema: JsonObject) -> None:
    assert problems({"anything": 1}, schema) == []


def test_additional_properties_may_have_a_schema() -> None:
    schema: JsonObject = {"properties": {"a": {}}, "additionalProperties": {"type": "string"}}
    assert problems({"a": 1, "b": "x"}, schema) == []
    assert len(problems({"b": 1}, schema)) == 1


@pytest.mark.parametrize("odd", [None, 5, "x", [], {"type": 5}, {"required": "x"}, {"enum": 1}])
def test_a_broken_schema_breaks_nothing(odd: JsonValue) -> None:
    assert problems({"a": 1}, {"properties": {"a": odd}}) == []


def test_the_words_that_models_were_taught_are_unchanged() -> None:
    assert [tool.spec.as_openai() for tool in BUILTIN_TOOLS] == [
        {
            "type": "function",
            "function": {
                "name": "current_time",
                "description": "Tells the current date and time, in a given time zone or in this "
                "machine's own.",
                "parameters": {
                    "type": "object",
                    "properties": {
                        "timezone": {
                            "type": "string",
                            "description": "IANA name such as Europe/Berlin or Asia/Shanghai; "
                            "leave it out for this machine's own time zone.",
                        }
                    },
                    "required": [],
                },
            },
        },
        {
            "type": "function",
            "function": {
                "name": "calculator",
                "description": "Evaluates an arithmetic expression exactly.",
                "parameters": {
                    "type": "object",
                    "properties": {
                        "expression": {
                            "type": "string",
                            "description": "For example (12 + 7) * 3 / 4, sqrt(2) or 2 ** 10.",
                        }
                    },
                    "required": ["expression"],
                },
            },
        },
    ]
