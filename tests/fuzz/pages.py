"""The web application: every route that it has, asked by nobody, a reader and a manager."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Route

from adapters.web.people.cookies import COOKIE
from bot.people.account import Role
from bot.people.people import People
from bot.people.record import TERMINAL, Record
from tests.adapters.web.core_workspace import core_app
from tests.core import Core
from tests.fuzz.asgi import request_of, status_of
from tests.fuzz.log import Log, watched
from tests.fuzz.target import Running, RunningTarget
from tests.passwords import quick_hasher
from tests.sources import a_paper

PASSWORD = "correct horse battery"
#: What stands for each parameter in a path.
_PARAMETERS = {
    "channel": "general", "paper": "2605.00001", "day": "2026-04", "digest": "1", "message": "1", "number": "1",
    "panel": "topics", "format": "bibtex", "token": "x", "path": "workspace.css",
}  # fmt: skip
#: Fields of all forms and queries, as their pages send them; each takes what it knows.
_FIELDS = {
    "q": "hares sort:new", "query": "hares -survey", "line": "search hares", "page": "2", "before": "2", "after": "1",
    "name": "lab", "channel": "general", "paper": "2605.00001", "mark": "up", "next": "/search", "find": "ha",
    "password": PASSWORD, "again": PASSWORD, "role": "reader", "number": "1", "yes": "2605.00001", "no": "2605.00002",
    "when": "daily 09:00", "which": "all", "panel": "settings", "elsewhere": "1", "current": "general", "from": "1",
    "choice": "save 2605.00001", "retried": "1", "min_upvotes": "2", "instant": "on", "was-limit": "10", "limit": "7",
    "schedule-kind": "days", "schedule-time": "17:30", "schedule-mon": "on", "schedule-words": "hourly",
    "was-sources": "all", "source-arxiv": "on", "last": "3", "message": "1", "person": "bob", "id": "1",
}  # fmt: skip
_BROWSER = "host: 127.0.0.1\naccept: text/html\nuser-agent: x\n"
_PROGRAM = "host: 127.0.0.1\naccept: application/json\nlast-event-id: 1\n"
_COOKIE = f"cookie: {COOKIE}=%s; paperround_zone=Europe/Berlin\n"
#: Asks the application in which nobody needs to log in.
_OPEN = b"x-open"
#: Statuses that say that something is not well, and not that something broke.
_UNWELL = {"/readyz": 503}


def routes_of(routes: Sequence[BaseRoute]) -> Iterator[tuple[str, str]]:
    """The methods and paths of all routes, whatever they are mounted on."""
    for route in routes:
        if isinstance(route, Mount):
            yield from ((method, route.path + path) for method, path in routes_of(route.routes or ()))
            if not route.routes:
                yield "GET", f"{route.path}/{{path}}"
        elif isinstance(route, Route):
            for method in sorted((route.methods or {"GET"}) - {"HEAD"}):
                yield method, route.path


def _corpus(app: Starlette) -> list[bytes]:
    requests: list[str] = []
    for method, path in routes_of(app.routes):
        filled = re.sub(r"{(\w+)(:\w+)?}", lambda found: _PARAMETERS.get(found[1], "x" * 43), path)
        who = _COOKIE % ("{reader}" if len(requests) % 2 else "{manager}")
        if method == "POST":
            form = "content-type: application/x-www-form-urlencoded\n\n" + urlencode(_FIELDS)
            requests.append(f"POST {filled}\n{_BROWSER}{_COOKIE % '{manager}'}{form}")
            requests.append(f"POST {filled}\n{_PROGRAM}{who}content-type: application/json\n\n{json.dumps(_FIELDS)}")
        else:
            requests.append(f"{method} {filled}\n{_BROWSER}{who}\n")
            requests.append(f"{method} {filled}?{urlencode(_FIELDS)}\n{_PROGRAM}{who}\n")
        requests.append(requests[-1].replace(who, "x-open: 1\n"))
    requests += [
        f"OPTIONS /\n{_BROWSER}origin: https://elsewhere.example\nsec-fetch-site: cross-site\n\n",
        "GET /metrics\nhost: [::1\nauthorization: Bearer x\nx-forwarded-for: 1.2.3.4\n\n",
        f"PROPFIND /c/slack:T1:C1\n{_BROWSER}cookie: {COOKIE}={{manager}}\n\n",
    ]
    return [request.encode() for request in requests]


@asynccontextmanager
async def _running() -> AsyncIterator[Running]:
    async with AsyncExitStack() as stack:
        log = stack.enter_context(watched())
        apps: list[tuple[Starlette, Core]] = []
        for password in ("", PASSWORD):
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="paperround-")))
            app, platform, core = await stack.enter_async_context(core_app(folder, password))
            await stack.enter_async_context(platform.tail.running())
            await _inhabit(core)
            apps.append((app, core))
        (open_app, _), (app, core) = apps
        yield Running(_Pages(log, open_app, app, _people(core)).read, _corpus(app))


async def _inhabit(core: Core) -> None:
    await core.say("subscribe title:hares --name Runners")
    await core.news(*(a_paper(number, title=f"Hares <b>run</b> {number}") for number in range(1, 30)))
    await core.next_digest()


def _people(core: Core) -> People:
    return People(core.store.people, Record(core.store.audit, core.clock), quick_hasher(), core.clock)


class _Pages:
    def __init__(self, log: Log, is_open: Starlette, has_people: Starlette, people: People) -> None:
        self._log = log
        self._open = is_open
        self._has_people = has_people
        self._people = people
        self._tokens: dict[Role, str] = {}

    async def read(self, data: bytes) -> None:
        marks = {b"{%b}" % str(role).encode(): (await self._token(role)).encode() for role in Role}
        request = request_of(data, marks)
        is_open = any(name == _OPEN for name, _ in request.headers)
        status = await status_of(self._open if is_open else self._has_people, request)
        assert status < 500 or status == _UNWELL.get(request.target.partition("?")[0]), (status, request)
        self._log.check()

    async def _token(self, role: Role) -> str:
        """A session of somebody with that role, also after what earlier inputs did to them."""
        token = self._tokens.get(role, "")
        session = await self._people.session(token)
        if session is None or session.account.role is not role:
            accounts = await self._people.accounts()
            account = next((one for one in accounts if one.role is role), None)
            if account is None:
                name = f"{role}-{len(accounts)}"
                account = await self._people.add(name, role, by=TERMINAL, password=PASSWORD)
            self._tokens[role] = await self._people.begin_session(account, "fuzz")
        return self._tokens[role]


TARGETS = (RunningTarget("web-request", _running),)
