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
from app.settings.declared import EARLIER_FOLDERS, LIBRARY_FOLDERS, MODELS_FOLDER
from app.settings.store import SettingsStore
from app.ui.hardware.page import HardwarePage, Sources
from app.ui.shell import Shell

_PACE_SECONDS = 1.0


def hardware_page(shell: Shell, services: Services) -> QWidget:
    loader = services.loader

    def report(machine: Machine) -> str:
        scrubber = own_scrubber(folders=_own_folders(services.settings))
        log = last_log_lines(log_dir() / LOG_NAME)
        return machine_report(machine, loader.loaded, log, scrubber)

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


def _own_folders(settings: SettingsStore) -> tuple[str, ...]:
    """Their names are the person's, and with spaces in them they are not known by their form."""
    return (
        settings.get(MODELS_FOLDER),
        *settings.get(LIBRARY_FOLDERS),
        *settings.get(EARLIER_FOLDERS),
    )
