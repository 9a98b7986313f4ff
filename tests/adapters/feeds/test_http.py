"""The client of all feeds: what it asks, what it takes, and that no server can hold or flood it."""

from __future__ import annotations

import asyncio
import gzip
import socket
import time
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.feeds.http import MOST_WAIT, FeedClient, Limits, RateLimit, sent_at, user_agent, wait_asked_for
from adapters.feeds.limits import YEARS
from bot import __version__
from bot.errors import SourceError
from tests.feed_server import Request, ScriptedFeed, http_answer

HASTY = Limits(connect=1.0, read=0.3, total=1.0, body=1_000_000, pause=0.001)


@pytest.fixture
async def hasty() -> AsyncIterator[FeedClient]:
    async with FeedClient(limits=HASTY) as client:
        yield client


async def refusal(client: FeedClient, url: str) -> SourceError:
    with pytest.raises(SourceError) as error:
        await client.get(url + "/list")
    assert str(error.value).endswith(".")
    assert "\n" not in str(error.value)
    return error.value


async def test_an_answer_comes_with_what_sources_need(client: FeedClient) -> None:
    good = http_answer([1], content_type="Application/JSON; charset=utf-8", headers={"ETag": 'W/"a1"'})
    with ScriptedFeed(good) as feed:
        answer = await client.get(feed.url + "/list?a=1", params={"b": "2 3"}, headers={"X-Own": "yes"})
    assert (answer.status, answer.body, answer.content_type, answer.etag) == (200, b"[1]", "application/json", 'W/"a1"')
    assert answer.place == feed.url.removeprefix("http://") + "/list"
    (request,) = feed.requests
    assert (request.path, request.query) == ("/list", {"a": "1", "b": "2 3"})
    assert request.headers["x-own"] == "yes"
    assert request.headers["user-agent"] == f"PaperRound/{__version__} (+https://example.org/about)"


async def test_how_far_a_clock_is_ahead_counts_what_it_did_since_the_answer(client: FeedClient) -> None:
    now, began, year = datetime.now(UTC), time.monotonic(), timedelta(days=365)
    assert client.ahead_of_servers(now) is None
    theirs = format_datetime(now - timedelta(minutes=10), usegmt=True)
    with ScriptedFeed(http_answer([], headers={"Date": theirs})) as feed:
        await client.get(feed.url)
    asking = timedelta(seconds=time.monotonic() - began)
    await asyncio.sleep(1.1)
    for set_by in (timedelta(), year, -year):
        ahead = client.ahead_of_servers(datetime.now(UTC) + set_by)
        assert ahead is not None
        assert timedelta(minutes=9) < ahead - set_by < timedelta(minutes=10, seconds=2) + asking


@pytest.mark.parametrize("status", [204, 304, 400, 401, 403, 404, 418])
async def test_statuses_below_500_are_left_to_the_source(client: FeedClient, status: int) -> None:
    with ScriptedFeed(http_answer(status=status)) as feed:
        assert (await client.get(feed.url)).status == status


def test_a_contact_cannot_add_headers() -> None:
    assert user_agent("me@example.org\r\nEvil: (x)") == f"PaperRound/{__version__} (+me@example.orgEvil:x)"
    assert user_agent(" ") == f"PaperRound/{__version__}"


async def test_passing_trouble_is_tried_again(client: FeedClient) -> None:
    with ScriptedFeed(http_answer(status=502), http_answer([1], length=9), http_answer([1])) as feed:
        assert (await client.get(feed.url)).body == b"[1]"
        assert len(feed.requests) == 3


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (http_answer(status=500), "answered 500 Internal Server Error"),
        (http_answer(status=599), "answered 599"),
        (http_answer([1, 2, 3], length=100), "could not be read"),
        (b"", "could not be read"),
        (b"SSH-2.0-OpenSSH_9.7\r\n\r\n", "could not be read"),
        (http_answer([1], headers={"X-Long": "x" * 200_000}), "could not be read"),
    ],
    ids=["500", "599", "cut short", "hangs up", "no HTTP", "endless header"],
)
async def test_lasting_trouble_ends_after_a_few_attempts(client: FeedClient, script: bytes, said: str) -> None:
    with ScriptedFeed(script) as feed:
        error = await refusal(client, feed.url)
        assert said in str(error)
        assert feed.url.removeprefix("http://") in str(error)
        assert len(feed.requests) == 3


