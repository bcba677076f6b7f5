"""The system's keyring, asked so that it cannot hold anything up."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from app.core.cancel import CancelToken
from app.core.language import tr
from app.core.tasks import TimedOut, run_bounded

SERVICE = "glm-launcher"

T = TypeVar("T")
_SECONDS = 5.0


class NoVaultError(Exception):
    """There is no keyring, or it does not work."""


class Vault(Protocol):
    """One entry of a keyring. Every method raises NoVaultError."""

    def get(self) -> str | None: ...

    def put(self, secret: str) -> None: ...

    def delete(self) -> None: ...


class SystemVault:
    """Whatever `keyring` finds; a keyring that waits for a password which nobody enters counts as
    none. entry: what the secret is called there."""

    def __init__(self, entry: str) -> None:
        self._entry = entry

    def get(self) -> str | None:
        import keyring

        return self._ask(lambda: keyring.get_password(SERVICE, self._entry))

    def put(self, secret: str) -> None:
        import keyring

        self._ask(lambda: keyring.set_password(SERVICE, self._entry, secret))

    def delete(self) -> None:
        import keyring

        if self.get() is not None:
            self._ask(lambda: keyring.delete_password(SERVICE, self._entry))

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
