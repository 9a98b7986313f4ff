"""Installing the app in a workspace, in the browser of somebody who may: OAuth 2.0 as Slack has it.

https://docs.slack.dev/authentication/installing-with-oauth
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import timedelta
from html import escape
from typing import Final
from urllib.parse import urlencode, urlsplit

import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from adapters.slack.client.connection import Connection, is_loopback
from adapters.slack.client.errors import ERRORS, code_of, explained
from adapters.slack.client.payloads import Json
from adapters.slack.client.web_api import SlackApi
from adapters.slack.installation.installed_workspaces import InstalledWorkspaces, tokens_of
from adapters.slack.installation.scopes import SCOPES
from adapters.slack.paths import INSTALL_PATH, REDIRECT_PATH
from bot.channels.channel import Address, PlatformName
from bot.channels.installations import Installation, InstallationStore
from bot.clocks import Clock
from bot.errors import PaperRoundError
from bot.lifecycle.channels import ChannelLifecycle

log = structlog.get_logger(__name__)

#: How long somebody may take between beginning and ending.
STATE_LIVES: Final = timedelta(minutes=10)
STATE_COOKIE: Final = "paperround-slack-state"
#: Slack's codes for a code that is spent or too old: whoever installs begins anew.
_BEGIN_ANEW: Final = frozenset(("invalid_code", "code_already_used", "code_expired", "invalid_grant", "bad_code"))
_STYLE: Final = (
    "body{font:1.1rem/1.6 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1.5rem;color:#1f2328}"
    "h1{font-size:1.6rem;color:#1f3a5f}a{color:#1f3a5f}code{background:#eef1f5;padding:.1em .35em;border-radius:.25em}"
)
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
#: Relative to where Slack leads back to, whatever a proxy puts before it.
_AGAIN: Final = ("install", "Begin again")
_HEADERS: Final = {
    "content-security-policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
    # The address of this page has a code in it.
    "referrer-policy": "no-referrer",
}


class OAuthInstallation:
    """Leads people to Slack's page and takes in what they decided there.

    `public_url` is where Slack and people reach the bot; without it Slack uses the redirect URL that the app's
    configuration has. What is installed again goes on posting: `lifecycle` is told.
    """

    def __init__(
        self,
        workspaces: InstalledWorkspaces,
        store: InstallationStore,
        clock: Clock,
        *,
        client_id: str,
        client_secret: str,
        public_url: str = "",
        lifecycle: ChannelLifecycle | None = None,
    ) -> None:
        self._workspaces = workspaces
        self._store = store
        self._clock = clock
        self._client_id = client_id
        self._client_secret = client_secret
        self._public_url = public_url.rstrip("/")
        self._lifecycle = lifecycle

    def routes(self) -> list[Route]:
        """Where people begin, and where Slack sends them back to."""
        return [Route(INSTALL_PATH, self.begin), Route(REDIRECT_PATH, self.complete)]

    async def begin(self, request: Request) -> Response:
        """Sends the browser to Slack, and has it remember that it was here."""
        state, now = secrets.token_urlsafe(32), self._clock.now()
        try:
            await self._store.add_state(state, now=now, until=now + STATE_LIVES)
        except PaperRoundError as error:
            log.error("slack.install_not_begun", reason=str(error))
            return _page(503, "Not now", "The bot cannot remember anything at the moment. Try again in a minute.")
        asked = {"client_id": self._client_id, "scope": ",".join(SCOPES), "state": state, **self._redirect_uri()}
        answer = RedirectResponse(f"{authorize_url(self._workspaces.connection)}?{urlencode(asked)}", status_code=302)
        answer.headers.update({"cache-control": "no-store"})
        answer.set_cookie(
            STATE_COOKIE,
            state,
            max_age=int(STATE_LIVES.total_seconds()),
            secure=self._is_secure(request),
            httponly=True,
            # Slack leads back here by a link, which is what `lax` lets a cookie come along with.
            samesite="lax",
        )
        return answer

    async def complete(self, request: Request) -> Response:
        """The browser is back from Slack."""
        asked = request.query_params
        try:
            if not await self._is_ours(request, asked.get("state", "")):
                answer = _page(
                    400,
                    "This did not begin here",
                    "This link was used before, is older than ten minutes, or belongs to another browser.",
                    _AGAIN,
                )
            elif asked.get("error"):
                answer = _refused(asked["error"])
            else:
                answer = await self._install(asked.get("code", ""))
        except PaperRoundError as error:
            log.error("slack.not_installed", reason=str(error))
            answer = _page(
                503, "Not installed", "The bot cannot keep what Slack gave it. Try again in a minute.", _AGAIN
            )
        answer.delete_cookie(STATE_COOKIE)
        return answer

    async def _is_ours(self, request: Request, state: str) -> bool:
        """Whether this browser began with that state, less than ten minutes ago, and comes back for the first time."""
        remembered = request.cookies.get(STATE_COOKIE, "")
        if not state or not hmac.compare_digest(state.encode(), remembered.encode()):
            log.warning("slack.install_forged")
            return False
        return await self._store.take_state(state, self._clock.now())

    async def _install(self, code: str) -> HTMLResponse:
        try:
            answer = await self._workspaces.connection.oauth_access(
                self._client_id, self._client_secret, code=code, **self._redirect_uri()
            )
            installation = await self._installation_of(answer)
        except ERRORS as error:
            return self._failed(error)
        await self._workspaces.installed(installation)
        await self._resume(installation)
        return _installed(installation, self._workspaces.connection)

    async def _installation_of(self, answer: object) -> Installation:
        """What Slack's answer says; raises `ValueError` when it says too little."""
        now, data = self._clock.now(), answer if isinstance(answer, dict) else {}
        tokens = tokens_of(data, now)
        team, enterprise = _part(data, "team"), _part(data, "enterprise")
        # The whole organisation installed it; some answers name a team all the same.
        team_id = "" if data.get("is_enterprise_install") in (True, "true") else team.get("id") or ""
        if not team_id and not enterprise.get("id"):
            raise ValueError("Slack named no workspace")
        bot_user = data.get("bot_user_id")
        if not bot_user:
            bot_user = (await SlackApi(self._workspaces.connection, tokens.access).identity()).user_id
        return Installation(
            enterprise=enterprise.get("id") or "",
            team=team_id,
            name=(team if team_id else enterprise).get("name") or team_id or enterprise["id"],
            app_id=data.get("app_id") or "",
            bot_user=bot_user,
            scopes=tuple(scope for scope in str(data.get("scope") or "").split(",") if scope),
            installed_by=_part(data, "authed_user").get("id") or "",
            installed_at=now,
            tokens=tokens,
        )

    def _failed(self, error: BaseException) -> HTMLResponse:
        code = code_of(error)
        log.warning("slack.not_installed", code=code, reason=explained(error))
        if code in _BEGIN_ANEW:
            return _page(400, "Not installed", "Slack's permission was used before, or is too old.", _AGAIN)
        if code and code not in ("ratelimited", "internal_error", "fatal_error", "service_unavailable"):
            return _page(
                500,
                "Not installed",
                f"Slack refuses this bot ({code}). Whoever runs it should look at PAPERROUND_SLACK_CLIENT_ID, "
                "PAPERROUND_SLACK_CLIENT_SECRET and PAPERROUND_PUBLIC_URL, and at the redirect URL of the app.",
            )
        return _page(502, "Not installed", "Slack did not answer as it should.", _AGAIN)

    async def _resume(self, installation: Installation) -> None:
        """Lets the channels of a workspace go on that stopped when the app was removed."""
        if self._lifecycle is not None:
            address = Address(PlatformName.SLACK, installation.workspace, "")
            await self._lifecycle.workspace_joined(address, installation.name)
            await self._lifecycle.workspace_works(address)

    def _redirect_uri(self) -> dict[str, str]:
        return {"redirect_uri": self._public_url + REDIRECT_PATH} if self._public_url else {}

    def _is_secure(self, request: Request) -> bool:
        """Whether the cookie may travel over HTTPS only: always, but for trying it out on this machine."""
        if self._public_url:
            return self._public_url.startswith("https://")
        return not is_loopback(request.url.hostname or "")


