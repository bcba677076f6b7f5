"""Personas and presets as files, friendly and hostile ones."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import KnownError
from app.core.personas import CODE, LONGEST_NAME, MOST_INSTRUCTIONS, Persona, use_of
from app.core.sampling import GLM_CODE, Preset, Sampling
from app.settings.declared import OWN_PERSONAS, OWN_PRESETS
from app.settings.exchange import (
    FORMAT,
    MOST_BYTES,
    MOST_ENTRIES,
    Exchange,
    read_exchange,
    with_their_presets,
    write_exchange,
)
from app.settings.personas import add_persona
from app.settings.presets import add_preset
from app.settings.store import SettingsStore
from app.settings.taking_in import Clash, TakenIn, clashes, take_in


@pytest.fixture
def store(tmp_path: Path) -> SettingsStore:
    return SettingsStore(tmp_path / "settings.json")


def _file(**changes: Any) -> bytes:
    return json.dumps({"format": FORMAT, "version": 1, **changes}).encode()


def _elsewhere(tmp_path: Path) -> bytes:
    """A file of another machine: a persona on a preset of its own."""
    other = SettingsStore(tmp_path / "other.json")
    calm = add_preset(other, "Calm", Sampling(temperature=0.4))
    add_preset(other, "Not used", Sampling(top_k=3))
    use = use_of(calm, Sampling(temperature=0.4, top_k=9))
    poet = add_persona(other, Persona("", "Poet", "Rhyme.", use, thinking=False))
    coder = add_persona(other, Persona("", "Coder", "写代码", use_of(GLM_CODE), tools=True))
    own = other.get(OWN_PRESETS)
    exported = with_their_presets([poet, coder], own)
    assert [preset.label for preset in exported.presets] == ["Calm"]
    return write_exchange(exported)


def test_there_and_back(store: SettingsStore, tmp_path: Path) -> None:
    exchange = read_exchange(_elsewhere(tmp_path))
    assert exchange.remarks == ()
    assert clashes(store, exchange) == ()
    assert take_in(store, exchange) == TakenIn(added=3)
    [calm] = store.get(OWN_PRESETS)
    poet, coder = store.get(OWN_PERSONAS)
    assert (poet.system_prompt, poet.thinking, poet.tools) == ("Rhyme.", False, None)
    assert (coder.system_prompt, coder.tools) == ("写代码", True)
    assert poet.sampling is not None
    assert poet.sampling.preset == calm.key
    assert poet.sampling.changed == {"top_k"}
    assert coder.sampling == use_of(GLM_CODE)


def test_the_same_again_adds_nothing(store: SettingsStore, tmp_path: Path) -> None:
    exchange = read_exchange(_elsewhere(tmp_path))
    take_in(store, exchange)
    before = store.get(OWN_PERSONAS), store.get(OWN_PRESETS)
    assert clashes(store, exchange) == ()
    assert take_in(store, exchange) == TakenIn(same=3)
    assert (store.get(OWN_PERSONAS), store.get(OWN_PRESETS)) == before


def test_a_name_that_is_taken_is_asked_about(store: SettingsStore, tmp_path: Path) -> None:
    mine = add_persona(store, Persona("", "poet", "Mine."))
    add_preset(store, "CALM", Sampling(temperature=0.1))
    exchange = read_exchange(_elsewhere(tmp_path))
    calm, poet = clashes(store, exchange)
    assert (calm, poet) == (Clash("preset", "Calm", True), Clash("persona", "Poet", True))
    assert take_in(store, exchange, {calm: "skip", poet: "replace"}) == TakenIn(1, 1, 1)
    replaced = store.get(OWN_PERSONAS)[0]
    assert (replaced.key, replaced.label, replaced.system_prompt) == (mine.key, "poet", "Rhyme.")
    # The preset was left out: the persona keeps the values that it had with it.
    assert replaced.sampling is not None
    assert replaced.sampling.values.temperature == 0.4
    assert replaced.sampling.preset not in {one.key for one in store.get(OWN_PRESETS)}
    assert [one.sampling.temperature for one in store.get(OWN_PRESETS)] == [0.1]


def test_both_are_kept_under_two_names(store: SettingsStore, tmp_path: Path) -> None:
    add_persona(store, Persona("", "Poet", "Mine."))
    take_in(store, read_exchange(_elsewhere(tmp_path)))
    assert [one.label for one in store.get(OWN_PERSONAS)] == ["Poet", "Poet 2", "Coder"]


def test_built_in_ones_are_never_replaced(store: SettingsStore) -> None:
    raw = write_exchange(Exchange((Persona("x", CODE.label, "Mine."),)))
    exchange = read_exchange(raw)
    [clash] = clashes(store, exchange)
    assert not clash.replaceable
    take_in(store, exchange, {clash: "replace"})
    assert [one.label for one in store.get(OWN_PERSONAS)] == [f"{CODE.label} 2"]


def test_namesakes_in_one_file_do_not_replace_each_other(store: SettingsStore) -> None:
    pair = Persona("a", "Twin", "one"), Persona("b", "Twin", "two")
    exchange = read_exchange(write_exchange(Exchange(pair)))
    take_in(store, exchange, {Clash("persona", "Twin", True): "replace"})
    assert [one.label for one in store.get(OWN_PERSONAS)] == ["Twin", "Twin 2"]


def test_a_preset_that_is_not_in_the_file_leaves_its_values(store: SettingsStore) -> None:
    """Else it would be taken for the one that has its key here."""
    here = add_preset(store, "Here", Sampling(top_k=1))
    use = use_of(Preset(here.key, "There", Sampling(top_k=50), builtin=False))
    take_in(store, read_exchange(write_exchange(Exchange((Persona("p", "P", "", use),)))))
    [persona] = store.get(OWN_PERSONAS)
    assert persona.sampling is not None
    assert persona.sampling.preset != here.key
    assert persona.sampling.values.top_k == 50


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe{",
        b"[]",
        b"{}",
        b'{"format": "something else", "version": 1}',
        b"[" * 100_000,
        b"1" * 10_000,
        _file(),
        _file(version=0, personas=[{"label": "x"}]),
        _file(version=True, personas=[{"label": "x"}]),
        _file(version="1", personas=[{"label": "x"}]),
        _file(personas=[]),
        _file(personas="many"),
        _file(personas=[None, 5, [], {"label": " \u202e\u200b "}]),
        _file(personas=[{"label": "x", "thinking": float("nan")}]),
        b" " * (MOST_BYTES + 1),
    ],
)
def test_what_is_no_such_file_is_refused_in_words(raw: bytes) -> None:
    with pytest.raises(KnownError, match="not imported") as caught:
        read_exchange(raw)
    assert caught.value.why
    assert caught.value.next_step


def test_a_newer_file_asks_for_a_newer_program() -> None:
    with pytest.raises(KnownError, match="newer version"):
        read_exchange(_file(version=2, personas=[{"label": "x"}]))


def test_what_this_version_does_not_know_is_said() -> None:
    exchange = read_exchange(
        _file(
            avatar=1,
            personas=[{"label": "A", "voice": "low", "x\u202ey": 0}],
            presets=[{"label": "B", "sampling": {}, "colour": "red"}],
        )
    )
    assert [persona.label for persona in exchange.personas] == ["A"]
    assert len(exchange.remarks) == 3
    assert "“avatar”" in exchange.remarks[0]
    assert "“colour”" in exchange.remarks[1]
    assert "“voice”, “xy”" in exchange.remarks[2]


def test_hostile_values_are_left_out_and_said() -> None:
    long = "n" * 10_000
    exchange = read_exchange(
        _file(
            personas=[
                {
                    "label": long,
                    "system_prompt": "x" * (MOST_INSTRUCTIONS + 1),
                    "sampling": {"values": {"temperature": 1e999, "top_k": -5, "stop": [1]}},
                },
                {"label": "Ok\n\0\ud800 <b>", "system_prompt": "a\0b\ud800c"},
            ]
        ).replace(b"Infinity", b"1e999")
    )
    first, second = exchange.personas
    assert len(first.label) == LONGEST_NAME
    assert first.system_prompt == ""
    assert first.sampling is not None
    assert first.sampling.values == Sampling()
    assert (second.label, second.system_prompt) == ("Ok <b>", "abc")
    assert len(exchange.remarks) == 4


def test_no_more_than_so_many_are_read() -> None:
    many = [{"label": f"P{number}"} for number in range(MOST_ENTRIES + 5)]
    exchange = read_exchange(_file(personas=many))
    assert len(exchange.personas) == MOST_ENTRIES
    assert "505" in exchange.remarks[0]
    bad = read_exchange(_file(personas=[{"label": "x"}, *([5] * 100)]))
    assert len(bad.remarks) == 21
    assert "80 more" in bad.remarks[-1]


def test_a_file_is_the_same_for_the_same_personas(tmp_path: Path) -> None:
    raw = write_exchange(Exchange((replace(CODE, builtin=False),)))
    assert raw == write_exchange(read_exchange(raw))
    assert (tmp_path / "x").write_bytes(raw) == len(raw)


def test_more_than_the_settings_can_hold_is_refused_whole(store: SettingsStore) -> None:
    """Else the next start would find a settings file that is too large to be read."""
    long = "字" * MOST_INSTRUCTIONS
    add_persona(store, Persona("", "Mine", "Be brief."))
    raw = write_exchange(Exchange(tuple(Persona(str(n), f"P{n}", long) for n in range(20))))
    assert len(raw) < MOST_BYTES
    exchange = read_exchange(raw)
    with pytest.raises(KnownError, match="no room"):
        take_in(store, exchange)
    assert [one.label for one in store.get(OWN_PERSONAS)] == ["Mine"]
    for number in range(13):
        add_persona(store, Persona("", f"P{number}", long))
    with pytest.raises(KnownError, match="no room"):
        add_persona(store, Persona("", "Too much", long))
    store.save()
    again = SettingsStore(store.path)
    assert again.load() == []
    assert len(again.get(OWN_PERSONAS)) == 14
