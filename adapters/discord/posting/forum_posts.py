"""Posts of forums and media channels: each message is a thread of its own, with tags for its topics.

Discord knows no nonce for them: after an unknown outcome only looking for the post can tell.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import discord
import structlog

from adapters.discord.client.connection import DiscordClient
from adapters.discord.client.error_codes import (
    INVALID_FORM,
    MISSING_ACCESS,
    MISSING_PERMISSIONS,
    NAME_REFUSED,
    NO_TAGS,
    TAG_REQUIRED,
    UNKNOWN_CHANNEL,
    UNKNOWN_MESSAGE,
    UNKNOWN_TAG,
)
from adapters.discord.client.errors import RESPONSE_ERRORS
from adapters.discord.client.routes import (
    active_threads_route,
    archived_threads_route,
    channel_route,
    forum_posts_route,
    message_route,
    snowflake,
)
from adapters.discord.guilds.forum_tags import REQUIRED, Forum, allowed_in, applied_tags, forum_of, missing_tags
from adapters.discord.guilds.missing_access import permissions_in
from adapters.discord.guilds.permissions import me_in
from adapters.discord.messages.markers import can_be_marked
from adapters.discord.messages.markup import cut
from adapters.discord.messages.rendering import form_of, render
from adapters.discord.posting.create import THREAD_ARCHIVED_AFTER, Payload, plainer_form, preparing, sent
from adapters.discord.posting.history import MARGIN, MOST_PAGES, NEXT_PAGES, PAGE, is_ours
from adapters.discord.posting.threads import LONGEST_THREAD_NAME, PLAIN_NAME, thread_name
from bot.clocks import Clock
from bot.messages.message import Message, PaperBlock
from bot.platforms.outcomes import HistoryWindow, LookUp, Outgoing, Partly, Sent

#: Posts of a forum that one look-up looks into; the next one goes on.
MOST_FORUM_POSTS = 25
#: Seconds for which an answer on what the bot may do in a forum is believed: a digest has many posts.
BELIEVED_FOR = 600.0
#: The tags are not, or not any more, those that the gateway told of.
TAGS_REFUSED = frozenset({NO_TAGS, TAG_REQUIRED, UNKNOWN_TAG, INVALID_FORM})

_log = structlog.get_logger()


async def create_forum_post(client: DiscordClient, channel: int, outgoing: Outgoing) -> Sent:
    """A post of its own for every message, also for those that would be replies in other channels.

    Raises `NotSentError`, or what a request raises.
    """
    name, form, fresh = _post_name(outgoing.message), form_of(outgoing.message), False
    guild = snowflake(outgoing.address.workspace)
    while True:
        body: Payload = {
            "name": name,
            "auto_archive_duration": THREAD_ARCHIVED_AFTER,
            "message": render(outgoing.message, key=outgoing.key, form=form).payload,
        }
        if tags := await _tags(client, guild, channel, outgoing.message.topics, fresh=fresh):
            body["applied_tags"] = tags
        try:
            return sent(await client.request_once(forum_posts_route(channel), body))
        except discord.HTTPException as error:
            if error.code in TAGS_REFUSED and not fresh:
                fresh = True  # the forum is not what it was, or never was what we thought
            elif error.code in NAME_REFUSED and name != (plain := _plain_name(outgoing.message)):
                name = plain
            elif (plainer := plainer_form(error, form)) is not None:
                form = plainer
            else:
                raise


async def find_forum_post(
    client: DiscordClient, channel: int, outgoing: Outgoing, window: HistoryWindow, clock: Clock
) -> Sent | Partly | LookUp:
    """Whether the post is among the bot's own in the forum since the window begins, the oldest first."""
    guild = snowflake(outgoing.address.workspace)
    if guild is None or not can_be_marked(outgoing.message):
        return LookUp.CANNOT_TELL
    threads = (await client.request_once(active_threads_route(guild)))["threads"]
    # By Discord's clock, of which the ids of posts are times.
    since = window.since + client.clock_ahead(clock.now()) - MARGIN
    # Posts that nobody wrote in for so long are listed apart.
    if clock.now() - window.since > timedelta(minutes=THREAD_ARCHIVED_AFTER) - MARGIN:
        archived = await _archived(client, channel, since)
        if archived is None:
            return LookUp.CANNOT_TELL
        threads += archived
    after = max(discord.utils.time_snowflake(since), snowflake(window.cursor) or 0)
    me = str(client.user.id) if client.user is not None else ""
    posts = sorted(
        int(thread["id"])
        for thread in threads
        if thread["parent_id"] == str(channel) and thread["owner_id"] == me and int(thread["id"]) > after
    )
    for post in posts[:MOST_FORUM_POSTS]:
        try:
            message = await client.request_once(message_route(post, post))
        except discord.HTTPException as error:
            if error.code in (UNKNOWN_CHANNEL, UNKNOWN_MESSAGE):
                continue  # the post, or its first message, was deleted
            raise
        if is_ours(client, message, outgoing.key):
            return Sent(str(post))
    if len(posts) > MOST_FORUM_POSTS:
        return Partly(str(posts[MOST_FORUM_POSTS - 1]), NEXT_PAGES)
    return LookUp.MISSING


