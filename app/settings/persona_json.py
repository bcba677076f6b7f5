"""Personas as JSON: strict about types and sizes, tolerant of strangers."""

from dataclasses import dataclass

from app.core.json import JsonObject, JsonValue
from app.core.language import tr
from app.core.personas import LONGEST_NAME, MOST_INSTRUCTIONS, Persona, SamplingUse
from app.core.sampling import MODEL_DEFAULTS, declarations
from app.settings.sampling_json import sampling_from_json, sampling_to_json, some_to_json

_LONGEST_KEY = 80
_LONGEST_NOTE = 400
_KNOWN = frozenset({"key", "label", "system_prompt", "sampling", "thinking", "tools", "note"})


@dataclass(frozen=True)
class ReadPersona:
    """problems: what was wrong, in sentences. unknown: names that mean nothing to this version."""

    persona: Persona
    problems: tuple[str, ...]
    unknown: tuple[str, ...]


def use_to_json(use: SamplingUse) -> JsonObject:
    return {
        "preset": use.preset,
        "label": use.label,
        "values": sampling_to_json(use.values),
        "changed": [*sorted(use.changed)],
    }


def use_from_json(value: JsonValue) -> tuple[SamplingUse | None, list[str]]:
    """None when it says nothing about sampling; and what is wrong, in sentences."""
    if value is None:
        return None, []
    if not isinstance(value, dict):
        return None, [tr("Its sampling is not a JSON object and was left out.")]
    preset = one_line(value.get("preset"), _LONGEST_KEY)
    values, problems = sampling_from_json(value.get("values", {}))
    changed = value.get("changed")
    names = frozenset(
        name for name in (changed if isinstance(changed, list) else []) if isinstance(name, str)
    )
    label = one_line(value.get("label"), LONGEST_NAME)
    if not preset:  # values alone
        preset, label = MODEL_DEFAULTS, tr("Model defaults")
        names = frozenset(sampling_to_json(values))
    use = SamplingUse(preset, label or preset, values, names & declarations().keys())
    return use, problems


def read_changes(value: JsonValue) -> tuple[SamplingUse | None, list[str]]:
    """For the settings: parameters that differ from a preset, which is kept elsewhere."""
    if value is None:
        return None, []
    values, problems = sampling_from_json(value)
    said = frozenset(value if isinstance(value, dict) else ())
    return SamplingUse(values=values, changed=said & declarations().keys()), problems


def write_changes(use: SamplingUse | None) -> JsonValue:
    return None if use is None else some_to_json(use.values, use.changed)


def persona_to_json(persona: Persona) -> JsonObject:
    """Only what it says."""
    said: JsonObject = {"key": persona.key, "label": persona.label}
    if persona.system_prompt:
        said["system_prompt"] = persona.system_prompt
    if persona.sampling is not None:
        said["sampling"] = use_to_json(persona.sampling)
    if persona.thinking is not None:
        said["thinking"] = persona.thinking
    if persona.tools is not None:
        said["tools"] = persona.tools
    if persona.note:
        said["note"] = persona.note
    return said


def persona_from_json(value: JsonValue) -> ReadPersona | None:
    """None for what has no name. Whatever else cannot be used is left out and said."""
    if not isinstance(value, dict):
        return None
    label = one_line(value.get("label"), LONGEST_NAME)
    if not label:
        return None
    prompt, problems = _instructions(value.get("system_prompt"))
    sampling, found = use_from_json(value.get("sampling"))
    problems += found
    switches: dict[str, bool | None] = {}
    for name in ("thinking", "tools"):
        said = value.get(name)
        if said is not None and not isinstance(said, bool):
            problems.append(
                tr("Whether it has {name} is neither on nor off and was left out.", name=name)
            )
        switches[name] = said if isinstance(said, bool) else None
    persona = Persona(
        one_line(value.get("key"), _LONGEST_KEY),
        label,
        prompt,
        sampling,
        switches["thinking"],
        switches["tools"],
        one_line(value.get("note"), _LONGEST_NOTE),
    )
    return ReadPersona(persona, tuple(problems), tuple(value.keys() - _KNOWN))


def _instructions(value: JsonValue) -> tuple[str, list[str]]:
    if value is None:
        return "", []
    if not isinstance(value, str):
        return "", [tr("Its instructions are not a text and were left out.")]
    text = clean_text(value)
    if len(text) > MOST_INSTRUCTIONS:
        return "", [
            tr(
                "Its instructions are longer than {most_instructions:,} characters.",
                most_instructions=MOST_INSTRUCTIONS,
            )
        ]
    return text, []


def one_line(value: JsonValue, longest: int) -> str:
    """ "" for what is no text. Without what does not show or turns the line around."""
    if not isinstance(value, str):
        return ""
    words = " ".join(clean_text(value[: 4 * longest]).split())
    return "".join(char for char in words if char.isprintable())[:longest]


def clean_text(text: str) -> str:
    """Without halves of characters and NUL, which neither a database nor a model can take."""
    return text.encode("utf-8", "ignore").decode("utf-8").replace("\0", "")


def read_personas(value: JsonValue) -> tuple[tuple[Persona, ...], list[str]]:
    """For the settings: raises ValueError when it is no list."""
    if not isinstance(value, list):
        raise ValueError("is not a list")
    personas: dict[str, Persona] = {}
    complaints: list[str] = []
    for item in value:
        read = persona_from_json(item)
        if read is None or not read.persona.key:
            complaints.append(tr("A persona of yours has no name and was left out."))
            continue
        label = read.persona.label
        complaints += [
            tr("Persona “{label}”: {problem}", label=label, problem=problem)
            for problem in read.problems
        ]
        personas.setdefault(read.persona.key, read.persona)
    return tuple(personas.values()), complaints


def write_personas(personas: tuple[Persona, ...]) -> JsonValue:
    return [persona_to_json(persona) for persona in personas]
