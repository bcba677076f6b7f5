"""Why a server cannot be used, in sentences."""

import httpx2
from mcp import types
from mcp.shared.exceptions import MCPError
from pydantic import ValidationError

from app.core.language import tr
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
            return tr("There is no folder {folder}.", folder=server.folder)
        return tr(
            "There is no program “{name}”. Install it, or name it in full.",
            name=one_line(server.command),
        )
    if isinstance(error, PermissionError):
        return tr("“{name}” may not be run.", name=one_line(server.command))
    if isinstance(error, OSError) and not isinstance(error, TimeoutError):
        return tr("It could not be started: {why}.", why=error.strerror or error)
    if isinstance(error, httpx2.TransportError | httpx2.InvalidURL):
        return _network_reason(error)
    if isinstance(error, TimeoutError):
        return with_last_line(tr("Its lists did not come in time."), output)
    if ending.why:
        return with_last_line(ending.why, output)
    if isinstance(error, MCPError):
        if is_closed(error):
            return with_last_line(tr("The connection was closed."), output)
        return tr("It refused: {why}", why=one_line(error.message))
    if isinstance(error, ValidationError):
        return tr("Its answers do not follow the protocol.")
    if isinstance(error, RuntimeError | ValueError):
        return tr("It could not be used: {why}.", why=one_line(str(error)))
    return tr("It failed unexpectedly ({kind}).", kind=type(error).__name__)


def is_closed(error: Exception) -> bool:
    """The connection ended under a question. Servers use the same number for errors of theirs."""
    return (
        isinstance(error, MCPError)
        and error.code == types.CONNECTION_CLOSED
        and error.message in _CLOSED
    )


def late(seconds: float, output: Output) -> str:
    return with_last_line(tr("It did not answer within {time}.", time=duration(seconds)), output)


def with_last_line(reason: str, output: Output) -> str:
    last = output.last
    if not last:
        return reason
    return tr("{reason} The last it wrote: “{text}”", reason=reason, text=one_line(last, 160))


def _network_reason(error: Exception) -> str:
    if isinstance(error, httpx2.TimeoutException):
        return tr("The server did not answer in time.")
    if isinstance(error, httpx2.UnsupportedProtocol | httpx2.InvalidURL):
        return tr("Its address cannot be used.")
    return tr("It cannot be reached: {why}.", why=one_line(str(error)) or type(error).__name__)
