"""Data files that are missing, damaged or tampered with, and names of graphics cards."""

import json
from pathlib import Path

import pytest

from app.core.errors import KnownError
from app.core.paths import resources_dir
from app.planning.speed_calibration import load_calibration
from app.planning.speed_compute import peak_flops, read_compute_table
from app.planning.speed_model import load_speed_model, speed_model_path


def shipped() -> dict[str, dict[str, object]]:
    document: dict[str, dict[str, object]] = json.loads(speed_model_path().read_text("utf-8"))
    return document


@pytest.mark.parametrize("value", [0, -1, "0.8", None, True, float("nan"), float("inf"), [1]])
def test_an_impossible_constant_is_refused(tmp_path: Path, value: object) -> None:
    document = shipped()
    document["constants"]["kv_efficiency"] = value
    path = tmp_path / "model.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(KnownError) as caught:
        load_speed_model(path)
    assert "kv_efficiency" in caught.value.details


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"format": "other"}', '{"format": "glm-launcher-speed-model"}',
     '{"format": "glm-launcher-speed-model", "constants": []}', "[" * 100_000],
)  # fmt: skip
def test_a_broken_model_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "model.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(KnownError, match="speed constants"):
        load_speed_model(path)


def test_binary_and_missing_files_are_refused(tmp_path: Path) -> None:
    binary = tmp_path / "binary"
    binary.write_bytes(bytes(range(256)) * 10)
    for path in (binary, tmp_path / "missing", tmp_path):
        for load in (load_speed_model, load_calibration, read_compute_table):
            with pytest.raises(KnownError):
                load(path)


def test_a_calibration_row_that_nobody_decided_about_is_refused(tmp_path: Path) -> None:
    text = (resources_dir() / "speeds_calibration.csv").read_text("utf-8")
    path = tmp_path / "speeds.csv"
    path.write_text(text + "New machine,1,gpu,GLM-4.6,Q4_K_M,,4.8,llama.cpp,0,1,1,,,,,,\n", "utf-8")
    with pytest.raises(KnownError) as caught:
        load_calibration(path)
    assert "New machine" in caught.value.details


def test_a_calibration_row_that_went_missing_is_noticed(tmp_path: Path) -> None:
    lines = (resources_dir() / "speeds_calibration.csv").read_text("utf-8").splitlines()
    path = tmp_path / "speeds.csv"
    path.write_text("\n".join(lines[:-1]) + "\n", "utf-8")
    with pytest.raises(KnownError):
        load_calibration(path)


@pytest.mark.parametrize(
    ("name", "teraflops"),
    [
        ("NVIDIA GeForce RTX 4090", 82.6),
        ("NVIDIA GeForce RTX 4090 Laptop GPU", 39.7),
        ("NVIDIA GeForce RTX 4070 Ti SUPER", 44.1),
        ("NVIDIA GeForce RTX 4060 Ti 16GB", 22.1),
        ("NVIDIA RTX 6000 Ada Generation", 91.1),
        ("Quadro RTX 6000", 16.3),
        ("NVIDIA A100-SXM4-80GB", 19.5),
        ("NVIDIA H100 80GB HBM3", 66.9),
        ("NVIDIA RTX PRO 6000 Blackwell Max-Q Workstation Edition", 109.7),
        ("AMD Radeon RX 7900 XTX (RADV NAVI31)", 30.7),
        ("Intel(R) Arc(TM) Pro B70 Graphics", 22.9),
        ("Apple M3 Ultra", 28.3),
    ],
)
def test_cards_are_found_by_the_names_their_drivers_use(name: str, teraflops: float) -> None:
    found = peak_flops(name)
    assert found is not None
    assert found / 1e12 == pytest.approx(teraflops, rel=0.01)


@pytest.mark.parametrize(
    "name",
    ["", "NVIDIA Graphics Device", "NVIDIA GeForce RTX 3060 Laptop GPU", "Apple M5 Max",
     "NVIDIA GeForce RTX 5070 Ti Laptop GPU", "GeForce RTX 40900", "Größe 4090", "x" * 5000],
)  # fmt: skip
def test_a_card_that_is_not_in_the_table_is_unknown_not_another(name: str) -> None:
    assert peak_flops(name) is None


def test_the_table_of_cards_has_no_name_twice() -> None:
    path = resources_dir() / "gpu_compute.csv"
    lines = path.read_text("utf-8").splitlines()
    assert len(read_compute_table(path)) == len(lines) - 1 > 100


def test_the_catalogue_is_json_with_the_main_repository() -> None:
    catalogue = json.loads((resources_dir() / "catalogue.json").read_text("utf-8"))
    assert "unsloth/GLM-4.6-GGUF" in [entry["repo"] for entry in catalogue["repos"]]
