"""The manager as a part of the program: several listeners, no cost while idle, what it is given."""

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from app.bootstrap import hub_access
from app.catalog.names import RepoFile
from app.catalog.tokens import TokenStore
from app.core.hub_access import HubAccess
from app.downloads.manager import DownloadManager
from app.downloads.requests import models_target, request_for
from app.downloads.types import (
    MIB,
    DownloadRequest,
    Event,
    FileRequest,
    JobState,
    JobUpdate,
    Target,
)
from app.settings.declared import HUB_ENDPOINT
from app.settings.store import SettingsStore
from tests.downloads.helpers import HeldClock, Rig, Watcher, assert_whole, offer
from tests.hub.content import PatternContent
from tests.hub.faults import Fault
from tests.hub.server import HubServer
from tests.secrets.vaults import NoVault

FILES = {"m.gguf": PatternContent(3 * MIB, 1)}


def _download_threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("downloads")]


def test_nothing_runs_before_it_is_needed(tmp_path: Path) -> None:
    manager = DownloadManager(HubAccess(), queue_file=tmp_path / "queue.json")
    assert not manager.take_up()
    manager.set_limits(None, 4)
    assert manager.jobs() == ()
    assert _download_threads() == []
    assert manager.close()
    with pytest.raises(RuntimeError, match="closed"):
        manager.pause("x")


def test_the_first_command_starts_it(hub: HubServer, tmp_path: Path, clock: HeldClock) -> None:
    seen = Watcher()
    manager = DownloadManager(HubAccess(lambda: hub.endpoint), seen, clock=clock)
    try:
        manager.add(offer(hub, FILES), Target("folder", tmp_path))
        assert_whole(seen.wait_for(lambda s: s.state is JobState.DONE))
    finally:
        assert manager.close()
    assert manager.close()
    assert _download_threads() == []


def test_idle_means_no_wake_ups(hub: HubServer, tmp_path: Path, clock: HeldClock) -> None:
    """No timer is left in the loop when the last job has ended."""
    with Rig(hub, tmp_path, clock=clock) as rig:
        assert_whole(rig.get(offer(hub, FILES)))
        told = threading.Event()
        timers: list[int] = []

        async def look() -> None:
            timers.append(len([t for t in rig.manager._loop._scheduled if not t.cancelled()]))  # type: ignore[attr-defined]
            told.set()

        rig.manager._command(look)
        assert told.wait(30)
    assert timers == [0]


def test_several_listeners(hub: HubServer, tmp_path: Path, clock: HeldClock) -> None:
    second: list[Event] = []

    def fails(_: Event) -> None:
        raise ValueError("a mistake of a window")

    with Rig(hub, tmp_path, clock=clock) as rig:
        rig.manager.subscribe(fails)
        unsubscribe = rig.manager.subscribe(second.append)
        assert_whole(rig.get(offer(hub, FILES)))
        unsubscribe()
        assert second
        first = rig.manager.add(offer(hub, FILES), Target("folder", tmp_path / "again"))
        rig.seen.wait_for_end(first)
        # What was being delivered at that moment may still have come; nothing of the new job has.
        assert not any(isinstance(e, JobUpdate) and e.status.job_id == first for e in second)


def test_jobs_of_an_earlier_run_are_taken_up(
    hub: HubServer, tmp_path: Path, clock: HeldClock
) -> None:
    """With the reason why one has failed."""
    queue_file = tmp_path / "queue.json"
    gone = DownloadRequest("no/where", "0" * 40, (FileRequest("m.gguf", 4, "0" * 64),))
    with Rig(hub, tmp_path, clock=clock, queue_file=queue_file) as rig:
        failed = rig.get(gone)
        assert failed.error is not None
    manager = DownloadManager(HubAccess(lambda: hub.endpoint), queue_file=queue_file)
    try:
        assert manager.take_up()
        (status,) = manager.jobs()
        assert status.state is JobState.FAILED
        assert str(status.error) == str(failed.error)
    finally:
        assert manager.close()


def test_the_queue_belongs_to_one_window_at_a_time(
    hub: HubServer, tmp_path: Path, clock: HeldClock
) -> None:
    queue_file = tmp_path / "queue.json"
    hub.misbehave("m.gguf", Fault(stall_after=MIB), times=None)
    with Rig(hub, tmp_path / "one", clock=clock, queue_file=queue_file) as first:
        job_id = first.manager.add(offer(hub, FILES), first.target)
        first.seen.wait_for(lambda s: s.state is JobState.RUNNING)
        with Rig(hub, tmp_path / "two", clock=clock, queue_file=queue_file) as second:
            assert second.manager.jobs() == ()
            second.get(DownloadRequest("no/where", "0" * 40, ()))
        kept = json.loads(queue_file.read_bytes())
        assert [job["id"] for job in kept["jobs"]] == [job_id]
        first.manager.pause(job_id)
        first.seen.wait_for(lambda s: s.state is JobState.PAUSED)


def test_a_queue_of_a_newer_version_is_left_alone(hub: HubServer, tmp_path: Path) -> None:
    queue_file = tmp_path / "queue.json"
    text = json.dumps({"version": 99, "jobs": ["something new"]})
    queue_file.write_text(text)
    with Rig(hub, tmp_path / "models", queue_file=queue_file) as rig:
        assert_whole(rig.get(offer(hub, FILES)))
    assert queue_file.read_text() == text


def test_a_request_from_what_the_catalogue_lists() -> None:
    files = [RepoFile(f"Q/m-{n}.gguf", n, "a" * 64, "c" * 40) for n in (1, 2)]
    request = request_for("a/b", files, "GLM Q4", "main")
    assert request.commit == "c" * 40
    assert request.files == tuple(FileRequest(f"Q/m-{n}.gguf", n, "a" * 64) for n in (1, 2))
    with pytest.raises(ValueError, match="one commit"):
        request_for("a/b", [], "nothing")


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"HF_HOME": "~/hf"},
        {"HF_HOME": "/a", "HF_HUB_CACHE": "/b/$USER_OF_TEST/hub", "USER_OF_TEST": "me"},
        {"HUGGINGFACE_HUB_CACHE": "/c"},
        {"XDG_CACHE_HOME": "/d"},
    ],
)
def test_the_cache_is_where_huggingface_hub_has_it(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    script = "from huggingface_hub.constants import HF_HUB_CACHE as c; print(c)"
    theirs = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert models_target("") == Target("hub-cache", Path(theirs.stdout.decode().strip()))


def test_a_folder_of_ones_own(tmp_path: Path) -> None:
    assert models_target(f" {tmp_path} ") == Target("folder", tmp_path)


def test_a_mirror_of_the_settings_comes_before_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = SettingsStore(tmp_path / "settings.json")
    monkeypatch.setenv("HF_ENDPOINT", "https://environment.example/")
    access = hub_access(settings, TokenStore(tmp_path / "token", NoVault()))
    assert access.endpoint() == "https://environment.example"
    settings.set(HUB_ENDPOINT, "https://mirror.example/")
    assert access.endpoint() == "https://mirror.example"
