"""The Events API: what Slack tells of its own accord, handed to what it concerns.

https://docs.slack.dev/apis/events-api
"""

from __future__ import annotations

import structlog

from adapters.slack.client.errors import ERRORS, code_of
from adapters.slack.client.payloads import Json
from adapters.slack.events import reactions
from adapters.slack.events.channels import is_of_no_interest, uninstall_reason
from adapters.slack.events.deduplication import Deduplication
from adapters.slack.events.mentions import Mentions
from adapters.slack.events.reactions import ReactionEvents
from adapters.slack.installation.workspaces import Workspaces
from adapters.slack.workspace_services import ServicesByWorkspace
from bot.background import BackgroundTasks
from bot.channels.channel import Address, PlatformName
from bot.errors import MALFORMED, PaperRoundError
from bot.lifecycle.channels import ChannelLifecycle

log = structlog.get_logger(__name__)


class EventListener:
    """Bolt's listener for events, each acknowledged by Bolt before it comes here."""

    def __init__(
        self,
        workspaces: Workspaces,
        services: ServicesByWorkspace,
        mentions: Mentions,
        deduplication: Deduplication,
        background: BackgroundTasks,
        lifecycle: ChannelLifecycle | None,
        reaction_events: ReactionEvents | None,
    ) -> None:
        self._workspaces = workspaces
        self._services = services
        self._mentions = mentions
        self._deduplication = deduplication
        self._background = background
        self._lifecycle = lifecycle
        self._reactions = reaction_events

    async def on_event(self, event: Json, body: Json) -> None:
        if is_of_no_interest(event):
            return
        self._background.start(self._handle(event, body))

    async def _handle(self, event: Json, body: Json) -> None:
        if not await self._deduplication.is_first(body):
            log.info("slack.delivered_elsewhere")
            return
        try:
            await self._dispatch(event, body)
        except MALFORMED as error:
            log.warning("slack.event_unreadable", event_type=event.get("type"), reason=repr(error))

    async def _dispatch(self, event: Json, body: Json) -> None:
        if (reason := uninstall_reason(event)) is not None:
            await self._uninstalled(event["type"], reason, body)
            return
        services = await self._services.find_or_none(body)
        if services is None:
            return
        match event["type"]:
            case "message":
                await self._mentions.answer_message(services, event)
            case "app_mention":
                await self._mentions.answer_mention(services, event)
            case "link_shared":
                await services.links.handle(event)
            case reactions.ADDED | reactions.REMOVED:
                if self._reactions is not None:
                    await self._reactions.handle(services, event)
            case "app_home_opened":
                if services.home is not None and event.get("tab") == "home":
                    await services.home.publish(event["user"])
            case _:
                await services.channels.handle(event)

    async def _uninstalled(self, event_type: str, reason: str, body: Json) -> None:
        """The app was removed from a workspace: the tokens go at once, the channels stop."""
        try:
            workspace = await self._workspaces.uninstalled(body)
        except (PaperRoundError, *ERRORS) as error:
            log.warning("slack.event_failed", event_type=event_type, code=code_of(error), error=str(error))
            return
        if workspace is None:
            return
        self._services.clear(workspace)
        if self._lifecycle is not None:
            told = self._lifecycle.workspace_left if event_type == "app_uninstalled" else self._lifecycle.workspace_lost
            await told(Address(PlatformName.SLACK, workspace, ""), reason)
