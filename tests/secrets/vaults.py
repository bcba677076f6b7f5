"""Keyrings for tests; none of them is this machine's."""

from dataclasses import dataclass

from app.secrets.vault import NoVaultError


class NoVault:
    def get(self) -> str | None:
        raise NoVaultError("none here")

    def put(self, token: str) -> None:  # noqa: ARG002
        raise NoVaultError("none here")

    def delete(self) -> None:
        raise NoVaultError("none here")


@dataclass
class MemoryVault:
    token: str | None = None
    asked: int = 0

    def get(self) -> str | None:
        self.asked += 1
        return self.token

    def put(self, token: str) -> None:
        self.token = token

    def delete(self) -> None:
        self.token = None
