"""Probes side by side, each given up at its deadline: a driver or a dead network disk can hang."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from app.core.language import tr
from app.hardware.types import Probe, ProbeStatus

T_co = TypeVar("T_co", covariant=True)
_log = logging.getLogger(__name__)


class ProbeError(Exception):
    """A probe that cannot answer, and why. status is that of the record."""

    def __init__(self, reason: str, status: ProbeStatus = "failed") -> None:
        super().__init__(reason)
        self.status = status


class Task(Generic[T_co]):
    """Runs `work` in a daemon thread from now on; nobody waits for one that hangs."""

    def __init__(self, name: str, work: Callable[[], T_co]) -> None:
        self._name = name
        self._work = work
        self._done = threading.Event()
        self._value: T_co | None = None
        self._record = Probe(name)
        self._started = time.monotonic()
        threading.Thread(target=self._run, name=f"probe-{name}", daemon=True).start()

    def result(self, deadline: float) -> tuple[T_co | None, Probe]:
        """Waits until `deadline` (time.monotonic). The value is None when there is none."""
        if not self._done.wait(max(0.0, deadline - time.monotonic())):
            waited = time.monotonic() - self._started
            error = tr("No answer within {seconds:.0f} seconds; given up.", seconds=waited)
            return None, Probe(self._name, "timed out", round(waited, 3), error)
        return self._value, self._record

    def _run(self) -> None:
        status: ProbeStatus = "ok"
        error = ""
        try:
            self._value = self._work()
        except ProbeError as failure:
            status, error = failure.status, str(failure)
        except Exception as failure:  # noqa: BLE001 - one probe must not spoil the others
            _log.exception("The probe %s failed", self._name)
            status, error = "failed", f"{type(failure).__name__}: {failure}"
        seconds = round(time.monotonic() - self._started, 3)
        self._record = Probe(self._name, status, seconds, error)
        self._done.set()
