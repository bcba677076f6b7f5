"""The types a tensor can have: every ggml type id, its block layout, and which program reads it.

Sizes are those of the C structs (ggml-common.h of llama.cpp and of ik_llama.cpp). Some types of
ik_llama.cpp keep a few bytes per row beside the blocks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Reader = Literal["llama.cpp", "ik_llama.cpp", "old llama.cpp", "unknown"]


@dataclass(frozen=True, slots=True)
class QuantType:
    """A ggml tensor type.

    A row of n elements takes `row_bytes + n // block_elements * block_bytes` bytes; block_bytes is
    0 when the layout is not known. reader: the program that can load it.
    """

    id: int
    name: str
    block_elements: int
    block_bytes: int
    row_bytes: int = 0
    reader: Reader = "llama.cpp"

    def __hash__(self) -> int:
        return self.id

    @property
    def loadable(self) -> bool:
        """Whether the engine of this program, llama.cpp, can load it."""
        return self.reader == "llama.cpp"

    @property
    def size_known(self) -> bool:
        return self.block_bytes > 0

    @property
    def bits_per_weight(self) -> float | None:
        """Without the bytes that belong to a row; None when the layout is not known."""
        return 8 * self.block_bytes / self.block_elements if self.size_known else None

    def size_of(self, shape: tuple[int, ...]) -> int | None:
        """Bytes of a tensor of this shape (first dimension innermost), None when not known.

        Raises ValueError when a row is not a whole number of blocks.
        """
        if not self.size_known:
            return None
        row = shape[0] if shape else 1
        blocks, rest = divmod(row, self.block_elements)
        if rest:
            raise ValueError(f"a row of {row} is not a multiple of {self.block_elements}")
        size = self.row_bytes + blocks * self.block_bytes if row else 0
        for extent in shape[1:]:
            size *= extent
        return size


_LLAMA_CPP: dict[int, tuple[str, int, int]] = {
    0: ("F32", 1, 4),
    1: ("F16", 1, 2),
    2: ("Q4_0", 32, 18),
    3: ("Q4_1", 32, 20),
    6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24),
    8: ("Q8_0", 32, 34),
    9: ("Q8_1", 32, 36),
    10: ("Q2_K", 256, 84),
    11: ("Q3_K", 256, 110),
    12: ("Q4_K", 256, 144),
    13: ("Q5_K", 256, 176),
    14: ("Q6_K", 256, 210),
    15: ("Q8_K", 256, 292),
    16: ("IQ2_XXS", 256, 66),
    17: ("IQ2_XS", 256, 74),
    18: ("IQ3_XXS", 256, 98),
    19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18),
    21: ("IQ3_S", 256, 110),
    22: ("IQ2_S", 256, 82),
    23: ("IQ4_XS", 256, 136),
    24: ("I8", 1, 1),
    25: ("I16", 1, 2),
    26: ("I32", 1, 4),
    27: ("I64", 1, 8),
    28: ("F64", 1, 8),
    29: ("IQ1_M", 256, 56),
    30: ("BF16", 1, 2),
    34: ("TQ1_0", 256, 54),
    35: ("TQ2_0", 256, 66),
    39: ("MXFP4", 32, 17),
    40: ("NVFP4", 64, 36),
    41: ("Q1_0", 128, 18),
    42: ("Q2_0", 64, 18),
}

# Ids that llama.cpp once wrote and no longer loads.
_REMOVED: dict[int, tuple[str, int, int]] = {
    4: ("Q4_2", 1, 0),
    5: ("Q4_3", 1, 0),
    31: ("Q4_0_4_4", 32, 18),
    32: ("Q4_0_4_8", 32, 18),
    33: ("Q4_0_8_8", 32, 18),
    37: ("IQ4_NL_4_8", 32, 18),
    38: ("IQ4_NL_8_8", 32, 18),
}

# 36 was IQ4_NL_4_4 in llama.cpp for a while, never in files; ik_llama.cpp uses it for BitNet's
# I2_S, whose tensors end in a scale of their own, so its size is read off the file.
_IK_LLAMA_CPP: dict[int, tuple[str, int, int, int]] = {
    36: ("I2_S", 1, 0, 0),
    133: ("Q6_0", 32, 26, 0),
    134: ("IQ1_BN", 64, 13, 2),
    135: ("IQ2_BN", 64, 16, 4),
    137: ("IQ2_K", 256, 76, 0),
    138: ("IQ3_K", 256, 110, 0),
    139: ("IQ4_K", 256, 144, 0),
    140: ("IQ5_K", 256, 176, 0),
    141: ("IQ6_K", 256, 212, 0),
    144: ("IQ4_KS", 256, 136, 4),
    145: ("IQ2_KS", 256, 70, 2),
    146: ("IQ4_KSS", 256, 128, 4),
    151: ("Q8_KV", 32, 32, 8),
    152: ("IQ5_KS", 256, 168, 4),
    153: ("IQ2_KT", 256, 68, 4),
    154: ("IQ3_KT", 256, 100, 4),
    155: ("IQ4_KT", 256, 128, 4),
    156: ("IQ3_KS", 256, 102, 2),
    157: ("IQ2_KL", 256, 86, 2),
    158: ("IQ1_KT", 256, 56, 4),
    202: ("Q4_0_R8", 32, 18, 0),
    206: ("Q5_0_R4", 32, 22, 0),
    208: ("Q8_0_R8", 32, 34, 0),
    210: ("Q2_K_R4", 256, 84, 0),
    211: ("Q3_K_R4", 256, 110, 0),
    212: ("Q4_K_R4", 256, 144, 0),
    213: ("Q5_K_R4", 256, 176, 0),
    214: ("Q6_K_R4", 256, 210, 0),
    216: ("IQ2_XXS_R4", 256, 66, 0),
    217: ("IQ2_XS_R4", 256, 74, 0),
    218: ("IQ3_XXS_R4", 256, 98, 0),
    219: ("IQ1_S_R4", 32, 6, 2),
    220: ("IQ4_NL_R4", 32, 18, 0),
    221: ("IQ3_S_R4", 256, 110, 0),
    222: ("IQ2_S_R4", 256, 82, 0),
    223: ("IQ4_XS_R8", 256, 136, 0),
    229: ("IQ1_M_R4", 32, 7, 2),
    230: ("BF16_R16", 1, 2, 0),
    233: ("Q6_0_R4", 32, 26, 0),
    335: ("IQ2_BN_R4", 64, 16, 4),
    337: ("IQ2_K_R4", 256, 76, 0),
    338: ("IQ3_K_R4", 256, 110, 0),
    339: ("IQ4_K_R4", 256, 144, 0),
    340: ("IQ5_K_R4", 256, 176, 0),
    344: ("IQ4_KS_R4", 256, 136, 4),
    352: ("IQ5_KS_R4", 256, 168, 4),
    353: ("MXFP4_R8", 32, 17, 0),
    397: ("Q8_K_R16", 256, 258, 0),
    398: ("Q8_KV_R8", 32, 32, 4),
    399: ("Q8_K_R8", 256, 258, 0),
}


def _table() -> dict[int, QuantType]:
    table = {id_: QuantType(id_, *layout) for id_, layout in _LLAMA_CPP.items()}
    for id_, layout in _REMOVED.items():
        table[id_] = QuantType(id_, *layout, reader="old llama.cpp")
    for id_, row_layout in _IK_LLAMA_CPP.items():
        table[id_] = QuantType(id_, *row_layout, reader="ik_llama.cpp")
    return table


QUANT_TYPES: Mapping[int, QuantType] = MappingProxyType(_table())
QUANT_TYPES_BY_NAME: Mapping[str, QuantType] = MappingProxyType(
    {quant.name: quant for quant in QUANT_TYPES.values()}
)


def quant_type(id_: int) -> QuantType:
    """The type with this id; an unknown one is named by its number and not loadable."""
    return QUANT_TYPES.get(id_) or QuantType(id_, f"type {id_}", 1, 0, reader="unknown")


# general.file_type, counted as llama.cpp's llama_ftype.
_FILE_TYPE_NAMES = (
    "F32 F16 Q4_0 Q4_1 Q4_1_F16 Q4_2 Q4_3 Q8_0 Q5_0 Q5_1 Q2_K Q3_K_S Q3_K_M Q3_K_L Q4_K_S Q4_K_M "
    "Q5_K_S Q5_K_M Q6_K IQ2_XXS IQ2_XS Q2_K_S IQ3_XS IQ3_XXS IQ1_S IQ4_NL IQ3_S IQ3_M IQ2_S IQ2_M "
    "IQ4_XS IQ1_M BF16 Q4_0_4_4 Q4_0_4_8 Q4_0_8_8 TQ1_0 TQ2_0 MXFP4_MOE NVFP4 Q1_0 Q2_0"
)
FILE_TYPES: Mapping[int, str] = MappingProxyType(dict(enumerate(_FILE_TYPE_NAMES.split())))
