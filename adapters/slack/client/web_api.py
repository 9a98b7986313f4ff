"""The Web API as the bot of one workspace: who we are there, and who the people are."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Generic, TypeVar

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from adapters.slack.client.connection import Connection
from adapters.slack.client.errors import ERRORS, code_of, outcome_of
from adapters.slack.client.new_blocks import NewBlocks
from adapters.slack.client.payloads import Json
from adapters.slack.client.rate_limit import HistoryPace
from bot.platforms.outcomes import Unknown
from bot.platforms.pacing.pace import Pace

log = structlog.get_logger(__name__)

T = TypeVar("T")

_CACHED_FOR: Final = 3600.0  # seconds that what Slack said of people and channels is kept
_AT_ONCE: Final = 999
_MOST_CACHED: Final = 10_000
#: What a person's own conversation with the bot is called.
DIRECT_MESSAGES: Final = "our direct messages"
_GROUP: Final = "mpdm-"
SLACKBOT: Final = "USLACKBOT"
_PAUSE: Final = 0.3  # seconds before something is read again


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who we are in a workspace."""

    team_id: str
    enterprise_id: str | None
    user_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What Slack knows of a person.

    `external` people come from elsewhere; `admin` is an admin or owner of ours, or of our organisation; who is `gone`
    has no account any more. Our own guests are none of these: they are members of the channels that they were let into.
    `teams` are the workspaces that the person is in.
    """

    name: str
    time_zone: str | None
    external: bool = False
    admin: bool = False
    bot: bool = False
    gone: bool = False
    teams: tuple[str, ...] = ()


class _Cache(Generic[T]):
    """Answers that are believed for a while."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[float, T]] = {}

    def get(self, name: str) -> T | None:
        until, value = self._kept.get(name, (0.0, None))
        return value if time.monotonic() < until else None

    def keep(self, name: str, value: T) -> None:
        if len(self._kept) >= _MOST_CACHED:
            self._kept.clear()
        self._kept[name] = (time.monotonic() + _CACHED_FOR, value)

    def forget(self, name: str) -> None:
        self._kept.pop(name, None)


