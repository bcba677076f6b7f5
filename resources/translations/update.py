"""Collects what the program says into the .ts files and makes the .qm files that it reads.

    python3 resources/translations/update.py            collect, then make
    python3 resources/translations/update.py --make     make only

New sentences stand in the .ts files as unfinished: translate them there (with Qt Linguist or by
hand) and make again. Sentences that nobody says any more are dropped. What the window shows of
cards.json is collected too; it goes through `tr` where it is shown.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import PySide6

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
LANGUAGES = ("zh_CN",)
CARDS = FOLDER.parent / "cards.json"
# Names of models and of tests stay as they are.
_SHOWN = {"about", "tags", "remarks", "title", "note", "use", "kind", "attention"}


def main(arguments: list[str]) -> None:
    """Needs the program's environment: lupdate and lrelease come with PySide6."""
    if "--make" not in arguments:
        collect(FOLDER)
    make(FOLDER)


def collect(folder: Path) -> None:
    """Bring the .ts files there up to date with the code."""
    sources = sorted(str(path) for path in (ROOT / "app").rglob("*.py"))
    with tempfile.TemporaryDirectory() as temporary:
        cards = Path(temporary) / "cards.py"
        lines = [f"mark({json.dumps(text)})\n" for text in card_texts(CARDS.read_text("utf-8"))]
        cards.write_text("".join(lines), encoding="utf-8")
        _collect(folder, [*sources, str(cards)])


def card_texts(text: str) -> tuple[str, ...]:
    """Everything in cards.json that people read, each once."""
    cards = json.loads(text)
    found = [*cards["sources"].values()]
    for model in cards["models"]:
        found += _shown(model)
    return tuple(dict.fromkeys(filter(None, found)))


def _shown(value: object, key: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _shown(part, name)
    elif isinstance(value, list):
        for part in value:
            yield from _shown(part, key)
    elif isinstance(value, str) and key in _SHOWN:
        yield value


def _collect(folder: Path, sources: list[str]) -> None:
    for file in _files(folder, ".ts"):
        _run(
            "lupdate",
            "-silent",
            "-no-obsolete",
            "-locations",
            "none",
            "-tr-function-alias",
            "tr+=mark",
            "-source-language",
            "en",
            "-target-language",
            file.stem.removeprefix("glm-launcher_"),
            *sources,
            "-ts",
            str(file),
        )


def make(folder: Path) -> None:
    """The .qm files beside the .ts files."""
    for file in _files(folder, ".ts"):
        _run("lrelease", "-silent", "-nounfinished", str(file), "-qm", str(file.with_suffix(".qm")))


def _files(folder: Path, suffix: str) -> list[Path]:
    return [folder / f"glm-launcher_{language}{suffix}" for language in LANGUAGES]


def _run(tool: str, *arguments: str) -> None:
    subprocess.run([str(Path(PySide6.__file__).parent / tool), *arguments], check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
