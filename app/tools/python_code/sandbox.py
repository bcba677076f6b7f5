"""Runs a Python program under bubblewrap: no network, nothing of the person's, limits on all.

Linux only. The program sees the system's libraries and this program's Python, read-only, and one
empty folder of its own; nothing else of the disk is there to be read.
"""

import contextlib
import os
import selectors
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from app.core.cancel import CancelToken
from app.tools.python_code.files import MAX_ENTRIES, Made, made_files, too_much
from app.tools.python_code.syscalls import filter_program

_STEP_SECONDS = 0.05
_CLEANUPS = 40
_TAIL_SHARE = 4
_PROGRAM = "/code/main.py"
_FOLDER = "/work"
# Leads to that folder, unless the interpreter itself lies there: TMPDIR does in any case.
_TEMPORARY = "/tmp"  # noqa: S108 - inside of the sandbox
# Sets the limits and becomes the program: a limit that is set cannot be raised again.
_PRELUDE = """
import os, resource, sys
for name, most in zip(sys.argv[2::2], sys.argv[3::2]):
    least, most = int(most), int(most) + (name == "CPU")  # told a second before it is killed
    resource.setrlimit(getattr(resource, "RLIMIT_" + name), (least, most))
os.execv(sys.executable, [sys.executable, "-I", "-B", "-u", "-X", "utf8", sys.argv[1]])
"""
_SYSTEM = ("/usr", "/nix/store", "/gnu/store", "/etc/ld.so.cache", "/etc/localtime")
_SYSTEM_LINKS = ("/lib", "/lib32", "/lib64", "/bin", "/sbin")


@dataclass(frozen=True)
class Limits:
    wall_seconds: float = 20.0
    cpu_seconds: int = 15
    memory_bytes: int = 1 << 30
    file_bytes: int = 8_000_000
    folder_bytes: int = 32_000_000
    output_bytes: int = 4_000_000
    """How much is read at all."""
    kept_bytes: int = 12_000
    """How much of it is kept, of each of the two."""
    open_files: int = 64


@dataclass(frozen=True)
class Ran:
    """exit_status: 128 and the signal's number for one that was killed. stopped: why it was ended
    from outside, "" when it ended by itself."""

    stdout: str
    stderr: str
    exit_status: int
    seconds: float
    stopped: str = ""
    files: tuple[Made, ...] = ()