class SlackApi:
    """The Web API as one workspace's bot. Who that is may be known, else Slack is asked.

    `workspace` is the id that it is known by from the start, empty where only the token is known.
    """

    def __init__(self, connection: Connection, bot_token: str, identity: Identity | None = None) -> None:
        self.connection = connection
        self.token = bot_token
        self.workspace = identity.team_id if identity else ""
        self.new_blocks = NewBlocks(connection.monotonic)
        self.new_blocks_in_links = NewBlocks(connection.monotonic)
        self._history_paces: dict[str, HistoryPace] = {}
        self._identity = identity
        self._client: AsyncWebClient | None = None
        self._people: _Cache[Profile] = _Cache()
        self._names: _Cache[str] = _Cache()
        self._conversations: _Cache[str] = _Cache()

    @property
    def client(self) -> AsyncWebClient:
        """The client that posts, with the token of the moment. The library reads the environment to make one."""
        session = self.connection.session
        if self._client is None or self._client.token != self.token or self._client.session is not session:
            self._client = self.connection.client(self.token)
        return self._client

    @property
    def pace(self) -> Pace:
        """How fast messages may be posted in this workspace."""
        return self.connection.pace(self._identity.team_id if self._identity else "")

    def history_pace(self, method: str) -> HistoryPace:
        """How often that method may be asked in this workspace."""
        return self._history_paces.setdefault(method, HistoryPace(self.connection.monotonic))

    async def identity(self, *, anew: bool = False) -> Identity:
        """Who the token belongs to, asked once, or `anew`; raises one of `errors.ERRORS`."""
        if self._identity is None or anew:
            answer = await self.client.auth_test()
            team_id, user_id = answer.get("team_id"), answer.get("user_id")
            if not isinstance(team_id, str) or not isinstance(user_id, str):
                # Taken for an answer, it would make this another workspace's token.
                raise ValueError("Slack's answer does not say who we are")
            self._identity = Identity(team_id=team_id, enterprise_id=answer.get("enterprise_id"), user_id=user_id)
        return self._identity

    async def profile(self, user_id: str) -> Profile:
        """What Slack knows of a person, kept for an hour; raises one of `errors.ERRORS`."""
        if (known := self._people.get(user_id)) is not None:
            return known
        identity = await self.identity()
        user: Json = (await self._ask(partial(self.client.users_info, user=user_id)))["user"]
        found = _profile_of(user, identity, user_id)
        self._people.keep(user_id, found)
        return found

    async def channel_name(self, channel_id: str) -> str:
        """The name of a channel that we are in, kept for an hour; raises one of `errors.ERRORS`."""
        if (known := self._names.get(channel_id)) is None:
            channel: Json = (await self._ask(partial(self.client.conversations_info, channel=channel_id)))["channel"]
            known = _conversation_name(channel)
            self._names.keep(channel_id, known)
        return known

    async def direct_messages(self, user_id: str) -> str:
        """The id of our conversation with a person; raises one of `errors.ERRORS`."""
        if (known := self._conversations.get(user_id)) is None:
            opened = await self._ask(partial(self.client.conversations_open, users=user_id))
            known = str(opened["channel"]["id"])
            self._conversations.keep(user_id, known)
        return known

    async def is_member(self, channel_id: str, user_id: str) -> bool:
        """Whether a person is in a channel that we can see; raises one of `errors.ERRORS`."""
        cursor: str | None = None
        while True:
            page = await self._ask(
                partial(self.client.conversations_members, channel=channel_id, limit=_AT_ONCE, cursor=cursor)
            )
            if user_id in page["members"]:
                return True
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return False

    async def is_in(self, channel_id: str) -> bool:
        """Whether we are in a conversation; raises one of `errors.ERRORS`."""
        try:
            found: Json = (await self._ask(partial(self.client.conversations_info, channel=channel_id)))["channel"]
        except SlackApiError as error:
            if code_of(error) == "channel_not_found":
                return False
            raise
        return is_inside(found)

    async def is_shared(self, channel_id: str) -> bool:
        """Whether people of other organisations are in a channel; raises one of `errors.ERRORS`."""
        channel: Json = (await self._ask(partial(self.client.conversations_info, channel=channel_id)))["channel"]
        return bool(channel.get("is_ext_shared"))

    async def posters(self, channel_id: str) -> frozenset[str] | None:
        """The people who may write in a channel beside its workspace's admins, None where all its members may; raises
        one of `errors.ERRORS`."""
        channel: Json = (await self._ask(partial(self.client.conversations_info, channel=channel_id)))["channel"]
        restricted = (channel.get("properties") or {}).get("posting_restricted_to")
        if not restricted and not channel.get("is_read_only"):
            return None
        return frozenset(str(user) for user in (restricted or {}).get("user") or ())

    async def join(self, channel_id: str) -> None:
        """Joins a public channel; raises one of `errors.ERRORS`."""
        await self.client.conversations_join(channel=channel_id)
        log.info("slack.joined", channel=channel_id)

    async def channels_of(self, user_id: str) -> frozenset[str]:
        """The ids of the channels that a person is in and we can see; raises one of `errors.ERRORS`."""
        teams = (await self.profile(user_id)).teams if await self._is_organisation() else (None,)
        found: frozenset[str] = frozenset()
        for team in teams:
            try:
                found |= await self._channels_in(team, user_id)
            except SlackApiError as error:
                # An organisation may give the app only some of its workspaces.
                if code_of(error) != "team_access_not_granted":
                    raise
        with suppress(*ERRORS):
            found |= {await self.direct_messages(user_id)}
        return found

    async def _channels_in(self, team: str | None, user_id: str) -> frozenset[str]:
        found = await self._channels(user=user_id, team_id=team)
        # What the app may not ask for is left out; the channels are there all the same.
        with suppress(*ERRORS):
            found |= await self._channels("mpim", user=user_id, team_id=team)
        return found

    async def own_channels(self) -> frozenset[str]:
        """The ids of the channels that we are in, archived ones excepted; raises one of `errors.ERRORS`."""
        if not await self._is_organisation():
            return await self._channels(exclude_archived=True)
        teams = (await self._ask(self.client.auth_teams_list))["teams"]
        found = [await self._channels(exclude_archived=True, team_id=team["id"]) for team in teams]
        return frozenset().union(*found)

    async def _is_organisation(self) -> bool:
        """Whether the app is installed in a whole organisation: then Slack wants to know in which of its workspaces."""
        identity = await self.identity()
        return identity.team_id == identity.enterprise_id

    async def _channels(self, types: str = "public_channel,private_channel", **whose: Any) -> frozenset[str]:
        found: set[str] = set()
        cursor: str | None = None
        while True:
            page = await self._ask(
                partial(self.client.users_conversations, types=types, limit=_AT_ONCE, cursor=cursor, **whose)
            )
            found.update(channel["id"] for channel in page["channels"])
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return frozenset(found)

    async def _ask(self, request: Callable[[], Awaitable[AsyncSlackResponse]]) -> AsyncSlackResponse:
        """Reads something, and once more where Slack was in trouble for a moment."""
        try:
            return await self.connection.retries.ask(request)
        except ERRORS as error:
            outcome = outcome_of(error)
            if not isinstance(outcome, Unknown) or outcome.late:
                raise
        await asyncio.sleep(_PAUSE)
        return await self.connection.retries.ask(request)

    def forget_channel(self, channel_id: str) -> None:
        """Says that a channel may have another name."""
        self._names.forget(channel_id)


