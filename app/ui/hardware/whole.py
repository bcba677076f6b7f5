"""The hardware page on the real services."""

import os
from pathlib import Path

from PySide6.QtWidgets import QWidget

from app.chat.machine_report import last_log_lines, machine_report
from app.chat.services import Services
from app.core.paths import log_dir
from app.hardware.facts import RealFacts
from app.hardware.live import LiveMonitor
from app.hardware.scrub import own_scrubber
from app.hardware.types import Machine
from app.logging_setup import LOG_NAME
from app.ui.hardware.page import HardwarePage, Sources
from app.ui.shell import Shell

_PACE_SECONDS = 1.0


def hardware_page(shell: Shell, services: Services) -> QWidget:
    loader = services.loader

    def report(machine: Machine) -> str:
        return machine_report(
            machine, loader.loaded, last_log_lines(log_dir() / LOG_NAME), own_scrubber()
        )

    def monitor() -> LiveMonitor:
        return LiveMonitor(
            RealFacts(), dict(os.environ), idle_seconds=_PACE_SECONDS, root=Path("/")
        )

    sources = Sources(
        loader.machine,
        lambda: loader.loaded,
        report,
        None if loader.recorded else monitor,
    )
    return HardwarePage(shell.look, shell.tasks, sources)
