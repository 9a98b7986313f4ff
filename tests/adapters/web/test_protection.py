"""Who gets in: hosts, origins, the password, and the headers of every answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from adapters.web.people.attempts import ATTEMPTS, ATTEMPTS_AT_NAME, ATTEMPTS_OF_ALL, Attempts, client_of
from adapters.web.people.cookies import COOKIE
from adapters.web.people.entrance import LoginOptions
from adapters.web.people.login import safe_path
from adapters.web.serving.protection import host_name
from tests.adapters.web.workspace import RunningWorkspace, SetClock, running_workspace

pytestmark = pytest.mark.asyncio(loop_scope="session")

PASSWORD = "pässword with spaces"
PAGE = {"accept": "text/html"}


async def say_hello(request: Request) -> PlainTextResponse:
    return PlainTextResponse("hello")


@pytest_asyncio.fixture(loop_scope="session")
async def locked(tmp_path: Path) -> AsyncIterator[RunningWorkspace]:
    """A workspace with a password and one route from elsewhere."""
    async with running_workspace(tmp_path, password=PASSWORD, extra_routes=[Route("/extra", say_hello)]) as running:
        yield running


@pytest.mark.parametrize("path", ["/", "/c/general", "/c/general/events", "/metrics", "/static/workspace.js"])
async def test_other_hosts_get_nothing(workspace: RunningWorkspace, path: str) -> None:
    async with workspace.client() as client:
        for host in ("evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "[::1", "localhost."):
            answer = await client.get(path, headers={"host": host})
            assert answer.status_code in (400, 401, 421), host
            assert "general" not in answer.text
            assert "papers_total" not in answer.text


async def test_allowed_hosts_match_without_port_and_case(workspace: RunningWorkspace) -> None:
    async with workspace.client() as client:
        for host in ("localhost", "LOCALHOST:1234", "127.0.0.1"):
            assert (await client.get("/c/general", headers={"host": host})).status_code == 200


async def test_host_names_are_read_as_browsers_write_them() -> None:
    assert host_name("[::1]:8000") == "::1"
    assert host_name("Example.ORG:443") == "example.org"
    assert host_name("a@127.0.0.1") == "127.0.0.1"
    assert host_name("[::1") == ""


async def test_health_needs_neither_host_nor_password(locked: RunningWorkspace) -> None:
    async with locked.client(headers={"host": "10.0.0.7:8000"}) as client:
        assert (await client.get("/healthz")).text == "ok\n"
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()) == (200, {"ok": True})
        locked.health.problem = "gone"
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()) == (503, {"ok": False})


async def test_what_is_the_matter_is_told_to_who_has_the_password(locked: RunningWorkspace) -> None:
    locked.health.problem = "gone"
    async with locked.client() as client:
        told = await client.get("/readyz", headers=[(b"authorization", f"Bearer {PASSWORD}".encode())])
        assert (told.status_code, told.json()["ok"], told.json()["database"]) == (503, False, "gone")
        wrong = await client.get("/readyz", headers={"authorization": "Bearer guess"})
        assert wrong.json() == {"ok": False}


@pytest.mark.parametrize("path", ["/channels", "/c/general/command"])
async def test_other_sites_cannot_change_anything(workspace: RunningWorkspace, path: str) -> None:
    elsewhere = (
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1"},  # another port is another site
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    )
    async with workspace.client() as client:
        for headers in elsewhere:
            answer = await client.post(path, data={"line": "today", "name": "planted"}, headers=headers)
            assert answer.status_code == 403, headers
        assert "planted" not in (await client.get("/channels")).text
    assert workspace.commands.calls == []


async def test_the_page_itself_and_programs_may(workspace: RunningWorkspace) -> None:
    async with workspace.client() as client:
        own = {"origin": workspace.url, "sec-fetch-site": "same-origin"}
        assert (await client.post("/c/general/command", json={"line": "help"}, headers=own)).status_code == 200
        assert (await client.post("/c/general/command", json={"line": "help"})).status_code == 200


async def test_every_answer_tells_the_browser_to_be_careful(locked: RunningWorkspace) -> None:
    async with locked.client() as client:
        for path in ("/login", "/c/general", "/nowhere", "/healthz", "/static/workspace.css", "/extra"):
            headers = (await client.get(path)).headers
            policy = headers["content-security-policy"]
            assert policy.startswith("default-src 'none';")
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "same-origin"


async def test_pages_are_not_kept_and_versioned_files_are(workspace: RunningWorkspace) -> None:
    async with workspace.client() as client:
        page = await client.get("/c/general")
        assert page.headers["cache-control"] == "no-store"
        style = page.text.partition('<link rel="stylesheet" href="')[2].partition('"')[0]
        assert "immutable" in (await client.get(style)).headers["cache-control"]
        assert (await client.get("/static/composer.js")).headers["cache-control"] == "no-cache"
        assert (await client.get("/static/../app.py")).status_code == 404
        assert (await client.get("/static/%2e%2e/app.py")).status_code == 404


async def test_nothing_is_shown_without_the_password(locked: RunningWorkspace) -> None:
    async with locked.client() as client:
        for path in ("/", "/c/general", "/channels", "/c/general/messages", "/c/general/complete", "/c/general/events"):
            page = await client.get(path, headers=PAGE)
            assert page.status_code == 303
            assert page.headers["location"].startswith("/login?next=/")
            assert (await client.get(path)).status_code == 401
        assert (await client.post("/c/general/command", json={"line": "help"})).status_code == 401
    assert locked.commands.calls == []


async def test_the_password_opens_the_page_that_was_asked_for(locked: RunningWorkspace) -> None:
    async with locked.client(headers=PAGE, follow_redirects=True) as client:
        form = await client.get("/c/vision")
        assert 'name="next" value="/c/vision"' in form.text
        page = await client.post("/login", data={"password": PASSWORD, "next": "/c/vision"})
        assert page.url.path == "/c/vision"
        assert "Log out" in page.text
        await client.post("/logout")
        assert (await client.get("/c/vision")).url.path == "/login"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example",
        "/\n/evil.example", "javascript:alert(1)", "c/general", "", " //evil.example", "/login", "/logout",
    ],
)  # fmt: skip
async def test_the_login_leads_nowhere_else(locked: RunningWorkspace, target: str) -> None:
    assert safe_path(target) == "/"
    async with locked.client() as client:
        answer = await client.post("/login", data={"password": PASSWORD, "next": target})
        assert (answer.status_code, answer.headers["location"]) == (303, "/")


async def test_the_session_is_a_guarded_cookie_that_expires(locked: RunningWorkspace) -> None:
    async with locked.client() as client:
        answer = await client.post("/login", data={"password": PASSWORD})
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert "secure" not in cookie  # the test speaks plain HTTP, where a browser would drop a secure cookie
        assert (await client.get("/c/general")).status_code == 200
        locked.clock.advance(days=31)
        assert (await client.get("/c/general")).status_code == 401


async def test_under_https_the_cookie_is_for_this_host_alone(tmp_path: Path) -> None:
    login = LoginOptions(password=PASSWORD, trusted_proxies=["127.0.0.1"])
    async with (
        running_workspace(tmp_path, password=PASSWORD, login=login) as locked,
        locked.client(headers={"x-forwarded-proto": "https"}) as client,
    ):
        answer = await client.post("/login", data={"password": PASSWORD})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-paperround_session=")
    assert "; Path=/; " in cookie
    assert "Secure" in cookie
    assert "Domain" not in cookie


async def test_a_session_that_was_there_before_is_not_the_one_that_is_logged_in(locked: RunningWorkspace) -> None:
    async with locked.client(headers={"cookie": f"{COOKIE}=planted"}) as client:
        answer = await client.post("/login", data={"password": PASSWORD})
        assert "planted" not in answer.headers["set-cookie"]
        assert (await client.get("/c/general", headers={"cookie": f"{COOKIE}=planted"})).status_code == 401
    async with locked.client() as client:
        await client.post("/login", data={"password": PASSWORD})
        before = client.cookies[COOKIE]
        await client.post("/login", data={"password": PASSWORD})
        assert client.cookies[COOKIE] != before
        assert (await client.get("/c/general", headers={"cookie": f"{COOKIE}={before}"})).status_code == 401
        after = client.cookies[COOKIE]
        await client.post("/logout")
        assert (await client.get("/c/general", headers={"cookie": f"{COOKIE}={after}"})).status_code == 401


async def test_guessing_is_slowed_down(locked: RunningWorkspace) -> None:
    async with locked.client() as client:
        for _ in range(ATTEMPTS):
            wrong = await client.post("/login", data={"password": "guess"})
            assert (wrong.status_code, "That is not the password." in wrong.text) == (401, True)
        right = await client.post("/login", data={"password": PASSWORD})
        assert right.status_code == 429
        assert right.headers["retry-after"] == "60"
        assert "Try again in 60 seconds." in right.text
        assert (await client.get("/metrics", headers={"authorization": "Bearer guess"})).status_code == 401
        locked.clock.advance(seconds=61)
        assert (await client.post("/login", data={"password": PASSWORD})).status_code == 303


async def test_many_guesses_at_once_count_as_many(locked: RunningWorkspace) -> None:
    async with locked.client() as client:
        guesses = [client.post("/login", data={"password": f"guess {number}"}) for number in range(4 * ATTEMPTS)]
        codes = [answer.status_code for answer in await asyncio.gather(*guesses)]
    assert codes.count(401) == ATTEMPTS
    assert codes.count(429) == 3 * ATTEMPTS


@pytest.mark.parametrize("name", ["ada", "bob"])
async def test_guessing_from_many_addresses_locks_out_nobody_else(name: str) -> None:
    clock = SetClock()
    attempts = Attempts(clock)
    for number in range(3 * ATTEMPTS_OF_ALL):
        guesser = f"10.0.{number // 250}.{number % 250}"
        assert attempts.wait_before(guesser, "ada") == 0
        attempts.begin(guesser, "ada")
        assert attempts.wait_before(guesser, "ada") > 0 or number < ATTEMPTS_AT_NAME - 1
    assert attempts.wait_before("192.0.2.7", name) == 0
    attempts.succeeded(attempts.begin("192.0.2.7", name))
    assert attempts.wait_before("192.0.2.7", name) == 0
    clock.advance(seconds=61)
    assert attempts.wait_before("10.0.0.1", "ada") == 0


async def test_a_clock_that_is_put_back_makes_nobody_wait(locked: RunningWorkspace) -> None:
    clock = SetClock()
    attempts = Attempts(clock)
    for _ in range(ATTEMPTS):
        attempts.begin("10.0.0.1", "ada")
    assert attempts.wait_before("10.0.0.1", "ada") > 0
    clock.advance(days=-365)
    assert attempts.wait_before("10.0.0.1", "ada") == 0


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.7", "192.0.2.8", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
    ],
)
async def test_a_guesser_is_an_address_or_a_network_of_ipv6(one: str, other: str, same: bool) -> None:
    clients = [client_of(HTTPConnection({"type": "http", "client": (host, 1), "headers": []})) for host in (one, other)]
    assert (clients[0] == clients[1]) is same


async def test_metrics_want_the_password_where_there_is_one(tmp_path: Path) -> None:
    async with running_workspace(tmp_path, password="secret") as locked, locked.client() as client:
        refused = await client.get("/metrics")
        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
        assert (await client.get("/metrics", headers={"authorization": "Bearer wrong"})).status_code == 401
        scrape = {"authorization": "Bearer secret", "host": "10.0.0.7:8000"}
        assert (await client.get("/metrics", headers=scrape)).text == "papers_total 3\n"
        await client.post("/login", data={"password": "secret"})
        assert (await client.get("/metrics")).status_code == 200


async def test_metrics_are_open_on_a_workspace_without_a_password(workspace: RunningWorkspace) -> None:
    async with workspace.client() as client:
        answer = await client.get("/metrics")
        assert answer.text == "papers_total 3\n"
        assert answer.headers["content-type"] == "text/plain; version=1.0.0; charset=utf-8"
        assert (await client.get("/login")).headers["location"] == "/"


async def test_routes_of_others_come_first_and_protect_themselves(locked: RunningWorkspace) -> None:
    async with locked.client(headers={"host": "bot.example.org"}) as client:
        assert (await client.get("/extra")).text == "hello"
