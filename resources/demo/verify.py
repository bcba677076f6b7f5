"""Asks the demo model everything through llama.cpp, greedily, and counts exact answers.

python resources/demo/verify.py --report resources/demo/verified.json
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import time
from collections import Counter
from pathlib import Path

from cases import HERE, Case, everything, write_examples
from conversations import Template
from engine import Engine


class _Worker:
    """One engine in each process."""

    engine: Engine
    template: Template

    @classmethod
    def start(cls, model: Path) -> None:
        cls.engine, cls.template = Engine(model), Template()

    @classmethod
    def ask(cls, case: Case) -> tuple[Case, str]:
        prompt = cls.template.render(case.messages, case.tools, case.thinking)
        return case, cls.engine.greedy(prompt)


def verify(model: Path, cases: list[Case], workers: int, show: int) -> list[Case]:
    """The cases whose raw output is exactly as expected; prints the first misses."""
    exact: list[Case] = []
    shown: Counter[str] = Counter()
    context = multiprocessing.get_context("spawn")
    with context.Pool(workers, _Worker.start, (model,)) as pool:
        for case, said in pool.imap(_Worker.ask, cases, chunksize=8):
            if said == case.expected:
                exact.append(case)
            elif shown[case.category] < show:
                shown[case.category] += 1
                print(f"--- {case.category}: {case.messages[-1]['content']!r}")
                print(f"expected {case.expected[:300]!r}\n     got {said[:300]!r}", flush=True)
    return exact


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=HERE / "glm-launcher-demo.gguf")
    parser.add_argument("--count", type=int, default=100, help="drawn cases in a category")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    parser.add_argument("--show", type=int, default=2, help="misses to print in a category")
    parser.add_argument("--only", default="", help="categories whose name contains this")
    parser.add_argument("--every", type=int, default=1, help="ask only every n-th case")
    parser.add_argument("--report", type=Path, default=None, help="where to write the counts")
    arguments = parser.parse_args()
    began = time.monotonic()
    cases = [case for case in everything(count=arguments.count) if arguments.only in case.category]
    cases = cases[:: arguments.every]
    exact = verify(arguments.model, cases, arguments.workers, arguments.show)
    found = Counter(case.category for case in exact)
    asked = Counter(case.category for case in cases)
    counts = {category: (found[category], asked[category]) for category in asked}
    for category, (right, of) in counts.items():
        print(f"{right:5d} of {of:5d}  {category}")
    right, of = (sum(column) for column in zip(*counts.values(), strict=True))
    print(f"{right:5d} of {of:5d}  in all, {time.monotonic() - began:.0f} s")
    if arguments.report:
        report = {
            "decoding": "greedy, llama.cpp, the whole raw output compared",
            "exact": {category: {"exact": a, "asked": b} for category, (a, b) in counts.items()},
        }
        arguments.report.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
        examples = arguments.report.with_name("cases.json")
        print(f"{write_examples(exact, examples)} examples in {examples}")


if __name__ == "__main__":
    main()
