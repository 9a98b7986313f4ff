"""Days as people name them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.errors import UserError
from bot.schedules.days import DAY_NAMES, FARTHEST_DAY, parse_day

TUESDAY = date(2026, 4, 14)


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-12-24", "2026-12-24"),
        ("2026-5-1", "2026-05-01"),
        ("1999-01-01", "1999-01-01"),
        ("Today", "2026-04-14"),
        ("tomorrow", "2026-04-15"),
        ("friday", "2026-04-17"),
        ("next mon", "2026-04-20"),
        ("on Tuesday", "2026-04-21"),
        ("in 3 days", "2026-04-17"),
        ("3 days", "2026-04-17"),
        ("1 day", "2026-04-15"),
        ("in a week", "2026-04-21"),
        ("2 weeks", "2026-04-28"),
        ("24 Dec", "2026-12-24"),
        ("December 24, 2030", "2030-12-24"),
        ("1st of April", "2027-04-01"),
        ("14 april", "2026-04-14"),
        ("29 feb", "2028-02-29"),
    ],
)
def test_what_people_write(written: str, day: str) -> None:
    assert parse_day(written, TUESDAY) == date.fromisoformat(day)


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("", "Which day? Write one like `2026-12-24`, `tomorrow`, `friday` or `in 3 days`."),
        ("tommorow", "`tommorow` is not a day that I know. Did you mean `tomorrow`?"),
        ("firday", "`firday` is not a day that I know. Did you mean `friday`?"),
        (
            "24.12.2026",
            "`24.12.2026` is not a day that I know. Write one like `2026-12-24`, `tomorrow`, `friday` or `in 3 days`.",
        ),
        ("2026-02-30", "There is no day `2026-02-30`. Write one like `2026-12-24`."),
        ("30 feb", "There is no day `30 feb`. Write one like `2026-12-24`."),
        ("29 feb 2027", "There is no day `29 feb 2027`. Write one like `2026-12-24`."),
        ("9999-12-31", "`9999-12-31` is too far away. Name a day of the next ten years."),
        ("99999 days", "`99999 days` is too far away. Name a day of the next ten years."),
        ("999999999 weeks", "There is no day `999999999 weeks`. Write one like `2026-12-24`."),
    ],
)
def test_what_people_are_told(written: str, sentence: str) -> None:
    with pytest.raises(UserError) as told:
        parse_day(written, TUESDAY)
    assert str(told.value) == sentence


days = st.dates(date(2000, 1, 1), date(2100, 1, 1))


@settings(deadline=None)
@given(days, st.integers(0, 3000))
def test_a_date_means_itself_in_every_form(today: date, ahead: int) -> None:
    day = today + timedelta(days=ahead)
    assert parse_day(day.isoformat(), today) == day
    assert parse_day(f"{ahead} days", today) == day
    assert parse_day(f"{day.day} {day:%B %Y}", today) == day
    assert parse_day(f"{day:%b} {day.day}", today) >= today


@settings(deadline=None)
@given(days, st.integers(0, 6))
def test_a_day_of_the_week_is_the_next_one(today: date, weekday: int) -> None:
    found = parse_day(DAY_NAMES[weekday], today)
    assert found.weekday() == weekday
    assert 1 <= (found - today).days <= 7


@settings(deadline=None)
@given(days, st.one_of(st.text(max_size=30), st.from_regex(r"(in )?[0-9]{1,9} (day|week)s|[0-9]{4}-[0-9]{2}-[0-9]{2}")))
@example(date(2097, 3, 1), "29 feb")
def test_whatever_is_written_is_a_day_or_gets_a_sentence(today: date, written: str) -> None:
    try:
        assert parse_day(written, today) - today <= FARTHEST_DAY
    except UserError as told:
        assert str(told).endswith((".", "?"))
