"""A model's output, read while it is written: reasoning, text and tool calls as events.

The events do not depend on how the output is cut into pieces, except that one delta may come as
several. No event ever carries half a tag.
"""

import secrets
import string
from collections.abc import Callable, Sequence

from app.core.messages import MalformedCallPart, ToolCallPart, ToolSpec
from app.dialect._arguments import BadArgumentsError, typed_arguments, untyped_arguments
from app.dialect._calls import CUT_OFF, CallReader, CallSyntaxError, RawCall
from app.dialect._lexer import (
    CALL,
    TAGS,
    THINK,
    THINK_END,
    TURN_ENDS,
    Lexeme,
    Lexer,
    Trimmer,
    trimmed,
    turn_ends_length,
)
from app.dialect._possible import PossibleCalls
from app.dialect.events import (
    Family,
    ReasoningClosed,
    ReasoningDelta,
    StreamEvent,
    TextDelta,
    ThinkingFound,
    ToolCallArguments,
    ToolCallDone,
    ToolCallRejected,
    ToolCallStarted,
)

_ID_LETTERS = string.ascii_letters + string.digits


def new_call_id() -> str:
    """Nine letters and digits: what the strictest of the known templates accept."""
    return "".join(secrets.choice(_ID_LETTERS) for _ in range(9))


