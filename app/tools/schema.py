"""Strict checking of a call's arguments against the tool's JSON schema."""

from collections.abc import Callable, Mapping

from app.core.json import JsonObject, JsonValue
from app.core.units import count


def problems(arguments: JsonObject, schema: JsonObject) -> list[str]:
    """What is wrong with the arguments, in sentences for the model; empty when nothing is.

    Knows type, enum, const, required, properties, additionalProperties, items, anyOf, oneOf, allOf
    and the length and range keywords. An argument the schema does not name is refused unless
    additionalProperties allows it, so that a misspelt one is not dropped in silence.
    """
    return _check(arguments, schema, "")


def _check(value: JsonValue, schema: JsonValue, where: str) -> list[str]:
    if schema is True or not isinstance(schema, dict):
        return []
    wanted = schema.get("type")
    types = wanted if isinstance(wanted, list) else [wanted] if isinstance(wanted, str) else []
    if types and not any(_is(value, str(kind)) for kind in types):
        names = " or ".join(_TYPE_NAMES.get(str(kind), str(kind)) for kind in types)
        return [f"{_name(where)} must be {names}, not {_described(value)}"]
    found = _check_choice(value, schema, where)
    if isinstance(value, dict):
        found += _check_object(value, schema, where)
    elif isinstance(value, list):
        found += _check_list(value, schema, where)
    found += _check_limits(value, schema, where)
    return found + _check_branches(value, schema, where)


def _check_choice(value: JsonValue, schema: JsonObject, where: str) -> list[str]:
    choices = schema.get("enum")
    if isinstance(choices, list) and not any(_same(value, choice) for choice in choices):
        listed = ", ".join(str(choice) for choice in choices)
        return [f"{_name(where)} must be one of {listed}"]
    if "const" in schema and not _same(value, schema["const"]):
        return [f"{_name(where)} must be {schema['const']}"]
    return []


def _check_object(value: JsonObject, schema: JsonObject, where: str) -> list[str]:
    declared = schema.get("properties")
    properties = declared if isinstance(declared, dict) else {}
    required = schema.get("required")
    missing = [key for key in required if key not in value] if isinstance(required, list) else []
    found = [f"{_name(_join(where, str(key)))} is missing" for key in missing]
    extra = schema.get("additionalProperties", not properties and not where)
    for key, item in value.items():
        if key in properties:
            found += _check(item, properties[key], _join(where, key))
        elif extra is False:
            known = ", ".join(properties) or "none"
            found.append(f"{_name(_join(where, key))} is not known; the arguments are: {known}")
        else:
            found += _check(item, extra, _join(where, key))
    return found


def _check_list(value: list[JsonValue], schema: JsonObject, where: str) -> list[str]:
    items = schema.get("items")
    return [
        problem
        for index, item in enumerate(value)
        for problem in _check(item, items, f"{where}[{index}]")
    ]


def _check_limits(value: JsonValue, schema: JsonObject, where: str) -> list[str]:
    found: list[str] = []
    for keyword, (measure, fits, words) in _LIMITS.items():
        limit = schema.get(keyword)
        size = measure(value)
        if size is None or isinstance(limit, bool) or not isinstance(limit, int | float):
            continue
        if not fits(size, limit):
            shown = count(limit) if isinstance(limit, int) else str(limit)
            found.append(f"{_name(where)} must {words.format(shown)}")
    return found


def _check_branches(value: JsonValue, schema: JsonObject, where: str) -> list[str]:
    found: list[str] = []
    for keyword in ("anyOf", "oneOf"):
        branches = schema.get(keyword)
        if isinstance(branches, list) and branches:
            results = [_check(value, branch, where) for branch in branches]
            if all(results):
                found.append(" or ".join("; ".join(result) for result in results))
    every = schema.get("allOf")
    for branch in every if isinstance(every, list) else []:
        found += _check(value, branch, where)
    return found


def _is(value: JsonValue, kind: str) -> bool:
    if kind == "integer":
        whole = isinstance(value, float) and value.is_integer()
        return whole or (isinstance(value, int) and not isinstance(value, bool))
    if kind == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    expected = _PYTHON_TYPES.get(kind)
    return expected is None or isinstance(value, expected)


def _same(left: JsonValue, right: JsonValue) -> bool:
    return left == right and isinstance(left, bool) == isinstance(right, bool)


def _join(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


def _name(where: str) -> str:
    return f"the argument {where}" if where else "the arguments"


def _described(value: JsonValue) -> str:
    if value is None:
        return "null"
    return next(
        (
            _TYPE_NAMES[kind]
            for kind in ("boolean", "string", "number", "array", "object")
            if _is(value, kind)
        ),
        "something else",
    )


_PYTHON_TYPES: dict[str, type] = {
    "string": str,
    "boolean": bool,
    "array": list,
    "object": dict,
    "null": type(None),
}
_TYPE_NAMES: Mapping[str, str] = {
    "string": "a string",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
    "integer": "a whole number",
    "number": "a number",
}


def _length(kind: type) -> Callable[[JsonValue], float | None]:
    def measure(value: JsonValue) -> float | None:
        return len(value) if isinstance(value, kind) and isinstance(value, str | list) else None

    return measure


def _number(value: JsonValue) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


_Limit = tuple[Callable[[JsonValue], float | None], Callable[[float, float], bool], str]
_LIMITS: Mapping[str, _Limit] = {
    "minLength": (_length(str), lambda a, b: a >= b, "have at least {} characters"),
    "maxLength": (_length(str), lambda a, b: a <= b, "have at most {} characters"),
    "minItems": (_length(list), lambda a, b: a >= b, "have at least {} items"),
    "maxItems": (_length(list), lambda a, b: a <= b, "have at most {} items"),
    "minimum": (_number, lambda a, b: a >= b, "be at least {}"),
    "maximum": (_number, lambda a, b: a <= b, "be at most {}"),
    "exclusiveMinimum": (_number, lambda a, b: a > b, "be more than {}"),
    "exclusiveMaximum": (_number, lambda a, b: a < b, "be less than {}"),
}
