"""The address of the Hub and the token, from what people have set for other programs too."""

import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from app.core.errors import KnownError
from app.core.hub_access import HubAccess
from app.core.language import tr

HUB = "https://huggingface.co"
_LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")


def environment_access() -> HubAccess:
    """HF_ENDPOINT, HF_TOKEN and what `hf auth login` has stored."""

    def given() -> str | None:
        return environment_token() or logged_in_token()

    return checked_access(environment_endpoint, given)


def environment_endpoint() -> str:
    """HF_ENDPOINT, or the Hub itself."""
    return os.environ.get("HF_ENDPOINT", "").strip() or HUB


def environment_token() -> str | None:
    return os.environ.get("HF_TOKEN", "").strip() or None


def token_file() -> Path:
    """Where `hf auth login` keeps a token."""
    caches = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    home = os.environ.get("HF_HOME") or Path(caches) / "huggingface"
    return Path(os.environ.get("HF_TOKEN_PATH") or Path(home) / "token").expanduser()


def logged_in_token() -> str | None:
    try:
        return token_file().read_text(encoding="utf-8").strip() or None
    except (OSError, ValueError):
        return None


def checked_access(endpoint: Callable[[], str], token: Callable[[], str | None]) -> HubAccess:
    """An endpoint that is an address (else KnownError), and no token where others could read it."""

    def address() -> str:
        return checked_endpoint(endpoint())

    def safe_token() -> str | None:
        return token() if is_private_line(address()) else None

    return HubAccess(address, safe_token)


def checked_endpoint(text: str) -> str:
    """Without a slash at the end. Raises KnownError."""
    address = text.strip().rstrip("/")
    try:
        parts = urlsplit(address)
        sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        sound = False
    if not sound or not address.isprintable() or " " in address:
        raise KnownError(
            tr("The address of the Hub cannot be used."),
            tr("It has to begin with https:// and name a host."),
            tr("Correct it in the settings (Network), or in the variable HF_ENDPOINT."),
            text[:200],
        )
    return address


def is_private_line(address: str) -> bool:
    """A token may travel there: encrypted, or not out of this machine."""
    parts = urlsplit(address)
    return parts.scheme == "https" or parts.hostname in _LOCAL_HOSTS
