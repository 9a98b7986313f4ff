"""Discord as a platform: posts, threads and forum posts, each of them once.

A message carries its key twice. As the `nonce` it lets Discord itself answer a repeated request with the message that
is there already, for the few minutes that Discord remembers. Behind the first paper's address it can be found in the
channel's history at any time later.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import discord
import structlog
from discord.http import Route

from adapters.discord.client.circuit_breaker import CircuitBreaker
from adapters.discord.client.connection import API_URL, DiscordClient, Unanswered
from adapters.discord.client.errors import (
    CANNOT_SEE,
    INVALID_FORM,
    MAY_NOT,
    MISHAPS,
    NO_THREADS_HERE,
    TAG_REQUIRED,
    THREAD_ARCHIVED,
    THREAD_EXISTS,
    UNKNOWN_CHANNEL,
    UNKNOWN_MESSAGE,
    UNKNOWN_TAG,
    code_of,
    outcome_of,
)
from adapters.discord.guilds.forum_tags import REQUIRED, Forum, applied_tags, forum_of, missing_tags
from adapters.discord.guilds.permissions import me_in
from adapters.discord.guilds.refusals import why_refused
from adapters.discord.messages import mentions
from adapters.discord.messages.markup import cut
from adapters.discord.messages.rendering import can_be_marked, has_marker, papers_per_message, render, render_all
from bot.channels.channel import Address, PlatformName, Style
from bot.clocks import Clock
from bot.messages.message import Message, PaperBlock
from bot.platforms.outcomes import (
    Gone,
    HistoryWindow,
    LookUp,
    LookUpResult,
    Outgoing,
    Rejected,
    Retry,
    SendResult,
    Sent,
    Unknown,
)

#: Discord allows about five messages in five seconds in a channel; no 429 is ever earned at this pace.
CHANNEL_INTERVAL = 1.0  # seconds
#: How long Discord surely remembers a nonce. It says "the past few minutes".
NONCE_REMEMBERED = timedelta(minutes=2)
#: How far Discord's clock may be from ours.
CLOCK_MARGIN = timedelta(seconds=60)
LONGEST_KEY = 25
LONGEST_THREAD_NAME = 100
THREAD_ARCHIVED_AFTER = 1440  # minutes without messages
FORUMS = frozenset({discord.ChannelType.forum.value, discord.ChannelType.media.value})
READ_AT_ONCE = 100
#: Pages of history that are read for one message: channels busier than that are not searched to their end.
MOST_PAGES = 5
#: Posts of a forum since the first attempt that are looked into.
MOST_FORUM_POSTS = 25

_log = structlog.get_logger()
Payload = dict[str, Any]


class _StepError(Exception):
    """A step before the one that posts went wrong: nothing was posted."""

    def __init__(self, cause: BaseException) -> None:
        super().__init__(str(cause))
        self.cause = cause


class DiscordPlatform:
    """Implements `bot.platforms.platform.Platform` with a bot's token. `close` it at the end."""

    def __init__(self, token: str, clock: Clock, *, api_url: str = API_URL, reads_messages: bool = False) -> None:
        self._clock = clock
        self._token, self._api_url, self._reads_messages = token, api_url, reads_messages
        self._breaker = CircuitBreaker(clock)
        self._account = "discord-" + hashlib.sha256(token.encode()).hexdigest()[:16]
        self._kinds: dict[int, int] = {}
        #: Another one after every `start_over`.
        self.client = self._new_client()

    @property
    def name(self) -> PlatformName:
        return PlatformName.DISCORD

    @property
    def account(self) -> str:
        """One sender, because limits are those of the token; one listener, because every connection hears it all."""
        return self._account

    @property
    def channel_interval(self) -> float:
        return CHANNEL_INTERVAL

    def papers_per_message(self, style: Style, *, abstracts: bool) -> int:
        return papers_per_message(style, abstracts=abstracts)

    def parse_mention(self, text: str) -> str:
        """A role, as Discord writes it: `<@&123…>`."""
        return mentions.parse_mention(text)

    def mention_name(self, mention: str) -> str:
        """The mention itself: Discord shows the role's name in its place, and pings nobody from an embed."""
        return mention

    def parse_role(self, text: str) -> str:
        """The mention of a role; raises `UserError` for anything else."""
        return mentions.parse_role(text)

    async def takes_apart(self, address: Address) -> bool:
        """Whether it is a forum, whose posts are the papers."""
        channel = _snowflake(address.channel)
        if channel is None or self._breaker.wait:
            return False
        try:
            await self._before(self.client.log_in())
            return await self._is_forum(channel)
        except (_StepError, *MISHAPS) as error:
            _log.info("discord.channel_unknown", channel=str(address), reason=str(error))
            return False

    async def close(self) -> None:
        await self.client.log_out()

    async def start_over(self) -> None:
        """Ends all connections. What comes then begins with a new client, since a closed one cannot be used again."""
        ended, self.client = self.client, self._new_client()
        await ended.log_out()

    def _new_client(self) -> DiscordClient:
        return DiscordClient(self._token, self._breaker, api_url=self._api_url, reads_messages=self._reads_messages)

    async def send(self, outgoing: Outgoing) -> SendResult:
        channel, parent = _snowflake(outgoing.address.channel), _snowflake(outgoing.reply_to or "")
        if channel is None or outgoing.address.platform is not PlatformName.DISCORD:
            return Rejected(f"{outgoing.address} is no channel of Discord.")
        if outgoing.reply_to is not None and parent is None:
            return Rejected("The digest that it belongs to was deleted.")
        if wait := self._breaker.wait:
            return Retry(self._breaker.reason, wait)
        try:
            await self._before(self.client.log_in())
            if await self._is_forum(channel):
                return await self._post_in_forum(channel, outgoing)
            if parent is not None:
                return await self._reply(channel, parent, outgoing)
            return _sent(await self._create(channel, outgoing))
        except _StepError as refused:
            return await self._outcome(refused.cause, outgoing, left=False)
        except MISHAPS as error:
            return await self._outcome(error, outgoing, left=True)

    async def look_up(self, outgoing: Outgoing, window: HistoryWindow) -> LookUpResult:
        channel, parent = _snowflake(outgoing.address.channel), _snowflake(outgoing.reply_to or "")
        if channel is None:
            return LookUp.CANNOT_TELL
        if wait := self._breaker.wait:
            return Retry(self._breaker.reason, wait)
        forum = True  # until we know better: what is true of a forum is safe everywhere
        readable = False
        try:
            await self._before(self.client.log_in())
            forum = await self._is_forum(channel)
            if forum:
                return await self._look_in_forum(channel, outgoing, window.since)
            for place in (parent, channel) if parent is not None else (channel,):
                async for message in self._history(place, window.since):
                    readable = True
                    if self._is_ours(message, outgoing.key):
                        return Sent(message["id"])
            # Discord shows no messages, rather than an error, to who may not read the history.
            readable = readable or bool(await self._page(channel, limit=1))
        except (_StepError, *MISHAPS) as error:
            cause = error.cause if isinstance(error, _StepError) else error
            result = outcome_of(cause, left=False)
            if isinstance(result, Retry) or (isinstance(result, Gone) and code_of(cause) == UNKNOWN_CHANNEL):
                return result
        if not forum and self._clock.now() - window.since < NONCE_REMEMBERED:
            # Sending again is safe: Discord gives back the message that is there.
            return LookUp.MISSING
        return LookUp.MISSING if readable and can_be_marked(outgoing.message) else LookUp.CANNOT_TELL

    async def tell(self, address: Address, person_id: str, message: Message) -> bool:
        """Sends a direct message that leads to the channel; False when the person takes none from us."""
        person = _snowflake(person_id)
        if person is None or self._breaker.wait:
            return False
        try:
            await self.client.log_in()
            channel = await self.client.once(Route("POST", "/users/@me/channels"), {"recipient_id": str(person)})
            for part in render_all(message):
                body = {**part.payload, **({"content": link} if (link := self._link(address)) else {})}
                await self.client.once(_messages_of(int(channel["id"])), body)
        except MISHAPS as error:
            _log.info("discord.not_told", channel=str(address), reason=str(error))
            return False
        return True

    def _link(self, address: Address) -> str:
        """The channel as Discord shows it to be gone to, nothing for one that is known to be gone."""
        channel, guild = _snowflake(address.channel), self.client.get_guild(_snowflake(address.workspace) or 0)
        gone = guild is not None and channel is not None and guild.get_channel_or_thread(channel) is None
        return "" if channel is None or gone else f"<#{channel}>"

    # --- OutboxWorker

    async def _create(self, channel: int, outgoing: Outgoing, **more: Any) -> Payload:
        """Creates a message; without its pictures if Discord dislikes those, in an archived thread after opening it."""
        message, key = outgoing.message, outgoing.key[:LONGEST_KEY]
        once = {"nonce": key, "enforce_nonce": True, **more}
        body = {**render(message, key=key).payload, **once}
        for attempt in range(2):
            try:
                return await self._request(_messages_of(channel), body)
            except discord.HTTPException as error:
                if attempt:
                    raise
                if error.code == INVALID_FORM:
                    _log.warning("discord.message_degraded", channel=str(outgoing.address), reason=error.text[:500])
                    body = {**render(message, key=key, pictures=False).payload, **once}
                elif error.code == THREAD_ARCHIVED:
                    await self._before(self._request(_channel(channel, "PATCH"), {"archived": False}))
                else:
                    raise
        raise AssertionError("unreachable")

    async def _reply(self, channel: int, parent: int, outgoing: Outgoing) -> Sent:
        """Posts into the thread of a message, which has the message's id; beside the message where none can be."""
        try:
            return _sent(await self._create(parent, outgoing))
        except discord.HTTPException as error:
            if error.code != UNKNOWN_CHANNEL:
                raise
        if not await self._open_thread(channel, parent, outgoing):
            reference = {"message_id": str(parent), "fail_if_not_exists": False}
            return _sent(await self._create(channel, outgoing, message_reference=reference))
        return _sent(await self._create(parent, outgoing))

    async def _open_thread(self, channel: int, parent: int, outgoing: Outgoing) -> bool:
        """Opens the thread, if it is not open already; False where there can be none."""
        route = Route(
            "POST", "/channels/{channel_id}/messages/{message_id}/threads", channel_id=channel, message_id=parent
        )
        body = {"name": _thread_name(outgoing.message), "auto_archive_duration": THREAD_ARCHIVED_AFTER}
        try:
            await self._request(route, body)
        except discord.HTTPException as error:
            if error.code == THREAD_EXISTS:
                return True
            if error.code in NO_THREADS_HERE or error.code == UNKNOWN_MESSAGE:
                _log.info("discord.no_thread", channel=str(outgoing.address), reason=error.text[:200])
                return False
            raise _StepError(error) from error
        except MISHAPS as error:
            raise _StepError(error) from error
        return True

    async def _post_in_forum(self, channel: int, outgoing: Outgoing) -> Sent:
        """A post of its own for every message, also for those that would be replies elsewhere.

        Discord knows no nonce for forum posts: after an unknown outcome only the look-up can tell.
        """
        route = Route("POST", "/channels/{channel_id}/threads", channel_id=channel)
        pictures, fresh = True, False
        while True:
            body: Payload = {
                "name": _post_name(outgoing.message),
                "auto_archive_duration": THREAD_ARCHIVED_AFTER,
                "message": render(outgoing.message, key=outgoing.key, pictures=pictures).payload,
            }
            if tags := await self._tags(channel, outgoing.message.topics, fresh=fresh):
                body["applied_tags"] = tags
            try:
                return _sent(await self._request(route, body))
            except discord.HTTPException as error:
                if error.code in (TAG_REQUIRED, UNKNOWN_TAG, INVALID_FORM) and not fresh:
                    fresh = True  # the forum is not what it was, or never was what we thought
                elif error.code == INVALID_FORM and pictures:
                    pictures = False
                else:
                    raise

    async def _tags(self, channel: int, topics: Sequence[str], *, fresh: bool) -> list[str]:
        """The tags for a post about these topics. Those that are missing are added where we may manage the forum."""
        forum = await self._forum(channel, fresh=fresh)
        if names := missing_tags(forum, topics):
            body = {"available_tags": [*forum.tags, *({"name": name} for name in names)]}
            try:
                changed = await self._request(_channel(channel, "PATCH"), body)
                forum = replace(forum, tags=tuple(changed.get("available_tags", ())))
            except MISHAPS as error:
                # A post without its tag is better than none.
                _log.info("discord.no_tag", channel=channel, reason=str(error))
        return applied_tags(forum, topics)

    async def _forum(self, channel: int, *, fresh: bool) -> Forum:
        known = self.client.get_channel(channel)
        forum = forum_of(known, me_in(known.guild)) if isinstance(known, discord.ForumChannel) else Forum()
        if isinstance(known, discord.ForumChannel) and not fresh:
            return forum
        told = await self._before(self._request(_channel(channel)))
        return replace(
            forum, tags=tuple(told.get("available_tags", ())), required=bool(told.get("flags", 0) & REQUIRED)
        )

    async def _is_forum(self, channel: int) -> bool:
        known = self.client.get_channel(channel)
        if known is not None:
            return isinstance(known, discord.ForumChannel)
        if channel not in self._kinds:
            told = await self._before(self._request(_channel(channel)))
            if not isinstance(told.get("type"), int):
                raise _StepError(Unanswered("an answer without the channel's type"))
            self._kinds[channel] = told["type"]
        return self._kinds[channel] in FORUMS

    # --- Looking

    async def _history(self, channel: int, since: datetime) -> AsyncIterator[Payload]:
        """The messages since then, oldest page first; none for a thread that was never opened."""
        after = discord.utils.time_snowflake(since - CLOCK_MARGIN)
        for _ in range(MOST_PAGES):
            try:
                page = await self._page(channel, after=after, limit=READ_AT_ONCE)
            except discord.HTTPException as error:
                if error.code == UNKNOWN_CHANNEL:
                    return
                raise
            for message in page:
                yield message
            if len(page) < READ_AT_ONCE:
                return
            after = max(int(message["id"]) for message in page)

    async def _page(self, channel: int, **query: int) -> list[Payload]:
        page: list[Payload] = await self.client.once(
            Route("GET", "/channels/{channel_id}/messages", channel_id=channel), None, **query
        )
        return page

    async def _look_in_forum(self, channel: int, outgoing: Outgoing, since: datetime) -> Sent | LookUp:
        guild = _snowflake(outgoing.address.workspace)
        # Posts that nobody wrote in for so long are not listed any more.
        archived = self._clock.now() - since > timedelta(minutes=THREAD_ARCHIVED_AFTER) - CLOCK_MARGIN
        if guild is None or archived or not can_be_marked(outgoing.message):
            return LookUp.CANNOT_TELL
        after = discord.utils.time_snowflake(since - CLOCK_MARGIN)
        answer = await self.client.once(Route("GET", "/guilds/{guild_id}/threads/active", guild_id=guild))
        posts = [
            int(thread["id"])
            for thread in answer["threads"]
            if thread["parent_id"] == str(channel) and int(thread["id"]) > after
        ]
        for post in sorted(posts)[:MOST_FORUM_POSTS]:
            try:
                message = await self.client.once(_message(post, post))
            except discord.NotFound:
                continue  # its first message was deleted
            if self._is_ours(message, outgoing.key):
                return Sent(str(post))
        return LookUp.MISSING if len(posts) <= MOST_FORUM_POSTS else LookUp.CANNOT_TELL

    def _is_ours(self, message: Payload, key: str) -> bool:
        me = self.client.user
        if me is None or message["author"]["id"] != str(me.id):
            return False
        return message.get("nonce") == key[:LONGEST_KEY] or has_marker(message, key[:LONGEST_KEY])

    # --- Requests

    async def _request(self, route: Route, body: Payload | None = None) -> Payload:
        answer: Payload = await self.client.once(route, body)
        return answer

    async def _before(self, step: Any) -> Any:
        """Waits for a step that posts nothing; raises `_StepError` when it fails."""
        try:
            return await step
        except MISHAPS as error:
            raise _StepError(error) from error

    async def _outcome(self, error: BaseException, outgoing: Outgoing, *, left: bool) -> SendResult:
        if left and code_of(error) == UNKNOWN_MESSAGE:
            # The nonce belongs to a message that was posted and deleted since.
            return Sent("")
        result = outcome_of(error, left=left)
        if isinstance(result, Gone) and code_of(error) in (CANNOT_SEE, MAY_NOT):
            server, channel = _snowflake(outgoing.address.workspace), _snowflake(outgoing.address.channel)
            result = Gone(await why_refused(self.client, server, channel or 0) or result.reason)
        if not isinstance(result, Unknown | Retry):
            _log.warning("discord.refused", channel=str(outgoing.address), code=code_of(error), reason=result)
        return result


def _sent(answer: Any) -> Sent:
    """What Discord made of a request that posts; raises `Unanswered` where it does not say."""
    if not isinstance(answer, dict) or not isinstance(answer.get("id"), str):
        raise Unanswered("an answer without the message's id")
    return Sent(answer["id"])


def _snowflake(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 20 else None


def _messages_of(channel: int) -> Route:
    return Route("POST", "/channels/{channel_id}/messages", channel_id=channel)


def _message(channel: int, message: int) -> Route:
    return Route("GET", "/channels/{channel_id}/messages/{message_id}", channel_id=channel, message_id=message)


def _channel(channel: int, method: str = "GET") -> Route:
    return Route(method, "/channels/{channel_id}", channel_id=channel)


def _thread_name(message: Message) -> str:
    return cut(message.thread or message.summary, LONGEST_THREAD_NAME) or "Papers"


def _post_name(message: Message) -> str:
    """A post of a forum is called like its paper."""
    papers = [block for block in message.blocks if isinstance(block, PaperBlock)]
    if len(papers) != 1 or papers[0].compact:
        return _thread_name(message)
    return cut(papers[0].title, LONGEST_THREAD_NAME) or papers[0].paper_id
