"""The person's access token for the Hub: typed in, from the environment, or of `hf auth login`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from app.catalog.access import environment_token, logged_in_token
from app.core.errors import KnownError
from app.core.language import mark, tr
from app.secrets.store import Secret, SecretStore, is_secret
from app.secrets.vault import Vault

TokenSource = Literal["keyring", "file", "HF_TOKEN", "hf auth login"]

_ENTRY = "huggingface-token"

FILE_WARNING = mark(
    "This system has no keyring. The token is kept in a file that only you can read, unencrypted."
)


@dataclass(frozen=True)
class Token:
    value: str
    source: TokenSource


class TokenStore:
    """Thread-safe; may block for some seconds at the first question, so not for the GUI thread."""

    def __init__(self, file: Path, vault: Vault | None = None) -> None:
        """file: where the token goes without a keyring; with one, that it is there."""
        self._typed = SecretStore(_ENTRY, file, vault)

    def current(self) -> Token | None:
        """What was typed in comes before HF_TOKEN, and that before `hf auth login`."""
        typed = self._typed.current()
        if typed is not None:
            return _token(typed)
        if given := environment_token():
            return Token(given, "HF_TOKEN")
        if stored := logged_in_token():
            return Token(stored, "hf auth login")
        return None

    def value(self) -> str | None:
        token = self.current()
        return token.value if token is not None else None

    def save(self, text: str) -> Token:
        """Where it went is in the result's source; "file" deserves `FILE_WARNING`.

        Raises KnownError.
        """
        value = text.strip()
        if not is_secret(value):
            raise KnownError(
                tr("That is not an access token."),
                tr("A token is one word, such as hf_…, without spaces."),
                tr("Copy it from the Hub: your picture, Settings, Access Tokens."),
            )
        return _token(self._typed.save(value))

    def remove(self) -> None:
        """What was typed in; other programs' tokens stay.

        Raises KnownError, also when it is used no longer but the keyring does not let go of it.
        """
        self._typed.remove()


def _token(secret: Secret) -> Token:
    return Token(secret.value, secret.place)
