"""The preparation with a scripted `run`: nothing is built or fetched."""

import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from installer import backends, layout, main, prepare, system
from installer.console import CommandError


class Script:
    """Stands in for the commands; does what the real ones leave on the disk."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.fail_at = ""

    def venv(self, folder: Path) -> None:
        (folder / "bin").mkdir(parents=True, exist_ok=True)
        (folder / "bin" / "python").touch()

    def run(
        self,
        what: str,
        command: Sequence[str | Path],
        log: Path,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.steps.append(what.partition(" (")[0])
        if self.fail_at and self.fail_at in what:
            raise CommandError(what, log, ["the last line"])
        if "--wheel-dir" in command:
            assert env is not None
            assert "-DGGML_RPC=ON" in env["CMAKE_ARGS"]
            folder = Path(command[list(command).index("--wheel-dir") + 1])
            (folder / "engine.whl").touch()


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Script:
    monkeypatch.setenv("GLM_LAUNCHER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("sys.platform", "linux")
    script = Script()
    monkeypatch.setattr(prepare, "run", script.run)
    monkeypatch.setattr(prepare, "_make_venv", script.venv)
    monkeypatch.setattr(system, "require_compiler", lambda: None)
    return script


def _environment(kind: str = "run") -> layout.Environment:
    return layout.environment(kind, layout.engine("cpu", backends.cmake_args("cpu")))


BUILD = ["Getting the build tools", "Building the engine"]
INSTALL = ["Installing the requirements", "Installing the engine", "Checking the engine"]


def test_the_first_start_builds_and_the_second_does_nothing(script: Script) -> None:
    prepare.ensure(_environment())
    assert script.steps == BUILD + INSTALL
    prepare.ensure(_environment())
    assert script.steps == BUILD + INSTALL


def test_the_test_environment_uses_the_engine_that_is_there(script: Script) -> None:
    prepare.ensure(_environment())
    prepare.ensure(_environment("test"))
    assert script.steps == BUILD + INSTALL + INSTALL


def test_a_failed_installation_keeps_the_engine(script: Script) -> None:
    script.fail_at = "Installing the requirements"
    with pytest.raises(CommandError):
        prepare.ensure(_environment())
    assert not _environment().ready
    script.fail_at, script.steps = "", []
    prepare.ensure(_environment())
    assert script.steps == INSTALL
    assert _environment().ready


def test_a_failed_build_is_told_with_its_last_lines(
    script: Script, capfd: pytest.CaptureFixture[str]
) -> None:
    script.fail_at = "Building"
    assert main.run([]) == 1
    told = capfd.readouterr().err
    assert "the last line" in told
    assert "engine-build.log" in told


@pytest.mark.usefixtures("script")
def test_what_nobody_used_for_months_is_removed() -> None:
    prepare.ensure(_environment())
    old = layout.cache_dir() / "environments" / "run-py311-old"
    old.mkdir()
    (old / "ready").touch()
    long_ago = time.time() - 100 * 24 * 3600
    os.utime(old / "ready", (long_ago, long_ago))
    prepare.ensure(_environment("test"))
    assert not old.exists()
    assert _environment().ready
    assert _environment().engine.wheel is not None
