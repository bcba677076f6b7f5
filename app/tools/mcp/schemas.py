"""A tool's schema as a server sends it, made small and plain enough for a prompt and a check."""

import json
from collections.abc import Mapping
from urllib.parse import unquote

from app.core.json import JsonObject, JsonValue
from app.core.language import tr
from app.core.units import count

MAX_CHARACTERS = 16_000
MAX_DEPTH = 16
_MAX_NODES = 2_000
_NO_USE = frozenset({"$schema", "$id", "$comment", "$defs", "definitions", "$anchor", "examples"})
_MAPS = frozenset({"properties", "patternProperties", "dependentSchemas"})
_LISTS = frozenset({"anyOf", "oneOf", "allOf", "prefixItems"})
_SCHEMAS = frozenset({"items", "additionalProperties", "not", "if", "then", "else", "contains"})


class UnfitError(ValueError):
    """The reason why the schema cannot be used, in a sentence."""


def plain_schema(schema: JsonValue) -> JsonObject:
    """References within the schema are put in their place, what is of no use to a model is left
    out. Raises UnfitError."""
    if not isinstance(schema, dict):
        raise UnfitError(tr("Its arguments are not described."))
    size = len(json.dumps(schema, ensure_ascii=False))
    if size > 4 * MAX_CHARACTERS:
        raise _too_large(size)
    walk = _Walk(schema)
    result = walk.schema(schema, 0, ())
    if result.setdefault("type", "object") != "object":
        raise UnfitError(tr("Its arguments are not an object."))
    result.setdefault("properties", {})
    size = len(json.dumps(result, ensure_ascii=False))
    if size > MAX_CHARACTERS:
        raise _too_large(size)
    return result


class _Walk:
    def __init__(self, root: JsonObject) -> None:
        self._root = root
        self._nodes = 0

    def schema(
        self, value: JsonObject, depth: int, within: tuple[str, ...], *, branch: bool = False
    ) -> JsonObject:
        """branch: it is one of several that hold for the same value."""
        self._count(depth)
        reference = value.get("$ref", value.get("$dynamicRef"))
        if isinstance(reference, str):
            if reference in within:
                raise UnfitError(tr("The description of its arguments refers to itself."))
            target = self._target(reference)
            rest = {key: item for key, item in value.items() if not key.endswith("Ref")}
            rest.pop("$ref", None)
            merged = {**target, **rest}
            return self.schema(merged, depth + 1, (*within, reference), branch=branch)
        result: JsonObject = {}
        for key, item in value.items():
            if key in _NO_USE or (key == "title" and isinstance(item, str)):
                continue
            result[key] = self._member(key, item, depth, within)
        if "patternProperties" in result or _is_free(result, depth, branch=branch):
            # A schema allows what it does not name; the check does so only when it is told.
            result.setdefault("additionalProperties", True)
        return result

    def _member(self, key: str, item: JsonValue, depth: int, within: tuple[str, ...]) -> JsonValue:
        if key in _MAPS and isinstance(item, dict):
            return {name: self._any(one, depth + 1, within) for name, one in item.items()}
        if (key in _LISTS or key == "items") and isinstance(item, list):
            return [self._any(one, depth + 1, within, branch=key != "items") for one in item]
        if key in _SCHEMAS:
            return self._any(item, depth + 1, within)
        return item

    def _any(
        self, value: JsonValue, depth: int, within: tuple[str, ...], *, branch: bool = False
    ) -> JsonValue:
        if not isinstance(value, dict):
            return value
        return self.schema(value, depth, within, branch=branch)

    def _count(self, depth: int) -> None:
        self._nodes += 1
        if depth > MAX_DEPTH:
            raise UnfitError(
                tr(
                    "The description of its arguments is nested more than {max_depth} deep.",
                    max_depth=MAX_DEPTH,
                )
            )
        if self._nodes > _MAX_NODES:
            raise UnfitError(
                tr(
                    "The description of its arguments has more than {max_nodes} parts.",
                    max_nodes=_MAX_NODES,
                )
            )

    def _target(self, reference: str) -> JsonObject:
        if not reference.startswith("#"):
            raise UnfitError(tr("The description of its arguments refers to something elsewhere."))
        found: JsonValue = self._root
        for part in filter(None, unquote(reference[1:]).split("/")):
            key = part.replace("~1", "/").replace("~0", "~")
            found = found.get(key) if isinstance(found, Mapping) else None
        if not isinstance(found, dict):
            raise UnfitError(
                tr("The description of its arguments refers to something that is not there.")
            )
        return found


def _is_free(schema: JsonObject, depth: int, *, branch: bool) -> bool:
    """An object of any names, or one that others name as well."""
    if "properties" in schema:
        return branch
    kind = schema.get("type")
    return depth > 0 and (kind == "object" or (isinstance(kind, list) and "object" in kind))


def _too_large(size: int) -> UnfitError:
    return UnfitError(
        tr(
            "The description of its arguments has {size} characters; at most "
            "{max_characters} are taken.",
            size=count(size),
            max_characters=count(MAX_CHARACTERS),
        )
    )
