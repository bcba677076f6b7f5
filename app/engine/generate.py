"""One answer: prefill what the cache lacks, then sample token by token."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

from app.core.cancel import CancelToken
from app.core.errors import DoesNotFitError, KnownError
from app.core.language import tr
from app.core.units import count
from app.engine import reuse
from app.engine.bindings import AbortFlag, lib
from app.engine.context import Context
from app.engine.protocol import (
    Event,
    Finished,
    FinishReason,
    Generate,
    PromptProgress,
    Stats,
    TextChunk,
)
from app.engine.samplers import SamplerChain
from app.engine.text import TextAssembler
from app.engine.vocab import Vocab

_CHUNK_INTERVAL_SECONDS = 0.010
_QUICK_SECONDS, _SLOW_SECONDS = 0.1, 0.5
_FEW_TOKENS = 8


def generate(
    vocab: Vocab,
    context: Context,
    command: Generate,
    cancel: CancelToken,
    emit: Callable[[Event], None],
) -> Finished:
    """Emits PromptProgress and TextChunk events and returns the last event of the request.

    The same seed, settings and prompt give the same text as long as the cache holds the same prefix
    of the prompt. Tokens evaluated in another grouping get slightly different logits (rounding), so
    a warm and a cold cache may part where two tokens are almost equally likely.
    Raises KnownError: no prompt, a prompt larger than the context, invalid sampling settings.
    """
    flag = AbortFlag()
    cancel.on_cancel(flag.raise_)
    context.use_abort_flag(flag)
    return _Generation(vocab, context, command, cancel, emit).run()


@dataclass
class _Clock:
    started: float
    prefilled: float | None = None
    first_token: float | None = None
    last_token: float | None = None


class _Generation:
    def __init__(
        self,
        vocab: Vocab,
        context: Context,
        command: Generate,
        cancel: CancelToken,
        emit: Callable[[Event], None],
    ) -> None:
        self._vocab = vocab
        self._context = context
        self._id = command.request_id
        self._sampling = command.sampling
        self._cancel = cancel
        self._emit = emit
        self._clock = _Clock(perf_counter())
        self._seed = (
            secrets.randbelow(lib.LLAMA_DEFAULT_SEED)
            if command.sampling.seed is None
            else command.sampling.seed
        )
        self._prompt = [] if cancel.cancelled else self._tokenize(command)
        self._cached = 0
        self._generated = 0

    def _tokenize(self, command: Generate) -> list[int]:
        room = self._context.size_tokens
        least = self._vocab.at_least_tokens(command.prompt)
        if least >= room:
            raise _too_long(f"more than {count(least)}", room)
        tokens = self._vocab.tokens(command.prompt)
        if not tokens:
            raise KnownError(
                tr("There is nothing to answer."), tr("The prompt is empty."), tr("Write a text.")
            )
        if len(tokens) >= room:
            raise _too_long(count(len(tokens)), room)
        return tokens

    def run(self) -> Finished:
        context = self._context
        with SamplerChain(self._vocab, context.size_tokens, self._sampling, self._seed) as chain:
            if not self._prefill():
                return self._finished("cancelled")
            chain.read_prompt(self._prompt)
            return self._finished(self._decode(chain))

    def _prefill(self) -> bool:
        """False when cancelled."""
        if not self._prompt:
            return False
        context, prompt = self._context, self._respelled()
        done = self._cached = context.keep_common_prefix(prompt)
        started = perf_counter()
        self._report_progress(done, None)
        chunk = context.ubatch_tokens
        while done < len(prompt):
            if self._cancel.cancelled:
                return False
            before = perf_counter()
            tokens = prompt[done : done + chunk]
            done += len(tokens)
            if not context.evaluate(tokens, logits=done == len(prompt)):
                return False
            now = perf_counter()
            self._report_progress(done, _rate(done - self._cached, now - started))
            chunk = self._next_chunk(chunk, now - before)
        self._clock.prefilled = perf_counter() - started
        return True

    def _respelled(self) -> list[int]:
        """In the cache's own tokens, where they are the same text."""
        held, wanted = self._context.tokens, self._prompt
        spelled = reuse.spelled_as_held(held, wanted, self._vocab.ordinary_piece)
        if len(spelled) < self._context.size_tokens:
            self._prompt = spelled
        return self._prompt

    def _next_chunk(self, chunk: int, seconds: float) -> int:
        """Larger batches let several devices work at once, but progress and Stop wait for them.
        Less than a micro-batch would only slow down."""
        if seconds < _QUICK_SECONDS:
            return min(chunk * 2, self._context.batch_tokens)
        if seconds > _SLOW_SECONDS:
            return max(chunk // 2, self._context.ubatch_tokens)
        return chunk

    def _report_progress(self, done: int, tokens_per_second: float | None) -> None:
        self._emit(
            PromptProgress(self._id, done, len(self._prompt), self._cached, tokens_per_second)
        )

    def _decode(self, chain: SamplerChain) -> FinishReason:
        assembler = TextAssembler(self._sampling.stop)
        pending: list[str] = []
        reason = self._sample_until_done(chain, assembler, pending)
        pending.append(assembler.end(complete=reason == "end"))
        if assembler.stopped:
            reason = "stop_string"
        self._flush(pending)
        return reason

    def _sample_until_done(
        self, chain: SamplerChain, assembler: TextAssembler, pending: list[str]
    ) -> FinishReason:
        # The innermost loop: names are bound once, and nothing is done per token that can wait.
        sample, handle, sampler = lib.llama_sampler_sample, self._context.handle, chain.handle
        piece_of, evaluate_one = self._vocab.piece, self._context.evaluate_one
        clock, feed = self._clock, assembler.feed
        most = self._sampling.max_tokens
        room = self._context.size_tokens - len(self._context.tokens)
        shown_at = 0.0
        while True:
            token = sample(sampler, handle, -1)
            now = clock.last_token = perf_counter()
            if clock.first_token is None:
                clock.first_token = now
            piece = piece_of(token)
            if piece is None:
                return "end"
            self._generated += 1
            if shown := feed(piece):
                pending.append(shown)
            if assembler.stopped:
                return "stop_string"
            if now - shown_at >= _CHUNK_INTERVAL_SECONDS and pending:
                self._flush(pending)
                shown_at = now
            if self._generated == most:
                return "max_tokens"
            if self._generated > room:
                return "context_full"
            if self._cancel.cancelled or not evaluate_one(token):
                return "cancelled"

    def _flush(self, pending: list[str]) -> None:
        text = "".join(pending)
        pending.clear()
        if text:
            self._emit(TextChunk(self._id, text, self._generated))

    def _finished(self, reason: FinishReason) -> Finished:
        clock = self._clock
        evaluated = len(self._prompt) - self._cached
        prefill = decode = first = None
        if clock.prefilled is not None and evaluated >= _FEW_TOKENS:
            prefill = _rate(evaluated, clock.prefilled)
        if clock.first_token is not None and clock.last_token is not None:
            first = clock.first_token - clock.started
            sampled = self._generated + (reason == "end")
            decode = _rate(sampled - 1, clock.last_token - clock.first_token)
        return Finished(
            self._id,
            reason,
            Stats(
                prompt_tokens=len(self._prompt),
                cached_tokens=self._cached,
                generated_tokens=self._generated,
                prefill_tokens_per_second=prefill,
                decode_tokens_per_second=decode,
                first_token_seconds=first,
                context_used_tokens=len(self._context.tokens),
                context_total_tokens=self._context.size_tokens,
                seed=self._seed,
            ),
        )


def _rate(tokens: int, seconds: float) -> float | None:
    return tokens / seconds if tokens > 0 and seconds > 0 else None


def _too_long(tokens: str, room: int) -> DoesNotFitError:
    return DoesNotFitError(
        tr("The conversation does not fit into the context."),
        tr(
            "It has {tokens} tokens; the context holds {room}, answer included.",
            tokens=tokens,
            room=count(room),
        ),
        tr("Start a new conversation, shorten this one, or load the model with a larger context."),
    )
