"""Deleting frees what it says, asks twice for what is not ours, and leaves caches whole."""

import os
from pathlib import Path

import pytest

from app.core.errors import KnownError
from app.downloads.part_file import PartFile
from app.library.library import Library
from app.library.remove import ForeignError, NoTrashError
from app.library.types import Source
from tests.library.trees import (
    OLDER,
    Trash,
    gguf,
    hub,
    hub_file,
    journal,
    ollama_model,
    only,
    own,
    put,
    sha256,
    shard_files,
)


@pytest.fixture
def trash(tmp_path: Path) -> Trash:
    return Trash(tmp_path / "trash")


def shelf(tmp_path: Path, trash: Trash, *sources: Source) -> Library:
    return Library(lambda: sources, tmp_path / "cache.json", tmp_path / "records.json", trash=trash)


def test_our_own_go_to_the_trash_after_one_question(tmp_path: Path, trash: Trash) -> None:
    models = tmp_path / "m"
    for name, data in shard_files("A-Q2_K").items():
        put(models / "Q2_K" / name, data)
    put(models / "B-Q4_0.gguf", gguf())
    library = shelf(tmp_path, trash, own(models))
    model = next(one for one in library.scan().models if one.model == "A")
    removal = library.plan_removal(model)
    assert (removal.frees_bytes, removal.question, removal.kept) == (model.size_bytes, "", "")
    removed = library.delete(removal)
    assert removed.to_trash
    assert len(trash.names) == 3
    assert not (models / "Q2_K").exists()
    assert only(library.snapshot).model == "B"
    assert only(library.scan()).model == "B"


def test_files_of_others_need_a_second_question(tmp_path: Path, trash: Trash) -> None:
    path = put(tmp_path / "m" / "a" / "b" / "A-Q4_0.gguf", gguf())
    library = shelf(tmp_path, trash, Source("lm-studio", "LM Studio", tmp_path / "m"))
    removal = library.plan_removal(only(library.scan()))
    assert removal.question == "These files belong to LM Studio, which will no longer find them."
    with pytest.raises(ForeignError):
        library.delete(removal)
    with pytest.raises(ForeignError):
        library.delete(removal, permanently=True)
    assert path.exists()
    library.delete(removal, confirmed_foreign=True)
    assert not path.exists()
    assert (tmp_path / "m").exists()


def test_without_a_trash_deleting_for_good_is_asked_for(tmp_path: Path, trash: Trash) -> None:
    path = put(tmp_path / "m" / "A-Q4_0.gguf", gguf())
    trash.full = True
    library = shelf(tmp_path, trash, own(tmp_path / "m"))
    removal = library.plan_removal(only(library.scan()))
    with pytest.raises(NoTrashError, match="cannot be moved to the trash"):
        library.delete(removal)
    assert path.exists()
    assert not library.delete(removal, permanently=True).to_trash
    assert not path.exists()


def test_the_cache_stays_whole(tmp_path: Path, trash: Trash) -> None:
    cache, data = tmp_path / "hub", gguf()
    hub_file(cache, "o/A-GGUF", "Q4/A-Q4_0.gguf", data)
    other = hub_file(cache, "o/A-GGUF", "A-Q8_0.gguf", gguf("B"))
    library = shelf(tmp_path, trash, hub(cache))
    model = next(one for one in library.scan().models if one.quantization == "Q4_0")
    removal = library.plan_removal(model)
    assert removal.frees_bytes == len(data)
    library.delete(removal, confirmed_foreign=True)
    repo = cache / "models--o--A-GGUF"
    assert [path.name for path in (repo / "blobs").iterdir()] == [sha256(gguf("B"))]
    assert other.exists()
    assert not other.parent.joinpath("Q4").exists()
    assert (repo / "refs" / "main").exists()
    library.delete(library.plan_removal(only(library.scan())), confirmed_foreign=True)
    assert not repo.exists()
    assert cache.exists()


def test_blobs_of_other_snapshots_are_kept_and_not_counted(tmp_path: Path, trash: Trash) -> None:
    cache, data = tmp_path / "hub", gguf()
    for commit in (OLDER, "c" * 40):
        hub_file(cache, "o/A-GGUF", "A-Q4_0.gguf", data, commit)
    library = shelf(tmp_path, trash, hub(cache))
    removal = library.plan_removal(only(library.scan()))
    assert removal.frees_bytes == 0
    assert "stay, because something else uses the same data" in removal.kept
    library.delete(removal, confirmed_foreign=True)
    assert (cache / "models--o--A-GGUF" / "blobs" / sha256(data)).exists()
    assert only(library.scan()).size_bytes == len(data)


