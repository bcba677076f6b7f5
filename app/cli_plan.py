"""`glm-launcher plan` and `recommend`: does it fit, where it goes, how fast, which one to take."""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli_hardware import add_machine_option, machine_of
from app.core.cancel import CancelToken
from app.core.errors import KnownError

if TYPE_CHECKING:
    from app.gguf.types import ModelHeader
    from app.hardware.types import Machine
    from app.planning.corrections import Corrections
    from app.planning.offers import Offer, Offers
    from app.planning.recommend import Recommendation, Row
    from app.planning.types import Choice, Plan

_KV_TYPES = ("f32", "f16", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0", "iq4_nl")
_MAX_RESERVE_GB = 100_000
_WHAT = "a .gguf file (any shard), a folder of them, or a repository of the Hub (owner/name)"


def add_parsers(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the subcommands; the `run` default of each takes the parsed arguments."""
    plan = subparsers.add_parser(
        "plan",
        help="say whether a model fits this computer, where it goes and how fast it will be",
        description="Plans a load of one model: memory of every device, verdict and speed.",
    )
    plan.add_argument("what", metavar="FILE_OR_REPO", help=_WHAT)
    plan.add_argument("--quant", metavar="Q", help="such as Q4_K_M; the recommended one by default")
    plan.add_argument(
        "--ctx", type=int, default=32_768, metavar="N", help="tokens of context; 0: all there are"
    )
    plan.add_argument(
        "--kv", choices=_KV_TYPES, default="f16", help="how the context is kept (default f16)"
    )
    plan.add_argument(
        "--ubatch", type=int, default=512, metavar="N", help="tokens computed at once (default 512)"
    )
    plan.add_argument(
        "--reserve", type=float, metavar="GB", help="keep so much of each GPU's memory free"
    )
    plan.add_argument(
        "--estimate", action="store_true", help="do not ask the engine to simulate the load"
    )
    _add_common(plan)
    plan.set_defaults(run=run_plan)
    recommend = subparsers.add_parser(
        "recommend",
        help="say which quantization to take on this computer",
        description="Compares all quantizations of a model and names the one to take.",
    )
    recommend.add_argument(
        "what", metavar="FILE_OR_REPO", nargs="?", help=f"{_WHAT}; GLM-4.6 by default"
    )
    recommend.add_argument("--ctx", type=int, default=32_768, metavar="N", help="tokens of context")
    recommend.add_argument(
        "--speed", type=float, default=5.0, metavar="T", help="tokens per second (default 5)"
    )
    _add_common(recommend)
    recommend.set_defaults(run=run_recommend)


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")
    add_machine_option(parser)


def run_plan(arguments: argparse.Namespace) -> int:
    """Raises KnownError."""
    from app.planning.plan import check_choice, make_plan
    from app.planning.quality import quality
    from app.planning.report import plan_json, plan_text
    from app.planning.types import Choice

    reserve: float | None = arguments.reserve
    if reserve is not None and not 0 <= reserve < _MAX_RESERVE_GB:
        raise KnownError(
            "That much cannot be kept free.", "", "Give a number of GB, such as --reserve 1.5."
        )
    choice = Choice(
        context_tokens=arguments.ctx,
        kv_type_k=arguments.kv,
        kv_type_v=arguments.kv,
        ubatch_tokens=arguments.ubatch,
        batch_tokens=max(2048, arguments.ubatch),
        gpu_reserve_bytes=None if reserve is None else round(reserve * 10**9),
    )
    found = _offers(arguments.what, arguments.quant)
    machine = machine_of(arguments)
    notes = [found.note]
    if arguments.quant is not None:
        offer = found.choose(arguments.quant)
    elif len(found.offers) == 1:
        offer = found.offers[0]
    else:
        offer = _recommended(found, machine, choice)
        notes.append(f"{offer.candidate.quant} is the recommended one; --quant names another.")
    check_choice(offer.candidate.shape, choice)
    if arguments.machine is None:
        plan, remarks = _plan_here(offer, machine, choice, simulate=not arguments.estimate)
        notes += remarks
    else:
        plan = make_plan(offer.candidate.shape, machine, choice)
    candidate = offer.candidate
    rated = quality(candidate.model, candidate.quant, candidate.bits_per_weight)
    if arguments.json:
        value = plan_json(candidate, plan, rated)
        value["location"] = offer.location
        value["notes"] = [*plan.notes, *filter(None, notes)]
        print(json.dumps(value, ensure_ascii=False, indent=2))
    else:
        sys.stdout.write(plan_text(candidate, plan, rated, notes))
    return 0


def run_recommend(arguments: argparse.Namespace) -> int:
    """Raises KnownError."""
    from app.planning.offers import DEFAULT_REPOSITORY, by_model, sibling_candidates
    from app.planning.recommend import Wish, recommend
    from app.planning.report import recommendation_json, recommendation_text

    if arguments.ctx < 1 or not 0 < arguments.speed < float("inf"):
        raise KnownError(
            "That cannot be wished for.",
            "A context needs at least one token, and a speed has to be above 0.",
            "Leave the options out for 32,768 tokens at 5 tokens per second.",
        )
    found = _offers(arguments.what or DEFAULT_REPOSITORY, None)
    wanted, others = by_model([offer.candidate for offer in found.offers])
    siblings = sibling_candidates() if arguments.what is None else others
    wish = Wish(arguments.ctx, arguments.speed)
    result = recommend(wanted, siblings, machine_of(arguments), wish)
    notes = _recommend_notes(result, found)
    if arguments.json:
        value = recommendation_json(result)
        value["notes"] = [*notes]
        value["refused"] = [{"quant": name, "reason": why} for name, why in found.refused]
        print(json.dumps(value, ensure_ascii=False, indent=2))
    else:
        refused = [f"{name} is not offered: {why}" for name, why in found.refused]
        sys.stdout.write(recommendation_text(result, [*notes, *refused]))
    return 0


def _recommend_notes(result: "Recommendation", found: "Offers") -> list[str]:
    notes = [found.note]
    if result.rows and not any(_offered(row) for row in result.rows):
        notes.append("Any of them can be used anyway; the table says what to expect.")
    if result.sibling is not None and not result.sibling.candidate.exact:
        notes.append("Figures with a tilde (~) are estimated from published dimensions.")
    return [note for note in notes if note]


def _offered(row: "Row") -> bool:
    return not row.shortfall


def _offers(what: str, quant: str | None) -> "Offers":
    """What the argument names: a path when there is such a thing, else a repository."""
    from app.bootstrap import open_hub
    from app.catalog.names import is_repository_name
    from app.planning.offers import local_offers, remote_offers

    path = Path(what).expanduser()
    if path.exists() or what.lower().endswith(".gguf") or not is_repository_name(what):
        return local_offers(path)
    return remote_offers(what, quant, hub=open_hub())


def _recommended(found: "Offers", machine: "Machine", choice: "Choice") -> "Offer":
    from app.planning.offers import by_model
    from app.planning.recommend import Wish, recommend

    if not found.offers:
        raise KnownError(
            f"{found.name} has no quantization that can be loaded.",
            " ".join(f"{name}: {why}" for name, why in found.refused[:3]),
            "Choose another repository or folder.",
        )
    wanted, others = by_model([offer.candidate for offer in found.offers])
    trained = max(candidate.shape.trained_context for candidate in wanted)
    context = choice.context_tokens or trained
    result = recommend(wanted, others, machine, Wish(max(1, context)))
    row = result.best if result.best and not result.best.shortfall else result.sibling
    row = row or result.best
    best = row.candidate if row else min(wanted, key=lambda c: c.size_bytes)
    return next(offer for offer in found.offers if offer.candidate is best)


def _plan_here(
    offer: "Offer", machine: "Machine", choice: "Choice", *, simulate: bool
) -> tuple["Plan", list[str]]:
    """Corrected by earlier loads, and with compute buffers as the engine simulates them where it
    can; else the reason why not."""
    from app.planning.measured import (
        corrections_for,
        driver_of,
        last_measurement,
        measurements_path,
    )
    from app.planning.plan import make_plan

    shape = offer.candidate.shape
    subject = measurements_path(), shape.name, driver_of(machine)
    corrections = corrections_for(*subject)
    last = last_measurement(*subject)
    remarks = [f"The last load: {last.text}."] if last is not None else []
    plan = make_plan(shape, machine, choice, corrections=corrections)
    if simulate and offer.header is not None and plan.verdict != "does not fit":
        told = _simulated(offer.header, machine, choice, corrections)
        if not isinstance(told, str):
            return replace(told, notes=plan.notes), remarks
        remarks.append(told)
    return plan, remarks


def _simulated(
    header: "ModelHeader", machine: "Machine", choice: "Choice", corrections: "Corrections"
) -> "Plan | str":
    from app.core.paths import cache_dir
    from app.planning.dry_run import plan_by_dry_run
    from app.planning.targets import room

    if machine.engine.status != "ok":
        return "The engine is not there to simulate the load; compute is estimated."
    if room(machine) != room(machine, engine_only=True):
        return "The engine cannot use every GPU here; compute is estimated."
    from app.core.placement import Placement
    from app.engine.check import check
    from app.engine.dryrun import DryRun

    def ask(path: Path, placement: Placement) -> DryRun:
        return check(path, placement, CancelToken())

    folder = cache_dir()
    try:
        return plan_by_dry_run(header, machine, choice, ask, folder=folder, corrections=corrections)
    except KnownError as error:
        return f"The load could not be simulated: {error}"
