"""What stands between an NVIDIA GPU and its use, told apart: each cause has another remedy."""

from app.core.language import mark, tr
from app.hardware.types import Finding, Gpu, Machine

_CONTAINER_FLAGS = mark(
    "Start it with `--gpus all` and NVIDIA_DRIVER_CAPABILITIES=compute,utility "
    "(NVIDIA Container Toolkit)."
)


def driver_findings(machine: Machine) -> tuple[Finding, ...]:
    """Nothing when NVML works, or when there is no sign of an NVIDIA GPU."""
    finding = _driver_finding(machine)
    return (finding,) if finding else ()


def _driver_finding(machine: Machine) -> Finding | None:
    status = machine.nvidia.status
    gpus = [gpu for gpu in machine.gpus if gpu.vendor == "NVIDIA"]
    if status in ("ok", "not asked"):
        return _unbound(gpus)
    if any(gpu.engine_devices for gpu in gpus):
        return _figures_missing(machine)
    if status == "version mismatch":
        return Finding(
            "nvidia-version-mismatch",
            "error",
            tr("The NVIDIA driver was updated, but the computer was not restarted since."),
            tr(
                "The new driver's libraries do not work with the old one that still "
                "runs in the kernel, so no program can begin to use the GPU."
            ),
            tr("Restart the computer."),
        )
    if status == "no gpu":
        return _unbound(gpus) or _driver_without_gpu()
    if status in ("no permission", "failed"):
        return _forbidden(machine)
    if status in ("timed out", "crashed"):
        return _hangs(machine)
    if status == "driver not loaded":
        return _unbound(gpus) or _not_loaded()
    return _library_missing(machine, gpus)


def _unbound(gpus: list[Gpu]) -> Finding | None:
    """A GPU that another driver holds; NVML knows nothing of it."""
    text = " ".join(note for gpu in gpus if gpu.state == "no driver" for note in gpu.notes)
    if "nouveau" in text:
        return Finding(
            "nvidia-nouveau",
            "error",
            tr("The NVIDIA GPU runs with the driver nouveau, which cannot compute."),
            tr("NVIDIA's own driver is not installed or not chosen."),
            tr(
                "Install NVIDIA's driver with the system's package manager, then "
                "restart the computer."
            ),
        )
    if "vfio-pci" in text:
        return Finding(
            "nvidia-vfio",
            "info",
            tr("An NVIDIA GPU is set aside for virtual machines (vfio-pci)."),
            "",
            tr("To use it here, give it back to NVIDIA's driver."),
        )
    return None


def _figures_missing(machine: Machine) -> Finding:
    return Finding(
        "nvidia-figures-missing",
        "info",
        tr(
            "The engine uses the NVIDIA GPU, but its figures (memory in use, clocks) "
            "cannot be read."
        ),
        tr(machine.nvidia.reason),
        tr(_CONTAINER_FLAGS) if machine.platform.container else "",
    )


def _driver_without_gpu() -> Finding:
    return Finding(
        "nvidia-no-gpu",
        "info",
        tr("An NVIDIA driver is installed, but it finds no GPU."),
        tr("An external GPU may be unplugged, or all are set aside for virtual machines."),
    )


def _not_loaded() -> Finding:
    return Finding(
        "nvidia-driver-not-loaded",
        "error",
        tr("The NVIDIA driver is installed, but not loaded."),
        tr(
            "After a kernel update the driver has to be built again; Secure Boot "
            "refuses one that is not signed."
        ),
        tr(
            "Run `sudo modprobe nvidia` and read what it says; else install the "
            "driver again and restart the computer."
        ),
        "sudo modprobe nvidia",
    )


def _forbidden(machine: Machine) -> Finding:
    failed = machine.nvidia.status == "failed"
    if machine.platform.container:
        what = tr("This container may not use the NVIDIA GPU (any more).")
        why = tr(
            "The device files are missing or were withdrawn; `systemctl "
            "daemon-reload` on the host does that to running containers."
        )
        return Finding(
            "nvidia-container-lost",
            "error",
            what,
            why,
            tr("Restart the container. {container_flags}", container_flags=tr(_CONTAINER_FLAGS)),
        )
    if failed:
        return Finding(
            "nvidia-failed",
            "error",
            tr("The NVIDIA driver does not work."),
            tr(machine.nvidia.reason),
            tr("Restart the computer; if it stays, install the driver again."),
        )
    return Finding(
        "nvidia-no-permission",
        "error",
        tr("This user may not use the NVIDIA GPU."),
        tr("The device files /dev/nvidia* cannot be opened."),
        tr(
            "Add the user to the groups video and render: `sudo usermod -aG "
            "video,render $USER`, then log in again."
        ),
        "sudo usermod -aG video,render $USER",
    )


def _hangs(machine: Machine) -> Finding:
    hangs = machine.nvidia.status == "timed out"
    what = (
        tr("does not answer; it was given up after 5 seconds")
        if hangs
        else tr("crashes when asked")
    )
    return Finding(
        "nvidia-hangs" if hangs else "nvidia-crashes",
        "error",
        tr("The NVIDIA driver {what}.", what=what),
        tr("A GPU that has fallen off the bus or a driver update under way does that."),
        tr("Restart the computer."),
    )


def _library_missing(machine: Machine, gpus: list[Gpu]) -> Finding | None:
    if machine.nvidia.status == "no package":
        return _package_missing() if gpus else None
    if machine.platform.wsl:
        return Finding(
            "nvidia-wsl-library-missing",
            "info" if not gpus else "error",
            tr("WSL shows no NVIDIA GPU to Linux."),
            tr("The driver's library in /usr/lib/wsl/lib comes from the Windows driver."),
            tr(
                "If this computer has an NVIDIA GPU: install the driver in Windows "
                "(never inside WSL) and run `wsl --update`, then `wsl --shutdown`."
            ),
            "wsl --update",
        )
    if not gpus:
        return None
    if machine.platform.container:
        return Finding(
            "nvidia-container-library-missing",
            "error",
            tr(
                "The host has an NVIDIA GPU, but this container does not have its driver libraries."
            ),
            tr(machine.nvidia.reason),
            tr(_CONTAINER_FLAGS),
        )
    return _unbound(gpus) or Finding(
        "nvidia-no-driver",
        "error",
        tr("This computer has an NVIDIA GPU, but no NVIDIA driver."),
        tr(machine.nvidia.reason),
        tr("Install NVIDIA's driver (version 570 or later), then restart the computer."),
    )


def _package_missing() -> Finding:
    return Finding(
        "nvidia-package-missing",
        "warning",
        tr("The NVIDIA GPU's memory cannot be read."),
        tr("The Python package nvidia-ml-py is missing, too old, or hidden by another pynvml."),
        tr("Run `python3 launch.py` once: it completes the program's environment."),
        "python3 launch.py",
    )
