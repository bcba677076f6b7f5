"""What a person sends along with a question."""

from dataclasses import replace
from pathlib import Path

from app.chat.loading import LoadResult, PlannedLoad
from app.chat.machine_report import last_log_lines, machine_report
from app.core.placement import Placement
from app.hardware.recorded import load_machine, shipped_machines
from app.hardware.scrub import Scrubber
from app.hardware.types import GpuProcess, Machine
from tests.ui.scripted import model


def _machine(name: str) -> Machine:
    return load_machine(next(path for path in shipped_machines() if path.stem == name))


def test_machine_versions_findings_and_log() -> None:
    log = ["INFO opened /home/anna/m.gguf", "```", "WARNING it is slow"]
    text = machine_report(_machine("two-3060-cpu-engine"), None, log, Scrubber(["anna"]))
    for part in ("## Versions", "llama-cpp-python: 0.3.36", "RTX 3060", "## Findings", "## Model"):
        assert part in text
    assert "error: This computer has" in text
    assert "anna" not in text
    assert "WARNING it is slow" in text
    assert text.count("````") == 2, "the log has a fence of its own, which it cannot close"


def test_what_tells_who_it_is_stays_out() -> None:
    machine = _machine("eight-h100")
    process = GpuProcess(42, "secret-project", 10**9)
    gpus = (replace(machine.gpus[0], processes=(process,)), *machine.gpus[1:])
    text = machine_report(replace(machine, gpus=gpus), None, [], Scrubber())
    assert "secret-project" not in text
    assert all(gpu.uuid is None or gpu.uuid not in text for gpu in machine.gpus)
    assert "## Log" not in text


def test_the_last_lines_of_the_log(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    assert last_log_lines(path) == []
    path.write_bytes(b"\xff broken\n" + b"".join(b"line %d\n" % n for n in range(10_000)))
    lines = last_log_lines(path, 3)
    assert lines == ["line 9997", "line 9998", "line 9999"]
    path.write_text("```\n" + "x" * 5000, encoding="utf-8")
    assert last_log_lines(path) == ["```", "x" * 500]
    path.write_text("/mnt/Familie Schmidt/" + "x" * 70_000 + "\nlast\n", encoding="utf-8")
    assert last_log_lines(path) == ["last"]


def test_a_name_is_no_markup() -> None:
    machine = _machine("rtx4090-192gb")
    gpu = replace(machine.gpus[0], name="![x](https://evil.example/x.png) <b>@all")
    loaded = LoadResult(
        replace(model().info, name="![x](https://evil.example)\n```\n# @all"),
        PlannedLoad(Path("m.gguf"), Placement()),
    )
    text = machine_report(replace(machine, gpus=(gpu,)), loaded, [], Scrubber())
    outside, fence = [], ""
    for line in text.splitlines():
        ticks = line[: len(line) - len(line.lstrip("`"))]
        if not fence and len(ticks) >= 3:
            fence = ticks
        elif fence and line == fence:
            fence = ""
        elif not fence:
            outside.append(line)
    assert not fence
    assert not any(sign in line for line in outside for sign in ("!", "](", "<", "@", "`"))
