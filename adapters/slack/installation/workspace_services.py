"""Desks: what serves each of the workspaces that the app is in."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from adapters.slack.api import SlackApi
from adapters.slack.calls import Calls
from adapters.slack.dialogue import Dialogue, Forms
from adapters.slack.elements import Json
from adapters.slack.happenings import CardOf, ChannelLife, Happenings
from adapters.slack.home import Home
from adapters.slack.outcomes import FAILURES
from adapters.slack.platform import SlackPlatform
from bot.errands import Errands
from bot.errors import PaperRoundError
from bot.ports import ChannelDirectory, CommandRunner, Overview

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Desk:
    """What serves one workspace."""

    api: SlackApi
    calls: Calls
    happenings: Happenings
    home: Home | None
    dialogue: Dialogue | None


class Desks:
    """The desks by workspace, each made when it is first needed, and anew when the workspace has another token."""

    def __init__(
        self,
        platform: SlackPlatform,
        commands: CommandRunner,
        errands: Errands,
        *,
        life: ChannelLife | None,
        card_of: CardOf | None,
        forms: Forms | None,
        directory: ChannelDirectory | None,
        overview: Overview | None,
    ) -> None:
        self._platform = platform
        self._commands = commands
        self._errands = errands
        self._life = life
        self._card_of = card_of
        self._forms = forms
        self._directory = directory
        self._overview = overview
        self._desks: dict[str, Desk] = {}

    async def asked(self, body: Json) -> Desk | None:
        """What serves the workspace that a payload is for; None when the app is not there, or cannot be asked."""
        try:
            return await self.find(body)
        except (PaperRoundError, *FAILURES) as error:
            log.warning("slack.workspace_unreadable", reason=str(error))
            return None

    async def find(self, body: Json) -> Desk | None:
        """Like `asked`, but raises `PaperRoundError` or one of `outcomes.FAILURES` when nobody can tell."""
        api = await self._platform.workspaces.of(body)
        if api is None:
            log.warning("slack.workspace_unknown", team=body.get("team_id"))
            return None
        desk = self._desks.get(api.workspace)
        if desk is None or desk.api is not api:
            desk = self._desks[api.workspace] = self._new(api)
        return desk

    def clear(self, workspace: str) -> None:
        """Says that the app was removed from a workspace."""
        self._desks.pop(workspace, None)

    def _new(self, api: SlackApi) -> Desk:
        calls = Calls(api)
        forms, directory = self._forms, self._directory
        return Desk(
            api=api,
            calls=calls,
            happenings=Happenings(api, calls, self._life, self._card_of),
            home=Home(api, calls, directory, self._overview) if directory else None,
            dialogue=Dialogue(api, self._platform, calls, self._commands, self._errands, forms) if forms else None,
        )
