"""Asks the demo model everything through llama.cpp, greedily, and counts exact answers.

python resources/demo/verify.py
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from pathlib import Path

from cases import HERE, everything, write_examples
from conversations import Template
from engine import Engine


def verify(model: Path, count: int, show: int, only: str, every: int) -> dict[str, tuple[int, int]]:
    engine, template = Engine(model), Template()
    asked: Counter[str] = Counter()
    exact: Counter[str] = Counter()
    shown: Counter[str] = Counter()
    for number, case in enumerate(everything(count=count)):
        if only not in case.category or number % every:
            continue
        said = engine.greedy(template.render(case.messages, case.tools, case.thinking))
        asked[case.category] += 1
        if said == case.expected:
            exact[case.category] += 1
        elif shown[case.category] < show:
            shown[case.category] += 1
            print(f"--- {case.category}: {case.messages[-1]['content']!r}")
            print(f"expected {case.expected[:300]!r}\n     got {said[:300]!r}", flush=True)
    engine.close()
    return {category: (exact[category], asked[category]) for category in asked}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=HERE / "glm-launcher-demo.gguf")
    parser.add_argument("--count", type=int, default=100, help="drawn cases in a category")
    parser.add_argument("--show", type=int, default=2, help="misses to print in a category")
    parser.add_argument("--only", default="", help="categories whose name contains this")
    parser.add_argument("--every", type=int, default=1, help="ask only every n-th case")
    parser.add_argument("--report", type=Path, default=None, help="where to write the counts")
    arguments = parser.parse_args()
    began = time.monotonic()
    counts = verify(
        arguments.model, arguments.count, arguments.show, arguments.only, arguments.every
    )
    for category, (right, of) in counts.items():
        print(f"{right:5d} of {of:5d}  {category}")
    right, of = (sum(column) for column in zip(*counts.values(), strict=True))
    print(f"{right:5d} of {of:5d}  in all, {time.monotonic() - began:.0f} s")
    if arguments.report:
        report = {
            "decoding": "greedy, llama.cpp, whole raw output compared",
            "exact": {category: {"exact": a, "asked": b} for category, (a, b) in counts.items()},
        }
        arguments.report.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
        print(f"{write_examples()} examples in cases.json")


if __name__ == "__main__":
    main()
