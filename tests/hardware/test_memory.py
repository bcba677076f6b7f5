"""Memory, processor and disks as a container and a kernel describe them."""

from pathlib import Path

import pytest

from app.hardware.cpu import cpu_quota, read_cpu
from app.hardware.disks import read_disks
from app.hardware.facts import RealFacts, Volume
from app.hardware.memory import container_limit, read_memory
from app.hardware.types import Memory, MemoryLimit
from tests.hardware import trees
from tests.hardware.fake_nvml import GIB
from tests.hardware.worlds import GB, FakeFacts

HOST = 64 * GIB
V1_MOUNT = "35 31 0:32 {root} /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory"
V1_CPU = "32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu,cpuacct"


def limit_of(root: Path) -> tuple[int, str] | None:
    found = container_limit(root, HOST)
    return (found.limit_bytes, found.source) if found else None


def test_no_container(tmp_path: Path) -> None:
    assert limit_of(tmp_path) is None
    trees.write(tmp_path, trees.cgroup2("/", memory__max="max", memory__high="max"))
    assert limit_of(tmp_path) is None


def test_the_limit_of_version_2(tmp_path: Path) -> None:
    trees.write(tmp_path, trees.cgroup2("/", memory__max=16 * GIB, memory__high="max"))
    assert limit_of(tmp_path) == (16 * GIB, "cgroup v2 memory.max")


def test_throttling_counts_as_the_limit(tmp_path: Path) -> None:
    trees.write(tmp_path, trees.cgroup2("/", memory__max=16 * GIB, memory__high=12 * GIB))
    assert limit_of(tmp_path) == (12 * GIB, "cgroup v2 memory.high")


def test_a_parents_tighter_limit_holds(tmp_path: Path) -> None:
    trees.write(tmp_path, trees.cgroup2("/user.slice/app.scope", memory__max=32 * GIB))
    trees.write(tmp_path, {"sys/fs/cgroup/user.slice/memory.max": 8 * GIB})
    assert limit_of(tmp_path) == (8 * GIB, "cgroup v2 memory.max")


@pytest.mark.parametrize("text", [str(HOST), str(HOST * 2), "0", "", "-1", "lots", "9" * 30])
def test_values_that_do_not_limit(tmp_path: Path, text: str) -> None:
    trees.write(tmp_path, trees.cgroup2("/", memory__max=text))
    assert limit_of(tmp_path) is None


def test_without_mountinfo_the_usual_place_is_looked_at(tmp_path: Path) -> None:
    trees.write(
        tmp_path, {"sys/fs/cgroup/memory.max": 4 * GIB, "proc/self/cgroup": "0::/docker/abc"}
    )
    assert limit_of(tmp_path) == (4 * GIB, "cgroup v2 memory.max")


