"""What is known about the model at a moment, for whoever shows it."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from app.chat.loading import PlannedLoad, Wanted
from app.core.errors import KnownError
from app.core.language import tr
from app.core.sampling import Sampling
from app.engine.protocol import ModelInfo
from app.library.listing import names_of

_SHARD = re.compile(r"(-\d{5}-of-\d{5})?\.gguf$", re.IGNORECASE)
_LONGEST_NAME = 80

Stage = Literal["checking", "loading", "preparing"]


@dataclass(frozen=True)
class Ability:
    """reason says why not, in a sentence, when it is missing."""

    available: bool
    reason: str = ""


@dataclass(frozen=True)
class LoadedModel:
    """wanted: what the load was planned for, None for the plan's own choice. measured: what it
    took beside what was predicted, "" when nobody measured. answer_now: its thinking can be ended
    from outside. keep_reasoning: the thinking of earlier turns can stay in the prompt.
    instructions: a system prompt can be sent."""

    info: ModelInfo
    thinking: Ability
    tools: Ability
    tool_count: int
    defaults: Sampling
    demo: bool
    wanted: Wanted | None = None
    measured: str = ""
    answer_now: Ability = Ability(True)
    keep_reasoning: Ability = Ability(True)
    instructions: Ability = Ability(True)

    @property
    def name(self) -> str:
        """For a line of text, whatever the file says."""
        if self.demo:
            return tr("Demo model")
        said = "".join(char for char in " ".join(self.info.name.split()) if char.isprintable())
        return said[:_LONGEST_NAME] or model_file_name(self.info.path)

    @property
    def quantization(self) -> str:
        """As the file's name has it, "" where it says nothing of the kind."""
        path = Path(self.info.path)
        return "" if self.demo else names_of(path.name, str(path.parent))[1]


@dataclass(frozen=True)
class NoModel:
    pass


@dataclass(frozen=True)
class Planning:
    """The file and the machine are being looked at. kept: the model that is open meanwhile."""

    path: str
    name: str
    kept: LoadedModel | None = None


@dataclass(frozen=True)
class Choosing:
    """The person looks at the plan and may change it. planned: what Load loads. wanted: what the
    controls say; while `working`, its plan is being made. problem: why it cannot be had."""

    path: str
    name: str
    planned: PlannedLoad
    recommended: PlannedLoad
    kept: LoadedModel | None = None
    wanted: Wanted | None = None
    working: bool = False
    problem: KnownError | None = None

    @property
    def can_load(self) -> bool:
        return not self.working and self.problem is None


@dataclass(frozen=True)
class Loading:
    """before: the model that was open when this one was asked for."""

    path: str
    name: str
    stage: Stage = "checking"
    fraction: float = 0.0
    cancelling: bool = False
    before: LoadedModel | None = None

    @property
    def kept(self) -> LoadedModel | None:
        """The model before, while the engine still has it: until the new file is found good."""
        return self.before if self.stage == "checking" and self.fraction < 1 else None


@dataclass(frozen=True)
class Ready:
    model: LoadedModel


@dataclass(frozen=True)
class LoadFailed:
    """kept: the model that is still open, because the file failed its check."""

    path: str
    error: KnownError
    kept: LoadedModel | None = None


ModelState = NoModel | Planning | Choosing | Loading | Ready | LoadFailed


def open_model(state: ModelState) -> LoadedModel | None:
    """The model that can be asked now."""
    match state:
        case Ready(model):
            return model
        case LoadFailed(kept=kept) | Planning(kept=kept) | Choosing(kept=kept):
            return kept
        case _:
            return None


def model_file_name(path: str) -> str:
    """Without folder, ending and shard number."""
    return _SHARD.sub("", Path(path).name) or path
