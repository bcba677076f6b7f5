"""Who the model is to be in a chat: instructions and how it is asked."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace

from app.core.language import mark
from app.core.sampling import (
    GLM_CODE,
    GLM_GENERAL,
    MODEL_DEFAULTS,
    Preset,
    Sampling,
)

MOST_INSTRUCTIONS = 100_000
"""Characters; about as much as a short book's chapter, and more than most contexts can spare."""
LONGEST_NAME = 80


@dataclass(frozen=True)
class SamplingUse:
    """A preset and what differs from it. values: all parameters as they were when it was chosen, so
    that it outlives the preset. changed: the names of those that are not the preset's."""

    preset: str = MODEL_DEFAULTS
    label: str = "Model defaults"
    values: Sampling = GLM_GENERAL.sampling
    changed: frozenset[str] = frozenset()

    def on(self, baseline: Sampling) -> Sampling:
        """What was changed, on top of those."""
        kept = {name: getattr(self.values, name) for name in self.changed}
        return replace(baseline, **kept)

    def renewed(self, presets: Iterable[Preset]) -> "SamplingUse":
        """As the preset is now; unchanged when it is gone."""
        found = next((preset for preset in presets if preset.key == self.preset), None)
        if found is None:
            return self
        return replace(self, label=found.label, values=self.on(found.sampling))


def use_of(preset: Preset, current: Sampling | None = None) -> SamplingUse:
    """current: the parameters in use, the preset's own by default."""
    values = preset.sampling if current is None else current
    return SamplingUse(preset.key, preset.label, values, differing(values, preset.sampling))


def differing(one: Sampling, other: Sampling) -> frozenset[str]:
    """The names of the parameters that are not alike."""
    names = (item.name for item in fields(Sampling))
    return frozenset(name for name in names if getattr(one, name) != getattr(other, name))


@dataclass(frozen=True)
class Persona:
    """None for sampling, thinking and tools: as they are set for all new chats. note: whose advice
    it is. Built-in ones cannot be changed or removed."""

    key: str
    label: str
    system_prompt: str = ""
    sampling: SamplingUse | None = None
    thinking: bool | None = None
    tools: bool | None = None
    note: str = ""
    builtin: bool = False


_OURS = mark(
    "Instructions by this program; sampling as GLM's makers advise in general: temperature 1.0."
)

NO_PERSONA = Persona(
    "none", mark("No persona"), note=mark("No instructions; everything as set."), builtin=True
)
GENERAL = Persona(
    "glm-general",
    mark("GLM general"),
    sampling=use_of(GLM_GENERAL),
    note=mark("The advice of GLM's makers for GLM-4.6: temperature 1.0."),
    builtin=True,
)
CODE = Persona(
    "glm-code",
    mark("GLM code"),
    sampling=use_of(GLM_CODE),
    thinking=True,
    note=mark(
        "The advice of GLM's makers for GLM-4.6 and code: temperature 1.0, top P 0.95, top K 40, "
        "with thinking."
    ),
    builtin=True,
)
WRITING = Persona(
    "writing",
    mark("Writing"),
    "You write and edit texts with the person. Keep to the voice, the tense, the length and the "
    "language that they ask for or that their text has. Give the text itself first; remarks about "
    "it come after, short, and only where they help. Do not soften or moralize.",
    use_of(GLM_GENERAL),
    note=_OURS,
    builtin=True,
)
ROLE_PLAY = Persona(
    "role-play",
    mark("Role play"),
    "You play the character that the person describes, or ask who you are to be when they have not "
    "said. Stay in the character, in the scene and in its language. Speak and act for your own "
    "character alone, never for theirs, and leave them room to answer. Words in (brackets) are "
    "said outside of the scene.",
    use_of(GLM_GENERAL),
    note=_OURS,
    builtin=True,
)
BUILTIN_PERSONAS = (NO_PERSONA, GENERAL, CODE, WRITING, ROLE_PLAY)