async def test_nobody_listens(client: FeedClient) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        assert "could not be read" in str(await refusal(client, f"http://127.0.0.1:{unused.getsockname()[1]}"))


@pytest.mark.parametrize("url", ["ftp://example.org", "http://", "http://exa mple.org"])
async def test_an_address_that_is_none_is_refused(client: FeedClient, url: str) -> None:
    await refusal(client, url)


async def test_silence_is_not_waited_for(hasty: FeedClient) -> None:
    def silence(request: Request) -> Iterator[bytes]:
        time.sleep(1)
        yield http_answer([1])

    with ScriptedFeed(silence) as feed:
        assert "did not answer in time" in str(await refusal(hasty, feed.url))
        assert len(feed.requests) == 1


async def test_a_server_that_dribbles_does_not_hold_us(hasty: FeedClient) -> None:
    def dribble(request: Request) -> Iterator[bytes]:
        yield http_answer(length=1_000)
        for _ in range(30):
            time.sleep(0.1)
            yield b" "

    with ScriptedFeed(dribble) as feed:
        assert "did not answer within 1 seconds" in str(await refusal(hasty, feed.url))


# --- Asked to wait ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": " 2.5 "}, 2.5),
        ({"Retry-After": "0"}, 0.0),
        ({"Retry-After": "9" * 400}, MOST_WAIT),
        (
            {"Retry-After": "Tue, 21 Apr 2026 10:02:00 GMT", "Date": "Tue, 21 Apr 2026 10:00:30 GMT"},
            90.0,
        ),
        ({"Retry-After": "Tue, 21 Apr 2015 10:00:00 GMT"}, 0.0),
        ({"Retry-After": "Tue, 21 Apr 2015 10:00:00"}, 0.0),
        ({"Retry-After": "Tue, 21 Apr 9999 10:00:00 GMT"}, MOST_WAIT),
        ({"RateLimit": '"api";r=0;t=55'}, 55.0),
        ({"Retry-After": "soon", "RateLimit": '"api";r=0;t=55'}, 55.0),
    ],
)
async def test_a_wait_that_is_asked_for_is_passed_on_without_another_attempt(
    client: FeedClient, status: int, headers: dict[str, str], wait: float
) -> None:
    with ScriptedFeed(http_answer(status=status, headers=headers)) as feed:
        error = await refusal(client, feed.url)
        assert error.retry_after == wait
        assert str(status) in str(error)
        assert len(feed.requests) == 1


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "-5"}, {"Retry-After": "tomorrow"}, {"Retry-After": ""}])
async def test_too_many_requests_is_not_tried_again_even_when_no_wait_is_named(
    client: FeedClient, headers: dict[str, str]
) -> None:
    with ScriptedFeed(http_answer(status=429, headers=headers)) as feed:
        error = await refusal(client, feed.url)
        assert error.retry_after is None
        assert "asked too often" in str(error)
        assert len(feed.requests) == 1


_DATE_PARTS = st.sampled_from(
    ["Tue,", "31", "Apr", "Feb", "2026", "99999999999999999999", "10:00:00", "25:61:61", "GMT", "+9999", "-99999999999"]
)
_HEADER = st.one_of(
    st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=40),
    st.lists(_DATE_PARTS, max_size=7).map(" ".join),
)


@example(retry_after=f"Tue, 21 Apr 2026 10:00:00 -{10**20}", date="", rate_limit="")
@given(retry_after=_HEADER, date=_HEADER, rate_limit=_HEADER)
def test_no_header_is_misread_as_an_endless_wait(retry_after: str, date: str, rate_limit: str) -> None:
    said = {"Retry-After": retry_after, "Date": date, "RateLimit": rate_limit}
    headers = httpx.Headers([(name.encode(), value.encode("latin-1")) for name, value in said.items()])
    wait = wait_asked_for(headers, datetime(2026, 4, 21, tzinfo=UTC))
    assert wait is None or 0 <= wait <= MOST_WAIT


@example(date="Fri, 31 Dec 9999 23:59:59 GMT", age="999999999")
@given(date=_HEADER, age=st.one_of(_HEADER, st.integers(0, 10**10).map(str)))
def test_no_header_makes_a_clock_that_no_feed_has(date: str, age: str) -> None:
    headers = httpx.Headers([(b"Date", date.encode("latin-1")), (b"Age", age.encode("latin-1"))])
    moment = sent_at(headers)
    assert moment is None or moment.year in YEARS


