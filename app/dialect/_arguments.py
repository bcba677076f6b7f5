"""A call's arguments, typed by the tool's JSON schema: tolerant in reading, strict in running.

Understood: type (and lists of types), enum, const, nullable, properties, required,
additionalProperties, items, anyOf, oneOf, allOf, and $ref within the schema.
"""

import re
from collections.abc import Mapping
from typing import Final

from app.core.json import JsonObject, JsonValue
from app.core.language import tr
from app.dialect._calls import RawCall
from app.dialect.jsontext import JsonTextError, read_json

_MAX_STEPS: Final = 20_000
_MAX_REFS: Final = 32
_NUMBER: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_LITERALS: Final[Mapping[str, bool | None]] = {"true": True, "false": False, "none": None}
_ALL: Final = frozenset({"string", "number", "integer", "boolean", "null", "array", "object"})


class BadArgumentsError(Exception):
    """The arguments do not fit the tool's schema; the message tells the model how."""


def typed_arguments(call: RawCall, schema: JsonObject) -> JsonObject:
    """Raises BadArgumentsError."""
    fitter = _Fitter(schema)
    arguments = call.arguments
    if arguments is None:
        arguments = fitter.from_text(call.pairs or [])
    fitted = fitter.fit(arguments, {"type": "object", **schema}, "")
    assert isinstance(fitted, dict)  # noqa: S101 - the type was just checked
    return fitted


def untyped_arguments(call: RawCall) -> JsonObject:
    """For a tool nobody declared: texts, and what is plainly a JSON object or array."""
    if call.arguments is not None:
        return call.arguments
    return {key: _undeclared(raw) for key, raw in call.pairs or []}


class _Fitter:
    def __init__(self, root: JsonObject) -> None:
        self._root = root
        self._steps = 0

    def from_text(self, pairs: list[tuple[str, str]]) -> JsonObject:
        properties = self._properties(self._root)
        extra = self._root.get("additionalProperties")
        result: JsonObject = {}
        for key, raw in pairs:
            if not key:
                raise BadArgumentsError(tr("an argument has no name"))
            if key in result:
                raise BadArgumentsError(tr("{key} is given twice", key=key))
            if key in properties:
                result[key] = self._read(raw, properties[key], key)
            elif isinstance(extra, dict) and extra:
                result[key] = self._read(raw, extra, key)
            else:
                result[key] = _undeclared(raw)
        return result

    def _properties(self, schema: JsonValue) -> JsonObject:
        schema = self._resolved(schema)
        result: JsonObject = {}
        for part in _list(schema.get("allOf")):
            result |= self._properties(part)
        own = schema.get("properties")
        return result | own if isinstance(own, dict) else result

    def _read(self, raw: str, schema: JsonValue, path: str) -> JsonValue:
        """A value as GLM writes it: strings as they are, everything else as JSON."""
        kinds = self._kinds(schema)
        problem: BadArgumentsError | None = None
        if kinds != {"string"}:
            for value in _readings(raw, kinds):
                try:
                    return self.fit(value, schema, path)
                except BadArgumentsError as error:
                    problem = problem or error
        if "string" in kinds:
            return self.fit(raw, schema, path)
        raise problem or self._misfit(path, kinds, raw)

    def _kinds(self, schema: JsonValue, depth: int = 0) -> frozenset[str]:
        """The JSON types that the schema lets through; all of them when it does not say."""
        self._count()
        schema = self._resolved(schema)
        if depth > _MAX_REFS:
            return _ALL
        kinds = _ALL
        types = _types(schema)
        if types:
            kinds &= types
        elif "properties" in schema:
            kinds &= {"object"}
        elif "items" in schema:
            kinds &= {"array"}
        for word in ("anyOf", "oneOf"):
            branches = _list(schema.get(word))
            if branches:
                union = frozenset[str]().union(*(self._kinds(b, depth + 1) for b in branches))
                kinds &= union
        for branch in _list(schema.get("allOf")):
            kinds &= self._kinds(branch, depth + 1)
        fixed = _list(schema.get("enum")) or ([schema["const"]] if "const" in schema else [])
        if fixed:
            kinds &= frozenset().union(*(_kinds_of(value) for value in fixed))
        if schema.get("nullable") is True:
            kinds |= {"null"}
        return kinds

    def fit(
        self, value: JsonValue, schema: JsonValue, path: str, *, lenient: bool = True
    ) -> JsonValue:
        """The value, numbers unquoted where a number is due. Raises BadArgumentsError."""
        self._count()
        if schema is False:
            raise BadArgumentsError(tr("{path} is not an argument of this tool", path=path))
        schema = self._resolved(schema)
        if value is None and schema.get("nullable") is True:
            return None
        types = _types(schema)
        if types and not types & _kinds_of(value):
            value = _unquoted(value, types) if lenient else None
            if not types & _kinds_of(value) or value is None:
                raise self._misfit(path, types, value)
        if types and "integer" in types and isinstance(value, float) and "number" not in types:
            value = int(value)
        value = self._fit_combined(value, schema, path, lenient)
        self._check_fixed(value, schema, path)
        if isinstance(value, dict):
            return self._fit_object(value, schema, path, lenient)
        items = schema.get("items")
        if isinstance(value, list) and isinstance(items, dict | bool):
            return [
                self.fit(item, items, f"{path}[{index}]", lenient=lenient)
                for index, item in enumerate(value)
            ]
        return value

    def _fit_combined(
        self, value: JsonValue, schema: JsonObject, path: str, lenient: bool
    ) -> JsonValue:
        for part in _list(schema.get("allOf")):
            value = self.fit(value, part, path, lenient=lenient)
        for word in ("anyOf", "oneOf"):
            branches = _list(schema.get(word))
            if branches:
                value = self._fit_any(value, branches, path, lenient)
        return value

    def _fit_any(
        self, value: JsonValue, branches: list[JsonValue], path: str, lenient: bool
    ) -> JsonValue:
        problems: list[str] = []
        for leniently in (False, True) if lenient else (False,):
            problems.clear()
            for branch in branches:
                try:
                    return self.fit(value, branch, path, lenient=leniently)
                except BadArgumentsError as error:
                    problems.append(str(error))
        raise BadArgumentsError(" or ".join(dict.fromkeys(problems)))

    def _fit_object(
        self, value: JsonObject, schema: JsonObject, path: str, lenient: bool
    ) -> JsonObject:
        properties = schema.get("properties")
        declared: JsonObject = properties if isinstance(properties, dict) else {}
        extra = schema.get("additionalProperties", True)
        prefix = f"{path}." if path else ""
        for name in _list(schema.get("required")):
            if isinstance(name, str) and name not in value:
                raise BadArgumentsError(tr("{prefix}{name} is missing", prefix=prefix, name=name))
        return {
            key: self.fit(item, declared.get(key, extra), f"{prefix}{key}", lenient=lenient)
            for key, item in value.items()
        }

    def _check_fixed(self, value: JsonValue, schema: JsonObject, path: str) -> None:
        allowed = _list(schema.get("enum"))
        if "const" in schema:
            allowed = [schema["const"]]
        if allowed and not any(_same(value, item) for item in allowed):
            choices = ", ".join(str(item) for item in allowed[:20])
            raise BadArgumentsError(
                tr("{path} must be one of: {choices}", path=path, choices=choices)
            )

    def _resolved(self, schema: JsonValue) -> JsonObject:
        for _ in range(_MAX_REFS):
            if not isinstance(schema, dict):
                return {}
            reference = schema.get("$ref")
            if not isinstance(reference, str):
                return schema
            rest = {key: item for key, item in schema.items() if key != "$ref"}
            target = self._pointed(reference)
            schema = {**target, **rest} if isinstance(target, dict) else rest
        return {}

    def _pointed(self, reference: str) -> JsonValue:
        here: JsonValue = self._root
        if not reference.startswith("#"):
            return {}
        for step in reference[1:].split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            here = here.get(name) if isinstance(here, dict) else None
        return here

    def _count(self) -> None:
        self._steps += 1
        if self._steps > _MAX_STEPS:
            raise BadArgumentsError(tr("the arguments are too large for the tool's schema"))

    @staticmethod
    def _misfit(path: str, kinds: frozenset[str], _value: JsonValue) -> BadArgumentsError:
        expected = " or ".join(sorted(kinds)) or "nothing"
        return BadArgumentsError(
            tr("{path} must be of type {expected}", path=path or "the arguments", expected=expected)
        )


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []


