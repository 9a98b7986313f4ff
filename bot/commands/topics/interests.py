"""The command `interests`: a person's own topics, named inside channels, and how their papers reach them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.channels.channel import ChannelState, PlatformName
from bot.channels.personal import PersonalChannel
from bot.commands.channels import timing
from bot.commands.registry import Arguments, Command, Kind, Parameter
from bot.commands.services import Services
from bot.commands.topics import topics
from bot.commands.topics.interest_wording import MY_TOPICS, OWN, QUIET, QUIETLY, as_own, remove_own_button
from bot.commands.topics.subscribing import subscribe
from bot.commands.topics.wording import described, titled, topic_named
from bot.commands.wording import answer, hint, next_digest, say, schedule_in_words
from bot.errors import UserError
from bot.messages.message import Block, Button, Buttons, Heading, bold, code
from bot.platforms.command_calls import CommandCall, Reply
from bot.text.counting import count_of
from bot.text.typed import value_typed
from bot.topics.subscription import Subscription

DELIVERED_IN = timedelta(days=30)
INTERESTS = "interests"
ADD, EDIT, REMOVE, PINGS, RESUME = "add", "edit", "remove", "pings", "resume"
ACTIONS = (ADD, EDIT, REMOVE, PINGS, "schedule", "timezone", "pause", RESUME, "off")


async def interests(services: Services, call: CommandCall, arguments: Arguments) -> Reply:
    action, what = arguments.text("action"), arguments.text("what").strip()
    if action == ADD:
        if not what:
            raise UserError("Write what you look for, like `/papers interests add diffusion distillation`.")
        given = {OWN: "me", "query": what} | {
            name: value for name, value in arguments.values.items() if name == QUIETLY
        }
        return await subscribe(services, call, Arguments(given))
    own = await services.personal_channel(call)
    mine = await services.subscriptions.of_channel(own.channel.id) if own else []
    if own is None or (not mine and action in ("", EDIT, REMOVE, PINGS)):
        return answer(
            say("You have no topics of your own yet."),
            say(
                "Name one in a channel, like ",
                code("/papers interests add diffusion distillation"),
                ": papers there that suit it say so, and what the channel does not get comes to you.",
            ),
        )
    there = as_own(call, own.channel)
    match action:
        case "edit":
            return await _edit(services, there, own, what)
        case "remove":
            return await _remove(services, own, what)
        case "pings":
            return await _pings(services, call, own, what)
        case "schedule":
            return await timing.schedule(services, there, Arguments({"when": what} if what else {}))
        case "timezone":
            return await timing.timezone(services, there, Arguments({"zone": what} if what else {}))
        case "pause":
            return _with_buttons(
                await timing.pause(services, there, Arguments({"until": what} if what else {})),
                Button("Resume", f"{INTERESTS} {RESUME}"),
            )
        case "resume":
            if own.channel.state is ChannelState.BROKEN:
                await services.platform(call.home).direct_messages(call.address, call.person.id)
                await services.personal_channels.keep(own.channel.id, own.person, own.name)
            return await timing.resume(services, there, Arguments({}))
        case "off":
            removed = await services.subscriptions.remove_all(own.channel.id, services.clock.now())
            return answer(
                say(bold(f"{count_of(removed, 'topic')} of yours removed."), " No paper is for you any more."),
                say("What waited for you is not sent."),
            )
        case _:
            return await _shown(services, own, mine)


async def _shown(services: Services, own: PersonalChannel, mine: list[Subscription]) -> Reply:
    now = services.clock.now()
    delivered = await services.subscriptions.delivered(own.channel.id, now - DELIVERED_IN)
    places = await services.channels.get(sorted({topic.named_in for topic in mine if topic.named_in is not None}))
    blocks: list[Block] = [Heading(f"{count_of(len(mine), 'topic')} of yours")]
    for topic in mine:
        place = places.get(topic.named_in) if topic.named_in is not None else None
        where = f" · named in {place.full_name}" if place else ""
        quiet = ", quietly" if place and topic.quiet else ""
        sent = f" · {count_of(delivered.get(topic.id, 0), 'paper')} sent in the last {DELIVERED_IN.days} days"
        blocks.append(say(bold(f"{topic.number}. "), *titled(topic)))
        blocks.append(hint(*described(topic), f"{where}{quiet}{sent}"))
        blocks.append(Buttons((remove_own_button(topic, "Remove"),)))
    when = schedule_in_words(own.channel)
    blocks.append(
        say(
            f"What only these find comes to you as a direct message, {when}. ",
            *next_digest(own.channel, now, resume=f"/papers {INTERESTS} {RESUME}"),
        )
    )
    blocks.append(
        say(
            "Papers for you in channels ping you."
            if own.pings
            else "Papers for you in channels have your name on them, and do not ping you."
        )
    )
    switch = Button("No pings", "interests pings off") if own.pings else Button("Ping me", "interests pings on")
    return answer(*blocks, Buttons((switch,)))


async def _edit(services: Services, there: CommandCall, own: PersonalChannel, what: str) -> Reply:
    named, _, query = what.partition(" ")
    if not query.strip():
        raise UserError("Write a number and the new query, like `/papers interests edit 2 diffusion -survey`.")
    topic = await topic_named(services, own.channel, named, shown_by=INTERESTS)
    edited = {"topic": str(topic.number), "query": query.strip()}
    return _with_buttons(await topics.edit(services, there, Arguments(edited)), remove_own_button(topic, "Remove"))


async def _remove(services: Services, own: PersonalChannel, what: str) -> Reply:
    if not what:
        raise UserError("Write which one, like `/papers interests remove 2`. `/papers interests` shows their numbers.")
    topic = await topic_named(services, own.channel, what, shown_by=INTERESTS)
    await services.subscriptions.remove(topic.id, services.clock.now())
    return answer(
        say(bold(f"Topic {topic.number} of yours removed: "), *titled(topic), "."),
        say("What waited for you only because of it is not sent."),
        Buttons((MY_TOPICS,)),
    )


async def _pings(services: Services, call: CommandCall, own: PersonalChannel, what: str) -> Reply:
    wanted = value_typed(what).lower()
    if wanted not in ("on", "off"):
        raise UserError("Write `/papers interests pings on` or `/papers interests pings off`.")
    if wanted == "on" and call.person.home is PlatformName.WEB:
        raise UserError("Whoever reads in the web workspace is not pinged: there is nothing that could ring.")
    await services.personal_channels.set_pings(own.channel.id, wanted == "on")
    if wanted == "off":
        return answer(say("Papers for you in channels have your name on them, and do not ping you."))
    return answer(
        say("Papers for you in channels ping you from now on. Those of topics that you named quietly do not."),
        Buttons((Button("No pings", "interests pings off"),)),
    )


def _with_buttons(reply: Reply, *buttons: Button) -> Reply:
    """The reply with these buttons in place of its own, which would be about the channel in which it is read."""
    kept = tuple(block for block in reply.message.blocks if not isinstance(block, Buttons))
    return replace(reply, message=replace(reply.message, blocks=(*kept, Buttons((MY_TOPICS, *buttons)))))


COMMANDS = (
    Command(
        name=INTERESTS,
        personal=True,
        summary="topics of your own: what is for you in this channel, and what comes to you alone",
        handler=interests,
        parameters=(
            Parameter(name="action", help="what to do", kind=Kind.CHOICE, choices=ACTIONS),
            Parameter(name="what", help="a query, a number, a time, on or off"),
            QUIET,
        ),
        examples=(
            "interests",
            "interests add diffusion distillation",
            "interests add agents --quietly",
            "interests edit 2 diffusion -survey",
            "interests remove 2",
            "interests pings on",
            "interests schedule daily 08:00",
            "interests off",
        ),
        details=(
            "Papers of this channel that suit a topic of yours say so, which everybody here can read, unless you name "
            "it --quietly. They ping you only after `interests pings on`. What no channel of yours gets comes to you "
            "as a direct message, in one digest however many channels you have topics in, as often as this channel "
            "gets one, or as `interests schedule` says."
        ),
    ),
)
