"""Several devices, for real, on a machine that has none: two workers on loopback."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine.helpers import SCRIPTS, WAIT_SECONDS, WORDS
from tests.models import Shape, write_model

ROOT = Path(__file__).resolve().parent.parent.parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_listening(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, "the worker ended"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            continue
        return
    raise AssertionError("the worker does not listen")


@pytest.fixture(scope="module")
def workers() -> Iterator[list[str]]:
    ports = [free_port(), free_port()]
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.engine.rpc_worker", f"127.0.0.1:{port}"],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for port in ports
    ]
    try:
        for port, process in zip(ports, processes, strict=True):
            wait_until_listening(port, process)
        yield [f"127.0.0.1:{port}" for port in ports]
    finally:
        for process in processes:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def outcome(models: Path, workers: list[str]) -> dict[str, Any]:
    path = models / "layers.gguf"
    write_model(path, Shape(layers=8), words=WORDS, scripts=SCRIPTS)
    result = subprocess.run(
        [sys.executable, "-m", "tests.engine.rpc_scenario", str(path), *workers],
        cwd=ROOT,
        capture_output=True,
        timeout=4 * WAIT_SECONDS,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    value: dict[str, Any] = json.loads(result.stdout)
    return value


def sizes(outcome: dict[str, Any], scenario: str, kind: str) -> dict[str, int]:
    """Device -> bytes. A worker's buffers are named after its address."""
    result = outcome["results"][scenario]
    assert result["text"] == " two three four"
    names = {f"RPC0[{d['description']}]": d["name"] for d in outcome["devices"]}
    return {
        names.get(use["device"], use["device"]): use["size_bytes"]
        for use in result["buffers"]
        if use["kind"] == kind
    }


def test_workers_are_devices(outcome: dict[str, Any]) -> None:
    assert [device["name"] for device in outcome["devices"]] == ["CPU", "RPC0", "RPC1"]
    assert all(device["kind"] == "gpu" for device in outcome["devices"][1:])


def test_layers_are_split_evenly_or_as_told(outcome: dict[str, Any]) -> None:
    even = sizes(outcome, "both", "kv")
    assert set(even) == {"RPC0", "RPC1"}
    assert 0.5 < even["RPC0"] / even["RPC1"] < 2
    uneven = sizes(outcome, "three to one", "kv")
    assert uneven["RPC0"] / uneven["RPC1"] > 2


def test_overridden_tensors_stay_on_the_cpu(outcome: dict[str, Any]) -> None:
    def on_cpu(scenario: str) -> int:
        weights = sizes(outcome, scenario, "weights")
        return sum(size for name, size in weights.items() if name.startswith("CPU"))

    assert on_cpu("experts on the CPU") > on_cpu("both")


@pytest.mark.parametrize("scenario", ["second alone", "main"])
def test_one_device_alone(outcome: dict[str, Any], scenario: str) -> None:
    assert set(sizes(outcome, scenario, "kv")) == {"RPC1"}


def test_some_layers_stay_on_the_cpu(outcome: dict[str, Any]) -> None:
    assert "CPU" in sizes(outcome, "half", "kv")
    assert {"RPC0", "RPC1"} & set(sizes(outcome, "half", "kv"))


@pytest.mark.parametrize("scenario", ["cache at home", "CPU"])
def test_the_cache_in_system_memory(outcome: dict[str, Any], scenario: str) -> None:
    assert set(sizes(outcome, scenario, "kv")) == {"CPU"}


def test_no_devices_means_the_cpu_alone(outcome: dict[str, Any]) -> None:
    assert all(name.startswith("CPU") for name in sizes(outcome, "CPU", "weights"))


def test_a_main_device_that_is_not_there(outcome: dict[str, Any]) -> None:
    assert "no main device number 5" in outcome["results"]["no such main device"]["error"]
