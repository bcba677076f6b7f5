"""Which tensor gets which type in a quantization, after llama.cpp's own rules (llama-quant.cpp)."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.gguf.quants import QUANT_TYPES_BY_NAME, QuantType

# What llama.cpp takes instead when a row is not a multiple of 256.
_FALLBACKS = {
    "Q2_K": "Q4_0",
    "Q3_K": "Q4_0",
    "Q4_K": "Q5_0",
    "Q5_K": "Q5_1",
    "Q6_K": "Q8_0",
    "TQ1_0": "Q4_0",
}


@dataclass(frozen=True)
class Recipe:
    """Types by role. `more` replaces the type of attn_v and of every down projection in a third of
    the layers and at both ends, as the _M mixtures do; None means no such layers.

    down: every down projection. dense: attention, shared experts and dense layers; None as default.
    """

    default: str
    output: str = "Q6_K"
    embedding: str | None = None
    more: str | None = None
    down: str | None = None
    attn_v: str | None = None
    attn_output: str | None = None
    dense: str | None = None

    def type_of(
        self, name: str, shape: tuple[int, ...], block: int | None, blocks: int
    ) -> QuantType:
        if not _is_quantized(name, shape):
            return QUANT_TYPES_BY_NAME["F32"]
        chosen = QUANT_TYPES_BY_NAME[self._choice(name, block, blocks)]
        if shape[0] % chosen.block_elements:
            chosen = QUANT_TYPES_BY_NAME[_FALLBACKS.get(chosen.name, "IQ4_NL")]
        return chosen

    def _choice(self, name: str, block: int | None, blocks: int) -> str:
        if name == "output.weight":
            return self.output
        if name == "token_embd.weight":
            return self.embedding or self.default
        boosted = self.more is not None and block is not None and _use_more_bits(block, blocks)
        base = self.default if "_exps" in name else self.dense or self.default
        if "ffn_down" in name:
            return self.more if self.more and boosted else self.down or base
        if "attn_v" in name:
            return self.more if self.more and boosted else self.attn_v or base
        return self.attn_output or base if "attn_output" in name else base


def _is_quantized(name: str, shape: tuple[int, ...]) -> bool:
    return (
        len(shape) > 1
        and name.endswith("weight")
        and "_norm.weight" not in name
        and "ffn_gate_inp" not in name
    )


def _use_more_bits(block: int, blocks: int) -> bool:
    eighth = blocks // 8
    return block < eighth or block >= 7 * blocks // 8 or (block - eighth) % 3 == 2


def _plain(name: str) -> Recipe:
    return Recipe(name, output=name)


def _dynamic(default: str, down: str, dense: str, embedding: str = "Q4_K") -> Recipe:
    """In the manner of the UD mixtures: few bits for the experts, more for what is always read."""
    return Recipe(default, "Q6_K", embedding, down=down, dense=dense)


RECIPES: Mapping[str, Recipe] = {
    "UD-TQ1_0": _dynamic("IQ1_S", "IQ2_XXS", "Q4_K"),
    "UD-IQ1_S": _dynamic("IQ1_M", "IQ2_S", "Q5_K"),
    "UD-IQ1_M": _dynamic("IQ2_XXS", "IQ2_S", "Q5_K"),
    "UD-IQ2_XXS": _dynamic("IQ2_XS", "Q2_K", "Q5_K"),
    "UD-IQ2_M": _dynamic("IQ2_S", "IQ3_XXS", "Q5_K"),
    "UD-Q2_K_XL": _dynamic("Q2_K", "IQ3_S", "Q5_K"),
    "UD-IQ3_XXS": _dynamic("IQ3_XXS", "IQ3_S", "Q5_K"),
    "UD-Q3_K_XL": _dynamic("Q3_K", "Q3_K", "Q5_K"),
    "UD-Q4_K_XL": _dynamic("Q4_K", "Q4_K", "Q6_K"),
    "UD-Q5_K_XL": _dynamic("Q5_K", "Q6_K", "Q6_K"),
    "IQ2_XXS": Recipe("IQ2_XXS", "Q5_K", "Q2_K", attn_v="Q4_K"),
    "Q2_K": Recipe("Q2_K", down="Q3_K", attn_v="Q4_K", attn_output="Q3_K"),
    "Q3_K_S": Recipe("Q3_K"),
    "Q3_K_M": Recipe("Q3_K", down="Q4_K", attn_v="Q4_K", attn_output="Q4_K"),
    "Q3_K_L": Recipe("Q3_K", down="Q5_K", attn_v="Q5_K", attn_output="Q5_K"),
    "IQ3_S": Recipe("IQ3_S", attn_v="Q4_K"),
    "IQ4_XS": Recipe("IQ4_XS", attn_v="Q5_K"),
    "IQ4_NL": Recipe("IQ4_NL", attn_v="Q5_K"),
    "Q4_0": Recipe("Q4_0"),
    "Q4_1": Recipe("Q4_1"),
    "Q4_K_S": Recipe("Q4_K"),
    "Q4_K_M": Recipe("Q4_K", more="Q6_K"),
    "Q5_K_S": Recipe("Q5_K"),
    "Q5_K_M": Recipe("Q5_K", more="Q6_K"),
    "Q6_K": Recipe("Q6_K"),
    "Q8_0": _plain("Q8_0"),
    "BF16": _plain("BF16"),
    # Made for ik_llama.cpp.
    "IQ4_KS": Recipe("IQ4_KS", "Q6_K"),
    "IQ2_KL": Recipe("IQ2_KL", "Q6_K"),
}
