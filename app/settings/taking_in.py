"""What a file brings is taken into the settings; the person judges about names that are taken."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from app.core.errors import KnownError
from app.core.personas import Persona
from app.core.sampling import Preset
from app.settings.declared import OWN_PERSONAS, OWN_PRESETS
from app.settings.exchange import Exchange, with_preset_keys
from app.settings.personas import check_room, free_label, personas
from app.settings.presets import free_preset_label, new_key, presets
from app.settings.store import SettingsStore

Answer = Literal["both", "replace", "skip"]
"""both: under another name, beside the one that is there."""


@dataclass(frozen=True)
class Clash:
    """Something of that name is there already, and is not the same. replaceable: it is the
    person's own."""

    kind: Literal["persona", "preset"]
    label: str
    replaceable: bool


@dataclass(frozen=True)
class TakenIn:
    """How many were added, put in the place of others, and left out. same: were there already."""

    added: int = 0
    replaced: int = 0
    skipped: int = 0
    same: int = 0


def clashes(store: SettingsStore, exchange: Exchange) -> tuple[Clash, ...]:
    """In the order of the file, presets first; each name once."""
    found: dict[tuple[str, str], Clash] = {}
    for preset in exchange.presets:
        there = _preset_named(store, preset.label)
        if there is not None and there.sampling != preset.sampling:
            clash = Clash("preset", preset.label, not there.builtin)
            found.setdefault(("preset", preset.label.casefold()), clash)
    for persona in exchange.personas:
        known = _persona_named(store, persona.label)
        if known is not None and not _alike(known, persona):
            clash = Clash("persona", persona.label, not known.builtin)
            found.setdefault(("persona", persona.label.casefold()), clash)
    return tuple(found.values())


def take_in(
    store: SettingsStore, exchange: Exchange, answers: Mapping[Clash, Answer] | None = None
) -> TakenIn:
    """answers: to `clashes`; "both" where there is none. Raises KnownError, and nothing has
    changed then, when there is no room for all of it."""
    said = {(clash.kind, clash.label.casefold()): a for clash, a in (answers or {}).items()}
    before = Exchange(store.get(OWN_PERSONAS), store.get(OWN_PRESETS))
    took = _Taking(store)
    for preset in exchange.presets:
        took.preset(preset, said.get(("preset", preset.label.casefold()), "both"))
    for persona in exchange.personas:
        took.persona(persona, said.get(("persona", persona.label.casefold()), "both"))
    own, their_presets = store.get(OWN_PERSONAS), store.get(OWN_PRESETS)
    try:
        check_room(own, their_presets)
    except KnownError:
        store.set(OWN_PRESETS, before.presets)
        store.set(OWN_PERSONAS, before.personas)
        raise
    return TakenIn(took.added, took.replaced, took.skipped, took.same)


class _Taking:
    """keys: of a preset in the file -> what it is called here."""

    def __init__(self, store: SettingsStore) -> None:
        self._store = store
        self._keys: dict[str, str] = {}
        self._fresh: set[str] = set()
        self.added = self.replaced = self.skipped = self.same = 0

    def preset(self, preset: Preset, answer: Answer) -> None:
        there = _preset_named(self._store, preset.label)
        own = self._store.get(OWN_PRESETS)
        if there is not None and there.sampling == preset.sampling:
            self._keys[preset.key] = there.key
            self.same += 1
        elif there is not None and answer == "skip":
            self.skipped += 1
        elif there is not None and self._may_replace(there, answer):
            self._keys[preset.key] = there.key
            made = replace(there, sampling=preset.sampling)
            kept = tuple(made if item.key == there.key else item for item in own)
            self._store.set(OWN_PRESETS, kept)
            self.replaced += 1
        else:
            label = free_preset_label(self._store, preset.label)
            made = Preset(new_key(), label, preset.sampling, builtin=False)
            self._keys[preset.key] = made.key
            self._fresh.add(made.key)
            self._store.set(OWN_PRESETS, (*own, made))
            self.added += 1

    def persona(self, persona: Persona, answer: Answer) -> None:
        there = _persona_named(self._store, persona.label)
        own = self._store.get(OWN_PERSONAS)
        made = with_preset_keys(persona, self._keys)
        if there is not None and _alike(there, persona):
            self.same += 1
        elif there is not None and answer == "skip":
            self.skipped += 1
        elif there is not None and self._may_replace(there, answer):
            made = replace(made, key=there.key, label=there.label)
            kept = tuple(made if one.key == there.key else one for one in own)
            self._store.set(OWN_PERSONAS, kept)
            self.replaced += 1
        else:
            made = replace(made, key=new_key(), label=free_label(self._store, persona.label))
            self._fresh.add(made.key)
            self._store.set(OWN_PERSONAS, (*own, made))
            self.added += 1

    def _may_replace(self, there: Preset | Persona, answer: Answer) -> bool:
        """What came with the same file is never replaced by a namesake in it."""
        return answer == "replace" and not there.builtin and there.key not in self._fresh


def _alike(one: Persona, other: Persona) -> bool:
    """Whatever their keys, and those of their presets, are."""

    def essence(persona: Persona) -> tuple[object, ...]:
        use = persona.sampling
        sampling = (use.values, use.changed) if use is not None else None
        return persona.system_prompt, sampling, persona.thinking, persona.tools

    return essence(one) == essence(other)


def _preset_named(store: SettingsStore, label: str) -> Preset | None:
    named = (one for one in presets(store) if one.label.casefold() == label.casefold())
    return next(named, None)


def _persona_named(store: SettingsStore, label: str) -> Persona | None:
    named = (one for one in personas(store) if one.label.casefold() == label.casefold())
    return next(named, None)
