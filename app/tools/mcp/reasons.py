"""Why a server cannot be used, in sentences."""

import httpx2
from mcp import types
from mcp.shared.exceptions import MCPError
from pydantic import ValidationError

from app.core.units import duration
from app.tools.mcp.output import Output
from app.tools.mcp.servers import McpServer
from app.tools.mcp.stdio import Ending, expanded
from app.tools.mcp.words import one_line

SESSION_OVER = "Session terminated"
"""What the package says when the server has forgotten the session."""

_CLOSED = ("Connection closed", "SSE stream ended without a response")


def plain(error: BaseException) -> BaseException:
    """The first that went wrong in a group."""
    while isinstance(error, BaseExceptionGroup) and error.exceptions:
        error = error.exceptions[0]
    return error


def start_reason(error: BaseException, server: McpServer, ending: Ending, output: Output) -> str:
    """The reason for a failed start, or for a connection that broke."""
    error = plain(error)
    if isinstance(error, FileNotFoundError):
        if server.folder and error.filename == expanded(server.folder):
            return f"There is no folder {server.folder}."
        return f"There is no program “{one_line(server.command)}”. Install it, or name it in full."
    if isinstance(error, PermissionError):
        return f"“{one_line(server.command)}” may not be run."
    if isinstance(error, OSError) and not isinstance(error, TimeoutError):
        return f"It could not be started: {error.strerror or error}."
    if isinstance(error, httpx2.TransportError | httpx2.InvalidURL):
        return _network_reason(error)
    if isinstance(error, TimeoutError):
        return with_last_line("Its lists did not come in time.", output)
    if ending.why:
        return with_last_line(ending.why, output)
    if isinstance(error, MCPError):
        if is_closed(error):
            return with_last_line("The connection was closed.", output)
        return f"It refused: {one_line(error.message)}"
    if isinstance(error, ValidationError):
        return "Its answers do not follow the protocol."
    if isinstance(error, RuntimeError | ValueError):
        return f"It could not be used: {one_line(str(error))}."
    return f"It failed unexpectedly ({type(error).__name__})."


def is_closed(error: Exception) -> bool:
    """The connection ended under a question. Servers use the same number for errors of theirs."""
    return (
        isinstance(error, MCPError)
        and error.code == types.CONNECTION_CLOSED
        and error.message in _CLOSED
    )


def late(seconds: float, output: Output) -> str:
    return with_last_line(f"It did not answer within {duration(seconds)}.", output)


def with_last_line(reason: str, output: Output) -> str:
    last = output.last
    return f"{reason} The last it wrote: “{one_line(last, 160)}”" if last else reason


def _network_reason(error: Exception) -> str:
    if isinstance(error, httpx2.TimeoutException):
        return "The server did not answer in time."
    if isinstance(error, httpx2.UnsupportedProtocol | httpx2.InvalidURL):
        return "Its address cannot be used."
    return f"It cannot be reached: {one_line(str(error)) or type(error).__name__}."
