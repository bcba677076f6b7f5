"""What the documents name is there: commands, pictures, files."""

import re
import shlex
from pathlib import Path

import pytest

from app.cli import build_parser

_ROOT = Path(__file__).parents[2]
_README = (_ROOT / "README.md").read_text(encoding="utf-8")
_ARCHITECTURE = (_ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
_OF_THE_LAUNCHER = ("test", "bench", "--engine", "--help")


def _commands() -> list[list[str]]:
    """Without what is said about them, two blanks further on, or at their end."""
    found = []
    for line in re.findall(r"^python3 launch\.py (.+)$", _README, re.MULTILINE):
        command = re.split(r"\s{2,}| [<>] ", line)[0]
        arguments = shlex.split(command)
        if arguments[0] not in _OF_THE_LAUNCHER:
            found.append(arguments)
    return found


@pytest.mark.parametrize("arguments", _commands(), ids=" ".join)
def test_commands_of_the_readme_are_understood(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        build_parser().parse_args(arguments)
    except SystemExit:
        pytest.fail(capsys.readouterr().err)


def test_the_readme_has_commands() -> None:
    assert len(_commands()) > 10


def test_pictures_of_the_readme_are_there_and_no_others() -> None:
    named = set(re.findall(r"docs/images/([a-z0-9-]+\.png)", _README))
    assert named == {path.name for path in (_ROOT / "docs" / "images").iterdir()}


def test_files_that_the_documents_name_are_there() -> None:
    named = re.findall(r"`((?:app|docs|installer|resources|tests)/[\w./]+)`", _ARCHITECTURE)
    named += re.findall(r"\]\(((?!http)[\w./-]+)\)", _README + _ARCHITECTURE)
    assert len(named) > 40
    assert [name for name in named if not (_ROOT / name).exists()] == []
