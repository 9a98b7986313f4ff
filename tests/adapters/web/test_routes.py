"""Every route, asked by everybody: who may read, who may change, and the line that each change leaves."""

from __future__ import annotations

import html
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Route

from adapters.web.people.cookies import COOKIE
from bot.channels.channel import Address, PlatformName
from bot.people.account import Account, Role
from bot.people.people import People
from bot.people.record import TERMINAL, Record
from bot.platforms.command_calls import CommandCall
from tests.adapters.web.core_workspace import core_app
from tests.core import MANAGER, Core
from tests.passwords import quick_hasher
from tests.platforms import Fault, SimulatedPlatform
from tests.sources import a_paper
from tests.storage.scenes import everything

pytestmark = pytest.mark.asyncio(loop_scope="session")

PASSWORD = "correct horse battery"
PAPER = "2605.00001"
SLACK = "/c/slack:local:papers"
OPEN = (200, 200, 200, 200)
READ = (401, 200, 200, 200)
#: Careful browsers are told so by every answer.
#: The places of the answers in the table.
NOBODY, READS, MANAGES, NEED_NOT = range(4)
JSON = {"accept": "application/json"}
PAGE = {"accept": "text/html"}
POLICY = "content-security-policy"
HEADERS = {"x-frame-options": "DENY", "x-content-type-options": "nosniff", "referrer-policy": "same-origin"}


@dataclass(frozen=True)
class Ask:
    """A request for a route, and what answers: nobody who logged in, a reader, a manager, and whoever reaches a
    workspace in which nobody has to log in. `line` is what a manager's leaves in the audit.
    """

    path: str
    answers: tuple[int, int, int, int] = READ
    fields: dict[str, str] | None = None
    line: str = ""


def reads(path: str, answers: tuple[int, int, int, int] = READ) -> list[Ask]:
    return [Ask(path, answers)]


