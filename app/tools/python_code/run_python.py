"""The tool that runs Python; where it cannot be kept from harm it is not offered."""

import signal
import sys
import threading
from collections.abc import Callable, Sequence

from app.core.cancel import CancelToken
from app.core.json import JsonObject
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


class PythonTool:
    """A source of one tool. `prepare` tries the sandbox once: whether a system lets an ordinary
    program make one is only found out by making one."""

    def __init__(
        self,
        limits: Limits | None = None,
        find: Callable[[], str | None] | None = None,
        platform: str = sys.platform,
    ) -> None:
        self._limits, self._platform = limits, platform
        self._find = find
        self._lock = threading.Lock()
        self._tried: str | None = None
        self._tool = Tool(
            _SPEC,
            self._run,
            "runs code",
            describe=_described,
            unavailable=self.unavailable,
            title="Run Python",
            timeout_seconds=TIMEOUT_SECONDS,
        )

    def tools(self) -> Sequence[Tool]:
        return (self._tool,)

    def prepare(self, cancel: CancelToken) -> None:
        """Raises Cancelled."""
        with self._lock:
            if self._tried is None and not self._known_reason():
                self._tried = self._trial(cancel)

    def forget(self) -> None:
        """The next `prepare` tries again."""
        with self._lock:
            self._tried = None

    def unavailable(self) -> str:
        """Why it is not offered, "" when it is; a look at the path at most."""
        return self._known_reason() or self._tried or ""

    def _known_reason(self) -> str:
        if self._platform != "linux":
            system = {"darwin": "macOS", "win32": "Windows"}.get(self._platform, "this system")
            return (
                f"Running Python needs a sandbox, which this program has on Linux only, not on "
                f"{system}."
            )
        if not known_machine():
            return "Running Python needs a sandbox, which is not made for this processor."
        if (self._find or bubblewrap)() is None:
            return (
                "Running Python needs bubblewrap, which is not installed. Install the package "
                "“bubblewrap” with the system's package manager."
            )
        return ""

    def _trial(self, cancel: CancelToken) -> str:
        """ "" when it works."""
        try:
            ran = self._ran("print(6 * 7)", cancel)
        except OSError as error:
            return f"bubblewrap cannot be started: {error}."
        if ran.stdout.strip() == "42":
            return ""
        said = " ".join(ran.stderr.split())[-300:] or f"status {ran.exit_status}"
        return (
            "This system does not let bubblewrap make a sandbox, so Python is not run. Allow "
            f"unprivileged user namespaces, or ask who runs it. It says: {said}"
        )

    def _run(self, arguments: JsonObject, cancel: CancelToken) -> str:
        if reason := self._known_reason():
            raise ToolFailure(reason)
        try:
            ran = self._ran(str(arguments["code"]), cancel)
        except OSError as error:
            raise ToolFailure(f"the sandbox cannot be started: {error}") from error
        if ran.exit_status or ran.stopped:
            raise ToolFailure(told(ran, self._limits or Limits()))
        return told(ran, self._limits or Limits())

    def _ran(self, code: str, cancel: CancelToken) -> Ran:
        return run_sandboxed(code, cancel, self._limits, (self._find or bubblewrap)())


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
    if number in (signal.SIGXCPU, signal.SIGKILL):
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
        "Runs this program in a sandbox without network and without your files:",
        *str(arguments["code"]).splitlines(),
    )
