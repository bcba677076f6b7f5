"""Nominal RAM bandwidth from the firmware's memory table, where it may be read without root."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

TABLE_FILE = "sys/firmware/dmi/tables/DMI"
_MEMORY_DEVICE = 17


@dataclass(frozen=True)
class MemoryModule:
    """transfers_per_second in millions. width_bits without error correction."""

    megatransfers: int
    width_bits: int
    locator: str
    bank: str


def memory_modules(table: bytes) -> Iterator[MemoryModule]:
    """The populated slots (SMBIOS structure type 17, DSP0134 7.18). Broken tables end early."""
    position = 0
    while position + 4 <= len(table):
        kind, length = table[position], table[position + 1]
        end = table.find(b"\0\0", position + length)
        if length < 4 or end < 0:
            return
        body = table[position : position + length]
        strings = table[position + length : end].split(b"\0")
        if kind == _MEMORY_DEVICE and length >= 0x17:
            module = _module(body, strings)
            if module is not None:
                yield module
        position = end + 2


def nominal_bandwidth(table: bytes) -> int | None:
    """Bytes per second: the slowest module's rate times the width of all channels that are used.

    None when the slots' names do not tell which channels there are: a guess would be off by two.
    """
    modules = list(memory_modules(table))
    channels: dict[str, MemoryModule] = {}
    for module in modules:
        channel = _channel(module)
        if channel is None:
            return None
        channels[channel] = module
    if not modules:
        return None
    rate = min(module.megatransfers for module in modules)
    return sum(rate * 10**6 * module.width_bits // 8 for module in channels.values())


def _module(body: bytes, strings: list[bytes]) -> MemoryModule | None:
    def word(offset: int) -> int:
        return int.from_bytes(body[offset : offset + 2], "little") if offset + 2 <= len(body) else 0

    size, width = word(0x0C), word(0x0A)
    rate = word(0x20) or word(0x15)
    if size == 0 or width in (0, 0xFFFF) or rate in (0, 0xFFFF):
        return None
    return MemoryModule(rate, width, _string(strings, body[0x10]), _string(strings, body[0x11]))


def _string(strings: list[bytes], number: int) -> str:
    return strings[number - 1].decode("latin-1") if 0 < number <= len(strings) else ""


def _channel(module: MemoryModule) -> str | None:
    """`P0 CHANNEL A`, `ChannelB-DIMM1`, `DIMM_A2`, `CPU1_DIMM_C1`, `Controller0-ChannelA`."""
    text = f"{module.bank} {module.locator}"
    names = re.findall(r"(?:P|CPU|Controller|Node)[ _]?\d+|Channel[ _-]?\w", text, re.IGNORECASE)
    if any(name.lower().startswith("channel") for name in names):
        return " ".join(sorted({name.lower() for name in names}))
    match = re.search(r"(CPU\d+)?.*DIMM[ _-]?([A-Z])\d?\b", module.locator, re.IGNORECASE)
    return f"{match.group(1) or ''} {match.group(2)}".lower() if match else None
