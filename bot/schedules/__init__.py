"""When digests go out: schedules, time zones and days, in the words of people and in UTC."""

from bot.schedules.days import parse_day
from bot.schedules.reading import parse_schedule
from bot.schedules.recurrence import Schedule, next_occurrence
from bot.schedules.zones import parse_time_zone

__all__ = ["Schedule", "next_occurrence", "parse_day", "parse_schedule", "parse_time_zone"]