def authorize_url(connection: Connection) -> str:
    """Slack's page for people, beside the Web API."""
    api = urlsplit(connection.url)
    return f"{api.scheme}://{api.netloc}{api.path.removesuffix('/').removesuffix('/api')}/oauth/v2/authorize"


def _part(data: Json, name: str) -> Json:
    part = data.get(name)
    return part if isinstance(part, dict) else {}


def _refused(error: str) -> HTMLResponse:
    log.info("slack.install_cancelled", error=error)
    if error == "access_denied":
        return _page(200, "Cancelled", "Nothing was installed, and nothing was changed.", _AGAIN)
    return _page(400, "Not installed", f"Slack says: {error[:100]}.", _AGAIN)


def _installed(installation: Installation, connection: Connection) -> HTMLResponse:
    link = None
    if installation.app_id and installation.team:
        api, place = urlsplit(connection.url), {"app": installation.app_id, "team": installation.team}
        link = (f"{api.scheme}://{api.netloc}/app_redirect?{urlencode(place)}", "Open Slack")
    return _page(
        200,
        f"Paper Round is in {installation.name}",
        "Write /papers in any channel to begin. Public channels are joined for their first digest; in private ones "
        "write /invite @Paper Round.",
        link,
    )


def _page(status: int, title: str, sentence: str, link: tuple[str, str] | None = None) -> HTMLResponse:
    """A small page of our own, with a link to go on with."""
    more = f'<p><a href="{escape(link[0])}">{escape(link[1])}</a></p>' if link else ""
    return HTMLResponse(
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>{escape(title)}</h1><p>{escape(sentence)}</p>{more}</main></body></html>",
        status_code=status,
        headers=_HEADERS,
    )
