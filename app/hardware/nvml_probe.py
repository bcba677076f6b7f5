"""`python -m app.hardware.nvml_probe`: asks NVML everything once and prints it as one JSON line.

`--watch` answers one line per line read, for live figures; see `app.hardware.live`.
"""

import ctypes
import importlib
import json
import os
import sys
from pathlib import Path
from typing import TextIO

from app.core.language import mark
from app.hardware.codec import to_json
from app.hardware.files import read_text
from app.hardware.nvml import NvmlReport, library_candidates, mapped_library, probe_nvml
from app.hardware.nvml_watch import watch
from app.hardware.types import NvidiaDriver

_MAPS_LIMIT = 4_000_000


def import_pynvml() -> object:
    """The package, or None when it is absent or broken."""
    try:
        return importlib.import_module("pynvml")
    except Exception:  # noqa: BLE001 - whatever goes by that name may raise anything
        return None


def probe_here() -> NvmlReport:
    module = import_pynvml()
    if module is None:
        reason = mark(
            "The Python package nvidia-ml-py is not installed, so NVIDIA's driver is not asked."
        )
        return NvmlReport(NvidiaDriver("no package", reason))
    return probe_nvml(module, load_library=_load_library, loaded_library=_loaded_library)


def claim_stdout() -> TextIO:
    """Standard output for us alone: what libraries print there goes to standard error instead."""
    own = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return own


def main(arguments: list[str]) -> int:
    with claim_stdout() as out:
        if "--watch" in arguments:
            return watch(import_pynvml(), sys.stdin, out)
        print(json.dumps(to_json(probe_here())), file=out)
    return 0


def _load_library() -> bool:
    """Later loads of the library by its bare name find the one loaded here."""
    for path in library_candidates():
        try:
            ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL)
        except OSError:
            continue
        return True
    return False


def _loaded_library() -> str | None:
    maps = read_text(Path("/proc/self/maps"), _MAPS_LIMIT)
    return mapped_library(maps) if maps else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
