"""All workspaces that installed the app, with the tokens that each gave us."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from adapters.slack.client.connection import Connection
from adapters.slack.client.errors import ERRORS, Outcome, code_of, outcome_of
from adapters.slack.client.payloads import Json
from adapters.slack.client.web_api import Identity, SlackApi
from adapters.slack.installation.installation_ids import installation_ids
from adapters.slack.installation.workspaces import OneWorkspace
from bot.channels.installations import Installation, InstallationStore, Tokens
from bot.clocks import Clock
from bot.errors import OperatorError, PaperRoundError
from bot.platforms.outcomes import Gone, GoneScope, Retry, Unknown

log = structlog.get_logger(__name__)

RENEW_EVERY: Final = 60.0  # seconds between two looks for tokens that should be renewed
#: How long an installation is believed. What another process did to it is noticed then, or when Slack refuses.
BELIEVED_FOR: Final = 30.0  # seconds
_LEASE: Final = timedelta(minutes=2)
_PAUSE: Final = timedelta(minutes=1)  # after a renewal that failed
_LONG_PAUSE: Final = timedelta(minutes=15)  # after one that Slack refused
#: A token that ends so soon is renewed before it is used.
_EXPIRES_SOON: Final = timedelta(seconds=30)
#: Slack repeats an event for so long.
_REPEATED_FOR: Final = timedelta(minutes=10)
#: There is nobody any more whom the token stands for. (`invalid_auth` may also mean an address that is not allowed.)
_REVOKED: Final = frozenset(("token_revoked", "account_inactive"))
_EXPIRED: Final = "token_expired"


@dataclass(frozen=True, slots=True)
class _Known:
    api: SlackApi
    installation: Installation
    until: float


class InstalledWorkspaces:
    """Implements `Workspaces` for all that installed the app, and for the one of the settings' token if there is one.

    `install_url` is where people install it.
    """

    def __init__(
        self,
        connection: Connection,
        store: InstallationStore,
        clock: Clock,
        *,
        client_id: str,
        client_secret: str,
        install_url: str,
        first: OneWorkspace | None = None,
        believed_for: float = BELIEVED_FOR,
    ) -> None:
        self.connection = connection
        self._store = store
        self._clock = clock
        self._client_id = client_id
        self._client_secret = client_secret
        self._first = first
        self._believed_for = believed_for
        self.not_installed = f"The app is not installed in this workspace (any more). Install it at {install_url}."
        self.advice_if_refused = f"Have somebody there install the app at {install_url}."
        self.advice_on_scopes = self.advice_if_refused
        self._known: dict[str, _Known] = {}
        self._renewals: set[asyncio.Task[bool | None]] = set()

    async def by_id(self, workspace: str) -> SlackApi | None:
        known = self._known.get(workspace)
        if known is None or known.until <= time.monotonic():
            known = await self._look(workspace)
        if known is None:
            return await self._first.by_id(workspace) if self._first else None
        ends = known.installation.tokens.expires_at
        if ends is not None and ends - self._clock.now() <= _EXPIRES_SOON:
            await self.renew(workspace)
        return known.api

    async def for_payload(self, body: Json) -> SlackApi | None:
        possible = installation_ids(body)
        known = possible and possible[0] in self._known
        workspace = possible[0] if known else await self._store.first_of(possible)
        if workspace is not None:
            return await self.by_id(workspace)
        if self._first is None or (await self._first.ids())[0] not in possible:
            return None
        return await self._first.for_payload(body)

    async def installed(self, installation: Installation) -> None:
        """Keeps a new installation; it counts from now on."""
        await self._store.save(installation)
        self._keep(installation)
        log.info("slack.installed", workspace=installation.workspace, name=installation.name)

    async def outcome_of_refusal(self, api: SlackApi, token: str, error: BaseException) -> Outcome:
        outcome = outcome_of(error)
        if not isinstance(outcome, Gone) or outcome.scope is not GoneScope.WORKSPACE:
            return outcome
        workspace, code = (await api.identity()).team_id, code_of(error)
        try:
            latest = await self._look(workspace)
            if latest is None:
                return await self._first.outcome_of_refusal(api, token, error) if self._first else outcome
            if latest.installation.tokens.access != token:
                return Retry("My token for Slack was renewed meanwhile.", 1.0)
            if code == _EXPIRED:
                match await self.renew(workspace, expired=token):
                    case True:
                        return Retry("My token for Slack was renewed.", 1.0)
                    case None:
                        return Retry(outcome.reason, _PAUSE.total_seconds())
            elif code in _REVOKED and await self._store.remove(workspace, access=token):
                self._known.pop(workspace, None)
                log.warning("slack.token_dead", workspace=workspace, code=code)
        except PaperRoundError as problem:
            return Retry(str(problem))
        return outcome

    async def uninstalled(self, body: Json) -> str | None:
        possible = installation_ids(body)
        workspace = await self._store.first_of(possible)
        if workspace is None:
            # Another event may have said so already. That nothing is left to forget makes it no less true.
            return possible[0] if possible else None
        if await self._is_still_in(workspace, body):
            log.info("slack.still_installed", workspace=workspace)
            return None
        await self._store.remove(workspace)
        self._known.pop(workspace, None)
        log.info("slack.uninstalled", workspace=workspace)
        return workspace

    async def ids(self) -> Sequence[str]:
        first = await self._first.ids() if self._first else ()
        return list(dict.fromkeys((*first, *await self._store.workspaces())))

    async def problem(self, workspace: str) -> str:
        try:
            installation = await self._store.find(workspace)
        except OperatorError as error:
            return str(error)
        if installation is None or not installation.problem:
            return ""
        return (
            f"The token of {installation.name} could not be renewed ({installation.problem}). {self.advice_if_refused}"
        )

    async def check(self) -> Sequence[str]:
        """Tokens that cannot be read stop nobody else: it is logged, and the doctor says it again."""
        if renewed := await self._store.encrypt_anew():
            log.info("slack.tokens_encrypted_anew", installations=renewed)
        for workspace in await self._store.workspaces():
            if problem := await self.problem(workspace):
                log.error("slack.tokens_unusable", workspace=workspace, reason=problem)
        return await self._first.check() if self._first else ()

    async def keep_fresh(self) -> None:
        while True:
            try:
                for workspace in await self._store.due_for_renewal(self._clock.now()):
                    await self._renew_one(workspace)
            except PaperRoundError as error:
                log.error("slack.renewals_failed", reason=str(error))
            await asyncio.sleep(RENEW_EVERY)

    async def _renew_one(self, workspace: str) -> None:
        try:
            await self.renew(workspace)
        except OperatorError as error:
            log.error("slack.tokens_unusable", workspace=workspace, reason=str(error))

    async def renew(self, workspace: str, *, expired: str = "") -> bool | None:
        """Renews the tokens of a workspace if they are due; whether there are new ones, None if it may still work.

        Once Slack is asked, nothing may keep us from storing its answer: the old refresh token is spent.
        """
        renewal = asyncio.create_task(self._renew(workspace, expired))
        self._renewals.add(renewal)
        renewal.add_done_callback(self._renewals.discard)
        return await asyncio.shield(renewal)

    async def close(self) -> None:
        if self._renewals:
            await asyncio.wait(self._renewals)
        await self.connection.close()

    async def _renew(self, workspace: str, expired: str) -> bool | None:
        lease, now = secrets.token_hex(8), self._clock.now()
        installation = await self._store.lease_renewal(workspace, lease, now=now, until=now + _LEASE, expired=expired)
        if installation is None:
            # Somebody else is at it, or was; what there is now is as good as it gets.
            latest = await self._look(workspace)
            return True if latest and latest.installation.tokens.access != expired else None
        try:
            answer = await self.connection.oauth_access(
                self._client_id,
                self._client_secret,
                grant_type="refresh_token",
                refresh_token=installation.tokens.refresh,
            )
            tokens = tokens_of(answer, now)
        except ERRORS as error:
            outcome = outcome_of(error)
            problem = code_of(error) or outcome.reason
            for_good = bool(code_of(error)) and not _passes(outcome)
            pause = _LONG_PAUSE if for_good else _PAUSE
            await self._store.not_renewed(workspace, lease, problem, retry_at=now + pause)
            log.error("slack.token_not_renewed", workspace=workspace, reason=problem)
            return False if for_good else None
        if await self._store.renewed(workspace, lease, tokens):
            self._keep(replace(installation, tokens=tokens, problem=""))
            log.info("slack.token_renewed", workspace=workspace)
        else:
            await self._look(workspace)
        return True

    async def _look(self, workspace: str) -> _Known | None:
        """Reads the installation anew."""
        installation = await self._store.find(workspace)
        if installation is None:
            self._known.pop(workspace, None)
            return None
        return self._keep(installation)

    def _keep(self, installation: Installation) -> _Known:
        """Puts the token into the hands of whoever has the way to that workspace."""
        workspace, access = installation.workspace, installation.tokens.access
        known = self._known.get(workspace)
        if known is not None and known.installation.bot_user == installation.bot_user:
            api = known.api
            api.token = access
        else:
            identity = Identity(
                team_id=workspace, enterprise_id=installation.enterprise or None, user_id=installation.bot_user
            )
            api = SlackApi(self.connection, access, identity)
        kept = _Known(api, installation, time.monotonic() + self._believed_for)
        self._known[workspace] = kept
        return kept

    async def _is_still_in(self, workspace: str, body: Json) -> bool:
        """Whether an event that says farewell does not mean the installation that there is now.

        It may be older than that, tell of a token that was replaced, or of one workspace of an organisation. Where that
        is possible, the token itself says whether it is so.
        """
        try:
            known = await self._look(workspace)
        except OperatorError:
            return False
        if known is None:
            return False
        told_at, installed = body.get("event_time"), known.installation.installed_at
        is_old = isinstance(told_at, int) and (
            (installed - _REPEATED_FOR).timestamp() <= told_at < int(installed.timestamp())
        )
        uninstalled = (body.get("event") or {}).get("type") == "app_uninstalled"
        if uninstalled and known.installation.team and not is_old:
            return False
        try:
            await known.api.client.auth_test()
        except ERRORS:
            return False
        return True


def tokens_of(answer: object, now: datetime) -> Tokens:
    """The tokens in Slack's answer; raises `ValueError` when there are none.

    Those that end are renewed when half of their time is over. https://docs.slack.dev/authentication/using-token-rotation
    """
    data = answer if isinstance(answer, dict) else {}
    access, lasts = data.get("access_token"), data.get("expires_in")
    if not isinstance(access, str) or not access:
        raise ValueError("Slack gave no bot token")
    refresh = data.get("refresh_token") or ""
    if not refresh or not isinstance(lasts, int | float):
        return Tokens(access=access, refresh=refresh)
    return Tokens(
        access=access,
        refresh=refresh,
        expires_at=now + timedelta(seconds=lasts),
        renew_at=now + timedelta(seconds=lasts / 2),
    )


def _passes(outcome: Outcome) -> bool:
    """Whether Slack is only busy, or in trouble."""
    return isinstance(outcome, Unknown) or (isinstance(outcome, Retry) and outcome.after is not None)
