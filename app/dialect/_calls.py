"""One tool call as it is being written: from `<tool_call>` to `</tool_call>`."""

import re
from dataclasses import dataclass
from typing import Final, Literal

from app.core.json import JsonObject, JsonValue
from app.core.language import tr
from app.dialect._lexer import (
    CALL,
    CALL_END,
    KEY,
    KEY_END,
    VALUE,
    VALUE_END,
    Lexeme,
)
from app.dialect.events import Family
from app.dialect.jsontext import JsonTextError, read_json

State = Literal["head", "after", "key", "between", "value", "json", "broken", "closed", "restart"]

_EARLY_NAME: Final = re.compile(r'\s*\{\s*"name"\s*:\s*("(?:[^"\\]|\\.)*")')
_EARLY_LIMIT: Final = 4096
_LONGEST_NAME: Final = 256
_JSON_STRING: Final = re.compile(r'["\\]')

CUT_OFF: Final = "the output ended before the call was complete (no </tool_call>)"


@dataclass(frozen=True)
class RawCall:
    """What was written. Exactly one of pairs (key and raw value) and arguments is set."""

    name: str
    pairs: list[tuple[str, str]] | None = None
    arguments: JsonObject | None = None


class CallSyntaxError(Exception):
    """Its message says what is wrong, for the model."""


