"""Logging in and out, and invitations: where somebody chooses a password."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from adapters.web.pages.rendering import Pages
from adapters.web.people import cookies
from adapters.web.people.attempts import client_of
from adapters.web.people.entrance import Entrance
from adapters.web.people.passwords import BusyError
from adapters.web.serving.forms import fields_of
from bot.errors import UserError
from bot.people.account import OWNER, SHORTEST_PASSWORD, Account

_log = structlog.get_logger()


class Login:
    """The pages that are shown to who has not logged in."""

    def __init__(self, entrance: Entrance, pages: Pages) -> None:
        self._entrance = entrance
        self._people = entrance.people
        self._pages = pages

    def routes(self, middleware: Sequence[Middleware]) -> list[Route]:
        return [
            Route("/login", self.ask, middleware=middleware),
            Route("/login", self.log_in, methods=["POST"], middleware=middleware),
            Route("/logout", self.log_out, methods=["POST"], middleware=middleware),
            Route("/invitation/{token}", self.invitation, middleware=middleware),
            Route("/invitation/{token}", self.accept, methods=["POST"], middleware=middleware),
        ]

    async def ask(self, request: Request) -> Response:
        next_path = safe_path(request.query_params.get("next", ""))
        if await self._entrance.visitor(request) is not None:
            return RedirectResponse(next_path, status_code=303)
        return await self._page(next_path)

    async def log_in(self, request: Request) -> Response:
        fields = await fields_of(request)
        name, next_path = fields.get("name", "").strip() or OWNER, safe_path(fields.get("next", ""))
        client = client_of(request)
        if wait := self._entrance.attempts.wait_before(client, name.casefold()):
            _log.warning("web.login_slowed", client=client)
            sentence = f"Too many attempts. Try again in {wait} seconds."
            return await self._page(next_path, name, sentence, status=429, headers={"retry-after": str(wait)})
        try:
            account = await self._entrance.log_in(request, name, fields.get("password", ""))
        except BusyError as error:
            return await self._page(next_path, name, str(error), status=503, headers={"retry-after": "5"})
        if account is None:
            _log.warning("web.login_refused", client=client)
            return await self._page(next_path, name, "That is not the password.", status=401)
        return await self._begin(request, account, next_path)

    async def log_out(self, request: Request) -> Response:
        await self._people.end_session(cookies.token_of(request))
        response = RedirectResponse("/login", status_code=303)
        cookies.end(response, request)
        return response

    async def invitation(self, request: Request) -> Response:
        """Asks for the password. Reading the page uses nothing up: programs that look at links do that, too."""
        account = await self._people.invited(request.path_params["token"])
        if account is None:
            sentence = "This invitation was used already, or is too old. Ask a manager for another one."
            return HTMLResponse(self._pages.problem(title="No such invitation", sentence=sentence), status_code=404)
        return self._choose(account, "")

    async def accept(self, request: Request) -> Response:
        token, fields = request.path_params["token"], await fields_of(request)
        account = await self._people.invited(token)
        try:
            if account is not None and fields.get("password") != fields.get("again"):
                return self._choose(account, "The two are not the same.", status=422)
            accepted = await self._people.accept(token, fields.get("password", ""))
        except UserError as error:
            if account is None:
                raise
            return self._choose(account, str(error), status=422)
        return await self._begin(request, accepted, "/")

    async def _begin(self, request: Request, account: Account, path: str) -> Response:
        """Begins a session with a token of its own, whatever the browser had before, and ends that."""
        await self._people.end_session(cookies.token_of(request))
        token = await self._people.begin_session(account, request.headers.get("user-agent", ""))
        _log.info("web.logged_in", person=account.name, client=client_of(request))
        response = RedirectResponse(path, status_code=303)
        cookies.begin(response, request, token)
        return response

    async def _page(self, next_path: str, name: str = "", error: str = "", **options: Any) -> Response:
        accounts = await self._people.accounts()
        # Whoever has the one password of the settings need not know that it has a name.
        alone = [account.name for account in accounts] == [OWNER]
        page = self._pages.alone("login.html", next_path=next_path, error=error, name=name, alone=alone)
        return HTMLResponse(page, status_code=options.pop("status", 200), **options)

    def _choose(self, account: Account, error: str, status: int = 200) -> Response:
        page = self._pages.alone("invitation.html", account=account, error=error, shortest=SHORTEST_PASSWORD)
        return HTMLResponse(page, status_code=status)


def safe_path(path: str) -> str:
    """Where to go after the login: a page of ours, never another site.

    Browsers read `//host` and `/\\host` as addresses of other sites, also with line breaks and tabs in between.
    """
    ours = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if ours and not path.startswith(("/login", "/logout", "/invitation")) else "/"
