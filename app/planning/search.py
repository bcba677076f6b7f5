"""Finds the best assignment of a model to a machine's memory for one choice of context."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace

from app.planning.assignment import Assignment, cells_for, kv_bytes, running, tally, units
from app.planning.compute import Part, compute_bytes
from app.planning.corrections import NO_CORRECTIONS, Corrections
from app.planning.shape import ModelShape
from app.planning.speed import Backend
from app.planning.types import Choice, DeviceUse, Target

# Backends that multiply with matrices in RAM while a prompt is read (offload_op).
_OFFLOADS: frozenset[Backend] = frozenset({"cuda", "rocm", "vulkan", "sycl"})


@dataclass(frozen=True)
class Room:
    """Targets that take part: GPUs in the order llama.cpp will see them, and the CPU."""

    gpus: tuple[Target, ...]
    cpu: Target

    @property
    def unified(self) -> bool:
        return any(gpu.kind == "unified" for gpu in self.gpus)


@dataclass(frozen=True)
class Layout:
    """An assignment and what it takes; GPU uses in the room's order (unused ones too), CPU last."""

    room: Room
    assignment: Assignment
    uses: tuple[DeviceUse, ...]

    @property
    def gpus_fit(self) -> bool:
        return all(not use.missing_bytes for use in self.uses[:-1])

    @property
    def cpu_capacity_bytes(self) -> int:
        """RAM that is left for the CPU's part: a unified GPU's part comes out of the same RAM."""
        shared = sum(use.total_bytes for use in self.uses[:-1] if use.target.kind == "unified")
        return max(0, self.uses[-1].target.capacity_bytes - shared)

    @property
    def cpu_missing_bytes(self) -> int:
        return max(0, self.uses[-1].total_bytes - self.cpu_capacity_bytes)


def corrected(room: Room, corrections: Corrections) -> Room:
    """With the overheads that were measured."""
    known = corrections.overhead_bytes
    gpus = tuple(
        replace(gpu, overhead_bytes=known.get(gpu.name, gpu.overhead_bytes)) for gpu in room.gpus
    )
    return replace(room, gpus=gpus)


def _with_reserve(room: Room, choice: Choice) -> Room:
    if choice.gpu_reserve_bytes is None:
        return room
    gpus = tuple(replace(gpu, reserve_bytes=choice.gpu_reserve_bytes) for gpu in room.gpus)
    return replace(room, gpus=gpus)


