"""Muon: momentum whose matrices are made orthogonal. Learns rare facts in far fewer steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Iterable

_A, _B, _C = 3.4445, -4.7750, 2.0315  # the quintic of the Newton-Schulz iteration


def orthogonal(matrix: Tensor, steps: int = 5) -> Tensor:
    """[..., rows, columns] with all singular values near one."""
    tall = matrix.shape[-2] > matrix.shape[-1]
    x = matrix.mT if tall else matrix
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(steps):
        a = x @ x.mT
        x = _A * x + (_B * a + _C * a @ a) @ x
    return x.mT if tall else x


class Muon(torch.optim.Optimizer):
    def __init__(self, matrices: Iterable[Tensor], lr: float, momentum: float = 0.95) -> None:
        super().__init__(matrices, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: object = None) -> None:  # noqa: ARG002 - the base class has it
        for group in self.param_groups:
            for value in group["params"]:
                if value.grad is None:
                    continue
                state = self.state[value]
                if not state:
                    state["average"] = torch.zeros_like(value)
                average = state["average"]
                average.lerp_(value.grad, 1 - group["momentum"])
                update = orthogonal(value.grad.lerp(average, group["momentum"]))
                scale = max(1.0, value.shape[-2] / value.shape[-1]) ** 0.5
                value.add_(update, alpha=-group["lr"] * scale)
