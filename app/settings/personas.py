"""The person's own personas beside the built-in ones."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.core.errors import KnownError
from app.core.language import tr
from app.core.personas import (
    BUILTIN_PERSONAS,
    LONGEST_NAME,
    MOST_INSTRUCTIONS,
    NO_PERSONA,
    Persona,
)
from app.core.sampling import Preset
from app.core.units import count
from app.settings.declared import OWN_PERSONAS, OWN_PRESETS, PERSONA
from app.settings.persona_json import clean_text, one_line, write_personas
from app.settings.presets import new_key, numbered
from app.settings.setting import write_presets
from app.settings.store import SettingsStore

MOST_TOGETHER = 8_000_000
"""Bytes of JSON; half of what a settings file may have."""


@dataclass(frozen=True)
class RemovedPersona:
    """One that was taken away and can be put back. was_default: new chats began with it."""

    persona: Persona
    position: int
    was_default: bool


def personas(store: SettingsStore) -> tuple[Persona, ...]:
    """Built-in ones first, then the person's own in the order in which they were made."""
    return (*BUILTIN_PERSONAS, *store.get(OWN_PERSONAS))


def persona_of(store: SettingsStore, key: str) -> Persona | None:
    return next((one for one in personas(store) if one.key == key), None)


def default_persona(store: SettingsStore) -> Persona:
    """What a new chat begins with."""
    return persona_of(store, store.get(PERSONA)) or NO_PERSONA


def add_persona(store: SettingsStore, persona: Persona) -> Persona:
    """Under a new key. Raises KnownError for an empty name, one that is taken, or instructions that
    are too long."""
    made = replace(_checked(store, persona, ""), key=new_key(), builtin=False)
    _keep(store, (*store.get(OWN_PERSONAS), made))
    return made


def change_persona(store: SettingsStore, persona: Persona) -> Persona:
    """The one with its key becomes this one. Raises KnownError as above, and when it is not one of
    the person's own."""
    _own(store, persona.key)
    made = replace(_checked(store, persona, persona.key), builtin=False)
    own = store.get(OWN_PERSONAS)
    _keep(store, tuple(made if one.key == made.key else one for one in own))
    return made


def duplicate_persona(store: SettingsStore, key: str) -> Persona:
    """A copy of one's own, of any of them, under a name that is free."""
    found = persona_of(store, key) or NO_PERSONA
    note = "" if found.builtin else found.note
    label = free_label(store, found.label)
    return add_persona(store, replace(found, label=label, note=note))


def remove_persona(store: SettingsStore, key: str) -> RemovedPersona:
    """New chats begin without a persona if it was theirs. Raises KnownError if it is not one's
    own."""
    gone = _own(store, key)
    own = store.get(OWN_PERSONAS)
    removed = RemovedPersona(gone, own.index(gone), store.get(PERSONA) == key)
    store.set(OWN_PERSONAS, tuple(one for one in own if one != gone))
    if removed.was_default:
        store.set(PERSONA, NO_PERSONA.key)
    return removed


def put_persona_back(store: SettingsStore, removed: RemovedPersona) -> Persona:
    """Where it was; under a free name when its own was taken meanwhile."""
    own = store.get(OWN_PERSONAS)
    persona = replace(removed.persona, label=free_label(store, removed.persona.label))
    first, rest = own[: removed.position], own[removed.position :]
    store.set(OWN_PERSONAS, (*first, persona, *rest))
    if removed.was_default:
        store.set(PERSONA, persona.key)
    return persona


def check_room(personas: Sequence[Persona], presets: Sequence[Preset]) -> None:
    """Raises KnownError when they are more than the settings can hold: those are one file, which is
    read whole."""
    written = write_personas(tuple(personas)), write_presets(tuple(presets))
    if len(json.dumps(written)) > MOST_TOGETHER:
        raise KnownError(
            tr("There is no room for that."),
            tr(
                "All your personas and presets together may have {most_together} MB.",
                most_together=MOST_TOGETHER // 10**6,
            ),
            tr("Delete some that you do not need, or shorten their instructions."),
        )


def _keep(store: SettingsStore, personas: tuple[Persona, ...]) -> None:
    own = store.get(OWN_PRESETS)
    check_room(personas, own)
    store.set(OWN_PERSONAS, personas)


def free_label(store: SettingsStore, label: str) -> str:
    """That name, or with the first number that makes it free."""
    return numbered(label, {one.label.casefold() for one in personas(store)})


def _own(store: SettingsStore, key: str) -> Persona:
    for persona in store.get(OWN_PERSONAS):
        if persona.key == key:
            return persona
    raise KnownError(
        tr("This persona cannot be changed."),
        tr("It comes with the program, or it was removed."),
        tr("Duplicate it and change the copy."),
    )


def _checked(store: SettingsStore, persona: Persona, key: str) -> Persona:
    if len(" ".join(persona.label.split())) > LONGEST_NAME:
        raise KnownError(
            tr(
                "A persona needs a name of at most {longest_name} characters.",
                longest_name=LONGEST_NAME,
            )
        )
    label = one_line(persona.label, LONGEST_NAME)
    if not label:
        raise KnownError(tr("A persona needs a name."))
    taken = {one.label.casefold() for one in personas(store) if one.key != key}
    if label.casefold() in taken:
        raise KnownError(
            tr("There is a persona called “{label}” already.", label=label),
            "",
            tr("Choose another name."),
        )
    prompt = clean_text(persona.system_prompt)
    if len(prompt) > MOST_INSTRUCTIONS:
        raise KnownError(
            tr("The instructions are too long."),
            tr(
                "They have {prompt} characters, and {most_instructions} are possible.",
                prompt=count(len(prompt)),
                most_instructions=count(MOST_INSTRUCTIONS),
            ),
            tr("Shorten them."),
        )
    return replace(persona, label=label, system_prompt=prompt)
