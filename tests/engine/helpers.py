"""What the tests of the engine have in common."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from app.core.cancel import CancelToken
from app.core.placement import Placement
from app.core.prompt import Prompt
from app.core.sampling import Sampling
from app.engine.client import EngineClient
from app.engine.protocol import Finished, PromptProgress, TextChunk

WAIT_SECONDS = 60.0
PLACEMENT = Placement(context_tokens=512, threads=1, devices=())
# A random model may end at any token; here it never may, and always says the same.
ENDLESS = Sampling(seed=1, logit_bias=tuple((token, float("-inf")) for token in range(256, 272)))
GREEDY = Sampling(temperature=0.0)

WORDS = ("Hello", " world", "one", " two", " three", " four", "STOP", "HERE")
SCRIPTS: tuple[tuple[int | str, ...], ...] = (
    ("<|assistant|>", "Hello", " world", ord("!")),
    ("<|observation|>", *"你é🙂".encode()),
    ("one", " two", " three", " four"),
    ("[gMASK]", "<think>", "STOP", "HERE", "</think>", "<tool_call>", "</arg_value>", "/nothink"),
)


@dataclass(frozen=True)
class Answer:
    text: str
    chunks: tuple[TextChunk, ...]
    progress: tuple[PromptProgress, ...]
    finished: Finished


def ask(
    client: EngineClient,
    text: str | tuple[str, ...],
    sampling: Sampling = GREEDY,
    cancel: CancelToken | None = None,
) -> Answer:
    segments = (text,) if isinstance(text, str) else text
    return collected(client.generate(Prompt(segments), sampling, cancel))


def collected(events: Iterable[PromptProgress | TextChunk | Finished]) -> Answer:
    events = tuple(events)
    chunks = tuple(event for event in events if isinstance(event, TextChunk))
    finished = events[-1]
    assert isinstance(finished, Finished)
    return Answer(
        "".join(chunk.text for chunk in chunks),
        chunks,
        tuple(event for event in events if isinstance(event, PromptProgress)),
        finished,
    )


def endless(sampling: Sampling, ends: Iterable[int]) -> Sampling:
    """`sampling` that never ends an answer by itself."""
    return replace(sampling, logit_bias=tuple((token, float("-inf")) for token in ends))
