"""Desktops and laptops with NVIDIA cards."""

from pathlib import Path

from app.hardware.facts import Volume
from tests.hardware import trees
from tests.hardware.fake_nvml import GIB, MIB, FakeNvml, card, fail, processes
from tests.hardware.worlds import GB, FakeFacts, World, cpu_device, disk, gpu_device, smbios


def laptop_rtx4060(root: Path) -> World:
    """8 GB laptop GPU beside the processor's own, which drives the screen."""
    name = "13th Gen Intel(R) Core(TM) i7-13700H"
    trees.write(root, {**trees.linux(model="Slim Pro 16"), **trees.cpuinfo(name, trees.AVX2)})
    trees.pci(root, "0000:00:02.0", "8086", "a7a0", driver="i915")
    trees.pci(root, "0000:01:00.0", "10de", "28e0", driver="nvidia", kind="0x030200")
    gpu = card(
        "NVIDIA GeForce RTX 4060 Laptop GPU",
        total=8188 * MIB,
        used=13 * MIB,
        reserved=265 * MIB,
        bus="0000:01:00.0",
        bits=128,
        clock=8001,
        nvmlDeviceGetMaxPcieLinkWidth=8,
        nvmlDeviceGetCurrPcieLinkWidth=8,
        nvmlDeviceGetFanSpeed=fail(3),
    )
    ram = (33_322_147_840, 25_003_491_328)
    return World(
        FakeFacts(
            ram=ram, core_counts=(14, 20), swap_space=(8 * GIB, 8 * GIB), disk=disk(1000, 412)
        ),
        root,
        nvml=FakeNvml([gpu]),
        engine=[
            gpu_device(
                "CUDA0",
                "NVIDIA GeForce RTX 4060 Laptop GPU",
                8188 * MIB,
                7806 * MIB,
                "0000:01:00.0",
            ),
            cpu_device(name, ram[0]),
        ],
        ram_rate=58_700_000_000,
    )


def rtx4090_192gb(root: Path) -> World:
    """Desktop with a 4090 that drives the screen, 192 GB in four modules."""
    name = "AMD Ryzen 9 7950X 16-Core Processor"
    trees.write(root, {**trees.linux(), **trees.cpuinfo(name, trees.AVX512)})
    trees.pci(root, "0000:01:00.0", "10de", "2684", driver="nvidia")
    gpu = card(
        "NVIDIA GeForce RTX 4090",
        total=24564 * MIB,
        used=812 * MIB,
        reserved=421 * MIB,
        bus="0000:01:00.0",
        display=True,
        nvmlDeviceGetGraphicsRunningProcesses=processes((2114, 412 * MIB), (2561, 187 * MIB)),
    )
    ram = (202_391_232_512, 188_978_561_024)
    return World(
        FakeFacts(
            ram=ram, core_counts=(16, 32), swap_space=(8 * GIB, 8 * GIB), disk=disk(4000, 2310)
        ),
        root,
        nvml=FakeNvml(
            [gpu], process_names={2114: "/usr/lib/xorg/Xorg", 2561: "/usr/bin/gnome-shell"}
        ),
        engine=[
            gpu_device(
                "CUDA0", "NVIDIA GeForce RTX 4090", 24564 * MIB, 22968 * MIB, "0000:01:00.0"
            ),
            cpu_device(name, ram[0]),
        ],
        firmware=smbios(
            [(3600, 0x7FFF, f"DIMM {i % 2}", f"P0 CHANNEL {'AB'[i // 2]}") for i in range(4)]
        ),
        ram_rate=51_200_000_000,
    )


