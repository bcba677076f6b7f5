"""What a server lists, checked and bounded: it is a stranger's text that goes into every prompt."""

import re
from typing import TYPE_CHECKING

from app.tools.mcp.schemas import UnfitError, plain_schema
from app.tools.mcp.types import Listing, McpPrompt, McpResource, McpTool, PromptArgument
from app.tools.mcp.words import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mcp import types

MAX_TOOLS = 100
MAX_OTHERS = 500
"""Resources, and prompts."""
MAX_DESCRIPTION = 2_000
_MAX_NAME = 128
_CONTROLS = re.compile(
    r"[^\S\n ]|[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]"
)


def listing(
    tools: "Sequence[types.Tool]",
    resources: "Sequence[types.Resource]",
    prompts: "Sequence[types.Prompt]",
) -> Listing:
    """A name that comes twice counts once."""
    known: dict[str, McpTool] = {}
    for tool in tools:
        known.setdefault(tool.name, _tool(tool))
    more = max(0, len(known) - MAX_TOOLS)
    return Listing(
        tuple(known.values())[:MAX_TOOLS],
        tuple({one.uri: _resource(one) for one in resources}.values())[:MAX_OTHERS],
        tuple({one.name: _prompt(one) for one in prompts}.values())[:MAX_OTHERS],
        more,
    )


def _tool(tool: "types.Tool") -> McpTool:
    hints = tool.annotations
    why_not = ""
    try:
        parameters = plain_schema(tool.input_schema)
    except UnfitError as error:
        parameters, why_not = {}, str(error)
    except RecursionError:
        parameters, why_not = {}, "The description of its arguments is nested too deep."
    if not tool.name or len(tool.name) > _MAX_NAME or not tool.name.isprintable():
        why_not = f"Its name is empty, longer than {_MAX_NAME} characters, or cannot be shown."
    return McpTool(
        tool.name[: 2 * _MAX_NAME],
        one_line(tool.title or (hints.title if hints else "") or tool.name, 100),
        plain_text(tool.description or "", MAX_DESCRIPTION),
        parameters,
        hints.read_only_hint if hints else None,
        hints.destructive_hint if hints else None,
        why_not,
    )


def _resource(resource: "types.Resource") -> McpResource:
    size = resource.size
    return McpResource(
        resource.uri,
        one_line(resource.title or resource.name or resource.uri, 120),
        one_line(resource.description or "", 300),
        one_line(resource.mime_type or "", 80),
        size if isinstance(size, int) and size >= 0 else None,
    )


def _prompt(prompt: "types.Prompt") -> McpPrompt:
    arguments = tuple(
        PromptArgument(one.name, one_line(one.description or "", 300), bool(one.required))
        for one in (prompt.arguments or [])[:50]
    )
    return McpPrompt(
        prompt.name,
        one_line(prompt.title or prompt.name, 120),
        one_line(prompt.description or "", 300),
        arguments,
    )


def plain_text(text: str, most: int) -> str:
    """Without control and direction marks; line breaks stay."""
    clean = _CONTROLS.sub(" ", text.replace("\r\n", "\n")).strip()
    return clean if len(clean) <= most else f"{clean[: most - 1]}…"
