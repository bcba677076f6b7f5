"""Which preset is in use and what differs from it. No Qt."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from app.core.language import mark, tr
from app.core.personas import SamplingUse, differing, use_of
from app.core.sampling import GLM_GENERAL, MODEL_DEFAULTS, Preset, Sampling
from app.settings.declared import OWN_PRESETS, PRESET, SAMPLING
from app.settings.exchange import own_values
from app.settings.presets import (
    add_preset,
    change_preset,
    presets,
    remove_preset,
    rename_preset,
)
from app.settings.store import SettingsStore

_MODEL_DEFAULTS = mark("Model defaults")


@dataclass(frozen=True)
class Removed:
    """A preset that was taken away and can be put back."""

    preset: Preset
    position: int


class SamplingChoice:
    """Presets are in the settings; what is chosen is not, until it is made that of new chats.

    use: what was chosen. listener: called when there is another one.
    """

    def __init__(self, store: SettingsStore, listener: Callable[[], None] = lambda: None) -> None:
        self._store = store
        self.listener = listener
        self._model_defaults = GLM_GENERAL.sampling
        self.use = self.of_new_chats

    @property
    def presets(self) -> tuple[Preset, ...]:
        """The model's own recommendation first, then the built-in ones, then the person's; last the
        one in use when it has been deleted meanwhile."""
        gone = own_values(self.use)
        label = tr("{name} (deleted)", name=gone.label)
        return (*self._known, replace(gone, label=label)) if self._is_gone else self._known

    @property
    def _known(self) -> tuple[Preset, ...]:
        own = Preset(MODEL_DEFAULTS, tr(_MODEL_DEFAULTS), self._model_defaults)
        return (own, *presets(self._store))

    @property
    def _is_gone(self) -> bool:
        return self.use.preset not in {preset.key for preset in self._known}

    @property
    def preset(self) -> Preset:
        return next(item for item in self.presets if item.key == self.use.preset)

    @property
    def baseline(self) -> Sampling:
        return self.preset.sampling

    @property
    def current(self) -> Sampling:
        if self.use.preset == MODEL_DEFAULTS:
            return self.use.on(self._model_defaults)
        return self.use.values

    @property
    def differing(self) -> frozenset[str]:
        """The names of the parameters that are not as in the preset."""
        return differing(self.current, self.baseline)

    @property
    def of_new_chats(self) -> SamplingUse:
        key = self._store.get(PRESET)
        found = (preset for preset in self._known if preset.key == key)
        preset, changes = next(found, self._known[0]), self._store.get(SAMPLING)
        if changes is None:
            return use_of(preset)
        values = changes.on(preset.sampling)
        return SamplingUse(preset.key, preset.label, values, changes.changed)

    def set_model_defaults(self, sampling: Sampling) -> None:
        """What the loaded model recommends; parameters that follow it move along."""
        self._model_defaults = sampling

    def take(self, use: SamplingUse | None) -> None:
        """What a chat is asked with; None: as new ones are. The listener is not called."""
        self.use = use or self.of_new_chats

    def make_that_of_new_chats(self) -> None:
        """From now on. What was a preset once is told by its values."""
        preset = self._known[0] if self._is_gone else self.preset
        changed = differing(self.current, preset.sampling)
        changes = SamplingUse(values=self.current, changed=changed)
        self._store.set(PRESET, preset.key)
        self._store.set(SAMPLING, changes if changed else None)

    def choose(self, key: str) -> None:
        known = (item for item in self.presets if item.key == key)
        self._take(next(known, self.presets[0]))

    def set_value(self, name: str, value: object) -> None:
        changes: dict[str, object] = {name: value}
        self._take(self.preset, replace(self.current, **changes))  # type: ignore[arg-type]

    def reset_value(self, name: str) -> None:
        self.set_value(name, getattr(self.baseline, name))

    def reset(self) -> None:
        self._take(self.preset)

    def save_as(self, label: str) -> None:
        """A preset of the person's own from what is set now. Raises KnownError."""
        self._take(add_preset(self._store, label, self.current))

    def rename(self, label: str) -> None:
        """Raises KnownError."""
        rename_preset(self._store, self.use.preset, label)
        self._take(self.preset, self.current)

    def update(self) -> None:
        """Make what is set now the preset in use. Raises KnownError for a built-in one."""
        current = self.current
        change_preset(self._store, self.use.preset, current)
        self._take(self.preset)

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

    def _take(self, preset: Preset, current: Sampling | None = None) -> None:
        use = use_of(preset, current)
        stays_gone = self._is_gone and preset.key == self.use.preset
        self.use = replace(use, label=self.use.label) if stays_gone else use
        self.listener()