def two_3090_and_1080(root: Path) -> World:
    """The 1080 sits in the first slot: first for NVML, last for CUDA."""
    name = "AMD Ryzen Threadripper 3960X 24-Core Processor"
    trees.write(root, {**trees.linux(), **trees.cpuinfo(name, trees.AVX2)})
    cards = [
        card(
            "NVIDIA GeForce GTX 1080",
            total=8192 * MIB,
            used=301 * MIB,
            reserved=82 * MIB,
            bus="0000:01:00.0",
            bits=256,
            clock=5005,
            level=(6, 1),
            generation=3,
            display=True,
            nvmlDeviceGetGraphicsRunningProcesses=processes((1803, 204 * MIB)),
        ),
        *(
            card(
                "NVIDIA GeForce RTX 3090",
                total=24576 * MIB,
                used=2 * MIB,
                reserved=322 * MIB,
                bus=bus,
                clock=9751,
                level=(8, 6),
            )
            for bus in ("0000:21:00.0", "0000:4b:00.0")
        ),
    ]
    devices = (
        ("10de", "1b80", "0000:01:00.0"),
        ("10de", "2204", "0000:21:00.0"),
        ("10de", "2204", "0000:4b:00.0"),
    )
    for vendor, device, bus in devices:
        trees.pci(root, bus, vendor, device, driver="nvidia")
    ram = (134_981_713_920, 126_100_480_000)
    return World(
        FakeFacts(ram=ram, core_counts=(24, 48), disk=disk(2000, 760)),
        root,
        nvml=FakeNvml(cards, process_names={1803: "/usr/lib/xorg/Xorg"}),
        engine=[
            gpu_device(
                "CUDA0", "NVIDIA GeForce RTX 3090", 24252 * MIB, 23966 * MIB, "0000:21:00.0"
            ),
            gpu_device(
                "CUDA1", "NVIDIA GeForce RTX 3090", 24252 * MIB, 23966 * MIB, "0000:4b:00.0"
            ),
            gpu_device("CUDA2", "NVIDIA GeForce GTX 1080", 8110 * MIB, 7685 * MIB, "0000:01:00.0"),
            cpu_device(name, ram[0]),
        ],
        ram_rate=81_400_000_000,
    )


def two_3060_cpu_engine(root: Path) -> World:
    """Two cards that the engine, built for the processor alone, does not use."""
    name = "AMD Ryzen 9 7900 12-Core Processor"
    trees.write(root, {**trees.linux(), **trees.cpuinfo(name, trees.AVX512)})
    cards = [
        card(
            "NVIDIA GeForce RTX 3060",
            total=12288 * MIB,
            used=(340 if first else 2) * MIB,
            reserved=238 * MIB,
            bus=f"0000:0{bus}:00.0",
            bits=192,
            clock=7501,
            level=(8, 6),
            display=first,
        )
        for bus, first in ((1, True), (5, False))
    ]
    for bus in ("0000:01:00.0", "0000:05:00.0"):
        trees.pci(root, bus, "10de", "2504", driver="nvidia")
    ram = (101_072_846_848, 93_415_505_920)
    return World(
        FakeFacts(
            ram=ram, core_counts=(12, 24), swap_space=(2 * GIB, 2 * GIB), disk=disk(2000, 1140)
        ),
        root,
        nvml=FakeNvml(cards),
        engine=[cpu_device(name, ram[0])],
        ram_rate=59_800_000_000,
    )


def wsl_rtx4070(root: Path) -> World:
    """WSL 2 gets half of the computer's memory; NVML there lists no processes."""
    name = "AMD Ryzen 7 7700X 8-Core Processor"
    trees.write(
        root,
        {
            **trees.linux("Ubuntu 24.04.2 LTS"),
            **trees.cpuinfo(name, trees.AVX512),
            "proc/sys/kernel/osrelease": "5.15.167.4-microsoft-standard-WSL2",
        },
    )
    gpu = card(
        "NVIDIA GeForce RTX 4070",
        total=12282 * MIB,
        used=1127 * MIB,
        reserved=203 * MIB,
        bus="0000:01:00.0",
        bits=192,
        clock=10501,
        display=True,
        nvmlDeviceGetComputeRunningProcesses=fail(3),
        nvmlDeviceGetGraphicsRunningProcesses=fail(3),
        nvmlDeviceGetFanSpeed=fail(3),
    )
    ram = (33_519_562_752, 31_138_512_896)
    return World(
        FakeFacts(
            kernel="5.15.167.4-microsoft-standard-WSL2",
            ram=ram,
            core_counts=(8, 16),
            swap_space=(8 * GIB, 8 * GIB),
            disk=disk(1081, 934),
        ),
        root,
        nvml=FakeNvml([gpu], driver="572.83"),
        engine=[
            gpu_device(
                "CUDA0", "NVIDIA GeForce RTX 4070", 12282 * MIB, 11000 * MIB, "0000:01:00.0"
            ),
            cpu_device(name, ram[0]),
        ],
        ram_rate=52_600_000_000,
    )


