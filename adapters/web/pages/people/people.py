"""The page about people, for managers: who may log in, and who changed what."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from adapters.web.addresses import address_of_key, channel_path
from adapters.web.pages.rendering import Pages
from adapters.web.pages.shell import Place, Shells
from adapters.web.people.visitor import Visitor, reader_zone, visitor_of
from adapters.web.serving.forms import fields_of, id_of
from bot.errors import UserError
from bot.people.account import OWNER, Account, Origin, Role
from bot.people.audit import AuditStore
from bot.people.people import INVITATION_LENGTH, People

LINES_PER_PAGE = 50


class PeoplePage:
    """`/people`. `link_base` is what links for other people begin with; without one, what this page was called by."""

    def __init__(self, *, people: People, audit: AuditStore, pages: Pages, shells: Shells, link_base: str) -> None:
        self._people = people
        self._audit = audit
        self._pages = pages
        self._shells = shells
        self._link_base = link_base

    def routes(self) -> list[Route]:
        return [
            Route("/people", self.show),
            Route("/people", self.add, methods=["POST"]),
            Route("/people/invite", self.invite, methods=["POST"]),
            Route("/people/role", self.set_role, methods=["POST"]),
            Route("/people/remove", self.remove, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        _manager(request)
        return await self._page(request)

    async def add(self, request: Request) -> Response:
        visitor, fields = _manager(request), await fields_of(request)
        try:
            account = await self._people.add(fields.get("name", ""), _role(fields), by=visitor.author)
            return await self._invite(request, account, visitor)
        except UserError as error:
            return await self._page(request, error=str(error))

    async def invite(self, request: Request) -> Response:
        visitor = _manager(request)
        try:
            return await self._invite(request, await self._named(await fields_of(request)), visitor)
        except UserError as error:
            return await self._page(request, error=str(error))

    async def set_role(self, request: Request) -> Response:
        visitor, fields = _manager(request), await fields_of(request)
        try:
            await self._people.set_role(await self._named(fields), _role(fields), by=visitor.author)
        except UserError as error:
            return await self._page(request, error=str(error))
        return RedirectResponse("/people", status_code=303)

    async def remove(self, request: Request) -> Response:
        visitor = _manager(request)
        try:
            account = await self._named(await fields_of(request))
            if visitor.account is not None and account.id == visitor.account.id:
                raise UserError("You cannot remove yourself. Ask another manager.")
            await self._people.remove(account, by=visitor.author)
        except UserError as error:
            return await self._page(request, error=str(error))
        return RedirectResponse("/people", status_code=303)

    async def _named(self, fields: dict[str, str]) -> Account:
        return await self._people.named(fields.get("name", ""))

    async def _invite(self, request: Request, account: Account, visitor: Visitor) -> Response:
        token = await self._people.invite(account, by=visitor.author)
        base = self._link_base or str(request.base_url).rstrip("/")
        return await self._page(request, invited=account, link=f"{base}/invitation/{token}")

    async def _page(
        self, request: Request, *, error: str = "", invited: Account | None = None, link: str = ""
    ) -> Response:
        key = request.query_params.get("channel", "")
        before = id_of(request.query_params.get("before"))
        address = address_of_key(key) if key else None
        lines = await self._audit.lines(limit=LINES_PER_PAGE + 1, before=before, address=address)
        html = self._pages.page(
            "people.html",
            await self._shells.around(request, Place.PEOPLE),
            accounts=await self._people.accounts(),
            roles=list(Role),
            origins=Origin,
            error=error,
            invited=invited,
            link=link,
            days=INVITATION_LENGTH.days,
            lines=lines[:LINES_PER_PAGE],
            earlier=lines[LINES_PER_PAGE - 1].id if len(lines) > LINES_PER_PAGE else None,
            zone=reader_zone(request, None),
            about=key,
            path_of=channel_path,
            owner=OWNER,
        )
        return HTMLResponse(html, status_code=422 if error else 200)


def _manager(request: Request) -> Visitor:
    """Who asks, when they may look after people; raises `HTTPException` for others."""
    visitor = visitor_of(request)
    if not visitor.is_manager:
        raise HTTPException(403, "Managers look after people. Ask one of them.")
    if not visitor.looks_after_people:
        raise HTTPException(
            403, "Whoever runs the bot adds the first manager: `paperround people add NAME --role manager`."
        )
    return visitor


def _role(fields: dict[str, str]) -> Role:
    try:
        return Role(fields.get("role", Role.READER))
    except ValueError:
        raise UserError("A person is a reader or a manager.") from None
