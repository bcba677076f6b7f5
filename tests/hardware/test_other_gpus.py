"""AMD, Intel and Apple GPUs, the PCI bus, and GPUs that NVML does not see."""

import sys
from pathlib import Path

import pytest

from app.hardware.apple import default_wired_limit, parse_sysctl, read_apple_gpu
from app.hardware.detect import detect
from app.hardware.gpus import complete, nvidia_gpus, sysfs_gpus
from app.hardware.nominal import nominal, table
from app.hardware.nvml import NvmlReport
from app.hardware.pci import normalize_bus_id, pci_gpus, pci_name
from app.hardware.types import Gpu, Memory, NvidiaDriver
from app.hardware.windows import display_adapters, windows_gpus
from tests.hardware import trees
from tests.hardware.fake_nvml import GIB, MIB, FakeNvml, card
from tests.hardware.worlds import FakeFacts, World

MISMATCH = NvmlReport(NvidiaDriver("version mismatch", "It was updated."))


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("00000000:0A:00.0", "0000:0a:00.0"),
        ("0000:0a:00.0", "0000:0a:00.0"),
        ("0A:00.0", "0000:0a:00.0"),
        ("0001000F:01:00.0", "1000f:01:00.0"),
        ("", None),
        ("PCI0", None),
        (None, None),
    ],
)
def test_bus_ids(text: str | None, normal: str | None) -> None:
    assert normalize_bus_id(text) == normal


def test_only_display_adapters_that_compute_count(tmp_path: Path) -> None:
    trees.pci(tmp_path, "0000:01:00.0", "10de", "2684", driver="nvidia")
    trees.pci(tmp_path, "0000:01:00.1", "10de", "22ba", driver="snd_hda_intel", kind="0x040300")
    trees.pci(tmp_path, "0000:03:00.0", "1a03", "2000", driver="ast")
    trees.pci(tmp_path, "0000:05:00.0", "10de", "2330", driver=None, kind="0x030200")
    found = [(device.bus_id, device.driver) for device in pci_gpus(tmp_path)]
    assert found == [("0000:01:00.0", "nvidia"), ("0000:05:00.0", None)]


PCI_IDS = """# comment
1002  Advanced Micro Devices, Inc. [AMD/ATI]
\t744c  Navi 31 [Radeon RX 7900 XT/7900 XTX]
10de  NVIDIA Corporation
\t2684  AD102 [GeForce RTX 4090]
\t\t10de 167c  Founders Edition
\t2685  AD102
"""


def test_names_from_the_systems_list(tmp_path: Path) -> None:
    trees.write(tmp_path, {"usr/share/misc/pci.ids": PCI_IDS})
    assert pci_name(tmp_path, "10de", "2684") == "GeForce RTX 4090"
    assert pci_name(tmp_path, "10de", "2685") == "AD102"
    assert pci_name(tmp_path, "10de", "744c") is None
    assert pci_name(tmp_path, "1002", "744c") == "Radeon RX 7900 XT/7900 XTX"


@pytest.mark.parametrize(
    ("driver", "state", "word"),
    [
        ("nouveau", "no driver", "nouveau"),
        ("vfio-pci", "no driver", "vfio-pci"),
        (None, "no driver", "No driver"),
        ("nvidia", "unreadable", "updated"),
    ],
)
def test_a_card_that_nvml_does_not_list(
    tmp_path: Path, driver: str | None, state: str, word: str
) -> None:
    trees.pci(tmp_path, "0000:01:00.0", "10de", "2684", driver=driver)
    (gpu,) = nvidia_gpus(tmp_path, MISMATCH, {})
    assert (gpu.state, gpu.name) == (state, "NVIDIA GPU (10de:2684)")
    assert word in gpu.notes[0]
    assert gpu.visible is None


def test_a_handle_refused_gets_its_name_from_the_bus(tmp_path: Path) -> None:
    trees.write(tmp_path, {"usr/share/misc/pci.ids": PCI_IDS})
    trees.pci(tmp_path, "0000:01:00.0", "10de", "2684", driver="nvidia")
    trees.pci(tmp_path, "0000:02:00.0", "10de", "2684", driver="nvidia")
    healthy = Gpu("NVIDIA", "NVIDIA GeForce RTX 4090", 0, pci_bus_id="0000:01:00.0")
    refused = Gpu("NVIDIA", None, 1, state="lost")
    report = NvmlReport(NvidiaDriver("ok"), (healthy, refused))
    gpus = nvidia_gpus(tmp_path, report, {})
    assert [gpu.pci_bus_id for gpu in gpus] == ["0000:01:00.0", "0000:02:00.0"]
    assert gpus[1].name == "NVIDIA GeForce RTX 4090"


def amd(root: Path, device: str, **files: str | int) -> Gpu:
    trees.pci(root, "0000:03:00.0", "1002", device, driver="amdgpu", files=files)
    (gpu,) = sysfs_gpus(root)
    return gpu


