"""What the machine itself must have, and the command that installs it."""

import os
import shutil
import sys
from pathlib import Path


class Missing(Exception):  # noqa: N818 - read as "compiler missing"
    """Something the machine lacks; the message is a sentence with the command that installs it."""


_PACKAGES = {
    # what -> package by family of Linux distributions
    "compiler": {
        "debian": "build-essential",
        "fedora": "gcc-c++ make",
        "arch": "base-devel",
        "suse": "gcc-c++ make",
    },
    "venv": {"debian": "python3-venv", "fedora": "python3", "arch": "python", "suse": "python3"},
    "libEGL.so.1": {
        "debian": "libegl1",
        "fedora": "libglvnd-egl",
        "arch": "libglvnd",
        "suse": "libEGL1",
    },
    "libGL.so.1": {
        "debian": "libgl1",
        "fedora": "libglvnd-glx",
        "arch": "libglvnd",
        "suse": "libGL1",
    },
    "libxkbcommon.so.0": {
        "debian": "libxkbcommon0",
        "fedora": "libxkbcommon",
        "arch": "libxkbcommon",
        "suse": "libxkbcommon0",
    },
    "libxkbcommon-x11.so.0": {
        "debian": "libxkbcommon-x11-0",
        "fedora": "libxkbcommon-x11",
        "arch": "libxkbcommon-x11",
        "suse": "libxkbcommon-x11-0",
    },
    "libdbus-1.so.3": {
        "debian": "libdbus-1-3",
        "fedora": "dbus-libs",
        "arch": "dbus",
        "suse": "libdbus-1-3",
    },
    "libfontconfig.so.1": {
        "debian": "libfontconfig1",
        "fedora": "fontconfig",
        "arch": "fontconfig",
        "suse": "fontconfig",
    },
    "libfreetype.so.6": {
        "debian": "libfreetype6",
        "fedora": "freetype",
        "arch": "freetype2",
        "suse": "libfreetype6",
    },
    "libglib-2.0.so.0": {
        "debian": "libglib2.0-0",
        "fedora": "glib2",
        "arch": "glib2",
        "suse": "libglib-2_0-0",
    },
    "libxcb-cursor.so.0": {
        "debian": "libxcb-cursor0",
        "fedora": "xcb-util-cursor",
        "arch": "xcb-util-cursor",
        "suse": "libxcb-cursor0",
    },
    "libxcb-icccm.so.4": {
        "debian": "libxcb-icccm4",
        "fedora": "xcb-util-wm",
        "arch": "xcb-util-wm",
        "suse": "libxcb-icccm4",
    },
    "libxcb-image.so.0": {
        "debian": "libxcb-image0",
        "fedora": "xcb-util-image",
        "arch": "xcb-util-image",
        "suse": "libxcb-image0",
    },
    "libxcb-keysyms.so.1": {
        "debian": "libxcb-keysyms1",
        "fedora": "xcb-util-keysyms",
        "arch": "xcb-util-keysyms",
        "suse": "libxcb-keysyms1",
    },
    "libxcb-render-util.so.0": {
        "debian": "libxcb-render-util0",
        "fedora": "xcb-util-renderutil",
        "arch": "xcb-util-renderutil",
        "suse": "libxcb-render-util0",
    },
    "libgomp.so.1": {
        "debian": "libgomp1",
        "fedora": "libgomp",
        "arch": "gcc-libs",
        "suse": "libgomp1",
    },
}

# xcb's own libraries follow one scheme in Debian: libxcb-NAME.so.N lies in libxcb-NAMEN.
_XCB_PREFIX = "libxcb-"

_INSTALL = {
    "debian": "sudo apt install {}",
    "fedora": "sudo dnf install {}",
    "arch": "sudo pacman -S {}",
    "suse": "sudo zypper install {}",
}


def linux_family(os_release: str) -> str | None:
    """debian, fedora, arch or suse, from the text of /etc/os-release."""
    values: dict[str, str] = {}
    for line in os_release.splitlines():
        key, _, value = line.partition("=")
        values[key.strip()] = value.strip().strip("\"'")
    names = [values.get("ID", ""), *values.get("ID_LIKE", "").split()]
    families = {
        "debian": ("debian", "ubuntu"),
        "fedora": ("fedora", "rhel", "centos"),
        "arch": ("arch",),
        "suse": ("suse", "opensuse"),
    }
    for family, members in families.items():
        if any(name.startswith(members) for name in names):
            return family
    return None


def linux_distribution() -> str | None:
    try:
        return linux_family(Path("/etc/os-release").read_text(encoding="utf-8"))
    except OSError:
        return None


def install_command(what: str, family: str | None) -> str:
    """The command that installs `what` (a key of the package table, or a library's file name)."""
    package = _PACKAGES.get(what, {}).get(family or "")
    if package is None and family == "debian" and what.startswith(_XCB_PREFIX):
        stem, _, version = what.partition(".so.")
        package = stem + version
    if family is None or package is None:
        return f"your system's package manager (the package that holds {what})"
    return f"`{_INSTALL[family].format(package)}`"


def require_compiler() -> None:
    """Raises Missing."""
    if os.environ.get("CXX") or any(map(shutil.which, ("c++", "g++", "clang++", "cl"))):
        return
    if sys.platform == "darwin":
        how = "`xcode-select --install`"
    elif sys.platform == "win32":
        how = "`winget install Microsoft.VisualStudio.2022.BuildTools` (with the C++ workload)"
    else:
        how = install_command("compiler", linux_distribution())
    raise Missing(f"A C++ compiler is needed to build the engine: install it with {how}.")


def missing_venv() -> Missing:
    how = install_command("venv", linux_distribution())
    return Missing(f"This Python cannot make virtual environments: install that with {how}.")


def missing_library(library: str) -> Missing:
    how = install_command(library, linux_distribution())
    return Missing(f"The system library {library} is missing, which windows need: install {how}.")