#: By method and route. A route that is not here fails `test_every_route_is_in_the_table`.
TABLE: dict[tuple[str, str], list[Ask]] = {
    ("GET", "/healthz"): reads("/healthz", OPEN),
    ("GET", "/readyz"): reads("/readyz", OPEN),
    ("GET", "/metrics"): reads("/metrics", (401, 401, 200, 200)),
    ("GET", "/feeds/{secret}.atom"): reads("/feeds/guess.atom", (404, 404, 404, 404)),
    ("GET", "/api/v1/openapi.json"): reads("/api/v1/openapi.json", OPEN),
    ("GET", "/api/v1/channels"): reads("/api/v1/channels"),
    ("GET", "/api/v1/channels/{channel}"): reads("/api/v1/channels/1"),
    ("GET", "/api/v1/channels/{channel}/topics"): reads("/api/v1/channels/1/topics"),
    ("GET", "/api/v1/channels/{channel}/digests"): reads("/api/v1/channels/1/digests"),
    ("GET", "/api/v1/channels/{channel}/digests/{digest}"): reads("/api/v1/channels/1/digests/1"),
    ("GET", "/api/v1/papers"): reads("/api/v1/papers?q=diffusion"),
    ("GET", "/api/v1/papers/{paper:path}/similar"): reads(f"/api/v1/papers/{PAPER}/similar"),
    ("GET", "/api/v1/papers/{paper:path}"): reads(f"/api/v1/papers/{PAPER}"),
    ("GET", "/api/v1/days/{day}"): reads("/api/v1/days/2026-05-12"),
    ("GET", "/api/v1/health"): reads("/api/v1/health"),
    ("GET", "/api/v1/{path:path}"): reads("/api/v1/nothing", (401, 404, 404, 404)),
    ("GET", "/login"): reads("/login", (200, 303, 303, 303)),
    ("POST", "/login"): [Ask("/login", (401, 401, 401, 401), {"name": "ada", "password": "guess"})],
    ("POST", "/logout"): [Ask("/logout", (303, 303, 303, 303), {})],
    ("GET", "/invitation/{token}"): reads("/invitation/guess", (404, 404, 404, 404)),
    ("POST", "/invitation/{token}"): [
        Ask("/invitation/guess", (422, 422, 422, 422), {"password": PASSWORD, "again": PASSWORD})
    ],
    ("POST", "/mark"): [
        Ask("/mark", READ, {"paper": PAPER, "mark": "save"}),
        Ask("/mark", READ, {"paper": PAPER, "mark": "up", "channel": "general"}),
        Ask("/mark", (401, 200, 200, 422), {"paper": PAPER, "mark": "up", "channel": "slack:local:papers"}),
    ],
    ("GET", "/switch"): reads("/switch?find=a"),
    ("GET", "/search"): reads("/search?q=diffusion"),
    ("GET", "/search/results"): reads("/search/results?q=diffusion"),
    ("GET", "/abstract/{paper:path}"): reads(f"/abstract/{PAPER}"),
    ("GET", "/paper/{paper:path}"): reads(f"/paper/{PAPER}"),
    ("GET", "/thumbnail/{paper:path}"): reads(f"/thumbnail/{PAPER}", (401, 404, 404, 404)),
    ("GET", "/archive"): reads("/archive", (401, 303, 303, 303)),
    ("GET", "/archive/{day}"): reads("/archive/2026-05-12"),
    ("GET", "/c/{channel}/d/{digest}"): reads("/c/general/d/1"),
    ("GET", "/c/{channel}/m/{message}"): reads("/c/general/m/1"),
    ("GET", "/health"): reads("/health"),
    ("GET", "/health/report"): reads("/health/report"),
    ("POST", "/health/retry"): [Ask("/health/retry", (401, 422, 200, 422), {"post": "POST"}, "retry POST")],
    ("GET", "/"): reads("/", (401, 303, 303, 303)),
    ("GET", "/channels"): reads("/channels"),
    ("POST", "/channels"): [Ask("/channels", (401, 403, 201, 201), {"name": "robots"}, "channel add robots")],
    ("GET", "/channels/more"): reads("/channels/more?channels-of=web&channels-behind=1"),
    ("GET", "/c/{channel}"): [Ask("/c/general"), Ask(SLACK)],
    ("GET", "/c/{channel}/messages"): reads("/c/general/messages"),
    ("GET", "/c/{channel}/newer"): reads("/c/general/newer?after=1"),
    ("POST", "/c/{channel}/command"): [
        Ask("/c/general/command", READ, {"line": "topics"}),
        Ask("/c/general/command", READ, {"line": "settings limit 7"}, "settings limit 7"),
        Ask(f"{SLACK}/command", READ, {"line": "settings limit 7"}, "settings limit 7"),
    ],
    ("GET", "/c/{channel}/complete"): reads("/c/general/complete?line=sub"),
    ("GET", "/c/{channel}/events"): [],  # streams: test_people.py and test_events.py
    ("GET", "/c/{channel}/panel/{panel}"): [
        Ask(f"/c/general/panel/{panel}") for panel in ("topics", "settings", "saved", "health", "channel")
    ],
    ("POST", "/c/{channel}/topics"): [
        Ask("/c/general/topics", (401, 422, 200, 200), {"query": "robots"}, "subscribe robots"),
        Ask(f"{SLACK}/topics", (401, 422, 200, 422), {"query": "robots"}, "subscribe robots"),
    ],
    ("GET", "/c/{channel}/topics/new"): reads("/c/general/topics/new"),
    ("GET", "/c/{channel}/topics/marks"): reads("/c/general/topics/marks?query=a"),
    ("GET", "/c/{channel}/topics/preview"): reads("/c/general/topics/preview?query=a"),
    ("GET", "/c/{channel}/topics/proposals"): reads(f"/c/general/topics/proposals?query=diffusion&paper={PAPER}"),
    ("GET", "/c/{channel}/topics/paced"): reads("/c/general/topics/paced?query=diffusion&per-day=3"),
    ("GET", "/c/{channel}/topics/{number:int}"): reads("/c/general/topics/1"),
    ("POST", "/c/{channel}/topics/{number:int}"): [
        Ask("/c/general/topics/1", (401, 422, 200, 200), {"query": "diffusion models"}, "edit 1 ")
    ],
    ("POST", "/c/{channel}/settings"): [
        Ask("/c/general/settings", (401, 422, 200, 200), {"was-limit": "7", "limit": "8"}, 'configure --limit "8"'),
        Ask(f"{SLACK}/settings", (401, 422, 200, 422), {"was-limit": "7", "limit": "8"}, 'configure --limit "8"'),
    ],
    ("GET", "/c/{channel}/transfer"): reads("/c/general/transfer?line=copy&words=papers"),
    ("GET", "/c/{channel}/settings"): reads("/c/general/settings", (401, 303, 303, 303)),
    ("GET", "/c/{channel}/saved/{format}"): reads("/c/general/saved/bibtex"),
    ("GET", "/zones"): reads("/zones?q=ber"),
    ("GET", "/welcome"): reads("/welcome"),
    ("POST", "/welcome"): [
        Ask("/welcome", (401, 422, 303, 303), {"channel": "first", "words": "hares"}, "subscribe --backfill 3 hares")
    ],
    ("GET", "/welcome/progress"): reads("/welcome/progress?c=general"),
    ("GET", "/people"): reads("/people", (401, 403, 200, 200)),
    ("POST", "/people/role"): [
        Ask("/people/role", (401, 403, 303, 422), {"name": "eve", "role": "manager"}, "people role eve manager")
    ],
    ("POST", "/people/invite"): [Ask("/people/invite", (401, 403, 200, 422), {"name": "eve"}, "people invite eve")],
    ("POST", "/people/remove"): [Ask("/people/remove", (401, 403, 303, 422), {"name": "eve"}, "people remove eve")],
    ("GET", "/account"): reads("/account"),
    ("POST", "/account/password"): [
        Ask(
            "/account/password",
            (401, 303, 303, 422),
            {"before": PASSWORD, "password": PASSWORD, "again": PASSWORD},
            "people password ada",
        )
    ],
    ("POST", "/account/sessions/end"): [
        Ask("/account/sessions/end", (401, 303, 303, 303), {"which": "others"}, "people log-out ada")
    ],
    ("POST", "/account/tokens"): [Ask("/account/tokens", (401, 200, 200, 303), {"name": "dashboard"}, "tokens create")],
    ("POST", "/account/tokens/revoke"): [
        Ask("/account/tokens/revoke", (401, 303, 303, 303), {"id": "TOKEN"}, "tokens revoke")
    ],
    # Last, because from here on nobody is let in without logging in where nobody had to.
    ("POST", "/people"): [
        Ask("/people", (401, 403, 200, 200), {"name": "zoe", "role": "manager"}, "people add zoe --role manager")
    ],
}

