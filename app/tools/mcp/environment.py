"""What a server's program gets to see of this program's environment."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

_POSIX = (
    "HOME",
    "LOGNAME",
    "PATH",
    "SHELL",
    "TERM",
    "USER",
    "TMPDIR",
    "TZ",
    "LANG",
    "LANGUAGE",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_CACHE_HOME",
    "XDG_STATE_HOME",
    "XDG_RUNTIME_DIR",
)
_WINDOWS = (
    "APPDATA",
    "COMSPEC",
    "HOMEDRIVE",
    "HOMEPATH",
    "LOCALAPPDATA",
    "PATH",
    "PATHEXT",
    "PROCESSOR_ARCHITECTURE",
    "PROGRAMDATA",
    "PROGRAMFILES",
    "SYSTEMDRIVE",
    "SYSTEMROOT",
    "TEMP",
    "TMP",
    "USERNAME",
    "USERPROFILE",
)
_USUAL_FOLDERS = ("/usr/local/bin", "/opt/homebrew/bin", "~/.local/bin")
"""Where programs lie that a desktop does not put on the path, as a terminal does."""
_ANYWHERE = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")


def server_environment(
    own: tuple[tuple[str, str], ...], outer: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Only what a program needs to run (path, home, language, proxies), and what the person set
    for this server. Tokens and keys that lie in the environment stay here."""
    outer = os.environ if outer is None else outer
    names = {*(_WINDOWS if sys.platform == "win32" else _POSIX), *_ANYWHERE}
    kept = {
        name: value
        for name, value in outer.items()
        # A value that begins so is a shell's function.
        if (name.upper() in names or name.upper().startswith("LC_")) and not value.startswith("()")
    }
    if sys.platform != "win32":
        kept["PATH"] = _longer_path(kept.get("PATH", os.defpath))
    return kept | dict(own)


def _longer_path(path: str) -> str:
    folders = [folder for folder in path.split(os.pathsep) if folder]
    usual = [str(Path(folder).expanduser()) for folder in _USUAL_FOLDERS]
    return os.pathsep.join(dict.fromkeys((*folders, *usual)))
