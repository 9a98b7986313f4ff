"""The command `channel`: a channel as a whole, renamed, archived or deleted.

It is for the workspace's pages and for the terminal. Channels of Slack and Discord are renamed and archived there;
here they can be deleted once nothing reaches them any more.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.channels.channel import Channel, ChannelState, PlatformName
from bot.channels.names import channel_name_of
from bot.commands.channels import timing
from bot.commands.registry import Arguments, Command, Kind, Parameter
from bot.commands.services import Services
from bot.commands.wording import answer, next_digest, say
from bot.errors import UserError
from bot.messages.message import Block, Button, Buttons, ButtonStyle, bold
from bot.platforms.command_calls import CommandCall, Reply
from bot.text.counting import count_of
from bot.text.typed import unquoted

RENAME, ARCHIVE, UNARCHIVE, DELETE = "rename", "archive", "unarchive", "delete"
ACTIONS = (RENAME, ARCHIVE, UNARCHIVE, DELETE)


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


async def _contents(services: Services, here: Channel) -> Contents:
    return Contents(
        topics=len(await services.subscriptions.of_channel(here.id)),
        waiting=len(await services.digests.waiting(here.id)),
        unsent=await services.posts.open_in(here.id),
    )


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
)