#: What everybody shares: what a reader's requests never change.
SHARED = ("channels", "subscriptions", "posts", "accounts", "feeds")


def routes_of(routes: Sequence[BaseRoute], under: str = "") -> Iterator[tuple[str, str]]:
    for route in routes:
        if isinstance(route, Mount) and route.name != "static":
            yield from routes_of(route.routes, under + route.path)
        elif isinstance(route, Route):
            yield from ((method, under + route.path) for method in route.methods or () if method != "HEAD")


async def a_scene(core: Core, slack: SimulatedPlatform) -> str:
    """A workspace in which each address of the table has something; returns the number of a post that was given up."""
    await core.say("subscribe diffusion")
    papers = Address(PlatformName.SLACK, "local", "papers")
    manager = CommandCall(line="subscribe study", address=papers, channel_name="papers", person=MANAGER)
    assert not (await core.commands.run(manager)).failed
    await core.news(a_paper(1), a_paper(2))
    slack.fail("papers", Fault.REJECTED)
    await core.next_digest()
    ((post, _),) = (await core.health.report()).failed
    return str(post.id)


async def walked(app: Starlette, core: Core, post: str, at: int, account: Account | None, people: People) -> list[str]:
    """Sends each request of the table as that account (`at` is its place among the answers); returns what differs."""
    wrong = []
    token = (await people.tokens.create(account, "phone", None, by=TERMINAL))[1] if account else None
    given = {"POST": post, "TOKEN": str(token.id if token else 0)}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://workspace", headers=JSON) as client:
        for (method, _), asks in TABLE.items():
            for ask in asks:
                client.cookies.clear()
                if account is not None:  # some requests end the session
                    client.cookies.set(COOKIE, await people.begin_session(account, "a test"))
                before = await everything(core.store) if method == "POST" else {}
                fields = {name: given.get(value, value) for name, value in (ask.fields or {}).items()}
                answer = await client.request(method, ask.path, data=fields)
                after = await everything(core.store) if method == "POST" else {}
                changed = [name for name in SHARED if before.get(name) != after.get(name)]
                if answer.status_code != ask.answers[at]:
                    wrong.append(f"{method} {ask.path}: {answer.status_code}, not {ask.answers[at]}")
                careful = HEADERS.items() <= dict(answer.headers).items()
                if not careful or "frame-ancestors 'none'" not in answer.headers[POLICY]:
                    wrong.append(f"{method} {ask.path}: {dict(answer.headers)}")
                written = len(after.get("audit_lines", ())) - len(before.get("audit_lines", ()))
                new = [line.change.line for line in (await core.store.audit.lines(limit=9))[:written]]
                if changed and not new:
                    wrong.append(f"{method} {ask.path} changed {changed}, and nothing says who did")
                line = ask.line.replace("POST", post)
                if at == MANAGES and line and not any(one.startswith(line) for one in new):
                    wrong.append(f"{method} {ask.path}: the audit says {new}, not {line}")
                if at < MANAGES and changed and not ask.path.startswith("/account/"):
                    wrong.append(f"{method} {ask.path} changed {changed}")
    return wrong


