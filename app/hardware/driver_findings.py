"""What stands between an NVIDIA GPU and its use, told apart: each cause has another remedy."""

from app.hardware.types import Finding, Gpu, Machine

_CONTAINER_FLAGS = (
    "Start it with `--gpus all` and NVIDIA_DRIVER_CAPABILITIES=compute,utility"
    " (NVIDIA Container Toolkit)."
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
            "The NVIDIA driver was updated, but the computer was not restarted since.",
            "The new driver's libraries do not work with the old one that still runs in the"
            " kernel, so no program can begin to use the GPU.",
            "Restart the computer.",
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
            "The NVIDIA GPU runs with the driver nouveau, which cannot compute.",
            "NVIDIA's own driver is not installed or not chosen.",
            "Install NVIDIA's driver with the system's package manager, then restart the computer.",
        )
    if "vfio-pci" in text:
        return Finding(
            "nvidia-vfio",
            "info",
            "An NVIDIA GPU is set aside for virtual machines (vfio-pci).",
            "",
            "To use it here, give it back to NVIDIA's driver.",
        )
    return None


def _figures_missing(machine: Machine) -> Finding:
    return Finding(
        "nvidia-figures-missing",
        "info",
        "The engine uses the NVIDIA GPU, but its figures (memory in use, clocks) cannot be read.",
        machine.nvidia.reason,
        _CONTAINER_FLAGS if machine.platform.container else "",
    )


def _driver_without_gpu() -> Finding:
    return Finding(
        "nvidia-no-gpu",
        "info",
        "An NVIDIA driver is installed, but it finds no GPU.",
        "An external GPU may be unplugged, or all are set aside for virtual machines.",
    )


def _not_loaded() -> Finding:
    return Finding(
        "nvidia-driver-not-loaded",
        "error",
        "The NVIDIA driver is installed, but not loaded.",
        "After a kernel update the driver has to be built again; Secure Boot refuses one that is"
        " not signed.",
        "Run `sudo modprobe nvidia` and read what it says; else install the driver again and"
        " restart the computer.",
        "sudo modprobe nvidia",
    )


def _forbidden(machine: Machine) -> Finding:
    failed = machine.nvidia.status == "failed"
    if machine.platform.container:
        what = "This container may not use the NVIDIA GPU (any more)."
        why = (
            "The device files are missing or were withdrawn; `systemctl daemon-reload` on the host"
            " does that to running containers."
        )
        return Finding(
            "nvidia-container-lost",
            "error",
            what,
            why,
            f"Restart the container. {_CONTAINER_FLAGS}",
        )
    if failed:
        return Finding(
            "nvidia-failed",
            "error",
            "The NVIDIA driver does not work.",
            machine.nvidia.reason,
            "Restart the computer; if it stays, install the driver again.",
        )
    return Finding(
        "nvidia-no-permission",
        "error",
        "This user may not use the NVIDIA GPU.",
        "The device files /dev/nvidia* cannot be opened.",
        "Add the user to the groups video and render: `sudo usermod -aG video,render $USER`,"
        " then log in again.",
        "sudo usermod -aG video,render $USER",
    )


def _hangs(machine: Machine) -> Finding:
    hangs = machine.nvidia.status == "timed out"
    what = "does not answer; it was given up after 5 seconds" if hangs else "crashes when asked"
    return Finding(
        "nvidia-hangs" if hangs else "nvidia-crashes",
        "error",
        f"The NVIDIA driver {what}.",
        "A GPU that has fallen off the bus or a driver update under way does that.",
        "Restart the computer.",
    )


def _library_missing(machine: Machine, gpus: list[Gpu]) -> Finding | None:
    if machine.nvidia.status == "no package":
        return _package_missing() if gpus else None
    if machine.platform.wsl:
        return Finding(
            "nvidia-wsl-library-missing",
            "info" if not gpus else "error",
            "WSL shows no NVIDIA GPU to Linux.",
            "The driver's library in /usr/lib/wsl/lib comes from the Windows driver.",
            "If this computer has an NVIDIA GPU: install the driver in Windows (never inside WSL)"
            " and run `wsl --update`, then `wsl --shutdown`.",
            "wsl --update",
        )
    if not gpus:
        return None
    if machine.platform.container:
        return Finding(
            "nvidia-container-library-missing",
            "error",
            "The host has an NVIDIA GPU, but this container does not have its driver libraries.",
            machine.nvidia.reason,
            _CONTAINER_FLAGS,
        )
    return _unbound(gpus) or Finding(
        "nvidia-no-driver",
        "error",
        "This computer has an NVIDIA GPU, but no NVIDIA driver.",
        machine.nvidia.reason,
        "Install NVIDIA's driver (version 570 or later), then restart the computer.",
    )


def _package_missing() -> Finding:
    return Finding(
        "nvidia-package-missing",
        "warning",
        "The NVIDIA GPU's memory cannot be read.",
        "The Python package nvidia-ml-py is missing, too old, or hidden by another pynvml.",
        "Run `python3 launch.py` once: it completes the program's environment.",
        "python3 launch.py",
    )
