"""The line to a server on the network, bounded in what it may send."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import truststore
from mcp.client.streamable_http import streamable_http_client

from app import __version__
from app.core.units import gigabytes
from app.tools.mcp.servers import McpServer
from app.tools.mcp.stdio import MAX_MESSAGE_BYTES, Ending

_CONNECT_SECONDS = 15.0
_SILENCE_SECONDS = 300.0
"""A stream may stay open for as long without a word."""
_WORDS = {
    401: "It wants a login. Add a header such as Authorization with a token.",
    403: "It refuses access with these headers.",
    404: "There is no server at this address.",
    405: "There is no server of this kind at this address.",
    429: "It has been asked too often. Try again later.",
}


@asynccontextmanager
async def network_streams(server: McpServer, ending: Ending) -> AsyncIterator[tuple[Any, Any]]:
    """Redirects are followed within the server's own origin only, so headers go nowhere else."""

    async def bound(response: httpx2.Response) -> None:
        if response.status_code >= 400:
            ending.why = _WORDS.get(
                response.status_code, f"It answered with status {response.status_code}."
            )
        coding = response.headers.get("content-encoding", "identity")
        if coding.lower() not in ("", "identity"):
            # A compressed answer could be a thousand times as large as what is counted.
            raise httpx2.DecodingError("a compressed answer", request=response.request)
        if isinstance(response.stream, httpx2.AsyncByteStream):
            kind = response.headers.get("content-type", "")
            if not kind.lower().startswith("text/event-stream"):
                response.stream = _Counted(response.stream)

    async with (
        httpx2.AsyncClient(
            headers={
                **dict(server.headers),
                "Accept-Encoding": "identity",
                "User-Agent": f"GLM-Launcher/{__version__}",
            },
            verify=truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
            timeout=httpx2.Timeout(_CONNECT_SECONDS, read=_SILENCE_SECONDS),
            event_hooks={"response": [bound]},
        ) as client,
        streamable_http_client(
            server.url, http_client=client, max_sse_event_size=MAX_MESSAGE_BYTES
        ) as streams,
    ):
        yield streams


class _Counted(httpx2.AsyncByteStream):
    def __init__(self, inner: httpx2.AsyncByteStream) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = MAX_MESSAGE_BYTES
        async for chunk in self._inner:
            left -= len(chunk)
            if left < 0:
                raise httpx2.StreamError(f"more than {gigabytes(MAX_MESSAGE_BYTES)}")
            yield chunk

    async def aclose(self) -> None:
        await self._inner.aclose()