@asynccontextmanager
async def scene(folder: Path) -> AsyncIterator[tuple[Starlette, Core, str]]:
    slack = SimulatedPlatform(PlatformName.SLACK)
    async with core_app(folder, others=[slack], allowed_hosts=["workspace"]) as (app, _, core):
        yield app, core, await a_scene(core, slack)


def people_of(core: Core) -> People:
    return People(core.store.people, Record(core.store.audit, core.clock), quick_hasher(), core.clock)


async def test_every_route_is_in_the_table(tmp_path: Path) -> None:
    async with core_app(tmp_path) as (app, _, _):
        assert set(routes_of(app.routes)) == set(TABLE)


async def test_each_route_answers_each_role_as_the_table_says(tmp_path: Path) -> None:
    async with scene(tmp_path) as (app, core, post):
        people = people_of(core)
        ada = await people.add("ada", Role.MANAGER, by=TERMINAL, password=PASSWORD)
        bob = await people.add("bob", Role.READER, by=TERMINAL, password=PASSWORD)
        await people.add("eve", Role.READER, by=TERMINAL)
        assert await walked(app, core, post, NOBODY, None, people) == []
        assert await walked(app, core, post, READS, bob, people) == []
        assert await walked(app, core, post, MANAGES, ada, people) == []


async def test_who_need_not_log_in_changes_the_webs_own_channels_alone(tmp_path: Path) -> None:
    async with scene(tmp_path) as (app, core, post):
        assert await walked(app, core, post, NEED_NOT, None, people_of(core)) == []


#: What stands in the page itself, so that it is there without a script: words, and forms that work without one.
CONTENT = {
    "/c/general": ("Diffusion Study 1", 'action="/mark"', 'action="/c/general/command"'),
    "/c/general?panel=topics": ('href="/c/general/topics/1"', "diffusion"),
    "/c/general/d/1": ("Diffusion Study 2", 'value="save"'),
    "/c/general/m/1": ("Diffusion Study 1", "All messages"),
    "/search": ("What a search can say", 'action="/search"'),
    "/search?q=diffusion": ("2 papers", "Diffusion Study 1", "sort%3Anew", 'value="save"'),
    f"/paper/{PAPER}": ("We study diffusion. It works.", "Ada Lovelace", "@misc{", "Similar"),
    f"/paper/{PAPER}?c=general": ("It was posted here.", 'value="up"'),
    "/archive/2026-05-12": ("Diffusion Study 1", "posted in", "May 2026"),
    "/health": ("Messages that could not be posted", "Digests of the next 24 hours"),
    "/people": ("Add somebody", "subscribe diffusion"),
    "/account": ("Nobody logs in here",),
    "/welcome": ("Which papers shall come?", 'action="/welcome"'),
}


async def test_every_page_has_its_content_without_a_script(tmp_path: Path) -> None:
    async with scene(tmp_path) as (app, _, _):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://workspace", headers=PAGE) as client:
            for path, parts in CONTENT.items():
                page = html.unescape((await client.get(path)).text)
                assert [part for part in parts if part not in page] == [], path
                assert " · Paper Round</title>" in page, path
                assert "og:" not in page, "nothing for those who show previews of links"
            # Forms lead back to where they were pressed, or to what they changed.
            referer = {"referer": "http://workspace/search?q=diffusion"}
            saved = await client.post("/mark", data={"paper": PAPER, "mark": "save"}, headers=referer)
            assert (saved.status_code, saved.headers["location"]) == (303, "/search?q=diffusion")
            assert 'value="unsave"' in (await client.get("/search?q=diffusion")).text