class Reader:
    """Reads one answer. Not thread-safe."""

    def __init__(
        self,
        family: Family,
        tools: Sequence[ToolSpec] = (),
        opens_thinking: bool = False,
        *,
        call_id: Callable[[], str] = new_call_id,
    ) -> None:
        """opens_thinking: the prompt ended inside a thinking block. call_id: makes unique ids."""
        self._family = family
        self._tools = {tool.name: tool for tool in tools}
        self._call_id = call_id
        self._lexer = Lexer(TAGS[family])
        self._events: list[StreamEvent] = []
        self._content = Trimmer()
        self._index = 0
        self._call: CallReader | None = None
        self._call_lexemes: list[Lexeme] = []
        self._call_told = False
        self._minds_strings = True
        self._thinking: Trimmer | None = None
        self._reasoned = False
        self._maybe_calls: PossibleCalls | None = None
        # Everything so far, for as long as it may turn out to have been thinking.
        self._unopened: list[str] | None = []
        self._last_char = ""
        self._quoted: Lexeme | None = None
        self._finished = False
        if opens_thinking:
            self._open_thinking()

    def feed(self, text: str) -> list[StreamEvent]:
        for lexeme in self._lexer.feed(text):
            self._take(lexeme)
        return self._drained()

    def finish(self, complete: bool = True) -> list[StreamEvent]:
        """The output is over; complete is False when a limit or the person cut it."""
        if self._finished:
            return []
        self._finished = True
        rest = self._lexer.finish()
        if rest and complete and (len(rest) < 3 or self._takes_anything()):
            self._take(Lexeme(rest, False))
        if self._quoted:
            self._release_quoted("")
        if self._thinking is not None:
            self._finish_thinking(complete)
        self._finish_call()
        return self._drained()

    def _drained(self) -> list[StreamEvent]:
        events, self._events = self._events, []
        return events

    def _takes_anything(self) -> bool:
        return self._call is not None and self._call.takes_anything

    def _take(self, lexeme: Lexeme) -> None:
        if self._quoted:
            self._release_quoted(lexeme.text)
        if self._unopened is not None:
            self._unopened.append(lexeme.text)
        if self._thinking is not None:
            self._in_thinking(lexeme)
        elif self._call is not None:
            self._in_call(self._call, lexeme)
        else:
            self._in_content(lexeme)

    # Content

    def _in_content(self, lexeme: Lexeme) -> None:
        text, is_tag = lexeme
        if not is_tag:
            self._show(text)
        elif text in TURN_ENDS:
            self._content.turn_end(text)
        elif text == CALL:
            self._begin_call()
        elif text in (THINK, THINK_END):
            if self._last_char == "`":
                self._quoted = lexeme
            else:
                self._think_tag(text)
        else:
            self._show(text)
        self._last_char = text[-1]

    def _show(self, text: str) -> None:
        shown = self._content.text(text)
        if shown:
            self._events.append(TextDelta(shown))

    def _release_quoted(self, following: str) -> None:
        """A thinking tag between backticks is talk about the tag."""
        assert self._quoted  # noqa: S101 - the callers look
        tag, self._quoted = self._quoted.text, None
        if following.startswith("`"):
            self._show(tag)
        else:
            self._think_tag(tag)

    def _think_tag(self, tag: str) -> None:
        if tag == THINK:
            self._open_thinking()
        elif self._unopened is not None:
            self._find_thinking(self._unopened)

    # Thinking

    def _open_thinking(self) -> None:
        self._thinking = Trimmer()
        self._unopened = None

    def _close_thinking(self, finished: bool) -> None:
        if self._thinking is not None and self._thinking.started:
            self._events.append(ReasoningClosed(finished))
        self._thinking = None
        self._maybe_calls = None

    def _find_thinking(self, raw: list[str]) -> None:
        """The closing tag without an opening one: all that came before was thinking."""
        text = trimmed("".join(raw).removesuffix(THINK_END))
        self._unopened = None
        self._content = Trimmer()
        self._call = None
        self._index = 0
        self._reasoned = bool(text)
        self._events.append(ThinkingFound(text))
        if text:
            self._events.append(ReasoningClosed(True))

    def _in_thinking(self, lexeme: Lexeme) -> None:
        text, is_tag = lexeme
        if is_tag and text == THINK_END:
            if self._maybe_calls:
                self._reason_all(self._maybe_calls.lexemes)
            self._close_thinking(True)
            self._last_char = text[-1]
        elif self._maybe_calls:
            if not self._maybe_calls.take(lexeme):
                self._reason_all(self._maybe_calls.lexemes)
                self._maybe_calls = None
                if is_tag and text == CALL:
                    self._maybe_calls = PossibleCalls(self._family, self._tools)
                else:
                    self._reason(lexeme)
        elif is_tag and text == CALL:
            self._maybe_calls = PossibleCalls(self._family, self._tools)
        else:
            self._reason(lexeme)

    def _reason_all(self, lexemes: list[Lexeme]) -> None:
        for lexeme in lexemes:
            self._reason(lexeme)

    def _reason(self, lexeme: Lexeme) -> None:
        assert self._thinking is not None  # noqa: S101 - the callers look
        text, is_tag = lexeme
        if is_tag and text in TURN_ENDS:
            self._thinking.turn_end(text)
            return
        if is_tag and text == THINK and not self._thinking.started:
            return
        first = not self._thinking.started
        shown = self._thinking.text(text)
        if shown:
            if first and self._reasoned:
                shown = "\n" + shown
            self._reasoned = True
            self._events.append(ReasoningDelta(shown))

    def _finish_thinking(self, complete: bool) -> None:
        maybe = self._maybe_calls
        if maybe and complete and maybe.plausible:
            self._close_thinking(False)
            for lexeme in maybe.lexemes:
                self._take(lexeme)
            return
        if maybe:
            self._reason_all(maybe.lexemes)
        self._close_thinking(False)

    # Calls

    def _begin_call(self) -> None:
        self._call = CallReader(self._family, minds_strings=self._minds_strings)
        self._call_lexemes = []
        self._call_told = False

    def _in_call(self, call: CallReader, lexeme: Lexeme) -> None:
        text, is_tag = lexeme
        if is_tag and text == THINK_END and self._unopened is not None and not call.takes_anything:
            self._find_thinking(self._unopened)
            return
        self._call_lexemes.append(lexeme)
        call.feed(lexeme)
        closing = call.state in ("closed", "restart")
        self._tell_start(call, "" if closing else text)
        if closing:
            self._end_call(call)
            self._last_char = text[-1]
        if call.state == "restart":
            self._begin_call()

    def _tell_start(self, call: CallReader, text: str) -> None:
        if not self._call_told and call.name and call.state != "head":
            self._call_told = True
            self._events.append(ToolCallStarted(self._index, call.name))
            text = call.body
        if self._call_told and text:
            self._events.append(ToolCallArguments(self._index, text))

    def _end_call(self, call: CallReader) -> None:
        self._call = None
        try:
            raw = call.result()
        except CallSyntaxError as error:
            self._reject(call, f"The call could not be read: {error}.")
            return
        self._tell_start(call, "")
        tool = self._tools.get(raw.name)
        if tool is None:
            offered = ", ".join(self._tools) or "none"
            reason = f"There is no tool named {raw.name}. The tools are: {offered}."
            self._reject(call, reason, self._untyped(raw))
            return
        try:
            arguments = typed_arguments(raw, tool.parameters)
        except BadArgumentsError as error:
            reason = f"The arguments do not fit the tool {raw.name}: {error}."
            self._reject(call, reason, self._untyped(raw))
            return
        done = ToolCallPart(self._call_id(), raw.name, arguments)
        self._events.append(ToolCallDone(self._index, done))
        self._index += 1

    def _untyped(self, raw: RawCall) -> ToolCallPart:
        return ToolCallPart(self._call_id(), raw.name, untyped_arguments(raw))

    def _reject(self, call: CallReader, reason: str, read: ToolCallPart | None = None) -> None:
        blank = self._content.release() if read is None else ""
        if blank:
            self._events.append(TextDelta(blank))
        raw = call.raw
        part = MalformedCallPart(raw[: len(raw) - turn_ends_length(self._call_lexemes)], reason)
        self._events.append(ToolCallRejected(self._index, call.name, part, read))
        self._index += 1

    def _finish_call(self) -> None:
        while self._call is not None:
            call, self._call = self._call, None
            surplus = call.give_back()
            if surplus is None:
                self._reject(call, f"The call was not run: {CUT_OFF}.")
                return
            whole = len(self._call_lexemes) - surplus
            lexemes = self._call_lexemes[whole:]
            del self._call_lexemes[whole:]
            self._end_call(call)
            self._minds_strings = False
            if self._unopened is not None:
                del self._unopened[len(self._unopened) - surplus :]
            for lexeme in lexemes:
                self._take(lexeme)
