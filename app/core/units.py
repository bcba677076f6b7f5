"""Numbers for people: sizes in GB (10^9 bytes) as the Hub shows them, spans of time."""

from app.core.language import tr


def gigabytes(size_bytes: int) -> str:
    """`216 GB`, `21.4 GB`, `2.6 MB`, `812 bytes`: three figures at most."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size_bytes >= factor:
            value = size_bytes / factor
            return f"{value:.0f} {unit}" if value >= 100 else f"{value:.1f} {unit}"
    return tr("{size} bytes", size=size_bytes)


def count(number: int) -> str:
    """`32,768`."""
    return f"{number:,}"


def duration(seconds: float) -> str:
    """`2 ms`, `1.8 s`, `14 s`, `3 min 20 s`, `2 h 5 min`."""
    if seconds < 1:
        return tr("{seconds:.0f} ms", seconds=seconds * 1000)
    if seconds < 10:
        return tr("{seconds:.1f} s", seconds=seconds)
    if seconds < 60:
        return tr("{seconds:.0f} s", seconds=seconds)
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return (
            tr("{minutes} min {rest} s", minutes=minutes, rest=rest)
            if rest
            else tr("{minutes} min", minutes=minutes)
        )
    hours, minutes = divmod(minutes, 60)
    return (
        tr("{hours} h {minutes} min", hours=hours, minutes=minutes)
        if minutes
        else tr("{hours} h", hours=hours)
    )
