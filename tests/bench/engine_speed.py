"""How much of llama.cpp's speed the engine keeps: prefill and decode of the engine against a bare
loop over llama_decode on the same file, taking turns. The goal is 0.98 of the bare loop.
"""

import ctypes
import logging
import statistics
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import gguf

from app.core.cancel import CancelToken
from app.core.paths import cache_dir
from app.core.placement import Placement
from app.core.prompt import Prompt
from app.core.sampling import Sampling
from app.engine.bindings import lib
from app.engine.client import EngineClient
from app.engine.model import Model
from app.engine.params import context_params
from app.engine.protocol import Finished
from tests.models import SPECIAL_TOKENS, Shape, write_model

SHAPE = Shape(
    hidden=1024,
    layers=12,
    heads=16,
    kv_heads=4,
    head_size=64,
    dense_ffn=4096,
    expert_ffn=512,
    experts=16,
    experts_used=4,
    context=4096,
    vocabulary=32768,
)
PLACEMENT = Placement(context_tokens=2048)
PROMPT_TOKENS = 256
ANSWER_TOKENS = 32
PAIRS = 11
GOAL = 0.98

Load = Callable[[EngineClient], AbstractContextManager[object]]


@dataclass(frozen=True)
class Speed:
    """Tokens per second."""

    prefill: float
    decode: float


def model_file() -> Path:
    """About 350 MB of random weights at Q8_0, made once and kept in the cache folder."""
    path = cache_dir() / "bench" / "glm4moe-random-q8_0.gguf"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        write_model(part, SHAPE, quantization=gguf.GGMLQuantizationType.Q8_0)
        part.rename(path)
    return path


class BareLoop:
    """The least that llama.cpp can be driven with: batches of n_batch, a greedy sampler."""

    def __init__(self, path: Path) -> None:
        self._model = Model(path, PLACEMENT, CancelToken())
        self._params = context_params(PLACEMENT)
        self._context = lib.llama_init_from_model(self._model.handle, self._params)
        self._sampler = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())
        ends = [
            token for token in range(SHAPE.vocabulary) if self._model.vocab.piece(token) is None
        ]
        bias = (lib.llama_logit_bias * len(ends))(*((token, float("-inf")) for token in ends))
        lib.llama_sampler_chain_add(
            self._sampler,
            lib.llama_sampler_init_logit_bias(self._model.vocab.size, len(ends), bias),
        )
        lib.llama_sampler_chain_add(self._sampler, lib.llama_sampler_init_greedy())

    def run(self, prompt: Prompt) -> Speed:
        tokens = self._model.vocab.tokens(prompt)
        lib.llama_memory_clear(lib.llama_get_memory(self._context), True)
        buffer = (ctypes.c_int32 * len(tokens))(*tokens)
        started = perf_counter()
        for start in range(0, len(tokens), self._params.n_batch):
            count = min(len(tokens) - start, self._params.n_batch)
            lib.llama_decode(
                self._context,
                lib.llama_batch_get_one(
                    ctypes.cast(ctypes.byref(buffer, start * 4), lib.llama_token_p), count
                ),
            )
        lib.llama_synchronize(self._context)
        prefilled = perf_counter()
        token = (ctypes.c_int32 * 1)()
        batch = lib.llama_batch_get_one(token, 1)
        first = 0.0
        for _ in range(ANSWER_TOKENS):
            token[0] = lib.llama_sampler_sample(self._sampler, self._context, -1)
            first = first or perf_counter()
            last = perf_counter()
            lib.llama_decode(self._context, batch)
        return Speed(len(tokens) / (prefilled - started), (ANSWER_TOKENS - 1) / (last - first))

    def close(self) -> None:
        lib.llama_sampler_free(self._sampler)
        lib.llama_free(self._context)
        self._model.close()


