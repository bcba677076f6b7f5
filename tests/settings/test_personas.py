from dataclasses import replace
from pathlib import Path

import pytest

from app.core.errors import KnownError
from app.core.personas import (
    BUILTIN_PERSONAS,
    CODE,
    LONGEST_NAME,
    MOST_INSTRUCTIONS,
    NO_PERSONA,
    Persona,
    SamplingUse,
    differing,
    use_of,
)
from app.core.sampling import GLM_CODE, GLM_GENERAL, GREEDY, Preset, Sampling
from app.settings.declared import OWN_PERSONAS, PERSONA
from app.settings.persona_json import persona_from_json, persona_to_json, use_from_json
from app.settings.personas import (
    add_persona,
    change_persona,
    default_persona,
    duplicate_persona,
    personas,
    put_persona_back,
    remove_persona,
)
from app.settings.store import SettingsStore


@pytest.fixture
def store(tmp_path: Path) -> SettingsStore:
    return SettingsStore(tmp_path / "settings.json")


def test_the_makers_advice_is_built_in_and_named_as_theirs() -> None:
    assert CODE.sampling is not None
    assert (CODE.sampling.values.top_p, CODE.sampling.values.top_k) == (0.95, 40)
    assert "GLM's makers" in CODE.note
    for persona in BUILTIN_PERSONAS[1:]:
        assert persona.sampling is not None
        assert persona.sampling.values.temperature == 1.0
        assert "GLM's makers" in persona.note
        # Instructions are not theirs, and nobody says that they are.
        assert bool(persona.system_prompt) == ("Instructions by this program" in persona.note)


def test_own_personas_come_after_the_built_in_ones_and_are_kept(store: SettingsStore) -> None:
    use = use_of(GLM_CODE, replace(GLM_CODE.sampling, temperature=0.3))
    mine = add_persona(store, Persona("", "  My\n own ", "Be brief.", use, False, True))
    assert mine.label == "My own"
    assert use.changed == {"temperature"}
    assert personas(store) == (*BUILTIN_PERSONAS, mine)
    store.save()
    again = SettingsStore(store.path)
    assert again.load() == []
    assert personas(again) == (*BUILTIN_PERSONAS, mine)


def test_changed_duplicated_removed_and_put_back(store: SettingsStore) -> None:
    first = add_persona(store, Persona("", "First", "One"))
    second = add_persona(store, Persona("", "Second"))
    changed = change_persona(store, replace(first, label="Premier", thinking=False))
    copy = duplicate_persona(store, CODE.key)
    assert (copy.label, copy.builtin, copy.note) == ("GLM code 2", False, "")
    assert copy.sampling == CODE.sampling
    store.set(PERSONA, changed.key)
    removed = remove_persona(store, changed.key)
    assert store.get(OWN_PERSONAS) == (second, copy)
    assert default_persona(store) == NO_PERSONA
    put_persona_back(store, removed)
    assert store.get(OWN_PERSONAS) == (changed, second, copy)
    assert default_persona(store) == changed


def test_put_back_beside_one_that_took_its_name(store: SettingsStore) -> None:
    mine = add_persona(store, Persona("", "Mine", "old"))
    removed = remove_persona(store, mine.key)
    add_persona(store, Persona("", "Mine", "new"))
    put_persona_back(store, removed)
    assert [one.label for one in store.get(OWN_PERSONAS)] == ["Mine 2", "Mine"]


def test_a_key_is_never_given_twice(store: SettingsStore) -> None:
    """A chat remembers the key of its persona."""
    first = add_persona(store, Persona("", "One"))
    remove_persona(store, first.key)
    assert add_persona(store, Persona("", "One")).key != first.key


@pytest.mark.parametrize("label", ["", " \n ", "x" * (LONGEST_NAME + 1), "glm CODE", "\u202e"])
def test_names_are_there_and_unique(store: SettingsStore, label: str) -> None:
    with pytest.raises(KnownError):
        add_persona(store, Persona("", label))
    assert store.get(OWN_PERSONAS) == ()


def test_instructions_that_are_too_long_are_refused(store: SettingsStore) -> None:
    with pytest.raises(KnownError, match="too long"):
        add_persona(store, Persona("", "Long", "x" * (MOST_INSTRUCTIONS + 1)))


def test_built_in_ones_stay_as_they_are(store: SettingsStore) -> None:
    with pytest.raises(KnownError):
        change_persona(store, replace(CODE, label="Mine now"))
    with pytest.raises(KnownError):
        remove_persona(store, CODE.key)


def test_a_default_that_is_gone_is_no_persona(store: SettingsStore) -> None:
    store.set(PERSONA, "own-of-another-machine")
    assert default_persona(store) == NO_PERSONA


def test_broken_personas_in_the_file_are_left_out_and_reported(store: SettingsStore) -> None:
    store.path.write_text(
        '{"version": 1, "settings": {"personas": [5, {"key": "a"}, {"label": "No key"}, '
        '{"key": "k", "label": "Good", "system_prompt": 5, "thinking": "yes", "tools": false,'
        '"sampling": {"preset": "glm-code", "values": {"top_k": "x"}}}, '
        '{"key": "k", "label": "Twin"}]}}'
    )
    complaints = store.load()
    [good] = store.get(OWN_PERSONAS)
    assert (good.label, good.thinking, good.tools) == ("Good", None, False)
    assert len(complaints) == 6
    assert sum("has no name" in text for text in complaints) == 3


def test_as_json_and_back() -> None:
    for persona in BUILTIN_PERSONAS:
        read = persona_from_json(persona_to_json(persona))
        assert read is not None
        assert replace(read.persona, builtin=True) == persona
        assert (read.problems, read.unknown) == ((), ())


def test_values_without_a_preset_are_changes_to_the_models_defaults() -> None:
    use, problems = use_from_json({"values": {"top_k": 7}})
    assert problems == []
    assert use is not None
    assert use.on(GREEDY.sampling) == replace(GREEDY.sampling, top_k=7)


def test_a_use_follows_its_preset_until_it_is_gone() -> None:
    mine = Preset("own-x", "Mine", Sampling(top_k=5), builtin=False)
    use = use_of(mine, Sampling(top_k=5, min_p=0.1))
    now = Preset("own-x", "Yours", Sampling(top_k=9), builtin=False)
    assert use.renewed([now]) == SamplingUse(
        "own-x", "Yours", Sampling(top_k=9, min_p=0.1), frozenset({"min_p"})
    )
    assert use.renewed([GLM_GENERAL]) == use
    assert differing(use.values, mine.sampling) == {"min_p"}
