"""The next time of a schedule: in every time zone, whatever its clocks do."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise, takewhile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.schedules.parsing import parse_schedule
from bot.schedules.recurrence import Schedule, next_occurrence
from tests.schedules.clocks import BEGIN, DAY, END, wall, watch, zones_that_differ

SECOND = timedelta(seconds=1)


def times(schedule: str, zone: ZoneInfo, begin: datetime, end: datetime) -> list[datetime]:
    """What fires from `begin` on and before `end`."""

    def occurrences() -> Iterator[datetime]:
        moment, rule = begin - SECOND, parse_schedule(schedule)
        while True:
            following = next_occurrence(rule, zone, moment)
            assert following is not None
            assert following > moment
            moment = following
            yield moment

    return list(takewhile(lambda moment: moment < end, occurrences()))


def local_times(schedule: str, zone: str, begin: str, end: str) -> list[str]:
    """What fires from one local day to another, with the offset from UTC."""
    place = ZoneInfo(zone)
    first, last = (datetime.fromisoformat(day).replace(tzinfo=place).astimezone(UTC) for day in (begin, end))
    return [f"{moment.astimezone(place):%Y-%m-%d %H:%M %z}" for moment in times(schedule, place, first, last)]


# --- By example


def test_instant_has_no_next_time() -> None:
    assert next_occurrence(parse_schedule("instant"), ZoneInfo("Europe/Berlin"), BEGIN) is None


def test_the_answer_is_in_utc_and_strictly_later() -> None:
    nine = datetime(2026, 1, 5, 8, tzinfo=UTC)
    berlin = ZoneInfo("Europe/Berlin")
    daily = parse_schedule("daily 09:00")
    assert next_occurrence(daily, berlin, nine - timedelta(microseconds=1)) == nine
    found = next_occurrence(daily, berlin, nine.astimezone(ZoneInfo("Asia/Tokyo")))
    assert found == nine + DAY
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    ("schedule", "zone", "begin", "end", "expected"),
    [
        pytest.param(
            *("weekdays 09:00", "Europe/Berlin", "2026-03-27", "2026-04-01"),
            ["2026-03-27 09:00 +0100", "2026-03-30 09:00 +0200", "2026-03-31 09:00 +0200"],
            id="the wall-clock time stays when summer time begins",
        ),
        pytest.param(
            *("daily 02:30", "Europe/Berlin", "2026-03-28", "2026-03-31"),
            ["2026-03-28 02:30 +0100", "2026-03-29 03:30 +0200", "2026-03-30 02:30 +0200"],
            id="a skipped time moves forward by the gap",
        ),
        pytest.param(
            *("daily 02:30", "Europe/Berlin", "2026-10-24", "2026-10-27"),
            ["2026-10-24 02:30 +0200", "2026-10-25 02:30 +0200", "2026-10-26 02:30 +0100"],
            id="a repeated time fires the first time only",
        ),
        pytest.param(
            *("daily 00:00", "America/Havana", "2026-03-07", "2026-03-10"),
            ["2026-03-07 00:00 -0500", "2026-03-08 01:00 -0400", "2026-03-09 00:00 -0400"],
            id="the day begins at one o'clock in Havana",
        ),
        pytest.param(
            *("daily 00:30", "America/Havana", "2026-10-31", "2026-11-03"),
            ["2026-10-31 00:30 -0400", "2026-11-01 00:30 -0400", "2026-11-02 00:30 -0500"],
            id="the first hour of the day comes twice in Havana",
        ),
        pytest.param(
            *("sun 00:00", "Asia/Beirut", "2026-03-22", "2026-04-06"),
            ["2026-03-22 00:00 +0200", "2026-03-29 01:00 +0300", "2026-04-05 00:00 +0300"],
            id="no week is lost in Beirut",
        ),
        pytest.param(
            *("mon 00:00", "Europe/Berlin", "2026-03-23", "2026-04-07"),
            ["2026-03-23 00:00 +0100", "2026-03-30 00:00 +0200", "2026-04-06 00:00 +0200"],
            id="no week is lost in Berlin",
        ),
        pytest.param(
            *("daily 02:15", "Australia/Lord_Howe", "2026-10-03", "2026-10-06"),
            ["2026-10-03 02:15 +1030", "2026-10-04 02:45 +1100", "2026-10-05 02:15 +1100"],
            id="half an hour is skipped on Lord Howe",
        ),
        pytest.param(
            *("daily 01:45", "Australia/Lord_Howe", "2026-04-04", "2026-04-07"),
            ["2026-04-04 01:45 +1100", "2026-04-05 01:45 +1100", "2026-04-06 01:45 +1030"],
            id="half an hour comes twice on Lord Howe",
        ),
        pytest.param(
            *("daily 23:30", "America/Nuuk", "2024-03-29", "2024-04-01"),
            ["2024-03-29 23:30 -0200", "2024-03-31 00:30 -0100", "2024-03-31 23:30 -0100"],
            id="the end of a day is skipped in Nuuk",
        ),
        pytest.param(
            *("daily 09:00", "Pacific/Apia", "2011-12-28", "2012-01-02"),
            ["2011-12-28 09:00 -1000", "2011-12-29 09:00 -1000", "2011-12-31 09:00 +1400", "2012-01-01 09:00 +1400"],
            id="a whole day is skipped on Samoa",
        ),
        pytest.param(
            *("fri 09:00", "Pacific/Apia", "2011-12-23", "2012-01-07"),
            ["2011-12-23 09:00 -1000", "2011-12-31 09:00 +1400", "2012-01-06 09:00 +1400"],
            id="the Friday that Samoa skipped is made up for",
        ),
        pytest.param(
            *("daily 12:00", "Pacific/Kwajalein", "1993-08-19", "1993-08-24"),
            ["1993-08-19 12:00 -1200", "1993-08-20 12:00 -1200", "1993-08-22 12:00 +1200", "1993-08-23 12:00 +1200"],
            id="a whole day is skipped on Kwajalein",
        ),
        pytest.param(
            *("daily 09:00", "Asia/Kathmandu", "2026-01-01", "2026-01-03"),
            ["2026-01-01 09:00 +0545", "2026-01-02 09:00 +0545"],
            id="an offset of quarters of an hour",
        ),
        pytest.param(
            *("hourly", "Asia/Kathmandu", "2026-01-01", "2026-01-01T02:00"),
            ["2026-01-01 00:45 +0545", "2026-01-01 01:45 +0545"],
            id="hours are those of UTC",
        ),
        pytest.param(
            *("hourly", "Europe/Berlin", "2026-10-25T01:00", "2026-10-25T04:00"),
            [f"2026-10-25 {at}" for at in ("01:00 +0200", "02:00 +0200", "02:00 +0100", "03:00 +0100")],
            id="an hour that comes twice has two digests of the hour",
        ),
        pytest.param(
            *("monthly 31 23:59", "UTC", "2024-01-01", "2024-06-01"),
            [f"2024-{day} 23:59 +0000" for day in ("01-31", "02-29", "03-31", "04-30", "05-31")],
            id="the last day of a shorter month",
        ),
        pytest.param(
            *("monthly 29 09:00", "UTC", "2025-01-30", "2025-04-01"),
            ["2025-02-28 09:00 +0000", "2025-03-29 09:00 +0000"],
            id="the 29th in a year without leap day",
        ),
        pytest.param(
            *("monthly 1 00:00", "Africa/Cairo", "2026-04-01", "2026-06-02"),
            ["2026-04-01 00:00 +0200", "2026-05-01 00:00 +0300", "2026-06-01 00:00 +0300"],
            id="no month is lost",
        ),
        pytest.param(
            *("cron 30 2 * * sun", "Europe/Berlin", "2026-03-22", "2026-04-06"),
            ["2026-03-22 02:30 +0100", "2026-03-29 03:30 +0200", "2026-04-05 02:30 +0200"],
            id="cron follows the same rule where a time is skipped",
        ),
        pytest.param(
            *("cron 30 2,3 * * *", "Europe/Berlin", "2026-03-29", "2026-03-30"),
            ["2026-03-29 03:30 +0200"],
            id="a moved time and a regular one at the same moment are one",
        ),
        pytest.param(
            *("cron 10,35 2 * * *", "Australia/Lord_Howe", "2026-10-04", "2026-10-05"),
            ["2026-10-04 02:35 +1100", "2026-10-04 02:40 +1100"],
            id="a moved time comes after a regular one that was behind it",
        ),
        pytest.param(
            *("cron 0 9 l * *", "UTC", "2026-02-01", "2026-04-01"),
            ["2026-02-28 09:00 +0000", "2026-03-31 09:00 +0000"],
            id="cron's last day of the month",
        ),
        pytest.param(
            *("cron 0 0 29 2 *", "Europe/Berlin", "2025-01-01", "2033-01-01"),
            ["2028-02-29 00:00 +0100", "2032-02-29 00:00 +0100"],
            id="leap days by cron",
        ),
    ],
)
def test_what_fires(schedule: str, zone: str, begin: str, end: str, expected: list[str]) -> None:
    assert local_times(schedule, zone, begin, end) == expected


# --- In every zone

AROUND_CHANGES = ["00:00", "00:01", "00:30", "01:00", "01:15", "01:59", "02:00", "02:30", "03:00", "12:00", "23:30"]


def test_around_every_change_of_a_clock_daily_agrees_with_watching_the_clock() -> None:
    for zone, found in zones_that_differ().items():
        for change in found:
            noon = datetime.combine(wall(change.at, zone).date(), time(12), zone).astimezone(UTC)
            begin, end = noon - 3 * DAY / 2, noon + 3 * DAY / 2
            seen: dict[time, set[datetime]] = {}
            for shown, moment in watch(zone, begin, end):
                seen.setdefault(shown.time(), set()).add(moment)
            for at in AROUND_CHANGES:
                expected = sorted(seen[time.fromisoformat(at)])
                assert times(f"daily {at}", zone, begin, end) == expected, (zone, change, at)


FIRST_DAY, LAST_DAY = date(2024, 1, 2), date(2026, 12, 30)


def days_of_three_years() -> Iterator[date]:
    return (FIRST_DAY + number * DAY for number in range((LAST_DAY - FIRST_DAY).days))


@pytest.mark.parametrize(
    ("schedule", "at", "is_day"),
    [
        ("daily 00:30", "00:30", lambda day: True),
        ("weekdays 02:00", "02:00", lambda day: day.weekday() < 5),
        ("sun 00:00", "00:00", lambda day: day.weekday() == 6),
        ("sat,sun 23:59", "23:59", lambda day: day.weekday() >= 5),
        ("monthly 1 00:00", "00:00", lambda day: day.day == 1),
        ("monthly 30 02:30", "02:30", lambda day: day.day == min(30, calendar.monthrange(day.year, day.month)[1])),
        ("monthly 31 03:00", "03:00", lambda day: day.day == calendar.monthrange(day.year, day.month)[1]),
    ],
)
def test_in_every_zone_each_period_of_three_years_has_one_time(
    schedule: str, at: str, is_day: Callable[[date], bool]
) -> None:
    wanted = [datetime.combine(day, time.fromisoformat(at)) for day in days_of_three_years() if is_day(day)]
    for zone in zones_that_differ():
        begin, end = (datetime.combine(day, time(), zone).astimezone(UTC) for day in (FIRST_DAY, LAST_DAY))
        found = times(schedule, zone, begin, end)
        assert len(found) == len(wanted), zone
        for moment, nominal in zip(found, wanted, strict=True):
            local = moment.astimezone(zone)
            if local.replace(tzinfo=None) != nominal:
                assert_skipped(nominal, zone, moment)
            assert local.fold == 0, (zone, local)


def assert_skipped(nominal: datetime, zone: ZoneInfo, moment: datetime) -> None:
    """That no clock in the zone shows that time, and that the moment is as far behind it as the clock was moved."""
    before, after = ((moment + step).astimezone(zone).utcoffset() for step in (-DAY, DAY))
    assert before is not None
    assert after is not None
    assert all(wall((nominal - offset).replace(tzinfo=UTC), zone) != nominal for offset in (before, after))
    assert wall(moment, zone) - nominal == after - before


zones = st.deferred(lambda: st.sampled_from(sorted(zones_that_differ(), key=str)))
moments = st.datetimes(
    datetime.fromisoformat("1980-01-01"), datetime.fromisoformat("2045-01-01"), timezones=st.just(UTC)
)
clock_times = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
fields = {
    "minute": st.sampled_from(["0", "30", "7,52", "*/20", "0-59/15"]),
    "hour": st.sampled_from(["0", "1,2", "2", "2,3", "*/2", "0-4", "*", "23"]),
    "day": st.sampled_from(["*", "1", "28-31", "l", "*/2", "13"]),
    "month": st.sampled_from(["*", "3,10", "4,11", "jan-dec"]),
    "weekday": st.sampled_from(["*", "sun", "mon-fri", "5l", "sun#1"]),
}
cron = st.builds("cron {minute} {hour} {day} {month} {weekday}".format, **fields)
schedules = st.one_of(
    st.just("hourly"),
    st.builds("{} {}".format, st.sampled_from(["daily", "weekdays", "sun", "mon,sat"]), clock_times),
    st.builds("monthly {} {}".format, st.integers(1, 31), clock_times),
    cron,
).map(parse_schedule)


@settings(deadline=None)
@given(schedules, zones, moments, st.floats(0, 1))
def test_every_moment_before_the_next_time_has_the_same_next_time(
    schedule: Schedule, zone: ZoneInfo, after: datetime, share: float
) -> None:
    found = next_occurrence(schedule, zone, after)
    assert found is not None
    assert found > after
    just_before = found - timedelta(microseconds=1)
    for moment in (min(after + share * (found - after), just_before), just_before):
        assert next_occurrence(schedule, zone, moment) == found
    following = next_occurrence(schedule, zone, found)
    assert following is not None
    assert following > found


@settings(deadline=None, max_examples=60)
@given(cron, zones, st.data())
def test_cron_agrees_with_watching_the_clock_when_it_is_changed(rule: str, zone: ZoneInfo, data: st.DataObject) -> None:
    found = zones_that_differ()[zone]
    at = data.draw(st.sampled_from(found)).at if found else data.draw(moments).replace(second=0, microsecond=0)
    begin, end = at - DAY, at + DAY
    on_the_wall = times(rule, ZoneInfo("UTC"), *(edge.replace(tzinfo=UTC) for edge in _walls(zone, begin, end)))
    wanted = {moment.replace(tzinfo=None) for moment in on_the_wall}
    expected = sorted({moment for shown, moment in watch(zone, begin, end) if shown in wanted and moment < end})
    assert times(rule, zone, begin, end) == expected


def _walls(zone: ZoneInfo, begin: datetime, end: datetime) -> tuple[datetime, datetime]:
    return wall(begin, zone), wall(end, zone)


@pytest.mark.parametrize(
    ("schedule", "same"),
    [
        ("daily 00:30", "cron 30 0 * * *"),
        ("daily 02:30", "cron 30 2 * * *"),
        ("weekdays 02:00", "cron 0 2 * * 1-5"),
        ("sat,sun 23:59", "cron 59 23 * * sun,sat"),
        ("monthly 28 00:00", "cron 0 0 28 * *"),
        ("monthly 31 01:00", "cron 0 1 l * *"),
    ],
)
def test_in_every_zone_cron_means_the_same_as_words(schedule: str, same: str) -> None:
    for zone, found in zones_that_differ().items():
        for change in found:
            edges = change.at - 40 * DAY, change.at + 40 * DAY
            assert times(schedule, zone, *edges) == times(same, zone, *edges), zone


@pytest.mark.parametrize(
    ("name", "day"),
    [("Pacific/Apia", "2011-12-30"), ("Pacific/Kwajalein", "1993-08-21"), ("Asia/Manila", "1844-12-31")],
)
@pytest.mark.parametrize(
    ("rule", "longest", "least"),
    [
        ("daily 00:00", DAY, 39),
        ("daily 23:59", DAY, 39),
        ("fri 12:00", 7 * DAY, 5),
        ("sat 00:00", 7 * DAY, 5),
        ("cron 0 */3 * * *", DAY / 8, 39 * 8),
        ("hourly", DAY / 24, 40 * 24),
    ],
)
def test_where_a_whole_day_is_skipped_no_time_is_lost(
    name: str, day: str, rule: str, longest: timedelta, least: int
) -> None:
    zone = ZoneInfo(name)
    middle = datetime.fromisoformat(day).replace(tzinfo=UTC)
    found = times(rule, zone, middle - 20 * DAY, middle + 20 * DAY)
    assert all(later - early <= longest for early, later in pairwise(found))
    assert len(found) >= least


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns", "Pacific/Apia"])
def test_hourly_comes_every_hour_whatever_the_clocks_do(zone: str) -> None:
    found = times("hourly", ZoneInfo(zone), BEGIN, END)
    assert {later - early for early, later in pairwise(found)} == {timedelta(hours=1)}
    assert len(found) == (END - BEGIN) // timedelta(hours=1)
