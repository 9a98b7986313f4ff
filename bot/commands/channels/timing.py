"""Commands about when: schedule, timezone, pause, resume."""

from __future__ import annotations

from datetime import datetime, time

from bot.channels.channel import Channel, ChannelState
from bot.channels.next_digest import next_for
from bot.commands.channels.settings import SCHEDULE, TIME_ZONE, change_channel
from bot.commands.registry import Arguments, Command, Kind, Parameter
from bot.commands.services import Services
from bot.commands.wording import answer, day_name, next_digest, say, schedule_in_words, to_be_set_anew
from bot.digests.digest import DigestKind
from bot.errors import UserError
from bot.messages.message import Button, Buttons, bold
from bot.platforms.command_calls import CommandCall, Reply
from bot.schedules.days import parse_day
from bot.schedules.stored import zone_of
from bot.text.counting import count_of
from bot.text.typed import value_typed


async def schedule(services: Services, call: CommandCall, arguments: Arguments) -> Reply:
    asked = arguments.text("when")
    if not asked:
        channel = await services.channel(call)
        return _timing(services, channel, "Papers are posted ")
    _, channel = await change_channel(services, call, {SCHEDULE: asked})
    return _timing(services, channel, "Papers are now posted ")


async def timezone(services: Services, call: CommandCall, arguments: Arguments) -> Reply:
    asked = arguments.text("zone")
    if not asked:
        channel = await services.channel(call)
        return answer(say("This channel's time zone is ", bold(channel.time_zone), "."), *to_be_set_anew(channel))
    _, channel = await change_channel(services, call, {TIME_ZONE: asked})
    local = services.clock.now().astimezone(zone_of(channel.time_zone))
    return answer(
        say("The time zone is now ", bold(channel.time_zone), f"; it is {local:%H:%M} there."),
        say(*next_digest(channel, services.clock.now())),
    )


async def pause(services: Services, call: CommandCall, arguments: Arguments) -> Reply:
    channel = await services.channel(call)
    if channel.state is ChannelState.BROKEN:
        raise UserError(f"Posting is stopped already. {channel.reason}")
    if channel.archived_at is not None:
        # The end of a pause would end that as well.
        raise UserError(f"{channel.shown_name} is archived: nothing is posted in it until somebody unarchives it.")
    until = _pause_end(services, channel, arguments.text("until"))
    reason = f"paused by {call.person.name}"
    await services.channels.pause(channel.id, reason=reason, until=until)
    today = services.clock.now().astimezone(zone_of(channel.time_zone)).date()
    how_long = f"until {day_name(until.astimezone(zone_of(channel.time_zone)).date(), today)}" if until else ""
    return answer(
        say(bold(f"Posting is paused {how_long}".rstrip() + ".")),
        say("Papers go on being collected, and come in one digest afterwards."),
        Buttons((Button("Resume", "resume"),)),
    )


async def resume(services: Services, call: CommandCall, _arguments: Arguments) -> Reply:
    channel = await services.channel(call)
    now = services.clock.now()
    # What stopped a whole workspace is over for all of it, or for none.
    stopped = {one.id: one for one in await services.channels.stopped_with_workspace(call.address)}
    others = [other for other in stopped.values() if other.id != channel.id] if channel.id in stopped else []
    if channel.state is ChannelState.ACTIVE:
        return answer(say("Posting was not paused."), say(*next_digest(channel, now)))
    await services.channels.resume_all([one.id for one in (channel, *others)], lambda one: next_for(one, now))
    resumed = await services.channel(call)
    if resumed.next_digest_at is None:
        await services.planner.plan_now(resumed, DigestKind.INSTANT)
    services.wake()
    where = f", here and in {count_of(len(others), 'other channel')}" if others else ""
    return answer(say(bold(f"Posting goes on{where}.")), say(*next_digest(resumed, now)))


def _timing(services: Services, channel: Channel, opening: str) -> Reply:
    words = schedule_in_words(channel)
    coming = say(*next_digest(channel, services.clock.now()))
    return answer(say(opening, bold(words), "."), coming, *to_be_set_anew(channel))


def _pause_end(services: Services, channel: Channel, asked: str) -> datetime | None:
    """The beginning (UTC) of the day that a person names, in the channel's time zone; None for no day."""
    asked = value_typed(asked)
    if asked.lower().startswith("until"):
        asked = asked[len("until") :].strip()
        if not asked:
            raise UserError("Until when? For example: `/papers pause until 2026-12-24`.")
    if not asked:
        return None
    zone, now = zone_of(channel.time_zone), services.clock.now()
    today = now.astimezone(zone).date()
    day = parse_day(asked, today)
    if day <= today:
        raise UserError(f"{day} has begun already. Name a day that is still to come.")
    return datetime.combine(day, time(), zone).astimezone(now.tzinfo)


COMMANDS = (
    Command(
        name="schedule",
        summary="when digests are posted",
        handler=schedule,
        manages=True,
        changes_with="when",
        parameters=(Parameter(name="when", help="a time to post at", kind=Kind.SCHEDULE),),
        examples=(
            "schedule weekdays 09:00",
            "schedule mon,thu 17:30",
            "schedule instant",
            "schedule monthly 1 09:00",
            "schedule cron 0 9 * * mon-fri",
        ),
        details="instant, hourly, daily 09:00, weekdays 09:00, mon,thu 17:30, monthly 1 09:00, "
        "or cron with five fields.",
    ),
    Command(
        name="timezone",
        summary="the time zone of the schedule",
        handler=timezone,
        manages=True,
        changes_with="zone",
        parameters=(Parameter(name="zone", help="a time zone such as Europe/Berlin", kind=Kind.TIME_ZONE),),
        examples=("timezone Europe/Berlin",),
    ),
    Command(
        name="pause",
        summary="post nothing for a while",
        handler=pause,
        manages=True,
        parameters=(Parameter(name="until", help="until DATE: the day on which posting goes on"),),
        examples=("pause", "pause until 2026-12-24", "pause until monday"),
    ),
    Command(name="resume", summary="go on posting", handler=resume, manages=True, examples=("resume",)),
)
