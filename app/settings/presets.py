"""The person's own presets beside the built-in ones."""

import secrets
from collections.abc import Set as AbstractSet
from dataclasses import replace

from app.core.errors import KnownError
from app.core.language import tr
from app.core.personas import LONGEST_NAME
from app.core.sampling import BUILTIN_PRESETS, MODEL_DEFAULTS, Preset, Sampling
from app.settings.declared import OWN_PRESETS, PRESET
from app.settings.store import SettingsStore

_NAMES = frozenset({"model defaults"})


def presets(store: SettingsStore) -> tuple[Preset, ...]:
    """Built-in presets first, then the person's own in the order in which they were made."""
    return (*BUILTIN_PRESETS, *store.get(OWN_PRESETS))


def new_key() -> str:
    """Never given before: chats and personas remember the keys of presets that are gone."""
    return f"own-{secrets.token_hex(8)}"


def add_preset(store: SettingsStore, label: str, sampling: Sampling) -> Preset:
    """Raises KnownError for an empty name or one that is taken."""
    own = store.get(OWN_PRESETS)
    key = new_key()
    preset = Preset(key, _checked(store, label, key), sampling, builtin=False)
    store.set(OWN_PRESETS, (*own, preset))
    return preset


def rename_preset(store: SettingsStore, key: str, label: str) -> None:
    """Raises KnownError for an empty name, one that is taken, or a preset that is not one's own."""
    _change(store, replace(_own(store, key), label=_checked(store, label, key)))


def change_preset(store: SettingsStore, key: str, sampling: Sampling) -> None:
    """Raises KnownError for a preset that is not one's own."""
    _change(store, replace(_own(store, key), sampling=sampling))


def remove_preset(store: SettingsStore, key: str) -> None:
    """The model's defaults take over if it was in use. Raises KnownError if it is not one's own."""
    gone = _own(store, key)
    store.set(OWN_PRESETS, tuple(item for item in store.get(OWN_PRESETS) if item != gone))
    if store.get(PRESET) == key:
        store.set(PRESET, MODEL_DEFAULTS)


def _change(store: SettingsStore, changed: Preset) -> None:
    own = store.get(OWN_PRESETS)
    store.set(OWN_PRESETS, tuple(changed if item.key == changed.key else item for item in own))


def _own(store: SettingsStore, key: str) -> Preset:
    for preset in store.get(OWN_PRESETS):
        if preset.key == key:
            return preset
    raise KnownError(
        tr("This preset cannot be changed."),
        tr("It comes with the program, or it was removed."),
        tr("Save the parameters as a preset of your own."),
    )


def free_preset_label(store: SettingsStore, label: str) -> str:
    """That name, or with the first number that makes it free."""
    return numbered(label, {item.label.casefold() for item in presets(store)} | _NAMES)


def numbered(label: str, taken: AbstractSet[str]) -> str:
    """The label, or with the first number that is not among those (in lower case)."""
    found, number = label, 2
    while found.casefold() in taken:
        end = f" {number}"
        found, number = label[: LONGEST_NAME - len(end)] + end, number + 1
    return found


def _checked(store: SettingsStore, label: str, key: str) -> str:
    label = " ".join(label.split())
    if not label or len(label) > LONGEST_NAME:
        raise KnownError(
            tr(
                "A preset needs a name of at most {longest_name} characters.",
                longest_name=LONGEST_NAME,
            )
        )
    taken = {item.label.casefold() for item in presets(store) if item.key != key}
    if label.casefold() in taken | _NAMES:
        raise KnownError(
            tr("There is a preset called “{label}” already.", label=label),
            "",
            tr("Choose another name."),
        )
    return label
