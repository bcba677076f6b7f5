"""The command line: what is asked for, and which room answers."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from app import (
    __version__,
    cli_chat,
    cli_dialect,
    cli_download,
    cli_gpus,
    cli_hardware,
    cli_history,
    cli_library,
    cli_plan,
    cli_search,
)
from app.core import paths
from app.core.contacts import contacts_in
from app.core.errors import KnownError
from app.logging_setup import logging_to

if TYPE_CHECKING:
    from app.hardware.types import Machine

EXIT_FAILED = 1
EXIT_BROKEN_PIPE = 141


def run(argv: Sequence[str]) -> int:
    """Returns the exit status: 0, 1 for what a person can do something about, 2 for wrong
    arguments, 130 after Ctrl+C, 141 when whoever read the output has gone."""
    _speak_utf8()
    try:
        arguments = build_parser().parse_args(argv)
    except SystemExit as error:  # argparse has printed help, the version or a usage error
        return error.code if isinstance(error.code, int) else EXIT_FAILED
    with logging_to(paths.log_dir()) as warning, contacts_in(paths.contacts_file()):
        if warning:
            print(warning, file=sys.stderr)
        return _run(arguments)


def _run(arguments: argparse.Namespace) -> int:
    command: Callable[[argparse.Namespace], int] = arguments.run
    try:
        status = command(arguments)
        if sys.stdout is not None:  # there is none when a window program is started on Windows
            sys.stdout.flush()
    except KnownError as error:
        print(error, file=sys.stderr)
        return EXIT_FAILED
    except BrokenPipeError:
        return _reader_has_gone()
    except KeyboardInterrupt:
        return cli_chat.EXIT_INTERRUPTED
    return status


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glm-launcher",
        description="Run GLM-4.6 on your own machine. Without a command, the window opens.",
    )
    parser.add_argument("--version", action="version", version=f"GLM Launcher {__version__}")
    parser.add_argument("--model", metavar="FILE", help="the GGUF file to open (its first shard)")
    parser.add_argument(
        "--self-test", action="store_true", help="ask the demo model, check the answers, and end"
    )
    cli_hardware.add_machine_option(parser)
    parser.set_defaults(run=_window)
    commands = parser.add_subparsers(title="commands", metavar="")
    cli_chat.add_parser(commands)
    cli_dialect.add_parsers(commands)
    cli_hardware.add_parsers(commands)
    cli_plan.add_parsers(commands)
    cli_download.add_parsers(commands)
    cli_gpus.add_parsers(commands)
    cli_search.add_parser(commands)
    cli_library.add_parsers(commands)
    cli_history.add_parser(commands)
    return parser


def _window(arguments: argparse.Namespace) -> int:
    if arguments.self_test:
        from app.selftest import self_test

        return cli_chat.in_foreground(self_test)
    try:
        from app.ui import application
    except ImportError as error:
        if not _is_about_qt(error):
            raise
        raise KnownError(
            "The window cannot be opened.",
            "A system library that Qt needs is missing.",
            "Start the program with “python3 launch.py”, which says which one and how to get it.",
            str(error),
        ) from error
    from app.bootstrap import build

    services = build(_recorded_machine(arguments))
    try:
        return application.run(services, arguments)
    finally:
        services.close()


def _recorded_machine(arguments: argparse.Namespace) -> "Machine | None":
    from app.hardware.recorded import load_machine

    return load_machine(arguments.machine) if arguments.machine is not None else None


def _is_about_qt(error: ImportError) -> bool:
    """PySide6 itself or a library that it needs, rather than a mistake of ours."""
    library = ".so" in str(error) or "DLL" in str(error)
    return library or (error.name or "").startswith(("PySide6", "shiboken6"))


def _speak_utf8() -> None:
    """Whatever the locale says: answers have any letters."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="replace")


def _reader_has_gone() -> int:
    """Python would complain once more when it flushes stdout at its end."""
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
    return EXIT_BROKEN_PIPE
