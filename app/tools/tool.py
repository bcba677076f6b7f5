"""What a tool is."""

from collections.abc import Callable
from dataclasses import dataclass

from app.core.cancel import CancelToken
from app.core.json import JsonObject
from app.core.messages import ToolSpec


class ToolFailure(Exception):  # noqa: N818 - an ordinary answer of a tool, told to the model
    """The tool cannot do what was asked; the message is for the model and for the person."""


@dataclass(frozen=True)
class Tool:
    """run gets arguments that fit the schema and returns plain text.

    It is called on a thread of its own, should look at the token when it takes long, and raises
    ToolFailure (or KnownError) with a readable sentence when it cannot answer.
    """

    spec: ToolSpec
    run: Callable[[JsonObject, CancelToken], str]
