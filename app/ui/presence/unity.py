"""The launcher entry of Linux desktops (com.canonical.Unity.LauncherEntry): Plasma, GNOME's docks,
Unity. One signal on the session bus; nobody has to answer.

https://wiki.ubuntu.com/Unity/LauncherAPI
"""

import logging
import os
from pathlib import Path

from app.core.language import tr
from app.core.paths import APP_ID

_PATH = "/io/github/glm_launcher/GlmLauncher"
_INTERFACE = "com.canonical.Unity.LauncherEntry"
_log = logging.getLogger(__name__)


def session_bus_there() -> bool:
    """Asking for a bus that is not there would start one."""
    if os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return True
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    return bool(runtime) and (Path(runtime or "") / "bus").exists()


class UnityLauncher:
    def __init__(self) -> None:
        self._shown: int | None = None

    def show(self, fraction: float | None) -> None:
        percent = None if fraction is None else int(100 * fraction)
        if percent == self._shown:
            return
        self._shown = percent
        try:
            self._send(percent)
        except Exception:  # noqa: BLE001 - an ornament must not disturb a download
            _log.debug("The launcher entry could not be told", exc_info=True)

    def _send(self, percent: int | None) -> None:
        from PySide6.QtDBus import QDBusConnection, QDBusMessage

        bus = QDBusConnection.sessionBus()
        if not bus.isConnected():
            return
        told = {"progress": (percent or 0) / 100.0, "progress-visible": percent is not None}
        message = QDBusMessage.createSignal(_PATH, _INTERFACE, tr("Update"))
        message.setArguments([f"application://{APP_ID}.desktop", told])
        bus.send(message)
