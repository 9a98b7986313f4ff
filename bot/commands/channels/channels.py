"""The commands `channel` and `copy`: a channel as a whole, renamed, archived or deleted, and topics of another one.

They are for the workspace's pages and for the terminal. Channels of Slack and Discord are renamed and archived there;
here they can be deleted once nothing reaches them any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.channels.channel import Address, Channel, ChannelState, PlatformName
from bot.channels.names import channel_name_of
from bot.commands.channels import timing
from bot.commands.registry import Arguments, Command, Kind, Parameter
from bot.commands.services import Services
from bot.commands.topics.subscribing import MOST_TOPICS
from bot.commands.topics.wording import is_about, titled
from bot.commands.wording import answer, hint, next_digest, say
from bot.errors import UserError
from bot.messages.message import Block, Button, Buttons, ButtonStyle, Items, bold, text
from bot.platforms.command_calls import CommandCall, Reply
from bot.text.counting import count_of
from bot.text.typed import unquoted
from bot.topics.baselines import baseline_of
from bot.topics.store import TopicOptions
from bot.topics.subscription import Subscription

RENAME, ARCHIVE, UNARCHIVE, DELETE = "rename", "archive", "unarchive", "delete"
ACTIONS = (RENAME, ARCHIVE, UNARCHIVE, DELETE)
MOST_ALIKE = 5  # channels that are named to somebody who meant one of them
MOST_CALLED = 50  # of the same name, on a platform


@dataclass(frozen=True, slots=True)
class Contents:
    """What a channel has: topics, papers that wait for its next digest, messages that are not sent yet."""

    topics: int
    waiting: int
    unsent: int

    @property
    def in_words(self) -> str:
        unsent = f", {count_of(self.unsent, 'message')} on the way" if self.unsent else ""
        return f"{count_of(self.topics, 'topic')}, {count_of(self.waiting, 'paper')} waiting{unsent}"


async def channel(services: Services, call: CommandCall, arguments: Arguments) -> Reply:
    here = await services.known_channel(call)
    if here is None:
        raise UserError("Nothing was ever set up in this channel.")
    action, what = arguments.text("action"), arguments.text("what").strip()
    match action:
        case "rename":
            return await _rename(services, here, what)
        case "archive":
            return await _archive(services, call, here)
        case "unarchive":
            return await _unarchive(services, call, here)
        case "delete":
            return await _delete(services, here, what)
        case _:
            return await _shown(services, here)


async def _shown(services: Services, here: Channel) -> Reply:
    contents = await _contents(services, here)
    buttons = []
    if _is_ours(here):
        action = UNARCHIVE if here.archived_at else ARCHIVE
        buttons.append(Button(action.capitalize(), f"channel {action}"))
    if _is_ours(here) or here.state is ChannelState.BROKEN:
        buttons.append(Button("Delete", "channel delete", ButtonStyle.DANGER))
    blocks: list[Block] = [
        say(bold(here.full_name), f": {contents.in_words}."),
        say(*next_digest(here, services.clock.now())),
    ]
    return answer(*blocks, *([Buttons(tuple(buttons))] if buttons else []))


async def _rename(services: Services, here: Channel, what: str) -> Reply:
    _ours(here, "renamed")
    if not what:
        raise UserError(
            f"What should {here.shown_name} be called? For example: `/papers channel rename machine-learning`."
        )
    name = channel_name_of(what)
    if name == here.name:
        raise UserError(f"It is called {here.shown_name} already.")
    await services.channels.rename(here.id, name)
    return answer(
        say("This channel is now called ", bold(f"#{name}"), ". Links to its old name lead nowhere any more.")
    )


async def _archive(services: Services, call: CommandCall, here: Channel) -> Reply:
    _ours(here, "archived")
    if here.archived_at is not None:
        raise UserError(f"{here.shown_name} is archived already.")
    await services.channels.archive(here.id, reason=f"archived by {call.person.name}", now=services.clock.now())
    return answer(
        say(bold(f"{here.shown_name} is archived."), " Nothing is posted in it until somebody unarchives it."),
        say("Its topics, what waits and what was posted stay."),
        Buttons((Button("Unarchive", "channel unarchive"),)),
    )


async def _unarchive(services: Services, call: CommandCall, here: Channel) -> Reply:
    if here.archived_at is None:
        raise UserError(f"{here.shown_name} is not archived.")
    return await timing.resume(services, call, Arguments({}))


async def _delete(services: Services, here: Channel, what: str) -> Reply:
    if not _is_ours(here) and here.state is not ChannelState.BROKEN:
        raise UserError(
            f"{here.full_name} can be deleted here once nothing reaches it any more: remove me from it first, or "
            "`/papers pause` stops posting."
        )
    if here.person:
        raise UserError("This is somebody's own channel. `/papers interests off` ends what comes there.")
    contents = await _contents(services, here)
    if what and unquoted(what).removeprefix("#") != here.name:
        raise UserError(f"It is called {here.shown_name}, not “{what[:60]}”. Nothing was deleted.")
    if not what:
        return answer(
            say(bold(f"Delete {here.shown_name}?"), f" It has {contents.in_words}."),
            say("Its topics, its messages here and its votes are deleted for good, and what waits is never posted."),
            Buttons((Button(f"Delete {here.shown_name}", f"channel delete {here.name}", ButtonStyle.DANGER),)),
        )
    await services.channels.delete(here.id, services.clock.now())
    return answer(say(bold(f"{here.shown_name} is deleted"), f", with {contents.in_words}."))


async def copy(services: Services, call: CommandCall, arguments: Arguments) -> Reply:
    """Copies the topics of another channel: all that are not there yet, or none."""
    if not call.person.sees_all:
        raise UserError("Topics of another channel are copied in the workspace's pages, where all channels are seen.")
    here = await services.channel(call)
    source = await _named(services, call, arguments.text("source"))
    if source.id == here.id:
        raise UserError("That is this channel. Name another one.")
    theirs = [topic for topic in await services.subscriptions.of_channel(source.id) if topic.named_in is None]
    if not theirs:
        raise UserError(f"{source.full_name} has no topics.")
    ours = await services.subscriptions.of_channel(here.id)
    known = [topic for topic in theirs if any(_is_same(other, topic) for other in ours)]
    missing = [topic for topic in theirs if topic not in known]
    if len(ours) + len(missing) > MOST_TOPICS:
        raise UserError(
            f"This channel has {count_of(len(ours), 'topic')}, and {MOST_TOPICS} is the most: {len(missing)} more do "
            "not fit."
        )
    now = services.clock.now()
    options = [
        TopicOptions(
            query=topic.query,
            models=topic.models,
            name=topic.name,
            min_upvotes=topic.min_upvotes,
            instant=topic.instant,
            baseline=await baseline_of(services.papers, services.vectors, topic.wanted, now),
        )
        for topic in missing
    ]
    if not options:
        return answer(say(bold("Nothing to copy."), f" This channel has all topics of {source.full_name} already."))
    added = await services.subscriptions.add_all(here.id, options, created_by=call.person.id, now=now)
    there = f" {len(known)} {'was' if len(known) == 1 else 'were'} here already." if known else ""
    return answer(
        say(bold(f"{count_of(len(added), 'topic')} copied from {source.full_name}."), there),
        Items(tuple(text(f"{topic.number}. ", *titled(topic)) for topic in added)),
        hint("Only papers that come from now on are posted because of them. ", *next_digest(here, now)),
        Buttons((Button("Topics", "topics"),)),
    )


def _is_same(ours: Subscription, theirs: Subscription) -> bool:
    return ours.named_in is None and is_about(ours, theirs.asked, theirs.wanted)


async def _contents(services: Services, here: Channel) -> Contents:
    return Contents(
        topics=len(await services.subscriptions.of_channel(here.id)),
        waiting=len(await services.digests.waiting(here.id)),
        unsent=await services.posts.open_in(here.id),
    )


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


def _is_ours(here: Channel) -> bool:
    return here.address.platform is PlatformName.WEB


def _ours(here: Channel, done: str) -> None:
    """Raises `UserError` for a channel that is kept by a platform, or for somebody."""
    if not _is_ours(here):
        platform = here.address.platform.capitalize()
        raise UserError(f"Channels of {platform} are {done} in {platform}.")
    if here.person:
        raise UserError(f"This is somebody's own channel, and cannot be {done}.")


COMMANDS = (
    Command(
        name="channel",
        summary="this channel as a whole: rename, archive or delete it",
        handler=channel,
        manages=True,
        changes_with="action",
        announced=False,
        hidden=True,
        parameters=(
            Parameter(name="action", help="what to do", kind=Kind.CHOICE, choices=ACTIONS),
            Parameter(name="what", help="the new name, or the name of what is deleted"),
        ),
        examples=("channel rename machine-learning", "channel archive", "channel delete"),
    ),
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
)
