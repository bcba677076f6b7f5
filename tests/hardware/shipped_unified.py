"""Unified memory, and GPUs by AMD, Intel and Apple."""

from pathlib import Path

from app.hardware.facts import Volume
from tests.hardware import trees
from tests.hardware.fake_nvml import GIB, MIB, FakeNvml, card, fail
from tests.hardware.worlds import GB, FakeFacts, World, cpu_device, disk, gpu_device


def gb10(root: Path) -> World:
    """DGX Spark: NVML does not support memory figures there."""
    trees.write(
        root,
        {
            **trees.linux("DGX OS 7.2.3", "NVIDIA_DGX_Spark"),
            "proc/cpuinfo": "processor\t: 0\nFeatures\t: asimd asimddp i8mm bf16 sve sve2",
        },
    )
    trees.pci(root, "000f:01:00.0", "10de", "2e12", driver="nvidia")
    gpu = card(
        "NVIDIA GB10",
        total=1,
        bus="000f:01:00.0",
        level=(12, 1),
        generation=5,
        memory_v2=fail(3),
        memory_v1=fail(3),
        nvmlDeviceGetMemoryBusWidth=fail(3),
        nvmlDeviceGetMaxClockInfo=fail(3),
        nvmlDeviceGetFanSpeed=fail(3),
    )
    ram = (128_525_352_960, 120_259_084_288)
    return World(
        FakeFacts(
            kernel="6.11.0-1016-nvidia",
            arch="aarch64",
            cpu="aarch64",
            ram=ram,
            core_counts=(20, 20),
            disk=disk(4000, 3120),
        ),
        root,
        nvml=FakeNvml([gpu], driver="580.95.05", cuda=13000),
        engine=[
            gpu_device("CUDA0", "NVIDIA GB10", ram[0], ram[1], "000f:01:00.0", "igpu"),
            cpu_device("CPU", ram[0]),
        ],
        ram_rate=186_000_000_000,
    )


def m3_ultra_512(root: Path) -> World:
    ram = (512 * GIB, 478_217_052_160)
    sysctl = (
        f"hw.memsize: {ram[0]}\nhw.model: Mac15,14\nmachdep.cpu.brand_string: Apple M3 Ultra\n"
        "kern.osproductversion: 15.5\niogpu.wired_limit_mb: 0\nhw.optional.AdvSIMD: 1\n"
        "hw.optional.arm.FEAT_DotProd: 1\nhw.optional.arm.FEAT_I8MM: 1\n"
        "hw.optional.arm.FEAT_BF16: 1\nhw.optional.arm.FEAT_SME: 0\n"
    )
    return World(
        FakeFacts(
            os="Darwin",
            kernel="24.5.0",
            arch="arm64",
            cpu="arm",
            ram=ram,
            core_counts=(32, 32),
            disk=Volume(4000 * GB, 2870 * GB, "/", "apfs"),
        ),
        root,
        home="/Users/user",
        engine=[
            gpu_device("MTL0", "Apple M3 Ultra", 412_316_860_416, 412_316_844_032),
            cpu_device("Apple M3 Ultra", ram[0]),
        ],
        tools={"sysctl": sysctl, "ioreg": '  "gpu-core-count" = 80\n'},
        ram_rate=430_000_000_000,
    )


def strix_halo_128(root: Path) -> World:
    """512 MB set aside at boot, up to 116 GiB of system memory besides."""
    name = "AMD RYZEN AI MAX+ 395 w/ Radeon 8060S"
    trees.write(root, {**trees.linux("Fedora Linux 42"), **trees.cpuinfo(name, trees.AVX512)})
    files: trees.Files = {
        "mem_info_vram_total": 512 * MIB,
        "mem_info_vram_used": 187 * MIB,
        "mem_info_gtt_total": 116 * GIB,
        "mem_info_gtt_used": 96 * MIB,
        "drm/card1/card1-HDMI-A-1/status": "connected",
        "drm/card1/card1-DP-1/status": "disconnected",
    }
    trees.pci(root, "0000:c6:00.0", "1002", "1586", driver="amdgpu", kind="0x038000", files=files)
    node = (
        "cpu_cores_count 32\nsimd_count 80\ngfx_target_version 110501\nlocation_id 50688\ndomain 0"
    )
    trees.write(root, {"sys/class/kfd/kfd/topology/nodes/0/properties": node})
    ram = (133_143_986_176, 126_701_535_232)
    return World(
        FakeFacts(
            ram=ram, core_counts=(16, 32), swap_space=(8 * GIB, 8 * GIB), disk=disk(2000, 1480)
        ),
        root,
        engine=[
            gpu_device(
                "Vulkan0",
                "AMD Radeon 8060S Graphics (RADV GFX1151)",
                116 * GIB + 512 * MIB,
                115 * GIB,
                None,
                "igpu",
            ),
            cpu_device(name, ram[0]),
        ],
        ram_rate=118_000_000_000,
    )


