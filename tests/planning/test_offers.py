"""What there is to plan with: files, folders, a Hub on loopback, and the list that ships."""

from pathlib import Path

import gguf
import pytest

from app.core.errors import KnownError
from app.planning.offers import (
    Offers,
    base_name,
    by_model,
    local_offers,
    remote_offers,
    shipped_offers,
    sibling_candidates,
)
from app.planning.shape import model_shape
from tests.catalog.hubs import COMMIT, hub
from tests.gguf.glm46 import GLM_4_9B, GLM_4_32B, GLM_46, SMALL_MOE
from tests.gguf.glm46 import write_model as write_sparse
from tests.models import write_model
from tests.planning.made import SIBLINGS, candidate, header_of

REPO = "owner/Tiny-GGUF"
Q8 = gguf.GGMLQuantizationType.Q8_0


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """A repository: one root file, a split one, an incomplete one, one for another program."""
    write_model(tmp_path / "Tiny-F32.gguf")
    write_model(tmp_path / "Tiny-Q8_0.gguf", quantization=Q8, split_max_tensors=10)
    split = sorted(tmp_path.glob("Tiny-Q8_0-*.gguf"))
    assert len(split) == 3
    return {
        "Tiny-F32.gguf": tmp_path / "Tiny-F32.gguf",
        **{f"Q8_0/{path.name}": path for path in split},
        "Q4_0/Tiny-Q4_0-00002-of-00002.gguf": split[0],
        "Tiny-IQ4_KS.gguf": split[1],
    }


def test_one_file(tmp_path: Path) -> None:
    path = write_sparse(tmp_path, SMALL_MOE, "Q4_K_M")
    (offer,) = local_offers(path).offers
    assert (offer.candidate.model, offer.candidate.quant) == ("Small MoE", "Q4_K_M")
    assert offer.candidate.exact
    assert offer.header is not None
    assert offer.location == str(path)


def test_any_shard_of_a_model(files: dict[str, Path]) -> None:
    shards = [path for name, path in files.items() if name.startswith("Q8_0/")]
    (offer,) = local_offers(shards[1]).offers
    assert offer.candidate.quant == "Q8_0"
    assert offer.location == str(shards[0])


def test_a_renamed_file_is_known_by_its_header(tmp_path: Path) -> None:
    path = write_sparse(tmp_path, SMALL_MOE, "Q6_K").rename(tmp_path / "my model.gguf")
    assert local_offers(path).offers[0].candidate.quant == "Q6_K"


def test_a_folder_of_models(tmp_path: Path) -> None:
    write_sparse(tmp_path, SMALL_MOE, "Q4_K_M")
    (tmp_path / "sub").mkdir()
    write_sparse(tmp_path / "sub", SMALL_MOE, "Q8_0", shards=3)
    (tmp_path / "broken-Q6_K.gguf").write_bytes(b"GGUF but not really")
    found = local_offers(tmp_path)
    assert [offer.candidate.quant for offer in found.offers] == ["Q4_K_M", "Q8_0"]
    assert [name for name, _ in found.refused] == ["Q6_K"]
    assert found.choose("q8_0").candidate.quant == "Q8_0"
    with pytest.raises(KnownError) as caught:
        found.choose("Q5_K_M")
    assert "It has: Q4_K_M, Q8_0." in str(caught.value)


def test_a_folder_without_models(tmp_path: Path) -> None:
    with pytest.raises(KnownError, match="holds no model that can be loaded"):
        local_offers(tmp_path)


def test_a_repository(monkeypatch: pytest.MonkeyPatch, files: dict[str, Path]) -> None:
    with hub(REPO, files) as (url, seen):
        monkeypatch.setenv("HF_ENDPOINT", url)
        told: list[tuple[int, int]] = []
        found = remote_offers(REPO, on_progress=lambda done, total: told.append((done, total)))
        assert sorted(told) == [(1, 2), (2, 2)]
        first = len(seen)
        again = remote_offers(REPO)
        assert len(seen) == first + 1, "headers come from the cache, by the files' digests"
    quants = {offer.candidate.quant: offer for offer in found.offers}
    assert set(quants) == {"F32", "Q8_0"}
    assert quants["Q8_0"].location.endswith(f"/resolve/{COMMIT}/Q8_0/Tiny-Q8_0-00001-of-00003.gguf")
    assert {offer.candidate.model for offer in found.offers} == {"Tiny"}
    assert dict(found.refused) == {
        "IQ4_KS": "Only ik_llama.cpp can load it.",
        "Q4_0": "1 of its 2 files are missing there.",
    }
    local = local_offers(files["Tiny-F32.gguf"]).offers[0]
    assert quants["F32"].candidate.shape == local.candidate.shape
    assert [o.candidate for o in again.offers] == [o.candidate for o in found.offers]


