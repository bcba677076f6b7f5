"""Time and wake-ups, so that tests can own them."""

import asyncio
import time
from collections.abc import Coroutine
from typing import Any, Protocol


class Clock(Protocol):
    def monotonic(self) -> float: ...

    async def sleep(self, seconds: float) -> None: ...


class RealClock:
    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Pulse:
    """Wakes everyone who waits at this moment, and nobody later. For one asyncio loop."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def fire(self) -> None:
        self._event.set()
        self._event = asyncio.Event()

    def wait(self) -> Coroutine[Any, Any, object]:
        """What fires from this call on counts, even before the waiting begins."""
        return self._event.wait()

    async def wait_or_sleep(self, clock: Clock, seconds: float) -> None:
        """Until it fires or the time is up."""
        sleeping = asyncio.ensure_future(clock.sleep(seconds))
        firing = asyncio.ensure_future(self._event.wait())
        try:
            await asyncio.wait((sleeping, firing), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sleeping, firing):
                task.cancel()


async def first_of(*pulses: Pulse, within_seconds: float | None = None) -> None:
    """Until one of them fires or the time (of the system, not of a clock) is up."""
    waiting = [asyncio.ensure_future(pulse.wait()) for pulse in pulses]
    try:
        await asyncio.wait(waiting, timeout=within_seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
