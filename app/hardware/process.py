"""What this very process takes."""

import psutil


def resident_bytes() -> int | None:
    """Physical memory of this process, mapped file pages included; None when not to be had."""
    try:
        return int(psutil.Process().memory_info().rss)
    except psutil.Error:
        return None