class Search:
    """One model, one choice, one machine. Every candidate costs a pass over the layers, so the
    number of candidates is kept logarithmic in the number of layers."""

    def __init__(
        self,
        shape: ModelShape,
        room: Room,
        choice: Choice,
        corrections: Corrections = NO_CORRECTIONS,
    ) -> None:
        self._shape, self._choice = shape, choice
        self._room = corrected(_with_reserve(room, choice), corrections)
        self._corrections = corrections
        self._cells = cells_for(shape, choice)
        self._kv = kv_bytes(shape, choice, self._cells)
        self._sums = running(shape, self._kv)
        self._expert_blocks = shape.expert_layers
        self._known_compute: dict[Part, int] = {}

    def best(self) -> Layout:
        """Everything on as few GPUs as hold it; else experts of as few layers as possible in RAM;
        else the fewest whole layers in RAM; without a GPU, all of it."""
        for gpus in self._groups():
            if self._smaller_than_all(gpus):
                continue
            layout = self._layout(gpus, self._counts(gpus, units(self._shape), 1.0))
            if layout.gpus_fit:
                return layout
        for gpus in reversed(list(self._groups())):
            split = self._experts_in_ram(gpus) or self._layers_in_ram(gpus)
            # Unified memory is RAM: a part that leaves too little of it for the rest helps nobody.
            if split is not None and not (self._room.unified and split.cpu_missing_bytes):
                return split
        return self._layout((), ())

    def _smaller_than_all(self, gpus: tuple[int, ...]) -> bool:
        """Not even weights and context fit: no layout has to be tried."""
        targets = [self._room.gpus[index] for index in gpus]
        room = sum(max(0, target.capacity_bytes - target.overhead_bytes) for target in targets)
        layers = self._sums.always[-1] + self._sums.experts[-1] + self._sums.kv[-1]
        return room < layers + self._shape.output_bytes

    def fixed(self, gpu_layers: int | None, cpu_expert_layers: int | None) -> Layout:
        """As many units on the GPUs, and experts of as many layers in RAM, as the person says,
        whether it fits or not; None leaves the number to the search."""
        if gpu_layers is None and cpu_expert_layers is None:
            return self.best()
        wanted = units(self._shape) if gpu_layers is None else gpu_layers
        wanted = min(max(0, wanted), units(self._shape))
        groups = list(self._groups())
        if not groups or not wanted:
            return self._layout((), ())
        for gpus in groups:
            layout = self._fixed_on(gpus, wanted, cpu_expert_layers or 0)
            if layout.gpus_fit:
                return layout
        if cpu_expert_layers is not None:
            return layout
        return self._fewest_experts_in_ram(groups[-1], wanted)

    def _fixed_on(self, gpus: tuple[int, ...], wanted: int, cpu_experts: int) -> Layout:
        """The experts of layers that stay on the CPU anyway count first, then those of the first
        layers of whichever GPU is fullest."""
        experts = self._shape.expert_layers
        share = 1.0 - min(1.0, cpu_experts / len(experts)) if experts else 1.0
        layout = self._layout(gpus, self._counts(gpus, wanted, share))
        devices = layout.assignment.device_of(units(self._shape))
        waiting = {index: [block for block in experts if devices[block] == index] for index in gpus}
        excess = {index: -layout.uses[index].target.capacity_bytes for index in gpus}
        for index in gpus:
            excess[index] += layout.uses[index].total_bytes
        kept: set[int] = set()
        for _ in range(max(0, cpu_experts - sum(devices[block] < 0 for block in experts))):
            left = [index for index in gpus if waiting[index]]
            if not left:
                break
            fullest = max(left, key=lambda index: excess[index])
            block = waiting[fullest].pop(0)
            excess[fullest] -= self._shape.layers[block].expert_bytes
            kept.add(block)
        return self._measure(self._room, replace(layout.assignment, cpu_experts=frozenset(kept)))

    def _fewest_experts_in_ram(self, gpus: tuple[int, ...], wanted: int) -> Layout:
        low, high = 0, len(self._shape.expert_layers)
        while low < high:
            middle = (low + high) // 2
            if self._fixed_on(gpus, wanted, middle).gpus_fit:
                high = middle
            else:
                low = middle + 1
        return self._fixed_on(gpus, wanted, low)

    def layout(self, assignment: Assignment) -> Layout:
        """What a given assignment takes (for a placement that the person has changed)."""
        return self._measure(self._room, assignment)

    def _groups(self) -> Iterator[tuple[int, ...]]:
        """Indices of the GPUs to use: the fastest one, the fastest two ... all, in their order."""
        ranked = sorted(
            range(len(self._room.gpus)),
            key=lambda index: (
                -(self._room.gpus[index].bandwidth_bytes_per_second or 0),
                -self._room.gpus[index].capacity_bytes,
            ),
        )
        for size in range(1, len(ranked) + 1):
            yield tuple(sorted(ranked[:size]))

    def _experts_in_ram(self, gpus: tuple[int, ...]) -> Layout | None:
        """All layers on the GPUs, as many of their experts as fit; None when not even the rest
        fits."""
        everything = frozenset(self._shape.expert_layers)
        if not everything:
            return None
        # By what the experts that fit will weigh, or by the rest alone: the better of the two.
        found = [
            layout
            for share in dict.fromkeys((self._expert_share(gpus), 0.0))
            if (layout := self._filled(gpus, share, everything)) is not None
        ]
        return min(found, key=lambda layout: layout.uses[-1].weights_bytes, default=None)

    def _filled(
        self, gpus: tuple[int, ...], share: float, everything: frozenset[int]
    ) -> Layout | None:
        counts = self._counts(gpus, units(self._shape), share)
        layout = self._layout(gpus, counts, everything)
        if not layout.gpus_fit:
            return None
        filled = self._layout(gpus, counts, everything - self._experts_that_fit(layout))
        return filled if filled.gpus_fit else layout

    def _experts_that_fit(self, layout: Layout) -> frozenset[int]:
        """Blocks whose experts fit beside the rest, device by device, last blocks first (as
        llama.cpp's --n-cpu-moe keeps the first ones in RAM)."""
        devices = layout.assignment.device_of(units(self._shape))
        with_experts = self._layout((0,), layout.assignment.counts).uses[:-1]
        left = [
            use.target.capacity_bytes
            - use.total_bytes
            - max(0, more.compute_bytes - use.compute_bytes)
            for use, more in zip(layout.uses[:-1], with_experts, strict=True)
        ]
        kept: set[int] = set()
        for block in reversed(self._shape.expert_layers):
            device, size = devices[block], self._shape.layers[block].expert_bytes
            if device >= 0 and size <= left[device]:
                left[device] -= size
                kept.add(block)
        return frozenset(kept)

    def _layers_in_ram(self, gpus: tuple[int, ...]) -> Layout | None:
        """As many of the last layers (and the output) on the GPUs as fit; experts in RAM."""
        experts = frozenset(self._shape.expert_layers)
        low, high = 1, units(self._shape) - 1
        best: Layout | None = None
        while low <= high:
            middle = (low + high) // 2
            layout = self._layout(gpus, self._counts(gpus, middle, 0.0), experts)
            if layout.gpus_fit:
                best, low = layout, middle + 1
            else:
                high = middle - 1
        return best

    def _expert_share(self, gpus: tuple[int, ...]) -> float:
        """The share of all experts that the GPUs have room for beside everything else."""
        experts = sum(layer.expert_bytes for layer in self._shape.layers)
        rest = self._shape.weights_bytes - experts - self._shape.input_bytes
        rest += sum(self._kv)
        room = sum(self._free_for_layers(index) for index in gpus)
        return min(1.0, max(0.0, (room - rest) / experts)) if experts else 1.0

    def _free_for_layers(self, index: int) -> int:
        gpu = self._room.gpus[index]
        part = Part(
            attention=True,
            experts=False,
            dense=not self._shape.mixture_of_experts,
            backend=gpu.backend,
        )
        compute = self._corrections.compute(gpu.kind, self._compute_bytes(part))
        return max(0, gpu.capacity_bytes - gpu.overhead_bytes - compute)

    def _counts(self, gpus: tuple[int, ...], wanted: int, expert_share: float) -> tuple[int, ...]:
        """Units per GPU of the room, so that each GPU is filled to the same share of its room.

        expert_share: how much of a block's experts is taken to lie on its GPU.
        """
        counts = [0] * len(self._room.gpus)
        if not gpus:
            return tuple(counts)
        start = units(self._shape) - wanted
        weights = [self._unit_bytes(index, expert_share) for index in range(start, start + wanted)]
        room = [self._free_for_layers(index) for index in gpus]
        total, capacity = sum(weights), sum(room) or 1
        at, filled, limit = 0, 0.0, 0.0
        for position, index in enumerate(gpus):
            limit += total * room[position] / capacity
            last = position == len(gpus) - 1
            while at < wanted and (last or filled + weights[at] / 2 <= limit):
                filled += weights[at]
                counts[index] += 1
                at += 1
        return tuple(counts)

    def _unit_bytes(self, index: int, expert_share: float) -> float:
        if index == len(self._shape.layers):
            # The output brings its logits with it, which the other units do not.
            logits = 4 * self._shape.vocabulary * self._choice.ubatch_tokens
            return self._shape.output_bytes + logits
        layer = self._shape.layers[index]
        return layer.always_bytes + expert_share * layer.expert_bytes + self._kv[index]

    def _layout(
        self,
        gpus: tuple[int, ...],
        counts: tuple[int, ...],
        cpu_experts: frozenset[int] = frozenset(),
    ) -> Layout:
        if not gpus:
            counts = (0,) * len(self._room.gpus)
        return self._measure(self._room, Assignment(counts, cpu_experts))

    def _measure(self, room: Room, assignment: Assignment) -> Layout:
        sums = tally(self._shape, assignment, self._sums)
        parts = self._parts(assignment)
        targets = (*room.gpus, room.cpu)
        uses = tuple(
            self._use(target, sums.weights[index], sums.kv[index], part)
            for index, (target, part) in enumerate(zip(targets, parts, strict=True))
        )
        return Layout(room, assignment, uses)

    def _use(self, target: Target, weights: int, kv: int, part: Part | None) -> DeviceUse:
        if part is None:
            return DeviceUse(target, 0, 0, 0, 0, "exact")
        estimate = self._compute_bytes(part)
        corrected_bytes = self._corrections.compute(target.kind, estimate)
        return DeviceUse(
            target,
            weights,
            kv,
            corrected_bytes,
            target.overhead_bytes,
            "measured" if target.kind in self._corrections.compute_factor else "estimate",
            estimated_compute_bytes=estimate,
        )

    def _compute_bytes(self, part: Part) -> int:
        if part not in self._known_compute:
            self._known_compute[part] = compute_bytes(self._shape, self._choice, self._cells, part)
        return self._known_compute[part]

    def _parts(self, assignment: Assignment) -> list[Part | None]:
        """What each target computes, the CPU last; None for a GPU that takes no part."""
        counts = assignment.counts
        gpus = sum(1 for count in counts if count)
        whole = sum(counts) == units(self._shape)
        pipeline = gpus > 1 and whole and not assignment.cpu_experts
        ranges = assignment.ranges(len(self._shape.layers))
        attention, experts, dense = [], [], []
        for start, end in ranges:
            layers = self._sums.layers[end] - self._sums.layers[start]
            routed = bisect_left(self._expert_blocks, end) - bisect_left(self._expert_blocks, start)
            moved = sum(start <= block < end for block in assignment.cpu_experts)
            attention.append(layers > 0)
            experts.append(routed > moved)
            dense.append(layers > routed)
        experts[-1] = experts[-1] or bool(assignment.cpu_experts)
        in_ram = self._largest_in_ram(ranges[-1][1], assignment.cpu_experts)
        first = next((index for index, count in enumerate(counts) if count), None)
        parts: list[Part | None] = []
        for index, count in enumerate(counts):
            backend = self._room.gpus[index].backend
            upload = index == first and backend in _OFFLOADS and self._choice.ubatch_tokens >= 32
            part = Part(
                attention[index],
                experts[index],
                dense[index],
                gpus=gpus,
                first=index == first,
                pipeline=pipeline,
                backend=backend,
                upload_bytes=in_ram if upload else 0,
            )
            parts.append(part if count else None)
        cpu = Part(attention[-1], experts[-1], dense[-1], cpu=True, gpus=gpus, pipeline=pipeline)
        return [*parts, cpu]

    def _largest_in_ram(self, cpu_blocks: int, cpu_experts: frozenset[int]) -> int:
        """Bytes of the largest matrix of any layer in RAM; the first `cpu_blocks` are."""
        layers = self._shape.layers
        own = (max(i.largest_always_bytes, i.largest_expert_bytes) for i in layers[:cpu_blocks])
        moved = (layers[block].largest_expert_bytes for block in cpu_experts)
        return max((*own, *moved), default=0)
