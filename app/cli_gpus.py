"""`glm-launcher gpus`: which GPUs run a quantization, how many of each it takes, and how fast."""

import argparse
import json
import sys
from typing import TYPE_CHECKING

from app.core.errors import KnownError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.core.json import JsonObject, JsonValue
    from app.planning.fleet import Fit, Subject
    from app.planning.fleet_search import Filter, Ranked
    from app.planning.offers import Offers

_KV_TYPES = ("f16", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0")
_KINDS = ("consumer", "consumer-laptop", "workstation", "datacenter", "unified")
_VENDORS = ("NVIDIA", "AMD", "Intel", "Apple", "Qualcomm")
_DEFAULT_QUANT = "Q4_K_M"
_HEAD = ("GPU", "kind", "memory", "needed", "where", "tokens/s")


def add_parsers(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the subcommand; its `run` default takes the parsed arguments."""
    parser = subparsers.add_parser(
        "gpus",
        help="list the GPUs that can run a model, how many of each it takes and how fast they are",
        description="Plans one quantization on every GPU that ships in the table, best first.",
    )
    parser.add_argument(
        "what",
        metavar="REPO",
        nargs="?",
        help="a repository of the Hub (owner/name), a file or a folder; GLM-4.6 by default, from "
        "the list that ships with the program",
    )
    parser.add_argument("--quant", metavar="Q", help=f"such as {_DEFAULT_QUANT} (the default)")
    parser.add_argument("--ctx", type=int, default=32_768, metavar="N", help="tokens of context")
    parser.add_argument("--kv", choices=_KV_TYPES, default="f16", help="how the context is kept")
    parser.add_argument(
        "--ram-bandwidth",
        type=float,
        metavar="GB/s",
        help="of the RAM beside cards that are too small (default: dual-channel DDR5-5600)",
    )
    parser.add_argument("--vendor", action="append", choices=_VENDORS, default=[])
    parser.add_argument("--kind", action="append", choices=_KINDS, default=[])
    parser.add_argument("--memory", type=float, default=0.0, metavar="GB", help="at least")
    parser.add_argument("--since", type=int, default=0, metavar="YEAR", help="released since")
    parser.add_argument("--cards", type=int, metavar="N", help="at most so many cards")
    parser.add_argument("--find", default="", metavar="WORDS", help="words of the GPU's name")
    parser.add_argument(
        "--with-ram", action="store_true", help="also one card with the rest of the model in RAM"
    )
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Raises KnownError."""
    from app.planning.fleet import fleet
    from app.planning.fleet_search import headline, ranked

    wanted = _filter(arguments)
    subject, note = _subject(arguments)
    found = ranked(fleet(subject), wanted)
    if arguments.json:
        print(json.dumps(_json(subject, found, note), ensure_ascii=False, indent=2))
        return 0
    candidate = subject.candidate
    lines = [f"{candidate.model} {candidate.quant}", headline(found) or _nothing(wanted), ""]
    if found:
        lines += [*_table(found), ""]
    if note:
        lines.append(f"- {note}")
    lines.append("- Memory is what the box says: these GB are GiB. Speeds are predictions.")
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def _filter(arguments: argparse.Namespace) -> "Filter":
    from app.planning.fleet_search import Filter

    if arguments.cards is not None and arguments.cards < 1:
        raise KnownError("A machine needs at least one card.", "", "Leave --cards out.")
    bandwidth: float | None = arguments.ram_bandwidth
    if bandwidth is not None and not 1 <= bandwidth <= 100_000:
        raise KnownError("No RAM is that fast or slow.", "", "Give GB/s, such as 89.6.")
    return Filter(
        arguments.find,
        frozenset(arguments.vendor),
        frozenset(arguments.kind),
        arguments.memory,
        arguments.since,
        arguments.cards,
        with_ram=arguments.with_ram,
        runs_only=True,
    )


def _subject(arguments: argparse.Namespace) -> "tuple[Subject, str]":
    from app.planning.fleet import USUAL_RAM_BYTES_PER_SECOND, Subject
    from app.planning.types import Choice

    offers = _offers(arguments.what, arguments.quant)
    quant = arguments.quant
    if quant is None:
        names = [offer.candidate.quant for offer in offers.offers]
        quant = _DEFAULT_QUANT if _DEFAULT_QUANT in names else names[0] if names else ""
    choice = Choice(arguments.ctx, arguments.kv, arguments.kv)
    bandwidth = arguments.ram_bandwidth
    speed = round(bandwidth * 10**9) if bandwidth else USUAL_RAM_BYTES_PER_SECOND
    return Subject(offers.choose(quant).candidate, choice, speed), offers.note


def _offers(what: str | None, quant: str | None) -> "Offers":
    from pathlib import Path

    from app.bootstrap import open_hub
    from app.catalog.names import is_repository_name
    from app.planning import offers

    if what is None:
        listed = offers.shipped_offers(offers.DEFAULT_REPOSITORY)
        if listed is not None:
            return listed
        what = offers.DEFAULT_REPOSITORY
    path = Path(what).expanduser()
    if path.exists() or what.lower().endswith(".gguf") or not is_repository_name(what):
        return offers.local_offers(path)
    return offers.remote_offers(what, quant, hub=open_hub())


def _nothing(wanted: "Filter") -> str:
    limit = f" with at most {wanted.most_cards} of it" if wanted.most_cards else ""
    return f"No GPU of the table that you ask for can run it{limit}."


def _table(found: "Sequence[Ranked]") -> list[str]:
    from app.planning.fleet_search import kind_word
    from app.planning.report import rate_text

    rows: list[tuple[str, ...]] = [_HEAD]
    for one in found:
        gpu, fit = one.row.gpu, one.fit
        speed = fit.plan.speed
        rate = rate_text(speed.generation_empty) if speed else ""
        rows.append(
            (
                gpu.name if gpu.vendor in gpu.name else f"{gpu.vendor} {gpu.name}",
                kind_word(gpu.kind),
                f"{gpu.memory_gb:g} GB",
                str(fit.cards),
                _where(fit),
                rate.removeprefix("about ").replace(" tokens/s", ""),
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _where(fit: "Fit") -> str:
    if fit.plan.verdict == "gpu":
        return "all in GPU memory"
    return f"{fit.plan.verdict}, {fit.ram_gib} GB" if fit.ram_gib else fit.plan.verdict


def _json(subject: "Subject", found: "Sequence[Ranked]", note: str) -> "JsonObject":
    candidate, choice = subject.candidate, subject.choice
    return {
        "model": candidate.model,
        "quant": candidate.quant,
        "exact": candidate.exact,
        "context_tokens": choice.context_tokens,
        "kv_type": choice.kv_type_k,
        "ram_bytes_per_second": subject.ram_bytes_per_second,
        "gpus": [_row_json(one) for one in found],
        "note": note,
    }


def _row_json(one: "Ranked") -> "JsonValue":
    gpu = one.row.gpu
    return {
        "vendor": gpu.vendor,
        "name": gpu.name,
        "kind": gpu.kind,
        "released": gpu.released,
        "memory_gib": gpu.memory_gb,
        "bandwidth_bytes_per_second": gpu.bytes_per_second,
        "source": gpu.source,
        "alone": _fit_json(one.row.alone),
        "with_ram": _fit_json(one.row.with_ram),
    }


def _fit_json(fit: "Fit | None") -> "JsonValue":
    if fit is None:
        return None
    speed = fit.plan.speed
    rate = speed.generation_empty if speed else None
    return {
        "cards": fit.cards,
        "ram_gib": fit.ram_gib or None,
        "verdict": fit.plan.verdict,
        "gpu_bytes": fit.plan.gpu_bytes,
        "ram_bytes": fit.plan.ram_bytes,
        "tokens_per_second": round(rate.expected, 3) if rate else None,
        "low": round(rate.low, 3) if rate else None,
        "high": round(rate.high, 3) if rate else None,
    }
