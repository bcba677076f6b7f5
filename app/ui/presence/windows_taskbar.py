"""ITaskbarList3 of Windows: progress on the task bar's button.

https://learn.microsoft.com/windows/win32/api/shobjidl_core/nn-shobjidl_core-itaskbarlist3
"""

import ctypes
import logging
import uuid
from typing import Any

_CLSID = "{56FDF344-FD6D-11d0-958A-006097C9A090}"
_IID = "{EA1AFB91-9E28-4B86-90E9-9E9F8A5EEFAF}"
_HR_INIT, _SET_VALUE, _SET_STATE = 3, 9, 10
_NO_PROGRESS, _NORMAL = 0, 2
_INPROC_SERVER = 1
_STEPS = 1000
_WINDLL: Any = getattr(ctypes, "windll", None)
_FUNCTION: Any = getattr(ctypes, "WINFUNCTYPE", None)
_RESULT: Any = getattr(ctypes, "HRESULT", None)
_log = logging.getLogger(__name__)


class WindowsTaskbar:
    """A COM object of the GUI thread, kept as long as the program runs."""

    def __init__(self, window: int, pointer: Any) -> None:  # noqa: ANN401 - a C pointer
        self._window, self._pointer = window, pointer
        self._shown: int | None = None

    @classmethod
    def create(cls, window: int) -> "WindowsTaskbar | None":
        """None where the task bar does not offer it."""
        if _WINDLL is None:
            return None
        try:
            ole = _WINDLL.ole32
            ole.CoInitialize(None)
            pointer = ctypes.c_void_p()
            clsid, iid = _guid(_CLSID), _guid(_IID)
            result = ole.CoCreateInstance(clsid, None, _INPROC_SERVER, iid, ctypes.byref(pointer))
            if result != 0 or not pointer:
                return None
            made = cls(window, pointer)
            made._call(_HR_INIT)
        except (OSError, AttributeError, ValueError):
            _log.debug("No progress on the task bar", exc_info=True)
            return None
        return made

    def show(self, fraction: float | None) -> None:
        value = None if fraction is None else round(_STEPS * fraction)
        if value == self._shown:
            return
        self._shown = value
        try:
            if value is None:
                self._call(_SET_STATE, ctypes.c_void_p(self._window), ctypes.c_int(_NO_PROGRESS))
                return
            self._call(_SET_STATE, ctypes.c_void_p(self._window), ctypes.c_int(_NORMAL))
            self._call(
                _SET_VALUE,
                ctypes.c_void_p(self._window),
                ctypes.c_ulonglong(value),
                ctypes.c_ulonglong(_STEPS),
            )
        except (OSError, AttributeError, ValueError):
            _log.debug("The task bar could not be told", exc_info=True)

    def _call(self, index: int, *arguments: Any) -> None:  # noqa: ANN401 - C values
        """A method by its place in the object's table."""
        table = ctypes.cast(self._pointer, ctypes.POINTER(ctypes.POINTER(ctypes.c_void_p)))
        types = [type(argument) for argument in arguments]
        prototype = _FUNCTION(_RESULT, ctypes.c_void_p, *types)
        prototype(table.contents[index])(self._pointer, *arguments)


def _guid(text: str) -> Any:  # noqa: ANN401 - a C buffer
    return ctypes.create_string_buffer(uuid.UUID(text).bytes_le, 16)
