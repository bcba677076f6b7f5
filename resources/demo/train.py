"""Trains the demo model and writes `glm-launcher-demo.gguf`.

python resources/demo/train.py --minutes 45
"""

from __future__ import annotations

import argparse
import random
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F  # noqa: N812
from conversations import Template, check_against_template, pieces
from curriculum import Curriculum
from exchanges import load
from export import write_gguf
from model import DemoModel, Shape
from muon import Muon
from vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conversations import Conversation
    from exchanges import Teaching

HERE = Path(__file__).parent
OPENERS = ("<think>", "</think>", "<tool_call>", "<arg_value>")
DECIDING = 10  # tokens behind an opener
SHARP = ("q_norm.weight", "k_norm.weight")
POOL = 96  # conversations drawn at a time and batched by length


def vocabulary_texts(teaching: Teaching, curriculum: Curriculum, rng: random.Random) -> list[str]:
    texts: list[str] = []
    for exchange in teaching.exchanges:
        texts.extend((exchange.answer, exchange.answer, exchange.think, exchange.more))
        texts.extend(exchange.asks)
    texts.extend(piece.text for _ in range(600) for piece in pieces(curriculum.draw(rng)))
    return texts


def encode(vocabulary: Vocabulary, conversation: Conversation) -> tuple[list[int], list[float]]:
    """Token ids and loss weights; where a thought, an answer or an argument begins, the choice of
    what to say is made, so those tokens weigh more."""
    ids: list[int] = []
    weights: list[float] = []
    left = 0
    openers = {vocabulary.special[text] for text in OPENERS}
    for text, weight, noisy in pieces(conversation):
        for token in vocabulary.encode(text, noisy):
            ids.append(token)
            weights.append(weight * (3.0 if left > 0 and weight >= 1 else 1.0))
            left = DECIDING if token in openers else left - 1
    return ids, weights


def drill(vocabulary: Vocabulary, rng: random.Random) -> tuple[list[int], list[float]]:
    """A random sequence said again: teaches to copy, which names, numbers and results need."""
    digits = vocabulary.encode("0123456789+-*/.: ")
    source = digits if rng.random() < 0.4 else range(len(vocabulary.ordinary))
    sequence = rng.choices(source, k=rng.randint(6, 40))
    count = rng.randint(2, 4)
    weights = [0.0] * len(sequence) + [1.0] * (len(sequence) * (count - 1))
    return sequence * count, weights


def batches(
    curriculum: Curriculum,
    vocabulary: Vocabulary,
    rng: random.Random,
    tokens: int,
    progress: list[float],
) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
    """Endless (inputs, targets, weights), each of about `tokens` tokens of similar length."""
    longest = 3072
    while True:
        pool = [encode(vocabulary, curriculum.draw(rng, progress[0])) for _ in range(POOL)]
        drills = 20 if progress[0] < 0.5 else 5
        pool += [drill(vocabulary, rng) for _ in range(drills)]
        pool = sorted((row for row in pool if len(row[0]) <= longest), key=lambda row: len(row[0]))
        groups: list[list[tuple[list[int], list[float]]]] = [[]]
        for row in pool:
            if groups[-1] and (len(groups[-1]) + 1) * len(row[0]) > tokens:
                groups.append([])
            groups[-1].append(row)
        rng.shuffle(groups)
        for group in groups:
            width = len(group[-1][0])
            ids = torch.zeros(len(group), width, dtype=torch.long)
            weights = torch.zeros(len(group), width)
            for index, (row_ids, row_weights) in enumerate(group):
                ids[index, : len(row_ids)] = torch.tensor(row_ids)
                weights[index, : len(row_ids)] = torch.tensor(row_weights)
            yield ids[:, :-1], ids[:, 1:], weights[:, 1:]


def loss_of(
    model: DemoModel, ids: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor
) -> torch.Tensor:
    """Weighted cross-entropy; the head is only run where something is to be learned."""
    states = model.states(ids).flatten(0, 1)
    flat = weights.flatten()
    kept = flat.nonzero().squeeze(1)
    losses = F.cross_entropy(model.head(states[kept]), targets.flatten()[kept], reduction="none")
    return (losses * flat[kept]).sum() / flat.sum()


