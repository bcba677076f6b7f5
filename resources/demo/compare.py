"""Compares PyTorch with llama.cpp on the same weights (F32): token ids and logits.

python resources/demo/compare.py resources/demo/checkpoint.pt
"""

from __future__ import annotations

import random
import sys
import tempfile
from pathlib import Path

import torch
from conversations import Template, pieces
from curriculum import Curriculum
from engine import Engine
from exchanges import load
from export import write_gguf
from model import DemoModel, Shape
from vocabulary import Vocabulary


def main(checkpoint: Path) -> None:
    saved = torch.load(checkpoint, weights_only=True)
    vocabulary = Vocabulary.from_dict(saved["vocabulary"])
    model = DemoModel(Shape(**saved["shape"]))
    model.load_state_dict(saved["state"])
    model.eval()
    curriculum, rng, worst = Curriculum(load()), random.Random(7), 0.0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "exact.gguf"
        write_gguf(path, saved["state"], model.shape, vocabulary, Template().source, False)
        engine = Engine(path, exact=True)
        for _ in range(40):
            text = "".join(piece.text for piece in pieces(curriculum.draw(rng)))
            ids = vocabulary.encode(text)
            if ids != engine.tokenize(text):
                raise AssertionError(f"llama.cpp tokenizes this differently: {text!r}")
            with torch.no_grad():
                ours = model(torch.tensor([ids]))[0, -1]
            theirs = torch.from_numpy(engine.start(text).copy())
            worst = max(worst, (ours - theirs).abs().max().item())
        engine.close()
    print(f"40 conversations tokenized alike; logits differ by at most {worst:.1e}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
