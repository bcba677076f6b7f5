"""What is said of a server."""

import json
from collections.abc import Mapping

from app.core.language import mark, tr
from app.core.messages import ToolSpec
from app.core.units import count
from app.tools.mcp.lines import join_line
from app.tools.mcp.servers import McpServer
from app.tools.mcp.types import Listing, McpTool, ServerStatus, State

_CHARACTERS_PER_TOKEN = 4
MASK = "••••••"
_STATES: Mapping[State, tuple[str, str]] = {
    State.OFF: (mark("Off"), "plain"),
    State.UNAPPROVED: (mark("Not allowed yet"), "warn"),
    State.IDLE: (mark("Starts when needed"), "plain"),
    State.STARTING: (mark("Starting"), "busy"),
    State.READY: (mark("Running"), "ok"),
    State.WAITING: (mark("Starting again"), "warn"),
    State.FAILED: (mark("Does not run"), "bad"),
}


def state_words(status: ServerStatus) -> tuple[str, str]:
    """For the chip: words, and its kind."""
    text, kind = _STATES[status.state]
    return tr(text), kind


def command_text(server: McpServer) -> str:
    """What runs, or where it is asked."""
    if server.transport == "http":
        return server.url.partition("?")[0] + ("?…" if "?" in server.url else "")
    return join_line((server.command, *server.arguments))


def has_words(server: McpServer, listing: Listing | None) -> str:
    """What it has, and what that costs."""
    if listing is None:
        return ""
    offered = [tool for tool in listing.tools if not tool.why_not and tool.name not in server.off]
    parts = [_tools_words(listing, len(offered))]
    if listing.resources:
        number = len(listing.resources)
        parts.append(
            tr("1 resource") if number == 1 else tr("{number} resources", number=count(number))
        )
    if listing.prompts:
        number = len(listing.prompts)
        parts.append(
            tr("1 prompt") if number == 1 else tr("{number} prompts", number=count(number))
        )
    text = ", ".join(parts)
    if not offered:
        return f"{text}."
    tokens = _rounded(sum(map(_cost, offered)) // _CHARACTERS_PER_TOKEN)
    return tr(
        "{what}. Its tools take about {number} tokens of every question.",
        what=text,
        number=count(tokens),
    )


def _tools_words(listing: Listing, offered: int) -> str:
    there = len(listing.tools) + listing.left_out
    if offered == there == 1:
        return tr("1 tool")
    if offered == there:
        return tr("{number} tools", number=count(there))
    return tr("{number} of {all} tools", number=count(offered), all=count(there))


def _cost(tool: McpTool) -> int:
    """In characters, as templates write it."""
    spec = ToolSpec(tool.name, tool.description, tool.parameters)
    return len(json.dumps(spec.as_openai(), ensure_ascii=False))


def _rounded(number: int) -> int:
    """An estimate shows two figures."""
    step: int = 10 ** max(0, len(str(number)) - 2)
    return max(10, round(number / step) * step)


def consent_lines(server: McpServer) -> list[tuple[str, str]]:
    """What will run exactly: a word and what it says."""
    lines = [(tr("Command"), command_text(server))]
    lines.append((tr("Folder"), server.folder or tr("your home folder")))
    if server.environment:
        names = ", ".join(name for name, _ in server.environment)
        lines.append((tr("Variables"), names))
    return lines


def hint_words(tool: McpTool) -> str:
    """The server's claim, marked as one."""
    if tool.reads_only:
        return tr("says: only reads")
    if tool.destructive:
        return tr("says: may overwrite or delete")
    return ""
