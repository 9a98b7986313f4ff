"""The feed command: what a channel is sent, as an Atom feed at a secret address."""

from __future__ import annotations

from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from bot.channels.channel import Channel
from bot.channels.channel_feed import ChannelFeed, FeedForm, feed_path, key_of_secret, new_secret
from bot.commands.registry import Arguments, Command, Kind, Parameter
from bot.commands.services import Services
from bot.commands.wording import answer, hint, say
from bot.errors import UserError
from bot.messages.message import Block, Code, bold, code
from bot.platforms.command_calls import CommandCall, Reply
from bot.text.lists import either

#: What is written after `feed`, and after `settings feed`.
ON, OFF, NEW = "on", "off", "new"
FEED: Final = "feed"
FEED_HELP: Final = "on, off or new (address): what is posted here as an Atom feed, an entry for papers or digests"
_ENTRIES: Final = {FeedForm.PAPERS: "each paper", FeedForm.DIGESTS: "each digest"}


async def feed(services: Services, call: CommandCall, arguments: Arguments) -> Reply:
    form = FeedForm(arguments.text("entries")) if "entries" in arguments else None
    return await change_feed(services, call, arguments.text("action"), form)


async def change_feed(services: Services, call: CommandCall, action: str, form: FeedForm | None = None) -> Reply:
    """Shows, makes or takes away the channel's feed. Only the answer that makes it has its address."""
    if not action:
        channel = await services.known_channel(call)
        known = await services.channel_feeds.of_channel(channel.id) if channel else None
        return answer(*feed_state(known))
    channel = await services.channel(call)
    known = await services.channel_feeds.of_channel(channel.id)
    if action == OFF:
        gone = await services.channel_feeds.withdraw(channel.id)
        words = "The feed of this channel is off: its address leads nowhere." if gone else "There is no feed here."
        return answer(say(words))
    if known is None or action == NEW:
        return await _publish(services, call, channel, form, renewed=known is not None)
    if form is None or form is known.form:
        return answer(*feed_state(known))
    await services.channel_feeds.reshape(channel.id, form, services.clock.now())
    return answer(say(f"The feed of this channel has an entry for {_ENTRIES[form]} now, at the same address."))


async def settings_feed(services: Services, call: CommandCall, value: str) -> Reply:
    """The same as `feed`, written as a setting: `settings feed on digests`."""
    action, _, entries = value.lower().partition(" ")
    if action and action not in (ON, OFF, NEW):
        raise UserError(f"`{FEED}` is {either([ON, OFF, NEW])}.")
    if entries.strip() and entries.strip() not in tuple(FeedForm):
        raise UserError(f"A feed has an entry for {either(list(FeedForm))}, like `/papers settings feed on digests`.")
    return await change_feed(services, call, action, FeedForm(entries.strip()) if entries.strip() else None)


def feed_state(feed: ChannelFeed | None) -> list[Block]:
    """How it is, in words."""
    if feed is None:
        return [say("This channel has no feed. ", code("/papers feed on"), " makes one for feed readers.")]
    return [
        say("This channel has an ", bold("Atom feed"), f" with an entry for {_ENTRIES[feed.form]}."),
        hint(
            "Its address was shown when it was made, and is kept nowhere. ",
            code("/papers feed new"),
            " gives it a new one, ",
            code("/papers feed off"),
            " takes it away.",
        ),
    ]


async def _publish(
    services: Services, call: CommandCall, channel: Channel, form: FeedForm | None, *, renewed: bool
) -> Reply:
    if call.public:
        raise UserError("The address of a feed is a secret. Write `/papers feed on`, whose answer only you see.")
    if not services.own_address:
        raise UserError(
            "A feed needs an address under which readers reach it. Ask whoever runs the bot to set "
            "`PAPERROUND_PUBLIC_URL`."
        )
    now, secret = services.clock.now(), new_secret()
    host = urlsplit(services.own_address).hostname or "localhost"
    tag = f"tag:{host},{now:%Y-%m-%d}:paperround/{new_secret()}"
    form = await services.channel_feeds.publish(channel.id, key_of_secret(secret), form=form, tag=tag, now=now)
    address = services.own_address + feed_path(secret)
    change = "has a new address, and the old one leads nowhere" if renewed else "is on"
    reply = answer(
        say(f"The feed of this channel {change}. It has an entry for {_ENTRIES[form]}."),
        Code(address),
        hint("Whoever has this address can read what is posted here. It is shown only now; keep it for your readers."),
    )
    # Panels show no more of an answer than this.
    return replace(reply, message=replace(reply.message, summary=f"{reply.message.summary} Its address: {address}"))


COMMANDS = (
    Command(
        name=FEED,
        summary="what is posted here as an Atom feed, at a secret address",
        handler=feed,
        manages=True,
        changes_with="action",
        parameters=(
            Parameter(name="action", help="on, off, or a new address", kind=Kind.CHOICE, choices=(ON, OFF, NEW)),
            Parameter(name="entries", help="what each entry is", kind=Kind.CHOICE, choices=tuple(map(str, FeedForm))),
        ),
        examples=("feed", "feed on", "feed on digests", "feed off"),
        details="The address is shown once, and only to you.",
    ),
)
