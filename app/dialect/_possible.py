"""What follows a `<tool_call>` inside thinking: calls, or talk about them?"""

from collections.abc import Container

from app.dialect._calls import CallReader, CallSyntaxError
from app.dialect._lexer import CALL, TURN_ENDS, Lexeme
from app.dialect.events import Family


class PossibleCalls:
    """Held back until it is known: `lexemes` is all that was taken, from the first tag on."""

    def __init__(self, family: Family, tools: Container[str]) -> None:
        self._family = family
        self._tools = tools
        self._call: CallReader | None = CallReader(family)
        self.lexemes = [Lexeme(CALL, True)]

    @property
    def plausible(self) -> bool:
        """Only whole calls of declared tools, the last one perhaps cut off after its name."""
        return self._call is None or (
            self._call.state not in ("head", "broken") and self._call.name in self._tools
        )

    def take(self, lexeme: Lexeme) -> bool:
        """False when this shows that it was talk; the lexeme is then not taken."""
        fits = self._fits(lexeme)
        if fits:
            self.lexemes.append(lexeme)
        return fits

    def _fits(self, lexeme: Lexeme) -> bool:
        text, is_tag = lexeme
        if self._call is None:
            if is_tag and text == CALL:
                self._call = CallReader(self._family)
                return True
            return text in TURN_ENDS if is_tag else not text.strip()
        call = self._call
        call.feed(lexeme)
        if call.state == "closed":
            self._call = None
            try:
                return call.result().name in self._tools
            except CallSyntaxError:
                return False
        if call.state in ("restart", "broken"):
            return False
        return call.state == "head" or not call.name or call.name in self._tools
