"""Which preset is in use and what differs from it, kept in the settings. No Qt."""

from dataclasses import dataclass, fields, replace

from app.core.sampling import GLM_GENERAL, MODEL_DEFAULTS, Preset, Sampling
from app.settings.declared import OWN_PRESETS, PRESET, SAMPLING
from app.settings.presets import (
    add_preset,
    change_preset,
    presets,
    remove_preset,
    rename_preset,
)
from app.settings.store import SettingsStore


@dataclass(frozen=True)
class Removed:
    """A preset that was taken away and can be put back."""

    preset: Preset
    position: int


class SamplingChoice:
    def __init__(self, store: SettingsStore) -> None:
        self._store = store
        self._model_defaults = GLM_GENERAL.sampling
        self._key = store.get(PRESET)
        if self._key not in {preset.key for preset in self.presets}:
            self._key = MODEL_DEFAULTS
        self.current: Sampling = store.get(SAMPLING) or self.baseline

    @property
    def presets(self) -> tuple[Preset, ...]:
        """The model's own recommendation first, then the built-in ones, then the person's."""
        own = Preset(MODEL_DEFAULTS, "Model defaults", self._model_defaults)
        return (own, *presets(self._store))

    @property
    def preset(self) -> Preset:
        return next((item for item in self.presets if item.key == self._key), self.presets[0])

    @property
    def baseline(self) -> Sampling:
        return self.preset.sampling

    @property
    def differing(self) -> frozenset[str]:
        """The names of the parameters that are not as in the preset."""
        return frozenset(
            item.name
            for item in fields(Sampling)
            if getattr(self.current, item.name) != getattr(self.baseline, item.name)
        )

    def set_model_defaults(self, sampling: Sampling) -> None:
        """What the loaded model recommends; parameters that follow it move along."""
        touched = self.differing
        kept = {name: getattr(self.current, name) for name in touched}
        self._model_defaults = sampling
        if self._key == MODEL_DEFAULTS:
            self.current = replace(sampling, **kept)

    def choose(self, key: str) -> None:
        self._key = key
        self._store.set(PRESET, self.preset.key)
        self.reset()

    def set_value(self, name: str, value: object) -> None:
        changes: dict[str, object] = {name: value}
        self._take(replace(self.current, **changes))  # type: ignore[arg-type]

    def reset_value(self, name: str) -> None:
        self.set_value(name, getattr(self.baseline, name))

    def reset(self) -> None:
        self._take(self.baseline)

    def save_as(self, label: str) -> None:
        """A preset of the person's own from what is set now. Raises KnownError."""
        preset = add_preset(self._store, label, self.current)
        self.choose(preset.key)

    def rename(self, label: str) -> None:
        """Raises KnownError."""
        rename_preset(self._store, self._key, label)

    def update(self) -> None:
        """Make what is set now the preset in use. Raises KnownError for a built-in one."""
        change_preset(self._store, self._key, self.current)
        self._take(self.current)

    def remove(self) -> Removed:
        """Raises KnownError for a built-in one."""
        preset = self.preset
        own = self._store.get(OWN_PRESETS)
        position = next((n for n, item in enumerate(own) if item.key == preset.key), len(own))
        remove_preset(self._store, preset.key)
        self.choose(MODEL_DEFAULTS)
        return Removed(preset, position)

    def put_back(self, removed: Removed) -> None:
        own = self._store.get(OWN_PRESETS)
        first, rest = own[: removed.position], own[removed.position :]
        self._store.set(OWN_PRESETS, (*first, removed.preset, *rest))
        self.choose(removed.preset.key)

    def _take(self, sampling: Sampling) -> None:
        self.current = sampling
        self._store.set(SAMPLING, sampling if self.differing else None)
