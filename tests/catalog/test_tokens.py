"""Where a token comes from and where it goes."""

import stat
import sys
from pathlib import Path

import pytest

from app.catalog.tokens import Token, TokenStore
from app.core.errors import KnownError
from tests.secrets.vaults import MemoryVault, NoVault


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("HF_TOKEN", "HF_TOKEN_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))


def _log_in(tmp_path: Path) -> None:
    (tmp_path / "hf").mkdir()
    (tmp_path / "hf" / "token").write_text("hf_logged_in\n", encoding="utf-8")


def test_the_order_of_tokens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = TokenStore(tmp_path / "token", MemoryVault())
    assert store.current() is None
    _log_in(tmp_path)
    assert store.current() == Token("hf_logged_in", "hf auth login")
    monkeypatch.setenv("HF_TOKEN", "hf_from_environment")
    assert store.current() == Token("hf_from_environment", "HF_TOKEN")
    assert store.save(" hf_typed_in\n") == Token("hf_typed_in", "keyring")
    assert store.value() == "hf_typed_in"
    store.remove()
    assert store.current() == Token("hf_from_environment", "HF_TOKEN")


def test_a_file_of_another_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "elsewhere"
    other.write_text("hf_elsewhere", encoding="utf-8")
    monkeypatch.setenv("HF_TOKEN_PATH", str(other))
    assert TokenStore(tmp_path / "token", NoVault()).value() == "hf_elsewhere"


def test_the_keyring_is_asked_once(tmp_path: Path) -> None:
    vault = MemoryVault()
    TokenStore(tmp_path / "token", vault).save("hf_kept_before")
    store = TokenStore(tmp_path / "token", vault)
    assert [store.value() for _ in range(3)] == ["hf_kept_before"] * 3
    assert vault.asked == 1


def test_a_keyring_without_a_token_of_ours_is_left_alone(tmp_path: Path) -> None:
    """A locked one would ask the person for a password."""
    vault = MemoryVault("hf_of_somebody")
    assert TokenStore(tmp_path / "token", vault).current() is None
    assert vault.asked == 0


def test_the_newest_token_counts_wherever_it_went(tmp_path: Path) -> None:
    file, vault = tmp_path / "token", MemoryVault()
    TokenStore(file, vault).save("hf_the_first")
    TokenStore(file, NoVault()).save("hf_the_second")
    assert TokenStore(file, vault).current() == Token("hf_the_second", "file")
    TokenStore(file, vault).save("hf_the_third")
    assert TokenStore(file, vault).current() == Token("hf_the_third", "keyring")


def test_a_keyring_that_does_not_let_go_is_said(tmp_path: Path) -> None:
    file, vault = tmp_path / "token", MemoryVault()
    TokenStore(file, vault).save("hf_typed_in")
    locked = TokenStore(file, NoVault())
    assert locked.current() is None
    with pytest.raises(KnownError, match="keyring still holds it"):
        locked.remove()
    assert TokenStore(file, vault).current() is None
    locked.remove()


def test_without_a_keyring_a_file_that_only_the_person_reads(tmp_path: Path) -> None:
    file = tmp_path / "config" / "token"
    assert TokenStore(file, NoVault()).save("hf_typed_in") == Token("hf_typed_in", "file")
    if sys.platform != "win32":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again = TokenStore(file, NoVault())
    assert again.current() == Token("hf_typed_in", "file")
    again.remove()
    assert not file.exists()
    assert again.current() is None


def test_a_keyring_that_comes_later_takes_the_file_s_place(tmp_path: Path) -> None:
    file = tmp_path / "token"
    TokenStore(file, NoVault()).save("hf_typed_in")
    assert TokenStore(file, MemoryVault()).save("hf_typed_anew").source == "keyring"
    assert "hf_" not in file.read_text(encoding="utf-8")


@pytest.mark.parametrize("text", ["", "short", "two words", "a\tb", "x" * 500, "hf_ümlaut_here"])
def test_what_is_no_token_is_not_kept(tmp_path: Path, text: str) -> None:
    vault = MemoryVault()
    with pytest.raises(KnownError, match="not an access token"):
        TokenStore(tmp_path / "token", vault).save(text)
    assert vault.token is None


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    store = TokenStore(tmp_path / "file" / "token", NoVault())
    with pytest.raises(KnownError, match="could not be stored"):
        store.save("hf_typed_in")
    assert store.current() is None