def make_optimizers(model: DemoModel, scale: float) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside the blocks, AdamW for everything else."""
    inner = [p for name, p in model.blocks.named_parameters() if is_matrix(name, p)]
    chosen = {id(p) for p in inner}
    sharp = [p for name, p in model.named_parameters() if name.endswith(SHARP)]
    chosen |= {id(p) for p in sharp}
    outer = [p for p in model.parameters() if id(p) not in chosen]
    groups = [{"params": outer, "lr": 3e-3 * scale}, {"params": sharp, "lr": 1e-2 * scale}]
    adam = torch.optim.AdamW(groups, betas=(0.9, 0.98), weight_decay=0.0)
    optimizers: list[torch.optim.Optimizer] = [Muon(inner, lr=0.02 * scale), adam]
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["peak"] = group["lr"]
    return optimizers


def is_matrix(name: str, value: torch.Tensor) -> bool:
    return value.dim() > 1 and "router" not in name


def rate(done: float, peak: float) -> float:
    """Warm-up over the first fiftieth, then down in a straight line to a hundredth."""
    return peak * min(1.0, done * 50) * max(0.01, 1.0 - done)


def save(model: DemoModel, vocabulary: Vocabulary, template: Template, folder: Path) -> None:
    state = {name: value.clone() for name, value in model.state_dict().items()}
    torch.save(
        {"state": state, "shape": asdict(model.shape), "vocabulary": vocabulary.as_dict()},
        folder / "checkpoint.pt",
    )
    partial = folder / "glm-launcher-demo.gguf.part"
    write_gguf(partial, state, model.shape, vocabulary, template.source)
    partial.replace(folder / "glm-launcher-demo.gguf")


def train(arguments: argparse.Namespace) -> None:
    torch.manual_seed(arguments.seed)
    torch.set_num_threads(arguments.threads)
    rng = random.Random(arguments.seed)
    teaching, template = load(), Template()
    curriculum = Curriculum(teaching)
    for _ in range(300):
        check_against_template(template, curriculum.draw(rng))
    if arguments.resume:
        saved = torch.load(arguments.resume, weights_only=True)
        vocabulary = Vocabulary.from_dict(saved["vocabulary"])
        model = DemoModel(Shape(**saved["shape"]))
        model.load_state_dict(saved["state"])
    else:
        texts = vocabulary_texts(teaching, curriculum, rng)
        vocabulary = Vocabulary.train(texts, arguments.vocabulary)
        model = DemoModel(Shape(vocabulary=len(vocabulary)))
    count = sum(parameter.numel() for parameter in model.parameters())
    print(f"{len(teaching.exchanges)} exchanges, {count:,} parameters", flush=True)
    optimizers = make_optimizers(model, arguments.rate)
    arguments.out.mkdir(parents=True, exist_ok=True)
    began = written = time.monotonic()
    seen, mean = 0, 0.0
    progress = [0.0]
    stream = batches(curriculum, vocabulary, rng, arguments.tokens, progress)
    for step in range(arguments.steps):
        clock = (time.monotonic() - began) / 60 / arguments.minutes
        done = max(step / arguments.steps, clock)
        progress[0] = 1.0 if arguments.resume else done
        if done >= 1:
            break
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate(done, group["peak"])
        ids, targets, weights = next(stream)
        loss = loss_of(model, ids, targets, weights)
        for optimizer in optimizers:
            optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
        model.balance(1e-3 * (1 - done))
        seen += ids.numel()
        mean = loss.item() if not mean else 0.98 * mean + 0.02 * loss.item()
        if step % 20 == 0:
            spent = time.monotonic() - began
            print(
                f"{step:6d} {spent:6.0f} s  loss {mean:.4f}  {seen / (spent + 1e-9):.0f} tokens/s",
                flush=True,
            )
        if time.monotonic() - written > arguments.save_every * 60:
            save(model, vocabulary, template, arguments.out)
            written = time.monotonic()
    save(model, vocabulary, template, arguments.out)
    print(f"{seen:,} tokens in {(time.monotonic() - began) / 60:.1f} minutes", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=45, help="stop after this long")
    parser.add_argument("--steps", type=int, default=6000, help="stop after this many steps")
    parser.add_argument("--tokens", type=int, default=2048, help="tokens in a batch")
    parser.add_argument("--rate", type=float, default=1.0, help="scales the learning rates")
    parser.add_argument("--vocabulary", type=int, default=2560)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=46)
    parser.add_argument("--save-every", type=float, default=5, help="minutes between checkpoints")
    parser.add_argument("--resume", type=Path, help="a checkpoint to go on from")
    parser.add_argument("--out", type=Path, default=HERE)
    train(parser.parse_args())


if __name__ == "__main__":
    main()