class WholeEngine:
    def __init__(self, path: Path) -> None:
        self.client = EngineClient()
        self.client.load(str(path), PLACEMENT)
        ends = range(256, 256 + len(SPECIAL_TOKENS))
        self.sampling = Sampling(
            temperature=0.0,
            max_tokens=ANSWER_TOKENS,
            logit_bias=tuple((token, float("-inf")) for token in ends),
        )

    def run(self, prompt: Prompt) -> Speed:
        *_, finished = self.client.generate(prompt, self.sampling)
        assert isinstance(finished, Finished)
        return self.speed(finished)

    def speed(self, finished: Finished) -> Speed:
        stats = finished.stats
        assert stats.generated_tokens == ANSWER_TOKENS, finished
        assert stats.prefill_tokens_per_second is not None
        assert stats.decode_tokens_per_second is not None
        return Speed(stats.prefill_tokens_per_second, stats.decode_tokens_per_second)

    def close(self) -> None:
        self.client.close()


def prompts() -> Iterator[Prompt]:
    """Of the same length, each with another first token, so that no cache helps."""
    for index in range(ord("A"), ord("Z")):
        yield Prompt(((chr(index) + "abcdefgh " * PROMPT_TOKENS)[:PROMPT_TOKENS],))


def compare(
    load: Load = lambda _client: nullcontext(), make: type[WholeEngine] = WholeEngine
) -> list[tuple[Speed, Speed]]:
    """The speeds of the engine and of the bare loop, pair by pair. `load` is what happens on the
    side while the engine runs; `make` what drives it."""
    path = model_file()
    engine, bare = make(path), BareLoop(path)
    texts = prompts()
    try:
        with load(engine.client):
            engine.run(next(texts))
        bare.run(next(texts))
        pairs = []
        for index in range(PAIRS):
            prompt = next(texts)
            if index % 2:
                without = bare.run(prompt)
            with load(engine.client):
                measured = engine.run(prompt)
            if not index % 2:
                without = bare.run(prompt)
            pairs.append((measured, without))
            print(
                f"  pair {index + 1}: prefill {measured.prefill:7.1f} / {without.prefill:7.1f}, "
                f"decode {measured.decode:6.2f} / {without.decode:6.2f} tokens/s",
                flush=True,
            )
    finally:
        engine.close()
        bare.close()
    return pairs


def report(title: str, pairs: list[tuple[Speed, Speed]]) -> bool:
    """Whether the goal was reached. The ratio is the median over the pairs, whose two halves ran
    one right after the other; the ratio of the best runs is beside it, for a busy machine."""
    reached = True
    for name in ("prefill", "decode"):
        ours = [getattr(engine, name) for engine, _bare in pairs]
        theirs = [getattr(bare, name) for _engine, bare in pairs]
        ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
        best = max(ours) / max(theirs)
        reached &= max(ratio, best) >= GOAL
        print(
            f"{title}, {name}: engine {statistics.median(ours):.1f}, "
            f"bare loop {statistics.median(theirs):.1f} tokens/s (medians); "
            f"ratio {ratio:.3f}, of the best runs {best:.3f}"
        )
    return reached


@contextmanager
def busy_listener(client: EngineClient) -> Iterator[None]:
    """A listener that handles every event in Python on another thread, as a window would."""
    events: list[object] = []
    arrived, done = threading.Event(), threading.Event()

    def work() -> None:
        while not done.is_set():
            arrived.wait()
            arrived.clear()
            taken, events[:] = list(events), []
            "".join(repr(event) for event in taken)

    def receive(event: object) -> None:
        events.append(event)
        arrived.set()

    thread = threading.Thread(target=work)
    thread.start()
    unsubscribe = client.subscribe(receive)
    try:
        yield
    finally:
        unsubscribe()
        done.set()
        arrived.set()
        thread.join()


def main() -> int:
    logging.getLogger("llama.cpp").setLevel(logging.ERROR)
    print(f"{PAIRS} pairs, {PROMPT_TOKENS} prompt tokens, {ANSWER_TOKENS} answer tokens")
    reached = report("alone", compare())
    reached &= report("with a listener on another thread", compare(busy_listener))
    print(f"goal of {GOAL}: {'reached' if reached else 'missed'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