def _profile_of(user: Json, identity: Identity, user_id: str) -> Profile:
    """What `users.info` says of somebody.

    It says `is_stranger` of nobody in a channel shared with ours: whom another workspace knows is from elsewhere,
    unless it belongs to our organisation. https://docs.slack.dev/enterprise/developing-for-enterprise-orgs
    """
    profile, enterprise = user.get("profile") or {}, user.get("enterprise_user") or {}
    home = user.get("team_id") or identity.team_id
    is_colleague = bool(identity.enterprise_id) and enterprise.get("enterprise_id") == identity.enterprise_id
    external = bool(user.get("is_stranger")) or not (home == identity.team_id or is_colleague)
    # Admins of another workspace of the organisation are none of this one.
    teams = enterprise.get("teams") or ()
    is_here = home == identity.team_id or identity.team_id in teams
    admin = (is_here and _is_admin(user)) or (is_colleague and _is_admin(enterprise))
    return Profile(
        name=profile.get("display_name") or profile.get("real_name") or user.get("name") or user_id,
        time_zone=user.get("tz"),
        external=external,
        admin=admin and not external and not user.get("deleted"),
        bot=bool(user.get("is_bot")) or user_id == SLACKBOT,
        gone=bool(user.get("deleted")),
        teams=tuple(dict.fromkeys(str(team) for team in (user.get("team_id"), *teams) if team)),
    )


def _is_admin(user: Json) -> bool:
    return any(user.get(mark) for mark in ("is_admin", "is_owner", "is_primary_owner"))


def is_inside(conversation: Json) -> bool:
    """Whether we are in a conversation, by what Slack says of it."""
    return any(conversation.get(sign) for sign in ("is_member", "is_im", "is_mpim"))


def _conversation_name(channel: Json) -> str:
    """What people call a conversation: `mpdm-ada--bob-1` is no name for anybody."""
    if channel.get("is_im"):
        return DIRECT_MESSAGES
    name = str(channel.get("name") or DIRECT_MESSAGES)
    if channel.get("is_mpim") or name.startswith(_GROUP):
        people = re.sub(r"-\d+$", "", name.removeprefix(_GROUP)).split("--")
        return f"the group of {', '.join(people)}"
    return name
