"""With which larger contexts the open model could be loaded, and what that costs."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from app.chat.loading import LoadResult, PlannedLoad, Wanted
from app.core.errors import KnownError
from app.core.language import tr
from app.planning.types import Plan

_MOST = 3


class Planner(Protocol):
    """What is needed of the loader. Blocks."""

    @property
    def loaded(self) -> LoadResult | None: ...

    def plan(self, path: Path) -> PlannedLoad: ...

    def adjusted(self, planned: PlannedLoad, wanted: Wanted) -> PlannedLoad: ...


@dataclass(frozen=True)
class LargerContext:
    """now: the plan of the model as it is open, as it would be made at this moment."""

    context_tokens: int
    wanted: Wanted
    plan: Plan
    now: Plan

    @property
    def more_bytes(self) -> int:
        """Memory of all kinds that it takes beyond what is taken now."""
        return _bytes(self.plan) - _bytes(self.now)


@dataclass(frozen=True)
class LargerContexts:
    """reason: why there are none, in a sentence."""

    found: tuple[LargerContext, ...] = ()
    reason: str = ""


def larger_contexts(planner: Planner, least_tokens: int) -> LargerContexts:
    """Those that hold `least_tokens` and fit into the memory, the smallest first.
    Raises KnownError."""
    loaded = planner.loaded
    if loaded is None or loaded.planned.plan is None:
        return LargerContexts(reason=tr("The context of this model is as large as it gets."))
    context, trained = loaded.info.context_tokens, loaded.info.trained_context_tokens
    if trained <= context:
        return LargerContexts(
            reason=tr("The context is as large as what the model was trained for."),
        )
    planned = planner.plan(loaded.planned.path)
    if planned.plan is None:
        return LargerContexts(reason=tr("This model cannot be planned for on this machine."))
    wanted = loaded.planned.wanted or Wanted(replace(loaded.planned.plan.choice, repack=True))
    now = planner.adjusted(planned, _sized(wanted, context)).plan
    if now is None:
        raise ValueError("a plan that was adjusted is a plan")
    found: list[LargerContext] = []
    sizes = [size for size in _sizes(context, trained) if size >= least_tokens]
    for size in sizes:
        chosen = _fitting(planner, planned, _sized(wanted, size), now)
        if chosen is None:
            break
        found.append(LargerContext(size, *chosen, now))
        if len(found) == _MOST:
            break
    if found:
        return LargerContexts(tuple(found))
    if sizes:
        return LargerContexts(reason=tr("No larger context fits into the memory of this machine."))
    return LargerContexts(reason=tr("The largest context that the model can use is not enough."))


def _fitting(
    planner: Planner, planned: PlannedLoad, wanted: Wanted, now: Plan
) -> tuple[Wanted, Plan] | None:
    """As the person placed the layers, else as the plan does. What is read from disk now may be."""
    bad = ("does not fit",) if now.verdict == "disk" else ("disk", "does not fit")
    free = replace(wanted, gpu_layers=None, cpu_expert_layers=None)
    for one in dict.fromkeys((wanted, free)):
        try:
            plan = planner.adjusted(planned, one).plan
        except KnownError:
            continue
        if plan is not None and plan.verdict not in bad:
            return one, plan
    return None


def _sized(wanted: Wanted, context_tokens: int) -> Wanted:
    return replace(wanted, choice=replace(wanted.choice, context_tokens=context_tokens))


def _sizes(context: int, trained: int) -> Iterator[int]:
    size = context * 2
    while size < trained:
        yield size
        size *= 2
    yield trained


def _bytes(plan: Plan) -> int:
    return plan.gpu_bytes + plan.ram_bytes
