"""The commands `copy` and `move`: topics of one channel for another one.

They are for the workspace's pages and for the terminal, where all channels are seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.channels.channel import Address, Channel, PlatformName
from bot.commands.registry import Arguments, Command, Kind, Parameter
from bot.commands.services import Services
from bot.commands.topics.subscribing import MOST_TOPICS
from bot.commands.topics.wording import is_about, titled
from bot.commands.wording import answer, hint, next_digest, say
from bot.errors import UserError
from bot.messages.message import Button, Buttons, Items, bold, text
from bot.platforms.command_calls import CommandCall, Reply
from bot.platforms.permissions import may_manage_another
from bot.text.counting import count_of
from bot.text.typed import unquoted
from bot.topics.baselines import baseline_of, common_baseline_of
from bot.topics.store import TopicMove, options_of
from bot.topics.subscription import Subscription

FROM, TO = "from", "to"
WAYS: Final = (FROM, TO)
MOST_ALIKE = 5  # channels that are named to somebody who meant one of them
MOST_CALLED = 50  # of the same name, on a platform


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """Topics that one channel would get from another: those that are `missing` there, and those that are `known`."""

    source: Channel
    target: Channel
    missing: Sequence[Subscription]
    known: Sequence[Subscription]


async def copy(services: Services, call: CommandCall, arguments: Arguments) -> Reply:
    """Copies the topics of another channel: all that are not there yet, or none."""
    here = await services.channel(call)
    planned = await planned_copy(services, call, here, arguments.text("source"))
    source = planned.source
    if not planned.missing:
        return answer(say(bold("Nothing to copy."), f" This channel has all topics of {source.full_name} already."))
    now = services.clock.now()
    options = [
        options_of(topic, await baseline_of(services.papers, services.vectors, topic.wanted, now))
        for topic in planned.missing
    ]
    added = await services.subscriptions.add_all(here.id, options, created_by=call.person.id, now=now)
    return answer(
        say(bold(f"{count_of(len(added), 'topic')} copied from {source.full_name}."), _were_there(planned)),
        Items(tuple(text(f"{topic.number}. ", *titled(topic)) for topic in added)),
        hint("Only papers that come from now on are posted because of them. ", *next_digest(here, now)),
        Buttons((Button("Topics", "topics"),)),
    )


async def move(services: Services, call: CommandCall, arguments: Arguments) -> Reply:
    """Moves topics between this channel and another one, with what waits because of them: all of it or nothing."""
    here = await services.channel(call)
    numbers = _numbers(arguments.text("topics"))
    planned = await planned_move(services, call, here, arguments.text("way"), arguments.text("channel"), numbers)
    source, target = planned.source, planned.target
    if not planned.missing:
        raise UserError(f"{target.full_name} has all topics of {source.full_name} already. Nothing was moved.")
    now = services.clock.now()
    moves = [
        TopicMove(
            topic,
            options_of(
                topic,
                await common_baseline_of(
                    services.papers,
                    services.vectors,
                    services.subscriptions,
                    topic.wanted,
                    [topic],
                    source.settings.sources,
                    now,
                ),
            ),
        )
        for topic in planned.missing
    ]
    moved = await services.subscriptions.transfer(moves, target.id, created_by=call.person.id, now=now)
    back, other = (TO, source) if target.id == here.id else (FROM, target)
    undo = f"move {back} {other.address} --topics {','.join(str(topic.number) for topic in moved)}"
    return answer(
        say(
            bold(f"{count_of(len(moved), 'topic')} moved from {source.full_name} to {target.full_name}."),
            _stayed(planned),
        ),
        Items(tuple(text(f"{topic.number}. ", *titled(topic)) for topic in moved)),
        hint("What waited because of them waits there now. ", *next_digest(target, now)),
        Buttons((Button("Move back", undo), Button("Topics", "topics"))),
    )


async def planned_copy(services: Services, call: CommandCall, here: Channel, named: str) -> Transfer:
    """What `copy` would do. Raises `UserError` where it would do nothing."""
    return await _planned(services, await _another(services, call, here, named), here)


async def planned_move(
    services: Services, call: CommandCall, here: Channel, way: str, named: str, numbers: Sequence[int] = ()
) -> Transfer:
    """What `move` would do. Raises `UserError` where it would do nothing, or the person may not change one of them."""
    other = await _another(services, call, here, named)
    if not may_manage_another(call, other.address):
        raise UserError(f"You may read {other.full_name} here, not change it: its topics can be copied.")
    source, target = (other, here) if way == FROM else (here, other)
    return await _planned(services, source, target, numbers)


async def _another(services: Services, call: CommandCall, here: Channel, named: str) -> Channel:
    if not call.person.sees_all:
        raise UserError(
            "Topics of another channel are copied and moved in the workspace's pages, where all channels are seen."
        )
    other = await _named(services, call, named)
    if other.id == here.id:
        raise UserError("That is this channel. Name another one.")
    return other


async def _planned(services: Services, source: Channel, target: Channel, numbers: Sequence[int] = ()) -> Transfer:
    theirs = [topic for topic in await services.subscriptions.of_channel(source.id) if topic.named_in is None]
    if numbers:
        wanted = set(numbers)
        theirs = [topic for topic in theirs if topic.number in wanted]
        if gone := wanted - {topic.number for topic in theirs}:
            raise UserError(f"{source.full_name} has no topic {min(gone)}.")
    if not theirs:
        raise UserError(f"{source.full_name} has no topics.")
    there = await services.subscriptions.of_channel(target.id)
    known = [topic for topic in theirs if any(_is_same(other, topic) for other in there)]
    missing = [topic for topic in theirs if topic not in known]
    if len(there) + len(missing) > MOST_TOPICS:
        raise UserError(
            f"{target.full_name} has {count_of(len(there), 'topic')}, and {MOST_TOPICS} is the most: {len(missing)} "
            "more do not fit."
        )
    return Transfer(source=source, target=target, missing=missing, known=known)


def _were_there(planned: Transfer) -> str:
    known = len(planned.known)
    return f" {known} {'was' if known == 1 else 'were'} here already." if known else ""


def _stayed(planned: Transfer) -> str:
    known = len(planned.known)
    return f" {known} stayed: {'it is' if known == 1 else 'they are'} in both." if known else ""


def _numbers(written: str) -> list[int]:
    parts = written.replace(",", " ").split()
    if not all(part.isascii() and part.isdigit() for part in parts):
        raise UserError("`--topics` takes the numbers of topics, like `--topics 1,3`.")
    return [int(part) for part in parts]


def _is_same(ours: Subscription, theirs: Subscription) -> bool:
    return ours.named_in is None and is_about(ours, theirs.asked, theirs.wanted)


async def _named(services: Services, call: CommandCall, asked: str) -> Channel:
    """The channel that a person means by its address (`slack/T1/C1`, `slack:T1:C1`), or by its name where only one is
    called so; the nearer to the channel of the call the better."""
    asked = unquoted(asked)
    parts = asked.replace(":", "/").split("/")
    if len(parts) == 3 and parts[0] in tuple(PlatformName):
        found = await services.channels.find(Address(PlatformName(parts[0]), parts[1], parts[2]))
        if found is not None and not found.person and found.follows is None:
            return found
    name = asked.removeprefix("#").strip()
    alike = [one for platform in PlatformName for one in await _called(services, platform, name)]
    near = [one for one in alike if one.address.platform is call.address.platform]
    nearest = [one for one in near if one.address.workspace == call.address.workspace]
    for some in (nearest, near, alike):
        if len(some) == 1:
            return some[0]
        if some:
            raise UserError(f"Several channels are called #{name}: {_choices(some)}. Write which one you mean.")
    raise UserError(f"There is no channel “{asked[:60]}”. Write its name, or its address such as `slack/T123/C456`.")


async def _called(services: Services, platform: PlatformName, name: str) -> list[Channel]:
    """Channels of exactly that name, archived ones, too."""
    return [
        one
        for archived in (False, True)
        for one in await services.channels.browse(platform, name=name, archived=archived, limit=MOST_CALLED)
    ]


def _choices(channels: Sequence[Channel]) -> str:
    more = f" and {len(channels) - MOST_ALIKE} more" if len(channels) > MOST_ALIKE else ""
    return ", ".join(f"`{one.address}` in {one.workspace_name}" for one in channels[:MOST_ALIKE]) + more


COMMANDS = (
    Command(
        name="copy",
        summary="copy the topics of another channel to this one",
        handler=copy,
        manages=True,
        hidden=True,
        parameters=(Parameter(name="source", help="a channel", required=True),),
        examples=("copy general", "copy slack/T123/C456"),
        details="Topics that this channel has already are left as they are, and nothing old is posted.",
    ),
    Command(
        name="move",
        summary="move the topics of another channel to this one, or those of this one to another",
        handler=move,
        manages=True,
        hidden=True,
        parameters=(
            Parameter(
                name="way",
                help="whether they come from that channel or go to it",
                kind=Kind.CHOICE,
                choices=WAYS,
                required=True,
            ),
            Parameter(name="channel", help="a channel", required=True),
            Parameter(name="topics", help="the numbers of those that move, instead of all", option=True),
        ),
        examples=("move from general", "move to slack/T123/C456", "move to vision --topics 1,3"),
        details="What waits for a digest because of them moves along. What both channels have stays.",
    ),
)
