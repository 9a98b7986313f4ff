"""What is stored and cannot be read has a stand-in, so that one channel keeps no other from its papers."""

from __future__ import annotations

import resource
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.next_digest import next_digest_at
from bot.schedules.parsing import parse_schedule
from bot.schedules.stored import DEFAULT_SCHEDULE, misread, schedule_of, zone_of

NOW = datetime(2026, 5, 4, 7, 30, tzinfo=UTC)
NAMES = st.one_of(st.text(), st.sampled_from(["", "Europe", "../etc", "/etc/passwd", "a\0b", "tzdata.zi", "x" * 300]))


@given(st.text(), NAMES)
def test_whatever_is_stored_is_at_a_time(schedule: str, time_zone: str) -> None:
    moment = next_digest_at(schedule, time_zone, NOW)
    assert (moment is None) is schedule_of(schedule).is_instant
    assert moment is None or moment > NOW


def test_what_cannot_be_read_is_said_with_what_stands_in_for_it() -> None:
    assert not misread("mon 17:30", "Europe/Berlin")
    assert (schedule_of("mon 17:30"), zone_of("Europe/Berlin")) == (
        parse_schedule("mon 17:30"),
        ZoneInfo("Europe/Berlin"),
    )
    assert schedule_of("each full moon") == parse_schedule(DEFAULT_SCHEDULE)
    assert "“each full moon” is not understood: it is “weekdays 09:00”" in misread("each full moon", "Europe/Berlin")
    assert zone_of("Europe/Atlantis").key == "UTC"
    assert misread("mon", "Europe/Atlantis").startswith("the time zone “Europe/Atlantis” is not known here: it is UTC")


def test_a_zone_that_cannot_be_read_just_now_is_not_taken_for_unknown() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        with pytest.raises((OSError, ZoneInfoNotFoundError)):
            zone_of("Pacific/Chatham")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert zone_of("Pacific/Chatham").key == "Pacific/Chatham"
