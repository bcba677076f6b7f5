"""When Python is offered, and how its results are told."""

import signal
import sys
from pathlib import Path

import pytest

from app.core.cancel import CancelToken
from app.tools.python_code import run_python
from app.tools.python_code.files import Made
from app.tools.python_code.run_python import PythonTool, told
from app.tools.python_code.sandbox import Limits, Ran
from app.tools.schema import problems
from app.tools.tool import ToolFailure

linux = pytest.mark.skipif(sys.platform != "linux", reason="there is a sandbox on Linux only")


@pytest.mark.parametrize(
    ("platform", "system"), [("darwin", "macOS"), ("win32", "Windows"), ("sunos5", "sunos5")]
)
def test_elsewhere_it_is_refused_with_the_reason(platform: str, system: str) -> None:
    tool = PythonTool(platform=platform)
    assert tool.unavailable() == (
        f"Running Python needs a sandbox, which this program has on Linux only, not on {system}."
    )
    tool.prepare(CancelToken())
    with pytest.raises(ToolFailure, match="on Linux only"):
        tool.tools()[0].run({"code": "print(1)"}, CancelToken())


@linux
def test_without_bubblewrap_it_says_what_to_install() -> None:
    tool = PythonTool(find=lambda: None)
    assert "Install the package “bubblewrap”" in tool.unavailable()
    assert tool.tools()[0].unavailable() == tool.unavailable()
    with pytest.raises(ToolFailure, match="not installed"):
        tool.tools()[0].run({"code": "print(1)"}, CancelToken())


def test_on_another_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_python, "known_machine", lambda: False)
    assert "not made for this processor" in PythonTool(platform="linux").unavailable()


def _bubblewrap(tmp_path: Path, script: str) -> PythonTool:
    path = tmp_path / "bwrap"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return PythonTool(find=lambda: str(path))


@linux
def test_a_system_that_allows_no_sandbox(tmp_path: Path) -> None:
    tool = _bubblewrap(tmp_path, "echo 'bwrap: No permissions to create a namespace' >&2; exit 1")
    assert tool.unavailable() == ""
    tool.prepare(CancelToken())
    assert "does not let bubblewrap make a sandbox" in tool.unavailable()
    assert "No permissions to create a namespace" in tool.unavailable()


@linux
def test_it_is_tried_once(tmp_path: Path) -> None:
    tool = _bubblewrap(tmp_path, f"echo x >> {tmp_path}/tried; echo 42")
    tool.prepare(CancelToken())
    tool.prepare(CancelToken())
    assert tool.unavailable() == ""
    assert (tmp_path / "tried").read_text() == "x\n"


@linux
def test_one_that_was_installed_meanwhile_is_found(tmp_path: Path) -> None:
    path = tmp_path / "bwrap"
    tool = PythonTool(find=lambda: str(path) if path.exists() else None)
    assert "not installed" in tool.unavailable()
    path.write_text("#!/bin/sh\necho 42\n")
    path.chmod(0o755)
    tool.prepare(CancelToken())
    assert tool.unavailable() == ""


@linux
def test_a_system_that_was_changed_is_tried_again(tmp_path: Path) -> None:
    tool = _bubblewrap(tmp_path, "exit 1")
    tool.prepare(CancelToken())
    (tmp_path / "bwrap").write_text("#!/bin/sh\necho 42\n")
    tool.prepare(CancelToken())
    assert "does not let bubblewrap" in tool.unavailable()
    tool.forget()
    tool.prepare(CancelToken())
    assert tool.unavailable() == ""


@linux
def test_nothing_runs_where_the_sandbox_was_refused(tmp_path: Path) -> None:
    tool = _bubblewrap(tmp_path, f"echo x >> {tmp_path}/ran; exit 1")
    with pytest.raises(ToolFailure, match="does not let bubblewrap"):
        tool.tools()[0].run({"code": "print(1)"}, CancelToken())
    assert (tmp_path / "ran").read_text() == "x\n"  # the trial alone


@linux
def test_a_bubblewrap_that_is_broken(tmp_path: Path) -> None:
    (tmp_path / "bwrap").write_bytes(b"\x7fELF broken")
    (tmp_path / "bwrap").chmod(0o755)
    tool = PythonTool(find=lambda: str(tmp_path / "bwrap"))
    tool.prepare(CancelToken())
    assert "Exec format error" in tool.unavailable()


def test_a_program_that_ended_well() -> None:
    assert told(Ran("42\n", "", 0, 0.031), Limits()) == (
        "The program ended after 31 ms.\n\nOutput:\n42"
    )


def test_a_program_that_said_nothing() -> None:
    assert "It printed nothing" in told(Ran("", "", 0, 1.0), Limits())


@pytest.mark.parametrize(
    ("ran", "words"),
    [
        (Ran("", "x", 1, 1.0), "ended with an error (exit status 1)"),
        (Ran("", "", 200, 1.0), "ended with an error (exit status 200)"),
        (Ran("", "", 128 + int(signal.SIGSEGV), 1.0), "crashed (SIGSEGV)"),
        (Ran("", "", 152, 1.0), "it computed for more than 15 s"),
        (
            Ran("", "", 137, 1.0, "it took longer than 20 s"),
            "was stopped: it took longer than 20 s.",
        ),
    ],
)
def test_other_ends(ran: Ran, words: str) -> None:
    assert words in told(ran, Limits())


def test_small_text_files_are_shown_and_others_named() -> None:
    files = (
        Made("a.csv", 4, "1,2\n"),
        Made("b.png", 2_500_000),
        *(Made(f"c{number:02}", 1, "x") for number in range(40)),
    )
    text = told(Ran("", "", 0, 1.0, "", files), Limits())
    assert "- a.csv (4 bytes)\n  1,2\n- b.png (2.5 MB)\n- c00 (1 bytes)\n  x\n" in text
    assert text.endswith("- and 12 more")
    assert text.count("\n  x") == 2


def test_who_allows_it_sees_all_of_it() -> None:
    tool = PythonTool().tools()[0]
    code = "\n".join(f"line {number}" for number in range(500))
    assert tool.describe({"code": code})[1:] == tuple(code.splitlines())
    assert problems({"code": "x" * 30_001}, tool.spec.parameters)
    assert problems({"code": ""}, tool.spec.parameters)
    assert tool.effect == "runs code"
