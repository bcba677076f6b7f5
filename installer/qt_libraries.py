"""Finds a system library that Qt needs and the machine lacks, before Qt aborts over it."""

import os
import re
import subprocess
import sys
from collections.abc import Sequence

from installer import system
from installer.layout import Environment

# Loads what a window needs the way Qt will; the loader's message names the first missing library.
_PROBE = """
import ctypes, os, sys
from pathlib import Path
import PySide6
from PySide6 import QtCore, QtGui, QtWidgets
plugins = Path(PySide6.__file__).parent / "Qt" / "plugins" / "platforms"
if sys.argv[1] == "xcb" and (plugins / "libqxcb.so").exists():
    ctypes.CDLL(str(plugins / "libqxcb.so"))
"""
_MISSING = re.compile(r"(lib[\w+.-]+\.so[.\d]*): cannot open shared object file")


def window_wanted(arguments: Sequence[str]) -> bool:
    """Whether these arguments open the window, as far as the launcher can tell."""
    commandless = not arguments or arguments[0] in ("--model", "--machine", "--engine")
    return sys.platform == "linux" and commandless


def require(environment: Environment) -> None:
    """Raises Missing, naming the library. A machine that passed once is not asked again."""
    passed = environment.folder / f"qt-ok-{_platform()}"
    if passed.exists():
        return
    probe = [str(environment.python), "-c", _PROBE, _platform()]
    done = subprocess.run(probe, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        passed.touch()
        return
    if match := _MISSING.search(done.stderr):
        raise system.missing_library(match[1])
    raise system.Missing(f"Qt, which draws the window, cannot start here: {done.stderr.strip()}")


def _platform() -> str:
    chosen = os.environ.get("QT_QPA_PLATFORM", "").partition(":")[0]
    if chosen:
        return chosen
    return "wayland" if os.environ.get("WAYLAND_DISPLAY") else "xcb"
