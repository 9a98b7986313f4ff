"""The command about mail: who gets the channel's papers by mail, on which schedule, and whether that works."""

from __future__ import annotations

from bot.channels.channel import Channel, ChannelState
from bot.commands.registry import Arguments, Command, Kind, Parameter
from bot.commands.services import Services
from bot.commands.wording import answer, hint, moment_span, say, schedule_in_words
from bot.errors import UserError
from bot.mail.links import CONFIRM_WITHIN
from bot.mail.messages import content_in_words
from bot.mail.recipients import Content, Ended, Recipient
from bot.messages.message import Block, Items, Span, bold, code, text
from bot.platforms.command_calls import CommandCall, Reply
from bot.platforms.permissions import may_manage
from bot.text.counting import count_of

ADD, REMOVE, RESUME = "add", "remove", "resume"


async def email(services: Services, call: CommandCall, arguments: Arguments) -> Reply:
    _ = services.mailing.links
    address = arguments.text("address")
    match arguments.text("action"):
        case "":
            return await _list(services, call)
        case "add" if address:
            return await _add(services, call, arguments)
        case "remove" if address:
            removed = await services.mailing.remove(await services.channel(call), address)
            return answer(say(bold(removed[0].email), " gets no more mail from here."))
        case "resume":
            return await _resume(services, call, address)
        case action:
            raise UserError(f"Which address? For example: `/papers email {action} me@lab.example`.")


async def _add(services: Services, call: CommandCall, arguments: Arguments) -> Reply:
    channel = await services.channel(call)
    trending = arguments.text("trending")
    content = Content(trending) if trending else Content.TOPICS
    moved = await services.mailing.reschedule(
        channel, arguments.text("address"), content=content, schedule=arguments.text("schedule")
    )
    if moved is not None:
        return answer(say("Mails come ", bold(schedule_in_words(moved)), " now."))
    recipient, own = await services.mailing.ask(
        channel,
        arguments.text("address"),
        content=content,
        schedule=arguments.text("schedule"),
        added_by=call.person.id,
    )
    services.wake()
    hours = round(CONFIRM_WITHIN.total_seconds() / 3600)
    return answer(
        say(bold(recipient.email), " is asked by mail whether it wants this."),
        say(f"Once it says yes, {content_in_words(recipient.content)} come ", bold(schedule_in_words(own)), "."),
        hint(f"The link in that mail works for {hours} hours. Nothing else is sent there before."),
    )


async def _resume(services: Services, call: CommandCall, address: str) -> Reply:
    resumed = await services.mailing.resume(await services.channel(call), address)
    services.wake()
    if not resumed:
        return answer(say("No mail was stopped."))
    return answer(say(bold(f"Mail to {count_of(len(resumed), 'address')} goes on.")))


async def _list(services: Services, call: CommandCall) -> Reply:
    channel = await services.known_channel(call)
    found = await services.mailing.of_channel(channel) if channel else []
    how = hint(code("/papers email add me@lab.example"), " adds an address, which is asked first.")
    if not found:
        return answer(say("Nobody gets this channel’s papers by mail."), how)
    manages = not call.public and await may_manage(call, services.channels)
    lines = tuple(_line(services, one, own, manages=manages) for one, own in found)
    blocks: list[Block] = [say(bold(f"Mail from {channel.name_here if channel else 'here'}")), Items(lines)]
    return answer(*blocks, how)


def _line(services: Services, recipient: Recipient, own: Channel, *, manages: bool) -> tuple[Span, ...]:
    """One address and how it is with it; the whole address only for who may add one."""
    shown = bold(recipient.email if manages else recipient.shown)
    what = "" if recipient.content is Content.TOPICS else f"{content_in_words(recipient.content)}, "
    now = services.clock.now()
    if recipient.ended_by is Ended.UNSUBSCRIBED:
        return text(shown, ": unsubscribed by the link in a mail")
    if recipient.ended_at is not None:
        return text(shown, ": removed")
    if own.state is ChannelState.BROKEN:
        again = "resume" if recipient.confirmed_at else f"add {recipient.email if manages else 'ADDRESS'}"
        return text(shown, f": stopped. {own.reason} ", code(f"/papers email {again}"), " tries again.")
    if recipient.confirmed_at is None:
        late = now > recipient.asked_at + CONFIRM_WITHIN
        return text(shown, ": did not answer" if late else ": was asked, and has not answered yet")
    next_at = (", next ", moment_span(own.next_digest_at, own.time_zone, now)) if own.next_digest_at else ()
    return text(shown, f": {what}{schedule_in_words(own)}", *next_at)


COMMANDS = (
    Command(
        name="email",
        summary="this channel’s papers by mail",
        handler=email,
        manages=True,
        changes_with="action",
        announced=False,
        parameters=(
            Parameter(name="action", help="what to do", kind=Kind.CHOICE, choices=(ADD, REMOVE, RESUME)),
            Parameter(name="address", help="a mail address"),
            Parameter(name="schedule", help="when mails come", kind=Kind.SCHEDULE),
            Parameter(
                name="trending",
                help="what is trending instead",
                kind=Kind.CHOICE,
                option=True,
                choices=(Content.DAY.value, Content.WEEK.value),
            ),
        ),
        examples=(
            "email",
            "email add me@lab.example",
            "email add me@lab.example weekly mon 08:00",
            "email add me@lab.example --trending week",
            "email remove me@lab.example",
            "email resume",
        ),
        details="An address is asked first, by a mail with a link, and each mail has a link that ends them.",
    ),
)
