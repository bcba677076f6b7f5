"""The keyring, and what happens without one."""

from pathlib import Path

import pytest

from app.core.tasks import TimedOut
from app.secrets import vault
from app.secrets.store import Secret, SecretStore
from app.secrets.vault import NoVaultError, SystemVault
from tests.secrets.vaults import MemoryVault, NoVault


def test_a_keyring_that_hangs_counts_as_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hangs(*_: object) -> str:
        raise TimedOut

    monkeypatch.setattr(vault, "run_bounded", hangs)
    store = SecretStore("test", tmp_path / "secret")
    assert store.current() is None
    assert store.save("typed_in").place == "file"


def test_a_keyring_that_breaks_counts_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks() -> object:
        raise RuntimeError("no bus")

    monkeypatch.setattr("keyring.get_keyring", breaks)
    with pytest.raises(NoVaultError, match="no bus"):
        SystemVault("test").get()


def test_a_keyring_that_keeps_nothing_safe_counts_as_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from keyring.backends.fail import Keyring

    monkeypatch.setattr("keyring.get_keyring", Keyring)
    with pytest.raises(NoVaultError):
        SystemVault("test").put("typed_in")


def test_secrets_have_entries_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: dict[tuple[str, str], str] = {}
    monkeypatch.setattr("keyring.get_keyring", lambda: type("Good", (), {"priority": 5}))
    monkeypatch.setattr("keyring.set_password", lambda s, e, v: kept.__setitem__((s, e), v))
    monkeypatch.setattr("keyring.get_password", lambda s, e: kept.get((s, e)))
    monkeypatch.setattr("keyring.delete_password", lambda s, e: kept.pop((s, e)))
    SystemVault("one").put("first")
    SystemVault("two").put("second")
    assert (SystemVault("one").get(), SystemVault("two").get()) == ("first", "second")
    SystemVault("one").delete()
    SystemVault("one").delete()
    assert list(kept) == [("glm-launcher", "two")]


def test_whether_one_is_kept_is_known_without_asking_the_keyring(tmp_path: Path) -> None:
    file, memory = tmp_path / "secret", MemoryVault()
    assert not SecretStore("test", file, memory).kept()
    SecretStore("test", file, memory).save("typed_in")
    assert SecretStore("test", file, memory).kept()
    assert memory.asked == 0
    store = SecretStore("test", file, NoVault())
    assert store.current() is None
    assert not store.kept()


def test_a_secret_is_not_in_what_is_logged() -> None:
    assert "typed_in" not in repr(Secret("typed_in", "file"))


@pytest.mark.parametrize("value", ["", "short", "two words", "ümlauts_here", "x" * 401])
def test_what_is_no_secret_is_a_mistake(tmp_path: Path, value: str) -> None:
    with pytest.raises(ValueError, match="no secret"):
        SecretStore("test", tmp_path / "secret", NoVault()).save(value)
