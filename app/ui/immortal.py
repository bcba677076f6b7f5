"""Keeps Python 3.11 alive under PySide6 6.12."""

import ctypes
import sys

_MANY = 1 << 40


def make_singletons_immortal() -> None:
    """Give None, True and False more references than could ever be lost.

    PySide6 6.12.0 returns them without taking a reference, as is right from Python 3.12 on, where
    they are immortal. On 3.11 each such call loses one, until after some ten thousand calls the
    interpreter aborts with "deallocating None".
    """
    if sys.version_info >= (3, 12):
        return
    for singleton in (None, True, False, NotImplemented, Ellipsis):
        ctypes.c_ssize_t.from_address(id(singleton)).value += _MANY
