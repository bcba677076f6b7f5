from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from app.core.cancel import CancelToken
from app.tools.clock import current_time, make_current_time
from app.tools.tool import ToolFailure

NOW = datetime(2026, 11, 23, 14, 54, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("UTC", "2026-11-23 14:54:22 UTC, Monday"),
        ("Etc/UTC", "2026-11-23 14:54:22 UTC, Monday"),
        ("Asia/Shanghai", "2026-11-23 22:54:22 CST (Asia/Shanghai), Monday"),
        ("asia/shanghai", "2026-11-23 22:54:22 CST (Asia/Shanghai), Monday"),
        (" Europe / Berlin ", "2026-11-23 15:54:22 CET (Europe/Berlin), Monday"),
        ("berlin", "2026-11-23 15:54:22 CET (Europe/Berlin), Monday"),
        ("New York", "2026-11-23 09:54:22 EST (America/New_York), Monday"),
        ("Beijing", "2026-11-23 22:54:22 CST (Asia/Shanghai), Monday"),
        ("北京", "2026-11-23 22:54:22 CST (Asia/Shanghai), Monday"),
        ("Pacific/Kiritimati", "2026-11-24 04:54:22 +14 (Pacific/Kiritimati), Tuesday"),
        ("UTC+8", "2026-11-23 22:54:22 UTC+08:00, Monday"),
        ("gmt -3:30", "2026-11-23 11:24:22 UTC-03:30, Monday"),
        ("+05:30", "2026-11-23 20:24:22 UTC+05:30, Monday"),
        ("UTC+0", "2026-11-23 14:54:22 UTC, Monday"),
    ],
)
def test_the_time_in_a_zone(zone: str, shown: str) -> None:
    assert current_time(zone, NOW) == shown


@pytest.mark.parametrize("zone", ["", "  ", "local", "null", '""'])
def test_the_time_here(zone: str) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert current_time(zone, NOW, berlin) == "2026-11-23 15:54:22 CET (Europe/Berlin), Monday"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("CET", "15:54:22 CET (UTC+01:00), Monday"),
        ("Mitteleuropäische Zeit", "15:54:22 UTC+01:00, Monday"),
        ("W. Europe Standard Time", "15:54:22 UTC+01:00, Monday"),
    ],
)
def test_a_local_zone_without_an_iana_name(name: str, shown: str) -> None:
    assert current_time("", NOW, timezone(timedelta(hours=1), name)).endswith(shown)


def test_the_machines_own_zone_is_named_as_the_system_names_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert current_time("", NOW) == "2026-11-23 23:54:22 JST (Asia/Tokyo), Monday"


def test_summer_time() -> None:
    july = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
    assert "14:00:00 CEST" in current_time("Europe/Berlin", july)


@pytest.mark.parametrize(
    ("zone", "hint"),
    [
        ("Europe/Berln", "did you mean Europe/Berlin?"),
        ("Shanghia", "did you mean Asia/Shanghai?"),
        ("Middle-earth", "use a name such as Europe/Berlin"),
        ("../../etc/passwd", "use a name such as"),
        ("UTC+99", "no time zone"),
        ("x" * 10_000, "no time zone"),
        ("\0", "no time zone"),
    ],
)
def test_an_unknown_zone_is_a_failure_with_a_hint(zone: str, hint: str) -> None:
    with pytest.raises(ToolFailure) as caught:
        current_time(zone, NOW)
    assert hint in str(caught.value)
    assert len(str(caught.value)) < 200


def test_the_tool_reads_its_clock() -> None:
    tool = make_current_time(lambda: NOW)
    assert tool.run({"timezone": "UTC"}, CancelToken()) == "2026-11-23 14:54:22 UTC, Monday"
    assert tool.run({}, CancelToken()).startswith("2026-11-2")