@dataclass
class _Output:
    """The beginning and the end of what a program writes."""

    most: int
    head: bytearray = field(default_factory=bytearray)
    tail: bytearray = field(default_factory=bytearray)
    total: int = 0

    def add(self, data: bytes) -> None:
        self.total += len(data)
        room = self.most - len(self.head)
        self.head += data[:room]
        self.tail += data[room:]
        del self.tail[: -self.most // _TAIL_SHARE]

    def text(self) -> str:
        tail = bytes(self.tail)
        left_out = self.total - len(self.head) - len(tail)
        middle = f"\n[… {left_out:,} bytes left out …]\n".encode() if left_out else b""
        return (bytes(self.head) + middle + tail).decode("utf-8", "replace")


def bubblewrap() -> str | None:
    return shutil.which("bwrap")


def run_sandboxed(
    code: str, cancel: CancelToken, limits: Limits | None = None, bwrap: str | None = None
) -> Ran:
    """Raises OSError when bubblewrap is not there or the disk takes nothing, Cancelled."""
    limits, bwrap = limits or Limits(), bwrap or bubblewrap()
    if bwrap is None:
        raise FileNotFoundError("bwrap")
    with _folder() as base:
        program, folder = base / "main.py", base / "work"
        program.write_text(code, encoding="utf-8", errors="replace")
        folder.mkdir()
        ran = _run(bwrap, program, folder, cancel, limits)
        cancel.raise_if_cancelled()
        return ran


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """Gone afterwards, even if a program that is being killed still makes files in it."""
    made = tempfile.TemporaryDirectory(prefix="glm-launcher-python-", ignore_cleanup_errors=True)
    try:
        yield Path(made.name)
    finally:
        for _ in range(_CLEANUPS):
            made.cleanup()
            if not Path(made.name).exists():
                break
            time.sleep(_STEP_SECONDS)


def _run(bwrap: str, program: Path, folder: Path, cancel: CancelToken, limits: Limits) -> Ran:
    started = time.monotonic()
    with _filter_file() as filter_fd:
        process = subprocess.Popen(
            [bwrap, *_arguments(program, folder, filter_fd), *_inner(limits)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=(filter_fd,),
            env={"PATH": os.defpath},
            cwd="/",
        )
    outputs = _Output(limits.kept_bytes), _Output(limits.kept_bytes)
    with process:
        try:
            stopped = _follow(process, outputs, folder, cancel, limits)
        finally:
            process.kill()  # with everything in it, since it holds the first process of its own
        status = process.wait()
    return Ran(
        outputs[0].text(),
        outputs[1].text(),
        status if status >= 0 else 128 - status,
        time.monotonic() - started,
        stopped,
        made_files(folder),
    )


def _follow(
    process: "subprocess.Popen[bytes]",
    outputs: Sequence[_Output],
    folder: Path,
    cancel: CancelToken,
    limits: Limits,
) -> str:
    """Reads until it has ended. Why it has to be stopped, "" when it ended by itself."""
    deadline = time.monotonic() + limits.wall_seconds
    with selectors.DefaultSelector() as selector:
        for pipe, output in zip((process.stdout, process.stderr), outputs, strict=True):
            if pipe is not None:
                selector.register(pipe, selectors.EVENT_READ, output)
        while selector.get_map() or process.poll() is None:
            for key, _ in selector.select(_STEP_SECONDS):
                if data := os.read(key.fd, 65_536):
                    key.data.add(data)
                else:
                    selector.unregister(key.fileobj)
            if cancel.cancelled:
                return "it was cancelled"
            if time.monotonic() >= deadline:
                return f"it took longer than {limits.wall_seconds:g} s"
            if sum(output.total for output in outputs) > limits.output_bytes:
                return f"it wrote more than {limits.output_bytes / 10**6:g} MB of output"
            if too_much(folder, limits.folder_bytes):
                most = f"{limits.folder_bytes / 10**6:g} MB"
                return f"it made more than {MAX_ENTRIES} files, or more than {most} of them"
    return ""


def _arguments(program: Path, folder: Path, filter_fd: int) -> list[str]:
    arguments = ["--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    arguments += ["--hostname", "sandbox", "--seccomp", str(filter_fd), "--clearenv"]
    for name, value in _environment().items():
        arguments += ["--setenv", name, value]
    for path in _SYSTEM:
        arguments += ["--ro-bind-try", path, path]
    for link in _SYSTEM_LINKS:
        if Path(link).is_symlink():
            arguments += ["--symlink", str(Path(link).readlink()), link]
        else:
            arguments += ["--ro-bind-try", link, link]
    prefixes = _python_folders()
    for prefix in prefixes:
        arguments += ["--ro-bind", prefix, prefix]
    arguments += ["--dev", "/dev", "--ro-bind", str(program), _PROGRAM]
    arguments += ["--bind", str(folder), _FOLDER]
    if not any(Path(prefix).is_relative_to(_TEMPORARY) for prefix in prefixes):
        arguments += ["--symlink", _FOLDER, _TEMPORARY]
    # What bubblewrap lays everything out on is memory, which would take files without a limit.
    return [*arguments, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", _FOLDER, "--"]


def _inner(limits: Limits) -> list[str]:
    most = {
        "AS": limits.memory_bytes,
        "CPU": limits.cpu_seconds,
        "FSIZE": limits.file_bytes,
        "NOFILE": limits.open_files,
        "CORE": 0,
    }
    pairs = [str(part) for pair in most.items() for part in pair]
    return [sys.executable, "-I", "-S", "-B", "-c", _PRELUDE, _PROGRAM, *pairs]


def _environment() -> dict[str, str]:
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": _FOLDER,
        "TMPDIR": _FOLDER,
        "LANG": "C.UTF-8",
        # A library's many threads would take the memory that the limit leaves.
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }


def _python_folders() -> list[str]:
    """Where the interpreter and its packages lie, outside of what is there anyway."""
    prefixes = dict.fromkeys(str(Path(one)) for one in (sys.base_prefix, sys.prefix))
    return [one for one in prefixes if not Path(one).is_relative_to("/usr")]


@contextlib.contextmanager
def _filter_file() -> Iterator[int]:
    with tempfile.TemporaryFile() as file:
        file.write(filter_program())
        file.seek(0)
        yield file.fileno()
