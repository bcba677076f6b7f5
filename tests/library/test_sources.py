"""Every program's own layout is found without being told."""

import json
from pathlib import Path

import pytest

from app.library.sources import Places, default_sources
from tests.library.trees import COMMIT, gguf, hub_file, library, ollama_model, only, put, sha256


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def test_the_hugging_face_cache(home: Path) -> None:
    cache = home / ".cache" / "huggingface" / "hub"
    data = gguf()
    hub_file(cache, "unsloth/GLM-4.6-GGUF", "UD-Q4_K_XL/GLM-4.6-UD-Q4_K_XL.gguf", data)
    model = only(library(home).scan())
    assert (model.title, model.model, model.quantization) == (
        "GLM-4.6 UD-Q4_K_XL", "GLM-4.6", "UD-Q4_K_XL",
    )  # fmt: skip
    assert (model.repository, model.commit) == ("unsloth/GLM-4.6-GGUF", COMMIT)
    assert model.source.label == "Hugging Face cache"
    assert (model.state, model.read, model.owned) == ("complete", True, False)
    assert model.files[0].sha256 == sha256(data)
    assert model.size_bytes == len(data)
    assert (model.facts.architecture, model.facts.file_type) == ("glm4moe", "Q4_K_M")


@pytest.mark.parametrize("place", [".lmstudio/models", ".cache/lm-studio/models"])
def test_lm_studio(home: Path, place: str) -> None:
    put(home / place / "bartowski" / "GLM-4.6-GGUF" / "GLM-4.6-Q3_K_M.gguf", gguf())
    model = only(library(home).scan())
    assert (model.source.label, model.repository) == ("LM Studio", "bartowski/GLM-4.6-GGUF")


def test_lm_studio_with_a_folder_of_its_own(home: Path, tmp_path: Path) -> None:
    put(
        home / ".lmstudio" / "settings.json",
        json.dumps({"downloadsFolder": str(tmp_path / "big")}).encode(),
    )
    put(tmp_path / "big" / "zai-org" / "GLM" / "GLM-Q8_0.gguf", gguf())
    assert only(library(home).scan()).source.folder == tmp_path / "big"


def test_jan(home: Path) -> None:
    data = home / ".local" / "share" / "Jan" / "data"
    put(data / "llamacpp" / "models" / "unsloth" / "GLM-4.6-Q2_K" / "model.gguf", gguf())
    put(home / "jan" / "models" / "old" / "old-Q4_0.gguf", gguf("Old"))
    found = {model.title: model.source.label for model in library(home).scan().models}
    assert found == {"GLM-4.6 Q2_K": "Jan", "old Q4_0": "Jan"}


def test_ollama(home: Path) -> None:
    root = home / ".ollama" / "models"
    data = gguf()
    blob = ollama_model(root, "registry.ollama.ai/library/glm4/9b", data)
    ollama_model(root, "hf.co/unsloth/GLM-4.6-GGUF/Q2_K", gguf("Two"), "unknown")
    put(root / "blobs" / f"sha256-{'a' * 64}-partial", b"x" * 100)
    put(root / "blobs" / f"sha256-{'a' * 64}-partial-0", b"{}")
    put(root / "manifests" / "registry.ollama.ai" / "library" / "bad" / "latest", b"[1, {")
    models = {model.title: model for model in library(home).scan().models}
    assert set(models) == {
        "glm4:9b",
        "hf.co/unsloth/GLM-4.6-GGUF:Q2_K",
        "Unfinished download aaaaaaaaaaaa",
    }
    model = models["glm4:9b"]
    assert (model.quantization, model.path, model.state) == ("Q4_K_M", blob, "complete")
    assert model.files[0].sha256 == sha256(data)
    assert models["hf.co/unsloth/GLM-4.6-GGUF:Q2_K"].repository == "unsloth/GLM-4.6-GGUF"
    assert models["Unfinished download aaaaaaaaaaaa"].state == "partial"


def test_llama_cpp_and_gpt4all(home: Path) -> None:
    put(home / ".cache" / "llama.cpp" / "unsloth_GLM-4.6-GGUF_GLM-4.6-Q2_K.gguf", gguf("A"))
    put(home / ".local" / "share" / "nomic.ai" / "GPT4All" / "GLM-4-9B.Q4_0.gguf", gguf("B"))
    found = {model.source.label for model in library(home).scan().models}
    assert found == {"llama.cpp", "GPT4All"}


def test_environment_variables_move_the_places(home: Path, tmp_path: Path) -> None:
    environment = {
        "HF_HOME": str(tmp_path / "hf"),
        "OLLAMA_MODELS": str(tmp_path / "ollama"),
        "LLAMA_CACHE": "~/llama",
    }
    folders = [one.folder for one in default_sources(places=Places(home, environment, "linux"))]
    assert tmp_path / "hf" / "hub" in folders
    assert tmp_path / "ollama" in folders
    assert home / "llama" in folders
    moved = {"HF_HUB_CACHE": str(tmp_path / "cache"), "HF_HOME": str(tmp_path / "hf")}
    folders = [one.folder for one in default_sources(places=Places(home, moved, "linux"))]
    assert tmp_path / "cache" in folders
    assert tmp_path / "hf" / "hub" not in folders


@pytest.mark.parametrize(
    ("platform", "environment", "expected"),
    [
        ("darwin", {}, "Library/Application Support/nomic.ai/GPT4All"),
        ("darwin", {}, "Library/Caches/llama.cpp"),
        ("darwin", {}, "Library/Application Support/Jan/data/llamacpp/models"),
        ("win32", {"LOCALAPPDATA": "L"}, "L/nomic.ai/GPT4All"),
        ("win32", {"APPDATA": "R"}, "R/Jan/data/models"),
    ],
)
def test_other_systems(
    tmp_path: Path, platform: str, environment: dict[str, str], expected: str
) -> None:
    given = {key: str(tmp_path / value) for key, value in environment.items()}
    found = [one.folder for one in default_sources(places=Places(tmp_path, given, platform))]
    assert tmp_path / expected in found
    assert (Path("/usr/share/ollama/.ollama/models") in found) is False


def test_own_folders_come_first_and_last(tmp_path: Path) -> None:
    found = default_sources(
        lambda: str(tmp_path / "own"),
        lambda: (str(tmp_path / "mine"), str(tmp_path / "mine")),
        Places(tmp_path, {}, "linux"),
    )
    assert (found[0].kind, found[-1].kind) == ("own", "folder")
    assert [one.folder for one in found].count(tmp_path / "mine") == 1


def test_settings_of_others_may_be_anything(home: Path) -> None:
    put(home / ".lmstudio" / "settings.json", b"[" * 100_000)
    put(home / ".cache" / "lm-studio" / "settings.json", b'{"downloadsFolder": 3}')
    put(home / ".local" / "share" / "Jan" / "settings.json", b"\xff\xfe")
    assert library(home).scan().models == ()


def test_gpt4all_with_a_folder_of_its_own(home: Path, tmp_path: Path) -> None:
    ini = f"[General]\nlastVersionStarted=3.10.0\nmodelPath={tmp_path / 'big'}\n"
    put(home / ".config" / "nomic.ai" / "GPT4All.ini", ini.encode())
    put(tmp_path / "big" / "GLM-Q4_0.gguf", gguf())
    assert only(library(home).scan()).source.label == "GPT4All"
