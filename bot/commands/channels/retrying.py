"""The retry command: messages that the platform refused, tried again."""

from __future__ import annotations

from typing import Final

from bot.channels.channel import Channel
from bot.commands.registry import Arguments, Command, Kind, Parameter
from bot.commands.services import Services
from bot.commands.wording import answer, hint, moment, say
from bot.errors import UserError
from bot.messages.message import Block, Button, Buttons, Heading, bold
from bot.platforms.command_calls import CommandCall, Reply
from bot.platforms.permissions import runs_the_bot
from bot.posting.post import FailedPost
from bot.schedules.stored import DEFAULT_TIME_ZONE
from bot.text.counting import count_of

ALL: Final = "all"
MOST_SHOWN: Final = 10
#: Tried again with one command: a crowd of them would hold up what is new.
MOST_AT_ONCE: Final = 100


async def retry(services: Services, call: CommandCall, arguments: Arguments) -> Reply:
    which = arguments.text("post").lower().removeprefix("#")
    if which and which != ALL and not which.isdecimal():
        raise UserError("Say which one by its number, like `/papers retry 12`, or write `/papers retry all`.")
    everywhere = runs_the_bot(call)
    channel = await services.known_channel(call)
    if channel is None and not everywhere:
        return _nothing()
    # Who manages one channel sees and changes what concerns it, and nothing of others.
    failed = await services.posts.failed(
        MOST_AT_ONCE + 1, channel_id=None if everywhere or channel is None else channel.id
    )
    if not which:
        return await _listed(services, channel, failed)
    chosen = [post for post in failed if which in (ALL, str(post.id))][:MOST_AT_ONCE]
    if not chosen and which == ALL:
        return _nothing()
    if not chosen:
        raise UserError(f"No message that was given up here has the number {which}. `/papers retry` lists them.")
    tried = await services.posts.retry([post.id for post in chosen], services.clock.now())
    services.wake()
    return await _tried(services, chosen, tried, rest=which == ALL and len(failed) > len(chosen))


def _nothing() -> Reply:
    return answer(say("Every message was posted: there is nothing to try again."))


async def _listed(services: Services, channel: Channel | None, failed: list[FailedPost]) -> Reply:
    if not failed:
        return _nothing()
    now, zone = services.clock.now(), channel.time_zone if channel else DEFAULT_TIME_ZONE
    shown = failed[:MOST_SHOWN]
    channels = await services.channels.get([post.channel_id for post in shown])
    many = f"more than {MOST_AT_ONCE}" if len(failed) > MOST_AT_ONCE else f"{len(failed)}"
    blocks: list[Block] = [Heading(f"{many} message{'' if len(failed) == 1 else 's'} could not be posted")]
    for post in shown:
        where = channels[post.channel_id].full_name if post.channel_id in channels else "a channel that is gone"
        blocks.append(say(bold(f"{post.id}"), f" · {where} · {moment(post.failed_at, zone, now)}: {post.error}"))
        blocks.append(Buttons((Button(f"Retry {post.id}", f"retry {post.id}"),)))
    if len(failed) > len(shown):
        blocks.append(hint(f"… and {count_of(len(failed) - len(shown), 'more')}."))
    blocks.append(hint("What may have arrived is looked for before it is sent again, so nothing comes twice."))
    blocks.append(Buttons((Button("Retry all", f"retry {ALL}"),)))
    return answer(*blocks)


async def _tried(services: Services, chosen: list[FailedPost], tried: int, *, rest: bool) -> Reply:
    looked_for = sum(post.maybe_arrived for post in chosen)
    words = f"{count_of(tried, 'message')} will be tried again now."
    if looked_for:
        words += f" {looked_for} may have arrived, and will be looked for first."
    blocks: list[Block] = [say(words)]
    if tried < len(chosen):
        blocks.append(hint("What other messages have brought since is not posted twice."))
    stopped = [
        channel
        for channel in (await services.channels.get(sorted({post.channel_id for post in chosen}))).values()
        if channel.reason
    ]
    if stopped:
        blocks.append(
            hint(f"{stopped[0].full_name} is stopped ({stopped[0].reason}): `/papers resume` there comes first.")
        )
    if rest:
        blocks.append(hint(f"That is {MOST_AT_ONCE} of them: say it again for the rest when those are done."))
    return answer(*blocks)


COMMANDS = (
    Command(
        name="retry",
        summary="messages that could not be posted, tried again",
        handler=retry,
        parameters=(Parameter(name="post", help="the number of a message, or all", kind=Kind.TEXT),),
        examples=("retry", "retry 12", "retry all"),
        details="What may have arrived is looked for before it is sent again, so nothing is posted twice.",
        manages=True,
        announced=False,
    ),
)
