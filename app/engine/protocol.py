"""The traffic with the engine thread: commands in, events out, all of it plain picklable data.

Every command carries a request id chosen by the sender; every event names the request it answers.
A request ends with exactly one of Loaded, Unloaded, Counted, Finished or Failed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from app.core.errors import KnownError
from app.core.placement import Placement
from app.core.prompt import Prompt
from app.core.sampling import Sampling


@dataclass(frozen=True)
class Load:
    """Replace the loaded model, if any. path is the file or the first shard."""

    request_id: int
    path: str
    placement: Placement


@dataclass(frozen=True)
class Unload:
    request_id: int


@dataclass(frozen=True)
class Generate:
    request_id: int
    prompt: Prompt
    sampling: Sampling


@dataclass(frozen=True)
class Count:
    """How many tokens the prompt has."""

    request_id: int
    prompt: Prompt


@dataclass(frozen=True)
class Cancel:
    """Stop the named request; a generation then ends with Finished("cancelled"), a load with
    Failed whose error is None."""

    request_id: int


@dataclass(frozen=True)
class Shutdown:
    pass


Command = Load | Unload | Generate | Count | Cancel | Shutdown


@dataclass(frozen=True)
class BufferUse:
    """What llama.cpp's log says one device's buffer takes. kind: weights, KV cache or compute."""

    device: str
    kind: Literal["weights", "kv", "compute", "output"]
    size_bytes: int


@dataclass(frozen=True)
class ModelInfo:
    """A loaded model. special_tokens: the text of every control and user-defined token."""

    path: str
    name: str
    architecture: str
    description: str
    size_bytes: int
    parameters: int
    context_tokens: int
    trained_context_tokens: int
    chat_template: str | None
    special_tokens: tuple[str, ...]
    adds_bos: bool
    bos_text: str
    eos_text: str
    buffers: tuple[BufferUse, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LoadProgress:
    """fraction 0 to 1 of the current stage."""

    request_id: int
    stage: Literal["checking", "loading", "preparing"]
    fraction: float


@dataclass(frozen=True)
class Loaded:
    request_id: int
    model: ModelInfo


@dataclass(frozen=True)
class Unloaded:
    request_id: int


@dataclass(frozen=True)
class Counted:
    """by_segment: of each segment of the prompt; tokens has the opening token too."""

    request_id: int
    tokens: int
    by_segment: tuple[int, ...] = ()


@dataclass(frozen=True)
class PromptProgress:
    """done_tokens of total_tokens are in the cache; cached_tokens of them were there before."""

    request_id: int
    done_tokens: int
    total_tokens: int
    cached_tokens: int
    tokens_per_second: float | None


@dataclass(frozen=True)
class TextChunk:
    """Newly generated text, whole characters only, and how many tokens were generated so far."""

    request_id: int
    text: str
    generated_tokens: int


FinishReason = Literal["end", "max_tokens", "stop_string", "context_full", "cancelled"]


@dataclass(frozen=True)
class Stats:
    """prompt_tokens includes cached_tokens. Rates are None when too little ran to tell."""

    prompt_tokens: int
    cached_tokens: int
    generated_tokens: int
    prefill_tokens_per_second: float | None
    decode_tokens_per_second: float | None
    first_token_seconds: float | None
    context_used_tokens: int
    context_total_tokens: int
    seed: int


@dataclass(frozen=True)
class Finished:
    request_id: int
    reason: FinishReason
    stats: Stats


@dataclass(frozen=True)
class Failed:
    """error is None when the request was cancelled."""

    request_id: int
    error: KnownError | None


Event = LoadProgress | Loaded | Unloaded | Counted | PromptProgress | TextChunk | Finished | Failed
