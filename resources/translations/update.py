"""Collects what the program says into the .ts files and makes the .qm files that it reads.

    python3 resources/translations/update.py            collect, then make
    python3 resources/translations/update.py --make     make only

New sentences stand in the .ts files as unfinished: translate them there (with Qt Linguist or by
hand) and make again. Sentences that nobody says any more are dropped.
"""

import subprocess
import sys
from pathlib import Path

import PySide6

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
LANGUAGES = ("zh_CN",)


def main(arguments: list[str]) -> None:
    """Needs the program's environment: lupdate and lrelease come with PySide6."""
    if "--make" not in arguments:
        collect(FOLDER)
    make(FOLDER)


def collect(folder: Path) -> None:
    """Bring the .ts files there up to date with the code."""
    sources = sorted(str(path) for path in (ROOT / "app").rglob("*.py"))
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
