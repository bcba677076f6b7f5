"""Servers, containers, and a computer without a GPU."""

from pathlib import Path

from app.hardware.facts import Volume
from tests.hardware import trees
from tests.hardware.fake_nvml import GIB, MIB, Fail, FakeNvml, Script, card, fail, memory
from tests.hardware.worlds import GB, FakeFacts, World, cpu_device, disk, gpu_device

MIG_UUID = "MIG-5f0a1c3e-7b52-5d2c-9a58-0d7e6f4b2a10"


def no_gpu(root: Path) -> World:
    """Office desktop, 32 GB, a display adapter that cannot compute."""
    name = "Intel(R) Core(TM) i5-10400F CPU @ 2.90GHz"
    trees.write(root, {**trees.linux(model="OptiPlex 3080"), **trees.cpuinfo(name, trees.AVX2)})
    ram = (33_540_300_800, 27_917_287_424)
    return World(
        FakeFacts(ram=ram, core_counts=(6, 12), swap_space=(2 * GIB, 2 * GIB), disk=disk(512, 301)),
        root,
        engine=[cpu_device(name, ram[0])],
        ram_rate=34_100_000_000,
    )


def eight_h100(root: Path) -> World:
    name = "Intel(R) Xeon(R) Platinum 8480C"
    trees.write(
        root, {**trees.linux("Ubuntu 22.04.5 LTS", "DGXH100"), **trees.cpuinfo(name, trees.AMX)}
    )
    buses = [f"0000:{bus}:00.0" for bus in ("1b", "43", "52", "61", "9d", "c3", "d1", "df")]
    cards = [
        card(
            "NVIDIA H100 80GB HBM3",
            total=81559 * MIB,
            used=1 * MIB,
            reserved=637 * MIB,
            bus=bus,
            bits=5120,
            clock=2619,
            level=(9, 0),
            generation=5,
            nvmlDeviceGetCurrPcieLinkGeneration=5,
            nvmlDeviceGetMigMode=[0, 0],
        )
        for bus in buses
    ]
    for bus in buses:
        trees.pci(root, bus, "10de", "2330", driver="nvidia", kind="0x030200")
    trees.pci(root, "0000:03:00.0", "1a03", "2000", driver="ast")
    ram = (2_164_194_537_472, 2_131_870_232_576)
    devices = [
        gpu_device(f"CUDA{i}", "NVIDIA H100 80GB HBM3", 81090 * MIB, 80523 * MIB, bus)
        for i, bus in enumerate(buses)
    ]
    return World(
        FakeFacts(ram=ram, core_counts=(112, 224), disk=disk(30_000, 18_400)),
        root,
        nvml=FakeNvml(list(cards), driver="550.144.03", cuda=12040),
        engine=[*devices, cpu_device(name, ram[0])],
        ram_rate=402_000_000_000,
    )


