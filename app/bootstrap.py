"""Wires the rooms together."""

import logging
import platform
from functools import partial

from app import __version__
from app.catalog.access import checked_access, environment_endpoint
from app.catalog.hub import Hub
from app.catalog.tokens import TokenStore
from app.chat.attachments.fetched import pdf_text
from app.chat.loading import Loader
from app.chat.services import Services
from app.chat.store.store import ChatStore
from app.chat.toolbox import Toolbox
from app.core import paths
from app.core.contacts import Contacts, use_contacts
from app.core.hub_access import HubAccess
from app.downloads.manager import DownloadManager
from app.downloads.types import Event, JobState, JobStatus, JobUpdate
from app.engine.client import EngineClient
from app.hardware.types import Machine
from app.library.library import Library
from app.library.sources import default_sources
from app.secrets.store import SecretStore
from app.settings.declared import (
    DOWNLOAD_BYTES_PER_SECOND,
    DOWNLOAD_CONNECTIONS,
    EARLIER_FOLDERS,
    HUB_ENDPOINT,
    LIBRARY_FOLDERS,
    MODELS_FOLDER,
    THREADS,
)
from app.settings.of_tools import MCP_SERVERS, SEARCH_PROVIDER, SEARXNG_ADDRESS
from app.settings.store import SettingsStore
from app.tools.mcp.host import McpHost
from app.tools.mcp.servers import read_servers
from app.tools.mcp.tools import McpTools
from app.tools.python_code.run_python import PythonTool
from app.tools.search_web.providers import SearchChoice
from app.tools.search_web.search_web import make_search_web
from app.tools.web.fetch_page import make_fetch_page

SETTINGS_NAME = "settings.json"
MCP_NAME = "mcp-tools.json"
QUEUE_NAME = "downloads.json"
TOKEN_NAME = "hub-token"  # noqa: S105 - a file's name
SEARCH_KEY_NAME = "brave-search-key"
_EARLIER_KEPT = 20

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
    loader = Loader(engine, recorded=machine, threads=lambda: settings.get(THREADS))
    tokens = TokenStore(paths.config_dir() / TOKEN_NAME)
    access = hub_access(settings, tokens)
    mcp, complaints = mcp_host(settings)
    contacts = Contacts(paths.contacts_file())
    use_contacts(contacts)
    search, python = search_choice(settings), PythonTool()
    more = (make_search_web(search), make_fetch_page(pdf_text))
    toolbox = Toolbox(settings, paths.data_dir(), more, (python, McpTools(mcp)))
    downloads = download_manager(settings, access)
    shelf = library(settings, access, downloads)
    chats = ChatStore(paths.chats_dir())
    return Services(
        engine,
        loader,
        toolbox,
        settings,
        downloads,
        Hub(access),
        tokens,
        shelf,
        chats,
        tuple(problems + complaints),
        mcp,
        contacts=contacts,
        search=search,
        python=python,
    )


def mcp_host(settings: SettingsStore) -> tuple[McpHost, list[str]]:
    """Follows the setting; and what is wrong with it now, in sentences."""
    host = McpHost(paths.data_dir() / MCP_NAME)
    servers, complaints = read_servers(settings.get(MCP_SERVERS))
    host.configure(servers)
    settings.subscribe(MCP_SERVERS, lambda value: host.configure(read_servers(value)[0]))
    return host, complaints


def search_choice(settings: SettingsStore) -> SearchChoice:
    return SearchChoice(
        lambda: settings.get(SEARCH_PROVIDER),
        lambda: settings.get(SEARXNG_ADDRESS),
        SecretStore(SEARCH_KEY_NAME, paths.config_dir() / SEARCH_KEY_NAME),
    )


def load_settings() -> SettingsStore:
    """For commands that need nothing else; what is wrong with the file is for the window to say."""
    settings = SettingsStore(paths.config_dir() / SETTINGS_NAME)
    settings.load()
    return settings


def open_hub() -> Hub:
    """As the settings say, for commands that need nothing else."""
    settings = load_settings()
    return Hub(hub_access(settings, TokenStore(paths.config_dir() / TOKEN_NAME)))


def download_manager(settings: SettingsStore, access: HubAccess) -> DownloadManager:
    return DownloadManager(
        access,
        queue_file=paths.data_dir() / QUEUE_NAME,
        connections=settings.get(DOWNLOAD_CONNECTIONS),
        bytes_per_second=settings.get(DOWNLOAD_BYTES_PER_SECOND) or None,
    )


def library(
    settings: SettingsStore, access: HubAccess, downloads: DownloadManager | None = None
) -> Library:
    """It learns of what `downloads` finishes."""

    def folders() -> tuple[str, ...]:
        return (*settings.get(LIBRARY_FOLDERS), *settings.get(EARLIER_FOLDERS))

    remember_earlier_folders(settings)
    found = Library(
        lambda: default_sources(lambda: settings.get(MODELS_FOLDER), folders),
        paths.cache_dir() / "library-headers.json",
        paths.data_dir() / "library.json",
        hub=access,
    )
    if downloads is not None:
        downloads.subscribe(partial(_note_downloaded, found))
    return found


def remember_earlier_folders(settings: SettingsStore) -> None:
    """What lies in a folder for models is found there after another one has been chosen."""
    current = settings.get(MODELS_FOLDER)

    def changed(folder: str) -> None:
        nonlocal current
        before, current = current, folder
        earlier = [one for one in settings.get(EARLIER_FOLDERS) if one not in (before, folder)]
        settings.set(EARLIER_FOLDERS, tuple([*earlier, *filter(None, [before])][-_EARLIER_KEPT:]))

    settings.subscribe(MODELS_FOLDER, changed)


def open_library() -> Library:
    """As the settings say, for commands that need nothing else."""
    settings = load_settings()
    tokens = TokenStore(paths.config_dir() / TOKEN_NAME)
    return library(settings, hub_access(settings, tokens))


def _note_downloaded(found: Library, event: Event) -> None:
    if isinstance(event, JobUpdate) and event.status.state is JobState.DONE:
        note_downloaded(found, event.status)


def note_downloaded(found: Library, status: JobStatus) -> None:
    """The files of a finished download are ours, and were verified as they came."""
    request = status.request
    hashes = {file.path: file.sha256 for file in request.files}
    here = [(file.path, file.location) for file in status.files if file.location]
    found.note_downloaded(
        [(location, hashes[path]) for path, location in here],
        request.repo,
        commit=request.commit,
        ref=request.ref or "",
        paths=[path for path, _ in here],
    )


def hub_access(settings: SettingsStore, tokens: TokenStore) -> HubAccess:
    """The setting comes before HF_ENDPOINT."""

    def endpoint() -> str:
        return settings.get(HUB_ENDPOINT).strip() or environment_endpoint()

    return checked_access(endpoint, tokens.value)
