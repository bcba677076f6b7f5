"""Files become quantizations, however a repository lays them out."""

import pytest

from app.catalog.hub import RepoFile
from app.catalog.quantizations import Quantization, group, quantization_name
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
