"""The routes of Discord's REST API that posting uses."""

from __future__ import annotations

from discord.http import Route

#: Where Discord itself has direct messages in its addresses, in place of a server.
DIRECT_MESSAGES = "@me"


def channel_route(channel: int, method: str = "GET") -> Route:
    return Route(method, "/channels/{channel_id}", channel_id=channel)


def messages_route(channel: int, method: str = "POST") -> Route:
    return Route(method, "/channels/{channel_id}/messages", channel_id=channel)


def message_route(channel: int, message: int, method: str = "GET") -> Route:
    return Route(method, "/channels/{channel_id}/messages/{message_id}", channel_id=channel, message_id=message)


def thread_of_message_route(channel: int, message: int) -> Route:
    return Route("POST", "/channels/{channel_id}/messages/{message_id}/threads", channel_id=channel, message_id=message)


def crosspost_route(channel: int, message: int) -> Route:
    path = "/channels/{channel_id}/messages/{message_id}/crosspost"
    return Route("POST", path, channel_id=channel, message_id=message)


def forum_posts_route(channel: int) -> Route:
    return Route("POST", "/channels/{channel_id}/threads", channel_id=channel)


def active_threads_route(guild: int) -> Route:
    return Route("GET", "/guilds/{guild_id}/threads/active", guild_id=guild)


def archived_threads_route(channel: int) -> Route:
    return Route("GET", "/channels/{channel_id}/threads/archived/public", channel_id=channel)


def snowflake(text: str) -> int | None:
    """An id of Discord's, None for what is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 20 else None
