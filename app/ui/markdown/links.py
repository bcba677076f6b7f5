"""Which links may be opened, and how their real target is shown."""

import re

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

_SCHEMES = ("http", "https", "mailto")
# Characters that reorder or hide text: bidi marks, embeddings, isolates, zero-width ones.
_HIDDEN = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
_LOOKS_LIKE_ADDRESS = re.compile(r"^(?:\w+://)?((?:[\w-]+\.)+\w{2,})(?::\d+)?(?:[/?#].*)?$")
BARE_ADDRESS = re.compile(r"https?://[^\s<>\"'`\u3000-\u303f\uff00-\uffef]*[^\s<>\"'`.,;:!?)\]}*_]")


def safe_target(href: str) -> QUrl | None:
    """The address when it is a complete http, https or mailto one, else None."""
    url = QUrl(href, QUrl.ParsingMode.StrictMode)
    if not url.isValid():
        url = QUrl(_HIDDEN.sub("", href), QUrl.ParsingMode.TolerantMode)
    if not url.isValid() or url.scheme().lower() not in _SCHEMES:
        return None
    if url.scheme().lower() != "mailto" and not url.host():
        return None
    return url


def shown(url: QUrl) -> str:
    """The real target in plain ASCII: nothing in it can be disguised."""
    return bytes(url.toEncoded().data()).decode("ascii", "replace")


def without_hidden(text: str) -> str:
    return _HIDDEN.sub("", text)


def with_hidden_shown(text: str) -> str:
    """Code with its invisible characters made visible."""
    return _HIDDEN.sub(lambda found: f"\u27e8U+{ord(found.group()):04X}\u27e9", text)


def misleads(text: str, url: QUrl) -> bool:
    """The text of the link reads like an address, but of another host."""
    found = _LOOKS_LIKE_ADDRESS.match(without_hidden(text).strip())
    if found is None:
        return False
    ace = bytes(QUrl.toAce(found.group(1)).data()).decode("ascii", "replace").lower()
    host = bytes(QUrl.toAce(url.host()).data()).decode("ascii", "replace").lower()
    return ace.removeprefix("www.") != host.removeprefix("www.")


def open_link(url: QUrl) -> bool:
    """Open in the person's browser; False when the address is not one that may be opened."""
    target = safe_target(shown(url))
    return target is not None and QDesktopServices.openUrl(target)