def test_an_amd_card(tmp_path: Path) -> None:
    gpu = amd(tmp_path, "7550", mem_info_vram_total=16 * GIB, mem_info_vram_used=GIB)
    assert (gpu.total_bytes, gpu.free_bytes, gpu.unified) == (16 * GIB, 15 * GIB, False)
    assert gpu.shared_limit_bytes is None
    assert gpu.display_attached is None


@pytest.mark.parametrize(("total", "used"), [("0", "0"), ("", ""), ("16", "17"), ("x", "-1")])
def test_odd_amd_memory_is_unknown(tmp_path: Path, total: str, used: str) -> None:
    gpu = amd(tmp_path, "7550", mem_info_vram_total=total, mem_info_vram_used=used)
    assert gpu.total_bytes in (None, 16)
    assert gpu.free_bytes is None


def test_an_apu_by_the_compute_topology(tmp_path: Path) -> None:
    node = "cpu_cores_count 16\nsimd_count 32\ngfx_target_version 110003\nlocation_id 768\ndomain 0"
    trees.write(tmp_path, {"sys/class/kfd/kfd/topology/nodes/0/properties": node})
    gpu = amd(
        tmp_path,
        "ffff",
        mem_info_vram_total=512 * MIB,
        mem_info_gtt_total=15 * GIB,
        mem_info_gtt_used=GIB,
    )
    assert gpu.unified
    assert (gpu.shared_limit_bytes, gpu.shared_used_bytes) == (15 * GIB, GIB)
    assert gpu.architecture == "gfx1103"


def test_gfx_versions_with_letters(tmp_path: Path) -> None:
    node = "cpu_cores_count 0\nsimd_count 440\ngfx_target_version 90010\nlocation_id 768\ndomain 0"
    trees.write(tmp_path, {"sys/class/kfd/kfd/topology/nodes/1/properties": node})
    assert amd(tmp_path, "740f").architecture == "gfx90a"


@pytest.mark.parametrize(
    ("files", "total", "noted"),
    [
        ({"tile0/physical_vram_size_bytes": 12 * GIB}, 12 * GIB, False),
        ({"drm/card0/lmem_total_bytes": 16 * GIB}, 16 * GIB, False),
        ({"resource": "0x00 0xffffff 0x0\n0x4000000000 0x43ffffffff 0x0"}, 16 * GIB, True),
        ({"resource": "0x4000000000 0x400fffffff 0x0"}, None, True),
        ({"resource": "garbage\n\n0x1"}, None, True),
        ({}, None, True),
    ],
)
def test_intel_cards(tmp_path: Path, files: trees.Files, total: int | None, noted: bool) -> None:
    trees.pci(tmp_path, "0000:03:00.0", "8086", "56a0", driver="i915", files=files)
    (gpu,) = sysfs_gpus(tmp_path)
    assert (gpu.name, gpu.total_bytes, bool(gpu.notes)) == ("Arc A770 Graphics", total, noted)
    assert not gpu.unified


def test_intels_integrated_gpu(tmp_path: Path) -> None:
    trees.pci(tmp_path, "0000:00:02.0", "8086", "46a6", driver="i915")
    trees.pci(tmp_path, "0000:03:00.0", "8086", "56a0", driver="vfio-pci")
    integrated, reserved = sysfs_gpus(tmp_path)
    assert integrated.unified
    assert reserved.state == "no driver"


def test_apples_wired_limit() -> None:
    base = {"machdep.cpu.brand_string": "Apple M2 Ultra", "hw.memsize": str(192 * GIB)}
    assert (read_apple_gpu(base) or Gpu("other", None)).shared_limit_bytes == 144 * GIB
    raised = {**base, "iogpu.wired_limit_mb": "180000"}
    assert (read_apple_gpu(raised) or Gpu("other", None)).shared_limit_bytes == 180000 * MIB
    absurd = {**base, "iogpu.wired_limit_mb": "999999999"}
    assert (read_apple_gpu(absurd) or Gpu("other", None)).shared_limit_bytes == 192 * GIB
    assert default_wired_limit(32 * GIB) == 32 * GIB * 2 // 3
    assert default_wired_limit(None) is None


@pytest.mark.parametrize("brand", ["Intel(R) Core(TM) i9-9880H", ""])
def test_an_intel_mac_has_no_apple_gpu(brand: str) -> None:
    assert read_apple_gpu({"machdep.cpu.brand_string": brand}) is None


def test_sysctl_lines() -> None:
    assert parse_sysctl("a.b: 1\nnonsense\nc: d: e\n") == {"a.b": "1", "c": "d: e"}


