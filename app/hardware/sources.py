"""Everything outside the program that a detection reads, in one place that a test can write."""

import importlib.util
import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from app.core.language import mark
from app.core.paths import cache_dir, data_dir
from app.hardware.amd_smi import PACKAGE as AMDSMI_PACKAGE
from app.hardware.bandwidth import BandwidthCache, measure
from app.hardware.children import ChildAnswer, ask_child, child_environment, module_command
from app.hardware.engine_devices import COMMAND as ENGINE_COMMAND
from app.hardware.facts import RealFacts, SystemFacts
from app.hardware.smbios import TABLE_FILE
from app.hardware.windows import Adapter, display_adapters

NVML_COMMAND = module_command("app.hardware.nvml_probe")
AMDSMI_COMMAND = module_command("app.hardware.amd_smi")
_TOOL_SECONDS = 4.0
_FILESYSTEM = Path("/")


@dataclass(frozen=True)
class Sources:
    """root: what takes the place of `/` for /proc and /sys. tool: a program's output, or None.
    measure: cores, cache bytes and available bytes to bytes per second."""

    facts: SystemFacts
    root: Path
    environ: Mapping[str, str]
    nvml: Callable[[], ChildAnswer]
    amdsmi: Callable[[], ChildAnswer]
    engine: Callable[[], ChildAnswer]
    tool: Callable[[Sequence[str]], str | None]
    adapters: Callable[[], tuple[Adapter, ...]]
    firmware_table: Callable[[], bytes | None]
    measure: Callable[[int, int | None, int | None], int | None]
    bandwidth_cache: BandwidthCache
    now: Callable[[], datetime]
    disk_paths: tuple[Path, ...] = field(default=())


def real_sources(
    disk_paths: Sequence[Path] = (), engine_command: Sequence[str] = ENGINE_COMMAND
) -> Sources:
    """This machine. disk_paths: besides the program's own folders, where models may go."""
    children = child_environment(os.environ)
    return Sources(
        facts=RealFacts(),
        root=_FILESYSTEM,
        environ=dict(os.environ),
        nvml=lambda: ask_child(NVML_COMMAND, children),
        amdsmi=lambda: _ask_amdsmi(children),
        engine=lambda: ask_child(engine_command, children),
        tool=run_tool,
        adapters=display_adapters,
        firmware_table=lambda: _read_bytes(_FILESYSTEM / TABLE_FILE),
        measure=measure,
        bandwidth_cache=BandwidthCache(cache_dir() / "hardware"),
        now=lambda: datetime.now(UTC),
        disk_paths=(*disk_paths, data_dir(), Path.home()),
    )


def _ask_amdsmi(environ: Mapping[str, str]) -> ChildAnswer:
    if importlib.util.find_spec(AMDSMI_PACKAGE) is None:
        return ChildAnswer("skipped", error=mark("The Python package amdsmi is not installed."))
    return ask_child(AMDSMI_COMMAND, environ)


def run_tool(command: Sequence[str]) -> str | None:
    """Standard output of a system tool; None when it is not there, fails or hangs."""
    try:
        done = subprocess.run(
            list(command), capture_output=True, timeout=_TOOL_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None


def _read_bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
