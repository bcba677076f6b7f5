"""What the headers of found models say, read once and kept until the files change."""

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from app.core.cancel import CancelToken
from app.core.errors import KnownError
from app.core.language import tr
from app.core.tasks import TimedOut
from app.gguf.loadable import why_not_loadable
from app.gguf.read import read_header
from app.gguf.types import ModelHeader
from app.library.patience import Patience
from app.library.types import Facts, InstalledModel, State

# A network folder that does not answer must not hold up the list.
_TIMEOUT_SECONDS = 20.0

Kind = Literal["model", "other"]
_OTHERS = ("mmproj", "imatrix", "adapter", "lora", "vocab")


@dataclass(frozen=True)
class Reading:
    """kind: `other` for projectors and the like, which are no models of their own. slow: the disk
    did not answer in time; nothing is kept of that."""

    state: State = "complete"
    why: str = ""
    facts: Facts = field(default_factory=Facts)
    kind: Kind = "model"
    slow: bool = False


class HeaderNotes:
    """Readings by path, valid while sizes and times of all files are the same. For one thread."""

    def __init__(self, stored: object = None) -> None:
        self.changed = False
        self._notes: dict[str, dict[str, Any]] = stored if isinstance(stored, dict) else {}
        self._touched: set[str] = set()

    def find(self, model: InstalledModel) -> Reading | None:
        self._touched.add(_key(model))
        note = self._notes.get(_key(model))
        if not isinstance(note, dict) or note.get("stamp") != _stamp(model):
            return None
        try:
            facts = Facts(**note["facts"])
            return Reading(note["state"], str(note["why"]), facts, note["kind"])
        except (KeyError, TypeError):
            return None

    def keep(self, model: InstalledModel, reading: Reading) -> None:
        if reading.slow:
            return
        self._touched.add(_key(model))
        self.changed = True
        self._notes[_key(model)] = {
            "stamp": _stamp(model),
            "state": reading.state,
            "why": reading.why,
            "facts": asdict(reading.facts),
            "kind": reading.kind,
        }

    def stored(self) -> dict[str, dict[str, Any]]:
        """What to write: only of what is still there."""
        return {key: note for key, note in self._notes.items() if key in self._touched}


def read_model(
    model: InstalledModel, cancel: CancelToken, patience: Patience | None = None
) -> Reading:
    """Touches only the headers. Raises Cancelled."""
    path, waiting = model.files[0].path, patience or Patience()
    try:
        return waiting.run(model.source, lambda _: _read(path), cancel, _TIMEOUT_SECONDS)
    except TimedOut:
        return Reading("broken", tr("Its disk or network folder does not answer."), slow=True)


def apply(model: InstalledModel, reading: Reading, **more: Any) -> InstalledModel:  # noqa: ANN401
    """more: further fields to change, since copies of ten thousand models cost time."""
    facts = reading.facts
    if not model.quantization and facts.file_type:
        more["quantization"] = facts.file_type
        if model.source.kind != "ollama":
            more["title"] = f"{model.model} {facts.file_type}"
    if reading.state != "complete":
        more |= {"state": reading.state, "why": reading.why, "path": None}
    return replace(model, facts=facts, read=True, **more)


def _read(path: Path) -> Reading:
    try:
        header = read_header(path)
    except KnownError as error:
        return Reading("broken", f"{error.what} {error.why}".strip())
    facts = _facts(header)
    if header.text("general.type") in _OTHERS or facts.architecture == "clip":
        return Reading(facts=facts, kind="other")
    refused = why_not_loadable(header)
    if refused is not None:
        return Reading("foreign", f"{refused.what} {refused.why}".strip(), facts)
    return Reading(facts=facts)


def _facts(header: ModelHeader) -> Facts:
    return Facts(
        name=header.text("general.name"),
        architecture=header.architecture or None,
        parameters=header.parameters or None,
        file_type=header.file_type,
        context_tokens=header.context_length,
    )


def _key(model: InstalledModel) -> str:
    return str(model.files[0].path)


def _stamp(model: InstalledModel) -> list[list[int]]:
    return [[file.done_bytes, file.mtime_ns] for file in model.files]
