from pathlib import Path

import pytest

from app.core.errors import KnownError
from app.core.sampling import BUILTIN_PRESETS, GLM_CODE, MODEL_DEFAULTS, Sampling
from app.settings.declared import OWN_PRESETS, PRESET
from app.settings.presets import (
    add_preset,
    change_preset,
    presets,
    remove_preset,
    rename_preset,
)
from app.settings.store import SettingsStore


@pytest.fixture
def store(tmp_path: Path) -> SettingsStore:
    return SettingsStore(tmp_path / "settings.json")


def test_own_presets_come_after_the_built_in_ones_and_are_kept(store: SettingsStore) -> None:
    mine = add_preset(store, "  My   own ", Sampling(temperature=0.5))
    assert mine.label == "My own"
    assert not mine.builtin
    assert presets(store) == (*BUILTIN_PRESETS, mine)
    store.save()
    again = SettingsStore(store.path)
    again.load()
    assert presets(again) == (*BUILTIN_PRESETS, mine)


def test_renamed_changed_removed(store: SettingsStore) -> None:
    first = add_preset(store, "First", Sampling())
    second = add_preset(store, "Second", Sampling(top_k=5))
    assert first.key != second.key
    rename_preset(store, first.key, "Premier")
    change_preset(store, first.key, Sampling(top_k=9))
    [renamed, _] = store.get(OWN_PRESETS)
    assert (renamed.label, renamed.sampling) == ("Premier", Sampling(top_k=9))
    remove_preset(store, first.key)
    assert store.get(OWN_PRESETS) == (second,)
    third = add_preset(store, "Third", Sampling())
    assert third.key != second.key


def test_a_preset_keeps_its_name_when_renamed_to_it(store: SettingsStore) -> None:
    mine = add_preset(store, "Mine", Sampling())
    rename_preset(store, mine.key, "MINE")
    assert store.get(OWN_PRESETS)[0].label == "MINE"


@pytest.mark.parametrize("label", ["", "   ", "x" * 81, "glm CODE", "taken", "Model defaults"])
def test_names_are_there_and_unique(store: SettingsStore, label: str) -> None:
    add_preset(store, "Taken", Sampling())
    with pytest.raises(KnownError):
        add_preset(store, label, Sampling())
    assert len(store.get(OWN_PRESETS)) == 1


def test_built_in_presets_stay_as_they_are(store: SettingsStore) -> None:
    with pytest.raises(KnownError):
        rename_preset(store, GLM_CODE.key, "Mine now")
    with pytest.raises(KnownError):
        change_preset(store, GLM_CODE.key, Sampling())
    with pytest.raises(KnownError):
        remove_preset(store, GLM_CODE.key)


def test_the_model_defaults_take_over_when_the_preset_in_use_goes(store: SettingsStore) -> None:
    mine = add_preset(store, "Mine", Sampling())
    other = add_preset(store, "Other", Sampling())
    store.set(PRESET, mine.key)
    remove_preset(store, other.key)
    assert store.get(PRESET) == mine.key
    remove_preset(store, mine.key)
    assert store.get(PRESET) == MODEL_DEFAULTS


def test_broken_presets_in_the_file_are_left_out_and_reported(store: SettingsStore) -> None:
    store.path.write_text(
        '{"version": 1, "settings": {"presets": [5, {"key": "a"}, '
        '{"key": "own-1", "label": "Good", "sampling": {"top_k": "x", "min_p": 0.1}}, '
        '{"key": "own-1", "label": "Twin", "sampling": {}}]}}'
    )
    reported = store.load()
    [good] = store.get(OWN_PRESETS)
    assert (good.label, good.sampling) == ("Good", Sampling(min_p=0.1))
    complaints = store.check(OWN_PRESETS)
    assert len(complaints) == 3
    assert reported == complaints
    assert "Top K" in complaints[2]
