"""A tiny glm4moe in PyTorch: the same graph that llama.cpp builds for GLM-4.6."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

SHARPNESS = 2.0


@dataclass(frozen=True)
class Shape:
    vocabulary: int
    hidden: int = 160
    layers: int = 4
    heads: int = 4
    kv_heads: int = 2
    head_size: int = 32
    rope_size: int = 16
    rope_base: float = 10000.0
    epsilon: float = 1e-5
    dense_layers: int = 1
    dense_size: int = 448
    experts: int = 16
    experts_used: int = 2
    expert_size: int = 96
    context: int = 4096


class Norm(nn.Module):
    def __init__(self, size: int, epsilon: float, initial: float = 1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((size,), initial))
        self.epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, (x.shape[-1],), self.weight, self.epsilon)


class Attention(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.q = nn.Linear(shape.hidden, shape.heads * shape.head_size)
        self.k = nn.Linear(shape.hidden, shape.kv_heads * shape.head_size)
        self.v = nn.Linear(shape.hidden, shape.kv_heads * shape.head_size)
        self.o = nn.Linear(shape.heads * shape.head_size, shape.hidden, bias=False)
        # From 1 the heads are too blunt to look at a single token, and copying comes late.
        self.q_norm = Norm(shape.head_size, shape.epsilon, SHARPNESS)
        self.k_norm = Norm(shape.head_size, shape.epsilon, SHARPNESS)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        s = self.shape
        rows, length, _ = x.shape
        q = self.q(x).view(rows, length, s.heads, s.head_size)
        k = self.k(x).view(rows, length, s.kv_heads, s.head_size)
        v = self.v(x).view(rows, length, s.kv_heads, s.head_size).transpose(1, 2)
        q = rotate(self.q_norm(q).transpose(1, 2), cos, sin)
        k = rotate(self.k_norm(k).transpose(1, 2), cos, sin)
        groups = s.heads // s.kv_heads
        k = k.repeat_interleave(groups, dim=1)
        v = v.repeat_interleave(groups, dim=1)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.o(y.transpose(1, 2).reshape(rows, length, -1))


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """NeoX rotary embedding of the leading part of each head; the rest passes through."""
    half = cos.shape[-1]
    a, b, rest = x[..., :half], x[..., half : 2 * half], x[..., 2 * half :]
    return torch.cat((a * cos - b * sin, b * cos + a * sin, rest), dim=-1)


class FeedForward(nn.Module):
    def __init__(self, hidden: int, size: int) -> None:
        super().__init__()
        self.gate = nn.Linear(hidden, size, bias=False)
        self.up = nn.Linear(hidden, size, bias=False)
        self.down = nn.Linear(size, hidden, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(F.silu(self.gate(x)) * self.up(x))


class Experts(nn.Module):
    """Sigmoid-gated experts with a shared one; `bias` only steers the choice, never the weight."""

    bias: Tensor
    load: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        n, size, hidden = shape.experts, shape.expert_size, shape.hidden
        self.router = nn.Linear(hidden, n, bias=False)
        self.gate = nn.Parameter(torch.empty(n, size, hidden))
        self.up = nn.Parameter(torch.empty(n, size, hidden))
        self.down = nn.Parameter(torch.empty(n, hidden, size))
        self.shared = FeedForward(hidden, size)
        self.register_buffer("bias", torch.zeros(n))
        self.register_buffer("load", torch.zeros(n), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        rows = x.reshape(-1, x.shape[-1])
        probabilities = torch.sigmoid(self.router(rows))
        chosen = torch.topk(probabilities.detach() + self.bias, self.shape.experts_used).indices
        weights = probabilities.gather(1, chosen)
        weights = weights / weights.sum(1, keepdim=True)
        order = torch.argsort(chosen.flatten(), stable=True)
        counts = torch.bincount(chosen.flatten(), minlength=self.shape.experts)
        if self.training:
            self.load += counts
        gathered = rows[order // self.shape.experts_used].split(counts.tolist())
        parts = [
            F.linear(F.silu(F.linear(part, gate)) * F.linear(part, up), down)
            for part, gate, up, down in zip(
                gathered, self.gate.unbind(), self.up.unbind(), self.down.unbind(), strict=True
            )
        ]
        scattered = torch.empty_like(order)
        scattered[order] = torch.arange(order.numel())
        y = torch.cat(parts)[scattered].view(rows.shape[0], self.shape.experts_used, -1)
        routed = (y * weights.unsqueeze(-1)).sum(1)
        return (routed + self.shared(rows)).view_as(x)

    @torch.no_grad()
    def balance(self, rate: float) -> None:
        self.bias += rate * torch.sign(self.load.mean() - self.load)
        self.load.zero_()


class Block(nn.Module):
    def __init__(self, shape: Shape, dense: bool) -> None:
        super().__init__()
        self.attention_norm = Norm(shape.hidden, shape.epsilon)
        self.attention = Attention(shape)
        self.ffn_norm = Norm(shape.hidden, shape.epsilon)
        self.ffn = FeedForward(shape.hidden, shape.dense_size) if dense else Experts(shape)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        x = x + self.attention(self.attention_norm(x), cos, sin)
        return x + self.ffn(self.ffn_norm(x))


class DemoModel(nn.Module):
    cos: Tensor
    sin: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(shape.vocabulary, shape.hidden)
        self.blocks = nn.ModuleList(
            Block(shape, dense=index < shape.dense_layers) for index in range(shape.layers)
        )
        self.norm = Norm(shape.hidden, shape.epsilon)
        self.head = nn.Linear(shape.hidden, shape.vocabulary, bias=False)
        steps = torch.arange(0, shape.rope_size, 2).float() / shape.rope_size
        angles = torch.outer(torch.arange(shape.context).float(), shape.rope_base**-steps)
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)
        self._initialize()

    def _initialize(self) -> None:
        deviation = self.shape.hidden**-0.5
        for name, value in self.named_parameters():
            if value.dim() < 2:
                if name.endswith("bias"):
                    nn.init.zeros_(value)
                continue
            narrow = name.endswith((".o.weight", ".down", ".down.weight"))
            nn.init.normal_(value, std=deviation / (2.0 if narrow else 1.0))
        nn.init.normal_(self.embedding.weight, std=0.5)
        nn.init.normal_(self.head.weight, std=0.02)

    def states(self, ids: Tensor) -> Tensor:
        """ids [rows, length] to normalized hidden states [rows, length, hidden]."""
        cos, sin = self.cos[: ids.shape[1]], self.sin[: ids.shape[1]]
        x = self.embedding(ids)
        for block in self.blocks:
            x = block(x, cos, sin)
        return self.norm(x)

    def forward(self, ids: Tensor) -> Tensor:
        return self.head(self.states(ids))

    def balance(self, rate: float) -> None:
        for block in self.blocks:
            if isinstance(block.ffn, Experts):
                block.ffn.balance(rate)
