"""Wires the rooms together."""

import logging
import platform

from app import __version__
from app.chat.services import Services
from app.core import paths
from app.engine.client import EngineClient
from app.settings.store import SettingsStore
from app.tools.registry import BUILTIN_TOOLS
from app.tools.runner import ToolRunner

SETTINGS_NAME = "settings.json"

_log = logging.getLogger(__name__)


def build() -> Services:
    """Reads the settings and starts the engine thread; `close` has to be called."""
    _log.info("GLM Launcher %s, Python %s", __version__, platform.python_version())
    settings = SettingsStore(paths.config_dir() / SETTINGS_NAME)
    problems = settings.load()
    return Services(EngineClient(), ToolRunner(BUILTIN_TOOLS), settings, tuple(problems))
