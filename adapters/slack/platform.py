"""Slack as a platform: each post is one request, and after an unclear end the channel's history says what handle."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Final

import structlog
from slack_sdk.errors import SlackApiError

from adapters.slack.client.errors import (
    ERRORS,
    code_of,
    explained,
    for_place,
    is_rate_limited,
    outcome_of,
    retry_after_of,
)
from adapters.slack.client.payloads import Json
from adapters.slack.client.web_api import SlackApi
from adapters.slack.installation.workspaces import Workspaces
from adapters.slack.messages import rendering
from adapters.slack.messages.mentions import mention_name, parse_mention, parse_role
from adapters.slack.messages.rendering import Payload, content_of, render_one
from adapters.slack.posting.editing import edit
from adapters.slack.posting.history import find_message
from adapters.slack.posting.metadata import metadata_of
from adapters.slack.posting.sending import post, say
from bot.channels.channel import Address, PlatformName, Style
from bot.errors import PaperRoundError, UserError
from bot.messages.message import Message
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

log = structlog.get_logger(__name__)

CHANNEL_INTERVAL: Final = 1.0  # seconds; https://docs.slack.dev/apis/web-api/rate-limits
LONGEST_TURN: Final = 2.0  # seconds that a message may wait for its turn
#: Nobody could find out in a year: what was lost stays lost, and the setting for that decides.
_UNREADABLE: Final = frozenset(("missing_scope", "not_allowed_token_type"))


class SlackPlatform:
    """Implements `bot.platforms.platform.Platform` for the workspaces that the app is in. `close` it in the end."""

    def __init__(self, workspaces: Workspaces) -> None:
        self.workspaces = workspaces

    @property
    def name(self) -> PlatformName:
        return PlatformName.SLACK

    @property
    def account(self) -> str:
        return ""

    @property
    def channel_interval(self) -> float:
        return CHANNEL_INTERVAL

    def room(self, workspace: str) -> int | None:
        connection = self.workspaces.connection
        return connection.pace(workspace).room(connection.monotonic())

    def papers_per_message(self, style: Style, *, abstracts: bool) -> int:
        return rendering.papers_per_message(style, abstracts=abstracts)

    async def is_shared(self, address: Address) -> bool:
        """Whether Slack Connect shares the channel with another organisation; no where Slack does not say."""
        api = await self._api_of(address)
        if not isinstance(api, SlackApi):
            return False
        try:
            return await api.is_shared(address.channel)
        except ERRORS as error:
            log.info("slack.sharing_unknown", channel=address.channel, reason=explained(error))
            return False

    async def takes_apart(self, address: Address) -> bool:  # noqa: ARG002 - no channel does
        return False

    def parse_mention(self, text: str) -> str:
        return parse_mention(text)

    def mention_name(self, mention: str) -> str:
        return mention_name(mention)

    def parse_role(self, text: str) -> str:
        """`admins`; raises `UserError` for anything else."""
        return parse_role(text)

    async def send(self, outgoing: Outgoing) -> SendResult:
        """Posts once, as `post` does."""
        # A digest is planned so that its messages fit, unless an earlier version planned it.
        page = render_one(outgoing.message)
        if page is None:
            return Rejected("The message is longer than Slack takes at once.")
        api = await self._api_of(outgoing.address)
        if not isinstance(api, SlackApi):
            return api
        pace, clock = self.workspaces.connection.pace(outgoing.address.workspace), self.workspaces.connection.monotonic
        # Its turn is soon, because no more is leased than there is `room` for; if not, it comes back.
        if (wait := max(pace.queue(clock()), pace.wait(clock()))) <= LONGEST_TURN:
            ticket, until = pace.ticket(clock()), clock() + LONGEST_TURN
            while (wait := pace.left(ticket, clock())) and clock() + wait <= until:
                self.workspaces.connection.metrics.held_back(PlatformName.SLACK, wait)
                await asyncio.sleep(wait)
        if wait:
            self.workspaces.connection.metrics.held_back(PlatformName.SLACK, wait)
            return Retry("Slack asks this workspace to wait.", wait)
        token, sent_at = api.token, clock()
        try:
            result = Sent(await post(api, _arguments(outgoing, page)))
        except ERRORS as error:
            at = clock()
            refused = await self.workspaces.outcome_of_refusal(api, token, error)
            if is_rate_limited(error):
                self.workspaces.connection.metrics.held_back(PlatformName.SLACK, retry_after_of(error))
                pace.refused(sent_at, at, retry_after_of(error))
            elif isinstance(error, SlackApiError):
                pace.taken(sent_at, at, well=not isinstance(refused, Retry | Unknown))
            return for_place(refused, outgoing.address.channel, outgoing.reply_to)
        pace.taken(sent_at, clock())
        return result

    async def redraw(self, outgoing: Outgoing, remote_id: str) -> SendResult:
        """Edits the message, with a turn that no message to post waits for. Edits have a limit of their own: what
        Slack refuses of them says nothing about posts."""
        api = await self._api_of(outgoing.address)
        if not isinstance(api, SlackApi):
            return api
        connection = self.workspaces.connection
        if wait := connection.pace(outgoing.address.workspace).turn(connection.monotonic(), longest=0.0):
            return Retry("Messages that are to be posted go first.", wait)
        token = api.token
        try:
            changed = await edit(api, remote_id, outgoing)
        except ERRORS as error:
            refused = await self.workspaces.outcome_of_refusal(api, token, error)
            return for_place(refused, outgoing.address.channel, outgoing.reply_to)
        return Sent(remote_id) if changed else Rejected("The message is longer than Slack takes at once.")

    async def look_up(self, outgoing: Outgoing, window: HistoryWindow) -> LookUpResult:
        """Searches the channel's history, or the thread, for the metadata of the message."""
        api = await self._api_of(outgoing.address)
        if isinstance(api, Rejected):
            return LookUp.CANNOT_TELL
        if not isinstance(api, SlackApi):
            return api
        token = api.token
        try:
            return await find_message(api, outgoing, window)
        except ERRORS as error:
            code, outcome = code_of(error), await self.workspaces.outcome_of_refusal(api, token, error)
        if isinstance(outcome, Gone) and outcome.scope is GoneScope.THREAD:
            return LookUp.MISSING
        if code in _UNREADABLE or (isinstance(outcome, Gone) and outcome.scope is GoneScope.CHANNEL):
            # Whether the channel still takes messages is for the next one to find out.
            return LookUp.CANNOT_TELL
        return outcome if isinstance(outcome, Retry | Gone) else Retry(outcome.reason, detail=outcome.detail)

    async def direct_messages(self, address: Address, person_id: str) -> Address:
        api = await self._api_of(address)
        if not isinstance(api, SlackApi):
            raise UserError(api.reason)
        try:
            return replace(address, channel=await api.direct_messages(person_id))
        except ERRORS as error:
            log.info("slack.no_conversation", person=person_id, reason=explained(error))
            raise UserError(f"I cannot open a conversation with you: {outcome_of(error).reason}") from error

    async def tell(self, address: Address, person_id: str, message: Message) -> bool:
        """Writes to the person, in the conversation that the person has with the app."""
        api = await self._api_of(address)
        if not isinstance(api, SlackApi):
            return False
        try:
            await say(api, person_id, message, about=address.channel)
        except ERRORS as error:
            log.warning("slack.not_told", person=person_id, reason=explained(error))
            return False
        return True

    async def close(self) -> None:
        await self.workspaces.close()

    async def _api_of(self, address: Address) -> SlackApi | Retry | Gone | Rejected:
        """The way to the workspace of that address, or why nothing can be posted there."""
        if address.platform is not PlatformName.SLACK:
            return Rejected(f"{address} is not a channel of Slack.")
        try:
            api = await self.workspaces.by_id(address.workspace)
        except ERRORS as error:
            outcome = outcome_of(error)
            # Nothing was being posted yet, so nothing is unclear.
            return Retry(outcome.reason, detail=outcome.detail) if isinstance(outcome, Unknown) else outcome
        except PaperRoundError as error:
            return Retry(str(error))
        return api or Gone(self.workspaces.not_installed, GoneScope.WORKSPACE)


def _arguments(outgoing: Outgoing, payload: Payload) -> Json:
    arguments = content_of(payload) | {
        "channel": outgoing.address.channel,
        "metadata": metadata_of(outgoing),
    }
    return arguments | ({"thread_ts": outgoing.reply_to} if outgoing.reply_to else {})
