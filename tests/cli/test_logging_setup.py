import logging
import sys
import threading
from pathlib import Path

import pytest

from app.logging_setup import LOG_NAME, logging_to


def test_what_is_logged_is_in_the_file(tmp_path: Path) -> None:
    with logging_to(tmp_path / "new" / "log") as warning:
        assert warning == ""
        logging.getLogger("app.test").info("läuft")
    assert "läuft" in (tmp_path / "new" / "log" / LOG_NAME).read_text(encoding="utf-8")


def test_everything_is_as_before_afterwards(tmp_path: Path) -> None:
    root = logging.getLogger()
    before = (list(root.handlers), root.level, sys.excepthook, threading.excepthook)
    with logging_to(tmp_path):
        assert len(root.handlers) == len(before[0]) + 1
    assert (list(root.handlers), root.level, sys.excepthook, threading.excepthook) == before


def test_what_nobody_caught_is_in_the_file(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), logging_to(tmp_path):
        raise ZeroDivisionError("the very error")
    text = (tmp_path / LOG_NAME).read_text(encoding="utf-8")
    assert "Traceback" in text
    assert "the very error" in text


def test_what_a_thread_did_not_catch_is_in_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise ValueError("in a thread")

    with logging_to(tmp_path):
        thread = threading.Thread(target=fail, name="unlucky")
        thread.start()
        thread.join()
    assert "in a thread" in (tmp_path / LOG_NAME).read_text(encoding="utf-8")
    assert "in a thread" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_told_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with logging_to(tmp_path / "file" / "log") as warning:
        assert "No log can be written" in warning
