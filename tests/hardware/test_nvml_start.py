"""Whether NVML starts, and what is told apart when it does not (NVML.md, part A)."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from app.hardware.nvml import library_candidates, mapped_library, probe_nvml
from app.hardware.nvml_calls import Nvml, plain_text
from tests.hardware.fake_nvml import GIB, FakeNvml, Turns, card, fail, memory

CARD = card("NVIDIA RTX A4000", total=16 * GIB, bus="0000:01:00.0")


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (12, "no library"),
        (9, "driver not loaded"),
        (18, "version mismatch"),
        (4, "no permission"),
        (17, "no permission"),
        (999, "failed"),
        (20, "failed"),
        (27, "failed"),
        (1234, "failed"),
    ],
)
def test_why_nvml_does_not_start(code: int, status: str) -> None:
    nvml = FakeNvml([CARD], init=[fail(code)])
    report = probe_nvml(nvml)
    assert report.driver.status == status
    assert report.driver.error_code == code
    assert report.driver.reason
    assert report.gpus == ()
    assert "nvmlShutdown" not in nvml.calls, "a shutdown after a failed start hides the first error"


def test_codes_without_a_text_are_named_by_number() -> None:
    assert "1234" in probe_nvml(FakeNvml(init=[fail(1234)])).driver.reason


def test_a_module_of_another_package_is_like_a_missing_one() -> None:
    assert probe_nvml(SimpleNamespace()).driver.status == "no package"
    assert probe_nvml(None).driver.status == "no package"


def test_no_gpu_is_not_an_error() -> None:
    report = probe_nvml(FakeNvml([]))
    assert (report.driver.status, report.driver.driver_version) == ("no gpu", "570.133.07")


def test_a_library_outside_the_search_path_is_loaded_and_tried_again() -> None:
    nvml = FakeNvml([CARD], init=[fail(12)])
    report = probe_nvml(nvml, load_library=lambda: True)
    assert report.driver.status == "ok"
    assert len(report.gpus) == 1


def test_a_stub_library_is_not_a_driver_even_when_it_starts() -> None:
    stub = "/usr/local/cuda-12.4/lib64/stubs/libnvidia-ml.so.1"
    report = probe_nvml(FakeNvml([CARD]), loaded_library=lambda: stub)
    assert (report.driver.status, report.driver.library) == ("stub library", stub)


def test_versions() -> None:
    driver = probe_nvml(FakeNvml([CARD], cuda=13000)).driver
    assert (driver.driver_version, driver.cuda_version) == ("570.133.07", "13.0")
    old = FakeNvml([CARD], driver=b"470.1\xff", cuda=fail(13))
    assert probe_nvml(old).driver.driver_version == "470.1\ufffd"
    assert probe_nvml(old).driver.cuda_version is None


@pytest.mark.parametrize("code", [4, 8, 11, 15, 16, 20, 999, 1234])
def test_one_broken_gpu_does_not_hide_the_others(code: int) -> None:
    other = card("NVIDIA RTX A4000", total=16 * GIB, bus="0000:02:00.0")
    report = probe_nvml(FakeNvml([CARD, fail(code), other]))
    assert [gpu.name for gpu in report.gpus] == ["NVIDIA RTX A4000", None, "NVIDIA RTX A4000"]
    broken = report.gpus[1]
    assert broken.state == {15: "lost", 16: "reset required"}.get(code, "unreadable")
    assert f"({code})" in " ".join(broken.notes)
    assert broken.index == 1


@pytest.mark.parametrize("code", [15, 999])
def test_a_laptops_gpu_that_slept_is_asked_twice(code: int) -> None:
    (gpu,) = probe_nvml(FakeNvml([{**CARD, "handle": Turns(fail(code), None)}])).gpus
    assert (gpu.state, gpu.name) == ("ok", "NVIDIA RTX A4000")


def test_nvml_shut_down_by_another_is_started_once_more() -> None:
    nvml = FakeNvml([CARD])

    def killed() -> SimpleNamespace:
        if nvml.calls.count("nvmlInit") == 1:
            nvml.shut_down_by_another()
            raise nvml.NVMLError(1)
        return memory(16 * GIB, GIB, 0)

    nvml.devices = [{**CARD, "memory_v2": killed}]
    report = probe_nvml(nvml)
    assert report.gpus[0].total_bytes == 16 * GIB
    assert report.gpus[0].uuid is not None, "what came after was asked with a new handle"
    assert nvml.calls.count("nvmlInit") == 2


def test_nvml_shut_down_again_and_again_is_not_fought() -> None:
    nvml = FakeNvml([CARD])
    nvml.devices = [{**CARD, "nvmlDeviceGetName": fail(1)}]
    report = probe_nvml(nvml)
    assert nvml.calls.count("nvmlInit") == 2
    assert report.gpus[0].name is None
    assert report.gpus[0].total_bytes == 16 * GIB


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("NVIDIA T4", "NVIDIA T4"),
        (b"NVIDIA T4", "NVIDIA T4"),
        (b"NVIDIA \xff\xfe", "NVIDIA \ufffd\ufffd"),
        (b"NVIDIA T4\0garbage", "NVIDIA T4"),
        ("\x1b[31mred\x1b[0m", "\ufffd[31mred\ufffd[0m"),
        ("  ", None),
        (17, None),
    ],
)
def test_names_as_text_or_bytes(told: object, name: str | None) -> None:
    nvml = FakeNvml([{**CARD, "nvmlDeviceGetName": told}])
    assert probe_nvml(nvml).gpus[0].name == name


def test_a_name_that_pynvml_cannot_decode_is_still_shown() -> None:
    error = UnicodeDecodeError("utf-8", b"NVIDIA \xff", 7, 8, "invalid start byte")
    nvml = FakeNvml([{**CARD, "nvmlDeviceGetName": error}])
    assert probe_nvml(nvml).gpus[0].name == "NVIDIA \ufffd"


def test_a_count_that_fails() -> None:
    report = probe_nvml(FakeNvml([CARD], count=fail(999)))
    assert (report.driver.status, report.gpus) == ("failed", ())


def test_an_absurd_count_is_bounded() -> None:
    nvml = FakeNvml([CARD], count=2**31)
    assert len(probe_nvml(nvml).gpus) == 256


@pytest.mark.parametrize("error", [OSError("access violation"), ValueError("x"), TypeError("x")])
def test_other_exceptions_stay_inside(error: Exception) -> None:
    answer = Nvml(SimpleNamespace(nvmlInit=lambda: (_ for _ in ()).throw(error))).call("nvmlInit")
    assert not answer.ok
    nvml = FakeNvml([{**CARD, "nvmlDeviceGetUUID": error}])
    gpu = probe_nvml(nvml).gpus[0]
    assert gpu.uuid is None
    assert "uuid" in [unread.field for unread in gpu.unread]


def test_plain_text_of_a_lone_surrogate() -> None:
    assert plain_text("a\ud800b") == "a\ufffdb"


def test_the_loaded_library_is_found_in_the_memory_map() -> None:
    assert mapped_library("7f-8f r-xp 0 0:0 1 /usr/lib/wsl/lib/libnvidia-ml.so.1\n") == (
        "/usr/lib/wsl/lib/libnvidia-ml.so.1"
    )
    assert mapped_library("7f-8f r-xp 0 0:0 1 /usr/lib/libc.so.6\n") is None


def test_libraries_outside_the_search_path_but_never_a_stub(tmp_path: Path) -> None:
    root = tmp_path
    stub = root / "usr/local/cuda/lib64/stubs/libnvidia-ml.so.1"
    real = root / "usr/lib/wsl/lib/libnvidia-ml.so.1"
    for path in (stub, real):
        path.parent.mkdir(parents=True)
        path.touch()
    link = root / "usr/lib64/libnvidia-ml.so.1"
    link.parent.mkdir(parents=True)
    link.symlink_to(stub)
    assert library_candidates(root) == (real,)
