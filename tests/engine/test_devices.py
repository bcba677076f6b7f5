import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.core.cancel import CancelToken
from app.core.errors import Cancelled, KnownError
from app.engine import devices
from app.engine.bindings import AbortFlag, encoded_text
from app.engine.check import check
from app.engine.devices import list_devices
from app.engine.pagecache import warm
from app.engine.threads import physical_cores
from tests.engine.helpers import PLACEMENT

ROOT = Path(__file__).resolve().parent.parent.parent


def test_the_cpu_is_a_device() -> None:
    cpu = next(device for device in list_devices() if device.kind == "cpu")
    assert cpu.name == "CPU"
    assert 0 < cpu.free_bytes <= cpu.total_bytes


def test_the_list_can_be_asked_of_another_process() -> None:
    output = subprocess.run(
        [sys.executable, "-m", "app.engine.devices"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert output.stderr == b""
    assert {"CPU"} <= {device["name"] for device in json.loads(output.stdout)}


def test_a_worker_that_is_not_there_is_not_waited_for() -> None:
    for endpoint in ("127.0.0.1:1", "nonsense", "127.0.0.1:port"):
        with pytest.raises(KnownError, match="does not answer"):
            devices.add_rpc_server(endpoint)


def test_physical_cores() -> None:
    assert 1 <= physical_cores() <= (os.cpu_count() or 1)


def test_the_abort_flag_is_false_until_raised() -> None:
    flag = AbortFlag()
    assert not flag.callback(flag.address)
    flag.raise_()
    assert flag.callback(flag.address)


@pytest.mark.parametrize(
    ("text", "data"),
    [("é", b"\xc3\xa9"), ("\ud83d\ude42", "🙂".encode()), ("a\udc80", b"a\xef\xbf\xbd")],
)
def test_text_for_c_is_always_utf_8(text: str, data: bytes) -> None:
    assert encoded_text(text) == data


def test_a_check_works_from_any_folder(
    random_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    run = check(random_model, PLACEMENT, CancelToken())
    assert run.context_tokens == 512
    assert run.kv_bytes > 0
    assert run.kv_on_host


def test_a_check_can_be_cancelled(random_model: Path) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        check(random_model, PLACEMENT, cancel)


def test_reading_ahead_reports_progress_and_can_be_cancelled(tmp_path: Path) -> None:
    paths = [tmp_path / "a", tmp_path / "b"]
    for path in paths:
        with path.open("wb") as file:
            file.truncate(200 * 2**20)  # a hole: nothing is read from the disk
    seen: list[float] = []
    warm(paths, 300 * 2**20, CancelToken(), seen.append)
    assert seen == sorted(seen)
    assert len(seen) == 6
    assert all(0 <= fraction < 1 for fraction in seen)
    cancel = CancelToken()
    with pytest.raises(Cancelled):
        warm(paths, 300 * 2**20, cancel, lambda _fraction: cancel.cancel())