@pytest.mark.parametrize(
    ("vendor", "name", "size", "rate"),
    [
        ("NVIDIA", "NVIDIA GeForce RTX 3060", 12 * GIB, 360),
        ("NVIDIA", "NVIDIA GeForce RTX 3060", 8 * GIB, 240),
        ("NVIDIA", "NVIDIA GeForce RTX 3060", None, None),
        ("NVIDIA", "NVIDIA RTX 6000 Ada Generation", None, 960),
        ("NVIDIA", "NVIDIA A100-SXM4-80GB", 80 * GIB, 2039),
        ("NVIDIA", "NVIDIA GeForce GTX 1080", 8 * GIB, None),
        ("AMD", "AMD Radeon RX 7900 XTX", None, 960),
        ("AMD", "Radeon 8060S Graphics (Strix Halo)", 125 * GIB, 256),
        ("Intel", "Intel(R) Arc(TM) A770 Graphics", 16 * GIB, 560),
        ("Apple", "Apple M3 Max", 36 * GIB, 300),
        ("Apple", "Apple M3 Max", None, None),
        ("Apple", "Apple M3 Max (16-core CPU)", 128 * GIB, 400),
        ("AMD", "NVIDIA GeForce RTX 4090", None, None),
        ("NVIDIA", "", None, None),
        ("NVIDIA", None, None, None),
    ],
)
def test_nominal_bandwidth(
    vendor: str, name: str | None, size: int | None, rate: int | None
) -> None:
    row = nominal(vendor, name, size)
    assert (round(row.bytes_per_second / 1e9) if row else None) == rate


def test_every_row_of_the_table_is_found_under_its_own_name() -> None:
    lost = [
        row.name
        for row in table()
        if row.bytes_per_second
        != getattr(nominal(row.vendor, row.name, round(row.memory_gb * GIB)), "bytes_per_second", 0)
    ]
    assert lost == []
    assert all(row.source for row in table())


def test_a_bandwidth_that_cannot_be_gives_way_to_the_nominal_one() -> None:
    gpu = Gpu("NVIDIA", "NVIDIA GeForce RTX 4090", total_bytes=24 * GIB)
    for computed, kept in ((900 * 10**9, True), (100 * 10**9, False), (None, False)):
        found = complete(
            Gpu(
                gpu.vendor,
                gpu.name,
                total_bytes=gpu.total_bytes,
                bandwidth_bytes_per_second=computed,
                bandwidth_source="computed",
            ),
            Memory(),
            None,
        )
        rate = computed if kept else 1008 * 10**9
        assert found.bandwidth_bytes_per_second == rate
        assert found.bandwidth_source == ("computed" if kept else "nominal")


def adapter(vendor: str, name: str, memory: object = None) -> dict[str, object]:
    return {
        "MatchingDeviceId": f"PCI\\VEN_{vendor}&DEV_1234&SUBSYS_0",
        "DriverDesc": name,
        "HardwareInformation.qwMemorySize": memory,
    }


@pytest.mark.parametrize(
    ("listed", "unified", "total"),
    [
        (adapter("1002", "AMD Radeon RX 7900 XTX", 24 * GIB), False, 24 * GIB),
        (
            adapter("1002", "AMD Radeon RX 7900 XTX", (24 * GIB).to_bytes(8, "little")),
            False,
            24 * GIB,
        ),
        (adapter("1002", "AMD Radeon(TM) Graphics", 512 * MIB), True, None),
        (adapter("1002", "AMD Radeon 780M Graphics", 4 * GIB), True, None),
        (adapter("1002", "AMD Radeon(TM) 8060S Graphics", 4 * GIB), True, None),
        (adapter("8086", "Intel(R) Arc(TM) A770 Graphics", 16 * GIB), False, 16 * GIB),
        (adapter("8086", "Intel(R) Arc(TM) Pro B60 Graphics", 24 * GIB), False, 24 * GIB),
        (adapter("8086", "Intel(R) Arc(TM) Graphics", 2 * GIB), True, None),
        (adapter("8086", "Intel(R) UHD Graphics 770", 128 * MIB), True, None),
        (adapter("10DE", "NVIDIA GeForce RTX 5080", "16 GB"), False, None),
    ],
)
def test_the_adapters_of_windows(
    listed: dict[str, object], unified: bool, total: int | None
) -> None:
    (gpu,) = windows_gpus((listed,))
    assert (gpu.unified, gpu.total_bytes) == (unified, total)


def test_adapters_that_are_no_gpus() -> None:
    virtual = {"MatchingDeviceId": "ROOT\\BasicDisplay", "DriverDesc": "Microsoft Basic Display"}
    assert windows_gpus((virtual, {}, adapter("10DE", ""), {"DriverDesc": 5})) == ()
    assert display_adapters() == () or sys.platform == "win32"


def test_windows_without_nvml_still_knows_its_nvidia_card(tmp_path: Path) -> None:
    cards = (adapter("10DE", "NVIDIA GeForce RTX 5080"), adapter("1002", "AMD Radeon RX 6800", 1))
    facts = FakeFacts(os="Windows")
    machine = detect(World(facts, tmp_path, adapters=cards).sources())
    assert [(gpu.name, gpu.state) for gpu in machine.gpus] == [
        ("NVIDIA GeForce RTX 5080", "unreadable"),
        ("AMD Radeon RX 6800", "ok"),
    ]
    assert machine.findings[0].code == "nvidia-no-driver"
    nvml = FakeNvml([card("NVIDIA GeForce RTX 5080", total=16 * GIB, bus="0000:01:00.0")])
    machine = detect(World(facts, tmp_path, nvml=nvml, adapters=cards).sources())
    assert [gpu.name for gpu in machine.gpus] == ["NVIDIA GeForce RTX 5080", "AMD Radeon RX 6800"]
