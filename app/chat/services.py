"""What the window and the command line work with."""

from dataclasses import dataclass, field

from app.catalog.hub import Hub
from app.catalog.tokens import TokenStore
from app.chat.loading import Loader
from app.chat.store.store import ChatStore
from app.chat.toolbox import Toolbox
from app.chat.turn import TurnRunner
from app.core.contacts import Contacts, use_contacts
from app.core.paths import resources_dir
from app.dialect.template import ChatTemplate
from app.downloads.manager import DownloadManager
from app.downloads.requests import models_target
from app.downloads.types import Target
from app.engine.client import EngineClient
from app.engine.protocol import ModelInfo
from app.library.library import Library
from app.settings.declared import (
    DOWNLOAD_BYTES_PER_SECOND,
    DOWNLOAD_CONNECTIONS,
    MODELS_FOLDER,
)
from app.settings.store import SettingsStore
from app.tools.mcp.host import McpHost
from app.tools.python_code.run_python import PythonTool
from app.tools.search_web.providers import SearchChoice

_TEMPLATES = {"glm4moe": "GLM-4.6.jinja"}


@dataclass(frozen=True)
class Services:
    """problems: what was wrong with the person's files at the start, in sentences. downloads: costs
    nothing until it is given something to do; library: until it is asked; mcp: until a server is
    wanted. contacts: which hosts were contacted."""

    engine: EngineClient
    loader: Loader
    toolbox: Toolbox
    settings: SettingsStore
    downloads: DownloadManager
    hub: Hub
    tokens: TokenStore
    library: Library
    chats: ChatStore
    problems: tuple[str, ...] = ()
    mcp: McpHost = field(default_factory=McpHost)
    contacts: Contacts = field(kw_only=True)
    search: SearchChoice = field(kw_only=True)
    python: PythonTool = field(kw_only=True)

    def turn_runner(self, template: ChatTemplate) -> TurnRunner:
        return TurnRunner(self.engine, template, self.toolbox.runner)

    def default_target(self) -> Target:
        """Where downloads go as the settings say now."""
        return default_target(self.settings)

    def apply_download_limits(self) -> None:
        """To be called when those settings have changed; a running download follows at once."""
        rate = self.settings.get(DOWNLOAD_BYTES_PER_SECOND)
        self.downloads.set_limits(rate or None, self.settings.get(DOWNLOAD_CONNECTIONS))

    def close(self, timeout_seconds: float = 5.0) -> bool:
        """Ends the engine thread, the servers and the downloads, whose partial files stay; True
        when all ended in time."""
        stopped = self.mcp.close(timeout_seconds)
        stopped = self.downloads.close(timeout_seconds) and stopped
        saved = self.chats.close(timeout_seconds)
        use_contacts(None)
        self.contacts.close()
        return self.engine.close(timeout_seconds) and stopped and saved


def default_target(settings: SettingsStore) -> Target:
    return models_target(settings.get(MODELS_FOLDER))


def chat_template(model: ModelInfo) -> ChatTemplate:
    """The model's own template, or the one its family is known by (else a plain one, which says
    is_fallback). Reads a file at most; raises KnownError when it does not work."""
    return ChatTemplate(
        model.chat_template or _family_template(model),
        special_tokens=model.special_tokens,
        bos_text=model.bos_text,
        eos_text=model.eos_text,
    )


def _family_template(model: ModelInfo) -> str | None:
    name = _TEMPLATES.get(model.architecture)
    path = resources_dir() / "templates" / name if name else None
    return path.read_text(encoding="utf-8") if path else None
