"""How a raw argument becomes a value of the schema's type."""

import pytest

from app.core.json import JsonObject, JsonValue
from app.core.messages import ToolSpec
from app.dialect.answer import ParsedAnswer, parse
from tests.dialect.helpers import glm_call


def tool(schema: JsonValue, **more: JsonValue) -> ToolSpec:
    return ToolSpec("t", "", {"type": "object", "properties": {"v": schema}, **more})


def answer(schema: JsonValue, raw: str, **more: JsonValue) -> ParsedAnswer:
    return parse(glm_call("t", {"v": raw}), "glm", [tool(schema, **more)])


def value(schema: JsonValue, raw: str, **more: JsonValue) -> JsonValue:
    (call,) = answer(schema, raw, **more).tool_calls
    return call.arguments["v"]


STRING: JsonObject = {"type": "string"}
INTEGER: JsonObject = {"type": "integer"}
NUMBER: JsonObject = {"type": "number"}
BOOLEAN: JsonObject = {"type": "boolean"}
NULL: JsonObject = {"type": "null"}


@pytest.mark.parametrize(
    ("schema", "raw", "expected"),
    [
        (STRING, "123", "123"),
        (STRING, "true", "true"),
        (STRING, '"quoted"', '"quoted"'),
        (STRING, " a ", " a "),
        (INTEGER, "123", 123),
        (INTEGER, " -7\n", -7),
        (INTEGER, '"42"', 42),
        (INTEGER, "5.0", 5),
        (INTEGER, "+3", 3),
        (INTEGER, "123456789012345678901234567890", 123456789012345678901234567890),
        (NUMBER, "1.5", 1.5),
        (NUMBER, "2", 2),
        (NUMBER, '"2.5"', 2.5),
        (NUMBER, "1e3", 1000.0),
        (BOOLEAN, "true", True),
        (BOOLEAN, "False", False),
        (BOOLEAN, '"true"', True),
        (NULL, "null", None),
        (NULL, "None", None),
        ({"type": "array", "items": INTEGER}, "[1, 2]", [1, 2]),
        ({"type": "array", "items": INTEGER}, '["1", 2]', [1, 2]),
        ({"type": "array", "items": STRING}, '["1", "a"]', ["1", "a"]),
        ({"type": "object"}, '{"a": [1]}', {"a": [1]}),
        ({"type": "object", "properties": {"n": NUMBER}}, '{"n": "1"}', {"n": 1}),
        ({"properties": {"n": NUMBER}}, '{"n": 1}', {"n": 1}),
        ({"type": ["string", "null"]}, "null", None),
        ({"type": ["string", "null"]}, "nothing", "nothing"),
        ({"type": ["integer", "string"]}, "12", 12),
        ({"type": ["integer", "string"]}, '"12"', '"12"'),
        ({"type": ["integer", "string"]}, "012a", "012a"),
        ({"type": "string", "nullable": True}, "null", None),
        ({"anyOf": [INTEGER, NULL]}, "null", None),
        ({"anyOf": [INTEGER, NULL]}, '"3"', 3),
        ({"anyOf": [STRING, NULL]}, "3", "3"),
        ({"oneOf": [{"type": "array", "items": STRING}, STRING]}, '["a"]', ["a"]),
        ({"oneOf": [{"type": "array", "items": STRING}, STRING]}, "[1]", "[1]"),
        ({"allOf": [INTEGER, {"enum": [1, 2]}]}, "2", 2),
        ({"enum": ["1", "2"]}, "1", "1"),
        ({"enum": [1, 2]}, "1", 1),
        ({"enum": ["a", None]}, "null", None),
        ({"const": "5"}, "5", "5"),
        ({}, "5", 5),
        ({}, "text", "text"),
        ({"description": "anything"}, "[1]", [1]),
        (True, "x", "x"),
    ],
)
def test_typed_by_the_schema(schema: JsonValue, raw: str, expected: JsonValue) -> None:
    found = value(schema, raw)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("schema", "raw"),
    [
        (INTEGER, "5.5"),
        (INTEGER, "five"),
        (INTEGER, ""),
        (INTEGER, "true"),
        (INTEGER, "9" * 5000),
        (NUMBER, "NaN"),
        (NUMBER, "1e999"),
        (NUMBER, "1,5"),
        (BOOLEAN, "1"),
        (BOOLEAN, "yes"),
        (NULL, "0"),
        ({"type": "array"}, '{"a": 1}'),
        ({"type": "array", "items": INTEGER}, '[1, "x"]'),
        ({"type": "object"}, "[1]"),
        ({"type": "object"}, '{"a": 1, "a": 2}'),
        ({"type": "object", "required": ["n"]}, "{}"),
        ({"type": "object", "additionalProperties": False}, '{"n": 1}'),
        ({"enum": ["a", "b"]}, "c"),
        ({"enum": [1]}, "true"),
        ({"const": 5}, "6"),
        ({"anyOf": [INTEGER, NULL]}, "x"),
        (False, "x"),
    ],
)
def test_what_does_not_fit_is_not_run(schema: JsonValue, raw: str) -> None:
    found = answer(schema, raw)
    assert not found.tool_calls
    assert "v" in found.errors[0]


