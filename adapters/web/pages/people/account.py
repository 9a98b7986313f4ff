"""The page about oneself: the password, and where one is logged in."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from adapters.web.pages.rendering import Pages
from adapters.web.pages.shell import Place, Shells
from adapters.web.people import cookies
from adapters.web.people.attempts import client_of
from adapters.web.people.browsers import browser_in_words
from adapters.web.people.entrance import Entrance
from adapters.web.people.passwords import BusyError
from adapters.web.people.visitor import reader_zone, visitor_of
from adapters.web.serving.forms import fields_of, id_of
from bot.errors import UserError
from bot.people.account import SHORTEST_PASSWORD, Origin
from bot.people.tokens import USUAL_DAYS

#: For how many days a token may be made on the page; 0 is for ever.
VALIDITIES = ((30, "30 days"), (90, "90 days"), (365, "a year"), (0, "for ever"))


class AccountPage:
    """`/account`."""

    def __init__(self, *, entrance: Entrance, pages: Pages, shells: Shells) -> None:
        self._entrance = entrance
        self._people = entrance.people
        self._pages = pages
        self._shells = shells

    def routes(self) -> list[Route]:
        return [
            Route("/account", self.show),
            Route("/account/password", self.change_password, methods=["POST"]),
            Route("/account/sessions/end", self.end_sessions, methods=["POST"]),
            Route("/account/tokens", self.make_token, methods=["POST"]),
            Route("/account/tokens/revoke", self.revoke_token, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        return await self._page(request, done="changed" in request.query_params)

    async def change_password(self, request: Request) -> Response:
        visitor, fields = visitor_of(request), await fields_of(request)
        if visitor.session is None:
            return await self._page(request, error="Log in with a password to change it.")
        client, attempts = client_of(request), self._entrance.attempts
        if wait := attempts.wait_before(client, visitor.name):
            return await self._page(request, error=f"Too many attempts. Try again in {wait} seconds.")
        if fields.get("password") != fields.get("again"):
            return await self._page(request, error="The two are not the same. Nothing was changed.")
        attempt = attempts.begin(client, visitor.name)
        try:
            await self._people.change_password(
                visitor.session, fields.get("before", ""), fields.get("password", ""), by=visitor.author
            )
        except (UserError, BusyError) as error:
            return await self._page(request, error=str(error))
        attempts.succeeded(attempt)
        return RedirectResponse("/account?changed", status_code=303)

    async def end_sessions(self, request: Request) -> Response:
        """Ends the person's other sessions, or all of them."""
        visitor, fields = visitor_of(request), await fields_of(request)
        if visitor.account is None:
            return RedirectResponse("/account", status_code=303)
        everywhere = fields.get("which") == "all" or visitor.session is None
        keep = "" if everywhere or visitor.session is None else visitor.session.key
        await self._people.end_sessions(visitor.account, by=visitor.author, keep=keep)
        response = RedirectResponse("/login" if everywhere else "/account", status_code=303)
        if everywhere:
            cookies.end(response, request)
        return response

    async def make_token(self, request: Request) -> Response:
        """Makes a token, and shows it this once."""
        visitor, fields = visitor_of(request), await fields_of(request)
        if visitor.account is None:
            return RedirectResponse("/account", status_code=303)
        # What is none of these is no reason for one that never ends.
        days = next((days for days, _ in VALIDITIES if str(days) == fields.get("days")), USUAL_DAYS)
        try:
            token, _ = await self._people.tokens.create(
                visitor.account, fields.get("name", ""), days or None, by=visitor.author
            )
        except UserError as error:
            return await self._page(request, token_error=str(error))
        return await self._page(request, token=token)

    async def revoke_token(self, request: Request) -> Response:
        visitor, fields = visitor_of(request), await fields_of(request)
        if visitor.account is None:
            return RedirectResponse("/account", status_code=303)
        try:
            await self._people.tokens.revoke(id_of(fields.get("id")) or 0, by=visitor.author, account=visitor.account)
        except UserError as error:
            return await self._page(request, token_error=str(error))
        return RedirectResponse("/account#tokens", status_code=303)

    async def _page(
        self, request: Request, *, error: str = "", done: bool = False, token: str = "", token_error: str = ""
    ) -> Response:
        visitor = visitor_of(request)
        tokens = await self._people.tokens.of(visitor.account) if visitor.account else []
        sessions = await self._people.sessions(visitor.account) if visitor.account else []
        html = self._pages.page(
            "account.html",
            await self._shells.around(request, Place.ACCOUNT),
            sessions=sessions,
            browser_in_words=browser_in_words,
            has_password=visitor.session is not None and visitor.session.account.origin is not Origin.SETTING,
            error=error,
            done=done,
            token=token,
            tokens=tokens,
            token_error=token_error,
            validities=VALIDITIES,
            shortest=SHORTEST_PASSWORD,
            zone=reader_zone(request, None),
        )
        return HTMLResponse(html, status_code=422 if error or token_error else 200)
