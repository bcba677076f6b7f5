"""`glm-launcher list`, `verify` and `remove`: names, tables, JSON, exit codes."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from app import bootstrap
from app.cli import run
from app.core.errors import KnownError
from app.library.library import Library
from app.library.names import find_model, short_names
from app.library.types import Source
from tests.library.trees import Trash, folder, gguf, hub, hub_file, own, put, shard_files


class Shelf:
    def __init__(self, tmp_path: Path) -> None:
        self.tmp_path = tmp_path
        self.trash = Trash(tmp_path / "trash")
        self.sources: tuple[Source, ...] = (
            own(tmp_path / "own"),
            hub(tmp_path / "hub"),
            Source("lm-studio", "LM Studio", tmp_path / "lm"),
        )

    def open(self) -> Library:
        def no_hub(repo: str, _: str | None) -> tuple[()]:
            raise KnownError(f"{repo} cannot be reached.")

        return Library(
            lambda: self.sources,
            self.tmp_path / "cache.json",
            self.tmp_path / "records.json",
            trash=self.trash,
            list_files=no_hub,
        )


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    made = Shelf(tmp_path)
    monkeypatch.setattr(bootstrap, "open_library", made.open)
    return made


@pytest.mark.usefixtures("shelf")
def test_an_empty_list_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list"]) == 0
    assert "glm-launcher download" in capsys.readouterr().out
    assert run(["verify", "--all"]) == 0


def test_the_list(shelf: Shelf, capsys: pytest.CaptureFixture[str]) -> None:
    hub_file(shelf.tmp_path / "hub", "o/GLM-GGUF", "GLM-4.6-Q4_0.gguf", gguf())
    put(shelf.tmp_path / "lm" / "a" / "b" / "GLM-4.6-Q4_0.gguf", gguf("other"))
    files = shard_files("GLM-Q2_K")
    for name in list(files)[:2]:
        put(shelf.tmp_path / "own" / name, files[name])
    shelf.sources += (folder(shelf.tmp_path / "gone"),)
    assert run(["list"]) == 0
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert lines[0].split() == ["NAME", "SIZE", "WHERE", "LAST", "USED", "STATE"]
    assert lines[1].startswith("GLM-Q2_K ")
    assert "1 of its 3 files is missing: GLM-Q2_K-00003-of-00003.gguf." in lines[1]
    assert lines[2].startswith("GLM-4.6-Q4_0@hub-cache")
    assert lines[3].startswith("GLM-4.6-Q4_0@lm-studio")
    assert lines[4].startswith("3 in all, ")
    assert "is not there" in captured.err
    assert run(["list", "--json"]) == 0
    value: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert [model["state"] for model in value["models"]] == ["partial", "complete", "complete"]
    assert value["models"][1]["repository"] == "o/GLM-GGUF"
    assert value["models"][0]["path"] is None


def test_verify(shelf: Shelf, capsys: pytest.CaptureFixture[str]) -> None:
    path = hub_file(shelf.tmp_path / "hub", "o/GLM-GGUF", "GLM-4.6-Q4_0.gguf", gguf())
    put(shelf.tmp_path / "own" / "Other-Q8_0.gguf", gguf())
    assert run(["verify", "glm-4.6-q4_0"]) == 0
    assert capsys.readouterr().out.startswith("ok  GLM-4.6 Q4_0: Every byte")
    assert run(["verify", "other"]) == 0
    assert "only the structure" in capsys.readouterr().out
    assert run(["list"]) == 0
    out = capsys.readouterr().out
    assert "verified" in out
    assert "structure checked" in out
    path.resolve().write_bytes(gguf()[:-1] + b"x")
    assert run(["verify", str(path)]) == 1
    assert capsys.readouterr().out.startswith("FAILED  GLM-4.6 Q4_0")
    assert run(["verify", "--all", "--json"]) == 1
    results = json.loads(capsys.readouterr().out)
    assert [result["verified"] for result in results] == ["structure", None]
    assert results[1]["wrong"][0]["expected_sha256"] == path.resolve().name
    assert run(["verify", "GLM-4.6-Q4_0", "--repair"]) == 1
    assert "cannot be reached" in capsys.readouterr().err


def test_verify_takes_any_file(shelf: Shelf, capsys: pytest.CaptureFixture[str]) -> None:
    path = put(shelf.tmp_path / "elsewhere" / "x.gguf", gguf())
    assert run(["verify", str(path)]) == 0
    put(path, gguf()[:-9000])
    assert run(["verify", str(path)]) == 1
    assert "is not complete" in capsys.readouterr().out
    text = put(shelf.tmp_path / "elsewhere" / "x.txt", b"")
    assert run(["verify", str(text)]) == 1
    assert run(["verify"]) == 2


def test_names_that_fit_none_or_several(shelf: Shelf, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["verify", "x"]) == 1
    assert "no model on this computer" in capsys.readouterr().err
    for quantization in ("Q4_0", "Q8_0"):
        put(shelf.tmp_path / "own" / f"GLM-{quantization}.gguf", gguf(quantization))
    assert run(["remove", "GLM"]) == 1
    assert "GLM-Q4_0, GLM-Q8_0" in capsys.readouterr().err
    assert run(["remove", "Llama"]) == 1
    assert "There are: GLM-Q4_0, GLM-Q8_0." in capsys.readouterr().err


def test_remove(shelf: Shelf, capsys: pytest.CaptureFixture[str]) -> None:
    path = put(shelf.tmp_path / "own" / "GLM-Q4_0.gguf", gguf())
    assert run(["remove", "GLM-Q4_0"]) == 1  # nobody to ask
    assert "--yes" in capsys.readouterr().err
    assert path.exists()
    assert run(["remove", "GLM-Q4_0", "--yes"]) == 0
    captured = capsys.readouterr()
    assert "frees" in captured.err
    assert "in the trash" in captured.out
    assert not path.exists()


def test_remove_of_foreign_files_and_without_a_trash(
    shelf: Shelf, capsys: pytest.CaptureFixture[str]
) -> None:
    path = put(shelf.tmp_path / "lm" / "a" / "b" / "GLM-Q4_0.gguf", gguf())
    assert run(["remove", "GLM-Q4_0", "--yes"]) == 1
    assert "belong to LM Studio" in capsys.readouterr().err
    shelf.trash.full = True
    assert run(["remove", "GLM-Q4_0", "--yes", "--foreign"]) == 1
    assert "--permanently" in capsys.readouterr().err
    assert path.exists()
    assert run(["remove", "GLM-Q4_0", "--yes", "--foreign", "--permanently"]) == 0
    assert "are free again" in capsys.readouterr().out
    assert not path.exists()
    put(path, gguf())
    command = ["remove", "GLM-Q4_0", "--yes", "--foreign", "--permanently", "--json"]
    assert run(command) == 0
    value = json.loads(capsys.readouterr().out)
    assert (value["files"], value["to_trash"]) == ([str(path)], False)
    assert value["freed_bytes"] == len(gguf())


def test_short_names_are_unique(shelf: Shelf) -> None:
    for place in ("own/a", "own/b", "lm/a/b"):
        put(shelf.tmp_path / place / "GLM-Q4_0.gguf", gguf(place))
    models = shelf.open().scan().models
    names = short_names(models)
    assert sorted(names.values()) == [
        "GLM-Q4_0@lm-studio",
        "GLM-Q4_0@own",
        "GLM-Q4_0@own~2",
    ]
    for model in models:
        assert find_model(models, names[model.key]) is model


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_on_a_terminal(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    hub_file(shelf.tmp_path / "hub", "o/GLM-GGUF", "GLM-4.6-Q4_0.gguf", gguf())
    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    assert run(["verify", "GLM-4.6-Q4_0"]) == 0
    drawn = screen.getvalue()
    assert "Looking at 0 of 1 models" in drawn
    assert "100% of 94." in drawn
    assert drawn.endswith("\r\x1b[K")
    monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    assert run(["remove", "GLM-4.6-Q4_0", "--foreign"]) == 1
    assert "Move to the trash? [y/N]" in screen.getvalue()
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    assert run(["remove", "GLM-4.6-Q4_0", "--foreign"]) == 0
