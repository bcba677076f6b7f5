"""JSON written by a model: strictly JSON, of bounded depth, as values that every room can carry."""

import json
from collections import Counter
from typing import Final

from app.core.json import JsonObject, JsonValue
from app.core.language import tr

MAX_DEPTH: Final = 100


class JsonTextError(ValueError):
    """Its message says what is wrong, for the model."""


def read_json(text: str) -> JsonValue:
    """Raises JsonTextError: not JSON, NaN or Infinity, a key twice, too deep, a number too long."""
    try:
        value: JsonValue = json.loads(
            text, strict=False, object_pairs_hook=_object, parse_constant=_constant
        )
        _check(value)
        if "\\u" in text:
            value = _without_surrogates(value)
    except JsonTextError:
        raise
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise JsonTextError(
            tr("it is not valid JSON ({msg}, {where})", msg=error.msg, where=where)
        ) from None
    except RecursionError:
        raise JsonTextError(tr("it is nested too deeply")) from None
    except ValueError:
        raise JsonTextError(tr("a number has too many digits")) from None
    return value


def _object(pairs: list[tuple[str, JsonValue]]) -> JsonObject:
    result = dict(pairs)
    if len(result) < len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise JsonTextError(tr("{twice} is given twice", twice=twice))
    return result


def _constant(name: str) -> JsonValue:
    raise JsonTextError(tr("{name} is not a JSON value", name=name))


def _check(value: JsonValue) -> None:
    level: list[JsonValue] = [value]
    for _ in range(MAX_DEPTH):
        level = [child for item in level for child in _children(item)]
        if not level:
            return
    raise JsonTextError(tr("it is nested too deeply"))


def _children(value: JsonValue) -> list[JsonValue]:
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        raise JsonTextError(tr("a number is too large"))
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _without_surrogates(value: JsonValue) -> JsonValue:
    """Half a surrogate pair, as `\\ud800` spells it, cannot be stored or sent anywhere."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {str(_without_surrogates(key)): _without_surrogates(v) for key, v in value.items()}
    return value
