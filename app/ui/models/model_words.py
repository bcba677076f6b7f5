"""A model and a machine in words, without a word about how they are drawn."""

from collections.abc import Callable
from typing import TypeVar

from app.catalog.cards import Architecture, Card, Fact
from app.core.units import count, gigabytes
from app.hardware.types import Gpu, Machine

T = TypeVar("T")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
HOW = {"measured": "Measured", "computed": "Computed", "quoted": "Quoted"}


# -- the model -----------------------------------------------------------------------------------


def billions(parameters: int) -> str:
    """`357B`, `9.4B`, `3.6B`."""
    value = parameters / 10**9
    return f"{value:.0f}B" if value >= 10 else f"{value:.1f}B"


def kind(card: Card) -> str:
    made = card.architecture
    if made is None:
        return ""
    return "Mixture of experts" if made.value.mixture_of_experts else "Dense"


def size_line(card: Card) -> str:
    if card.parameters is None:
        return ""
    total = f"{billions(card.parameters.value)} parameters"
    active = card.active_parameters
    return f"{total}, {billions(active.value)} active" if active is not None else total


def day(iso: str) -> str:
    """`30 Sep 2025`, `Apr 2025`."""
    year, month, *rest = iso.split("-")
    named = f"{_MONTHS[int(month) - 1]} {year}"
    return f"{int(rest[0])} {named}" if rest else named


def subtitle(card: Card) -> str:
    parts = [card.maker, kind(card), size_line(card)]
    if card.context_tokens is not None:
        parts.append(f"{count(card.context_tokens.value)} tokens of context")
    if card.licence is not None:
        parts.append(card.licence.value)
    if card.released is not None:
        parts.append(day(card.released.value))
    return " · ".join(filter(None, parts))


def subtitle_tip(card: Card) -> str:
    """Every figure with where it is from, and what is often said wrongly."""
    lines = [
        fact_line("Parameters", card.parameters, count),
        fact_line("Active per token", card.active_parameters, count),
        fact_line("Context", card.context_tokens, count),
        fact_line("Licence", card.licence, str),
        fact_line("Released", card.released, day),
    ]
    return "\n".join([*filter(None, lines), *card.remarks])


def fact_line(title: str, fact: Fact[T] | None, shown: Callable[[T], str]) -> str:
    if fact is None:
        return ""
    return f"{title}: {shown(fact.value)}. {HOW[fact.how]}: {fact.source}."


def popularity(card: Card, live: int | None) -> str:
    if live is not None:
        return f"{count(live)} downloads in 30 days"
    known = card.downloads
    return f"{count(known.value)} downloads in 30 days, as of {day(known.as_of)}" if known else ""


def architecture_rows(made: Architecture) -> tuple[tuple[str, str], ...]:
    layers = str(made.layers)
    if made.mtp_layers:
        layers += f" + {made.mtp_layers} that predicts further tokens (MTP, not loaded)"
    rows = [("Kind", f"{made.kind}, {made.gguf} in llama.cpp"), ("Layers", layers)]
    if made.experts:
        shared = f" and {made.shared_experts} shared" if made.shared_experts else ""
        rows.append(
            ("Experts", f"{made.experts} per layer, {made.experts_used} used{shared} for a token")
        )
    if made.dense_layers:
        rows.append(("Without experts", f"the first {made.dense_layers} layers"))
    heads = f"{made.heads}"
    if made.kv_heads:
        heads += f", {made.kv_heads} for keys and values"
    if made.head_length:
        heads += f", of {made.head_length} values each"
    rows.append(("Attention heads", heads))
    if made.attention:
        rows.append(("Attention", made.attention))
    rows.append(("Width", f"{count(made.hidden)} values"))
    return tuple(rows)


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
    memory = "unified memory" if machine_unified(machine) else "RAM"
    rest = [processor(machine), f"{gigabytes(total)} {memory}" if total else ""]
    return " + ".join(told) or "No GPU", " · ".join(filter(None, rest))


def machine_unified(machine: Machine) -> bool:
    return bool(machine.gpus) and all(gpu.unified for gpu in machine.gpus)


def gpu_name(gpu: Gpu) -> str:
    return short_name(gpu.name or f"{gpu.vendor} GPU")


def short_name(name: str) -> str:
    """Without the maker, where the rest says it."""
    for maker in ("NVIDIA GeForce ", "NVIDIA ", "AMD Radeon ", "AMD ", "Intel "):
        name = name.replace(maker, "")
    return name


def processor(machine: Machine) -> str:
    name = machine.cpu.name or ""
    for noise in ("(R)", "(TM)", " CPU", " Processor"):
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
    return f"Planned as if the engine could use {names}; the installed one cannot yet."