def test_references_within_the_schema() -> None:
    definitions: JsonObject = {
        "Size": {"enum": ["s", "l"]},
        "Tree": {
            "type": "object",
            "properties": {"size": {"$ref": "#/$defs/Size"}, "next": {"$ref": "#/$defs/Tree"}},
        },
        "Loop": {"$ref": "#/$defs/Loop"},
    }
    tree: JsonObject = {"$ref": "#/$defs/Tree"}
    raw = '{"size": "s", "next": {"size": "l"}}'
    assert value(tree, raw, **{"$defs": definitions}) == {"size": "s", "next": {"size": "l"}}
    bad = answer(tree, '{"next": {"size": "xl"}}', **{"$defs": definitions})
    assert "v.next.size" in bad.errors[0]
    assert value({"$ref": "#/$defs/Loop"}, "x", **{"$defs": definitions}) == "x"
    assert value({"$ref": "#/$defs/Missing"}, "x", **{"$defs": definitions}) == "x"
    assert value({"$ref": "https://example.org/schema"}, "x") == "x"


def test_undeclared_arguments_stay_text_unless_they_are_json() -> None:
    call = glm_call("t", {"a": "5", "b": "[1]", "c": '{"d": null}', "e": "[broken", "f": "true"})
    (read,) = parse(call, "glm", [tool(STRING)]).tool_calls
    expected = {"a": "5", "b": [1], "c": {"d": None}, "e": "[broken", "f": "true"}
    assert read.arguments == expected


def test_undeclared_arguments_where_the_schema_forbids_them() -> None:
    found = parse(glm_call("t", {"x": "1"}), "glm", [tool(STRING, additionalProperties=False)])
    assert not found.tool_calls
    assert "x" in found.errors[0]


def test_missing_argument() -> None:
    found = parse("<tool_call>t</tool_call>", "glm", [tool(STRING, required=["v"])])
    assert not found.tool_calls
    assert "v is missing" in found.errors[0]


def test_json_arguments_are_held_to_the_schema_too() -> None:
    call = '<tool_call>{"name": "t", "arguments": {"v": "12"}}</tool_call>'
    assert parse(call, "json", [tool(STRING)]).tool_calls[0].arguments == {"v": "12"}
    assert parse(call, "json", [tool(INTEGER)]).tool_calls[0].arguments == {"v": 12}
    assert "v" in parse(call, "json", [tool(BOOLEAN)]).errors[0]


def test_a_schema_that_explodes_is_given_up() -> None:
    schema: JsonValue = INTEGER
    for _ in range(40):
        schema = {"anyOf": [{"type": "array", "items": schema}] * 3}
    raw = "[" * 40 + '"x"' + "]" * 40
    found = answer(schema, raw)
    assert not found.tool_calls


@pytest.mark.parametrize("schema", [None, "string", 5, [], {"type": 7}, {"type": "text"}])
def test_nonsense_in_the_schema_means_anything_goes(schema: JsonValue) -> None:
    assert value(schema, "x") == "x"
