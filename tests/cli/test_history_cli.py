"""`glm-launcher history`: everything about saved chats without a window."""

import argparse
import json
from pathlib import Path

import pytest

from app import cli_history
from app.core import paths
from app.core.errors import KnownError
from tests.chat.importing import samples
from tests.chat.store.helpers import done, opened


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    cli_history.add_parser(parser.add_subparsers())
    parsed = parser.parse_args(["history", *arguments])
    status = parsed.run(parsed)
    assert isinstance(status, int)
    return status


@pytest.fixture
def export(tmp_path: Path) -> Path:
    path = tmp_path / "conversations.json"
    path.write_text(json.dumps([samples.CHATGPT, {"title": "Odd", "mapping": {}}]), "utf-8")
    return path


def test_import_list_search_export_and_check(
    export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("list") == 0
    assert "No chats are saved." in capsys.readouterr().out
    assert run("import", str(export)) == 0
    printed = capsys.readouterr()
    assert "1 new chat, 0 known already." in printed.out
    assert "Left out: Odd: There are no messages in it." in printed.err
    assert run("list") == 0
    assert "Prime numbers" in capsys.readouterr().out
    assert run("search", "91 pri") == 0
    assert "Is 91 prime?" in capsys.readouterr().out
    assert run("search", "zebra") == 1
    assert run("check") == 0
    assert "in order: 1 chat." in capsys.readouterr().out
    target = tmp_path / "all.zip"
    assert run("export", str(target)) == 0
    assert run("import", str(target)) == 0
    assert "0 new chats, 1 known already." in capsys.readouterr().out


def test_one_chat_as_markdown(export: Path, tmp_path: Path) -> None:
    run("import", str(export))
    with opened(paths.chats_dir()) as store:
        (head,) = store.read.conversations()
    target = tmp_path / "chat.md"
    assert run("export", str(target), "--chat", str(head.id), "--as", "markdown") == 0
    assert "No: 7 × 13." in target.read_text(encoding="utf-8")


def test_a_title_cannot_command_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with opened(paths.chats_dir()) as store:
        done(store.conversations.create("red \x1b[31m \u202eback"))
    run("list")
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\u202e" not in out


def test_while_the_window_is_open_chats_are_read_and_not_written(
    export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with opened(paths.chats_dir()) as store:
        done(store.conversations.create("Open in the window"))
        assert run("list") == 0
        printed = capsys.readouterr()
        assert "Open in the window" in printed.out
        assert "another window" in printed.err
        with pytest.raises(KnownError):
            run("import", str(export))
