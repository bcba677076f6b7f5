"""Misbehaviours, scripted one request at a time."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Host = Literal["api", "cdn"]


@dataclass(frozen=True)
class Fault:
    """What a server does instead of the right thing; the fields that are set combine.

    status: answer with this code and `headers` and `body`. ignore_range: send everything with 200.
    cut_after: close after so many body bytes of the announced length. reset_after: the same with a
    TCP reset. shorter_by: announce and send fewer bytes than asked for. stall_after: send so many
    bytes, then nothing until the client goes or the server stops. drip: after `stall_after` bytes,
    one byte per this many seconds. corrupt: file offsets whose byte is sent wrong. shift: send (and
    announce) a range that starts so many bytes later. etag: another ETag. no_length: leave the
    length out and close at the end. redirect_to: 302 to here ("self" for an endless loop).
    cut_headers: close in the middle of the headers. chunked: send the body in chunks.
    """

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    ignore_range: bool = False
    cut_after: int | None = None
    reset_after: int | None = None
    shorter_by: int = 0
    stall_after: int | None = None
    drip_seconds: float | None = None
    corrupt: tuple[int, ...] = ()
    shift: int = 0
    etag: str | None = None
    no_length: bool = False
    redirect_to: str | None = None
    cut_headers: bool = False
    chunked: bool = False


@dataclass
class _Rule:
    host: Host
    path: str
    fault: Fault
    left: int | None
    skip: int


class FaultScript:
    """Rules are looked at in the order given; the first that matches a request is used."""

    def __init__(self) -> None:
        self._rules: list[_Rule] = []
        self._lock = threading.Lock()

    def add(
        self, host: Host, path: str, fault: Fault, times: int | None = 1, after: int = 0
    ) -> None:
        """path: end of the request's path; "" for all. times: None for always. after: requests that
        are let through first."""
        with self._lock:
            self._rules.append(_Rule(host, path, fault, times, after))

    def clear(self) -> None:
        with self._lock:
            self._rules.clear()

    def take(self, host: Host, path: str) -> Fault:
        with self._lock:
            for rule in self._rules:
                if rule.host != host or not path.endswith(rule.path) or rule.left == 0:
                    continue
                if rule.skip:
                    rule.skip -= 1
                    continue
                if rule.left is not None:
                    rule.left -= 1
                return rule.fault
        return Fault()