async def _archived(client: DiscordClient, channel: int, since: datetime) -> list[dict[str, Any]] | None:
    """The forum's posts that were archived since then; None where they are too many, or may not be read."""
    threads: list[dict[str, Any]] = []
    before: dict[str, str] = {}
    for _ in range(MOST_PAGES):
        try:
            answer = await client.request_once(archived_threads_route(channel), None, limit=PAGE, **before)
        except discord.Forbidden as error:
            if error.code in (MISSING_ACCESS, MISSING_PERMISSIONS):
                return None
            raise
        threads += answer["threads"]
        if not answer["has_more"]:
            return threads
        oldest = answer["threads"][-1]["thread_metadata"]["archive_timestamp"]
        if datetime.fromisoformat(oldest) < since:
            return threads
        before = {"before": oldest}
    return None


async def _tags(
    client: DiscordClient, guild: int | None, channel: int, topics: Sequence[str], *, fresh: bool
) -> list[str]:
    """The tags for a post about these topics. Those that are missing are added where we may manage the forum."""
    forum = await _forum(client, guild, channel, topics, fresh=fresh)
    if missing_tags(forum, topics) and not fresh:
        # Tags are written as a whole: those that the guild added just now must be among them.
        forum = await _forum(client, guild, channel, topics, fresh=True)
    if names := missing_tags(forum, topics):
        body = {"available_tags": [*forum.tags, *({"name": name} for name in names)]}
        try:
            changed = await client.request_once(channel_route(channel, "PATCH"), body)
            forum = replace(forum, tags=tuple(changed.get("available_tags", ())))
        except RESPONSE_ERRORS as error:
            # A post without its tag is better than none.
            _log.info("discord.no_tag", channel=channel, reason=str(error))
    return applied_tags(forum, topics)


async def _forum(
    client: DiscordClient, guild: int | None, channel: int, topics: Sequence[str], *, fresh: bool
) -> Forum:
    """The forum as the gateway told of it; with `fresh`, or where there is no gateway, as Discord answers."""
    known = client.get_channel(channel)
    forum = forum_of(known, me_in(known.guild)) if isinstance(known, discord.ForumChannel) else None
    if forum is not None and not fresh:
        return forum
    told = await preparing(client.request_once(channel_route(channel)))
    tags, required = tuple(told.get("available_tags", ())), bool(told.get("flags", 0) & REQUIRED)
    if forum is None:
        forum = Forum(tags, required=required)
        # What we may do is asked only where it matters: when a tag is missing, or none may be given.
        if missing_tags(replace(forum, manages=True), topics) or (required and not forum.usable):
            forum = allowed_in(forum, await _allowed(client, guild, channel))
    return replace(forum, tags=tags, required=required)


async def _allowed(client: DiscordClient, guild: int | None, channel: int) -> discord.Permissions | None:
    until, allowed = client.asked_permissions.get(channel, (0.0, None))
    if until <= time.monotonic():
        allowed = await permissions_in(client, guild, channel)
        client.asked_permissions[channel] = time.monotonic() + BELIEVED_FOR, allowed
    return allowed


def _plain_name(message: Message) -> str:
    """A name that no rule about words can be against."""
    return next((block.paper_id for block in message.blocks if isinstance(block, PaperBlock)), PLAIN_NAME)


def _post_name(message: Message) -> str:
    """A post of a forum is called like its paper."""
    papers = [block for block in message.blocks if isinstance(block, PaperBlock)]
    if len(papers) != 1 or papers[0].compact:
        return thread_name(message)
    return cut(papers[0].title, LONGEST_THREAD_NAME) or papers[0].paper_id
