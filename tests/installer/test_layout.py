import sys
from pathlib import Path

import pytest

from installer import layout


@pytest.fixture
def requirements(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "requirements"
    folder.mkdir()
    for name in ("run", "test", "engine", "build"):
        (folder / f"{name}.txt").write_text(f"{name}==1.0\n")
    monkeypatch.setattr(layout, "REQUIREMENTS", folder)
    monkeypatch.setenv("GLM_LAUNCHER_CACHE", str(tmp_path / "cache"))
    return folder


def test_the_same_requirements_share_one_environment(requirements: Path) -> None:
    first = layout.environment("run", layout.engine("cpu", "-DA=1"))
    (requirements / "test.txt").write_text("other==2.0\n")
    assert layout.environment("run", layout.engine("cpu", "-DA=1")) == first


@pytest.mark.parametrize("changed", ["run", "engine", "build"])
def test_changed_requirements_make_another_environment(requirements: Path, changed: str) -> None:
    before = layout.environment("run", layout.engine("cpu", "-DA=1")).folder
    (requirements / f"{changed}.txt").write_text("other==2.0\n")
    assert layout.environment("run", layout.engine("cpu", "-DA=1")).folder != before


@pytest.mark.usefixtures("requirements")
def test_test_tools_do_not_rebuild_the_engine(requirements: Path) -> None:
    before = layout.engine("cpu", "-DA=1")
    (requirements / "run.txt").write_text("other==2.0\n")
    (requirements / "test.txt").write_text("other==2.0\n")
    assert layout.engine("cpu", "-DA=1") == before
    assert layout.engine("cpu", "-DA=2") != before


@pytest.mark.usefixtures("requirements")
def test_an_environment_without_its_stamp_is_not_ready() -> None:
    environment = layout.environment("run", layout.engine("cpu", ""))
    environment.python.parent.mkdir(parents=True)
    environment.python.touch()
    assert not environment.ready
    environment.stamp.touch()
    assert environment.ready


@pytest.mark.skipif(sys.platform != "linux", reason="the XDG folder is Linux's")
def test_the_cache_is_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("GLM_LAUNCHER_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert layout.cache_dir() == tmp_path / "glm-launcher"


def test_no_requirement_file_names_an_address() -> None:
    files = sorted(layout.REQUIREMENTS.glob("*.txt"))
    assert {file.stem for file in files} >= {"run", "test", "engine", "build"}
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert "://" not in text, f"{file.name} names an address"
        assert text.count("==") <= text.count("--hash=sha256:"), f"{file.name} lacks a hash"
