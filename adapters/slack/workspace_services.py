"""What serves each of the workspaces that the app is in."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from adapters.slack.client.errors import ERRORS
from adapters.slack.client.payloads import Json
from adapters.slack.client.web_api import SlackApi
from adapters.slack.events.channels import ChannelEvents
from adapters.slack.events.deduplication import Deduplication
from adapters.slack.events.links import LinkEvents
from adapters.slack.interactions.app_home import Home
from adapters.slack.interactions.command_calls import CommandCalls
from adapters.slack.interactions.modals import Modals
from adapters.slack.platform import SlackPlatform
from bot.background import BackgroundTasks
from bot.channels.directory import ChannelDirectory
from bot.errors import PaperRoundError
from bot.lifecycle.channels import ChannelLifecycle
from bot.platforms.cards import CardOf
from bot.platforms.command_calls import CommandRunner
from bot.platforms.overview import Overview
from bot.topics.forms import TopicForms

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class WorkspaceServices:
    """What serves one workspace."""

    api: SlackApi
    calls: CommandCalls
    channels: ChannelEvents
    links: LinkEvents
    home: Home | None
    modals: Modals | None

    async def refresh_home(self, person: str) -> None:
        """Publishes the person's home anew if they have looked at it, and it has changed."""
        if self.home is not None:
            await self.home.refresh(person)


class ServicesByWorkspace:
    """The services by workspace, each made when it is first needed, and anew when the workspace has another token."""

    def __init__(
        self,
        platform: SlackPlatform,
        commands: CommandRunner,
        background: BackgroundTasks,
        deduplication: Deduplication,
        *,
        lifecycle: ChannelLifecycle | None,
        card_of: CardOf | None,
        forms: TopicForms | None,
        directory: ChannelDirectory | None,
        overview: Overview | None,
    ) -> None:
        self._platform = platform
        self._commands = commands
        self._background = background
        self._deduplication = deduplication
        self._lifecycle = lifecycle
        self._card_of = card_of
        self._forms = forms
        self._directory = directory
        self._overview = overview
        self._services: dict[str, WorkspaceServices] = {}

    @property
    def not_installed(self) -> str:
        """What to say where the app is not installed: a sentence for people there."""
        return self._platform.workspaces.not_installed

    async def find_or_none(self, body: Json) -> WorkspaceServices | None:
        """What serves the workspace that a payload is for; None when the app is not there, or cannot be asked."""
        try:
            return await self.find(body)
        except (PaperRoundError, *ERRORS) as error:
            log.warning("slack.workspace_unreadable", reason=str(error))
            return None

    async def find(self, body: Json) -> WorkspaceServices | None:
        """Like `find_or_none`, but raises `PaperRoundError` or one of `errors.ERRORS` when nobody can tell."""
        api = await self._platform.workspaces.for_payload(body)
        if api is None:
            log.warning("slack.workspace_unknown", team=body.get("team_id"))
            return None
        services = self._services.get(api.workspace)
        if services is None or services.api is not api:
            services = self._services[api.workspace] = self._new(api)
        return services

    def clear(self, workspace: str) -> None:
        """Says that the app was removed from a workspace."""
        self._services.pop(workspace, None)

    def _new(self, api: SlackApi) -> WorkspaceServices:
        calls = CommandCalls(api)
        forms, directory = self._forms, self._directory
        return WorkspaceServices(
            api=api,
            calls=calls,
            channels=ChannelEvents(api, calls, self._lifecycle),
            links=LinkEvents(api, self._card_of, self._deduplication),
            home=Home(api, calls, directory, self._overview) if directory else None,
            modals=Modals(api, self._platform, calls, self._commands, self._background, forms) if forms else None,
        )
