"""HTML to text, in a process that may hang or break."""

import json
import logging
import subprocess
import sys
from dataclasses import dataclass

from app.core.cancel import CancelToken
from app.core.child import module_environment
from app.tools.tool import ToolFailure

SECONDS = 10.0
_MODULE = "app.tools.web.html_reader"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class HtmlText:
    title: str
    text: str


def html_text(
    text: str, address: str, cancel: CancelToken, seconds: float | None = None
) -> HtmlText:
    """The article of the page, or all of it where none is found in time.

    Raises ToolFailure when not even that can be read, Cancelled.
    """
    try:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", _MODULE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=module_environment(),
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except OSError as error:
        raise ToolFailure(f"the page cannot be taken apart here: {error.strerror}") from error
    cancel.on_cancel(process.kill)
    request = json.dumps({"text": text, "address": address}).encode()
    with process:
        try:
            output, errors = process.communicate(request, SECONDS if seconds is None else seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            output, errors = process.communicate()
    cancel.raise_if_cancelled()
    found = _last_answer(output)
    if found is None:
        _log.warning("A page was not read: %s", errors.decode("utf-8", "replace")[-2_000:])
        raise ToolFailure("the page is made so that it cannot be read in reasonable time")
    return found


def _last_answer(output: bytes) -> HtmlText | None:
    """The last line that is whole."""
    for line in reversed(output.split(b"\n")[:-1]):
        try:
            value = json.loads(line)
            return HtmlText(str(value["title"]), str(value["text"]))
        except (ValueError, KeyError, TypeError):
            continue
    return None