def test_one_quantization_of_a_repository(
    monkeypatch: pytest.MonkeyPatch, files: dict[str, Path]
) -> None:
    with hub(REPO, files) as (url, seen):
        monkeypatch.setenv("HF_ENDPOINT", url)
        (offer,) = remote_offers(REPO, "f32").offers
        assert offer.candidate.quant == "F32"
        assert not any("Q8_0" in path for path, _ in seen)
        with pytest.raises(KnownError) as caught:
            remote_offers(REPO, "Q3_K_M")
        assert "It has: Q8_0, F32." in str(caught.value)
        with pytest.raises(KnownError, match="Only ik_llama"):
            remote_offers(REPO, "IQ4_KS")


def test_without_a_connection_the_shipped_list_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    found = remote_offers("unsloth/GLM-4.6-GGUF")
    assert len(found.offers) == 18
    assert not any(offer.candidate.exact for offer in found.offers)
    assert "2026" in found.note
    assert "estimated" in found.note
    with pytest.raises(KnownError, match="cannot be reached"):
        remote_offers("someone/else-GGUF")


def test_shipped_files_of_another_program_are_not_offered() -> None:
    found = shipped_offers("ubergarm/GLM-4.6-GGUF")
    assert found is not None
    assert found.offers == ()
    assert "IQ4_KS" in dict(found.refused)


def test_published_dimensions_are_those_of_the_files() -> None:
    """The estimate of a listed file is close to its header."""
    listed = shipped_offers("unsloth/GLM-4.6-GGUF")
    assert listed is not None
    estimate = listed.choose("Q4_K_M").candidate.shape
    exact = model_shape(header_of(GLM_46))
    assert estimate.weights_bytes == pytest.approx(exact.weights_bytes, rel=0.02)
    assert [layer.key_elements for layer in estimate.layers] == [
        layer.key_elements for layer in exact.layers
    ]
    experts = sum(layer.expert_bytes for layer in exact.layers)
    assert sum(layer.expert_bytes for layer in estimate.layers) == pytest.approx(experts, rel=0.02)
    assert (estimate.heads, estimate.head_length) == (exact.heads, exact.head_length)


def test_smaller_models_of_the_family() -> None:
    found = sibling_candidates()
    assert list(dict.fromkeys(candidate.model for candidate in found)) == [m.name for m in SIBLINGS]
    assert all(
        {"Q4_K_M", "Q8_0"} <= {c.quant for c in found if c.model == m.name} for m in SIBLINGS
    )
    assert not any(candidate.exact for candidate in found)
    for model in SIBLINGS:
        listed = next(c for c in found if (c.model, c.quant) == (model.name, "Q4_K_M"))
        assert listed.size_bytes == pytest.approx(header_of(model).size_bytes, rel=0.1)


def test_a_folder_of_several_models_is_about_the_largest() -> None:
    small, large = candidate(GLM_4_9B, "Q8_0"), candidate(GLM_46, "UD-TQ1_0")
    middle = candidate(GLM_4_32B, "Q4_K_M")
    assert by_model([small, middle, large]) == ([large], [middle, small])
    assert by_model([]) == ([], [])


def test_names_of_models() -> None:
    assert base_name("unsloth/GLM-4.6-GGUF") == "GLM-4.6"
    assert base_name("bartowski/zai-org_GLM-4.6-GGUF") == "GLM-4.6"
    assert base_name("owner/Some_Model-gguf") == "Some_Model"


def test_nothing_to_choose_from() -> None:
    with pytest.raises(KnownError, match="does not offer Q4_0"):
        Offers("x", ()).choose("Q4_0")
