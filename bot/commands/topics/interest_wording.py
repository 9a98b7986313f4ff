"""People's own topics: where their papers go, and how commands show such topics."""

from __future__ import annotations

from dataclasses import replace

from bot.channels.channel import Channel, ChannelState, PlatformName
from bot.channels.next_digest import next_for
from bot.commands.registry import Kind, Parameter
from bot.commands.services import Services
from bot.commands.wording import ONLY_LOOKS, UNSEEN, hint, say
from bot.errors import UserError
from bot.messages.message import Block, Button, ButtonStyle, bold, code
from bot.platforms.command_calls import CommandCall
from bot.topics.subscription import Subscription

MOST_OWN_TOPICS = 30  # of one person
#: The option that makes a topic the person's own.
OWN = "for"
QUIETLY = "quietly"
QUIET = Parameter(
    name=QUIETLY, help="with a topic of your own: nobody sees that a paper is for you", kind=Kind.SWITCH, option=True
)
MY_TOPICS = Button("My topics", "interests")


async def own_channel(services: Services, call: CommandCall, here: Channel) -> Channel:
    """The own channel of the person who gives a command, made like the channel `here` where they have none yet.

    Raises `UserError` where they cannot be written to.
    """
    if call.person.only_looks:
        raise UserError(ONLY_LOOKS)
    known = await services.personal_channel(call)
    if known is not None and known.channel.state is not ChannelState.BROKEN:
        if known.name != call.person.name and call.person.known:
            await services.personal_channels.keep(known.channel.id, call.person.id, call.person.name)
        return known.channel
    if not call.person.known:
        raise UserError(UNSEEN)
    address = await services.platform(call.home).direct_messages(call.address, call.person.id)
    if address == here.address:
        channel = here
    else:
        web = address.platform is PlatformName.WEB  # where a name is short
        name = "for-you" if web else f"papers for {call.person.name}"
        channel = await services.directory.add_channel(address, name, here.time_zone, here.schedule)
    await services.personal_channels.keep(channel.id, call.person.id, call.person.name)
    if channel.state is ChannelState.BROKEN:
        now = services.clock.now()
        await services.channels.resume(channel.id, lambda current: next_for(current, now))
        services.wake()
    return channel


def as_own(call: CommandCall, channel: Channel) -> CommandCall:
    """The call as if it had been given in the person's own channel, where nobody else has a say."""
    person = replace(call.person, may_manage=True, as_member=False)
    return replace(call, address=channel.address, channel_name=channel.name, person=person, from_message=None)


def named(here: Channel, topic: Subscription, name: str, when: str) -> list[Block]:
    """What becomes of papers that a topic of somebody's own finds, which was named `here`."""
    marked = (
        say("Papers for you in the digests of ", bold(here.name_here), " do not say so, as you wished.")
        if topic.quiet
        else say(
            "Papers in the digests of ",
            bold(here.name_here),
            " that suit it say ",
            bold(f"for {name}"),
            ", which everybody there can read. Name it with ",
            code("--quietly"),
            " if they should not.",
        )
    )
    return [
        marked,
        say(f"What only topics of your own find comes to you as a direct message, {when}, and to nobody else."),
        hint(code("/papers interests"), " shows your topics, their schedule, and pings."),
    ]


def remove_own_button(topic: Subscription, label: str) -> Button:
    return Button(label, f"interests remove {topic.number}", ButtonStyle.DANGER)
