"""The longest context that still fits beside a model's weights."""

from dataclasses import replace

from app.hardware.types import Machine
from app.planning.corrections import NO_CORRECTIONS, Corrections
from app.planning.search import Search
from app.planning.shape import ModelShape
from app.planning.targets import room
from app.planning.types import Choice

_STEP = 1024
# Without a trained length in the file: as far as anybody goes.
_LONGEST = 2**20


def largest_context(
    shape: ModelShape,
    machine: Machine,
    choice: Choice,
    *,
    engine_only: bool = False,
    corrections: Corrections = NO_CORRECTIONS,
) -> int:
    """Tokens, in steps of 1024 and at most what the model was trained for; 0 when it does not fit
    in memory with any. The context of `choice` is not looked at.

    Raises KnownError when the model cannot keep its context so.
    """
    space = room(machine, engine_only=engine_only)
    most = shape.trained_context or _LONGEST

    def fits(tokens: int) -> bool:
        wanted = replace(choice, context_tokens=tokens)
        layout = Search(shape, space, wanted, corrections).best()
        return layout.gpus_fit and not layout.cpu_missing_bytes

    if fits(most):
        return most
    low, high = 0, -(-most // _STEP)
    while high - low > 1:
        middle = (low + high) // 2
        if fits(middle * _STEP):
            low = middle
        else:
            high = middle
    return low * _STEP
