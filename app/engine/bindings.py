"""The door to llama.cpp: its C functions as llama-cpp-python's low-level module declares them, and
the few of ggml that it does not. Importing this module loads the shared libraries.
"""

import ctypes
import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

_WINDOWS = os.name == "nt"


def _low_level_module() -> ModuleType:
    """The low-level module alone. The package's own code imports numpy and much else, a quarter of
    a second in every process that only looks at a file."""
    if "llama_cpp" not in sys.modules:
        spec = importlib.util.find_spec("llama_cpp")
        if spec is None:
            raise ModuleNotFoundError("No module named 'llama_cpp'", name="llama_cpp")
        sys.modules["llama_cpp"] = importlib.util.module_from_spec(spec)
    return importlib.import_module("llama_cpp.llama_cpp")


lib: Any = _low_level_module()
_LIBRARY_DIR = Path(lib.__file__).parent / "lib"


def _library_of(name: str) -> Any:  # noqa: ANN401 - a ctypes library
    # The libraries are shipped twice, with and without a version in the name: opening ggml by path
    # would load a second copy with a registry of its own. libllama's handle finds the one in use.
    return ctypes.CDLL(str(_LIBRARY_DIR / f"{name}.dll")) if _WINDOWS else lib._lib


def ggml(library: str, name: str, restype: Any, *argtypes: Any) -> Any:  # noqa: ANN401
    """The C function `name` of libggml or one of its backends. Raises AttributeError."""
    function = getattr(_library_of(library), name)
    function.restype = restype
    function.argtypes = list(argtypes)
    return function


_libc: Any = ctypes.CDLL("msvcrt" if _WINDOWS else None)


class AbortFlag:
    """Stops a running llama_decode from any thread.

    llama.cpp asks after every node of the graph. A Python callback would have to wait for the
    interpreter's lock each time, so the callback is C's strlen over a text of one letter or none.
    """

    callback = ctypes.cast(_libc.strlen, lib.ggml_abort_callback)

    def __init__(self) -> None:
        self._text = ctypes.create_string_buffer(2)

    @property
    def address(self) -> int:
        return ctypes.addressof(self._text)

    def raise_(self) -> None:
        self._text[0] = b"!"


# C's abs takes the level and ignores the rest: a log callback that does nothing and needs no
# interpreter, for what is still freed while the process ends.
SILENT_LOG_CALLBACK = ctypes.cast(_libc.abs, lib.llama_log_callback)


def trim_heap() -> None:
    """Hand freed memory back to the system where the C library keeps it (glibc)."""
    if hasattr(_libc, "malloc_trim"):
        _libc.malloc_trim(0)


def text(value: bytes | None) -> str:
    return (value or b"").decode("utf-8", "replace")


def encoded_path(path: str) -> bytes:
    """For C's fopen: llama.cpp wants UTF-8 on Windows, the file system's bytes elsewhere."""
    return path.encode("utf-8") if _WINDOWS else os.fsencode(path)


def encoded_text(value: str) -> bytes:
    """Proper UTF-8; lone surrogates, which UTF-8 cannot hold, become U+FFFD."""
    try:
        return value.encode("utf-8")
    except UnicodeEncodeError:
        joined = value.encode("utf-16-le", "surrogatepass")
        return joined.decode("utf-16-le", "replace").encode("utf-8")
