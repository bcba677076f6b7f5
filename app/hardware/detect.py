"""Find out what this machine is. Blocks for up to some seconds: never call it on the GUI thread."""

import time
from dataclasses import replace
from typing import TypeVar, cast

from app.core.language import mark, tr
from app.hardware.amd_smi import AmdSmiReport, add_amdsmi
from app.hardware.apple import IOREG_COMMAND, SYSCTL_COMMAND, parse_sysctl
from app.hardware.bandwidth import METHOD, cache_bytes, usable_threads
from app.hardware.children import DEADLINE_SECONDS, ChildAnswer
from app.hardware.codec import MalformedError, from_json
from app.hardware.cpu import read_cpu
from app.hardware.cuda_visibility import VARIABLES, hide_from_rocm
from app.hardware.disks import read_disks
from app.hardware.engine_devices import read_engine
from app.hardware.findings import with_findings
from app.hardware.gpus import apple_gpus, complete, nvidia_gpus, sysfs_gpus
from app.hardware.matching import match_devices
from app.hardware.memory import read_memory
from app.hardware.nominal import nominal
from app.hardware.nvml import NvmlReport
from app.hardware.smbios import nominal_bandwidth
from app.hardware.sources import Sources, real_sources
from app.hardware.system import read_platform
from app.hardware.tasks import ProbeError, Task
from app.hardware.types import (
    Cpu,
    Engine,
    EngineStatus,
    Gpu,
    Machine,
    Memory,
    NvidiaDriver,
    NvidiaStatus,
    Platform,
    Probe,
    ProbeStatus,
    RamBandwidth,
)
from app.hardware.windows import beside_nvml, windows_gpus

T = TypeVar("T")
_GRACE_SECONDS = 1.0
_BUSY_SHARE = 0.5


def detect(sources: Sources | None = None, deadline_seconds: float = DEADLINE_SECONDS) -> Machine:
    """Asks everything side by side and gives up what takes longer than the deadline.

    Never raises for the machine's sake: what failed is in `probes` and `findings`. Takes about a
    second; at most twice the deadline. The RAM is measured last, when nothing else runs.
    """
    sources = sources or real_sources()
    tasks = _Tasks(sources, deadline_seconds)
    memory = tasks.value(tasks.memory) or Memory()
    cpu = tasks.value(tasks.cpu) or Cpu()
    platform = tasks.value(tasks.platform) or Platform(sources.facts.system())
    disks = tasks.value(tasks.disks) or ()
    engine, probe = tasks.outcome(tasks.engine)
    engine = engine or Engine(_engine_status(probe), reason=probe.error)
    driver, found = tasks.gpus(sources)
    matched = hide_from_rocm(match_devices(found, engine), sources.environ)
    gpus = tuple(complete(gpu, memory, cpu.physical_cores) for gpu in matched)
    tasks.restart_clock(deadline_seconds)
    ram = Task("ram", lambda: _ram_bandwidth(sources, cpu, memory, gpus))
    return with_findings(
        Machine(
            platform=platform,
            memory=memory,
            cpu=cpu,
            gpus=gpus,
            nvidia=driver,
            ram_bandwidth=tasks.value(ram) or RamBandwidth(),
            disks=disks,
            engine=engine,
            environment=_environment(sources),
            probes=tuple(tasks.probes),
            recorded_at=sources.now().isoformat(timespec="seconds"),
        )
    )


class _Tasks:
    """All probes that need no other's answer, started at once; their records in `probes`."""

    def __init__(self, sources: Sources, deadline_seconds: float) -> None:
        facts, root = sources.facts, sources.root
        self.probes: list[Probe] = []
        self.nvidia = Task("nvidia", lambda: _nvidia(sources))
        self.amdsmi = Task("amdsmi", lambda: _amdsmi(sources))
        self.engine = Task("engine", lambda: _engine(sources))
        self.platform = Task(
            "platform", lambda: read_platform(facts, root, sources.environ, _sysctl(sources))
        )
        self.memory = Task("memory", lambda: read_memory(facts, root))
        self.cpu = Task("cpu", lambda: read_cpu(facts, root, _sysctl(sources)))
        self.apple = Task("apple", lambda: _apple(sources))
        self.sysfs = Task("sysfs", lambda: sysfs_gpus(root))
        self.windows = Task("windows", lambda: _windows(sources))
        self.disks = Task("disks", lambda: read_disks(facts, root, sources.disk_paths))
        self.restart_clock(deadline_seconds)

    def restart_clock(self, deadline_seconds: float) -> None:
        self._deadline = time.monotonic() + deadline_seconds

    def outcome(self, task: Task[T]) -> tuple[T | None, Probe]:
        """Waits; a little beyond the deadline for children, whose own report is the better one."""
        value, probe = task.result(self._deadline + _GRACE_SECONDS * (task in self._children()))
        self.probes.append(probe)
        return value, probe

    def value(self, task: Task[T]) -> T | None:
        return self.outcome(task)[0]

    def gpus(self, sources: Sources) -> tuple[NvidiaDriver, tuple[Gpu, ...]]:
        """Every source's GPUs, and how NVIDIA's driver is."""
        report, probe = self.outcome(self.nvidia)
        report = report or NvmlReport(_silent_driver(probe))
        nvidia = nvidia_gpus(sources.root, report, sources.environ)
        amdsmi = self.value(self.amdsmi) or AmdSmiReport()
        listed = self.value(self.windows) or ()
        found = (
            *nvidia,
            *add_amdsmi(self.value(self.sysfs) or (), amdsmi),
            *beside_nvml(listed, nvidia, report.driver),
            *(self.value(self.apple) or ()),
        )
        return report.driver, found

    def _children(self) -> tuple[object, ...]:
        return (self.nvidia, self.engine, self.amdsmi)


