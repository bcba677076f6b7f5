from pathlib import Path

import pytest

from installer import backends, main, prepare, system


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GLM_LAUNCHER_CACHE", str(tmp_path))
    monkeypatch.setattr("sys.platform", "linux")
    return tmp_path


def test_the_choice_is_kept() -> None:
    assert backends.chosen() == "cpu"
    backends.choose("vulkan")
    assert backends.chosen() == "vulkan"


def test_a_damaged_choice_falls_back_to_what_works(own_cache: Path) -> None:
    (own_cache / "engine").write_bytes(b"\xff\x00 nonsense")
    assert backends.chosen() == "cpu"


def test_a_mac_computes_on_its_gpu_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    assert backends.chosen() == "metal"


@pytest.mark.parametrize("backend", ["cuda", "vulkan", "rocm"])
def test_without_its_toolkit_a_backend_says_what_to_install(
    backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda *_args, **_options: None)
    monkeypatch.setattr(system, "linux_distribution", lambda: "debian")
    with pytest.raises(system.Missing, match="install"):
        backends.require_toolkit(backend)


def test_metal_is_refused_elsewhere() -> None:
    with pytest.raises(system.Missing, match="Macs"):
        backends.require_toolkit("metal")


def test_cuda_names_its_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiler = tmp_path / "cuda" / "bin" / "nvcc"
    compiler.parent.mkdir(parents=True)
    compiler.write_text("")
    compiler.chmod(0o755)
    monkeypatch.setenv("CUDA_PATH", str(tmp_path / "cuda"))
    assert backends.require_toolkit("cuda")["CUDACXX"] == str(compiler)


def test_every_backend_keeps_the_rpc_backend() -> None:
    assert all("-DGGML_RPC=ON" in backends.cmake_args(name) for name in backends.BACKENDS)


@pytest.mark.parametrize("arguments", [["--engine"], ["--engine", "quantum"]])
def test_an_unknown_engine_is_answered_with_the_list(
    arguments: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert main.run(arguments) == 1
    assert "cpu, cuda, vulkan, metal, rocm" in capfd.readouterr().err


def test_a_failed_build_keeps_the_engine_that_was_used(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_environment: object) -> None:
        raise system.Missing("no toolkit")

    monkeypatch.setattr(prepare, "ensure", fail)
    backends.choose("vulkan")
    assert main.run(["--engine", "cuda"]) == 1
    assert backends.chosen() == "vulkan"
