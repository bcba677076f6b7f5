"""The filter of system calls inside the sandbox, as a program of the kernel's packet filter.

Namespaces take files, processes and the network away. This takes away what they leave: other
processes (a fork bomb is not bounded by any limit that holds for every kernel and user), sockets
that no network namespace knows of, and calls in which kernels had holes.
"""

import errno
import platform
import struct
import sys
from collections.abc import Mapping
from dataclasses import dataclass

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_CLONE_THREAD = 0x00010000
_AF_UNIX = 1
_CLONE3 = 435
_IO_URING_SETUP = 425
_X32 = 0x40000000


@dataclass(frozen=True)
class _Machine:
    """refused: numbers of system calls, by what the kernel calls them."""

    audit: int
    clone: int
    socket: int
    refused: Mapping[str, int]
    has_x32: bool = False


_MACHINES = {
    "x86_64": _Machine(
        0xC000003E,
        56,
        41,
        {
            "fork": 57,
            "vfork": 58,
            "ptrace": 101,
            "pivot_root": 155,
            "chroot": 161,
            "mount": 165,
            "umount2": 166,
            "add_key": 248,
            "request_key": 249,
            "keyctl": 250,
            "unshare": 272,
            "perf_event_open": 298,
            "setns": 308,
            "bpf": 321,
            "userfaultfd": 323,
            "io_uring_setup": _IO_URING_SETUP,
        },
        has_x32=True,
    ),
    "aarch64": _Machine(
        0xC00000B7,
        220,
        198,
        {
            "umount2": 39,
            "mount": 40,
            "pivot_root": 41,
            "chroot": 51,
            "unshare": 97,
            "ptrace": 117,
            "add_key": 217,
            "request_key": 218,
            "keyctl": 219,
            "perf_event_open": 241,
            "setns": 268,
            "bpf": 280,
            "userfaultfd": 282,
            "io_uring_setup": _IO_URING_SETUP,
        },
    ),
}


def known_machine() -> bool:
    return platform.machine() in _MACHINES and sys.maxsize > 2**32


def filter_program() -> bytes:
    """For `bwrap --seccomp`. Raises KeyError on a processor that is not known."""
    machine = _MACHINES[platform.machine()]
    refuse = _step(_RETURN, _ERRNO | errno.EPERM)
    steps = [
        _step(_LOAD, _ARCHITECTURE),
        _step(_EQUAL, machine.audit, 1, 0),
        _step(_RETURN, _KILL),
        _step(_LOAD, _NUMBER),
    ]
    if machine.has_x32:
        steps += [_step(_AT_LEAST, _X32, 0, 1), refuse]
    for number in machine.refused.values():
        steps += [_step(_EQUAL, number, 0, 1), refuse]
    # "There is no such call" makes the C library use clone, whose flags can be looked at.
    steps += [_step(_EQUAL, _CLONE3, 0, 1), _step(_RETURN, _ERRNO | errno.ENOSYS)]
    steps += [
        _step(_EQUAL, machine.clone, 0, 4),
        _step(_LOAD, _FIRST_ARGUMENT),
        _step(_ANY_BIT, _CLONE_THREAD, 1, 0),
        refuse,
        _step(_RETURN, _ALLOW),
    ]
    steps += [
        _step(_EQUAL, machine.socket, 0, 4),
        _step(_LOAD, _FIRST_ARGUMENT),
        _step(_EQUAL, _AF_UNIX, 1, 0),
        refuse,
        _step(_RETURN, _ALLOW),
    ]
    return b"".join([*steps, _step(_RETURN, _ALLOW)])


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)
