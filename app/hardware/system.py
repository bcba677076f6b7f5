"""The operating system, and whether it runs inside another."""

from collections.abc import Mapping
from pathlib import Path

from app.hardware.facts import SystemFacts
from app.hardware.files import read_text
from app.hardware.types import Platform


def read_platform(
    facts: SystemFacts, root: Path, environ: Mapping[str, str], sysctl: Mapping[str, str]
) -> Platform:
    return Platform(
        system=facts.system() or "unknown",
        release=facts.release() or None,
        distribution=_distribution(root, sysctl),
        wsl=is_wsl(root),
        container=_container(root, environ),
        model=_model(root, sysctl),
    )


def is_wsl(root: Path) -> bool:
    release = (read_text(root / "proc/sys/kernel/osrelease") or "").lower()
    return "microsoft" in release or "wsl" in release


def jetson_model(root: Path) -> str | None:
    """`NVIDIA Jetson AGX Orin Developer Kit`, from the device tree."""
    model = read_text(root / "proc/device-tree/model")
    if model and "jetson" in model.lower():
        return model
    return "NVIDIA Jetson" if (root / "etc/nv_tegra_release").exists() else None


def _distribution(root: Path, sysctl: Mapping[str, str]) -> str | None:
    for line in (read_text(root / "etc/os-release") or "").splitlines():
        if line.startswith("PRETTY_NAME="):
            return line.partition("=")[2].strip("\"'") or None
    version = sysctl.get("kern.osproductversion")
    return f"macOS {version}" if version else None


def _container(root: Path, environ: Mapping[str, str]) -> str | None:
    if "KUBERNETES_SERVICE_HOST" in environ:
        return "kubernetes"
    if (root / "run/.containerenv").exists():
        return "podman"
    if (root / ".dockerenv").exists():
        return "docker"
    if (root / ".flatpak-info").exists():
        return "flatpak"
    if "SNAP" in environ:
        return "snap"
    return environ.get("container") or read_text(root / "run/systemd/container") or None


def _model(root: Path, sysctl: Mapping[str, str]) -> str | None:
    tree = read_text(root / "proc/device-tree/model")
    product = read_text(root / "sys/class/dmi/id/product_name")
    vendor = read_text(root / "sys/class/dmi/id/sys_vendor")
    placeholder = product is not None and product.lower() in (
        "system product name",
        "default string",
    )
    if product and not placeholder:
        return f"{vendor} {product}" if vendor else product
    return tree or sysctl.get("hw.model")
