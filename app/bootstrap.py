"""Wires the rooms together."""

import logging
import platform

from app import __version__
from app.chat.loading import Loader
from app.chat.services import Services
from app.core import paths
from app.engine.client import EngineClient
from app.hardware.types import Machine
from app.settings.store import SettingsStore
from app.tools.registry import BUILTIN_TOOLS
from app.tools.runner import ToolRunner

SETTINGS_NAME = "settings.json"

_log = logging.getLogger(__name__)


def build(machine: Machine | None = None) -> Services:
    """Reads the settings and starts the engine thread; `close` has to be called.

    machine: a recorded one that stands for this machine.
    """
    _log.info("GLM Launcher %s, Python %s", __version__, platform.python_version())
    settings = SettingsStore(paths.config_dir() / SETTINGS_NAME)
    problems = settings.load()
    engine = EngineClient()
    loader = Loader(engine, recorded=machine)
    return Services(engine, loader, ToolRunner(BUILTIN_TOOLS), settings, tuple(problems))
