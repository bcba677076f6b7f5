"""Runs the calls that a model makes."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from app.core.cancel import CancelToken
from app.core.errors import Cancelled, KnownError
from app.core.messages import ToolCallPart, ToolResultPart, ToolSpec
from app.core.tasks import TimedOut, run_bounded
from app.core.units import count, duration
from app.tools.schema import problems
from app.tools.tool import Tool, ToolFailure

RESULT_CHARACTERS = 8_000
TIMEOUT_SECONDS = 30.0

_log = logging.getLogger(__name__)


class ToolRunner:
    """Runs calls one after the other; every failure becomes a result that the model is told."""

    def __init__(
        self,
        tools: Sequence[Tool],
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tools = {tool.spec.name: tool for tool in tools}
        self._timeout_seconds = timeout_seconds
        self._monotonic = monotonic

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        return tuple(tool.spec for tool in self._tools.values())

    def run(self, call: ToolCallPart, cancel: CancelToken) -> ToolResultPart:
        """Blocks until the tool answered, failed, or ran out of time; any thread but the GUI's.

        Raises Cancelled, at once, whether the tool looks at its token or not.
        """
        started = self._monotonic()
        try:
            result = ToolResultPart(call.id, call.name, cut(self._call(call, cancel)))
        except ToolFailure as failure:
            result = failed_result(call.id, call.name, str(failure))
        except KnownError as error:
            result = failed_result(call.id, call.name, str(error))
        except TimedOut:
            limit = duration(self._timeout_seconds)
            result = failed_result(
                call.id, call.name, f"the tool did not answer within {limit} and was stopped"
            )
        except Cancelled:
            raise
        except Exception as error:  # noqa: BLE001 - a broken tool must not break the turn
            _log.exception("The tool %s failed", call.name)
            kind = type(error).__name__
            result = failed_result(call.id, call.name, f"the tool failed unexpectedly ({kind})")
        return replace(result, seconds=self._monotonic() - started)

    def _call(self, call: ToolCallPart, cancel: CancelToken) -> str:
        tool = self._tools.get(call.name)
        if tool is None:
            raise ToolFailure(unknown_tool(call.name, self.specs))
        if found := problems(call.arguments, tool.spec.parameters):
            raise ToolFailure("; ".join(found))
        return run_bounded(
            lambda inner: tool.run(call.arguments, inner), cancel, self._timeout_seconds
        )


def failed_result(call_id: str, name: str, reason: str) -> ToolResultPart:
    return ToolResultPart(call_id, name, cut(f"Error: {reason}"), failed=True)


def unknown_tool(name: str, specs: Sequence[ToolSpec]) -> str:
    return f"there is no tool {name}; there are {', '.join(spec.name for spec in specs)}"


def cut(text: str) -> str:
    """At most RESULT_CHARACTERS, the sentence that says so included; always encodable."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    if len(text) <= RESULT_CHARACTERS:
        return text
    sentence = f"\n[Cut here: the result has {count(len(text))} characters.]"
    return text[: RESULT_CHARACTERS - len(sentence)] + sentence
