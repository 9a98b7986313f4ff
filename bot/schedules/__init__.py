"""When digests go out: schedules, time zones and days, in the words of people and in UTC.

Not here: when a certain channel's next digest is (`bot.channels.next_digest`).
"""
