"""The child processes: a driver that hangs, crashes or chatters takes nothing but its child."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from app.hardware.children import ChildAnswer, child_environment, module_command
from app.hardware.children import ask_child as really_ask_child
from app.hardware.codec import from_json
from app.hardware.nvml import NvmlReport
from app.hardware.sources import NVML_COMMAND, real_sources

ENVIRON = child_environment(os.environ)


def ask_child(
    command: Sequence[str], environ: Mapping[str, str], deadline_seconds: float = 60.0
) -> ChildAnswer:
    """With time enough for a child on a busy machine."""
    return really_ask_child(command, environ, deadline_seconds)


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def test_the_last_line_is_the_answer() -> None:
    answer = ask_child(python("print('WARNING: a banner'); print('[1, 2]')"), ENVIRON)
    assert (answer.status, answer.value) == ("ok", [1, 2])


def test_a_child_that_hangs_is_killed_and_said_so() -> None:
    code = "import threading; threading.Event().wait()"
    answer = ask_child(python(code), ENVIRON, deadline_seconds=0.3)
    assert answer.status == "timed out"
    assert "No answer" in answer.error


@pytest.mark.skipif(not hasattr(os, "abort"), reason="no abort")
def test_a_child_that_crashes() -> None:
    answer = ask_child(python("import os; os.abort()"), ENVIRON)
    assert answer.status == "crashed"
    assert "SIGABRT" in answer.error


@pytest.mark.parametrize("code", ["print('nonsense')", "print()", "print('[' * 100000)"])
def test_an_answer_that_is_no_json(code: str) -> None:
    assert ask_child(python(code), ENVIRON).status == "failed"


def test_a_child_that_fails_says_why() -> None:
    answer = ask_child(python("import sys; sys.exit('no such driver')"), ENVIRON)
    assert answer.status == "failed"
    assert "no such driver" in answer.error


def test_a_program_that_is_not_there() -> None:
    assert ask_child(("/nonexistent/program",), ENVIRON).status == "failed"


def test_folders_of_stub_libraries_are_left_out() -> None:
    environ = {"LD_LIBRARY_PATH": "/usr/local/cuda/lib64/stubs:/opt/lib", "PYTHONPATH": "/x"}
    result = child_environment(environ)
    assert result["LD_LIBRARY_PATH"] == "/opt/lib"
    assert result["PYTHONPATH"].split(os.pathsep)[-1] == "/x"
    assert "LD_LIBRARY_PATH" not in child_environment({})


def fake_pynvml(folder: Path, body: str) -> dict[str, str]:
    """A package that goes by pynvml's name, in the child only."""
    (folder / "pynvml.py").write_text(body, encoding="utf-8")
    root = child_environment({})["PYTHONPATH"]
    return {**ENVIRON, "PYTHONPATH": os.pathsep.join((str(folder), root))}


ONE_CARD = """
from tests.hardware.fake_nvml import FakeNvml, NVMLError, card
print("WARNING: You should always run with libnvidia-ml.so that is installed with your driver")
_fake = FakeNvml([card("NVIDIA T4", total=16 << 30, bus="0000:00:1e.0")])
def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return getattr(_fake, name)
"""


def test_the_probe_process_from_end_to_end(tmp_path: Path) -> None:
    answer = ask_child(NVML_COMMAND, fake_pynvml(tmp_path, ONE_CARD))
    assert answer.status == "ok", answer.error
    report = from_json(NvmlReport, answer.value)
    assert [gpu.name for gpu in report.gpus] == ["NVIDIA T4"]


def test_a_pynvml_that_hangs_or_crashes_on_import(tmp_path: Path) -> None:
    environ = fake_pynvml(tmp_path, "import os; os.kill(os.getpid(), 11)")
    assert ask_child(NVML_COMMAND, environ).status == "crashed"
    environ = fake_pynvml(tmp_path, "import threading; threading.Event().wait()")
    assert ask_child(NVML_COMMAND, environ, deadline_seconds=1.0).status == "timed out"


@pytest.mark.parametrize("body", ["raise ImportError('x')", "this is not Python", "import nowhere"])
def test_a_broken_pynvml_is_a_missing_one(tmp_path: Path, body: str) -> None:
    answer = ask_child(NVML_COMMAND, fake_pynvml(tmp_path, body))
    assert from_json(NvmlReport, answer.value).driver.status == "no package"


def test_nothing_is_imported_from_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('hostile')", encoding="utf-8")
    (tmp_path / "app").mkdir()
    monkeypatch.chdir(tmp_path)
    assert ask_child(NVML_COMMAND, ENVIRON).status == "ok"


def test_the_watching_process_answers_line_by_line(tmp_path: Path) -> None:
    import subprocess

    done = subprocess.run(
        [*module_command("app.hardware.nvml_probe"), "--watch"],
        input="\n\n",
        capture_output=True,
        text=True,
        env=fake_pynvml(tmp_path, ONE_CARD),
        timeout=60,
        check=True,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["gpus"][0]["total_bytes"] for answer in answers] == [16 << 30] * 2


def test_real_sources_name_every_source() -> None:
    sources = real_sources(disk_paths=(Path("/models"),))
    assert sources.disk_paths[0] == Path("/models")
    assert sources.tool(("/nonexistent/tool",)) is None
    assert sources.tool((sys.executable, "-c", "print('out')")) == "out\n"
    assert sources.tool((sys.executable, "-c", "raise SystemExit(1)")) is None
