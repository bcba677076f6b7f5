"""The time, here or in a given time zone."""

import difflib
import os
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from app.core.cancel import CancelToken
from app.core.json import JsonObject
from app.core.language import mark
from app.core.messages import ToolSpec
from app.tools.tool import Tool, ToolFailure

Clock = Callable[[], datetime]

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_OFFSET = re.compile(r"(?:utc|gmt)?\s*([+-])\s*(\d{1,2})(?::?([0-5]\d))?", re.IGNORECASE)
_HERE = {"", "local", "here", "null", "none"}
# Large cities that name no zone of their own.
_CITIES = {
    "beijing": "Asia/Shanghai",
    "北京": "Asia/Shanghai",
    "上海": "Asia/Shanghai",
    "东京": "Asia/Tokyo",
    "shenzhen": "Asia/Shanghai",
    "mumbai": "Asia/Kolkata",
    "delhi": "Asia/Kolkata",
    "san_francisco": "America/Los_Angeles",
    "seattle": "America/Los_Angeles",
    "washington": "America/New_York",
    "boston": "America/New_York",
    "munich": "Europe/Berlin",
    "frankfurt": "Europe/Berlin",
    "barcelona": "Europe/Madrid",
    "geneva": "Europe/Zurich",
}


def current_time(zone_name: str, now: datetime, local: tzinfo | None = None) -> str:
    """`2026-11-23 22:54:22 CST (Asia/Shanghai), Monday`. now is aware; local is for an empty name,
    None for the machine's own. Raises ToolFailure for a zone that does not exist."""
    key = zone_name.strip().strip("\"'")
    zone = (local or _own_zone()) if key.casefold() in _HERE else _find(key)
    moment = now.astimezone(zone)
    return f"{moment:%Y-%m-%d %H:%M:%S} {_zone_label(moment)}, {_WEEKDAYS[moment.weekday()]}"


def _zone_label(moment: datetime) -> str:
    """`UTC`, `CST (Asia/Shanghai)`, or `UTC+05:30` for an offset without a name."""
    name = moment.tzname() or ""
    if name == "UTC":
        return name
    key = getattr(moment.tzinfo, "key", None)
    if key:
        return f"{name} ({key})"
    offset = f"UTC{moment:%z}"
    offset = f"{offset[:6]}:{offset[6:8]}"
    # Windows gives its zones long names in the system's language; letters are an abbreviation.
    short = name.isascii() and name.isalpha() and len(name) <= 5
    return f"{name} ({offset})" if short else offset


def _own_zone() -> tzinfo | None:
    """By its IANA name where the system tells it, else None: astimezone's own."""
    name = os.environ.get("TZ", "").lstrip(":") or _linked_zone()
    return ZoneInfo(name) if name in _zones().values() else None


def _linked_zone() -> str:
    try:
        target = str(Path("/etc/localtime").readlink())
    except OSError:
        return ""
    return target.partition("zoneinfo/")[2]


def _find(name: str) -> tzinfo:
    if match := _OFFSET.fullmatch(name):
        size = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
        if size <= timedelta(hours=14):
            return timezone(-size if match[1] == "-" else size)
    wanted = re.sub(r"\s*/\s*", "/", name).replace(" ", "_").casefold()
    if wanted in {"z", "zulu", "utc", "gmt", "etc/utc"}:
        return UTC
    key = _zones().get(wanted) or _CITIES.get(wanted) or _cities().get(wanted)
    if key is None:
        raise ToolFailure(_unknown(name, wanted))
    return ZoneInfo(key)


def _unknown(name: str, wanted: str) -> str:
    candidates = {**_cities(), **_CITIES, **_zones()}
    near = difflib.get_close_matches(wanted[:60], candidates, n=1, cutoff=0.75)
    shown = name if len(name) <= 60 else name[:60] + "…"
    hint = f"did you mean {candidates[near[0]]}?" if near else "use a name such as Europe/Berlin"
    return f"there is no time zone {shown}; {hint}"


@cache
def _zones() -> dict[str, str]:
    return {key.casefold(): key for key in sorted(available_timezones())}


@cache
def _cities() -> dict[str, str]:
    """The last part of a name, where only one zone has it: `berlin` -> `Europe/Berlin`."""
    found: dict[str, list[str]] = {}
    for key in _zones().values():
        if "/" in key and not key.startswith(("Etc/", "US/", "SystemV/")):
            found.setdefault(key.rpartition("/")[2].casefold(), []).append(key)
    return {city: keys[0] for city, keys in found.items() if len(keys) == 1}


def make_current_time(clock: Clock) -> Tool:
    """The tool with its clock; the clock returns an aware datetime."""

    def run(arguments: JsonObject, _cancel: CancelToken) -> str:
        return current_time(str(arguments.get("timezone", "")), clock())

    return Tool(
        ToolSpec(
            "current_time",
            "Tells the current date and time, in a given time zone or in this machine's own.",
            {
                "type": "object",
                "properties": {
                    "timezone": {
                        "type": "string",
                        "description": "IANA name such as Europe/Berlin or Asia/Shanghai; leave "
                        "it out for this machine's own time zone.",
                    }
                },
                "required": [],
            },
        ),
        run,
        title=mark("Clock"),
    )


CURRENT_TIME = make_current_time(lambda: datetime.now(UTC))