def _sysctl(sources: Sources) -> dict[str, str]:
    if sources.facts.system() != "Darwin":
        return {}
    return parse_sysctl(sources.tool(SYSCTL_COMMAND) or "")


def _apple(sources: Sources) -> tuple[Gpu, ...]:
    if sources.facts.system() != "Darwin":
        raise ProbeError(tr("Not a Mac."), "skipped")
    return apple_gpus(_sysctl(sources), sources.tool(IOREG_COMMAND))


def _windows(sources: Sources) -> tuple[Gpu, ...]:
    if sources.facts.system() != "Windows":
        raise ProbeError(tr("Not Windows."), "skipped")
    return windows_gpus(sources.adapters())


def _nvidia(sources: Sources) -> NvmlReport:
    if sources.facts.system() == "Darwin":
        raise ProbeError(tr("macOS has no NVIDIA driver."), "skipped")
    answer = sources.nvml()
    if answer.status != "ok":
        raise ProbeError(answer.error, answer.status)
    try:
        return from_json(NvmlReport, answer.value)
    except MalformedError as error:
        raise ProbeError(tr("The answer is not readable: {error}", error=error)) from error


def _amdsmi(sources: Sources) -> AmdSmiReport:
    answer = sources.amdsmi()
    if answer.status != "ok":
        raise ProbeError(answer.error, answer.status)
    try:
        report = from_json(AmdSmiReport, answer.value)
    except MalformedError as error:
        raise ProbeError(tr("The answer is not readable: {error}", error=error)) from error
    if report.error:
        raise ProbeError(report.error)
    return report


def _silent_driver(probe: Probe) -> NvidiaDriver:
    names: dict[str, NvidiaStatus] = {
        "timed out": "timed out",
        "crashed": "crashed",
        "skipped": "not asked",
    }
    return NvidiaDriver(names.get(probe.status, "failed"), probe.error)


def _engine(sources: Sources) -> Engine:
    answer = sources.engine()
    engine = read_engine(answer)
    if engine.status in ("timed out", "crashed", "failed"):
        raise ProbeError(engine.reason, _probe_status(answer))
    return engine


def _probe_status(answer: ChildAnswer) -> ProbeStatus:
    return "failed" if answer.status == "ok" else answer.status


def _engine_status(probe: Probe) -> EngineStatus:
    return cast(EngineStatus, probe.status) if probe.status != "skipped" else "not asked"


def _ram_bandwidth(
    sources: Sources, cpu: Cpu, memory: Memory, gpus: tuple[Gpu, ...]
) -> RamBandwidth:
    """Measured once per machine, then read from the cache; what was measured while others used
    the cores is too low to keep."""
    key = (cpu.name, cpu.usable_cores, memory.total_bytes, sources.facts.architecture())
    rate = sources.bandwidth_cache.load(key)
    if rate is None:
        rate = sources.measure(
            usable_threads(cpu.usable_cores),
            cache_bytes(sources.root),
            memory.effective_available_bytes,
        )
        if rate is not None and not _busy(sources, cpu):
            sources.bandwidth_cache.store(key, rate)
    table = sources.firmware_table()
    told = nominal_bandwidth(table) if table else None
    source = mark("firmware (SMBIOS)") if told else None
    shared = next((g for g in gpus if g.unified and g.bandwidth_bytes_per_second), None)
    if told is None and shared is not None:
        row = nominal(shared.vendor, shared.name, memory.total_bytes)
        told = shared.bandwidth_bytes_per_second
        source = (
            tr("shared with the GPU ({name})", name=row.name)
            if row
            else mark("shared with the GPU")
        )
    return RamBandwidth(rate, told, METHOD if rate else None, source)


def _busy(sources: Sources, cpu: Cpu) -> bool:
    load = sources.facts.load_average()
    return load is not None and load > _BUSY_SHARE * (cpu.logical_cores or 1)


def _environment(sources: Sources) -> tuple[tuple[str, str], ...]:
    return tuple((name, sources.environ[name]) for name in VARIABLES if name in sources.environ)


def without_timings(machine: Machine) -> Machine:
    """The machine less what differs from one detection of it to the next."""
    probes = tuple(replace(probe, seconds=None) for probe in machine.probes)
    return replace(machine, probes=probes, recorded_at=None)