def driver_mismatch(root: Path) -> World:
    """The driver was updated; the computer has not been restarted."""
    name = "Intel(R) Core(TM) i9-13900K"
    bus = "0000:01:00.0"
    trees.write(
        root,
        {
            **trees.linux(),
            **trees.cpuinfo(name, f"{trees.AVX2} avx_vnni"),
            f"proc/driver/nvidia/gpus/{bus}/information": "Model: \t\t NVIDIA GeForce RTX 4080",
        },
    )
    trees.pci(root, bus, "10de", "2704", driver="nvidia")
    ram = (67_187_494_912, 58_411_474_944)
    return World(
        FakeFacts(
            ram=ram, core_counts=(24, 32), swap_space=(2 * GIB, 2 * GIB), disk=disk(2000, 544)
        ),
        root,
        nvml=FakeNvml(init=[fail(18)]),
        engine=[cpu_device(name, ram[0])],
        ram_rate=71_900_000_000,
    )


def workstation_256gb_3090(root: Path) -> World:
    """Eight channels of DDR4, one 24 GB card without a screen."""
    name = "AMD Ryzen Threadripper PRO 3975WX 32-Cores"
    trees.write(root, {**trees.linux(model="ThinkStation P620"), **trees.cpuinfo(name, trees.AVX2)})
    trees.pci(root, "0000:61:00.0", "10de", "2204", driver="nvidia")
    gpu = card(
        "NVIDIA GeForce RTX 3090",
        total=24576 * MIB,
        used=2 * MIB,
        reserved=322 * MIB,
        bus="0000:61:00.0",
        clock=9751,
        level=(8, 6),
    )
    ram = (270_036_123_648, 262_411_354_112)
    channels = [
        (3200, 0x7FFF, f"DIMM {i}", f"P0 CHANNEL {letter}") for i, letter in enumerate("ABCDEFGH")
    ]
    return World(
        FakeFacts(ram=ram, core_counts=(32, 64), disk=disk(8000, 5210, "xfs")),
        root,
        nvml=FakeNvml([gpu], driver="535.247.01", cuda=12020),
        engine=[
            gpu_device(
                "CUDA0", "NVIDIA GeForce RTX 3090", 24252 * MIB, 23966 * MIB, "0000:61:00.0"
            ),
            cpu_device(name, ram[0]),
        ],
        firmware=smbios(channels),
        ram_rate=128_500_000_000,
    )


def windows_rtx5080(root: Path) -> World:
    """WDDM: processes without memory figures, part of the memory held by the desktop."""
    gpu = card(
        "NVIDIA GeForce RTX 5080",
        total=16303 * MIB,
        used=1604 * MIB,
        reserved=371 * MIB,
        bus="0000:01:00.0",
        bits=256,
        clock=15001,
        level=(12, 0),
        generation=5,
        display=True,
        nvmlDeviceGetDriverModel=[0, 0],
        nvmlDeviceGetGraphicsRunningProcesses=processes((1520, None), (9312, 2**64 - 1)),
    )
    ram = (68_447_387_648, 51_208_835_072)
    return World(
        FakeFacts(
            os="Windows",
            kernel="11",
            arch="AMD64",
            cpu="AMD Ryzen 9 9950X 16-Core Processor",
            ram=ram,
            core_counts=(16, 32),
            swap_space=(9 * GIB, 8 * GIB),
            disk=Volume(2000 * GB, 611 * GB, "C:\\", "NTFS"),
        ),
        root,
        home="C:\\Users\\user",
        nvml=FakeNvml(
            [gpu],
            driver="576.88",
            cuda=12090,
            process_names={1520: "C:\\Windows\\System32\\dwm.exe"},
        ),
        engine=[
            gpu_device(
                "CUDA0", "NVIDIA GeForce RTX 5080", 16303 * MIB, 14990 * MIB, "0000:01:00.0"
            ),
            cpu_device("AMD Ryzen 9 9950X 16-Core Processor", ram[0]),
        ],
        ram_rate=64_400_000_000,
    )
