"""`glm-launcher chat`: one turn without a window."""

import argparse
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, TypeVar

from app.core import paths
from app.core.cancel import CancelToken
from app.core.errors import Cancelled, KnownError
from app.core.messages import user
from app.core.tasks import TaskRunner
from app.settings.sampling_json import sampling_from_json

if TYPE_CHECKING:
    from app.chat.events import TurnEvent, TurnFinished
    from app.chat.services import Services
    from app.cli_output import Printer
    from app.tools.consent import Gate

EXIT_INTERRUPTED = 130
_MAX_MESSAGE_BYTES = 64 * 1024 * 1024

T = TypeVar("T")


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("chat", help="ask one question and print the answer")
    parser.add_argument(
        "--message", required=True, metavar="TEXT", help="the question; - reads standard input"
    )
    parser.add_argument(
        "--model",
        default=argparse.SUPPRESS,  # else it would hide a --model before the command
        metavar="FILE",
        help="a GGUF file (default: the demo model)",
    )
    parser.add_argument("--system", default="", metavar="TEXT", help="a system prompt")
    parser.add_argument("--no-thinking", action="store_true", help="answer without thinking")
    parser.add_argument(
        "--thinking-budget",
        type=_tokens,
        default=0,
        metavar="N",
        help="answer after about so many tokens of thinking (default: no limit)",
    )
    parser.add_argument(
        "--tools", action="store_true", help="offer tools; you are asked before one acts"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object, nothing else")
    parser.add_argument("--seed", type=_number("seed"), metavar="N", help="for a repeatable answer")
    parser.add_argument(
        "--temperature", type=_number("temperature"), metavar="T", help="0 is the likeliest answer"
    )
    parser.add_argument(
        "--max-tokens", type=_number("max_tokens"), metavar="N", help="longest answer, in tokens"
    )
    parser.add_argument(
        "--context", type=_tokens, default=0, metavar="N", help="context, in tokens"
    )
    parser.set_defaults(run=chat)


def chat(arguments: argparse.Namespace) -> int:
    """Raises KnownError, BrokenPipeError."""
    from app.bootstrap import build
    from app.cli_output import JsonPrinter, TextPrinter

    message = _message(arguments.message)
    printer = JsonPrinter() if arguments.json else TextPrinter()
    services = build()
    try:
        finished = in_foreground(
            lambda cancel: _turn(services, arguments, message, printer, cancel)
        )
    except Cancelled:
        return EXIT_INTERRUPTED
    finally:
        services.close()
    if printer.broken:
        raise BrokenPipeError
    printer.end(finished)
    return EXIT_INTERRUPTED if finished.reason == "cancelled" else 0


def _turn(
    services: "Services",
    arguments: argparse.Namespace,
    message: str,
    printer: "Printer",
    cancel: CancelToken,
) -> "TurnFinished":
    from app.chat.defaults import default_sampling, is_demo
    from app.chat.services import chat_template
    from app.chat.turn import TurnOptions

    path = Path(arguments.model) if arguments.model else paths.demo_model_path()
    planned = services.loader.plan(path, arguments.context)
    if planned.plan is None:
        # The demo model's plan is its own; somebody who names a context here means it.
        where = replace(planned.placement, context_tokens=arguments.context)
        planned = replace(planned, placement=where)
    model = services.loader.load(planned, None, cancel).info
    if arguments.model:
        services.library.note_used(path)
    chosen = {
        name: value
        for name in ("temperature", "seed", "max_tokens")
        if (value := getattr(arguments, name)) is not None
    }
    options = TurnOptions(
        thinking=not arguments.no_thinking,
        thinking_budget_tokens=arguments.thinking_budget,
        tools_enabled=arguments.tools,
        tools_off=services.toolbox.off,
        gate=None if is_demo(model) else _gate(services),
        sampling=replace(default_sampling(model), **chosen),
        system_prompt=_clean(arguments.system),
    )
    runner = services.turn_runner(chat_template(model))

    def emit(event: "TurnEvent") -> None:
        printer.show(event)
        if printer.broken:
            cancel.cancel()

    return runner.run((user(message),), options, emit, cancel)


def _gate(services: "Services") -> "Gate":
    """Whatever is always allowed in the window is so here; what is allowed here is kept, too."""
    from app.cli_person import TerminalPerson
    from app.tools.consent import Gate, Permissions

    def keep(change: Callable[[], None]) -> None:
        change()
        services.settings.save()

    services.toolbox.policy.attach(keep)
    return Gate(TerminalPerson(), services.toolbox.policy, Permissions())


def in_foreground(work: Callable[[CancelToken], T], *, patience_seconds: float = 5.0) -> T:
    """Run `work` on a worker thread, so that Ctrl+C reaches it as a cancellation; a second Ctrl+C
    raises KeyboardInterrupt here, after patience. Raises what the work raises."""
    ended = threading.Event()
    values: list[T] = []
    errors: list[Exception] = []
    runner = TaskRunner(lambda callback: callback(), threads=1)
    stop = CancelToken()
    try:
        with _ctrl_c(stop):
            task = runner.run(work, values.append, errors.append, ended.set)
            stop.on_cancel(task.cancel)
            while not ended.wait(0.2):  # a plain wait would not see Ctrl+C on Windows
                pass
    finally:
        runner.close(patience_seconds)
    if values:
        return values[0]
    raise errors[0] if errors else Cancelled


@contextmanager
def _ctrl_c(stop: CancelToken) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may have a say about signals
        return

    def handle(_number: int, _frame: FrameType | None) -> None:
        # Whatever was in force before, a second Ctrl+C is an interrupt.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        stop.cancel()

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _message(given: str) -> str:
    """Raises KnownError."""
    if given == "-":
        raw = sys.stdin.buffer.read(_MAX_MESSAGE_BYTES + 1)
        text = raw[:_MAX_MESSAGE_BYTES].decode("utf-8-sig", "replace")
    else:
        text = _clean(given)
    if not text.strip():
        raise KnownError("There is no question.", "The message is empty.")
    return text


def _clean(text: str) -> str:
    """Bytes on the command line that are no UTF-8 arrive as half surrogates."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _number(name: str) -> Callable[[str], float]:
    """Reads a sampling parameter within its declared range."""

    def read(text: str) -> float:
        value: float = float(text) if name == "temperature" else int(text)
        _, problems = sampling_from_json({name: value})
        if problems:
            raise argparse.ArgumentTypeError(problems[0].partition(";")[0])
        return value

    read.__name__ = name.replace("_", " ")
    return read


def _tokens(text: str) -> int:
    value = int(text)
    if not 0 <= value < 2**31:
        raise argparse.ArgumentTypeError("not a number of tokens")
    return value