def test_hard_links_free_nothing(tmp_path: Path, trash: Trash) -> None:
    path = put(tmp_path / "m" / "A-Q4_0.gguf", gguf())
    os.link(path, tmp_path / "elsewhere.gguf")
    library = shelf(tmp_path, trash, own(tmp_path / "m"))
    removal = library.plan_removal(only(library.scan()))
    assert removal.frees_bytes == 0
    assert "have another name elsewhere" in removal.kept


def test_a_link_out_takes_only_itself_away(tmp_path: Path, trash: Trash) -> None:
    target = put(tmp_path / "x" / "y.gguf", gguf())
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "A-Q4_0.gguf").symlink_to(target)
    library = shelf(tmp_path, trash, own(tmp_path / "m"))
    removal = library.plan_removal(only(library.scan()))
    assert removal.frees_bytes == 0
    library.delete(removal)
    assert target.exists()
    assert library.scan().models == ()


def test_ollama_blobs_go_when_no_other_manifest_names_them(tmp_path: Path, trash: Trash) -> None:
    root, data = tmp_path / "o", gguf()
    blob = ollama_model(root, "registry.ollama.ai/library/glm4/9b", data)
    ollama_model(root, "registry.ollama.ai/library/glm4/latest", data)
    library = shelf(tmp_path, trash, Source("ollama", "Ollama", root))
    removal = library.plan_removal(only(library.scan()))
    assert removal.frees_bytes == 0
    library.delete(removal, confirmed_foreign=True)
    assert blob.exists()
    removal = library.plan_removal(only(library.scan()))
    assert removal.frees_bytes >= len(data)
    library.delete(removal, confirmed_foreign=True)
    assert list((root / "blobs").iterdir()) == []
    assert library.scan().models == ()


def test_a_partial_goes_with_its_journal(tmp_path: Path, trash: Trash) -> None:
    part = put(tmp_path / "m" / "A-Q4_0.gguf.glm-part", b"x" * 100)
    journal(part, "o/A", "A-Q4_0.gguf", 1000, 100, "a" * 64)
    library = shelf(tmp_path, trash, own(tmp_path / "m"))
    library.delete(library.plan_removal(only(library.scan())))
    assert list((tmp_path / "m").iterdir()) == []


def test_projectors_go_with_the_last_model_beside_them(tmp_path: Path, trash: Trash) -> None:
    models = tmp_path / "m"
    for quantization in ("Q4_0", "Q8_0"):
        put(models / f"A-{quantization}.gguf", gguf(quantization))
    projector = put(models / "mmproj-A.gguf", gguf("p"))
    library = shelf(tmp_path, trash, own(models))
    first, second = library.scan().models
    library.delete(library.plan_removal(first))
    assert projector.exists()
    library.delete(library.plan_removal(second))
    assert not projector.exists()


def test_a_loaded_model_is_refused(tmp_path: Path, trash: Trash) -> None:
    path = put(tmp_path / "m" / "A-Q4_0.gguf", gguf())
    library = shelf(tmp_path, trash, own(tmp_path / "m"))
    model = only(library.scan())
    removal = library.plan_removal(model)
    library.note_used(path)
    with pytest.raises(KnownError, match="is loaded and cannot be deleted now"):
        library.plan_removal(model)
    with pytest.raises(KnownError, match="is loaded"):
        library.delete(removal)
    with pytest.raises(KnownError, match="is loaded and cannot be repaired"):
        library.repair(model)
    library.note_unloaded()
    library.delete(removal)


def test_what_has_gone_meanwhile_is_no_trouble(tmp_path: Path, trash: Trash) -> None:
    path = put(tmp_path / "m" / "A-Q4_0.gguf", gguf())
    library = shelf(tmp_path, trash, own(tmp_path / "m"))
    model = only(library.scan())
    removal = library.plan_removal(model)
    path.unlink()
    assert library.delete(removal).freed_bytes == len(gguf())
    assert library.plan_removal(model).frees_bytes == 0


def test_a_running_download_is_not_deleted(tmp_path: Path, trash: Trash) -> None:
    part = put(tmp_path / "m" / "A-Q4_0.gguf.glm-part", b"x" * 100)
    journal(part, "o/A", "A-Q4_0.gguf", 1000, 100, "a" * 64)
    library = shelf(tmp_path, trash, own(tmp_path / "m"))
    model = only(library.scan())
    running = PartFile(part)
    try:
        with pytest.raises(KnownError, match="is being downloaded"):
            library.plan_removal(model)
    finally:
        running.close()
    library.delete(library.plan_removal(model))
    assert not part.exists()
