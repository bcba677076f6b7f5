"""How one conversation is asked, and how that is kept with it.

A conversation has a copy of what its persona says: whatever becomes of the persona, the chat stays
as it is.
"""

from dataclasses import dataclass, replace

from app.chat.store.types import ConversationDetails
from app.core.json import JsonObject, JsonValue
from app.core.personas import LONGEST_NAME, MOST_INSTRUCTIONS, NO_PERSONA, Persona, SamplingUse
from app.settings.persona_json import use_from_json, use_to_json

SAMPLING, THINKING, TOOLS, PERSONA = "sampling", "thinking", "tools", "persona"
"""The keys of it in a conversation's settings."""


@dataclass(frozen=True)
class Manner:
    """None for sampling, thinking and tools: as they are set for all chats. persona: the key of the
    one that it was taken from; persona_label: what that was called then."""

    persona: str = NO_PERSONA.key
    persona_label: str = ""
    system_prompt: str = ""
    sampling: SamplingUse | None = None
    thinking: bool | None = None
    tools: bool | None = None

    def differs_from(self, persona: Persona) -> bool:
        """It is not asked as the persona says now."""
        return (self.system_prompt, self.sampling, self.thinking, self.tools) != (
            persona.system_prompt,
            persona.sampling,
            persona.thinking,
            persona.tools,
        )


def manner_of(persona: Persona) -> Manner:
    label = "" if persona.key == NO_PERSONA.key else persona.label
    return Manner(
        persona.key,
        label,
        persona.system_prompt,
        persona.sampling,
        persona.thinking,
        persona.tools,
    )


def as_persona(manner: Manner, persona: Persona) -> Persona:
    """The persona, asking as the manner does."""
    return replace(
        persona,
        system_prompt=manner.system_prompt,
        sampling=manner.sampling,
        thinking=manner.thinking,
        tools=manner.tools,
    )


def kept_settings(manner: Manner) -> JsonObject:
    """What of it goes into a conversation's settings; None for what is not said."""
    sampling: JsonValue = None if manner.sampling is None else use_to_json(manner.sampling)
    persona = None if manner.persona == NO_PERSONA.key else manner.persona
    return {
        SAMPLING: sampling,
        THINKING: manner.thinking,
        TOOLS: manner.tools,
        PERSONA: persona,
    }


def kept_manner(details: ConversationDetails) -> Manner:
    """Whatever is in there: what cannot be used is as if it had not been said."""
    found = manner_from_settings(details.settings)
    return replace(found, persona_label=details.persona, system_prompt=details.system_prompt)


def manner_from_settings(settings: JsonObject) -> Manner:
    """Without what a conversation keeps elsewhere."""
    sampling, _ = use_from_json(settings.get(SAMPLING))
    persona = settings.get(PERSONA)
    return Manner(
        persona if isinstance(persona, str) and persona else NO_PERSONA.key,
        sampling=sampling,
        thinking=_switch(settings.get(THINKING)),
        tools=_switch(settings.get(TOOLS)),
    )


def manner_to_json(manner: Manner) -> JsonObject:
    """All of it in one object, for a chat that is nowhere else yet."""
    said: JsonObject = {
        "persona_label": manner.persona_label,
        "system_prompt": manner.system_prompt,
    }
    return {**said, **kept_settings(manner)}


def manner_from_json(value: JsonObject) -> Manner:
    """Whatever is in there: what cannot be used is as if it had not been said."""
    label, prompt = value.get("persona_label"), value.get("system_prompt")
    found = manner_from_settings(value)
    usable = isinstance(prompt, str) and len(prompt) <= MOST_INSTRUCTIONS
    return replace(
        found,
        persona_label=label[:LONGEST_NAME] if isinstance(label, str) else "",
        system_prompt=prompt if usable and isinstance(prompt, str) else "",
    )


def _switch(value: JsonValue) -> bool | None:
    return value if isinstance(value, bool) else None
