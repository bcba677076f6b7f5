"""The processor: name, cores that may be used, and the instruction sets that ggml has code for."""

import math
from pathlib import Path

from app.hardware.facts import SystemFacts
from app.hardware.files import read_int, read_text
from app.hardware.memory import cgroup_folders
from app.hardware.types import Cpu

_X86 = {
    "sse4_2": "SSE4.2",
    "avx": "AVX",
    "avx2": "AVX2",
    "fma": "FMA",
    "f16c": "F16C",
    "avx_vnni": "AVX_VNNI",
    "avx512f": "AVX512",
    "avx512vbmi": "AVX512_VBMI",
    "avx512_vnni": "AVX512_VNNI",
    "avx512_bf16": "AVX512_BF16",
    "amx_tile": "AMX",
    "amx_int8": "AMX_INT8",
    "amx_bf16": "AMX_BF16",
}
_ARM = {
    "asimd": "NEON",
    "asimddp": "DOTPROD",
    "i8mm": "I8MM",
    "bf16": "BF16",
    "sve": "SVE",
    "sve2": "SVE2",
    "sme": "SME",
}
_APPLE = {
    "AdvSIMD": "NEON",
    "FEAT_DotProd": "DOTPROD",
    "FEAT_I8MM": "I8MM",
    "FEAT_BF16": "BF16",
    "FEAT_SME": "SME",
}


def read_cpu(facts: SystemFacts, root: Path, sysctl: dict[str, str]) -> Cpu:
    """sysctl: what macOS says; empty elsewhere."""
    info = _cpuinfo(root)
    physical, logical = facts.cores()
    quota = cpu_quota(root)
    return Cpu(
        name=_name(info, sysctl) or _told(facts.processor()),
        architecture=facts.architecture() or None,
        physical_cores=physical or None,
        logical_cores=logical or None,
        usable_cores=_usable(logical, facts.affinity(), quota),
        quota_cores=quota,
        instruction_sets=_instruction_sets(info, sysctl),
    )


def cpu_quota(root: Path) -> float | None:
    """Cores' worth of time per period that the container allows; None without a limit."""
    quotas = []
    for folder in cgroup_folders(root, None):
        quota, _, period = (read_text(folder / "cpu.max") or "").partition(" ")
        if quota.isdigit() and period.isdigit() and int(period) > 0:
            quotas.append(int(quota) / int(period))
    for folder in cgroup_folders(root, "cpu"):
        micros = read_int(folder / "cpu.cfs_quota_us")
        interval = read_int(folder / "cpu.cfs_period_us")
        if micros and interval:
            quotas.append(micros / interval)
    positive = [quota for quota in quotas if quota > 0]
    return min(positive, default=None)


def _usable(logical: int | None, affinity: int | None, quota: float | None) -> int | None:
    whole = max(1, math.ceil(quota)) if quota is not None else None
    known = [cores for cores in (logical, affinity, whole) if cores]
    return min(known, default=None)


def _cpuinfo(root: Path) -> dict[str, str]:
    """The first processor's block."""
    result: dict[str, str] = {}
    text = read_text(root / "proc/cpuinfo", 16_384) or ""
    for line in text.splitlines():
        key, separator, value = line.partition(":")
        if separator:
            result.setdefault(key.strip(), value.strip())
    return result


def _name(info: dict[str, str], sysctl: dict[str, str]) -> str | None:
    name = sysctl.get("machdep.cpu.brand_string") or info.get("model name") or info.get("Model")
    return " ".join(name.split()) if name else None


def _told(processor: str) -> str | None:
    """What the system calls the processor, unless that is only its architecture."""
    return processor if " " in processor else None


def _instruction_sets(info: dict[str, str], sysctl: dict[str, str]) -> tuple[str, ...]:
    flags = set(info.get("flags", "").split())
    features = set(info.get("Features", "").split())
    found = [name for flag, name in _X86.items() if flag in flags]
    found += [name for flag, name in _ARM.items() if flag in features]
    found += [
        name
        for flag, name in _APPLE.items()
        if sysctl.get(f"hw.optional.arm.{flag}", sysctl.get(f"hw.optional.{flag}")) == "1"
    ]
    return tuple(found)
