"""Schedules as people write them, and what they are told when a schedule is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.errors import UserError
from bot.schedules.parsing import CLOSEST_CRON, parse_schedule
from bot.schedules.recurrence import next_occurrence


@pytest.mark.parametrize(
    ("written", "text", "described"),
    [
        ("instant", "instant", "at once"),
        ("At once", "instant", "at once"),
        ("hourly", "hourly", "every hour"),
        ("every hour", "hourly", "every hour"),
        ("daily 09:00", "daily 09:00", "every day at 09:00"),
        ("daily", "daily 09:00", "every day at 09:00"),
        ("every day at 9", "daily 09:00", "every day at 09:00"),
        ("9am", "daily 09:00", "every day at 09:00"),
        ("17.30", "daily 17:30", "every day at 17:30"),
        ("daily 12 am", "daily 00:00", "every day at 00:00"),
        ("daily 12pm", "daily 12:00", "every day at 12:00"),
        ("daily midnight", "daily 00:00", "every day at 00:00"),
        ("sun-sat noon", "daily 12:00", "every day at 12:00"),
        ("Weekdays 9:00", "weekdays 09:00", "every weekday at 09:00"),
        ("every weekday", "weekdays 09:00", "every weekday at 09:00"),
        ("mon-fri 5:30 p.m.", "weekdays 17:30", "every weekday at 17:30"),
        ("weekends", "sat,sun 09:00", "on Saturdays and Sundays at 09:00"),
        ("mon,thu 17:30", "mon,thu 17:30", "on Mondays and Thursdays at 17:30"),
        ("thursday and monday at 5:30 pm", "mon,thu 17:30", "on Mondays and Thursdays at 17:30"),
        ("weekly mon 9:00", "mon 09:00", "on Mondays at 09:00"),
        ("weekly on Tuesdays", "tue 09:00", "on Tuesdays at 09:00"),
        ("fri - sun, tues 8:05", "tue,fri,sat,sun 08:05", "on Tuesdays, Fridays, Saturdays and Sundays at 08:05"),
        ("sat–mon 9:00", "mon,sat,sun 09:00", "on Mondays, Saturdays and Sundays at 09:00"),
        ("monthly 1 09:00", "monthly 1 09:00", "on the first of each month at 09:00"),
        ("monthly", "monthly 1 09:00", "on the first of each month at 09:00"),
        ("monthly 6pm", "monthly 1 18:00", "on the first of each month at 18:00"),
        ("monthly on the 22nd at 18:00", "monthly 22 18:00", "on the 22nd of each month at 18:00"),
        ("monthly 13", "monthly 13 09:00", "on the 13th of each month at 09:00"),
        ("monthly 30", "monthly 30 09:00", "on the 30th of each month (the last day of a shorter one) at 09:00"),
        ("monthly last friday 9:00", "cron 0 9 * * 5l", "at 09:00 on the last Friday of the month"),
        ("monthly on the first monday", "cron 0 9 * * 1#1", "at 09:00 on the first Monday of the month"),
        ("monthly third sunday 18:30", "cron 30 18 * * 0#3", "at 18:30 on the third Sunday of the month"),
        ("9:00 daily", "daily 09:00", "every day at 09:00"),
        ("at 5:30 pm on mondays", "mon 17:30", "on Mondays at 17:30"),
        ("noon every weekday", "weekdays 12:00", "every weekday at 12:00"),
        ("monday to friday 9:00", "weekdays 09:00", "every weekday at 09:00"),
        ("once a day", "daily 09:00", "every day at 09:00"),
        ("once a month", "monthly 1 09:00", "on the first of each month at 09:00"),
        ("once daily 9h30", "daily 09:30", "every day at 09:30"),
        ("daily ０９：００", "daily 09:00", "every day at 09:00"),
        ("“weekdays 09:00”", "weekdays 09:00", "every weekday at 09:00"),
        ("«mon、thu» „17:30“", "mon,thu 17:30", "on Mondays and Thursdays at 17:30"),
        ("mon−wed ٠٩:٣٠", "mon,tue,wed 09:30", "on Mondays, Tuesdays and Wednesdays at 09:30"),
        ("monthly last day 9:00", "monthly 31 09:00", "on the last day of each month at 09:00"),
        ("cron 0 9 * * mon-fri", "cron 0 9 * * mon-fri", "at 09:00 on Monday through Friday"),
        (" `CRON  0 9 1,15 * *`", "cron 0 9 1,15 * *", "at 09:00 on the first and the 15th day of month"),
        ("*/30 9-17 * * *", "cron */30 9-17 * * *", "every 30th minute from 09:00 through 17:59"),
    ],
)
def test_what_people_write(written: str, text: str, described: str) -> None:
    schedule = parse_schedule(written)
    assert (schedule.text, schedule.described) == (text, described)
    assert parse_schedule(text) == schedule
    assert schedule.is_instant is (text == "instant")


EXAMPLES = (
    "Write `instant`, `hourly`, `daily 09:00`, `weekdays 09:00`, `mon,thu 17:30`, `monthly 1 09:00` "
    "or `cron 0 9 * * mon-fri`."
)
COUNTED = (
    "`{}` cannot be counted: digests come on days of the week or of the month. Write for example "
    "`mon,wed,fri 09:00`, `weekly mon 09:00` or `cron 0 9 1,15 * *`."
)
WHICH_FRIDAY = (
    "Which `friday` of the month? Write for example `monthly first friday 09:00` or `monthly last friday 09:00`."
)
FIVE_FIELDS = (
    "A cron expression has five fields: minute, hour, day of the month, month, day of the week. "
    "Write for example `cron 0 9 * * mon-fri`."
)


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("", f"When? {EXAMPLES}"),
        ("every", f"When? {EXAMPLES}"),
        ("9", f"I do not know the schedule `9`. {EXAMPLES}"),
        ("every 2 hours", "`every 2 hours` is written `cron 0 */2 * * *`."),
        ("every 30 minutes", "`every 30 minutes` is written `cron */30 * * * *`."),
        ("every 2 minutes", "`every 2 minutes` is written `cron */5 * * * *`."),
        ("once a week", "On which day of the week? Write for example `weekly mon 09:00`."),
        ("twice a day", "`twice a day` does not say when. Write for example `cron 0 9,17 * * *`."),
        ("twice daily", "`twice daily` does not say when. Write for example `cron 0 9,17 * * *`."),
        ("three times a week", "`three times a week` does not say when. Write for example `mon,thu 09:00`."),
        ("instant every week", "`instant` stands alone. Leave out `week`."),
        ("daily friday x", "`x` is not a time of day. Write it like `09:00`, `5:30 pm` or `noon`."),
        ("monthly friday 9:00", WHICH_FRIDAY),
        ("fortnightly", COUNTED.format("fortnightly")),
        ("every other day", COUNTED.format("every other day")),
        ("every 2 weeks on mon", COUNTED.format("every 2 weeks on mon")),
        ("never", "`never` is no schedule. `/papers pause` stops posting."),
        ("dayly 9:00", "I do not know the schedule `dayly 9:00`. Did you mean `daily`?"),
        ("montly 1", "I do not know the schedule `montly 1`. Did you mean `monthly`?"),
        ("mon,thurrsday 9:00", "I do not know the day `thurrsday`. Did you mean `thursday`?"),
        ("mon- 9:00", f"I do not know the schedule `mon-9:00`. {EXAMPLES}"),
        ("daily 25:00", "`25:00` is not a time of day. Write it like `09:00`, `5:30 pm` or `noon`."),
        ("daily 9:60", "`9:60` is not a time of day. Write it like `09:00`, `5:30 pm` or `noon`."),
        ("daily 13pm", "`13pm` is not a time of day. Write it like `09:00`, `5:30 pm` or `noon`."),
        ("daily 0am", "`0am` is not a time of day. Write it like `09:00`, `5:30 pm` or `noon`."),
        ("daily 9:00 17:00", "`9:00 17:00` is more than one time. Several times a day are `cron 0 9,17 * * *`."),
        ("weekly", "On which day of the week? Write for example `weekly mon 09:00`."),
        ("weekly 9:00", "On which day of the week? Write for example `weekly mon 09:00`."),
        ("monthly 32", "No month has a day 32. Write 1 to 31, for example `monthly 1 09:00`."),
        ("monthly 0 9:00", "No month has a day 0. Write 1 to 31, for example `monthly 1 09:00`."),
        ("instant 9:00", "`instant` stands alone. Leave out `9:00`."),
        ("cron", FIVE_FIELDS),
        ("cron 0 0 9 * * *", FIVE_FIELDS),
        ("cron @daily", FIVE_FIELDS),
        (f"cron {','.join(map(str, range(60)))} 0 * * *", FIVE_FIELDS),
        ("cron 0 0 30 2 *", "`cron 0 0 30 2 *` never comes: no month in it has such a day."),
        ("cron 0 0 31 2,4,11 *", "`cron 0 0 31 2,4,11 *` never comes: no month in it has such a day."),
        ("cron 0 0 */31 * mon#2", "`cron 0 0 */31 * mon#2` never comes: no month in it has such a day."),
    ],
)
def test_what_people_are_told(written: str, sentence: str) -> None:
    with pytest.raises(UserError) as told:
        parse_schedule(written)
    assert str(told.value) == sentence


@pytest.mark.parametrize(
    ("expression", "field", "value"),
    [
        ("60 9 * * *", "minute", "60"),
        ("0 25 * * *", "hour", "25"),
        ("0 9 0 * *", "day of the month", "0"),
        ("0 9 * 13 *", "month", "13"),
        ("0 9 * * fri-mon", "day of the week", "fri-mon"),
        ("0 9 * * funday", "day of the week", "funday"),
    ],
)
def test_the_wrong_field_of_a_cron_expression_is_named(expression: str, field: str, value: str) -> None:
    with pytest.raises(UserError, match=rf"^The {field} in `cron [^`]+` cannot be `{value}`\. It is "):
        parse_schedule(f"cron {expression}")


@pytest.mark.parametrize("fields", ["* *", "*/4 *", "0,3 9", "57,0 *", "0,57 9,10", "0,58 0,23", "0-59/2 9"])
def test_a_cron_expression_that_comes_too_often_is_refused(fields: str) -> None:
    with pytest.raises(UserError, match=f"comes more often than every {CLOSEST_CRON} minutes"):
        parse_schedule(f"cron {fields} * * *")


@pytest.mark.parametrize("fields", ["*/5 *", "0,5 9", "0,55 9,10", "0,57 9,11", "2,57 *", "0 */2", "30 9"])
def test_a_cron_expression_may_come_every_five_minutes(fields: str) -> None:
    schedule = parse_schedule(f"cron {fields} * * *")
    moments = [datetime(2026, 1, 1, tzinfo=UTC)]
    for _ in range(600):
        following = next_occurrence(schedule, ZoneInfo("UTC"), moments[-1])
        assert following is not None
        moments.append(following)
    assert min(later - early for early, later in pairwise(moments[1:])) >= timedelta(minutes=CLOSEST_CRON)


PIECES = (
    *("instant", "hourly", "daily", "weekdays", "weekly", "monthly", "mon", "thu,fri", "mon-fri", "sunday", "last"),
    *("on", "at", "the", "every", "and", "day", "week", "1", "31", "9", "09:00", "9am", "5:30", "pm", "noon"),
    *("cron", "*", "*/5", "0", "0-59", "mon#2", "5l", "l", "lw", "30", "2", "jan", "`", "-", ",", ".", "/", "#"),
    *("9999999999999999999999", "²", "é"),
)


@settings(deadline=None)
@given(st.one_of(st.text(max_size=30), st.lists(st.sampled_from(PIECES), max_size=8).map(" ".join)))
@example("cron 0 9 " + "9" * 5000 + " * *")
@example("monthly " * 2000)
@example("cron 0 9 l/2 * 5l/2")
def test_whatever_is_written_is_a_schedule_or_gets_a_sentence(written: str) -> None:
    try:
        schedule = parse_schedule(written)
    except UserError as told:
        assert str(told).endswith((".", "?"))
        assert str(told).count("`") % 2 == 0
        assert len(str(told)) < 400
        return
    assert parse_schedule(schedule.text) == schedule
    assert parse_schedule(schedule.text).text == schedule.text
    assert schedule.described
    if not schedule.is_instant:
        assert next_occurrence(schedule, ZoneInfo("Europe/Berlin"), datetime(2026, 1, 1, tzinfo=UTC)) is not None
