"""A secret that the person typed in: kept in the keyring, else in a file that only they may read.

The file also says when it is the keyring that has to be asked: a locked one may ask the person for
a password, and nobody shall see that who has never entered a secret.
"""

import logging
import os
import re
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from app.core.errors import KnownError
from app.core.language import tr
from app.secrets.vault import SERVICE, NoVaultError, SystemVault, Vault

Place = Literal["keyring", "file"]

_SECRET = re.compile(r"[\x21-\x7e]{8,400}")
_IN_KEYRING = "keyring"  # too short for a secret
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Secret:
    value: str = field(repr=False)
    place: Place


class SecretStore:
    """Thread-safe; may block for some seconds at the first question, so not for the GUI thread."""

    def __init__(self, entry: str, file: Path, vault: Vault | None = None) -> None:
        """entry: its name in the keyring. file: where it goes without one; with one, that it is
        there."""
        self._file = file
        self._vault: Vault = vault or SystemVault(entry)
        self._lock = threading.Lock()
        self._typed: Secret | None = None
        self._looked = False
        self._there = bool(self._kept())

    def current(self) -> Secret | None:
        with self._lock:
            if not self._looked:
                self._looked = True
                self._typed = self._look()
                self._there = self._typed is not None
            return self._typed

    def kept(self) -> bool:
        """Whether there is one, as far as is known without asking the keyring; at once."""
        return self._there

    def save(self, value: str) -> Secret:
        """The place is where it went: a file deserves a warning.

        value: one word of printable ASCII (ValueError). Raises KnownError.
        """
        if not is_secret(value):
            raise ValueError("that is no secret")
        with self._lock:
            try:
                self._vault.put(value)
                self._write_file(_IN_KEYRING)
                self._typed = Secret(value, "keyring")
            except NoVaultError:
                self._write_file(value)
                self._typed = Secret(value, "file")
            self._looked = self._there = True
            return self._typed

    def remove(self) -> None:
        """Raises KnownError, also when it is used no longer but the keyring does not let go."""
        with self._lock:
            in_keyring = self._kept() == _IN_KEYRING
            self._remove_file()
            self._typed, self._looked, self._there = None, True, False
            try:
                if in_keyring:
                    self._vault.delete()
            except NoVaultError as error:
                raise KnownError(
                    tr("It is no longer used, but the system's keyring still holds it."),
                    tr("The keyring does not answer."),
                    tr("Unlock it, and delete its entry “{service}” there.", service=SERVICE),
                    str(error),
                ) from error

    def _look(self) -> Secret | None:
        kept = self._kept()
        if kept != _IN_KEYRING:
            return Secret(kept, "file") if is_secret(kept) else None
        try:
            value = self._vault.get()
        except NoVaultError as error:
            _log.warning("The keyring does not give out a secret: %s", error)
            return None
        return Secret(value, "keyring") if value else None

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


def is_secret(text: str) -> bool:
    return _SECRET.fullmatch(text) is not None


def _unwritable(path: Path, error: OSError) -> KnownError:
    return KnownError(
        tr("It could not be stored."),
        tr(
            "The file {name} could not be changed: {strerror}.",
            name=path.name,
            strerror=error.strerror,
        ),
        tr("Check the folder {parent}.", parent=path.parent),
        repr(error),
    )
