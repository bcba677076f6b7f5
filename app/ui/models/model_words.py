"""A model and a machine in words, without a word about how they are drawn."""

from collections.abc import Callable
from typing import TypeVar

from app.catalog.cards import Architecture, Card, Fact
from app.core.language import mark, tr
from app.core.units import count, gigabytes
from app.hardware.types import Gpu, Machine

T = TypeVar("T")
_MONTHS = (
    mark("Jan"),
    mark("Feb"),
    mark("Mar"),
    mark("Apr"),
    mark("May"),
    mark("Jun"),
    mark("Jul"),
    mark("Aug"),
    mark("Sep"),
    mark("Oct"),
    mark("Nov"),
    mark("Dec"),
)
HOW = {"measured": mark("Measured"), "computed": mark("Computed"), "quoted": mark("Quoted")}


# -- the model -----------------------------------------------------------------------------------


def billions(parameters: int) -> str:
    """`357B`, `9.4B`, `3.6B`."""
    value = parameters / 10**9
    return f"{value:.0f}B" if value >= 10 else f"{value:.1f}B"


def kind(card: Card) -> str:
    made = card.architecture
    if made is None:
        return ""
    return tr("Mixture of experts") if made.value.mixture_of_experts else tr("Dense")


def size_line(card: Card) -> str:
    if card.parameters is None:
        return ""
    total = tr("{billions} parameters", billions=billions(card.parameters.value))
    active = card.active_parameters
    return (
        tr("{total}, {billions} active", total=total, billions=billions(active.value))
        if active is not None
        else total
    )


def day(iso: str) -> str:
    """`30 Sep 2025`, `Apr 2025`."""
    year, month, *rest = iso.split("-")
    named = tr(_MONTHS[int(month) - 1])
    if rest:
        return tr("{day} {month} {year}", day=int(rest[0]), month=named, year=year)
    return tr("{month} {year}", month=named, year=year)


def subtitle(card: Card) -> str:
    parts = [card.maker, kind(card), size_line(card)]
    if card.context_tokens is not None:
        parts.append(tr("{count} tokens of context", count=count(card.context_tokens.value)))
    if card.licence is not None:
        parts.append(card.licence.value)
    if card.released is not None:
        parts.append(day(card.released.value).replace(" ", "\N{NO-BREAK SPACE}"))
    return " · ".join(filter(None, parts))


def subtitle_tip(card: Card) -> str:
    """Every figure with where it is from, and what is often said wrongly."""
    lines = [
        fact_line(tr("Parameters"), card.parameters, count),
        fact_line(tr("Active per token"), card.active_parameters, count),
        fact_line(tr("Context"), card.context_tokens, count),
        fact_line(tr("Licence"), card.licence, str),
        fact_line(tr("Released"), card.released, day),
    ]
    return "\n".join([*filter(None, lines), *map(tr, card.remarks)])


def fact_line(title: str, fact: Fact[T] | None, shown: Callable[[T], str]) -> str:
    if fact is None:
        return ""
    return tr(
        "{title}: {value}. {source}", title=title, value=shown(fact.value), source=source_line(fact)
    )


def source_line(fact: Fact[T]) -> str:
    """`Quoted: Z.ai's model cards.`"""
    return tr("{how}: {source}.", how=tr(HOW[fact.how]), source=tr(fact.source))


def popularity(card: Card, live: int | None) -> str:
    if live is not None:
        return tr("{live} downloads in 30 days", live=count(live))
    known = card.downloads
    return (
        tr(
            "{count} downloads in 30 days, as of {as_of}",
            count=count(known.value),
            as_of=day(known.as_of),
        )
        if known
        else ""
    )


def architecture_rows(made: Architecture) -> tuple[tuple[str, str], ...]:
    layers = str(made.layers)
    if made.mtp_layers:
        layers += tr(
            " + {mtp_layers} that predicts further tokens (MTP, not loaded)",
            mtp_layers=made.mtp_layers,
        )
    rows = [
        (tr("Kind"), tr("{kind}, {gguf} in llama.cpp", kind=tr(made.kind), gguf=made.gguf)),
        (tr("Layers"), layers),
    ]
    if made.experts:
        rows.append((tr("Experts"), _experts(made)))
    if made.dense_layers:
        rows.append(
            (
                tr("Without experts"),
                tr("the first {dense_layers} layers", dense_layers=made.dense_layers),
            )
        )
    heads = f"{made.heads}"
    if made.kv_heads:
        heads += tr(", {kv_heads} for keys and values", kv_heads=made.kv_heads)
    if made.head_length:
        heads += tr(", of {head_length} values each", head_length=made.head_length)
    rows.append((tr("Attention heads"), heads))
    if made.attention:
        rows.append((tr("Attention"), tr(made.attention)))
    rows.append((tr("Width"), tr("{hidden} values", hidden=count(made.hidden))))
    return tuple(rows)


def _experts(made: Architecture) -> str:
    if made.shared_experts:
        return tr(
            "{experts} per layer, {used} used and {shared} shared for a token",
            experts=made.experts,
            used=made.experts_used,
            shared=made.shared_experts,
        )
    return tr(
        "{experts} per layer, {used} used for a token", experts=made.experts, used=made.experts_used
    )


# -- the machine ---------------------------------------------------------------------------------


def machine_parts(machine: Machine) -> tuple[str, str]:
    """What it computes with, and the rest of it."""
    groups: dict[tuple[str, int], int] = {}
    for gpu in machine.gpus:
        key = (gpu_name(gpu), machine.gpu_total_bytes(gpu) or 0)
        groups[key] = groups.get(key, 0) + 1
    told = [
        f"{f'{number} × ' if number > 1 else ''}{name}"
        + (f" {gigabytes(size)}" if size and not machine_unified(machine) else "")
        for (name, size), number in groups.items()
    ]
    total = machine.memory.effective_total_bytes
    memory = tr("unified memory") if machine_unified(machine) else tr("RAM")
    rest = [processor(machine), f"{gigabytes(total)} {memory}" if total else ""]
    return " + ".join(told) or tr("No GPU"), " · ".join(filter(None, rest))


def machine_unified(machine: Machine) -> bool:
    return bool(machine.gpus) and all(gpu.unified for gpu in machine.gpus)


def gpu_name(gpu: Gpu) -> str:
    return short_name(gpu.name or f"{gpu.vendor} GPU")


def short_name(name: str) -> str:
    """Without the maker, where the rest says it."""
    for maker in (tr("NVIDIA GeForce "), "NVIDIA ", tr("AMD Radeon "), "AMD ", "Intel "):
        name = name.replace(maker, "")
    return name


def processor(machine: Machine) -> str:
    name = machine.cpu.name or ""
    for noise in ("(R)", "(TM)", " CPU", tr(" Processor")):
        name = name.replace(noise, "")
    name = name.partition(" @")[0]
    for lead in ("AMD ", "Intel "):
        name = name.removeprefix(lead)
    return " ".join(name.split())


def unused_gpus(machine: Machine) -> str:
    """What the bars promise and the installed engine cannot keep yet."""
    if machine.engine.status != "ok":
        return ""
    idle = [gpu for gpu in machine.gpus if gpu.state == "ok" and not gpu.engine_devices]
    if not idle:
        return ""
    names = ", ".join(dict.fromkeys(gpu_name(gpu) for gpu in idle))
    return tr(
        "Planned as if the engine could use {names}; the installed one cannot yet.", names=names
    )
