"""The HTTP client that all feeds share: says who it is, waits when told to, and bounds whatever a server may do.

A feed is polled again within minutes, so nothing here insists: a request has a deadline, a few quick retries for
passing troubles only, and else ends in a `SourceError` with a sentence for the operator.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
import zlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import TracebackType
from typing import Self

import httpx
import structlog

from adapters.feeds.limits import YEARS
from bot import __version__
from bot.clocks import seconds_passed
from bot.errors import SourceError
from bot.metrics import Metrics, requested_by
from bot.text.cleaning import clean_line

log = structlog.get_logger()

MEGABYTE = 1_000_000
_SERVICE = "feeds"  # what feeds and their sites are called in figures
MOST_WAIT = 24 * 3600.0
"""Seconds. A server that asks for more than a day has a wrong clock, or no good intentions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one request may cost: times in seconds, sizes in bytes.

    `read` is the longest silence within an answer, `total` the longest that a request takes with all its retries
    and redirects. `body` counts what is left after unpacking.
    """

    connect: float = 10.0
    read: float = 20.0
    total: float = 60.0
    body: int = 20 * MEGABYTE
    redirects: int = 3
    attempts: int = 3
    pause: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole answer. `content_type` is in small letters and without parameters, `etag` and `modified` as sent, to
    ask with again, `charset` as its headers say it. `sent_at` is what the site's clock showed, None where
    it does not say.

    `place` is host and path, for messages.
    """

    place: str
    status: int
    body: bytes
    content_type: str
    etag: str | None
    modified: str | None = None
    charset: str = ""
    sent_at: datetime | None = None

    @property
    def outcome(self) -> str:
        """The status as people know it: `404 Not Found`."""
        return _outcome(self.status)