def test_a_path_of_the_host_inside_the_container(tmp_path: Path) -> None:
    """/proc/self/cgroup shows the host's path, the mount shows only our own folder."""
    files: trees.Files = {
        "proc/self/cgroup": "4:memory:/docker/abc\n0::/",
        "proc/self/mountinfo": V1_MOUNT.format(root="/docker/abc"),
        "sys/fs/cgroup/memory/memory.limit_in_bytes": 2 * GIB,
        "sys/fs/cgroup/memory/memory.usage_in_bytes": 1 * GIB,
        "sys/fs/cgroup/memory/memory.stat": f"cache 5\ntotal_inactive_file {GIB // 2}",
    }
    trees.write(tmp_path, files)
    found = container_limit(tmp_path, HOST)
    assert found == MemoryLimit(2 * GIB, "cgroup v1 memory.limit_in_bytes", GIB // 2)


def test_version_1_without_a_limit(tmp_path: Path) -> None:
    files: trees.Files = {
        "proc/self/cgroup": "4:memory:/x",
        "proc/self/mountinfo": V1_MOUNT.format(root="/"),
        "sys/fs/cgroup/memory/x/memory.limit_in_bytes": trees.V1_NONE,
    }
    trees.write(tmp_path, files)
    assert limit_of(tmp_path) is None


def test_a_path_that_climbs_out_is_not_followed(tmp_path: Path) -> None:
    trees.write(tmp_path, trees.cgroup2("/", memory__max="max"))
    trees.write(tmp_path, {"proc/self/cgroup": "0::/../../..", "memory.max": GIB})
    assert limit_of(tmp_path) is None


@pytest.mark.parametrize(
    ("memory", "total", "available"),
    [
        (Memory(), None, None),
        (Memory(64, 40), 64, 40),
        (Memory(64, 40, limit=MemoryLimit(16, "x")), 16, 16),
        (Memory(64, 40, limit=MemoryLimit(16, "x", 6)), 16, 10),
        (Memory(64, 4, limit=MemoryLimit(16, "x", 6)), 16, 4),
        (Memory(64, 40, limit=MemoryLimit(16, "x", 20)), 16, 0),
        (Memory(limit=MemoryLimit(16, "x", 6)), 16, 10),
        (Memory(limit=MemoryLimit(16, "x")), 16, None),
    ],
)
def test_what_may_be_used(memory: Memory, total: int | None, available: int | None) -> None:
    assert memory.effective_total_bytes == total
    assert memory.effective_available_bytes == available


def test_a_container_is_the_machine(tmp_path: Path) -> None:
    limits: trees.Files = trees.cgroup2("/", memory__max=16 * GIB, memory__current=4 * GIB)
    memory = read_memory(FakeFacts(ram=(HOST, 50 * GIB)), trees.write(tmp_path, limits))
    assert memory.total_bytes == HOST
    assert memory.effective_total_bytes == 16 * GIB
    assert memory.effective_available_bytes == 12 * GIB


@pytest.mark.parametrize(
    ("text", "quota"),
    [("max 100000", None), ("150000 100000", 1.5), ("0 100000", None), ("x", None), ("", None)],
)
def test_cpu_quota(tmp_path: Path, text: str, quota: float | None) -> None:
    assert cpu_quota(trees.write(tmp_path, trees.cgroup2("/", cpu__max=text))) == quota


def test_cpu_quota_of_version_1(tmp_path: Path) -> None:
    files: trees.Files = {
        "proc/self/cgroup": "1:cpu,cpuacct:/",
        "proc/self/mountinfo": V1_CPU,
        "sys/fs/cgroup/cpu/cpu.cfs_quota_us": 250000,
        "sys/fs/cgroup/cpu/cpu.cfs_period_us": 100000,
    }
    assert cpu_quota(trees.write(tmp_path, files)) == 2.5
    trees.write(tmp_path, {"sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1"})
    assert cpu_quota(tmp_path) is None


@pytest.mark.parametrize(
    ("affinity", "quota", "usable"),
    [
        (None, "max 100000", 16),
        (4, "max 100000", 4),
        (4, "150000 100000", 2),
        (None, "1000 100000", 1),
    ],
)
def test_cores_that_may_be_used(
    tmp_path: Path, affinity: int | None, quota: str, usable: int
) -> None:
    root = trees.write(tmp_path, trees.cgroup2("/", cpu__max=quota))
    assert read_cpu(FakeFacts(allowed=affinity), root, {}).usable_cores == usable


def test_unknown_cores_are_unknown(tmp_path: Path) -> None:
    cpu = read_cpu(FakeFacts(core_counts=(None, None)), tmp_path, {})
    assert (cpu.physical_cores, cpu.logical_cores, cpu.usable_cores) == (None, None, None)
    assert (cpu.name, cpu.instruction_sets) == (None, ())


def test_instruction_sets_of_arm_and_x86(tmp_path: Path) -> None:
    trees.write(tmp_path, trees.cpuinfo("A  CPU @ 3 GHz", "fpu avx2 fma avx512_vnni"))
    cpu = read_cpu(FakeFacts(), tmp_path, {})
    assert (cpu.name, cpu.instruction_sets) == ("A CPU @ 3 GHz", ("AVX2", "FMA", "AVX512_VNNI"))
    trees.write(tmp_path, {"proc/cpuinfo": "processor : 0\nFeatures : fp asimd asimddp sve2"})
    assert read_cpu(FakeFacts(), tmp_path, {}).instruction_sets == ("NEON", "DOTPROD", "SVE2")


def test_one_disk_per_volume_under_the_name_asked_for(tmp_path: Path) -> None:
    facts = FakeFacts(disk=Volume(10 * GB, 4 * GB, "/", "ext4", "8:1"))
    disk_folder = tmp_path / "sys/devices/pci/ata1/sda"
    trees.write(disk_folder, {"queue/rotational": 1, "sda1/partition": 1})
    link = tmp_path / "sys/dev/block/8:1"
    link.parent.mkdir(parents=True)
    link.symlink_to(disk_folder / "sda1")
    missing = tmp_path / "models/not/yet"
    disks = read_disks(facts, tmp_path, (missing, tmp_path))
    assert [(d.path, d.free_bytes, d.rotational) for d in disks] == [(str(missing), 4 * GB, True)]


def test_a_virtual_disk_does_not_turn(tmp_path: Path) -> None:
    folder = tmp_path / "sys/devices/virtio/vda"
    trees.write(folder, {"queue/rotational": 1})
    link = tmp_path / "sys/dev/block/254:0"
    link.parent.mkdir(parents=True)
    link.symlink_to(folder)
    facts = FakeFacts(disk=Volume(10, 4, "/", "ext4", "254:0"))
    assert read_disks(facts, tmp_path, (tmp_path,))[0].rotational is None


def test_a_disk_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    assert read_disks(FakeFacts(disk=None), tmp_path, (tmp_path,)) == ()


def test_the_facts_of_the_computer_that_runs_this(tmp_path: Path) -> None:
    facts = RealFacts()
    total, available = facts.memory()
    assert 0 < available <= total
    logical = facts.cores()[1]
    assert logical is not None
    assert (facts.affinity() or 1) <= logical
    volume = facts.volume(tmp_path)
    assert 0 <= volume.free_bytes <= volume.total_bytes
    assert facts.system()
    assert facts.architecture()
