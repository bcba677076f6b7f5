"""The person at the terminal, asked before a tool acts."""

import sys
from collections.abc import Callable
from typing import TextIO

from app.cli_output import plain
from app.core.cancel import CancelToken
from app.core.errors import Cancelled
from app.tools.consent import ConsentRequest, Decision, QuestionRequest
from app.tools.tool import Choice, ToolFailure

_KEYS: dict[Choice, tuple[str, str]] = {
    "once": ("y", "yes, once"),
    "always": ("a", "always for this"),
    "deny": ("n", "no"),
}
_GRANT = "open the folder to tools"


class TerminalPerson:
    """Asks on stderr and reads from stdin; where these are no terminal, nobody is asked and the
    call is refused with the reason. Blocks; Ctrl+C stops the turn once a line has been read."""

    def __init__(
        self,
        out: TextIO | None = None,
        read: Callable[[], str] | None = None,
        *,
        terminal: bool | None = None,
    ) -> None:
        self._out = out or sys.stderr
        self._read = read or sys.stdin.readline
        here = sys.stdin.isatty() and sys.stderr.isatty()
        self._terminal = here if terminal is None else terminal

    def decide(self, request: ConsentRequest, cancel: CancelToken) -> Decision:
        if not self._terminal:
            raise ToolFailure(
                "not run, because it has to be allowed and there is no terminal to ask at"
            )
        self._say(f"\n[{request.title} ({request.call.name}) wants to run.]")
        for line in request.lines:
            self._say(f"  {line}")
        for line in request.diff.splitlines():
            self._say(f"  {line}")
        if request.scope:
            self._say(f"  With: {request.scope}")
        keys = {_KEYS[one][0]: one for one in request.choices if one in _KEYS}
        told = ", ".join(f"{key} = {self._told(one, request)}" for key, one in keys.items())
        answer = self._ask(f"Allow it? {told} [n]: ", cancel)
        key, _, word = answer.partition(" ")
        return Decision(keys.get(key.lower(), "deny"), word.strip())

    def reply(self, request: QuestionRequest, cancel: CancelToken) -> str:
        if not self._terminal:
            raise ToolFailure("there is no terminal to ask at")
        self._say(f"\n[The model asks:] {request.question.text}")
        for number, choice in enumerate(request.question.choices, 1):
            self._say(f"  {number}. {choice}")
        answer = self._ask("Your answer (empty for none): ", cancel)
        if not answer:
            raise ToolFailure("the person does not want to answer this question")
        if answer.isdecimal() and 1 <= int(answer) <= len(request.question.choices):
            return request.question.choices[int(answer) - 1]
        return answer

    def _told(self, choice: Choice, request: ConsentRequest) -> str:
        return _GRANT if choice == "always" and request.grant else _KEYS[choice][1]

    def _ask(self, text: str, cancel: CancelToken) -> str:
        cancel.raise_if_cancelled()
        self._out.write(plain(text))
        self._out.flush()
        line = self._read()
        if cancel.cancelled:
            raise Cancelled
        return line.strip()

    def _say(self, text: str) -> None:
        self._out.write(f"{plain(text)}\n")
