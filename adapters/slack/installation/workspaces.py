"""The workspaces that the app is in, and the one that a token in the settings belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

import structlog

from adapters.slack.client.connection import Connection
from adapters.slack.client.errors import ERRORS, Outcome, is_of_token, outcome_of
from adapters.slack.client.payloads import Json
from adapters.slack.client.web_api import SlackApi
from bot.channels.channel import PlatformName
from bot.errors import SettingsError
from bot.platforms.access import Means
from bot.platforms.outcomes import Gone

log = structlog.get_logger(__name__)


class Workspaces(Protocol):
    """Where the app is, and the way to each. What asks Slack raises one of `errors.ERRORS`."""

    @property
    def connection(self) -> Connection: ...

    @property
    def not_installed(self) -> str:
        """What to say about a workspace that the app is not in: a sentence for people there."""
        ...

    @property
    def advice_if_refused(self) -> str:
        """What whoever runs the bot should do when a token does not work."""
        ...

    @property
    def advice_on_scopes(self) -> str:
        """What whoever runs the bot should do when the app lacks permissions."""
        ...

    async def by_id(self, workspace: str) -> SlackApi | None:
        """The way to the workspace with that id; raises `PaperRoundError` when its tokens cannot be read."""
        ...

    async def for_payload(self, body: Json) -> SlackApi | None:
        """The way to the workspace that a payload is for; raises as `by_id` does."""
        ...

    async def outcome_of_refusal(self, api: SlackApi, token: str, error: BaseException) -> Outcome:
        """What one of `errors.ERRORS` means that came back for that token, after what can be done about it."""
        ...

    async def uninstalled(self, body: Json) -> str | None:
        """Takes in the event that the app was removed, and deletes the tokens.

        Returns the id of the workspace, None when the app is still there.
        """
        ...

    async def ids(self) -> Sequence[str]:
        """The workspaces that the app is in."""
        ...

    async def problem(self, workspace: str) -> str:
        """What is the matter with the tokens of a workspace, as a sentence; empty if nothing is."""
        ...

    async def check(self) -> Sequence[str]:
        """Asks Slack whether it takes the settings' token; raises `SettingsError` when it does not.

        Returns the workspaces in which it has just taken it, which `connection.access` is told of.
        """
        ...

    async def keep_fresh(self) -> None:
        """Renews tokens well before they end, until cancelled."""
        ...

    async def close(self) -> None: ...


class OneWorkspace:
    """Implements `Workspaces` for the one that a bot token belongs to."""

    not_installed: Final = "My token for Slack is another workspace's."
    advice_if_refused: Final = "Look at PAPERROUND_SLACK_BOT_TOKEN: it starts with xoxb-, and “Install App” shows it."
    advice_on_scopes: Final = (
        "Give the app the current manifest (“App Manifest” at api.slack.com/apps), then install it again under "
        "“Install App”."
    )

    def __init__(self, connection: Connection, bot_token: str) -> None:
        self.connection = connection
        self._api = SlackApi(connection, bot_token)

    async def by_id(self, workspace: str) -> SlackApi | None:
        return self._api if (await self._api.identity()).team_id == workspace else None

    async def for_payload(self, body: Json) -> SlackApi | None:  # noqa: ARG002 - there is only one that it can be for
        return self._api

    async def outcome_of_refusal(
        self,
        api: SlackApi,  # noqa: ARG002 - there is one
        token: str,  # noqa: ARG002
        error: BaseException,
    ) -> Outcome:
        outcome = outcome_of(error)
        if is_of_token(error):
            self.connection.access.refused(PlatformName.SLACK, Means.POSTING, self._advice(outcome))
        return outcome

    async def uninstalled(self, body: Json) -> str | None:  # noqa: ARG002 - the token is in the settings
        return (await self._api.identity()).team_id

    async def ids(self) -> Sequence[str]:
        return [(await self._api.identity()).team_id]

    async def problem(self, workspace: str) -> str:  # noqa: ARG002 - only Slack can tell
        return ""

    async def check(self) -> Sequence[str]:
        """No answer is no objection."""
        try:
            identity = await self._api.identity(anew=True)
        except ERRORS as error:
            outcome = outcome_of(error)
            if isinstance(outcome, Gone):
                raise SettingsError(self._advice(outcome)) from error
            log.warning("slack.unreachable", reason=outcome.reason)
            return ()
        self.connection.access.granted(PlatformName.SLACK, Means.POSTING)
        return [identity.team_id]

    def _advice(self, outcome: Outcome) -> str:
        """Why Slack refuses the token, and what to do about it."""
        return f"{outcome.reason} {self.advice_if_refused}"

    async def keep_fresh(self) -> None:
        """The token never ends."""

    async def close(self) -> None:
        await self.connection.close()
