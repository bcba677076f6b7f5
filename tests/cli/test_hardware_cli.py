"""`glm-launcher hardware`: the table, the JSON, and a recorded machine in this one's place."""

import argparse
import json
from pathlib import Path

import pytest

from app import cli_hardware
from app.core.errors import KnownError
from app.hardware.codec import machine_from_json
from app.hardware.recorded import shipped_machines


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    cli_hardware.add_parsers(parser.add_subparsers())
    parsed = parser.parse_args(["hardware", *arguments])
    status = parsed.run(parsed)
    assert isinstance(status, int)
    return status


def shipped(name: str) -> str:
    return str(next(path for path in shipped_machines() if path.stem == name))


def test_the_table_of_a_recorded_machine(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--machine", shipped("two-3060-cpu-engine")) == 0
    text = capsys.readouterr().out
    assert "NVIDIA GeForce RTX 3060" in text
    assert "python3 launch.py" in text
    assert max(len(line) for line in text.splitlines()) <= 120


def test_json_goes_in_and_comes_out_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = shipped("rtx4090-192gb")
    run("--json", "--machine", source)
    first = capsys.readouterr().out
    assert first == Path(source).read_text(encoding="utf-8")
    copy = tmp_path / "copy.json"
    copy.write_text(first, encoding="utf-8")
    run("--json", "--machine", str(copy))
    assert capsys.readouterr().out == first


def test_this_computer(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--json") == 0
    machine = machine_from_json(json.loads(capsys.readouterr().out))
    assert machine.memory.effective_total_bytes
    assert machine.cpu.usable_cores
    assert {probe.name for probe in machine.probes} >= {
        "nvidia",
        "engine",
        "memory",
        "disks",
        "ram",
    }
    assert machine.nvidia.status != "not asked"


def test_a_broken_file_is_a_plain_sentence(tmp_path: Path) -> None:
    path = tmp_path / "machine.json"
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(KnownError) as caught:
        run("--machine", str(path))
    assert "machine.json" in str(caught.value)
    assert "hardware --json" in str(caught.value)
