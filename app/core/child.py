"""Processes of our own that may break: how they find the program's modules."""

import os
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent.parent


def module_environment() -> dict[str, str]:
    """For `python -m app.…`: PYTHONPATH makes the module found in a checkout, whatever the current
    folder is."""
    python_path = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(python_path),
        "PYTHONIOENCODING": "utf-8:surrogateescape",
    }
