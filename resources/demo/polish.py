"""Goes on from a checkpoint with half of the lessons on what it still gets wrong.

python resources/demo/polish.py build/demo/checkpoint.pt --minutes 6 --out build/demo

A taught question counts as wrong when the likeliest token is not the taught one anywhere in the
answer; the list is drawn up afresh a few times on the way.
"""

from __future__ import annotations

import argparse
import dataclasses
import random
import time
from pathlib import Path
from typing import TYPE_CHECKING

import offered
import torch
from conversations import NO_THINK, Conversation, Template
from curriculum import Curriculum
from exchanges import load
from model import DemoModel, Shape
from train import batches, encode, loss_of, make_optimizers, rate, save
from vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterator

SYSTEM = "You are a helpful assistant."


class Missed(Curriculum):
    """Draws what was missed half of the time, as long as there is any."""

    missed: list[Conversation]

    def draw(self, rng: random.Random, progress: float = 1.0) -> Conversation:
        if self.missed and rng.random() < 0.5:
            return rng.choice(self.missed)
        return super().draw(rng, progress)


def taught(curriculum: Curriculum) -> Iterator[Conversation]:
    """Every phrasing, thinking on and off; the first of each exchange in other settings too."""
    for exchange in curriculum.teaching.exchanges:
        for index, ask in enumerate(exchange.asks):
            turn = curriculum.exact(exchange, ask)
            yield Conversation((turn,), True)
            yield Conversation((turn,), False)
            if index < 2:
                yield Conversation((turn,), True, offered.BOTH)
                yield Conversation((turn,), True, (), SYSTEM)
                yield Conversation((dataclasses.replace(turn, user=ask + NO_THINK),))


@torch.no_grad()
def wrong(
    model: DemoModel, vocabulary: Vocabulary, conversations: list[Conversation]
) -> list[Conversation]:
    """Those that greedy decoding would not give back word for word."""
    model.eval()
    rows = [(encode(vocabulary, conversation), conversation) for conversation in conversations]
    rows.sort(key=lambda row: len(row[0][0]))
    found: list[Conversation] = []
    for start in range(0, len(rows), 24):
        group = rows[start : start + 24]
        width = len(group[-1][0][0])
        ids = torch.zeros(len(group), width, dtype=torch.long)
        asked = torch.zeros(len(group), width, dtype=torch.bool)
        for index, ((row, weights), _) in enumerate(group):
            ids[index, : len(row)] = torch.tensor(row)
            asked[index, : len(row)] = torch.tensor(weights) >= 1
        states = model.states(ids[:, :-1])
        kept = asked[:, 1:]
        right = torch.ones_like(kept)
        right[kept] = model.head(states[kept]).argmax(-1) == ids[:, 1:][kept]
        for index, (_, conversation) in enumerate(group):
            if not bool(right[index].all()):
                found.append(conversation)
    model.train()
    return found


def polish(arguments: argparse.Namespace) -> None:
    torch.manual_seed(arguments.seed)
    torch.set_num_threads(arguments.threads)
    rng = random.Random(arguments.seed)
    saved = torch.load(arguments.checkpoint, weights_only=True)
    vocabulary = Vocabulary.from_dict(saved["vocabulary"])
    model = DemoModel(Shape(**saved["shape"]))
    model.load_state_dict(saved["state"])
    curriculum = Missed(load())
    everything = list(taught(curriculum))
    optimizers = make_optimizers(model, arguments.rate)
    arguments.out.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    looked = -1e9
    stream = batches(curriculum, vocabulary, rng, arguments.tokens, [1.0])
    while (done := (time.monotonic() - began) / 60 / arguments.minutes) < 1:
        if time.monotonic() - looked > arguments.look_every * 60:
            curriculum.missed = wrong(model, vocabulary, everything)
            looked = time.monotonic()
            print(f"{looked - began:5.0f} s  wrong {len(curriculum.missed)}", flush=True)
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate(done, group["peak"])
        loss = loss_of(model, *next(stream))
        for optimizer in optimizers:
            optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
        model.balance(1e-3 * (1 - done))
    save(model, vocabulary, Template(), arguments.out)
    print(f"at the end wrong {len(wrong(model, vocabulary, everything))} of {len(everything)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--minutes", type=float, default=6, help="stop after this long")
    parser.add_argument("--look-every", type=float, default=1.5, help="minutes between lists")
    parser.add_argument("--tokens", type=int, default=2048, help="tokens in a batch")
    parser.add_argument("--rate", type=float, default=0.4, help="scales the learning rates")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=60)
    parser.add_argument("--out", type=Path, required=True)
    polish(parser.parse_args())


if __name__ == "__main__":
    main()
