"""How long a server wants to be left alone."""

import re
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Protocol


class Headers(Protocol):
    def get(self, name: str, default: str, /) -> str: ...


_LONGEST_WAIT_SECONDS = 3600.0


def retry_after(headers: Headers, now: datetime) -> float | None:
    """Seconds, from Retry-After (seconds or a date) or RateLimit when nothing is left there."""
    given = headers.get("Retry-After", "").strip()
    seconds: float | None = None
    if re.fullmatch(r"\d{1,9}(\.\d+)?", given):
        seconds = float(given)
    elif given:
        try:
            seconds = (parsedate_to_datetime(given) - now).total_seconds()
        except (ValueError, TypeError):
            seconds = None
    if seconds is None:
        limit = re.search(
            r"r\s*=\s*(\d{1,9})\s*;\s*t\s*=\s*(\d{1,9})", headers.get("RateLimit", "")
        )
        if limit is not None and int(limit[1]) == 0:
            seconds = float(limit[2])
    if seconds is None:
        return None
    return min(max(0.0, seconds), _LONGEST_WAIT_SECONDS)
