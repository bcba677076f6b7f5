"""The person's access token for the Hub: typed in, from the environment, or of `hf auth login`.

What is typed in goes to the system's keyring; where there is none, to a file that only the person
may read. The file also says when it is the keyring that has to be asked: a locked one may ask the
person for a password, and nobody shall see that who has never entered a token.
"""

import logging
import os
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, TypeVar

from app.catalog.access import environment_token, logged_in_token
from app.core.cancel import CancelToken
from app.core.errors import KnownError
from app.core.language import tr
from app.core.tasks import TimedOut, run_bounded

TokenSource = Literal["keyring", "file", "HF_TOKEN", "hf auth login"]

T = TypeVar("T")
_SERVICE, _USER = "glm-launcher", "huggingface-token"
_SECONDS = 5.0
_TOKEN = re.compile(r"[\x21-\x7e]{8,400}")
_IN_KEYRING = "keyring"  # too short for a token
_log = logging.getLogger(__name__)

FILE_WARNING = (
    "This system has no keyring. The token is kept in a file that only you can read, unencrypted."
)


class NoVaultError(Exception):
    """There is no keyring, or it does not work."""


class Vault(Protocol):
    """A keyring. Every method raises NoVaultError."""

    def get(self) -> str | None: ...

    def put(self, token: str) -> None: ...

    def delete(self) -> None: ...


class SystemVault:
    """Whatever `keyring` finds; a keyring that waits for a password which nobody enters counts as
    none."""

    def get(self) -> str | None:
        import keyring

        return self._ask(lambda: keyring.get_password(_SERVICE, _USER))

    def put(self, token: str) -> None:
        import keyring

        self._ask(lambda: keyring.set_password(_SERVICE, _USER, token))

    def delete(self) -> None:
        import keyring

        if self.get() is not None:
            self._ask(lambda: keyring.delete_password(_SERVICE, _USER))

    def _ask(self, call: Callable[[], T]) -> T:
        try:
            return run_bounded(lambda _: _with_keyring(call), CancelToken(), _SECONDS)
        except TimedOut:
            raise NoVaultError(tr("it does not answer")) from None
        except Exception as error:
            raise NoVaultError(repr(error)) from error


def _with_keyring(call: Callable[[], T]) -> T:
    import keyring

    if keyring.get_keyring().priority < 1:
        raise NoVaultError(tr("there is none that is safe"))
    return call()


@dataclass(frozen=True)
class Token:
    value: str
    source: TokenSource


class TokenStore:
    """Thread-safe; may block for some seconds at the first question, so not for the GUI thread."""

    def __init__(self, file: Path, vault: Vault | None = None) -> None:
        """file: where the token goes without a keyring; with one, that it is there."""
        self._file = file
        self._vault: Vault = vault or SystemVault()
        self._lock = threading.Lock()
        self._typed: Token | None = None
        self._looked = False

    def current(self) -> Token | None:
        """What was typed in comes before HF_TOKEN, and that before `hf auth login`."""
        typed = self._typed_in()
        if typed is not None:
            return typed
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
        if not _TOKEN.fullmatch(value):
            raise KnownError(
                tr("That is not an access token."),
                tr("A token is one word, such as hf_…, without spaces."),
                tr("Copy it from the Hub: your picture, Settings, Access Tokens."),
            )
        with self._lock:
            try:
                self._vault.put(value)
                self._write_file(_IN_KEYRING)
                self._typed = Token(value, "keyring")
            except NoVaultError:
                self._write_file(value)
                self._typed = Token(value, "file")
            self._looked = True
            return self._typed

    def remove(self) -> None:
        """What was typed in; other programs' tokens stay.

        Raises KnownError, also when it is used no longer but the keyring does not let go of it.
        """
        with self._lock:
            in_keyring = self._kept() == _IN_KEYRING
            self._remove_file()
            self._typed, self._looked = None, True
            try:
                if in_keyring:
                    self._vault.delete()
            except NoVaultError as error:
                raise KnownError(
                    tr("The token is no longer used, but the system's keyring still holds it."),
                    tr("The keyring does not answer."),
                    tr("Unlock it, and delete its entry “{service}” there.", service=_SERVICE),
                    str(error),
                ) from error

    def _typed_in(self) -> Token | None:
        with self._lock:
            if not self._looked:
                self._looked = True
                self._typed = self._look()
            return self._typed

    def _look(self) -> Token | None:
        kept = self._kept()
        if kept != _IN_KEYRING:
            return Token(kept, "file") if _TOKEN.fullmatch(kept) else None
        try:
            value = self._vault.get()
        except NoVaultError as error:
            _log.warning("The keyring does not give out the access token: %s", error)
            return None
        return Token(value, "keyring") if value else None

    def _kept(self) -> str:
        try:
            return self._file.read_text(encoding="utf-8").strip()
        except (OSError, ValueError):
            return ""

    def _write_file(self, value: str) -> None:
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            beside = self._file.with_name(self._file.name + ".new")
            beside.unlink(missing_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
            with os.fdopen(os.open(beside, flags, 0o600), "w", encoding="utf-8") as file:
                file.write(value + "\n")
            beside.replace(self._file)
        except OSError as error:
            raise _unwritable(self._file, error) from error

    def _remove_file(self) -> None:
        try:
            self._file.unlink(missing_ok=True)
        except OSError as error:
            raise _unwritable(self._file, error) from error


def _unwritable(path: Path, error: OSError) -> KnownError:
    return KnownError(
        tr("The token could not be stored."),
        tr(
            "The file {name} could not be changed: {strerror}.",
            name=path.name,
            strerror=error.strerror,
        ),
        tr("Check the folder {parent}.", parent=path.parent),
        repr(error),
    )