class CallReader:
    """Takes the lexemes after `<tool_call>` until `state` is closed or restart.

    restart: another `<tool_call>` came where only the end of this one could; that tag was not
    taken. name: "" until it is known.
    """

    def __init__(self, family: Family, *, minds_strings: bool = True) -> None:
        """minds_strings: a closing tag within a JSON string does not close the call."""
        self.state: State = "head"
        self.name = ""
        self.problem = ""
        self._json_only = family == "json"
        self._raw: list[str] = [CALL]
        self._head: list[str] = []
        self._pairs: list[tuple[str, str]] = []
        self._key: list[str] = []
        self._value: list[str] = []
        self._json: list[str] = []
        self._early = ""
        self._json_names_tool = True
        self._minds_strings = minds_strings
        self._in_string = False
        self._escaped = False
        self._body_start = 0
        self._doubtful_end: int | None = None

    @property
    def raw(self) -> str:
        return "".join(self._raw)

    @property
    def body(self) -> str:
        """What was written after the name, or all of it when the name is inside."""
        end = -1 if self.state == "closed" else len(self._raw)
        return "".join(self._raw[1:end])[self._body_start :]

    def give_back(self) -> int | None:
        """At the end of output: how many lexemes too many were taken, because a JSON string was
        never closed and so hid the closing tag. The call is then closed without them.
        """
        if self._doubtful_end is None:
            return None
        surplus = len(self._raw) - self._doubtful_end
        del self._raw[self._doubtful_end :]
        self._break("a string in it is not closed")
        self.state = "closed"
        return surplus

    @property
    def takes_anything(self) -> bool:
        """Inside a value or a JSON string, where every tag is only text."""
        return self.state == "value" or (
            self.state == "json" and self._in_string and self._minds_strings
        )

    def feed(self, lexeme: Lexeme) -> None:
        text, is_tag = lexeme
        if self.takes_anything:
            self._raw.append(text)
            self._take_anything(text, is_tag)
            return
        if is_tag and text == CALL:
            self.problem = "another call begins before this one is closed with </tool_call>"
            self._settle_name("")
            self.state = "restart"
            return
        self._raw.append(text)
        if is_tag:
            self._tag(text)
        else:
            self._text(text)

    def _take_anything(self, text: str, is_tag: bool) -> None:
        if self.state == "json":
            if is_tag and text == CALL_END and self._doubtful_end is None:
                self._doubtful_end = len(self._raw)
            self._json_text(text)
        elif is_tag and text == VALUE_END:
            self._pairs.append(("".join(self._key).strip(), "".join(self._value)))
            self._key, self._value = [], []
            self.state = "after"
        else:
            self._value.append(text)

    def _tag(self, tag: str) -> None:
        if self.state == "head":
            self._settle_name(tag)
        if tag == CALL_END:
            if self.state in ("key", "between"):
                self._break("an argument is not complete")
            self.state = "closed"
        elif self.state in ("head", "after") and tag == KEY:
            self.state = "key"
        elif self.state == "key" and tag == KEY_END:
            self.state = "between"
        elif self.state == "between" and tag == VALUE:
            self.state = "value"
        else:
            self._break(f"{tag} does not belong there")

    def _text(self, text: str) -> None:
        if self.state == "head":
            self._head_text(text)
        elif self.state == "json":
            self._json_text(text)
        elif self.state == "key":
            self._key.append(text)
        elif text.strip() and self.state in ("after", "between"):
            if self.state == "after" and not self._pairs and text.lstrip()[0] == "{":
                self._json_names_tool = False
                self._begin_json(text)
            else:
                self._break("there is text where only argument tags may be")

    def _head_text(self, text: str) -> None:
        self._head.append(text)
        stripped = text.lstrip() if len(self._head) == 1 else "".join(self._head).lstrip()
        if not stripped:
            self._head = [""]
        elif stripped[0] in "{[" or self._json_only:
            self._begin_json(stripped)
        else:
            name, line_break, rest = stripped.partition("\n")
            if len(name) > _LONGEST_NAME:
                self._break("the name of the tool is too long")
            elif line_break:
                self.name = name.strip()
                self._body_start = len("".join(self._raw[1:])) - len(rest)
                self.state = "after"
                if rest:
                    self._text(rest)

    def _settle_name(self, tag: str) -> None:
        if self.state == "head":
            self.name = "".join(self._head).strip()
            self._body_start = len("".join(self._raw[1:])) - len(tag)

    def _begin_json(self, text: str) -> None:
        self.state = "json"
        self._json_text(text)

    def _json_text(self, text: str) -> None:
        self._json.append(text)
        position = 0
        if self._escaped and text:
            self._escaped, position = False, 1
        while match := _JSON_STRING.search(text, position):
            position = match.end()
            if match.group() == '"':
                self._in_string = not self._in_string
            elif self._in_string:
                self._escaped = position == len(text)
                position += 1
        if not self.name and len(self._early) < _EARLY_LIMIT:
            self._early += text[: _EARLY_LIMIT - len(self._early)]
            early = _EARLY_NAME.match(self._early)
            if early:
                try:
                    self.name = str(read_json(early.group(1)))
                except JsonTextError:
                    self.name = ""

    def _break(self, problem: str) -> None:
        self.problem = self.problem or problem
        self.state = "broken"

    def result(self) -> RawCall:
        """Once closed. Raises CallSyntaxError."""
        if self.problem:
            raise CallSyntaxError(self.problem)
        if self._json or self._json_only:
            return self._json_result()
        if not self.name:
            raise CallSyntaxError(tr("it names no tool"))
        return RawCall(self.name, pairs=self._pairs)

    def _json_result(self) -> RawCall:
        try:
            value = read_json("".join(self._json))
        except JsonTextError as error:
            raise CallSyntaxError(str(error)) from None
        if not isinstance(value, dict):
            raise CallSyntaxError(tr("a call is a JSON object with name and arguments"))
        if not self._json_names_tool:
            return RawCall(self.name, arguments=value)
        function = value.get("function")
        if isinstance(function, dict) and "name" not in value:
            value = function
        name = value.get("name", function)
        if not isinstance(name, str) or not name:
            raise CallSyntaxError(tr("it names no tool"))
        self.name = name
        return RawCall(name, arguments=_arguments(value))


def _arguments(value: JsonObject) -> JsonObject:
    arguments: JsonValue = value.get("arguments", value.get("parameters"))
    if isinstance(arguments, str) and arguments.strip():
        try:
            arguments = read_json(arguments)
        except JsonTextError as error:
            raise CallSyntaxError(tr("its arguments are not JSON: {error}", error=error)) from None
    if arguments is None or (isinstance(arguments, str) and not arguments.strip()):
        return {}
    if not isinstance(arguments, dict):
        raise CallSyntaxError(tr("its arguments are not a JSON object"))
    return arguments
