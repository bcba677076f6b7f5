"""Personas and presets as a file, to be taken to another machine.

One JSON object: `format`, `version`, and lists of `personas` and `presets`. A persona names its
preset by the key that the preset has in the same file.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from app.core.errors import KnownError
from app.core.json import JsonObject, JsonValue
from app.core.language import tr
from app.core.personas import LONGEST_NAME, Persona, SamplingUse
from app.core.sampling import BUILTIN_PRESETS, MODEL_DEFAULTS, Preset
from app.core.units import count
from app.settings.persona_json import one_line, persona_from_json, persona_to_json
from app.settings.presets import new_key
from app.settings.sampling_json import sampling_from_json, sampling_to_json

FORMAT = "glm-launcher-personas"
VERSION = 1
ENDING = ".personas.json"
MOST_BYTES = 8 * 1024 * 1024
MOST_ENTRIES = 500
_MOST_REMARKS = 20
_KNOWN = frozenset({"format", "version", "personas", "presets"})
_KNOWN_OF_PRESET = frozenset({"key", "label", "sampling"})
_EVERYWHERE = frozenset({MODEL_DEFAULTS, *(preset.key for preset in BUILTIN_PRESETS)})


@dataclass(frozen=True)
class Exchange:
    """What is in a file. Its keys are its own: they say which preset a persona means, no more.
    remarks: what was left out, in sentences."""

    personas: tuple[Persona, ...] = ()
    presets: tuple[Preset, ...] = ()
    remarks: tuple[str, ...] = ()


def with_their_presets(personas: Sequence[Persona], own: Sequence[Preset]) -> Exchange:
    """Those personas, and which of the person's own presets they use."""
    used = {one.sampling.preset for one in personas if one.sampling is not None}
    return Exchange(tuple(personas), tuple(preset for preset in own if preset.key in used))


def write_exchange(exchange: Exchange) -> bytes:
    document: JsonObject = {
        "format": FORMAT,
        "version": VERSION,
        "personas": [persona_to_json(persona) for persona in exchange.personas],
        "presets": [
            {"key": one.key, "label": one.label, "sampling": sampling_to_json(one.sampling)}
            for one in exchange.presets
        ],
    }
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def read_exchange(raw: bytes) -> Exchange:
    """Raises KnownError for what is no such file, or nothing can be had from it."""
    document = _document(raw)
    remarks: list[str] = _unknown(tr("The file"), document.keys() - _KNOWN)
    presets = _presets(_entries(document, "presets", remarks), remarks)
    personas = _personas(_entries(document, "personas", remarks), remarks)
    if not personas and not presets:
        raise _bad(tr("There is no persona and no preset in it that can be used."))
    if len(remarks) > _MOST_REMARKS:
        left = len(remarks) - _MOST_REMARKS
        remarks = [
            *remarks[:_MOST_REMARKS],
            tr("There were {left} more such remarks.", left=count(left)),
        ]
    return Exchange(tuple(personas), tuple(presets.values()), tuple(remarks))


def with_preset_keys(persona: Persona, keys: Mapping[str, str]) -> Persona:
    """With the presets as they are called here. keys: from those of the file; one that is not among
    them is unknown here, and the persona goes by its own values."""
    use = persona.sampling
    if use is None or use.preset in _EVERYWHERE:
        return persona
    return replace(persona, sampling=replace(use, preset=keys.get(use.preset, new_key())))


def own_values(use: SamplingUse) -> Preset:
    """What a preset that is not there any more was like, as far as is known."""
    return Preset(use.preset, use.label, use.values)


def _document(raw: bytes) -> JsonObject:
    if len(raw) > MOST_BYTES:
        raise _bad(tr("It is larger than {most_bytes} MiB.", most_bytes=MOST_BYTES // 1024**2))
    try:
        document = json.loads(raw.decode("utf-8-sig"), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise _bad(tr("It is not JSON, or damaged.")) from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise _bad(tr("It is not a file of personas or presets."))
    version = document.get("version")
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise _bad(tr("It does not say which version it has."))
    if version > VERSION:
        raise KnownError(
            tr("This file was not imported."),
            tr("It was written by a newer version of the program."),
            tr("Update this one, then import it again."),
        )
    return document


def _entries(document: JsonObject, name: str, remarks: list[str]) -> Sequence[JsonValue]:
    found = document.get(name, [])
    if not isinstance(found, list):
        remarks.append(tr("Its {name} are not a list and were left out.", name=name))
        return ()
    if len(found) > MOST_ENTRIES:
        remarks.append(
            tr(
                "It has {found} {name}; those after the first {most_entries} were left out.",
                found=count(len(found)),
                name=name,
                most_entries=MOST_ENTRIES,
            )
        )
    return found[:MOST_ENTRIES]


def _presets(entries: Sequence[JsonValue], remarks: list[str]) -> dict[str, Preset]:
    presets: dict[str, Preset] = {}
    for entry in entries:
        fields = entry if isinstance(entry, dict) else {}
        label = one_line(fields.get("label"), LONGEST_NAME)
        if not label:
            remarks.append(tr("A preset without a name was left out."))
            continue
        sampling, found = sampling_from_json(fields.get("sampling"))
        remarks += [
            tr("Preset “{label}”: {problem}", label=label, problem=problem) for problem in found
        ]
        remarks += _unknown(tr("Preset “{label}”", label=label), fields.keys() - _KNOWN_OF_PRESET)
        key = one_line(fields.get("key"), LONGEST_NAME) or new_key()
        if key in presets or key in _EVERYWHERE:
            key = new_key()
        presets[key] = Preset(key, label, sampling, builtin=False)
    return presets


def _personas(entries: Sequence[JsonValue], remarks: list[str]) -> list[Persona]:
    personas: list[Persona] = []
    for entry in entries:
        read = persona_from_json(entry)
        if read is None:
            remarks.append(tr("A persona without a name was left out."))
            continue
        label = read.persona.label
        remarks += [
            tr("Persona “{label}”: {problem}", label=label, problem=problem)
            for problem in read.problems
        ]
        remarks += _unknown(tr("Persona “{label}”", label=label), read.unknown)
        personas.append(read.persona)
    return personas


def _unknown(where: str, names: Sequence[str] | set[str] | frozenset[str]) -> list[str]:
    if not names:
        return []
    shown = ", ".join(f"“{one_line(name, 40)}”" for name in sorted(names)[:5])
    more = tr(" and {names} more", names=len(names) - 5) if len(names) > 5 else ""
    return [
        tr(
            "{where}: this version does not know {shown}{more}; that was left out.",
            where=where,
            shown=shown,
            more=more,
        )
    ]


def _no_constant(name: str) -> float:
    raise ValueError(name)


def _bad(why: str) -> KnownError:
    return KnownError(tr("This file was not imported."), why, tr("Choose another file."))
