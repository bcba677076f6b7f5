"""Files become quantizations, however a repository lays them out."""

from datetime import UTC, datetime

import pytest

from app.catalog.names import RepoFile
from app.catalog.quantizations import (
    Quantization,
    companions,
    group,
    quantization_name,
    with_warnings,
)
from app.catalog.shipped import shipped_catalogue


def files(*paths: str, size: int = 10) -> list[RepoFile]:
    return [RepoFile(path, size, None, "") for path in paths]


def shards(prefix: str, count: int, *, without: int = 0) -> list[RepoFile]:
    numbers = [number for number in range(1, count + 1) if number != without]
    return files(*(f"{prefix}-{number:05d}-of-{count:05d}.gguf" for number in numbers))


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("GLM-4.6-UD-TQ1_0.gguf", "UD-TQ1_0"),
        ("UD-Q4_K_XL/GLM-4.6-UD-Q4_K_XL-00001-of-00005.gguf", "UD-Q4_K_XL"),
        ("zai-org_GLM-4.6-Q2_K/zai-org_GLM-4.6-Q2_K-00001-of-00003.gguf", "Q2_K"),
        ("GLM-4.7-Flash-BF16.gguf", "BF16"),
        ("GLM-4.5.i1-IQ3_XXS.gguf", "IQ3_XXS"),
        ("smol-IQ4_KSS/GLM-4.6-smol-IQ4_KSS-00001-of-00004.gguf", "smol-IQ4_KSS"),
        ("glm-4-9b-q4_k_m.gguf", "q4_k_m"),
        ("Q6_K/model.gguf", "Q6_K"),
        ("GLM-4.6-MXFP4_MOE.gguf", "MXFP4_MOE"),
        ("model.gguf", "model"),
    ],
)
def test_names(path: str, name: str) -> None:
    assert quantization_name(path) == name


def test_root_files_folders_and_shards() -> None:
    listed = [
        *files("GLM-4.6-UD-TQ1_0.gguf"),
        *shards("Q4_K_M/GLM-4.6-Q4_K_M", 5),
        *shards("zai-org_GLM-4.6-Q8_0/zai-org_GLM-4.6-Q8_0", 8),
    ]
    found = group(reversed(listed))
    assert [(one.name, one.size_bytes, one.offered) for one in found] == [
        ("UD-TQ1_0", 10, True),
        ("Q4_K_M", 50, True),
        ("Q8_0", 80, True),
    ]
    assert [file.path for file in found[1].files] == sorted(file.path for file in listed[1:6])


def test_an_incomplete_set_is_not_offered() -> None:
    (found,) = group(shards("Q4_K_M/GLM-4.6-Q4_K_M", 5, without=3))
    assert not found.offered
    assert found.problem == "1 of its 5 files are missing there."


@pytest.mark.parametrize("name", ["IQ4_KS", "IQ2_KL", "smol-IQ1_KT", "IQ5_K", "Q4_K_R4"])
def test_types_of_another_program_are_named(name: str) -> None:
    (found,) = group(files(f"GLM-4.6-{name}.gguf"))
    assert (found.name, found.problem) == (name, "Only ik_llama.cpp can load it.")


@pytest.mark.parametrize("name", ["IQ4_XS", "IQ3_XXS", "Q4_K_S", "Q2_K_L", "IQ4_NL", "UD-IQ1_M"])
def test_types_of_llama_cpp_are_offered(name: str) -> None:
    assert group(files(f"GLM-4.6-{name}.gguf"))[0].offered


def test_what_belongs_to_a_model_is_not_one() -> None:
    names = ("mmproj-F16.gguf", "GLM-4.6-imatrix.gguf", "GLM-4.6V-mmproj-BF16.gguf")
    assert group(files(*names)) == ()


def test_twins_are_told_apart() -> None:
    found = group(files("a/GLM-Q4_0.gguf", "b/GLM-Q4_0.gguf"))
    assert [one.name for one in found] == ["Q4_0 (a)", "Q4_0 (b)"]


def test_the_shipped_list() -> None:
    listed = shipped_catalogue().find("Unsloth/glm-4.6-gguf")
    assert listed is not None
    sizes = {file.quant: file for file in listed.files}
    assert sizes["Q4_K_M"].size_bytes == 216 * 10**9
    assert not sizes["Q4_K_M"].exact
    air = shipped_catalogue().of_model("GLM-4.5-Air")
    assert air is not None
    exact = {file.quant: file.size_bytes for file in air.files if file.exact}
    assert exact.get("Q4_K_M", 72_975_748_384) == 72_975_748_384
    assert shipped_catalogue().find("no/such") is None


def test_an_empty_list() -> None:
    assert group(()) == ()
    assert Quantization("Q4_0", ()).size_bytes == 0


def test_what_belongs_to_a_model_is_told_apart() -> None:
    listed = files(
        "mmproj-F16.gguf", "GLM-4.6.imatrix.gguf", "imatrix_unsloth.dat", "GLM-4.6-draft-Q8_0.gguf",
        "my-lora-F16.gguf", "ggml-vocab-glm4.gguf", "GLM-4.6-Q8_0.gguf",
    )  # fmt: skip
    assert [found.kind for found in companions(listed)] == [
        "projector", "imatrix", "imatrix", "draft", "lora", "vocabulary",
    ]  # fmt: skip
    assert [one.name for one in group(listed)] == ["Q8_0"]


def test_files_cut_into_pieces_are_named_and_not_offered() -> None:
    parts = files(*(f"GLM-4.6.i1-Q4_K_M.gguf.part{n}of3" for n in (1, 2, 3)))
    (found,) = group([*parts, *files("notes.txt")])
    assert (found.name, found.offered, len(found.files)) == ("Q4_K_M", False, 3)
    assert "joined" in found.problem


def test_weights_in_another_format_are_named_and_not_offered() -> None:
    found = group(files(
        "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "config.json",
        "original/pytorch_model.bin", "training_args.bin", "onnx/model.onnx", "GLM-4.6-Q8_0.gguf",
        "onnx/model.onnx_data", "model.safetensors.index.json",
    ))  # fmt: skip
    told = {one.name: (one.offered, len(one.files)) for one in found}
    assert told == {
        "Q8_0": (True, 1), "safetensors": (False, 2), "PyTorch": (False, 1), "ONNX": (False, 2),
    }  # fmt: skip
    assert all("other programs" in one.problem for one in found if not one.offered)


@pytest.mark.parametrize(
    ("repo", "day", "warned"),
    [
        ("unsloth/GLM-4.7-Flash-GGUF", 20, True),
        ("unsloth/GLM-4.7-Flash-GGUF", 21, False),
        ("unsloth/GLM-4.7-GGUF", 20, False),
    ],
)
def test_old_files_of_the_flash_model_carry_a_warning(repo: str, day: int, warned: bool) -> None:
    found = group(files("GLM-Q8_0.gguf", "GLM-Q4_0.gguf"))
    dates = {"GLM-Q8_0.gguf": datetime(2026, 1, day, tzinfo=UTC)}
    warnings = {one.name: one.warning for one in with_warnings(repo, found, dates)}
    assert bool(warnings["Q8_0"]) == warned
    assert warnings["Q4_0"] == "", "nothing is said of files whose age is not known"
