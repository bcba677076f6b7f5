"""Where the Hub is and who asks: what listing, reading headers and downloading have in common."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class HubAccess:
    """Looked at again for every request, so that both may change. endpoint: without a slash at the
    end, `https://huggingface.co` or a mirror. token: None to ask as nobody."""

    endpoint: Callable[[], str] = field(default=lambda: "https://huggingface.co")
    token: Callable[[], str | None] = field(default=lambda: None)
