"""A template rendered as transformers does it, with nothing of ours in between."""

import json
from functools import cache

import jinja2
import jinja2.ext

from app.core.json import JsonObject


def reference(
    source: str, messages: list[JsonObject], tools: list[JsonObject] | None = None, **names: object
) -> str:
    names.setdefault("add_generation_prompt", True)
    return _compiled(source).render(messages=messages, tools=tools, **names)


@cache
def _compiled(source: str) -> jinja2.Template:
    def tojson(value: object, ensure_ascii: bool = False, indent: int | None = None) -> str:
        return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent)

    environment = jinja2.Environment(  # noqa: S701 - prompts are no HTML
        trim_blocks=True, lstrip_blocks=True, extensions=[jinja2.ext.loopcontrols]
    )
    environment.filters["tojson"] = tojson
    return environment.from_string(source)
