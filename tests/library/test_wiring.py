"""The library learns of what the downloads finish, and looks where the settings say."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from app.bootstrap import library
from app.core.hub_access import HubAccess
from app.downloads.types import (
    DownloadRequest,
    Event,
    FileProgress,
    FileRequest,
    JobState,
    JobStatus,
    JobUpdate,
    Target,
)
from app.settings.declared import LIBRARY_FOLDERS, MODELS_FOLDER
from app.settings.store import SettingsStore
from tests.library.trees import COMMIT, gguf, put, sha256

if TYPE_CHECKING:
    from app.downloads.manager import DownloadManager


class Manager:
    """Keeps who listens."""

    def __init__(self) -> None:
        self.listeners: list[Callable[[Event], None]] = []

    def subscribe(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        self.listeners.append(callback)
        return lambda: None


def test_a_finished_download_is_ours_and_verified(tmp_path: Path) -> None:
    settings, manager = SettingsStore(tmp_path / "settings.json"), Manager()
    settings.set(LIBRARY_FOLDERS, (str(tmp_path / "mine"),))
    settings.set(MODELS_FOLDER, str(tmp_path / "own"))
    found = library(settings, HubAccess(), cast("DownloadManager", manager))
    data = gguf()
    path = put(tmp_path / "mine" / "A-Q4_0.gguf", data)
    put(tmp_path / "own" / "B-Q4_0.gguf", gguf("B"))
    request = DownloadRequest(
        "o/A-GGUF", COMMIT, (FileRequest("A-Q4_0.gguf", len(data), sha256(data)),)
    )
    for state in (JobState.RUNNING, JobState.DONE):
        files = (FileProgress("A-Q4_0.gguf", len(data), len(data), len(data), path),)
        status = JobStatus("1", request, Target("folder", path.parent), state, files)
        manager.listeners[0](JobUpdate(status))
        ours = state is JobState.DONE
        models = {model.model: model for model in found.scan().models}
        assert models["A"].owned is ours
        assert (models["A"].verified is not None) is ours
        assert models["B"].owned
