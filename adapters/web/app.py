"""The application: which address does what."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from adapters.web.api.operations import Readings
from adapters.web.api.routes import api_routes
from adapters.web.atom.route import FeedAddresses
from adapters.web.messages.live_votes import LiveVotes
from adapters.web.messages.reading import ChannelMessages
from adapters.web.pages.channels.channel_panel import ChannelPanel
from adapters.web.pages.channels.channels import Workspace
from adapters.web.pages.channels.panel import Panel
from adapters.web.pages.channels.panels import panels_of
from adapters.web.pages.channels.settings import SettingsPages
from adapters.web.pages.channels.topics import TopicPages
from adapters.web.pages.health import HealthPage
from adapters.web.pages.mail import MailPages
from adapters.web.pages.papers.archive import ArchivePage
from adapters.web.pages.papers.marking import Marking
from adapters.web.pages.papers.papers import PaperPage
from adapters.web.pages.papers.search import SearchPage
from adapters.web.pages.papers.thumbnails import ThumbnailPictures
from adapters.web.pages.people.account import AccountPage
from adapters.web.pages.people.people import PeoplePage
from adapters.web.pages.rendering import STATIC, Pages
from adapters.web.pages.shell import Place, Shells
from adapters.web.pages.switcher import Switcher
from adapters.web.pages.welcome import WELCOME, WelcomePage
from adapters.web.people.entrance import Entrance, LoginOptions
from adapters.web.people.login import Login
from adapters.web.platform import WebPlatform
from adapters.web.serving.operating import Metrics, operating_routes
from adapters.web.serving.people_first import PeopleFirst
from adapters.web.serving.protection import HostCheck, LoginRequired, OriginCheck, SecurityHeaders
from adapters.web.serving.request_rate import RequestRate, RequestRates
from bot.background import Precedence
from bot.channels.channel import PlatformName
from bot.channels.directory import BrowsableDirectory
from bot.clocks import Clock
from bot.errors import PaperRoundError, StorageError
from bot.health.reporting import Health
from bot.library.channel_feed import ChannelFeeds
from bot.library.library import Library
from bot.mail.mailing import Mailing
from bot.panels.panels import Panels
from bot.papers.thumbnails import Thumbnails
from bot.people.audit import AuditStore
from bot.people.people import People
from bot.people.record import Record
from bot.platforms.command_calls import CommandRunner
from bot.posting.history import History
from bot.reading.news import VoteNews


def create_app(
    *,
    platform: WebPlatform,
    commands: CommandRunner,
    library: Library,
    directory: BrowsableDirectory,
    history: History,
    clock: Clock,
    health: Health,
    metrics: Metrics,
    people: People,
    audit: AuditStore,
    login: LoginOptions,
    allowed_hosts: Sequence[str],
    extra_routes: Sequence[BaseRoute] = (),
    panels: Sequence[Panel] = (),
    channel_panels: Panels | None = None,
    thumbnails: Thumbnails | None = None,
    channel_feeds: ChannelFeeds | None = None,
    connected: Collection[PlatformName] = (),
    banner: str = "",
    with_workspace: bool = True,
    mailing: Mailing | None = None,
    votes: VoteNews | None = None,
    precedence: Precedence | None = None,
) -> Starlette:
    """The workspace, the health checks and the metrics in one application.

    As soon as there is somebody who can log in, everything but the login, `/healthz` and the word of `/readyz` needs a
    session; `/readyz` and `/metrics` also take the password of the settings as a bearer token. `allowed_hosts` are host
    names without ports. `extra_routes` come first, and only the security headers apply to them: they protect
    themselves. `panels` stand beside channels, those of `channel_panels` first, with which topics can be edited.
    `connected` are the platforms that are served. Without `thumbnails` no paper has a picture.
    `mailing` is what links in mails lead to, where any are sent. Open pages show what `votes` tells of. What nobody
    waits for gives way to pages, forms and actions by `precedence`.
    Without the workspace only the extra routes, the health checks, the metrics and the feeds of channels are there.
    Serve it with `WebServer`, or stopping takes for ever.
    """
    entrance = Entrance(people, clock, login)
    pages = Pages(banner=banner)
    places = (Place.SEARCH, Place.ARCHIVE, Place.HEALTH, Place.PEOPLE)
    shells = Shells(platform=platform, directory=directory, history=history, clock=clock, places=places)
    own_panels: list[Panel] = []
    if channel_panels is not None:
        channel_panel = ChannelPanel(channel_panels, pages, shells)
        own_panels = [*panels_of(channel_panels, pages), channel_panel]
    messages = ChannelMessages(platform, history)
    marking = Marking(reading=library.reading, commands=commands, messages=messages, shells=shells)
    live_votes = LiveVotes(library.reading, platform.tail.stir)
    if votes is not None:
        votes.listen(live_votes)
    workspace = Workspace(
        platform=platform,
        commands=commands,
        directory=directory,
        record=Record(audit, clock),
        messages=messages,
        clock=clock,
        pages=pages,
        shells=shells,
        marking=marking,
        votes=live_votes,
        panels=[*own_panels, *panels],
        begins_at=WELCOME if channel_panels else "",
    )
    routes = [
        *marking.routes(),
        *Switcher(commands=commands, shells=shells).routes(),
        *SearchPage(library=library, marking=marking, clock=clock, pages=pages, shells=shells).routes(),
        *PaperPage(
            library=library, commands=commands, people=people, marking=marking, pages=pages, shells=shells
        ).routes(),
        *ThumbnailPictures(library.papers, thumbnails).routes(),
        *ArchivePage(library=library, messages=messages, marking=marking, pages=pages, shells=shells).routes(),
        *HealthPage(health=health, commands=commands, pages=pages, shells=shells).routes(),
        *workspace.routes(),
    ]
    if channel_panels is not None:
        editing = TopicPages(panels=channel_panels, commands=commands, pages=pages, shells=shells)
        settings = SettingsPages(panels=channel_panels, commands=commands, pages=pages, shells=shells)
        welcome = WelcomePage(panels=channel_panels, commands=commands, pages=pages, shells=shells, connected=connected)
        routes += [*editing.routes(), *settings.routes(), *channel_panel.routes(), *welcome.routes()]
    # The health checks, and what extra routes protect themselves, have nothing to wait for.
    rate = Middleware(RequestRate, rates=RequestRates())
    feeds: list[Route] = []
    if channel_feeds is not None:
        addresses = FeedAddresses(channel_feeds, clock, own_address=login.link_base, with_pages=with_workspace)
        feeds = addresses.routes([rate])
    known_host = [rate, Middleware(HostCheck, allowed_hosts=allowed_hosts), Middleware(OriginCheck)]
    first = Middleware(PeopleFirst, precedence=precedence or Precedence())
    people_page = PeoplePage(people=people, audit=audit, pages=pages, shells=shells, link_base=login.link_base)
    account = AccountPage(entrance=entrance, pages=pages, shells=shells)
    routes += [*people_page.routes(), *account.routes()]

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:  # noqa: ARG001 - Starlette's form
        async with platform.tail.running():
            yield

    async def show_problem(request: Request, error: Exception) -> Response:
        return _problem(request, error, pages)

    async def nobody_there(_request: Request, _error: Exception) -> Response:
        return Response(status_code=400)

    readings = Readings(library=library, directory=directory, health=health)
    rooms = [
        *api_routes(readings, entrance, known_host),
        Mount("/static", _Assets(directory=STATIC), middleware=known_host),
        *Login(entrance, pages).routes([*known_host, first]),
        Mount("/", routes=routes, middleware=[*known_host, first, Middleware(LoginRequired, entrance=entrance)]),
    ]
    return Starlette(
        routes=[
            *operating_routes(health, metrics, entrance, allowed_hosts),
            *extra_routes,
            *feeds,
            *(MailPages(mailing).routes([rate]) if mailing is not None else []),
            *(rooms if with_workspace else []),
        ],
        middleware=[Middleware(SecurityHeaders)],
        exception_handlers={HTTPException: show_problem, PaperRoundError: show_problem, ClientDisconnect: nobody_there},
        lifespan=lifespan,
    )


def create_operating_app(
    *,
    health: Health,
    metrics: Metrics,
    people: People,
    login: LoginOptions,
    clock: Clock,
    allowed_hosts: Sequence[str],
) -> Starlette:
    """The health checks and the metrics alone, for a process that nobody talks to."""
    return Starlette(
        routes=operating_routes(health, metrics, Entrance(people, clock, login), allowed_hosts),
        middleware=[Middleware(SecurityHeaders)],
    )


class _Assets(StaticFiles):
    """Styles and scripts. An address with a version in it means the same content for ever."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        versioned = b"v=" in scope["query_string"]
        response.headers["cache-control"] = "public, max-age=31536000, immutable" if versioned else "no-cache"
        return response


def _problem(request: Request, error: Exception, pages: Pages) -> Response:
    title, status, headers = "That did not work", 422, None
    sentence = str(error)
    if isinstance(error, HTTPException):
        status, sentence, headers = error.status_code, error.detail, error.headers
        title = "Not found" if status == 404 else title
    elif isinstance(error, StorageError):
        title, status = "The database does not answer", 503
        sentence = "The database does not answer right now. Nothing was changed; try again in a moment."
    if "text/html" in request.headers.get("accept", ""):
        return HTMLResponse(pages.problem(title=title, sentence=sentence), status_code=status, headers=headers)
    return JSONResponse({"error": sentence}, status_code=status, headers=headers)