def _types(schema: JsonObject) -> frozenset[str]:
    kind = schema.get("type")
    names = {name for name in (kind if isinstance(kind, list) else [kind]) if isinstance(name, str)}
    return frozenset(names & _ALL)


def _kinds_of(value: JsonValue) -> frozenset[str]:
    if value is None:
        return frozenset({"null"})
    if isinstance(value, bool):
        return frozenset({"boolean"})
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return frozenset({"integer", "number"})
    kinds: tuple[tuple[type, str], ...] = (
        (float, "number"),
        (str, "string"),
        (list, "array"),
        (dict, "object"),
    )
    return frozenset(name for kind, name in kinds if isinstance(value, kind))


def _same(left: JsonValue, right: JsonValue) -> bool:
    return bool(_kinds_of(left) & _kinds_of(right)) and left == right


def _undeclared(raw: str) -> JsonValue:
    if raw.lstrip()[:1] in ("{", "["):
        try:
            return read_json(raw)
        except JsonTextError:
            pass
    return raw


def _readings(raw: str, kinds: frozenset[str]) -> list[JsonValue]:
    """What the text may mean, other than itself."""
    result: list[JsonValue] = []
    try:
        value = read_json(raw)
    except JsonTextError:
        pass
    else:
        if not isinstance(value, str):
            result.append(value)
    loose = _loose(raw, kinds)
    if loose is not None or (raw.strip().lower() in ("null", "none") and "null" in kinds):
        result.append(loose)
    return result


def _loose(raw: str, kinds: frozenset[str]) -> JsonValue:
    """A quoted or loosely written number or truth value, None if it is neither."""
    text = raw.strip()
    if "string" in kinds:
        return None
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1].strip()
    if kinds & {"number", "integer"} and len(text) < 400 and _NUMBER.fullmatch(text):
        number = float(text)
        if re.fullmatch(r"[+-]?\d+", text):
            return int(text)
        return number if number not in (float("inf"), float("-inf")) else None
    return _LITERALS.get(text.lower()) if "boolean" in kinds else None


def _unquoted(value: JsonValue, types: frozenset[str]) -> JsonValue:
    return _loose(value, types) if isinstance(value, str) else value
