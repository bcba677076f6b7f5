import json
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.core.errors import KnownError
from app.core.personas import SamplingUse
from app.core.sampling import Sampling
from app.settings.declared import (
    CONTEXT_TOKENS,
    LAST_MODEL,
    SAMPLING,
    THEME,
    TOOLS,
    WINDOW_GEOMETRY,
)
from app.settings.of_thinking import THINKING
from app.settings.store import VERSION, SettingsStore

NOW = datetime(2026, 11, 23, 14, 54, 22, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config" / "settings.json"


def store_of(path: Path, text: str | bytes) -> SettingsStore:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return SettingsStore(path, now=lambda: NOW)


def document(version: object = VERSION, **values: object) -> str:
    return json.dumps({"version": version, "settings": values})


def test_the_defaults_hold_without_a_file(path: Path) -> None:
    store = SettingsStore(path)
    assert store.load() == []
    assert store.get(THEME) == "system"
    assert store.get(THINKING) is True
    assert store.get(SAMPLING) is None
    assert not store.dirty
    assert not path.exists()


def test_what_is_saved_is_read_again(path: Path) -> None:
    store = SettingsStore(path)
    store.set(THEME, "dark")
    store.set(LAST_MODEL, "/models/模型 \udcff.gguf")
    store.set(TOOLS, False)
    store.set(CONTEXT_TOKENS, 32768)
    sampling = Sampling(temperature=0.25, stop=("\n", "终"), top_k=9)
    store.set(SAMPLING, SamplingUse(values=sampling, changed=frozenset({"temperature", "stop"})))
    store.set(WINDOW_GEOMETRY, "AdnQyw==")
    dirty = [store.dirty]
    store.save()
    assert [*dirty, store.dirty] == [True, False]

    again = SettingsStore(path)
    assert again.load() == []
    assert again.get(THEME) == "dark"
    assert again.get(LAST_MODEL) == "/models/模型 \udcff.gguf"
    assert again.get(TOOLS) is False
    assert again.get(CONTEXT_TOKENS) == 32768
    kept = again.get(SAMPLING)
    assert kept is not None
    assert kept.values == Sampling(temperature=0.25, stop=("\n", "终"))
    assert kept.changed == {"temperature", "stop"}
    assert again.get(WINDOW_GEOMETRY) == "AdnQyw=="
    assert [item.name for item in path.parent.iterdir()] == ["settings.json"]


def test_setting_the_same_value_again_changes_nothing(path: Path) -> None:
    store = SettingsStore(path)
    store.set(THEME, "dark")
    store.save()
    store.set(THEME, "dark")
    assert not store.dirty


def test_unknown_keys_are_kept(path: Path) -> None:
    store = store_of(path, document(theme="dark", from_a_plugin={"deep": [1, None]}))
    assert store.load() == []
    store.set(THEME, "light")
    store.save()
    saved = json.loads(path.read_text())["settings"]
    assert saved == {"theme": "light", "from_a_plugin": {"deep": [1, None]}}


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "{",
        '{"version": 1, "settings": {"theme": "dark"}',
        "null",
        "[]",
        '{"settings": {}}',
        '{"version": "1", "settings": {}}',
        '{"version": true, "settings": {}}',
        '{"version": 1, "settings": []}',
        b"\xff\xfe\x00",
        "[" * 100_000,
        "\0" * 64,
    ],
)
def test_a_broken_file_is_set_aside_and_reported(path: Path, broken: str | bytes) -> None:
    store = store_of(path, broken)
    before = path.read_bytes()
    [report] = store.load()
    aside = path.with_name("settings.json.broken-20261123-145422")
    assert aside.name in report
    assert aside.read_bytes() == before
    assert store.get(THEME) == "system"
    store.set(THEME, "dark")
    store.save()
    assert SettingsStore(path).load() == []


def test_a_byte_order_mark_does_no_harm(path: Path) -> None:
    store = store_of(path, b"\xef\xbb\xbf" + document(theme="dark").encode())
    assert store.load() == []
    assert store.get(THEME) == "dark"


@pytest.mark.parametrize("value", ["purple", 1, None, True, ["dark"], {}])
def test_a_value_of_the_wrong_kind_leaves_the_default(path: Path, value: object) -> None:
    store = store_of(path, document(theme=value, thinking=False))
    assert store.load() == store.check(THEME)
    assert store.get(THEME) == "system"
    assert "Theme" in store.check(THEME)[0]
    assert store.get(THINKING) is False
    assert store.check(THINKING) == []


@pytest.mark.parametrize("value", [-1, 2**31, 1.5, "4096", True])
def test_a_context_that_makes_no_sense_leaves_the_default(path: Path, value: object) -> None:
    store = store_of(path, document(context_tokens=value))
    store.load()
    assert store.get(CONTEXT_TOKENS) == 0


def test_a_newer_file_is_used_but_not_written(path: Path) -> None:
    text = document(VERSION + 1, theme="dark", new_thing=1)
    store = store_of(path, text)
    [report] = store.load()
    assert "newer version" in report
    assert store.read_only
    assert store.get(THEME) == "dark"
    store.set(THEME, "light")
    assert store.get(THEME) == "light"
    with pytest.raises(KnownError, match="newer version"):
        store.save()
    assert path.read_text() == text


def test_a_file_that_cannot_be_read_is_reported_and_left_alone(path: Path) -> None:
    path.mkdir(parents=True)
    store = SettingsStore(path)
    [report] = store.load()
    assert "could not be read" in report
    with pytest.raises(KnownError, match="not saved"):
        store.save()
    assert path.is_dir()
    assert [item.name for item in path.parent.iterdir()] == ["settings.json"]


def test_a_folder_that_cannot_be_made_is_a_known_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = SettingsStore(tmp_path / "file" / "settings.json")
    store.set(THEME, "dark")
    with pytest.raises(KnownError, match="not saved"):
        store.save()
    assert store.dirty


def test_a_save_that_fails_leaves_the_old_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = store_of(path, document(theme="dark"))
    store.load()
    store.set(THEME, "light")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(KnownError, match="No space left"):
        store.save()
    assert json.loads(path.read_text())["settings"] == {"theme": "dark"}
    assert [item.name for item in path.parent.iterdir()] == ["settings.json"]


def test_saving_and_changing_at_the_same_time(path: Path) -> None:
    store = SettingsStore(path)
    done = threading.Event()

    def change() -> None:
        for number in range(300):
            store.set(CONTEXT_TOKENS, number)
        done.set()

    thread = threading.Thread(target=change)
    thread.start()
    while not done.is_set():
        store.save()
        json.loads(path.read_text())
    thread.join()
    store.save()
    assert not store.dirty
    again = SettingsStore(path)
    again.load()
    assert again.get(CONTEXT_TOKENS) == 299
