"""How much of the line may be used; both limits can change while bytes flow."""

from app.downloads.clock import Clock, Pulse
from app.downloads.types import MIB

DEFAULT_CONNECTIONS = 8
MAX_CONNECTIONS = 32
_BURST_SECONDS = 0.25
_SHORTEST_SECONDS = 0.001


def check_limits(bytes_per_second: int | None, connections: int) -> None:
    """Raises ValueError when a limit makes no sense."""
    if bytes_per_second is not None and bytes_per_second < 1:
        raise ValueError("a cap is at least one byte per second")
    if not 1 <= connections <= MAX_CONNECTIONS:
        raise ValueError(f"connections: 1 to {MAX_CONNECTIONS}")


class Limits:
    """For the asyncio thread alone. bytes_per_second: None for no cap."""

    def __init__(
        self,
        clock: Clock,
        bytes_per_second: int | None = None,
        connections: int = DEFAULT_CONNECTIONS,
    ) -> None:
        self._clock = clock
        self._rate: int | None = None
        self._tokens = 0.0
        self._filled_at = clock.monotonic()
        self.changed = Pulse()
        self.connections = DEFAULT_CONNECTIONS
        self.set(bytes_per_second, connections)

    def set(self, bytes_per_second: int | None, connections: int) -> None:
        """Raises ValueError when a limit makes no sense."""
        check_limits(bytes_per_second, connections)
        self._rate = bytes_per_second
        self._tokens = 0.0
        self._filled_at = self._clock.monotonic()
        self.connections = connections
        self.changed.fire()

    @property
    def grain_bytes(self) -> int | None:
        """How much to ask for at once, so that a low cap still flows evenly; None without a cap."""
        if self._rate is None:
            return None
        return max(1024, min(MIB, int(self._rate * _BURST_SECONDS)))

    async def take(self, count: int) -> None:
        """Wait until `count` bytes may be received. The debt of a large one is paid by the next."""
        while self._rate is not None:
            rate, now = self._rate, self._clock.monotonic()
            grown = self._tokens + (now - self._filled_at) * rate
            self._tokens = min(grown, rate * _BURST_SECONDS)
            self._filled_at = now
            if self._tokens >= 0:
                self._tokens -= count
                return
            seconds = max(_SHORTEST_SECONDS, -self._tokens / rate)
            await self.changed.wait_or_sleep(self._clock, seconds)