# --- Redirects --------------------------------------------------------------------------------------------------


async def test_a_redirect_within_the_site_is_followed(client: FeedClient) -> None:
    with ScriptedFeed(http_answer(status=308, headers={"Location": "/new?x=1"}), http_answer([1])) as feed:
        answer = await client.get(feed.url + "/old", headers={"Authorization": "Bearer secret"})
        assert answer.place.endswith("/new")
        assert feed.requests[1].query == {"x": "1"}
        assert feed.requests[1].headers["authorization"] == "Bearer secret"


async def test_a_redirect_in_a_circle_ends(client: FeedClient) -> None:
    with ScriptedFeed(http_answer(status=302, headers={"Location": "/list"})) as feed:
        assert "redirects in a circle" in str(await refusal(client, feed.url))
        assert len(feed.requests) == 4


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1:{port}/",
        "http://localhost:{own}/",
        "https://127.0.0.1:{own}/",
        "//[::1]:{port}/",
        "http://user:word@127.0.0.1:{own}/",
    ],
)
async def test_a_redirect_to_another_site_is_not_followed(client: FeedClient, location: str) -> None:
    with ScriptedFeed(http_answer([1])) as other:

        def redirect(request: Request) -> bytes:
            place = location.format(port=other.url.rpartition(":")[2], own=feed.url.rpartition(":")[2])
            return http_answer(status=301, headers={"Location": place})

        with ScriptedFeed(redirect) as feed:
            assert "redirects to another site" in str(await refusal(client, feed.url))
            assert len(feed.requests) == 1
        assert other.requests == []


@pytest.mark.parametrize(
    "location",
    ["http://127.0.0.1:1/", "https://127.0.0.1/", "file:///etc/passwd", "http://[::", "http://\xff\xfe", "a:b:c"],
)
async def test_a_redirect_to_nowhere_is_refused(client: FeedClient, location: str) -> None:
    with ScriptedFeed(http_answer(status=301, headers={"Location": location})) as feed:
        error = await refusal(client, feed.url)
        assert location not in str(error)


# --- Sizes ------------------------------------------------------------------------------------------------------


