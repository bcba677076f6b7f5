"""`glm-launcher hardware`: what this computer is, as a table or as JSON."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.hardware.types import Machine


def add_parsers(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the subcommand; its `run` default takes the parsed arguments."""
    parser = subparsers.add_parser(
        "hardware",
        help="show this computer's GPUs, memory, disks and what the engine can use",
        description="Shows this computer as the planner sees it.",
    )
    parser.add_argument("--json", action="store_true", help="print the machine as JSON")
    add_machine_option(parser)
    parser.set_defaults(run=run)


def add_machine_option(parser: argparse.ArgumentParser) -> None:
    """`--machine`, the same for every command that asks what machine this is."""
    parser.add_argument(
        "--machine",
        type=Path,
        metavar="FILE.json",
        help="a recorded machine in place of this one (written by `hardware --json`)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Raises KnownError when the machine file is not usable."""
    from app.hardware.codec import dump_machine
    from app.hardware.report import table

    machine = machine_of(arguments)
    sys.stdout.write(dump_machine(machine) if arguments.json else table(machine))
    return 0


def machine_of(arguments: argparse.Namespace) -> "Machine":
    """The recorded machine that `--machine` names, else this one. Raises KnownError."""
    from app.hardware.detect import detect
    from app.hardware.recorded import load_machine

    path: Path | None = arguments.machine
    return load_machine(path) if path is not None else detect()
