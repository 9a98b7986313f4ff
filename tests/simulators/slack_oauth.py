"""How a simulated Slack lets workspaces install the app: its page for people, codes, tokens that end, and revocation.

https://docs.slack.dev/authentication/installing-with-oauth and …/using-token-rotation
"""

from __future__ import annotations

import base64
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from aiohttp import web

from tests.simulators.slack_methods import BOT_USER, Json, RefusalError

if TYPE_CHECKING:
    from tests.simulators.slack import SlackSimulator

CLIENT_ID, CLIENT_SECRET = "1111.2222", "client-secret-simulated"
CODE_LIVES = 600.0  # seconds
ACTIVE_TOKENS = 2  # of one installation


@dataclass(slots=True)
class Grant:
    """What one workspace, or one organisation, allowed the app. `tokens` are the access tokens that count, and when
    each ends."""

    team: SlackSimulator
    scopes: list[str]
    organisation: str = ""
    tokens: dict[str, float] = field(default_factory=dict)
    refresh: str = ""


@dataclass(slots=True)
class OAuth:
    """The app's registration. With `rotates` tokens end after `expires_in` seconds.

    The next person who comes to Slack's page decides for `installer`; `organisation` is what its workspace belongs to,
    and `whole` installs the app in all of it. `withheld` are scopes that are not given.
    """

    redirect_url: str = ""
    rotates: bool = False
    expires_in: float = 43_200.0
    installer: SlackSimulator | None = None
    approves: bool = True
    organisation: str = ""
    whole: bool = False
    withheld: frozenset[str] = frozenset()
    codes: dict[str, tuple[Grant, str, float]] = field(default_factory=dict)
    grants: list[Grant] = field(default_factory=list)
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    def page(self, slack: SlackSimulator, request: web.Request) -> web.Response:
        """`/oauth/v2/authorize`: the person decides at once, and is sent back."""
        asked = request.query
        redirect = asked.get("redirect_uri") or self.redirect_url
        if asked.get("client_id") != CLIENT_ID or not redirect.startswith(self.redirect_url) or not asked.get("scope"):
            return web.Response(status=400, text="invalid_client_id, bad_redirect_uri or no_scopes")
        state = {"state": asked["state"]} if "state" in asked else {}
        if not self.approves:
            raise web.HTTPFound(f"{redirect}?{urlencode({'error': 'access_denied', **state})}")
        code = f"code-{next(self._numbers)}"
        scopes = [scope for scope in asked["scope"].split(",") if scope not in self.withheld]
        grant = Grant(self.installer or slack, scopes, organisation=self.organisation)
        self.codes[code] = grant, asked.get("redirect_uri", ""), slack.now() + CODE_LIVES
        raise web.HTTPFound(f"{redirect}?{urlencode({'code': code, **state})}")

    def access(self, slack: SlackSimulator, arguments: Json, authorization: str) -> Json:
        """`oauth.v2.access`: a code, or a refresh token, becomes an access token."""
        self._check_client(arguments, authorization)
        if arguments.get("grant_type") == "refresh_token":
            grant = next((one for one in self.grants if one.refresh == arguments.get("refresh_token")), None)
            if grant is None or not grant.refresh:
                raise RefusalError("invalid_refresh_token")
            return self._tokens_for(grant, slack.now())
        grant_and_more = self.codes.pop(arguments.get("code", ""), None)
        if grant_and_more is None:
            raise RefusalError("invalid_code")
        grant, redirect, until = grant_and_more
        if until <= slack.now():
            raise RefusalError("invalid_code")
        if redirect != arguments.get("redirect_uri", ""):
            raise RefusalError("bad_redirect_uri")
        self.grants = [one for one in self.grants if one.team is not grant.team]
        self.grants.append(grant)
        grant.team.organisation_wide = bool(self.whole and grant.organisation)
        return self._tokens_for(grant, slack.now()) | {"authed_user": {"id": "U0ADA"}}

    def team_of(self, slack: SlackSimulator, token: str) -> tuple[SlackSimulator, list[str]]:
        """Whose token it is, and its scopes; raises `RefusalError` for one that does not count."""
        for grant in self.grants:
            if token in grant.tokens:
                if grant.tokens[token] <= slack.now():
                    raise RefusalError("token_expired")
                return grant.team, grant.scopes
        raise RefusalError("token_revoked" if token.startswith(("xoxb-", "xoxe.xoxb-")) else "invalid_auth")

    def revoke(self, team: SlackSimulator) -> None:
        """The app is removed from a workspace."""
        self.grants = [one for one in self.grants if one.team is not team]

    def token_of(self, team: SlackSimulator) -> str:
        """The newest token of a workspace."""
        return list(next(one for one in self.grants if one.team is team).tokens)[-1]

    def _check_client(self, arguments: Json, authorization: str) -> None:
        scheme, _, encoded = authorization.partition(" ")
        given = base64.b64decode(encoded).decode() if scheme == "Basic" else ""
        client, _, secret = given.partition(":")
        if (client or arguments.get("client_id")) != CLIENT_ID:
            raise RefusalError("invalid_client_id")
        if (secret or arguments.get("client_secret")) != CLIENT_SECRET:
            raise RefusalError("bad_client_secret")

    def _tokens_for(self, grant: Grant, now: float) -> Json:
        number = next(self._numbers)
        token = f"xoxe.xoxb-{number}" if self.rotates else f"xoxb-{number}"
        grant.tokens[token] = now + self.expires_in if self.rotates else float("inf")
        for old in list(grant.tokens)[:-ACTIVE_TOKENS]:
            del grant.tokens[old]
        grant.refresh = f"xoxe-{number}" if self.rotates else ""
        whole = bool(self.whole and grant.organisation)
        return {
            "access_token": token,
            "token_type": "bot",
            "scope": ",".join(grant.scopes),
            "bot_user_id": BOT_USER,
            "app_id": "A0APP",
            "team": None if whole else {"id": grant.team.team_id, "name": grant.team.name},
            "enterprise": {"id": grant.organisation, "name": "The Organisation"} if grant.organisation else None,
            "is_enterprise_install": whole,
            **({"expires_in": int(self.expires_in), "refresh_token": grant.refresh} if self.rotates else {}),
        }
