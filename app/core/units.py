"""Numbers for people: sizes in GB (10^9 bytes) as the Hub shows them, spans of time."""


def gigabytes(size_bytes: int) -> str:
    """`216 GB`, `21.4 GB`, `2.6 MB`, `812 bytes`: three figures at most."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size_bytes >= factor:
            value = size_bytes / factor
            return f"{value:.0f} {unit}" if value >= 100 else f"{value:.1f} {unit}"
    return f"{size_bytes} bytes"


def count(number: int) -> str:
    """`32,768`."""
    return f"{number:,}"


def duration(seconds: float) -> str:
    """`2 ms`, `1.8 s`, `14 s`, `3 min 20 s`, `2 h 5 min`."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"
