"""Speed over the last seconds, as people understand it."""

from collections import deque


class SpeedMeter:
    """window_seconds: how far back it looks. Feed it with a count that only grows."""

    def __init__(self, window_seconds: float = 8.0) -> None:
        self._window = window_seconds
        self._samples: deque[tuple[float, int]] = deque()

    def sample(self, now: float, total_bytes: int) -> None:
        samples = self._samples
        if samples and total_bytes < samples[-1][1]:
            samples.clear()
        samples.append((now, total_bytes))
        while len(samples) > 2 and samples[1][0] <= now - self._window:
            samples.popleft()

    def reset(self) -> None:
        self._samples.clear()

    @property
    def bytes_per_second(self) -> float | None:
        """None before half a second has been seen."""
        if len(self._samples) < 2:
            return None
        (start, first), (end, last) = self._samples[0], self._samples[-1]
        return (last - first) / (end - start) if end - start >= 0.5 else None

    def seconds_left(self, remaining_bytes: int) -> float | None:
        speed = self.bytes_per_second
        return remaining_bytes / speed if speed else None
