"""The pipes to a server's program: bounded in what it sends, ended with its children.

The package's own transport takes lines of any length; a server that floods would take all memory.
"""

import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO, cast

import anyio
from anyio.abc import ByteReceiveStream, Process
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp import types
from mcp.os.posix.utilities import terminate_posix_process_tree
from mcp.os.win32.utilities import (
    FallbackProcess,
    close_process_job,
    create_windows_process,
    get_windows_executable_command,
    terminate_windows_process_tree,
)
from mcp.shared.message import SessionMessage

from app.core.language import tr
from app.core.units import gigabytes
from app.tools.mcp.environment import server_environment
from app.tools.mcp.output import Output
from app.tools.mcp.servers import McpServer

MAX_MESSAGE_BYTES = 8_000_000
BURST = 200
"""So many lines are taken at once; then the pipe waits a moment, so that a server that floods does
not keep this program from its own work."""
_BURST_BYTES = 65_536
_BURST_PAUSE_SECONDS = 0.05
_LEAVE_SECONDS = 1.0
"""From the end of its input to a signal, and from that to the kill."""
_POLL_SECONDS = 0.01

Streams = tuple[
    MemoryObjectReceiveStream[SessionMessage | Exception], MemoryObjectSendStream[SessionMessage]
]
_Child = Process | FallbackProcess


@dataclass
class Ending:
    """Filled in when the connection is over; why: in a sentence, "" when nothing is known."""

    why: str = ""


@asynccontextmanager
async def program_streams(
    server: McpServer, output: Output, ending: Ending, gone: Callable[[], None]
) -> AsyncIterator[Streams]:
    """gone: called once when the program has closed its end. Raises OSError (ValueError for texts
    that no program can be given) when it cannot be started."""
    with anyio.CancelScope(shield=True):
        # Stopped half-way, the program would run on without anybody who knows of it.
        process = await _start(server)
    incoming_in, incoming = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    outgoing, outgoing_out = anyio.create_memory_object_stream[SessionMessage](0)

    closing = False

    async def read() -> None:
        async with incoming_in:
            try:
                await _Reader(incoming_in, output, ending).run(_stdout(process))
                if not closing:
                    await _ended(process, _LEAVE_SECONDS)
                    ending.why = ending.why or _exit_words(process.returncode)
            finally:
                gone()

    async def write() -> None:
        stdin = process.stdin
        if stdin is None:
            raise RuntimeError("a server without an input")
        async with outgoing_out:
            async for message in outgoing_out:
                line = message.message.model_dump_json(by_alias=True, exclude_unset=True)
                try:
                    await stdin.send(line.encode("utf-8", "replace") + b"\n")
                except (anyio.BrokenResourceError, anyio.ClosedResourceError, OSError):
                    return  # it is gone; its output says so as well

    async def listen() -> None:
        stderr = cast("ByteReceiveStream | None", getattr(process, "stderr", None))
        if stderr is None:
            return
        with suppress(anyio.EndOfStream, anyio.ClosedResourceError, anyio.BrokenResourceError):
            while True:
                data = await stderr.receive()
                output.feed(data)
                if len(data) == _BURST_BYTES:  # the pipe was full
                    await anyio.sleep(_BURST_PAUSE_SECONDS)
        output.end()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(read)
        tasks.start_soon(write)
        tasks.start_soon(listen)
        try:
            yield incoming, outgoing
        finally:
            closing = True
            with anyio.CancelScope(shield=True):
                # All four: a task that is cancelled before it begins closes nothing.
                for stream in (incoming, outgoing, incoming_in, outgoing_out):
                    stream.close()
                await _stop(process)
            tasks.cancel_scope.cancel()


class _Reader:
    """Lines to messages. Lines that are no message go to the output: servers print there what
    belongs to stderr."""

    def __init__(
        self,
        messages: MemoryObjectSendStream[SessionMessage | Exception],
        output: Output,
        ending: Ending,
    ) -> None:
        self._messages, self._output, self._ending = messages, output, ending
        self._lines = 0

    async def run(self, pipe: ByteReceiveStream) -> None:
        parts: list[bytes] = []
        size = 0
        with suppress(
            anyio.EndOfStream, anyio.ClosedResourceError, anyio.BrokenResourceError, OSError
        ):
            while True:
                *lines, rest = (await pipe.receive()).split(b"\n")
                for line in lines:
                    await self._take(b"".join((*parts, line)))
                    parts, size = [], 0
                parts.append(rest)
                size += len(rest)
                if size > MAX_MESSAGE_BYTES:
                    self._ending.why = tr(
                        "It sent a message of more than {size}.", size=gigabytes(MAX_MESSAGE_BYTES)
                    )
                    return

    async def _take(self, line: bytes) -> None:
        if not line.strip():
            return
        self._lines += 1
        if self._lines % BURST == 0:
            await anyio.sleep(_BURST_PAUSE_SECONDS)
        try:
            message = types.jsonrpc_message_adapter.validate_json(line, by_name=False)
        except ValueError:
            self._output.feed(line[:4000] + b"\n")
            return
        await self._messages.send(SessionMessage(message))


async def _start(server: McpServer) -> _Child:
    environment = server_environment(server.environment)
    folder = expanded(server.folder or "~")
    if sys.platform == "win32":
        return await create_windows_process(
            get_windows_executable_command(server.command),
            list(server.arguments),
            environment,
            cast(TextIO, subprocess.PIPE),
            folder,
        )
    return await anyio.open_process(
        [expanded(server.command), *server.arguments],
        env=environment,
        stderr=subprocess.PIPE,
        cwd=folder,
        start_new_session=True,
    )


def expanded(path: str) -> str:
    """With the person's folder for ~."""
    return str(Path(path).expanduser()) if path.startswith("~") else path


def _stdout(process: _Child) -> ByteReceiveStream:
    if process.stdout is None:
        raise RuntimeError("a server without an output")
    return process.stdout


async def _stop(process: _Child) -> None:
    """Its input is closed; when it does not leave then, it and its children are made to."""
    with suppress(OSError, anyio.BrokenResourceError, anyio.ClosedResourceError):
        if process.stdin is not None:
            await process.stdin.aclose()
    left = await _ended(process, _LEAVE_SECONDS)
    if sys.platform == "win32":
        if not left:
            await terminate_windows_process_tree(process)
        close_process_job(process)
    elif isinstance(process, Process):
        # Also when it left by itself: children of it may have stayed.
        await terminate_posix_process_tree(process, _LEAVE_SECONDS)
    await _ended(process, _LEAVE_SECONDS)
    for pipe in (process.stdout, getattr(process, "stderr", None)):
        if pipe is not None:
            with suppress(OSError, anyio.BrokenResourceError, anyio.ClosedResourceError):
                await pipe.aclose()
    # A descendant that kept a pipe open would keep the transport open, which warns when it goes.
    transport = getattr(getattr(process, "_process", None), "_transport", None)
    if transport is not None:
        with suppress(PermissionError, ProcessLookupError):
            transport.close()


async def _ended(process: _Child, seconds: float) -> bool:
    """By its exit code: waiting for the process would wait for its pipes as well."""
    with anyio.move_on_after(seconds):
        while process.returncode is None:  # noqa: ASYNC110 - nothing tells of it but this
            await anyio.sleep(_POLL_SECONDS)
    return process.returncode is not None


def _exit_words(code: int | None) -> str:
    if code is None:
        return tr("It closed its output.")
    if code < 0:
        return tr("It was ended by signal {number}.", number=-code)
    if code:
        return tr("It ended with exit code {number}.", number=code)
    return tr("It ended by itself.")