def mig_slice(root: Path) -> World:
    """A share of an H100 in a container: the parent answers nothing, one slice is ours."""
    name = "AMD EPYC 9354 32-Core Processor"
    limits: trees.Files = {
        "memory__max": 128 * GIB,
        "memory__current": 3 * GIB,
        "cpu__max": "1600000 100000",
    }
    trees.write(
        root,
        {
            **trees.linux("Ubuntu 22.04.5 LTS"),
            **trees.cpuinfo(name, trees.AVX512),
            **trees.cgroup2("/", **limits),
            ".dockerenv": "",
        },
    )
    trees.pci(root, "0000:41:00.0", "10de", "2331", driver="nvidia", kind="0x030200")
    parent = card(
        "NVIDIA H100 PCIe",
        total=1,
        bus="0000:41:00.0",
        bits=5120,
        clock=1593,
        level=(9, 0),
        generation=5,
        memory_v2=fail(4),
        nvmlDeviceGetMigMode=[1, 1],
        nvmlDeviceGetComputeRunningProcesses=fail(4),
        nvmlDeviceGetGraphicsRunningProcesses=fail(4),
    )

    def part(uuid: str, profile: str, total: int) -> Script:
        return {
            "nvmlDeviceGetUUID": uuid,
            "nvmlDeviceGetName": f"NVIDIA H100 PCIe MIG {profile}",
            "memory_v1": memory(total, 24 * MIB),
        }

    other = "MIG-0b9d7b61-1c33-5f7e-8a44-2f1d3c5e7a90"
    slices: list[Script | Fail] = [
        part(MIG_UUID, "2g.20gb", 19968 * MIB),
        fail(6),
        part(other, "1g.10gb", 9728 * MIB),
        *[fail(6)] * 4,
    ]
    ram = (540_900_000_000, 498_216_206_336)
    return World(
        FakeFacts(kernel="5.15.0-142-generic", ram=ram, core_counts=(32, 64), disk=disk(200, 171)),
        root,
        nvml=FakeNvml([parent], slices={0: slices}, driver="550.144.03", cuda=12040),
        engine=[
            gpu_device(
                "CUDA0",
                "NVIDIA H100 PCIe MIG 2g.20gb",
                19968 * MIB,
                19620 * MIB,
                "0000:41:00.0",
            ),
            cpu_device(name, ram[0]),
        ],
        environ={"CUDA_VISIBLE_DEVICES": MIG_UUID},
        ram_rate=171_000_000_000,
    )


def container_16gb(root: Path) -> World:
    """64 GB host, 16 GiB and four cores for the container."""
    name = "Intel(R) Xeon(R) CPU E5-2680 v4 @ 2.40GHz"
    limits: trees.Files = {
        "memory__max": 16 * GIB,
        "memory__high": "max",
        "memory__current": 5 * GIB,
        "memory__stat": f"anon 1073741824\ninactive_file {3 * GIB}",
        "cpu__max": "400000 100000",
    }
    trees.write(
        root,
        {
            **trees.linux("Debian GNU/Linux 12 (bookworm)"),
            **trees.cpuinfo(name, trees.AVX2),
            **trees.cgroup2("/", **limits),
            ".dockerenv": "",
        },
    )
    ram = (67_467_210_752, 51_539_607_552)
    return World(
        FakeFacts(ram=ram, core_counts=(28, 56), disk=Volume(200 * GB, 96 * GB, "/", "overlay")),
        root,
        engine=[cpu_device(name, ram[0])],
        ram_rate=38_200_000_000,
    )


def gpu_lost(root: Path) -> World:
    """The second of two A6000 has fallen off the bus."""
    name = "AMD EPYC 7443P 24-Core Processor"
    trees.write(root, {**trees.linux("Rocky Linux 9.5"), **trees.cpuinfo(name, trees.AVX2)})
    for bus in ("0000:21:00.0", "0000:81:00.0"):
        trees.pci(root, bus, "10de", "2230", driver="nvidia", kind="0x030200")
    lost = "proc/driver/nvidia/gpus/0000:81:00.0/information"
    trees.write(root, {lost: "Model: \t\t NVIDIA RTX A6000"})
    healthy = card(
        "NVIDIA RTX A6000",
        total=49140 * MIB,
        used=2 * MIB,
        reserved=457 * MIB,
        bus="0000:21:00.0",
        clock=8001,
        level=(8, 6),
    )
    ram = (270_188_707_840, 261_993_005_056)
    return World(
        FakeFacts(ram=ram, core_counts=(24, 48), disk=disk(4000, 1320, "xfs")),
        root,
        nvml=FakeNvml([healthy, fail(15)]),
        engine=[
            gpu_device("CUDA0", "NVIDIA RTX A6000", 48669 * MIB, 48280 * MIB, "0000:21:00.0"),
            cpu_device(name, ram[0]),
        ],
        ram_rate=143_000_000_000,
    )
