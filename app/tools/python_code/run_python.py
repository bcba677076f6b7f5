"""The tool that runs Python; where it cannot be kept from harm it is not offered."""

import signal
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

from app.core.cancel import CancelToken
from app.core.json import JsonObject
from app.core.language import mark, tr
from app.core.messages import ToolSpec
from app.core.units import duration, gigabytes
from app.tools.python_code.files import Made
from app.tools.python_code.sandbox import Limits, Ran, bubblewrap, run_sandboxed
from app.tools.python_code.syscalls import known_machine
from app.tools.tool import Tool, ToolFailure

MAX_CODE = 30_000
TIMEOUT_SECONDS = 40.0
_SHOWN_FILES = 3
_LISTED_FILES = 30
_TRIAL_SECONDS = 5.0
_OUT_OF_TIME = (24, 9)  # SIGXCPU, and SIGKILL a second after it
_SPEC = ToolSpec(
    "run_python",
    "Runs a Python program in a sandbox and returns what it prints. NumPy is there. No network, no "
    "files but those it makes in the current folder, no other programs, 15 seconds of computing. "
    "Nothing is kept from one call to the next.",
    {
        "type": "object",
        "properties": {
            "code": {
                "type": "string",
                "minLength": 1,
                "maxLength": MAX_CODE,
                "description": "The whole program; print what is to be seen.",
            }
        },
        "required": ["code"],
    },
)


Standing = Literal["untried", "works", "other system", "other processor", "missing", "refused"]


class PythonTool:
    """A source of one tool. `prepare` tries the sandbox once: whether a system lets an ordinary
    program make one is only found out by making one."""

    def __init__(
        self,
        limits: Limits | None = None,
        find: Callable[[], str | None] | None = None,
        platform: str = sys.platform,
    ) -> None:
        """find: where bubblewrap is, None when it is missing."""
        self._limits, self._find, self._platform = limits or Limits(), find, platform
        self._lock = threading.Lock()
        self._said = ""
        self._standing = self._found()
        self._tool = Tool(
            _SPEC,
            self._run,
            "runs code",
            describe=_described,
            unavailable=self.unavailable,
            title=mark("Run Python"),
            timeout_seconds=TIMEOUT_SECONDS,
        )

    def tools(self) -> Sequence[Tool]:
        return (self._tool,)

    def prepare(self, cancel: CancelToken) -> None:
        """Raises Cancelled."""
        with self._lock:
            if self._standing in ("untried", "missing"):
                self._standing = self._found()
            if self._standing == "untried":
                self._standing = self._trial(cancel)

    def forget(self) -> None:
        """The next `prepare` tries again."""
        with self._lock:
            self._standing = self._found()

    def unavailable(self) -> str:
        """Why it is not offered as far as is known by now, "" when it is; at once."""
        match self._standing:
            case "other system":
                known = {"darwin": "macOS", "win32": "Windows"}
                return tr(
                    "Running Python needs a sandbox, which this program has on Linux only, not on "
                    "{system}.",
                    system=known.get(self._platform, self._platform),
                )
            case "other processor":
                return tr("Running Python needs a sandbox, which is not made for this processor.")
            case "missing":
                return tr(
                    "Running Python needs bubblewrap, which is not installed. Install the package "
                    "“bubblewrap” with the system's package manager."
                )
            case "refused":
                return tr(
                    "This system does not let bubblewrap make a sandbox, so Python is not run. "
                    "Allow unprivileged user namespaces, or ask who runs it. It says: {said}",
                    said=self._said,
                )
        return ""

    def _found(self) -> Standing:
        if self._platform != "linux":
            return "other system"
        if not known_machine():
            return "other processor"
        return "untried" if self._where() is not None else "missing"

    def _trial(self, cancel: CancelToken) -> Standing:
        limits = replace(self._limits, wall_seconds=_TRIAL_SECONDS)
        try:
            ran = run_sandboxed("print(6 * 7)", cancel, limits, self._where())
        except OSError as error:
            self._said = str(error)
            return "refused"
        if ran.stdout.strip() == "42":
            return "works"
        said = " ".join(ran.stderr.split())[-300:]
        self._said = said or ran.stopped or f"status {ran.exit_status}"
        return "refused"

    def _run(self, arguments: JsonObject, cancel: CancelToken) -> str:
        self.prepare(cancel)
        if reason := self.unavailable():
            raise ToolFailure(reason)
        try:
            ran = run_sandboxed(str(arguments["code"]), cancel, self._limits, self._where())
        except OSError as error:
            raise ToolFailure(f"the sandbox cannot be started: {error}") from error
        text = told(ran, self._limits)
        if ran.exit_status or ran.stopped:
            raise ToolFailure(text)
        return text

    def _where(self) -> str | None:
        return (self._find or bubblewrap)()


def told(ran: Ran, limits: Limits) -> str:
    """The result in words for the model."""
    parts = [_ending(ran, limits)]
    if ran.stdout:
        parts.append(f"Output:\n{ran.stdout.rstrip()}")
    if ran.stderr:
        parts.append(f"Errors:\n{ran.stderr.rstrip()}")
    if not ran.stdout and not ran.stderr and not ran.stopped:
        parts.append("It printed nothing; print what is to be seen.")
    if ran.files:
        parts.append("Files it made, gone now:\n" + "\n".join(_files(ran.files)))
    return "\n\n".join(parts)


def _ending(ran: Ran, limits: Limits) -> str:
    if ran.stopped:
        return f"The program was stopped: {ran.stopped}."
    if ran.exit_status == 0:
        return f"The program ended after {duration(ran.seconds)}."
    number = ran.exit_status - 128
    if number in _OUT_OF_TIME:
        return f"The program was stopped: it computed for more than {limits.cpu_seconds} s."
    if number > 0:
        try:
            return f"The program crashed ({signal.Signals(number).name})."
        except ValueError:
            pass
    return f"The program ended with an error (exit status {ran.exit_status})."


def _files(files: Sequence[Made]) -> list[str]:
    lines, shown = [], 0
    for made in files[:_LISTED_FILES]:
        lines.append(f"- {made.name} ({gigabytes(made.size_bytes)})")
        if made.text and shown < _SHOWN_FILES:
            lines += [f"  {line}" for line in made.text.splitlines()]
            shown += 1
    if len(files) > _LISTED_FILES:
        lines.append(f"- and {len(files) - _LISTED_FILES} more")
    return lines


def _described(arguments: JsonObject) -> tuple[str, ...]:
    """All of the program: nothing that runs is hidden from who allows it."""
    return (
        tr("Runs this program in a sandbox without network and without your files:"),
        *str(arguments["code"]).splitlines(),
    )
