"""What is known about the model at a moment, for whoever shows it."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from app.core.errors import KnownError
from app.core.sampling import Sampling
from app.engine.protocol import ModelInfo

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
    info: ModelInfo
    thinking: Ability
    tools: Ability
    tool_count: int
    defaults: Sampling
    demo: bool

    @property
    def name(self) -> str:
        """For a line of text, whatever the file says."""
        if self.demo:
            return "Demo model"
        said = "".join(char for char in " ".join(self.info.name.split()) if char.isprintable())
        return said[:_LONGEST_NAME] or model_file_name(self.info.path)


@dataclass(frozen=True)
class NoModel:
    pass


@dataclass(frozen=True)
class Loading:
    path: str
    name: str
    stage: Stage = "checking"
    fraction: float = 0.0
    cancelling: bool = False


@dataclass(frozen=True)
class Ready:
    model: LoadedModel


@dataclass(frozen=True)
class LoadFailed:
    path: str
    error: KnownError


def model_file_name(path: str) -> str:
    """Without folder, ending and shard number."""
    return _SHARD.sub("", Path(path).name) or path


ModelState = NoModel | Loading | Ready | LoadFailed
