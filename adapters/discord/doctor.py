"""DiscordDoctor: what `paperround doctor` looks at in Discord, without opening the gateway."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from itertools import islice

import discord

from adapters.discord.client.error_codes import MISSING_ACCESS, NOT_IN_GUILD, UNKNOWN_CHANNEL, detail_of
from adapters.discord.client.errors import LOGIN_REFUSED, RESPONSE_ERRORS, code_of
from adapters.discord.client.routes import snowflake
from adapters.discord.guilds.forum_tags import forum_of
from adapters.discord.guilds.missing_access import fetch_guild
from adapters.discord.guilds.permissions import granted, invite_url, is_for_users, missing, names_of
from adapters.discord.platform import DiscordPlatform
from bot.channels.channel import Channel, PlatformName
from bot.channels.directory import WorkspaceDirectory
from bot.checks import Check, NoticeError, UncheckedError
from bot.clocks import Clock
from bot.errors import MALFORMED, OperatorError

#: Each takes three requests.
MOST_SERVERS = 100
#: How far this machine's clock may be from Discord's.
CLOCK_MARGIN = timedelta(seconds=60)
MOST_NAMES = 10
NO_MESSAGE_CONTENT = (
    "Links to papers become cards only with the Message Content intent, which is off. Switch it on at "
    "https://discord.com/developers/applications (your application, “Bot”, “Message Content Intent”), or set "
    "PAPERROUND_DISCORD_LINK_CARDS=false."
)


class DiscordDoctor:
    """Each check says what is well, or raises an `OperatorError` that says what to do."""

    def __init__(self, platform: DiscordPlatform, directory: WorkspaceDirectory, clock: Clock) -> None:
        self._platform = platform
        self._directory = directory
        self._clock = clock
        self._tried = False
        self._refusal: OperatorError | None = None

    def checks(self) -> dict[str, Check]:
        """The checks by the name of what they look at, the most important one first."""
        checks: dict[str, Check] = {
            "Discord": self._token,
            "Discord's servers": self._servers,
            "Discord's channels": self._channels,
            "Discord's clock": self._time,
        }
        if self._platform.client.intents.message_content:
            checks["Discord's intents"] = self._intents
        return checks

    async def _client(self) -> discord.Client:
        """The client, logged in. That is tried once, and what came of it is said once."""
        if not self._tried:
            self._tried = True
            self._refusal = OperatorError("Discord does not answer.")  # as long as it does not
            self._refusal = await self._log_in()
        if self._refusal is not None:
            raise UncheckedError("not checked") from self._refusal
        return self._platform.client

    async def _log_in(self) -> OperatorError | None:
        """Why nothing can be asked of Discord, None if it can."""
        try:
            await self._platform.client.log_in()
        except discord.LoginFailure:
            return OperatorError(LOGIN_REFUSED)
        except RESPONSE_ERRORS as error:
            return _unreachable(error)
        return None

    async def _token(self) -> str:
        try:
            client = await self._client()
        except UncheckedError as error:
            raise self._refusal or error from error
        application = client.application_id or 0
        alone = (
            "people can also add the app for themselves"
            if is_for_users(client)
            else "for people to add it for themselves switch on “Installation”, “User Install”"
        )
        works = f"the token works, of the application {application}"
        return f"{works}; invite the bot with {invite_url(application)}; {alone}"

    async def _intents(self) -> str:
        application = (await self._client()).application
        flags = application.flags if application else discord.ApplicationFlags()
        if not (flags.gateway_message_content or flags.gateway_message_content_limited):
            raise OperatorError(NO_MESSAGE_CONTENT)
        return "the Message Content intent is on"

    async def _servers(self) -> str:
        client = await self._client()
        try:
            names = [guild.name async for guild in client.fetch_guilds(limit=None, with_counts=False)]
        except RESPONSE_ERRORS as error:
            raise _unreachable(error) from error
        if not names:
            raise NoticeError(f"The bot is in no server yet. Invite it with {invite_url(client.application_id or 0)}")
        return f"the bot is in {len(names)}: {_some(sorted(names))}"

    async def _time(self) -> str:
        await self._client()
        if "Date" not in self._platform.client.response_headers:
            raise UncheckedError("not checked: Discord did not say what time it is")
        ahead = -self._platform.client.clock_ahead(self._clock.now())
        if abs(ahead) > CLOCK_MARGIN:
            direction = "ahead of" if ahead > timedelta() else "behind"
            seconds = round(abs(ahead).total_seconds())
            raise OperatorError(
                f"This machine's clock is {seconds} s {direction} Discord's. Set it right (NTP): digests come at the "
                "wrong time."
            )
        return "this machine's clock agrees"

    async def _channels(self) -> str:
        """What is missing in channels with topics, said before the next digest fails."""
        client = await self._client()
        of_server: defaultdict[str, list[Channel]] = defaultdict(list)
        for channel in await self._directory.channels(PlatformName.DISCORD, with_topics=True):
            if None not in (snowflake(channel.address.workspace), snowflake(channel.address.channel)):
                of_server[channel.address.workspace].append(channel)
        problems: list[str] = []
        for server, channels in islice(of_server.items(), MOST_SERVERS):
            try:
                problems += await _problems(client, int(server), channels)
            except RESPONSE_ERRORS as error:
                if code_of(error) not in NOT_IN_GUILD:
                    raise _unreachable(error) from error
                invite = invite_url(client.application_id or 0)
                problems.append(
                    f"The bot is not in the server {channels[0].workspace_name} any more. Invite it with {invite}"
                )
        if problems:
            raise OperatorError("\n  ".join(problems))
        count = sum(len(channels) for channels in islice(of_server.values(), MOST_SERVERS))
        return f"the bot may post in all {count} that have topics" if count else "none has topics yet"


async def _problems(client: discord.Client, server: int, channels: Sequence[Channel]) -> list[str]:
    asked = await fetch_guild(client, server)
    problems = []
    for channel in channels:
        place = f"{channel.shown_name} in {asked.guild.name}"
        try:
            here, thread = await asked.find(int(channel.address.channel))
        except (discord.Forbidden, discord.NotFound) as error:
            if code_of(error) not in (UNKNOWN_CHANNEL, MISSING_ACCESS):
                raise
            gone = code_of(error) == UNKNOWN_CHANNEL
            what = (
                "was deleted"
                if gone
                else "cannot be seen: give the bot “View Channel” there; in a private thread, mention it"
            )
            problems.append(f"{place} {what}.")
            continue
        if thread is not None and thread.locked:
            problems.append(f"{place} is a locked thread: unlock it, or move its topics to another channel.")
        if isinstance(here, discord.ForumChannel) and not forum_of(here, asked.me).takes_posts:
            problems.append(
                f"{place} wants a tag for every post and has none that the bot may use: add one in the forum's "
                "settings, “Tags”, or give the bot “Manage Channels” there."
            )
        if here is not None:
            forum, allowed = isinstance(here, discord.ForumChannel), granted(here, asked.me)
            lacking = missing(allowed, thread=thread is not None, forum=forum, style=channel.settings.style)
            if not allowed.read_message_history:
                lacking.append("Read Message History")  # posting goes on without, and may lose what it cannot find
            if lacking:
                problems.append(f"{place}: give the bot {names_of(lacking)} in the channel's settings, “Permissions”.")
    return problems


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + more


def _unreachable(error: BaseException) -> OperatorError:
    if isinstance(error, MALFORMED):
        return OperatorError(f"Discord's answer cannot be read ({type(error).__name__}: {error}).")
    return OperatorError(f"Discord cannot be reached: {detail_of(error)}.")
