"""Recorded machines: a file takes the place of this computer, everywhere."""

from pathlib import Path

from app.core.paths import resources_dir
from app.hardware.codec import read_machine
from app.hardware.findings import with_findings
from app.hardware.types import Machine


def load_machine(path: Path) -> Machine:
    """What `glm-launcher hardware --json` wrote; the findings are derived anew.

    Raises KnownError when the file is not a machine or contradicts itself."""
    return with_findings(read_machine(path))


def shipped_machines() -> tuple[Path, ...]:
    """The examples that come with the program, by name."""
    return tuple(sorted((resources_dir() / "machines").glob("*.json")))
