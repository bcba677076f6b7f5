"""Wires the rooms together."""

import logging
import platform

from app import __version__
from app.catalog.access import checked_access, environment_endpoint
from app.catalog.hub import Hub
from app.catalog.tokens import TokenStore
from app.chat.loading import Loader
from app.chat.services import Services
from app.core import paths
from app.core.hub_access import HubAccess
from app.downloads.manager import DownloadManager
from app.engine.client import EngineClient
from app.hardware.types import Machine
from app.settings.declared import (
    DOWNLOAD_BYTES_PER_SECOND,
    DOWNLOAD_CONNECTIONS,
    HUB_ENDPOINT,
)
from app.settings.store import SettingsStore
from app.tools.registry import BUILTIN_TOOLS
from app.tools.runner import ToolRunner

SETTINGS_NAME = "settings.json"
QUEUE_NAME = "downloads.json"
TOKEN_NAME = "hub-token"  # noqa: S105 - a file's name

_log = logging.getLogger(__name__)


def build(machine: Machine | None = None) -> Services:
    """Reads the settings and starts the engine thread; `close` has to be called. Downloads of an
    earlier run wait for `Services.downloads.take_up`.

    machine: a recorded one that stands for this machine.
    """
    _log.info("GLM Launcher %s, Python %s", __version__, platform.python_version())
    settings = SettingsStore(paths.config_dir() / SETTINGS_NAME)
    problems = settings.load()
    engine = EngineClient()
    loader = Loader(engine, recorded=machine)
    tokens = TokenStore(paths.config_dir() / TOKEN_NAME)
    access = hub_access(settings, tokens)
    tools, downloads = ToolRunner(BUILTIN_TOOLS), download_manager(settings, access)
    return Services(
        engine, loader, tools, settings, downloads, Hub(access), tokens, tuple(problems)
    )


def open_hub() -> Hub:
    """As the settings say, for commands that need nothing else."""
    settings = SettingsStore(paths.config_dir() / SETTINGS_NAME)
    settings.load()
    return Hub(hub_access(settings, TokenStore(paths.config_dir() / TOKEN_NAME)))


def download_manager(settings: SettingsStore, access: HubAccess) -> DownloadManager:
    return DownloadManager(
        access,
        queue_file=paths.data_dir() / QUEUE_NAME,
        connections=settings.get(DOWNLOAD_CONNECTIONS),
        bytes_per_second=settings.get(DOWNLOAD_BYTES_PER_SECOND) or None,
    )


def hub_access(settings: SettingsStore, tokens: TokenStore) -> HubAccess:
    """The setting comes before HF_ENDPOINT."""

    def endpoint() -> str:
        return settings.get(HUB_ENDPOINT).strip() or environment_endpoint()

    return checked_access(endpoint, tokens.value)
