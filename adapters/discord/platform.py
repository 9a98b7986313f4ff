"""Discord as a platform: posts, threads and forum posts, each of them once."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import discord
import structlog
from discord.http import Route

from adapters.discord.client.circuit_breaker import CircuitBreaker
from adapters.discord.client.connection import API_URL, DiscordClient
from adapters.discord.client.error_codes import (
    FORUM_CHANNEL,
    MISSING_ACCESS,
    MISSING_PERMISSIONS,
    NOT_A_TEXT_CHANNEL,
    REFUSED_TOKEN,
    UNKNOWN_MESSAGE,
    WRONG_CHANNEL_TYPE,
    outcome_of,
)
from adapters.discord.client.errors import RESPONSE_ERRORS, BadResponseError, code_of
from adapters.discord.client.routes import DIRECT_MESSAGES, channel_route, messages_route, snowflake
from adapters.discord.guilds.missing_access import missing_access_reason
from adapters.discord.messages import mentions
from adapters.discord.messages.markers import can_be_marked
from adapters.discord.messages.rendering import papers_per_message, render_all
from adapters.discord.posting.create import InThreadError, NotSentError, create_message, preparing
from adapters.discord.posting.crosspost import crosspost
from adapters.discord.posting.edit import redraw
from adapters.discord.posting.forum_posts import create_forum_post, find_forum_post
from adapters.discord.posting.history import find_in_history
from adapters.discord.posting.threads import reply_in_thread
from bot.channels.channel import Address, PlatformName, Style
from bot.clocks import Clock
from bot.errors import UserError
from bot.messages.message import Message
from bot.metrics import Metrics
from bot.platforms.access import Access
from bot.platforms.outcomes import (
    Gone,
    GoneScope,
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
FORUMS = frozenset({discord.ChannelType.forum.value, discord.ChannelType.media.value})

_log = structlog.get_logger()


class DiscordPlatform:
    """Implements `bot.platforms.platform.Platform` with a bot's token. `close` it at the end.

    With `crossposts`, what is posted in an announcement channel also goes to the servers that follow it.
    """

    def __init__(
        self,
        token: str,
        clock: Clock,
        *,
        api_url: str = API_URL,
        reads_messages: bool = False,
        crossposts: bool = True,
        metrics: Metrics | None = None,
        access: Access | None = None,
    ) -> None:
        self._clock = clock
        self._metrics = metrics or Metrics()
        #: Whether Discord lets us in.
        self.access = access or Access()
        self._crossposts = crossposts
        self._token, self._api_url, self._reads_messages = token, api_url, reads_messages
        self._breaker = CircuitBreaker(clock, self.access)
        self._account = "discord-" + hashlib.sha256(token.encode()).hexdigest()[:16]
        self._channel_types: dict[int, int] = {}
        #: Puts messages into Discord's words; whoever registers commands sets it.
        self.localized: Callable[[Message], Message] = lambda message: message
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

    def room(self, workspace: str) -> int | None:  # noqa: ARG002 - the limit is that of the token
        return self.client.pace.room(time.monotonic())

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

    async def is_shared(self, address: Address) -> bool:  # noqa: ARG002 - no channel is
        return False

    async def takes_apart(self, address: Address) -> bool:
        """Whether it is a forum, whose posts are the papers."""
        channel = snowflake(address.channel)
        if channel is None or self._breaker.wait:
            return False
        try:
            await preparing(self.client.log_in())
            return await self._is_forum(channel)
        except (NotSentError, *RESPONSE_ERRORS) as error:
            _log.info("discord.channel_unknown", channel=str(address), reason=str(error))
            return False

    async def close(self) -> None:
        await self.client.log_out()

    async def start_over(self) -> None:
        """Ends all connections. What comes then begins with a new client, since a closed one cannot be used again."""
        ended, self.client = self.client, self._new_client()
        await ended.log_out()

    def _new_client(self) -> DiscordClient:
        return DiscordClient(
            self._token,
            self._breaker,
            api_url=self._api_url,
            reads_messages=self._reads_messages,
            metrics=self._metrics,
            access=self.access,
        )

    async def send(self, outgoing: Outgoing) -> SendResult:
        channel, parent = snowflake(outgoing.address.channel), snowflake(outgoing.reply_to or "")
        if channel is None or outgoing.address.platform is not PlatformName.DISCORD:
            return Rejected(f"{outgoing.address} is no channel of Discord.")
        if outgoing.reply_to is not None and parent is None:
            return Rejected("The digest that it belongs to was deleted.")
        if wait := self._breaker.wait:
            return Retry(self._breaker.reason, wait)
        outgoing = replace(outgoing, message=self.localized(outgoing.message))
        try:
            await preparing(self.client.log_in())
            if await self._is_forum(channel):
                return await create_forum_post(self.client, channel, outgoing)
            if parent is not None:
                return await reply_in_thread(self.client, channel, parent, outgoing)
            created = await create_message(self.client, channel, outgoing)
            await self._publish(channel, created)
            return created
        except InThreadError as refused:
            return await self._outcome(refused.cause, outgoing, thread=True)
        except NotSentError as refused:
            return await self._outcome(refused, outgoing)
        except RESPONSE_ERRORS as error:
            return await self._outcome(error, outgoing)

    async def redraw(self, outgoing: Outgoing, remote_id: str) -> SendResult:
        """Edits the message where nothing that is to be posted waits for its turn."""
        channel, message = snowflake(outgoing.address.channel), snowflake(remote_id)
        parent = snowflake(outgoing.reply_to or "")
        if channel is None or message is None:
            return Rejected(f"{remote_id} is no message of Discord.")
        if wait := self._breaker.wait:
            return Retry(self._breaker.reason, wait)
        if wait := self.client.pace.queue(time.monotonic()):
            return Retry("Messages that are to be posted go first.", wait)
        outgoing = replace(outgoing, message=self.localized(outgoing.message))
        try:
            await self.client.log_in()
            places = [channel] if parent is None else [parent, channel]
            if await self._is_forum(channel):
                places = [message]  # a post of a forum is a thread, which has the id of its first message
            await redraw(self.client, places, message, outgoing)
        except NotSentError as refused:
            return self._outcome_of(refused.cause, sent=False)
        except RESPONSE_ERRORS as error:
            return self._outcome_of(error, sent=False)
        return Sent(remote_id)

    async def look_up(self, outgoing: Outgoing, window: HistoryWindow) -> LookUpResult:
        channel, parent = snowflake(outgoing.address.channel), snowflake(outgoing.reply_to or "")
        if channel is None:
            return LookUp.CANNOT_TELL
        if wait := self._breaker.wait:
            return Retry(self._breaker.reason, wait)
        forum = True  # until we know better: what is true of a forum is safe everywhere
        readable = False
        try:
            await preparing(self.client.log_in())
            forum = await self._is_forum(channel)
            if forum:
                return await find_forum_post(self.client, channel, outgoing, window, self._clock)
            places = (parent, channel) if parent is not None else (channel,)
            found, readable = await find_in_history(
                self.client, snowflake(outgoing.address.workspace), places, outgoing.key, window, self._clock
            )
            if isinstance(found, Sent) and parent is None:
                await self._publish(channel, found)  # whoever posted it may not have come so far
            if found is not None:
                return found
        except (NotSentError, *RESPONSE_ERRORS) as error:
            cause = error.cause if isinstance(error, NotSentError) else error
            result = self._outcome_of(cause, sent=False)
            if isinstance(result, Retry | Gone):
                return result
        if not forum and self._clock.now() - window.since < NONCE_REMEMBERED:
            # Sending again is safe: Discord gives back the message that is there.
            return LookUp.MISSING
        return LookUp.MISSING if readable and can_be_marked(outgoing.message) else LookUp.CANNOT_TELL

    async def _publish(self, channel: int, message: Sent) -> None:
        """Publishes what stands in an announcement channel; once more does no harm."""
        if self._crossposts and self._channel_type(channel) == discord.ChannelType.news.value:
            await crosspost(self.client, channel, message)

    async def direct_messages(self, address: Address, person_id: str) -> Address:  # noqa: ARG002 - of any server
        """The conversation with a person, who is the same one in all servers. That they take messages is not said."""
        person = snowflake(person_id)
        if person is None:
            raise UserError(f"{person_id} is nobody on Discord.")
        if self._breaker.wait:
            raise UserError(self._breaker.reason)
        try:
            await self.client.log_in()
            conversation = str(await self._conversation(person))
        except RESPONSE_ERRORS as error:
            _log.info("discord.no_conversation", person=person_id, reason=str(error))
            outcome = outcome_of(error, sent=False)
            why = "" if isinstance(outcome, Sent) else f": {outcome.reason}"
            raise UserError(f"I cannot open a conversation with you{why}") from error
        return Address(PlatformName.DISCORD, DIRECT_MESSAGES, conversation)

    async def tell(self, address: Address, person_id: str, message: Message) -> bool:
        """Sends a direct message that leads to the channel; False when the person takes none from us."""
        person = snowflake(person_id)
        if person is None or self._breaker.wait:
            return False
        try:
            await self.client.log_in()
            channel = await self._conversation(person)
            for part in render_all(self.localized(message)):
                await self.client.request_once(messages_route(channel), part.with_words(self._link(address)).payload)
        except RESPONSE_ERRORS as error:
            _log.info("discord.not_told", channel=str(address), reason=str(error))
            return False
        return True

    async def _conversation(self, person: int) -> int:
        """Our direct messages with a person; Discord makes them when they are not there yet."""
        route = Route("POST", "/users/@me/channels")
        return int((await self.client.request_once(route, {"recipient_id": str(person)}))["id"])

    def _link(self, address: Address) -> str:
        """The channel as Discord shows it to be gone to, nothing for one that is known to be gone."""
        channel, guild = snowflake(address.channel), self.client.get_guild(snowflake(address.workspace) or 0)
        gone = guild is not None and channel is not None and guild.get_channel_or_thread(channel) is None
        return "" if channel is None or gone else f"<#{channel}>"

    async def _is_forum(self, channel: int) -> bool:
        if self._channel_type(channel) is None:
            told = await preparing(self.client.request_once(channel_route(channel)))
            if not isinstance(told.get("type"), int):
                raise NotSentError(BadResponseError("an answer without the channel's type"))
            self._channel_types[channel] = told["type"]
        return self._channel_type(channel) in FORUMS

    def _channel_type(self, channel: int) -> int | None:
        """The type of a channel as far as we were told, None where we were not."""
        known = self.client.get_channel(channel)
        if isinstance(known, discord.abc.GuildChannel | discord.Thread):
            return int(known.type.value)
        return self._channel_types.get(channel)

    def _outcome_of(self, error: BaseException, *, sent: bool, thread: bool = False) -> SendResult:
        """What an error means for a post. For a token that is refused it waits as long as all others do."""
        result = outcome_of(error, sent=sent, thread=thread)
        if isinstance(result, Retry) and result.reason == REFUSED_TOKEN:
            # Where nothing is held back, the token was taken since, with another request.
            return replace(result, after=self._breaker.wait or None)
        return result

    async def _outcome(self, raised: BaseException, outgoing: Outgoing, *, thread: bool = False) -> SendResult:
        sent, error = (False, raised.cause) if isinstance(raised, NotSentError) else (True, raised)
        if sent and code_of(error) == UNKNOWN_MESSAGE:
            # The nonce belongs to a message that was posted and deleted since.
            return Sent("")
        result = self._outcome_of(error, sent=sent, thread=thread)
        guild, channel = snowflake(outgoing.address.workspace), snowflake(outgoing.address.channel)
        if (
            isinstance(result, Gone)
            and result.scope is GoneScope.CHANNEL
            and code_of(error) in (MISSING_ACCESS, MISSING_PERMISSIONS)
        ):
            reason = await missing_access_reason(self.client, guild, channel or 0)
            result = replace(result, reason=reason or result.reason)
        if code_of(error) in (FORUM_CHANNEL, NOT_A_TEXT_CHANNEL, WRONG_CHANNEL_TYPE):
            self._channel_types.pop(channel or 0, None)  # it may have become another
        if not isinstance(result, Unknown | Retry):
            _log.warning("discord.refused", channel=str(outgoing.address), code=code_of(error), reason=result)
        return result