async def test_an_endless_answer_is_left_after_its_limit(hasty: FeedClient) -> None:
    sent = 0

    def endless(request: Request) -> Iterator[bytes]:
        nonlocal sent
        yield b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n["
        while sent < 100_000_000:
            yield b"1," * 50_000
            sent += 100_000

    with ScriptedFeed(endless) as feed:
        assert "sent more than 1 MB" in str(await refusal(hasty, feed.url))
        assert len(feed.requests) == 1
    assert sent < 50_000_000


async def test_a_packed_answer_is_unpacked(client: FeedClient) -> None:
    packed = gzip.compress(b"[1, 2]", mtime=0)
    with ScriptedFeed(http_answer(packed, headers={"Content-Encoding": "gzip"})) as feed:
        assert (await client.get(feed.url)).body == b"[1, 2]"


@pytest.mark.parametrize("times", [1, 2])
async def test_a_small_answer_that_unpacks_to_a_huge_one_is_left(hasty: FeedClient, times: int) -> None:
    bomb = b" " * 100_000_000
    for _ in range(times):
        bomb = gzip.compress(bomb, mtime=0)
    headers = {"Content-Encoding": ", ".join(["gzip"] * times)}
    with ScriptedFeed(http_answer(bomb, headers=headers)) as feed:
        tracemalloc.start()
        said = str(await refusal(hasty, feed.url))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert "sent more than 1 MB" in said if times == 1 else "was not asked for" in said
    assert peak < 20_000_000


@pytest.mark.parametrize(
    ("body", "packing", "said"),
    [
        (gzip.compress(b"[1, 2]", mtime=0)[:-4], "gzip", "ends too early"),
        (b"[1, 2]", "gzip", "cannot be unpacked"),
        (b"[1, 2]", "br", "packed as 'br'"),
        (b"[1, 2]", "\x1b[31m" + "x" * 100, "which was not asked for"),
    ],
)
async def test_an_answer_that_cannot_be_unpacked_is_refused(
    client: FeedClient, body: bytes, packing: str, said: str
) -> None:
    with ScriptedFeed(http_answer(body, headers={"Content-Encoding": packing})) as feed:
        error = str(await refusal(client, feed.url))
    assert said in error
    assert error.isprintable()


@pytest.mark.parametrize("tag", ["unquoted", '"a\tb"', '"' + "x" * 300 + '"', '"ä"'])
async def test_an_etag_that_cannot_be_sent_back_is_dropped(client: FeedClient, tag: str) -> None:
    with ScriptedFeed(http_answer([], headers={"ETag": tag})) as feed:
        assert (await client.get(feed.url)).etag is None


async def test_no_cookie_is_kept(client: FeedClient) -> None:
    with ScriptedFeed(http_answer([], headers={"Set-Cookie": "id=1; Path=/"})) as feed:
        await client.get(feed.url)
        await client.get(feed.url)
        assert "cookie" not in feed.requests[1].headers


async def test_a_proxy_of_the_environment_is_used_but_not_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    with ScriptedFeed(http_answer([1])) as proxy, ScriptedFeed(http_answer([2])) as local:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        async with FeedClient() as client:
            assert (await client.get("http://feed.example/list")).body == b"[1]"
            assert (await client.get(local.url)).body == b"[2]"
            assert (await client.get(local.url.replace("127.0.0.1", "localhost"))).body == b"[2]"
        assert [request.headers["host"] for request in proxy.requests] == ["feed.example"]


# --- The pace of a site -----------------------------------------------------------------------------------------


class Timed:
    """Answers with the given scripts, the last one from then on, and notes when each answer began and ended."""

    def __init__(self, *scripts: bytes) -> None:
        self.spans: list[tuple[float, float]] = []
        self._scripts = list(scripts)

    def __call__(self, request: Request) -> Iterator[bytes]:
        begun = time.monotonic()
        time.sleep(0.02)
        yield self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
        self.spans.append((begun, time.monotonic()))

    def pauses(self) -> list[float]:
        return [later[0] - earlier[1] for earlier, later in pairwise(self.spans)]


async def test_whoever_asks_a_site_waits_for_its_turn(client: FeedClient) -> None:
    pace = RateLimit(0.05)
    with ScriptedFeed(answers := Timed(http_answer([1]))) as feed:
        await asyncio.gather(*(client.get(feed.url, pace=pace) for _ in range(4)))
    assert len(answers.spans) == 4
    # The client may start its pause before the server has noted the end of its answer.
    assert all(pause > 0.03 for pause in answers.pauses()), answers.pauses()


async def test_a_second_attempt_and_a_redirect_wait_for_their_turn_too(client: FeedClient) -> None:
    redirect = http_answer(status=302, headers={"Location": "/new"})
    with ScriptedFeed(answers := Timed(http_answer(status=502), redirect, http_answer([1]))) as feed:
        await client.get(feed.url, pace=RateLimit(0.05))
    assert len(answers.spans) == 3
    assert all(pause > 0.03 for pause in answers.pauses()), answers.pauses()


@pytest.mark.parametrize(("headers", "wait"), [({"Retry-After": "60"}, 60), ({}, 900)])
async def test_nobody_asks_a_site_that_is_to_be_left_alone(
    client: FeedClient, headers: dict[str, str], wait: float
) -> None:
    pace = RateLimit(0.0, rest=900.0)
    with ScriptedFeed(http_answer(status=429, headers=headers)) as feed:
        for _ in range(2):
            with pytest.raises(SourceError) as error:
                await client.get(feed.url, pace=pace)
        assert len(feed.requests) == 1
        assert error.value.retry_after is not None
        assert wait - 30 < error.value.retry_after <= wait
        with pytest.raises(SourceError, match="429"):
            await client.get(feed.url, pace=RateLimit(0.0))


async def test_other_trouble_leaves_the_turn_to_the_next(client: FeedClient) -> None:
    pace = RateLimit(0.0)
    with ScriptedFeed(
        http_answer(status=501), http_answer(status=501), http_answer(status=501), http_answer([1])
    ) as feed:
        with pytest.raises(SourceError):
            await client.get(feed.url, pace=pace)
        assert (await client.get(feed.url, pace=pace)).body == b"[1]"