class RateLimit:
    """The rate at which a site wants to be asked; give the same one with every request to it.

    One request at a time, with `interval` seconds from the end of one to the start of the next. After an answer that
    asks to wait, nobody asks before that time; `rest` is how long to wait after a 429 that does not say. Seconds.
    """

    def __init__(self, interval: float, *, rest: float | None = None) -> None:
        self.interval = interval
        self.rest = rest
        self._turn = asyncio.Lock()
        self._free_at = 0.0
        self._resting_until = 0.0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Waits for its turn; raises `SourceError` at once while the site is to be left alone."""
        async with self._turn:
            now = asyncio.get_running_loop().time
            if (left := self._resting_until - now()) > 0:
                raise SourceError(f"The site asked to be left alone for {left:.0f} more seconds.", retry_after=left)
            await asyncio.sleep(self._free_at - now())
            try:
                yield
            except SourceError as error:
                self._resting_until = now() + (error.retry_after or 0.0)
                raise
            finally:
                self._free_at = now() + self.interval


class FeedClient:
    """One pool of connections for all sources. Close it, or use it as an async context manager.

    With a `transport`, which decides where requests may go, redirects to other sites are followed, without a proxy.
    `contact` is an address or a page where the operator can be reached; servers see it in the User-Agent. `operation`
    is what its requests are for, in figures.
    """

    def __init__(
        self,
        *,
        contact: str = "",
        limits: Limits | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        metrics: Metrics | None = None,
        operation: str = "read",
    ) -> None:
        self._metrics = metrics or Metrics()
        self._operation = operation
        self._limits = limits or Limits()
        self._roams = transport is not None
        #: What the clock of the server that answered last showed, and when it was here; None until one told the time.
        self._told: tuple[datetime, float] | None = None
        self._client = httpx.AsyncClient(
            headers={"User-Agent": user_agent(contact), "Accept-Encoding": "gzip"},
            timeout=httpx.Timeout(self._limits.read, connect=self._limits.connect),
            limits=httpx.Limits(max_connections=4, max_keepalive_connections=2, keepalive_expiry=30.0),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # feeds need no memory of us
            follow_redirects=False,
            # A proxy of the environment is for the outside world, never for this machine.
            mounts=None if transport else {f"all://{host}": None for host in ("127.0.0.1", "[::1]", "localhost")},
            transport=transport,
            trust_env=transport is None,
        )

    def ahead_of_servers(self, moment: datetime) -> timedelta | None:
        """How far a clock that shows that moment now is ahead of the server that answered last; None until one told the
        time. What the clock did since that answer counts as well.
        """
        if self._told is None:
            return None
        theirs, at = self._told
        return moment - theirs - timedelta(seconds=seconds_passed() - at)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._client.aclose()

    async def get(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        pace: RateLimit | None = None,
    ) -> Answer:
        """The answer of `url`, whatever its status below 500 but 429.

        Raises `SourceError` when there is none in time, when it is too big, broken or a redirect to another site,
        and for 429 and 5xx, then with the seconds that the server asks to wait.
        """
        target = httpx.URL(url).copy_merge_params(params or {})
        pace = pace or RateLimit(0.0)
        async with pace.turn():
            try:
                async with asyncio.timeout(self._limits.total):
                    return await self._get_with_retries(target, dict(headers or {}), pace)
            except TimeoutError:
                raise SourceError(f"{_place(target)} did not answer within {self._limits.total:g} seconds.") from None

    async def _get_with_retries(self, url: httpx.URL, headers: dict[str, str], pace: RateLimit) -> Answer:
        for attempt in range(1, self._limits.attempts):
            try:
                return await self._follow(url, headers, pace)
            except _PassingError as error:
                log.info("feed.retried", place=_place(url), attempt=attempt, reason=str(error))
            # Full jitter, so that many bots that one outage has put in step do not come back in step.
            pause = self._limits.pause * 2 ** (attempt - 1) * random.random()  # noqa: S311
            await asyncio.sleep(pace.interval + pause)
        return await self._follow(url, headers, pace)

    async def _follow(self, url: httpx.URL, headers: dict[str, str], pace: RateLimit) -> Answer:
        start = url
        for _ in range(self._limits.redirects + 1):
            answer = await self._ask(url, headers, pace)
            if isinstance(answer, Answer):
                return answer
            if not self._roams and not _stays_home(url, answer):
                # Names no address: what another site put there is not ours to repeat.
                raise SourceError(f"{_place(url)} redirects to another site. If it has moved, set its new address.")
            url = answer
            await asyncio.sleep(pace.interval)
        raise SourceError(f"{_place(start)} redirects in a circle.")

    async def _ask(self, url: httpx.URL, headers: dict[str, str], pace: RateLimit) -> Answer | httpx.URL:
        """One request: the answer, or where it redirects to."""
        place = _place(url)
        started, status = time.monotonic(), 0
        try:
            async with self._client.stream("GET", url, headers=headers) as response:
                status = response.status_code
                theirs = sent_at(response.headers)
                if theirs:
                    self._told = theirs, seconds_passed()
                _refuse_trouble(place, response, pace.rest)
                if response.has_redirect_location:
                    return url.join(response.headers["Location"])
                return Answer(
                    place=place,
                    status=response.status_code,
                    body=await self._body(place, response),
                    content_type=response.headers.get("Content-Type", "").partition(";")[0].strip().lower(),
                    etag=usable_etag(response.headers.get("ETag")),
                    modified=_usable_date(response.headers.get("Last-Modified", "")),
                    charset=response.charset_encoding or "",
                    sent_at=theirs,
                )
        except httpx.TimeoutException as error:
            raise SourceError(f"{place} did not answer in time ({type(error).__name__}).") from error
        except (httpx.NetworkError, httpx.RemoteProtocolError) as error:
            raise _PassingError(f"{place} could not be read: {str(error) or type(error).__name__}.") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SourceError(f"{place} cannot be asked ({type(error).__name__}).") from error
        except SourceError as error:
            if error.retry_after is not None:
                self._metrics.held_back(_SERVICE, error.retry_after)
            raise
        finally:
            self._metrics.request(_SERVICE, self._operation, requested_by(status), time.monotonic() - started)

    async def _body(self, place: str, response: httpx.Response) -> bytes:
        """Reads and unpacks an answer, and stops as soon as it is too big.

        The unpacking is done here because httpx has no bound on it: a small answer that is packed twice would fill
        the memory before its size could be looked at.
        """
        packing = response.headers.get("Content-Encoding", "identity").strip().lower()
        if packing not in {"identity", "gzip", "x-gzip", ""}:
            raise SourceError(f"{place} sent an answer packed as {packing[:40]!r}, which was not asked for.")
        unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16) if "gzip" in packing else None
        body = bytearray()
        received = 0
        async for chunk in response.aiter_raw():
            received += len(chunk)
            if unpacker:
                try:
                    chunk = unpacker.decompress(chunk, self._limits.body - len(body) + 1)
                except zlib.error:
                    raise SourceError(f"{place} sent an answer that cannot be unpacked.") from None
            body += chunk
            if max(len(body), received) > self._limits.body:
                raise SourceError(f"{place} sent more than {self._limits.body / MEGABYTE:g} MB; it was not read.")
        if unpacker and received and not unpacker.eof:
            raise SourceError(f"{place} sent an answer that ends too early.")
        return bytes(body)


class _PassingError(SourceError):
    """Trouble that a second attempt may not meet."""


def user_agent(contact: str) -> str:
    """Who we are, with where the operator can be reached as far as a header can carry it."""
    contact = "".join(char for char in contact if "!" <= char <= "~" and char not in "()\\")
    return f"PaperRound/{__version__}" + (f" (+{contact})" if contact else "")


def sent_at(headers: httpx.Headers) -> datetime | None:
    """What the clock of a server shows; None where it does not say, or means no year in which there are papers.

    What a cache kept was made at its `Date`, and is as many seconds old as its `Age` (RFC 9111, 5.1).
    """
    moment, age = _date(headers.get("Date", "")), headers.get("Age", "").strip()
    if moment is None or moment.year not in YEARS:
        return None
    if re.fullmatch(r"\d{1,9}", age, re.ASCII):
        moment += timedelta(seconds=int(age))
    return moment if moment.year in YEARS else None


def wait_asked_for(headers: httpx.Headers, now: datetime) -> float | None:
    """The seconds that an answer asks to wait; None when it does not say.

    `Retry-After` is a number of seconds or a date (RFC 9110, 10.2.3); a date is read by the clock of the server that
    wrote it. Hugging Face says in `RateLimit` when its window starts anew: `"api";r=0;t=55`
    (https://huggingface.co/docs/hub/rate-limits).
    """
    said = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"\d+(\.\d+)?", said, re.ASCII):
        return min(float(said), MOST_WAIT)
    if until := _date(said):
        waiting = (until - (_date(headers.get("Date", "")) or now)).total_seconds()
        return min(max(waiting, 0.0), MOST_WAIT)
    if window := re.search(r";\s*t=(\d+)\b", headers.get("RateLimit", ""), re.ASCII):
        return min(float(window[1]), MOST_WAIT)
    return None


def _refuse_trouble(place: str, response: httpx.Response, rest: float | None) -> None:
    status = response.status_code
    if status != HTTPStatus.TOO_MANY_REQUESTS and status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return
    wait = wait_asked_for(response.headers, datetime.now(UTC))
    if wait is not None:
        raise SourceError(f"{place} answered {_outcome(status)} and asks to wait {wait:g} seconds.", retry_after=wait)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise SourceError(
            f"{place} answered {_outcome(status)}: it is asked too often from this address.", retry_after=rest
        )
    raise _PassingError(f"{place} answered {_outcome(status)}.")


def _stays_home(here: httpx.URL, there: httpx.URL) -> bool:
    """Whether a redirect leads to the same site, or to its encrypted side."""
    if there.host != here.host or there.userinfo not in {b"", here.userinfo}:
        return False
    if here.scheme == there.scheme:
        return here.port == there.port
    return (here.scheme, here.port, there.scheme, there.port) == ("http", None, "https", None)


def _outcome(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _place(url: httpx.URL) -> str:
    """Host and path, for people: without user, password and query."""
    return clean_line(url.netloc.decode("ascii") + url.path, 100)


def usable_etag(tag: str | None) -> str | None:
    """The tag if it can be sent back in a header as it is (RFC 9110, 8.8.3)."""
    return tag if tag and len(tag) <= 200 and re.fullmatch(r'(?:W/)?"[!#-~]*"', tag) else None


def _usable_date(text: str) -> str | None:
    """A date that can be sent back in a header as it is."""
    return text if text.isascii() and text.isprintable() and len(text) <= 40 and _date(text) else None


def _date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def json_of(answer: Answer) -> object:
    """What the body says; raises `SourceError` when it is not JSON or cut short."""
    try:
        # Python refuses numbers of 5,000 digits, and one of them must not spoil the answer. The first 18 are enough to
        # see that it is out of all bounds.
        return json.loads(answer.body, parse_int=lambda digits: int(digits[:18]))
    except (ValueError, RecursionError):
        raise SourceError(
            f"{answer.place} sent an answer that is not JSON or is cut short ({len(answer.body)} bytes)."
        ) from None
