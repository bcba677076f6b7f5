import pytest

from installer import system

DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n'
MINT = 'NAME="Linux Mint"\nID=linuxmint\nID_LIKE="ubuntu debian"\n'
ROCKY = 'ID="rocky"\nID_LIKE="rhel centos fedora"\n'
TUMBLEWEED = 'ID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"\n'


@pytest.mark.parametrize(
    ("text", "family"),
    [(DEBIAN, "debian"), (MINT, "debian"), (ROCKY, "fedora"), (TUMBLEWEED, "suse"), ("", None)],
)
def test_families(text: str, family: str | None) -> None:
    assert system.linux_family(text) == family


def test_a_missing_library_comes_with_the_command() -> None:
    assert system.install_command("libEGL.so.1", "debian") == "`sudo apt install libegl1`"
    assert system.install_command("compiler", "fedora") == "`sudo dnf install gcc-c++ make`"


def test_xcb_libraries_follow_debians_scheme() -> None:
    assert (
        system.install_command("libxcb-randr.so.0", "debian") == "`sudo apt install libxcb-randr0`"
    )


def test_an_unknown_system_still_gets_a_sentence() -> None:
    assert "libfoo.so.1" in system.install_command("libfoo.so.1", None)


def test_no_compiler_is_one_clear_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr("shutil.which", lambda _: None)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(system, "linux_distribution", lambda: "debian")
    with pytest.raises(system.Missing, match="sudo apt install build-essential"):
        system.require_compiler()