def arc_b580_cpu_engine(root: Path) -> World:
    name = "Intel(R) Core(TM) Ultra 7 265K"
    trees.write(
        root, {**trees.linux("Ubuntu 25.04"), **trees.cpuinfo(name, f"{trees.AVX2} avx_vnni")}
    )
    files: trees.Files = {
        "tile0/physical_vram_size_bytes": 12216 * MIB,
        "current_link_speed": "16.0 GT/s PCIe",
        "current_link_width": 8,
        "max_link_speed": "16.0 GT/s PCIe",
        "max_link_width": 8,
        "drm/card0/card0-DP-1/status": "connected",
    }
    trees.pci(root, "0000:03:00.0", "8086", "e20b", driver="xe", files=files)
    ram = (67_234_295_808, 60_129_542_144)
    return World(
        FakeFacts(ram=ram, core_counts=(20, 20), disk=disk(1000, 633)),
        root,
        engine=[cpu_device(name, ram[0])],
        ram_rate=74_300_000_000,
    )


def rx7900xtx(root: Path) -> World:
    name = "AMD Ryzen 7 7800X3D 8-Core Processor"
    trees.write(root, {**trees.linux("Arch Linux"), **trees.cpuinfo(name, trees.AVX512)})
    files: trees.Files = {
        "product_name": "AMD Radeon RX 7900 XTX",
        "unique_id": "4a1bd0c1f8e35d27",
        "mem_info_vram_total": 24560 * MIB,
        "mem_info_vram_used": 1366 * MIB,
        "mem_info_gtt_total": 15 * GIB,
        "mem_info_gtt_used": 70 * MIB,
        "pp_dpm_mclk": "0: 96Mhz *\n1: 456Mhz\n2: 772Mhz\n3: 1249Mhz",
        "current_link_speed": "16.0 GT/s PCIe",
        "current_link_width": 16,
        "max_link_speed": "16.0 GT/s PCIe",
        "max_link_width": 16,
        "drm/card1/card1-DP-1/status": "connected",
    }
    trees.pci(root, "0000:03:00.0", "1002", "744c", driver="amdgpu", files=files)
    small: trees.Files = {
        "mem_info_vram_total": 512 * MIB,
        "mem_info_vram_used": 12 * MIB,
        "mem_info_gtt_total": 31 * GIB,
        "mem_info_gtt_used": 14 * MIB,
    }
    trees.pci(root, "0000:13:00.0", "1002", "164e", driver="amdgpu", files=small)
    node = "cpu_cores_count 0\nsimd_count 192\ngfx_target_version 110000\nlocation_id 768\ndomain 0"
    trees.write(root, {"sys/class/kfd/kfd/topology/nodes/1/properties": node})
    ram = (67_078_770_688, 57_982_058_496)
    return World(
        FakeFacts(ram=ram, core_counts=(8, 16), disk=disk(2000, 870, "btrfs")),
        root,
        engine=[
            gpu_device("ROCm0", "AMD Radeon RX 7900 XTX", 24560 * MIB, 23184 * MIB, "0000:03:00.0"),
            cpu_device(name, ram[0]),
        ],
        ram_rate=55_100_000_000,
    )


def jetson_orin(root: Path) -> World:
    """JetPack 5: no NVML at all; the device tree knows what it is."""
    trees.write(
        root,
        {
            "etc/os-release": 'PRETTY_NAME="Ubuntu 20.04.6 LTS"',
            "proc/sys/kernel/osrelease": "5.10.120-tegra",
            "proc/device-tree/model": "NVIDIA Jetson AGX Orin Developer Kit\0",
            "proc/cpuinfo": "processor\t: 0\nFeatures\t: asimd asimddp",
        },
    )
    ram = (65_897_340_928, 60_318_298_112)
    return World(
        FakeFacts(
            kernel="5.10.120-tegra",
            arch="aarch64",
            ram=ram,
            core_counts=(12, 12),
            disk=disk(1000, 720),
        ),
        root,
        engine=[
            gpu_device("CUDA0", "Orin", ram[0], ram[1], None, "igpu"),
            cpu_device("CPU", ram[0]),
        ],
        ram_rate=88_000_000_000,
    )
